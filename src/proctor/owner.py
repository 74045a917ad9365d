"""
The owner's record: private figures, kept apart from the ledger and bound to it by a commitment.

The ledger's entry of an evaluation holds a commitment to the private figures: an HMAC under a random salt that is
written to the owner's record alone. Counts of a few thousand examples could be enumerated from a plain hash; from
this nothing can (design.md, rule 3). Where the owner has a key, the figures themselves stand in the entry, sealed
and padded, and need no file.

A machine may die right before or right after the entry, so figures are written as a draft first, and become a line
of the record when the ledger has taken the entry. A draft opens with what the entry says and not without: of an
attempt that never reached the ledger nothing can be read.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from proctor.errors import LedgerMoved, LedgerUnwritable
from proctor.writing import write_whole

SALT_BYTES = 32


class Commitment(str):
    """A commitment to private figures, as it stands in an entry; a line of the owner's record opens it."""

    __slots__ = ()
    PREFIX = "commitment:"

    def __new__(cls, text: str) -> Commitment:
        """Take what begins as a commitment does; anything else is a `ValueError`."""
        return super().__new__(cls, _beginning(cls.PREFIX, text))


class SealedRecord(str):
    """Private figures as they stand in an entry, sealed; the owner's key opens them."""

    __slots__ = ()
    PREFIX = "sealed1."

    def __new__(cls, text: str) -> SealedRecord:
        """Take what begins as a sealed record does; anything else is a `ValueError`."""
        return super().__new__(cls, _beginning(cls.PREFIX, text))


Private = Commitment | SealedRecord
"""Form in which the owner's figures enter the ledger."""


def _beginning(prefix: str, text: str) -> str:
    if not text.startswith(prefix):
        raise ValueError(f"{text[:12]!r} does not begin with {prefix!r}")
    return text


def commitment(figures: Mapping[str, Any], salt: bytes) -> Commitment:
    """Text that binds *figures*, plain JSON, and says nothing of them without the *salt*: at least 32 random bytes."""
    canonical = json.dumps(figures, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Commitment(Commitment.PREFIX + hmac.new(salt, canonical.encode(), hashlib.sha256).hexdigest())


def write(path: Path, content: bytes) -> None:
    """
    Write a whole file for the owner's eyes, atomically.

    Raises:
        LedgerUnwritable: If the file cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise _unwritable(path, error) from None


def draft(path: Path, private: Private, note: Mapping[str, Any]) -> None:
    """
    Write what `settle` makes a line of the owner's file: the *note* on what *private* stands for in an entry.

    Raises:
        LedgerUnwritable: If the file cannot be written, or is another file.
    """
    _refuse_other(path)
    write(_draft_of(path, private), _veiled(_line(note), private))


def settle(path: Path, private: Private) -> None:
    """
    Make the draft of *private*, which is in the ledger, a line of the owner's file; nothing if there is none.

    What cannot be written now stays a draft for the next time: the entry is made, and no fault here may hide it.
    """
    found = _draft_of(path, private)
    with contextlib.suppress(OSError, ValueError, LedgerUnwritable):
        if found.exists():
            append(path, json.loads(_veiled(found.read_bytes(), private)))
            found.unlink()


@contextlib.contextmanager
def settling(path: Path | None, private: Private | None) -> Iterator[None]:
    """Around the append of an entry that holds *private*: its draft is settled, or discarded if the ledger moved."""
    if path is None or private is None:
        yield
        return
    try:
        yield
    except LedgerMoved:
        _draft_of(path, private).unlink(missing_ok=True)
        raise
    settle(path, private)


def append(path: Path, record: Mapping[str, Any]) -> None:
    """
    Append *record* to the owner's file as one line of JSON, durably; only the owner of the file may read it.

    Raises:
        LedgerUnwritable: If the file cannot be written, or is another file.
    """
    _refuse_other(path)
    try:
        with _opened(path) as descriptor:
            os.write(descriptor, _line(record))
            os.fsync(descriptor)
    except OSError as error:
        raise _unwritable(path, error) from None


def _refuse_other(path: Path) -> None:
    """Refuse what is no owner's file: a pipe that somebody reads along, a gate file, a ledger."""
    try:
        with _opened(path) as descriptor:
            is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
            begins = os.pread(descriptor, 1, 0) if is_file else b"?"
    except OSError as error:
        raise _unwritable(path, error) from None
    if begins not in (b"", b"{"):
        raise LedgerUnwritable(f"{path} is not an owner's record, or not a file at all", hint=_HINT)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _line(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _draft_of(path: Path, private: Private) -> Path:
    return path.with_name(f".{path.name}.{hashlib.sha256(private.encode()).hexdigest()[:16]}.draft")


def _veiled(content: bytes, private: Private) -> bytes:
    """*content* under a pad that *private*, which nobody can guess, gives; and back."""
    pad = hashlib.shake_256(b"proctor owner's draft\n" + private.encode()).digest(len(content))
    return bytes(one ^ other for one, other in zip(content, pad, strict=True))


_HINT = "Nothing was spent. Name another file with `owner: {record: …}` or --owner."


def _unwritable(path: Path, error: OSError) -> LedgerUnwritable:
    return LedgerUnwritable(f"the owner's record {path} cannot be written: {error.strerror}", hint=_HINT)
