"""The labels of a test set before anything is judged: that they are the registered ones, its own, and all there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError, LabelsMissing
from proctor.gate import settings
from proctor.gate.books import WAYS_ON, LedgerView
from proctor.gate.locked import refuse_locked
from proctor.gate.registry import Registry
from proctor.gate.session import Session
from proctor.ledger.history import TestSetHistory
from proctor.ledger.records import Cohort
from proctor.predictions import Labels
from proctor.testset import Agreement, Requests, agreement

_REQUEST_FOLDER = ".proctor/requests"


def refuse_corrected(session: Session, life: TestSetHistory) -> None:
    """
    Refuse labels that are not those of registration, all in the same words.

    Raises:
        DataError: If they are not; neither how many nor which. Or if examples have other ids than they had.
        KeyFault: If the test set is sealed and its key is not here.
    """
    refuse_locked(session.testset)
    _refuse_unsealed(session, life)
    register = session.registry.read(life)
    if register is None:
        _refuse_other_labels(session, life)
        return
    if register.commitment != life.labels:
        raise DataError(
            f"the owner's record of labels {session.registry.file(life.labels)} is not the one of this registration",
            hint="Restore it from a copy.",
        )
    if register.compare(session.testset.hashes, _registered_labels(session)).n_changed:
        raise settings.other_labels()


def _refuse_unsealed(session: Session, life: TestSetHistory) -> None:
    """
    Refuse anything but the sealed labels, and labels of other examples than theirs, before any is looked at.

    Of two exchanged ids, the labels would tell whether they are the same.
    """
    pair, places = life.registered.record.pair, life.in_use.places
    if pair is not None and session.owner_key.pair != pair:
        raise settings.other_labels()
    if places is not None and session.testset.places != places:
        raise DataError(
            "examples have other ids than when they were registered, or stand in other rows; nothing was spent",
            hint="Put the registered features back.",
        )


def _refuse_other_labels(session: Session, life: TestSetHistory) -> None:
    """True if labels were changed, by the key alone, without the register; not how many."""
    if session.owner_key.key is None or not life.in_use.is_labeled:
        return
    made = (session.registry.made_from(session.testset.hashes, each) for each in _registered_labels(session).readings())
    if all(register.commitment != life.labels for register in made):
        raise settings.other_labels()


def _registered_labels(session: Session) -> Labels:
    """The labels of a registered set: a file that cannot be read as such is another one."""
    try:
        return session.labels
    except DataError:
        raise settings.other_labels() from None


def refuse_known(session: Session, books: LedgerView) -> None:
    """
    Refuse a test set that is not in the books, if its labels are those of one that is, or if nothing can tell.

    Raises:
        DataError: If so; which labels are the same is told to nobody.
    """
    others = books.lives.values() if books.life is None else ()
    for life, cohort in ((other, cohort) for other in others for cohort in other.ever_used):
        is_doubtful, is_as_long = life in books.doubts, cohort.n_examples == session.testset.n_examples
        found = _agreement(session, life, cohort) if is_doubtful or is_as_long else Agreement.OTHER
        name = life.registered.record.testset[:12]
        if found is Agreement.SAME:
            raise DataError(
                f"the labels of this test set, row by row, are those of test set {name}; nothing was judged",
                hint=f"Other ids and features do not make another test set. {WAYS_ON}",
            )
        if found is Agreement.SILENT and is_doubtful:
            raise DataError(
                f"nothing tells whether this is test set {name} in another form, or another one: its ids are row "
                "numbers, or it has none; nothing was judged",
                hint=f"The owner of the test set is asked once. {WAYS_ON}",
            )


def _agreement(session: Session, life: TestSetHistory, record: Cohort) -> Agreement:
    """The answer of labels to whether this is a registered set, as it is or was before examples were dropped."""
    salt = Registry(session.owner_key, record.testset).salt(life) if record.ranks is not None else None
    if record.ranks is None or salt is None:
        return Agreement.SILENT
    return agreement(record.ranks, *session.testset.ranked(session.labels), salt)


def refuse_incomplete(session: Session) -> None:
    """Refuse labels with gaps (`LabelsMissing`): on sealed inputs, which rows lack one must not depend on a model."""
    missing = np.flatnonzero(~session.labels.is_known())
    if len(missing):
        raise LabelsMissing(
            "there are examples without a label, and sealed inputs need all labels; nothing was spent",
            hint=request(session, missing),
        )


def request(session: Session, rows: NDArray[np.intp]) -> str:
    """Write which examples need a label, for the owner's eyes; gives what to do next."""
    path = requests_of(session).write(rows)
    return (
        f"A label request for the owner of the test set was written: {path}. Once the labels are there "
        "(`proctor labels import FILE`), run the same command again."
    )


def requests_of(session: Session) -> Requests:
    """Requests for labels of the test set, so far."""
    return Requests(session.testset, session.gate.resolve(_REQUEST_FOLDER))
