"""
The books for somebody who only looks at them: read from a checkpoint where one is at hand.

Checkpoints lie in the user's cache folder, outside of every repository: nobody can send one along with a commit, and
a deleted one only costs time. Whatever is decided or published rests on `books.read`, which reads every entry.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path

from proctor import __version__
from proctor.errors import LedgerError
from proctor.gate.books import Reading
from proctor.ledger import Ledger
from proctor.ledger.checkpoint import Checkpoint, checkpoint_of, from_text, to_text
from proctor.runtime import cache_folder
from proctor.writing import write_hint

MANY = 1_000
"""Entries from which on a checkpoint is worth its while, and after which it is made anew."""

_BEGINNING = Checkpoint((), {})


def read_on(ledger: Ledger, place: Path) -> Reading:
    """
    Read what follows the checkpoint at *place*, or everything if there is none; leave one there if that was much.

    Raises:
        LedgerError: If the ledger cannot be read, or what was read does not verify.
    """
    since = _found(place)
    new = ledger.read_after(since.last) if since is not None else None
    if since is None or new is None:
        since, new = _BEGINNING, ledger.read()
    reading = Reading((*since.entries, *new), since.accounts)
    if len(new) >= MANY:
        _put(place, checkpoint_of(reading.lives, new[-1]))
    return reading


def place_of(ledger: Ledger, root: Path, environ: Mapping[str, str]) -> Path | None:
    """Place of this user's checkpoint of *ledger*, as seen from *root*; ``None`` without a cache folder."""
    folder = cache_folder(environ)
    name = hashlib.sha256(f"{ledger.description}\n{root.resolve()}".encode()).hexdigest()[:32]
    return None if folder is None else folder / "checkpoints" / f"{name}.txt"


def _found(place: Path) -> Checkpoint | None:
    try:
        return from_text(place.read_text("utf-8"), __version__)
    except (OSError, ValueError, TypeError, LookupError, LedgerError):
        return None  # not ours, or not whole: everything is read


def _put(place: Path, checkpoint: Checkpoint) -> None:
    """Whole or not at all; where nothing can be written, the next look takes as long as this one."""
    with contextlib.suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_hint(place, to_text(checkpoint, __version__).encode())
