"""
Status of a test set: what is left of it, with its last verdicts; spends nothing, reads no label.

Whoever only looks at the books reads on from a checkpoint where one is at hand. Checkpoints lie in the user's cache
folder, outside of every repository: nobody can send one along with a commit, and a deleted one only costs time.
Whatever is decided or published rests on `books.read`, which reads every entry.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from proctor import __version__
from proctor.errors import LedgerError
from proctor.gate.books import Reading, read, refuse_another_contract
from proctor.gate.releasing import status_of
from proctor.gate.session import Session, Stance
from proctor.gatefile import Gate
from proctor.ledger import Ledger
from proctor.ledger.checkpoint import VERDICTS, Checkpoint, checkpoint_of, from_text, to_text
from proctor.release import Status
from proctor.runtime import Runtime, cache_folder
from proctor.writing import write_hint

MANY = 1_000
"""Entries from which on a checkpoint is worth its while, and after which it is made anew."""

_BEGINNING = Checkpoint((), {})


def status(gate: Gate, runtime: Runtime | None = None, *, last: int = 100) -> Status:
    """The state of the test set that *gate* declares, with its *last* verdicts."""
    with Session(gate=gate, runtime=runtime or Runtime(), stance=Stance.READER) as session:
        return _status(session, last)


def glance(gate: Gate, runtime: Runtime) -> Status:
    """Status for a person to look at: of a long ledger only what is new since the last glance is read."""

    def reads(ledger: Ledger) -> Reading:
        folder = cache_folder(runtime.environ)
        name = hashlib.sha256(f"{ledger.description}\n{gate.root.resolve()}".encode()).hexdigest()[:32]
        return read(ledger) if folder is None else _read_on(ledger, folder / "checkpoints" / f"{name}.txt")

    with Session(gate=gate, runtime=runtime, stance=Stance.READER, reads=reads) as session:
        return _status(session, VERDICTS)


def is_accepted(gate: Gate, entry: int, runtime: Runtime) -> bool:
    """True if the candidate of a verdict, by its *entry*, is the accepted model of *gate* now."""
    with Session(gate=gate, runtime=runtime, stance=Stance.READER) as session:
        life = session.life(session.books())
    accepted = life.accepted(gate.name)
    judged = next((taken.model for taken in life.verdicts if taken.entry.number == entry), None)
    return accepted is not None and judged is not None and accepted.model == judged


def _status(session: Session, last: int) -> Status:
    books = session.books(session.opening)
    if books.life is not None:
        refuse_another_contract(session.gate, books.life)
    return status_of(session.gate, books, session.testset, last)


# --- checkpoints -----------------------------------------------------------------------------------------------------


def _read_on(ledger: Ledger, place: Path) -> Reading:
    """The entries after the checkpoint at *place*, or all if there is none; leaves one there if they were many."""
    since = _found(place)
    new = ledger.read_after(since.last) if since is not None else None
    if since is None or new is None:
        since, new = _BEGINNING, ledger.read()
    reading = Reading((*since.entries, *new), since.accounts)
    if len(new) >= MANY:
        _put(place, checkpoint_of(reading.lives, new[-1]))
    return reading


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
