"""The entry with which a test set enters the ledger."""

from __future__ import annotations

from collections.abc import Callable

from proctor.errors import LedgerMoved
from proctor.gate import settings
from proctor.gate.contestants import Contestant
from proctor.gate.session import Session
from proctor.ledger.records import Registered
from proctor.testset import seal_traits, tags_of


def registration(session: Session, baseline: Contestant | None) -> Registered:
    """The entry that registers this test set, with its contract; drafts the owner's register of labels."""
    register = session.registry.made_from(session.exam.hashes, session.labels)
    by_ids = session.exam.seen_through(()) if session.exam.columns else None
    session.registry.draft(register)
    return Registered(
        testset=session.exam.fingerprint,
        n_examples=session.exam.n_examples,
        contract=session.gate.contract,
        inputs=str(session.gate.testset.inputs),
        sketch=session.exam.sketch.to_json(),
        columns=session.exam.columns,
        labels=register.commitment,
        origin=session.origin,
        anchor=baseline.submission if baseline else None,
        pair=session.owner_key.pair,
        ids=by_ids.fingerprint if by_ids else None,
        places=session.exam.places,
        is_labeled=bool(session.labels.is_known().all()),
        settings=settings.settings_of(session.gate),
        traits=seal_traits(session.exam.traits, session.exam.files.key),
        ranks=tags_of(session.labels, session.exam.ranks, register.salt),
    )


def register(
    session: Session, baseline: Contestant | None, head: str, amended: Callable[[Registered], Registered] = lambda r: r
) -> None:
    """
    Register the test set behind *head*; the owner's register of labels is written with it.

    Args:
        session: The gate.
        baseline: The model that becomes the anchor.
        head: Hash of the ledger's last entry.
        amended: What the owner adds to the entry.

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
