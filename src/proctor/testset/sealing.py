"""
Encryption of what must stay secret while it lies in public: labels, inputs, and the owner's private figures.

A sealed file may be committed to the repository: without the owner's key it tells its length and nothing else, and
any change to it shows. It is opened in memory only, in the gate's own process; nothing here writes a plaintext.
The primitives are `cryptography`'s (AES-256-GCM, HKDF, HMAC); this module decides what is encrypted under what:
a subkey for each `Purpose` of the owner's key (`proctor.testset.keys`), a fresh file key for each sealing (HKDF).

A sealed file is a header of 78 bytes, then chunks of 1 MiB, each with a tag of 16 bytes::

    magic, version   8   PROCTOR, 1
    key id           8   which key opens it (derived; says nothing about the key)
    context tag     16   HMAC of what it is (labels, inputs), so that one is not taken for the other
    pair            16   random, the same in labels and inputs that were sealed together
    salt            16   random
    length           8   of the plaintext, big-endian
    reserved         6   zero

The header is authenticated with every chunk; a chunk's nonce holds its number and whether it is the last.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proctor.errors import DataError, KeyFault
from proctor.owner import SealedRecord
from proctor.testset.keys import KEY_VARIABLE, Key, Purpose, derive
from proctor.writing import write_whole

LABELS, INPUTS, METADATA = "labels", "inputs", "metadata"
"""Contexts of the files of a test set."""

_MAGIC = b"PROCTOR"
_VERSION = 1
_HEADER = struct.Struct(">7sB8s16s16s16sQ6x")
_CHUNK, _TAG = 1 << 20, 16
_RECORD_BYTES = 4096


class Facts(NamedTuple):
    """
    Facts that anybody can read in a sealed file, its plain length among them.

    Attributes:
        key_id: `Key.id` of the key that opens it.
        pair: Hexadecimal; the same in labels and inputs that were sealed together.
    """

    key_id: str
    pair: str
    plain_bytes: int


def fresh_pair() -> bytes:
    """A random mark for labels and inputs that belong together."""
    return os.urandom(16)


def seal_bytes(plaintext: bytes, key: Key, context: str, pair: bytes | None = None) -> bytes:
    """
    *plaintext* encrypted and authenticated under *key*; twice the same gives two different results.

    Args:
        plaintext: What to hide; its length does not stay hidden.
        key: The owner's key.
        context: What it is (`LABELS`, `INPUTS`); it can only be opened as the same.
        pair: From `fresh_pair`, or `Facts.pair` of what it belongs to; fresh if left out.
    """
    fields = (bytes.fromhex(key.id), _context_tag(key, context), pair or fresh_pair(), os.urandom(16))
    header = _HEADER.pack(_MAGIC, _VERSION, *fields, len(plaintext))
    cipher = AESGCM(derive(key.subkey(Purpose.FILES), fields[-1], header))
    view = memoryview(plaintext)
    chunks = (cipher.encrypt(nonce, view[start : start + _CHUNK], header) for nonce, start in _nonces(len(plaintext)))
    return b"".join((header, *chunks))


def open_bytes(sealed: bytes, key: Key, context: str) -> bytes:
    """
    Open the result of `seal_bytes`; in memory, and nowhere else.

    Raises:
        KeyFault: If it is not a sealed file, was sealed under another key or as something else, is cut short, or was
            changed; each says so.
    """
    facts = facts_of(sealed)
    header, body = sealed[: _HEADER.size], memoryview(sealed)[_HEADER.size :]
    if facts.key_id != key.id:
        raise KeyFault(
            f"wrong key: it was sealed under the key {facts.key_id}, and the key given is {key.id}",
            hint=f"Set {KEY_VARIABLE}, or the key file, to the key with the id {facts.key_id}",
        )
    _, _, _, tag, _, salt, _ = _HEADER.unpack(header)
    if not hmac.compare_digest(tag, _context_tag(key, context)):
        raise KeyFault(f"it was not sealed as {context!r}: another test set's, or another kind of file")
    missing = facts.plain_bytes + _chunks(facts.plain_bytes) * _TAG - len(body)
    if missing:
        problem = f"{missing} bytes are missing at its end" if missing > 0 else f"{-missing} bytes too many at its end"
        raise KeyFault(f"the sealed file is damaged: {problem}", hint="Take it from its source again")
    cipher = AESGCM(derive(key.subkey(Purpose.FILES), salt, header))
    step = _CHUNK + _TAG
    try:
        return b"".join(
            cipher.decrypt(nonce, body[number * step : (number + 1) * step], header)
            for number, (nonce, _) in enumerate(_nonces(facts.plain_bytes))
        )
    except InvalidTag:
        raise KeyFault("the sealed file was changed after sealing", hint="Take it from its source again") from None


def facts_of(sealed: bytes) -> Facts:
    """
    Facts in the header of *sealed*, without a key; the first 78 bytes are enough.

    Raises:
        KeyFault: If it is not a sealed file, or one of a later version.
    """
    if not sealed.startswith(_MAGIC) or len(sealed) < _HEADER.size:
        raise KeyFault("it is not a sealed file, or only the beginning of one")
    _, version, key_id, _, pair, _, length = _HEADER.unpack(sealed[: _HEADER.size])
    if version != _VERSION:
        raise KeyFault(f"it was sealed in format {version}, and this version knows {_VERSION}", hint="Upgrade proctor")
    return Facts(key_id.hex(), pair.hex(), length)


def file_facts(path: Path) -> Facts:
    """`facts_of` the file at *path*; `KeyFault` if it is not a sealed file, `DataError` if it cannot be read."""
    with _named(path):
        return facts_of(_read(path, _HEADER.size))


def is_sealed(path: Path) -> bool:
    """True if the file at *path* begins as a sealed one does; whether it is whole, only opening tells."""
    return _read(path, len(_MAGIC)) == _MAGIC


def open_file(path: Path, key: Key | None, context: str) -> bytes:
    """
    Open the sealed file at *path* as `open_bytes` does.

    Raises:
        KeyFault: As `open_bytes`, with the path; or if there is no key.
        DataError: If the file cannot be read.
    """
    if key is None:
        raise KeyFault(
            f"{str(path)!r} is sealed, and there is no key",
            hint=f"Set {KEY_VARIABLE}, or name a key file; its id is {file_facts(path).key_id}",
        )
    with _named(path):
        return open_bytes(_read(path), key, context)


def check_pair(labels: Path, inputs: Path) -> None:
    """Refuse sealed *labels* that were not sealed together with the sealed *inputs*, or metadata (`KeyFault`)."""
    if file_facts(labels).pair != file_facts(inputs).pair:
        raise KeyFault(
            f"{str(labels)!r} holds the labels of a different test set than {str(inputs)!r}",
            hint="The files of a test set are sealed together: proctor testset seal LABELS --features FEATURES",
        )


def seal_file(source: Path, target: Path, key: Key, context: str, pair: bytes | None = None) -> None:
    """
    Write *source*, sealed, to *target*: wholly or not at all; *source* is left as it is.

    Raises:
        DataError: If *source* cannot be read or *target* not written.
    """
    sealed = seal_bytes(_read(source), key, context, pair)
    try:
        write_whole(target, sealed, 0o644)  # durable: the owner deletes the plain file next
    except OSError as error:
        raise DataError(f"{str(target)!r} cannot be written: {error.strerror}") from error


def seal_record(record: Mapping[str, Any], key: Key, context: str) -> SealedRecord:
    """
    The owner's private figures as one line of text for a ledger entry.

    The text is padded to 4,096 bytes of plaintext (or the next power of two), so that its length says nothing about
    the figures: they are few, and the number of their digits could be told from a length that fits.
    """
    plaintext = json.dumps(dict(record), sort_keys=True, separators=(",", ":")).encode()
    size = max(_RECORD_BYTES, 1 << (len(plaintext) - 1).bit_length())
    nonce = os.urandom(12)
    body = AESGCM(key.subkey(Purpose.RECORDS)).encrypt(nonce, plaintext.ljust(size), context.encode())
    return SealedRecord(SealedRecord.PREFIX + base64.urlsafe_b64encode(nonce + body).decode())


def open_record(text: str, key: Key, context: str) -> dict[str, Any]:
    """
    Open the result of `seal_record`.

    Raises:
        KeyFault: If the key is another, the context is another, or the text was changed.
    """
    try:
        raw = base64.b64decode(text.removeprefix(SealedRecord.PREFIX), altchars=b"-_", validate=True)
        plaintext = AESGCM(key.subkey(Purpose.RECORDS)).decrypt(raw[:12], raw[12:], context.encode())
    except (InvalidTag, ValueError):
        raise KeyFault(
            "a private record cannot be opened: the key is a different one, or the record was moved or changed",
            hint=f"The key given is {key.id}",
        ) from None
    found: dict[str, Any] = json.loads(plaintext)
    return found


def _context_tag(key: Key, context: str) -> bytes:
    return hmac.digest(key.subkey(Purpose.CONTEXTS), context.encode(), "sha256")[:16]


def _chunks(length: int) -> int:
    return max(1, -(-length // _CHUNK))  # an empty plaintext has a chunk, too


def _nonces(length: int) -> Iterator[tuple[bytes, int]]:
    """Nonce and offset of every chunk of a plaintext."""
    count = _chunks(length)
    for number in range(count):
        yield struct.pack(">3xQ?", number, number == count - 1), number * _CHUNK


def _read(path: Path, size: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror}") from error


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the file in a `KeyFault` that passes through."""
    try:
        yield
    except KeyFault as error:
        raise KeyFault(f"{str(path)!r}: {error.message}", hint=error.hint) from None
