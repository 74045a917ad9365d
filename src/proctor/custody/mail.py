"""Notices by mail, through the SMTP server that the environment names (``PROCTOR_SMTP_*``)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from enum import StrEnum

from proctor.custody.delivery import Uncertain, Undelivered, idempotency_key
from proctor.custody.notices import Channel, Notice
from proctor.frozen import dataclass, field

_TIMEOUT_S = 20.0
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Security(StrEnum):
    """Protection of the connection."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """An SMTP server and how to use it."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


def settings(environ: Mapping[str, str]) -> Settings:
    """
    Settings of the mail server that the environment gives.

    ``PROCTOR_SMTP_HOST``, ``_PORT``, ``_SECURITY`` (starttls, tls, none), ``_USER``, ``_PASSWORD`` and ``_FROM``; all
    but the host have defaults.

    Raises:
        Undelivered: If the server is not named, a value is wrong, or a password would travel in the clear.
    """
    said = {name: environ.get(f"PROCTOR_SMTP_{name}", "").strip() for name in ("HOST", "PORT", "SECURITY", "USER")}
    host = said["HOST"]
    if not host:
        raise Undelivered("no mail server is known: set PROCTOR_SMTP_HOST")
    try:
        security = Security(said["SECURITY"].lower() or Security.STARTTLS)
    except ValueError:
        raise Undelivered(f"PROCTOR_SMTP_SECURITY is {said['SECURITY']!r}: say starttls, tls or none") from None
    port = said["PORT"] or str(_PORTS[security])
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise Undelivered(f"PROCTOR_SMTP_PORT is {port!r}, which is not a port")
    password = environ.get("PROCTOR_SMTP_PASSWORD", "")
    if password and security is Security.NONE and host not in _LOOPBACK:
        raise Undelivered("PROCTOR_SMTP_SECURITY is none: the password would travel in the clear")
    sender = environ.get("PROCTOR_SMTP_FROM", "").strip() or (said["USER"] if "@" in said["USER"] else "")
    return Settings(
        host=host,
        port=int(port),
        security=security,
        sender=sender or f"proctor@{host}",
        user=said["USER"],
        password=password,
    )


def send(notice: Notice, channel: Channel, server: Settings) -> None:
    """
    Send a notice to one address.

    Raises:
        Undelivered: If the server was not reached, or refused it.
        Uncertain: If the connection broke after the message was on its way.
    """
    message = _message(notice, channel, server)
    try:
        connection = _connect(server)
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"the mail server {server.host}:{server.port} cannot be used: {_reason(error)}") from None
    try:
        connection.send_message(message)
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError) as error:
        raise Undelivered(f"the mail server {server.host} refused it: {_reason(error)}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Uncertain(f"the mail server {server.host} broke off: {_reason(error)}") from None
    finally:
        _leave(connection)


def _connect(server: Settings) -> smtplib.SMTP:
    context = ssl.create_default_context() if server.security is not Security.NONE else None
    connection: smtplib.SMTP
    if server.security is Security.TLS:
        connection = smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_S, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_S)
    try:
        if server.security is Security.STARTTLS:
            connection.starttls(context=context)
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _leave(connection: smtplib.SMTP) -> None:
    """Say goodbye; what was taken is taken, whatever the answer."""
    try:
        connection.quit()
    except (OSError, smtplib.SMTPException):
        connection.close()


def _message(notice: Notice, channel: Channel, server: Settings) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = server.sender, channel.address
    message["Subject"] = " ".join(notice.subject.split())
    message["Message-ID"] = f"<{idempotency_key(notice, channel)}@proctor.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.text)
    return message


def _reason(error: Exception) -> str:
    """The fault, without quoting more than the server's code."""
    match error:
        case smtplib.SMTPResponseException():
            return f"code {error.smtp_code}"
        case smtplib.SMTPRecipientsRefused():
            codes = sorted({code for code, _ in error.recipients.values()})
            return f"the address was refused with code {', '.join(map(str, codes))}"
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return type(error).__name__
