"""
The owner's key: its text, where it is found, and the subkeys that everything else is done with.

The key itself never leaves this module but as `Key.text`, which only the command that makes it prints.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from proctor.errors import KeyFault
from proctor.frozen import dataclass, field

KEY_VARIABLE = "PROCTOR_KEY"

_PREFIX = "proctor-key-1-"
_SECRET_BYTES, _CHECKSUM_BYTES = 32, 3
_GENERATE = "make a key with `proctor testset seal`, and keep it where only the owner and the gate can read it"


class Purpose(StrEnum):
    """Purpose of a subkey: a leak or misuse of one says nothing about another."""

    IDENTITY = "key id"
    FILES = "files"
    CONTEXTS = "contexts"
    RECORDS = "private records"
    LEDGER = "ledger"
    ROWS = "rows"
    LABELS = "register of labels"
    PREDICTIONS = "accepted predictions"
    NOTES = "notes on labels"
    DRAWS = "draws for labeling"


@dataclass(frozen=True)
class Key:
    """
    The owner's key: 32 random bytes.

    Its text is given by `text`, only where it is to be handed to the owner; ``repr`` and ``str`` hide it.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != _SECRET_BYTES:
            raise KeyFault(f"a key has {_SECRET_BYTES} bytes, this one {len(self.secret)}", hint=_GENERATE)

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits by which a key is told from others; the key cannot be computed from them."""
        return self.subkey(Purpose.IDENTITY)[:8].hex()

    @property
    def text(self) -> str:
        """The key as it is kept by people: prefix, base32 of the key and of a checksum against typing errors."""
        return _PREFIX + base64.b32encode(self.secret + _checksum(self.secret)).decode().rstrip("=").lower()

    @classmethod
    def from_text(cls, text: str) -> Key:
        """
        The key written as *text*; surrounding blanks and case do not matter.

        Raises:
            KeyFault: If it is no key, or one that was mistyped or cut; the text itself is never quoted.
        """
        body = text.strip().lower()
        if not body.startswith(_PREFIX):
            raise KeyFault(f"a key starts with {_PREFIX!r}, but this text does not", hint=_GENERATE)
        letters = body.removeprefix(_PREFIX).upper()
        try:
            raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
        except binascii.Error:
            raw = b""
        secret, checksum = raw[:_SECRET_BYTES], raw[_SECRET_BYTES:]
        if len(raw) != _SECRET_BYTES + _CHECKSUM_BYTES or not hmac.compare_digest(checksum, _checksum(secret)):
            raise KeyFault("the key is mistyped or not complete", hint="Copy it again, whole, from where you keep it")
        return cls(secret)

    def subkey(self, purpose: Purpose) -> bytes:
        """32 bytes for *purpose* alone (HKDF-SHA256)."""
        return derive(self.secret, None, f"proctor 1 {purpose}".encode())


def generate_key() -> Key:
    """A fresh key from the operating system's random source."""
    return Key(os.urandom(_SECRET_BYTES))


def find_key(environ: Mapping[str, str], key_file: Path | None = None) -> Key | None:
    """
    The owner's key from *key_file* if one is given, else from ``PROCTOR_KEY``; ``None`` if neither is there.

    An empty variable counts as absent: hosted runners set a missing secret to the empty text.

    Raises:
        KeyFault: If the file cannot be read, or what is found is no key.
    """
    if key_file is None:
        text = environ.get(KEY_VARIABLE, "").strip()
        return Key.from_text(text) if text else None
    try:
        text = key_file.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        raise KeyFault(f"the key file {str(key_file)!r} cannot be read: {reason}", hint=_GENERATE) from None
    return Key.from_text(text)


def derive(secret: bytes, salt: bytes | None, purpose: bytes) -> bytes:
    """32 bytes from *secret* for *purpose* (HKDF-SHA256); nothing about one can be told from another."""
    return HKDF(SHA256(), _SECRET_BYTES, salt, purpose).derive(secret)


def _checksum(secret: bytes) -> bytes:
    return hashlib.sha256(b"proctor key checksum" + secret).digest()[:_CHECKSUM_BYTES]
