"""
JSON of logs, of which a small part is needed: by msgspec, where it is installed, the rest is skipped.

All of it, as the standard library reads it, has the last word: where msgspec is missing or refuses, and on what is
said of text that is no JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypedDict

Json = Any


def decoder(shape: type | Mapping[str, type]) -> Callable[[bytes | str], Json]:
    """
    Decoder for values of one *shape*, of which keys that it does not name may be left out.

    Args:
        shape: A dictionary with declared keys (``TypedDict``), a list of such, or the keys themselves.

    The decoder raises a `ValueError` or a `RecursionError` for what is no JSON; it may give a value of another shape.
    """
    try:
        from msgspec import MsgspecError
        from msgspec.json import Decoder
    except ImportError:
        return json.loads
    decode: Callable[[bytes | str], Json] = Decoder(_keys(shape) if isinstance(shape, Mapping) else shape).decode

    def decode_or_load(content: bytes | str) -> Json:
        try:
            return decode(content)
        except (MsgspecError, RecursionError, UnicodeError):  # NaN, or another shape, is read all the same
            return json.loads(content)

    return decode_or_load


def _keys(shape: Mapping[str, Any]) -> type:
    made: type = TypedDict("Row", dict(shape), total=False)  # type: ignore[misc]
    return made
