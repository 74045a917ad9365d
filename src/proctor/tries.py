"""
Requests to servers, sent again as long as that may help.

Whoever sends one tells after which answers, and how long to wait.
Not urllib3's `Retry`: it does not see the body, which is where GitHub tells of some rate limits, knows one header
only, does not wait before the first repetition, and cannot give up when a server asks for too long a wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from proctor.errors import ProctorError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

T = TypeVar("T")


class TryAgain(Exception):
    """
    A request to send the same again.

    Args:
        problem: The error to raise where it is not sent again.
        wait_s: Seconds to wait before.
    """

    def __init__(self, problem: ProctorError, wait_s: float) -> None:
        super().__init__(problem, wait_s)
        self.problem = problem
        self.wait_s = wait_s


def repeated(send: Callable[[int], T], retries: int, pause: Callable[[float], None]) -> T:
    """
    Result of *send*, which is called again, at most *retries* times, as long as it raises `TryAgain`.

    Args:
        send: Sends the request, which must be idempotent where it is to be sent again; takes the number of repetitions
            that went before.
        retries: How often the request is repeated after the first try.
        pause: Waits the given seconds.

    Raises:
        ProctorError: The problem of the last try.
    """
    for count in range(retries):
        try:
            return send(count)
        except TryAgain as again:
            pause(again.wait_s)
    try:
        return send(retries)
    except TryAgain as again:
        raise again.problem from None


def bearer(token: str) -> Callable[[PreparedRequest], PreparedRequest]:
    """Authorization by a *token* that no ``.netrc`` overrides (requests would let it, were it only a header)."""

    def authorize(request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authorize


def object_in(answer: Response) -> dict[str, Any] | None:
    """The JSON object that a server answers; ``None`` if it is anything else."""
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def message_in(answer: Response) -> str:
    """The ``message`` of a server's answer, on one line; empty if it has none."""
    return " ".join(str((object_in(answer) or {}).get("message", "")).split())


def counted(repetitions: int) -> str:
    """
    Number of tries, in words.

    >>> counted(0), counted(3)
    ('1 try', '4 tries')
    """
    return "1 try" if repetitions == 0 else f"{repetitions + 1} tries"


def seconds(headers: Mapping[str, str], name: str = "Retry-After") -> float | None:
    """
    Whole seconds in a header, which a server asks to wait; ``None`` if it does not say, or names a date.

    >>> seconds({"Retry-After": "7"})
    7.0
    """
    text = headers.get(name, "")
    return float(text) if text.isascii() and text.isdigit() else None
