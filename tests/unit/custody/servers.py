"""Real servers on the loopback interface: one for mail (aiosmtpd), one for webhooks; each remembers what it took."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class PostOffice:
    """A mail server; *refusal* is what it answers in place of taking a message, *hangs_up* breaks the connection."""

    port: int = 0
    refusal: str = ""
    hangs_up: bool = False
    taken: list[EmailMessage] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PROCTOR_SMTP_HOST": "127.0.0.1",
            "PROCTOR_SMTP_PORT": str(self.port),
            "PROCTOR_SMTP_SECURITY": "none",
            "PROCTOR_SMTP_FROM": "gate@example.com",
        }

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.refusal:
            return self.refusal
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        if self.hangs_up:
            server.transport.abort()
        return "250 taken"


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """A mail server that runs meanwhile."""
    office = PostOffice(free_port())  # aiosmtpd must be told a port: it tries to connect to it
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()


@dataclass
class Room:
    """A chat room; *status* is what it answers, ``0`` takes the message and breaks the connection."""

    url: str = ""
    status: int = 204
    on_take: Callable[[], object] = lambda: None
    taken: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)


@contextmanager
def room() -> Iterator[Room]:
    """A chat room that runs meanwhile."""
    found = Room()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.taken.append((dict(self.headers), content))
            found.on_take()
            if found.status:
                self.send_response(found.status)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/secret"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
