"""
Digests of what was asked: SHA-256 of its JSON as the standard library writes it, with sorted keys and in ASCII.

Ledgers name examples by them, so they stay. Where msgspec is installed it writes the long texts, which is most of the
work and gives the same letters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from json import encoder
from json.encoder import encode_basestring_ascii as quoted

from proctor.predictions.logs.decoding import Json

_ENCODER = json.JSONEncoder(sort_keys=True)
_LETTERS = 16
_LONG = 64
"""Letters of a text from which on it is worth a call of msgspec."""


def digests_of(asked: Iterable[Json]) -> list[str]:
    """Short digest of each of what was asked, which is JSON or text."""
    encode = _encoder()
    return [digest_of(each if isinstance(each, str) else encode(each)) for each in asked]


def digest_of(text: str) -> str:
    """Short digest of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LETTERS]


def _encoder() -> Callable[[Json], str]:
    """Writer of JSON: the standard library's, with msgspec as its writer of texts if both let it."""
    make = getattr(encoder, "c_make_encoder", None)
    try:
        from msgspec.json import Encoder
    except ImportError:
        return _ENCODER.encode
    if make is None:
        return _ENCODER.encode
    write: Callable[[str], bytes] = Encoder().encode

    def quote(text: str) -> str:
        if len(text) > _LONG and text.isascii() and "\x7f" not in text:  # what is beyond, msgspec writes otherwise
            return write(text).decode()
        return quoted(text)

    parts = make(None, _ENCODER.default, quote, None, ": ", ", ", True, False, True)

    def encode(asked: Json) -> str:
        if type(asked) is dict and len(asked) == 1:  # most tables have one text under its name
            ((name, text),) = asked.items()
            if type(text) is str:
                return f"{{{quoted(name)}: {quote(text)}}}"
        return "".join(parts(asked, 0))

    return encode
