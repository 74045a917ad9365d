"""
The end of a test set: recorded, every withheld outcome opened, and its labels given to developers.

From here on it is a validation set that anybody may look at (theory.md §4.3.8); its successor must not contain its
examples. Recorded answers are still given; new questions are not taken.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from proctor.budget import Adaptivity
from proctor.custody.changes import refuse_no_reason
from proctor.custody.corrections import write_whole
from proctor.custody.outcomes import open_outcomes
from proctor.errors import DataError, KeyFault, Misuse
from proctor.gate.books import LedgerView, refuse_pending
from proctor.gate.owner_key import is_sealed
from proctor.gate.session import Session
from proctor.ledger.history import Recorded, TestSetHistory
from proctor.ledger.outcomes import Verdict
from proctor.ledger.records import Retired

_SUFFIX = ".sealed"


class Opening(NamedTuple):
    """A file of the test set as developers may have it now."""

    what: str
    path: Path
    was_sealed: bool


class Retirement(NamedTuple):
    """
    A test set that is retired.

    Attributes:
        files: Labels, and inputs where there are any, in the open.
        completed: True if an earlier attempt had recorded it already.
    """

    taken: Recorded[Retired]
    files: tuple[Opening, ...]
    completed: bool


def retire(session: Session, reason: str) -> Retirement:
    """
    Record the end of the test set, and open what was sealed; the *reason* is public.

    Raises:
        Misuse: If it is not registered, the reason is none, or a file is in the way of an opened one.
        KeyFault: If something is sealed and the key is not here.
        DataError: If a withheld outcome cannot be opened.
        EvaluationPending: If an evaluation on sealed inputs is not over.
    """
    refuse_no_reason(reason)
    plain = _plain_files(session)
    taken, completed = session.decide(lambda books: _end(session, books, reason))
    for opening, content in plain:
        if opening.was_sealed:
            write_whole(opening.path, content, 0o644)
    return Retirement(taken, tuple(opening for opening, _ in plain), completed)


def _end(session: Session, books: LedgerView, reason: str) -> tuple[Recorded[Retired], bool]:
    life = session.life(books)
    if life.retired is not None:
        return life.retired, True
    refuse_pending(life)
    record = Retired(session.testset.fingerprint, reason, session.origin, _opened(session, life))
    return Recorded(session.append(record, books.head)), False


def _opened(session: Session, life: TestSetHistory) -> dict[str, Verdict] | None:
    """Every outcome, by the number of its entry, where they were withheld."""
    if life.registered.record.contract.adaptivity is not Adaptivity.NONE:
        return None
    outcomes = {}
    for opened in open_outcomes(session, life):
        if opened.outcome is None:
            raise DataError(
                f"the outcome of entry {opened.taken.entry.number} cannot be opened: {opened.problem}",
                hint="Retiring opens every outcome: give the owner's key, or the owner's record with --owner.",
            )
        outcomes[str(opened.taken.entry.number)] = opened.outcome
    return outcomes


def _plain_files(session: Session) -> tuple[tuple[Opening, bytes], ...]:
    """The test set's files as they will lie in the open; read, and checked against what lies there, beforehand."""
    testset = session.gate.testset
    named = {"labels": testset.labels, "inputs": testset.features, "metadata": testset.metadata}
    return tuple(_plain(session, what, session.gate.resolve(name)) for what, name in named.items() if name)


def _plain(session: Session, what: str, path: Path) -> tuple[Opening, bytes]:
    if not is_sealed(path):
        return Opening(what, path, was_sealed=False), b""
    if session.owner_key.key is None:
        raise KeyFault(
            f"{str(path)!r} is sealed, and its key is not here",
            hint="Retiring gives it to developers: set PROCTOR_KEY, or name the key file, `owner: {key: FILE}`.",
        )
    content = session.owner_key.opened(path, what).content or b""
    name = path.name.removesuffix(_SUFFIX)
    target = path.with_name(name if name != path.name else f"opened-{name}")
    if target.exists() and target.read_bytes() != content:
        raise Misuse(f"{str(target)!r} is in the way: the opened {what} go there", hint="Move it elsewhere.")
    return Opening(what, target, was_sealed=True), content
