"""The entry with which a test set enters the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proctor.errors import LedgerMoved
from proctor.gate import settings
from proctor.gate.contestants import Contestant
from proctor.gate.session import Session
from proctor.ledger.records import Registered
from proctor.predictions import Labels
from proctor.testset import LabelRegister, TestSet, seal_traits, tags_of


def registration(session: Session, baseline: Contestant | None) -> Registered:
    """The entry that registers this test set, with its contract; drafts the owner's register of labels."""
    register = session.registry.made_from(session.exam.hashes, session.labels)
    session.registry.draft(register)
    return Registered(
        testset=session.exam.fingerprint,
        contract=session.gate.contract,
        inputs=str(session.gate.testset.inputs),
        columns=session.exam.columns,
        origin=session.origin,
        anchor=baseline.submission if baseline else None,
        pair=session.owner_key.pair,
        settings=settings.settings_of(session.gate),
        **portrait(session.exam, session.labels, register),
    )


def portrait(exam: TestSet, labels: Labels, register: LabelRegister) -> dict[str, Any]:
    """Fields of an entry that says which examples are in use, and by what they and their labels are known again."""
    by_ids = exam.seen_through(()) if exam.columns else None
    return {
        "n_examples": exam.n_examples,
        "sketch": exam.sketch.to_json(),
        "labels": register.commitment,
        "ids": by_ids.version if by_ids else None,
        "places": exam.places,
        "is_labeled": bool(labels.is_known().all()),
        "traits": seal_traits(exam.traits, exam.files.key),
        "ranks": tags_of(labels, exam.ranks, register.salt),
    }


def register(
    session: Session, baseline: Contestant | None, head: str, amended: Callable[[Registered], Registered] = lambda r: r
) -> None:
    """
    Register the test set behind *head*; the owner's register of labels is written with it.

    Raises:
        LedgerMoved: If somebody else appended first.
    """
    record = amended(registration(session, baseline))
    try:
        session.append(record, head)
    except LedgerMoved:
        session.registry.discard(record.labels)
        raise
    session.registry.settle(record.labels)
