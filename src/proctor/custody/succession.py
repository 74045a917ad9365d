"""
Registering a test set on purpose, and the one that follows it.

The model that is accepted today is measured on the new examples: its predictions are read or made, kept as the new
set's baseline and anchor, and how often it is right goes to the owner's record. On open inputs that comes before
anything is recorded. On sealed inputs it is charged, as every first acceptance there is: that a model runs on them
tells something. Registering and adopting are separate entries; doing it again completes what is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from proctor import owner
from proctor.conditions import parse
from proctor.custody.heirs import inherits
from proctor.custody.lineage import Lineage, last_set, lineage, project_error, refuse_above_share
from proctor.errors import Misuse
from proctor.frozen import dataclass, replace
from proctor.gate import labels
from proctor.gate.asking import Asked
from proctor.gate.books import LedgerView, refuse_another_contract, refuse_outside_lineage
from proctor.gate.check import accept_first
from proctor.gate.predicted import ModelPredictions
from proctor.gate.registration import register as enter
from proctor.gate.session import Session
from proctor.gatefile import Accepted, Inputs, PredictionsFile
from proctor.ledger.history import TestSetHistory
from proctor.ledger.records import Registered
from proctor.ledger.submissions import Submission
from proctor.predictions import align


@dataclass(frozen=True, kw_only=True)
class Wish:
    """
    Wishes of the owner beside the gate file.

    Attributes:
        follows: True if the set follows another one.
        predecessor: Beginning of that one's fingerprint; ``None`` for the gate's last one.
        baseline: Predictions of the present baseline on the new examples; ``None`` to run it, or to do without.
        project_reliability: Reliability of the whole project; ``None`` if none is asked for, or it was before.
        another: Why this is another set than a registered one that it looks like; ``None`` if nobody says so.
        own_reliability: Reliability of a budget of its own; ``None`` to start with what the last set has left.
    """

    follows: bool
    predecessor: str | None = None
    baseline: Path | None = None
    project_reliability: float | None = None
    another: str | None = None
    own_reliability: float | None = None


class Succession(NamedTuple):
    """
    A test set that is registered.

    Attributes:
        lineage: The sets that it belongs to, itself the last.
        baseline: The model that was measured on it; ``None`` if there is none.
        completed: True if an earlier attempt had registered it already.
    """

    life: TestSetHistory
    lineage: Lineage
    baseline: Submission | None
    completed: bool


def register(session: Session, wish: Wish) -> Succession:
    """
    Register the test set of the gate file, as the first one or as the successor of another.

    Raises:
        Misuse: If it is registered already, or its predecessor or the baseline's predictions are not named.
        ContractError: If it would take more than its share of the project's error probability.
        EvaluationPending: If an evaluation may still spend what it is to be handed.
        DataError: If it shares examples with a registered set, or labels or predictions are not usable.
    """
    session = replace(session, another=wish.another)
    session.testset.read_labels()  # whatever is wrong with the files is said before anything they may be taken for
    books = session.books()
    if wish.another is None:
        labels.refuse_known(session, books)
    before = _before(session, books, wish)
    project = project_error(wish.project_reliability, before)
    if books.life is None:
        refuse_above_share(project, before, session.gate.reliability)
        inherits(session.gate, before, wish)
    baseline, is_adopted = _present(session, before.sets[-1] if before.sets else None, wish.baseline)
    if baseline is not None and session.gate.testset.inputs is Inputs.OPEN:
        session.runtime.progress("measuring the present baseline on the new test set")
        for each in baseline.each:
            session.predicting.of(each)
            session.predicting.keep(each)  # for the checks to come
    completed = session.decide(lambda books: _enter(session, books, before, wish, baseline))
    if baseline is not None and is_adopted:
        session.decide(lambda books: _adopt(session, books, baseline))
    if baseline is not None:
        _note(session, baseline)
    books = session.books()
    life = session.life(books)
    return Succession(
        life, lineage(books.lives, session.testset.fingerprint), baseline.submission if baseline else None, completed
    )


def _before(session: Session, books: LedgerView, wish: Wish) -> Lineage:
    """The lineage that the test set follows; empty for a first one."""
    if books.life is not None:
        refuse_another_contract(session.gate, books.life)
        _refuse_unless_unfinished(session, books.life, follows=wish.follows)
        return Lineage(lineage(books.lives, session.testset.fingerprint).upto(session.testset.fingerprint).sets[:-1])
    if wish.follows:
        last = last_set(books.lives, wish.predecessor, session.gate.name).registered.record.testset
        return lineage(books.lives, last)
    refuse_outside_lineage(books, session.gate)
    return Lineage(())


def _refuse_unless_unfinished(session: Session, life: TestSetHistory, *, follows: bool) -> None:
    record = life.registered.record
    is_same_act = (record.predecessor is not None) == follows
    is_unfinished = record.anchor is not None and not life.verdicts and isinstance(session.gate.baseline, Accepted)
    if not (is_same_act and is_unfinished):
        after = f", after {record.predecessor[:12]}" if record.predecessor else ""
        raise Misuse(
            f"test set {record.testset[:12]} is registered already, in entry {life.registered.entry.number}{after}",
            hint="Name the files of the new test set in the gate file, under `testset`.",
        )


def _present(
    session: Session, before: TestSetHistory | None, named: Path | None
) -> tuple[ModelPredictions | None, bool]:
    """The present baseline, and whether it is to be adopted: one that the gate file names is not."""
    if not isinstance(session.gate.baseline, Accepted):
        if named is not None:
            raise Misuse(
                "the gate file names the baseline already", hint="Leave --baseline out, or say `baseline: accepted`."
            )
        return session.runner.baseline(None), False
    accepted = _accepted(session.gate.name, before) if before is not None else None
    if named is not None:
        return _from_file(session, named, accepted), True
    return (_again(session, accepted) if accepted is not None else None), True


def _accepted(gate: str, before: TestSetHistory) -> Submission | None:
    """The model that the gate accepted last on the predecessor; another gate's, if that was the only one."""
    gates = {taken.record.origin.gate for taken in before.verdicts}
    taken = before.accepted(next(iter(gates)) if gate not in gates and len(gates) == 1 else gate)
    return taken.record.candidate if taken is not None else None


def _from_file(session: Session, path: Path, accepted: Submission | None) -> ModelPredictions:
    if session.gate.testset.inputs is Inputs.SEALED:
        raise Misuse(
            f"the inputs are sealed, so {str(path)!r} was made by somebody who saw them",
            hint="Leave --baseline out: the model is run in the sandbox.",
        )
    candidate, names = session.gate.candidate, PredictionsFile(str(path))
    if isinstance(candidate, PredictionsFile):
        names = replace(names, id=candidate.id, prediction=candidate.prediction)
    return session.runner.named(names, accepted.commit if accepted else None)


def _again(session: Session, accepted: Submission) -> ModelPredictions:
    """The accepted model itself, to be run on the new examples."""
    if isinstance(session.gate.candidate, PredictionsFile):
        raise Misuse(
            f"the accepted baseline {accepted.source!r} predicted the examples of the test set before this one",
            hint="Give its predictions on the new examples: --baseline FILE. Nothing was recorded.",
        )
    candidate = session.runner.candidate()
    if candidate.submission.digest == accepted.digest:
        return ModelPredictions(accepted, candidate.read)
    if accepted.commit is None:
        raise Misuse(
            f"the accepted baseline {accepted.source!r} is not what lies here, and its commit is not known",
            hint="Put its files back for this command. Nothing was recorded.",
        )
    return session.runner.earlier(accepted)


def _enter(session: Session, books: LedgerView, before: Lineage, wish: Wish, baseline: ModelPredictions | None) -> bool:
    """Append the registration, which closes the account that it takes over; true if it is there already."""
    if books.life is not None:
        return True
    predecessor = before.sets[-1].registered.record.testset if before.sets else None
    if predecessor is not None:  # somebody may have followed the same set a moment ago, or begun an evaluation on it
        last_set(books.lives, predecessor, session.gate.name)
        before = lineage(books.lives, predecessor)
    project, is_heir = project_error(wish.project_reliability, before), inherits(session.gate, before, wish)

    def amended(record: Registered) -> Registered:
        named = replace(record, predecessor=predecessor, another=session.another)
        return replace(named, project_error=project, inherits=is_heir)

    enter(session, baseline, books.head, amended)
    return False


def _adopt(session: Session, books: LedgerView, baseline: ModelPredictions) -> None:
    """Append that the model is the baseline, unless the gate has one by now."""
    life, gate = session.life(books), session.gate
    if life.accepted(gate.name) is None:
        labels.refuse_corrected(session, life)
        what = Asked(gate=gate.name, formula=gate.formula, condition=str(parse(gate.condition)), candidate=baseline)
        accept_first(session, books, what)


def _note(session: Session, baseline: ModelPredictions) -> None:
    """Accuracy of the baseline on the new test set, for the owner alone."""
    known, kept = session.labels.is_known(), session.runner.store
    if not kept.has(baseline.submission.digest):
        return  # it could not be run on sealed inputs
    predicted = align(session.testset.sheet(session.labels), kept.get(baseline.submission.digest, "")).values
    right = int(np.count_nonzero((predicted == session.labels.values) & known))
    measured: dict[str, Any] = {"baseline": baseline.submission.source, "right": right, "labeled": int(known.sum())}
    about = {"at": session.runtime.now(), "testset": session.testset.fingerprint}
    owner.append(session.owners_file, about | measured)
