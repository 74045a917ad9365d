"""The entry with which a test set enters the ledger."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

from proctor.conditions import clauses
from proctor.counting.events import is_class
from proctor.errors import LedgerMoved, Misuse
from proctor.gate import settings
from proctor.gate.predicted import ModelPredictions
from proctor.gate.session import Session, Stance
from proctor.ledger.records import Cohort, Registered
from proctor.methods import method_of
from proctor.predictions import Labels
from proctor.testset import LabelRegister, TestSet, seal_traits, tags_of


def portrait(
    testset: TestSet,
    labels: Labels,
    register: LabelRegister,
    before: Cohort | None = None,
    *,
    cluster: str | None,
) -> dict[str, Any]:
    """
    Fields of an entry that says which examples are in use, and by what they and their labels are known again.

    To the columns of metadata of the entry *before* none is added. A *cluster* is the name of a column.
    """
    named = None if before is None else (before.metadata or ())
    n_clusters = None if cluster is None else testset.n_clusters(cluster)
    by_ids = testset.seen_through(()) if testset.columns else None
    return {
        "n_examples": testset.n_examples,
        "sketch": testset.sketch.to_json(),
        "labels": register.commitment,
        "ids": by_ids.version if by_ids else None,
        "places": testset.places,
        "is_labeled": bool(labels.is_known().all()),
        "traits": seal_traits(testset.traits, testset.files.key),
        "ranks": tags_of(*testset.ranked(labels), register.salt),
        "metadata": testset.metadata_marks(named) or None,
        "clusters": n_clusters if testset.is_sealed else None,
    }


def register(
    session: Session,
    baseline: ModelPredictions | None,
    head: str,
    amended: Callable[[Registered], Registered] = lambda r: r,
) -> None:
    """
    Register the test set behind *head*; the owner's register of labels is written with it.

    Raises:
        LedgerMoved: If somebody else appended first.
        Misuse: If the owner registers it for a condition on a class that no label is.
    """
    _look_for_classes(session)
    found = session.registry.made_from(session.testset.hashes, session.labels)
    session.registry.draft(found)
    record = amended(
        Registered(
            testset=session.testset.fingerprint,
            contract=session.gate.contract,
            inputs=str(session.gate.testset.inputs),
            columns=session.testset.columns,
            origin=session.origin,
            anchor=baseline.submission.whole if baseline else None,
            pair=session.owner_key.pair,
            settings=settings.settings_of(session.gate),
            **portrait(session.testset, session.labels, found, cluster=session.gate.cluster),
        )
    )
    try:
        session.append(record, head)
    except LedgerMoved:
        session.registry.discard(record.labels)
        raise
    session.registry.settle(record.labels)


def _look_for_classes(session: Session) -> None:
    """
    Look for the classes whose scores are predicted: they may be misspelled, which no prediction can show.

    The owner is told by the labels. Nobody else is: a refusal would tell which labels there are, so they are warned.
    """
    gate = session.gate
    if session.testset.files.classes is not None:
        return
    scored = [column for column in gate.columns or (None,) if gate.reading_on(column).predictions is not None]
    for clause in chain.from_iterable(clauses(gate.formula_on(column)) for column in scored):
        for name in sorted(method_of(clause.quantity).classes):
            if session.stance is not Stance.OWNER:
                session.runtime.remark(
                    f"`{clause.quantity}` speaks of the class {name!r}, compared with labels letter by letter, "
                    "which shows nothing where none is it; declare the classes in `testset.classes`, and one that is "
                    "none is refused"
                )
            elif session.labels.is_known().all() and not is_class(session.labels.values, name).any():
                raise Misuse(
                    f"`{clause.quantity}` speaks of a class that no label has; nothing was registered",
                    hint="Spell it as the labels do. If there is none by chance, declare the classes: "
                    "`testset.classes`.",
                )
