"""
JSON of logs, of which a small part is needed: by msgspec, where it is installed, the rest is skipped.

All of it, as the standard library reads it, has the last word: where msgspec is missing or refuses, and on what is
said of text that is no JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Json = Any


def decoder(shape: Any) -> Callable[[bytes | str], Json]:
    """
    Decoder for values of one of the `shapes`, of which keys that it does not name may be left out.

    The decoder raises a `ValueError` or a `RecursionError` for what is no JSON; it may give a value of another shape.
    """
    try:
        from msgspec import MsgspecError
        from msgspec.json import Decoder
    except ImportError:
        return json.loads
    decode: Callable[[bytes | str], Json] = Decoder(shape).decode

    def decode_or_load(content: bytes | str) -> Json:
        try:
            return decode(content)
        except (MsgspecError, RecursionError, UnicodeError):  # NaN, or another shape, is read all the same
            return json.loads(content)

    return decode_or_load
