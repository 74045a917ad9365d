"""Notices by HTTP: a POST of JSON to the address of a chat room, an incident session, or a program of the user's."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from proctor.custody.delivery import Uncertain, Undelivered, idempotency_key
from proctor.custody.notices import Channel, Notice

_TIMEOUT_S = (10.0, 20.0)  # to connect, to answer


def post(notice: Notice, channel: Channel) -> None:
    """
    Post a notice.

    The key ``text`` is what chat rooms show; the others are for programs.

    Raises:
        Undelivered: If the server was not reached, or did not answer with a success.
        Uncertain: If the answer was lost.
    """
    content = {
        "event": f"testset {notice.occasion}",
        "testset": notice.testset,
        "gate": notice.gate,
        "subject": notice.subject,
        "text": f"{notice.subject}\n\n{notice.text}",
    }
    host = urlsplit(channel.address).hostname  # the rest of the address may be a secret
    headers = {"Idempotency-Key": idempotency_key(notice, channel), "User-Agent": "proctor"}
    try:
        answer = requests.post(
            channel.address, json=content, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False
        )
    except (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.InvalidURL):
        raise Undelivered(f"the webhook at {host} was not reached") from None
    except requests.RequestException as error:
        if _was_never_connected(error):
            raise Undelivered(f"the webhook at {host} was not reached") from None
        raise Uncertain(f"the webhook at {host} did not answer") from None
    if not 200 <= answer.status_code < 300:  # redirects are not followed: a POST may not survive one
        raise Undelivered(f"the webhook at {host} answered {answer.status_code}")


def _was_never_connected(error: requests.RequestException) -> bool:
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, requests.ConnectionError) and isinstance(reason, NewConnectionError)
