"""
The owner's record: private figures, kept apart from the ledger and bound to it by a commitment.

The ledger's entry of an evaluation holds a commitment to the private figures: an HMAC under a random salt that is
written to the owner's record alone. Counts of a few thousand examples could be enumerated from a plain hash; from
this nothing can (design.md, rule 3). Where the owner has a key, the figures themselves stand in the entry, sealed
and padded, and need no file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proctor.errors import LedgerUnwritable

SALT_BYTES = 32


def commitment(figures: Mapping[str, Any], salt: bytes) -> str:
    """
    Text that binds *figures* and says nothing about them to anyone without the *salt*.

    Args:
        figures: Plain JSON.
        salt: Random bytes, at least 32; whoever has them can open the commitment.
    """
    canonical = json.dumps(figures, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "commitment:" + hmac.new(salt, canonical.encode(), hashlib.sha256).hexdigest()


def write(path: Path, content: bytes) -> None:
    """
    Write a whole file for the owner's eyes, atomically.

    Raises:
        LedgerUnwritable: If the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None


def append(path: Path, record: Mapping[str, Any]) -> None:
    """
    Append *record* to the owner's file as one line of JSON, durably; only the owner of the file may read it.

    Raises:
        LedgerUnwritable: If the file cannot be written.
    """
    line = json.dumps(record, sort_keys=True, ensure_ascii=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> LedgerUnwritable:
    return LedgerUnwritable(
        f"the owner's record {path} cannot be written: {error.strerror}",
        hint="Nothing was spent. Name another file with `owner: {record: …}` or --owner.",
    )
