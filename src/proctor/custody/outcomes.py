"""
The owner reads what was concealed: outcomes and figures, each checked against what the ledger holds of it.

Private records are sealed in the ledger's own entries where there was a key, and stand in the owner's record with the
salt of their commitment where there was none. Nothing that fails its check is believed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from proctor import owner
from proctor.errors import DataError, KeyFault
from proctor.gate.session import Session
from proctor.ledger.history import Recorded, TestSetHistory
from proctor.ledger.outcomes import Verdict
from proctor.ledger.records import Evaluated

Json = dict[str, Any]

_CONTEXT = ("at", "commit", "private", "salt", "candidate")


class Opened(NamedTuple):
    """
    One evaluation as the ledger has it, and its number among the charged ones, opened: private.

    Attributes:
        outcome: Pass or fail; ``None`` if it could not be opened and was withheld.
        figures: Everything that was found; ``None`` if it could not be opened.
        problem: Why it could not be opened; empty if it was.
    """

    taken: Recorded[Evaluated]
    step: int
    outcome: Verdict | None
    figures: Json | None
    problem: str = ""


def open_outcomes(session: Session, life: TestSetHistory) -> tuple[Opened, ...]:
    """Every evaluation of a test set, opened as far as key and owner's record go; `DataError` if that is unreadable."""
    evaluated = [Recorded[Evaluated](taken.entry) for taken in life.verdicts if isinstance(taken.record, Evaluated)]
    for taken in evaluated:  # a machine may have died right after any of them
        owner.settle(session.owners_file, taken.record.private)
    notes = _read_notes(session.owners_file)
    return tuple(_open(session, taken, life.step_of(taken), notes) for taken in evaluated)


def _open(session: Session, taken: Recorded[Evaluated], step: int, notes: Mapping[str, Json]) -> Opened:
    released = None if taken.record.outcome is Verdict.WITHHELD else taken.record.outcome
    try:
        found = _found(session, taken, notes)
    except (KeyFault, DataError) as error:
        return Opened(taken, step, released, None, error.message)
    outcome = found.get("outcome")
    if outcome not in (Verdict.PASS, Verdict.FAIL) or outcome != (released or outcome):
        return Opened(taken, step, released, None, f"its record says {outcome!r}, and the ledger {str(released)!r}")
    return Opened(taken, step, Verdict(outcome), found)


def _found(session: Session, taken: Recorded[Evaluated], notes: Mapping[str, Json]) -> Json:
    """The private record of an evaluation, checked."""
    private = taken.record.private
    if isinstance(private, owner.SealedRecord):
        if session.owner_key.key is None:
            raise KeyFault("its record is sealed, and the owner's key is not here")
        from proctor.testset.sealing import open_record

        # What is sealed in an entry is bound to its place in the chain: the head that it was appended to.
        return open_record(private, session.owner_key.key, taken.entry.previous)
    note = notes.get(private)
    if note is None:
        raise DataError(f"its record is not in {session.owners_file}")
    figures = {name: value for name, value in note.items() if name not in _CONTEXT}
    if owner.commitment(figures, bytes.fromhex(note["salt"])) != private:
        raise DataError(f"its record in {session.owners_file} was changed: it does not open the ledger's commitment")
    return figures


def _read_notes(path: Path) -> dict[str, Json]:
    """Lines of the owner's record by what the ledger holds of them; lines of another form are left out."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the owner's record {path} cannot be read: {error}") from None
    notes = {}
    for line in lines:
        try:
            note = json.loads(line)
            if isinstance(note["salt"], str) and bytes.fromhex(note["salt"]):
                notes[note["private"]] = note
        except (ValueError, TypeError, KeyError):
            continue  # a line that was cut by a crash, or one without a commitment
    return notes
