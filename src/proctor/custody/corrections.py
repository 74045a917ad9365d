"""
Corrected labels: a recorded act of the owner. Past verdicts stand.

How many labels were corrected is public, which and why stays in the owner's record. First the ledger, then the
register of labels, then the file of labels: doing it again completes what was interrupted in between.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from proctor import owner, writing
from proctor.errors import DataError, Misuse, TestSetRetired
from proctor.gate.books import LedgerView, refuse_pending
from proctor.gate.owner_key import is_sealed
from proctor.gate.session import Session
from proctor.gate.tables import refuse_table
from proctor.ledger.history import TestSetHistory
from proctor.ledger.records import Corrected
from proctor.predictions import Labels, Source
from proctor.reports.sentences import count
from proctor.testset import LabelChange, LabelRegister

LABELS = "labels"


class Correction(NamedTuple):
    """
    A correction that is in the books.

    Attributes:
        labels: The file of labels, which holds the corrected ones now.
        completed: True if an earlier attempt had recorded it already.
    """

    n_rows: int
    entry: int
    labels: Path
    completed: bool = False


def correct(session: Session, new_labels: Path, reason: str) -> Correction:
    """
    Record that labels are corrected to those of *new_labels*, and put these in place.

    That is a file of all labels, sealed or not; it may be the file of labels itself. The *reason* is for the owner's
    record alone.

    Raises:
        DataError: If they are not labels of this test set, or the owner's register is not here.
        Misuse: If nothing was corrected, or labels are left out.
        TestSetRetired: If the test set is retired.
        EvaluationPending: If an evaluation on sealed inputs is not over.
    """
    refuse_table(session.gate, "proctor testset correct")
    target = session.gate.resolve(session.gate.testset.labels)
    source = session.owner_key.opened(new_labels, LABELS)
    if source.ending != Source(target).ending:
        raise Misuse(
            f"{str(new_labels)!r} is not of the same format as {str(target)!r}",
            hint=f"Save the corrected labels as {Source(target).ending}.",
        )
    labels = _labels_in(session, source)
    correction, register = session.decide(lambda books: _record(session, books, labels, reason))
    session.registry.write(register)
    session.registry.discard(register.commitment)
    if not target.exists() or not new_labels.samefile(target):
        with source.open_bytes() as file:
            put_in_place(session, file.read(), target, LABELS)
    return correction._replace(labels=target)


def _record(session: Session, books: LedgerView, labels: Labels, reason: str) -> tuple[Correction, LabelRegister]:
    """The entry of this correction, appended now or by an earlier attempt, and the register that it makes."""
    life = session.life(books)
    if life.retired is not None:
        raise TestSetRetired(f"test set {session.testset.fingerprint[:12]} is retired; its labels stand as they are")
    refuse_pending(life)
    register = session.registry.held(life, session.testset.hashes, session.testset.read_labels)
    updated = register.updated(session.testset.hashes, labels)
    if life.corrections and updated.commitment == life.labels and _is_unfinished(session, register, labels):
        last = life.corrections[-1]
        owner.settle(session.owners_file, last.record.private)
        return Correction(last.record.n_rows, last.entry.number, Path(), completed=True), updated
    change = _change(session, life, register, labels)
    rows = session.testset.names(change.changed.tolist())
    private = session.conceal({"correction": rows, "reason": reason}, books.head)
    record = Corrected(session.testset.fingerprint, change.n_changed, updated.commitment, private, session.origin)
    session.registry.draft(updated)
    return Correction(change.n_changed, session.append(record, books.head).number, Path()), updated


def _is_unfinished(session: Session, register: LabelRegister, labels: Labels) -> bool:
    """True if the register, or the file of labels, is not yet as the ledger says."""
    if register.compare(session.testset.hashes, labels).n_changed:
        return True
    updated = register.updated(session.testset.hashes, labels)
    in_place = _labels_in(session, session.owner_key.opened(session.gate.resolve(session.gate.testset.labels), LABELS))
    return bool(updated.compare(session.testset.hashes, in_place).n_changed)


def _change(session: Session, life: TestSetHistory, register: LabelRegister, labels: Labels) -> LabelChange:
    if register.commitment != life.labels:
        raise DataError(
            f"the owner's record of labels {session.registry.file(life.labels)} is not the one in the ledger",
            hint="Restore it from a copy; or give the labels of the last correction first, to complete it.",
        )
    change = _as_filled(session, register).compare(session.testset.hashes, labels)
    if not change.n_changed:
        added = f" ({change.added:,} are new, which needs no correction)" if change.added else ""
        raise Misuse(f"no label differs from the registered ones{added}", hint="Nothing was recorded.")
    lost = int(np.count_nonzero(~labels.is_known()[change.changed]))
    if lost:
        raise Misuse(
            f"{count(lost, 'examples')} had a label and {'has' if lost == 1 else 'have'} none in the corrected file",
            hint="Give the whole file of labels, with the corrected ones in it. Nothing was recorded.",
        )
    return change


def _as_filled(session: Session, register: LabelRegister) -> LabelRegister:
    """The register with the labels that came since then: one of those that is wrong is corrected on record, too."""
    if not session.gate.resolve(session.gate.testset.labels).exists():
        return register
    in_place = session.testset.read_labels()
    has_changed = register.compare(session.testset.hashes, in_place).n_changed > 0
    return register if has_changed else register.updated(session.testset.hashes, in_place)


def _labels_in(session: Session, source: Source) -> Labels:
    return replace(session.testset, files=replace(session.testset.files, labels=source)).read_labels()


def put_in_place(session: Session, content: bytes, target: Path, context: str) -> None:
    """
    Replace a file of the test set whole; sealed as it was, and for the same inputs.

    Raises:
        DataError: If it cannot be written, or is sealed and its key is not here.
    """
    if is_sealed(target):
        from proctor.testset import sealing

        key = session.owner_key.key
        if key is None:
            raise DataError(f"{str(target)!r} is sealed, and its key is not here")
        content = sealing.seal_bytes(content, key, context, bytes.fromhex(sealing.file_facts(target).pair))
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
    write_whole(target, content, mode)


def write_whole(target: Path, content: bytes, mode: int) -> None:
    """Write a file wholly or not at all; `DataError` if it cannot be written."""
    try:
        writing.write_whole(target, content, mode)
    except OSError as error:
        raise DataError(f"{str(target)!r} cannot be written: {error.strerror}") from None
