"""
Stakes made of development data: how likely a pass looks, said before the test set is asked (theory.md §4.5).

Everything here is public. Nothing of it matters for validity: a bad forecast costs bits, and the account's guard bounds
how many.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from proctor.budget import Mode
from proctor.budget.guard import HIGHEST_STAKE, STAKE_UNITS
from proctor.budget.informed import LOWEST_CHANCE, DevelopmentResult, Forecaster
from proctor.conditions import Clause, Formula, slices
from proctor.counting.coding import joint_counts
from proctor.errors import DataError
from proctor.frozen import dataclass, field
from proctor.gate.asking import Asked
from proctor.gate.books import LedgerView
from proctor.gate.session import Session
from proctor.ledger.history import TestSetHistory
from proctor.ledger.lives import step_of
from proctor.ledger.records import Evaluated, Forecast
from proctor.methods import beyond_accuracies, is_gain
from proctor.predictions import Labels, Panel
from proctor.preflight.chance import chance, missing_from, next_of
from proctor.preflight.development import (
    Bench,
    Development,
    declared,
    has_candidate,
    labeled,
    open_development,
)
from proctor.testset import TestSet

NO_DATA = (
    "`stakes: informed` without development data is `adaptive`: passes cost more bits; name labeled examples that are "
    "not in the test set, `development: {labels: FILE, …}`"
)
_NO_OTHERS = (
    "what the models compared with predict on the development data is not known, so earlier outcomes alone set the "
    "stake; name it, `--development-baseline FILE` or `development: {baseline: FILE}`"
)
_NO_CANDIDATE = (
    "what the candidate predicts on the development data is not known, so earlier outcomes alone set the stake; name "
    "it, `--development-candidate FILE` or `development: {candidate: FILE}`, or declare a stake"
)
_NOT_SIMULATED = (
    "what happens on slices is not forecast from development data, nor are metrics of one class, so earlier outcomes "
    "alone set the stake"
)


class Results(NamedTuple):
    """Predictions of the models on the labeled development examples."""

    panel: Panel
    labels: Labels


@dataclass
class InformedStakes:
    """Makes the stake of a gate's question; models run on the development data once, however often it is put."""

    _results: list[Results | None] = field(default_factory=list)

    def __call__(self, session: Session, books: LedgerView, asked: Asked) -> tuple[int, Forecast] | None:
        """
        The stake in units, and what it was made of; ``None`` if earlier outcomes alone are to set it.

        Raises:
            Misuse: If the development data are the test set, or share examples with it.
            DataError: If they cannot be read, or are of other classes.
        """
        if not self._results:
            self._results.append(self._predicted(session, books.life))
        found = self._results[0]
        if found is None or asked.formula is None or missing_from(found.panel, asked.formula):
            return None
        if (threshold := threshold_of(asked.formula, session.gate.mode)) is not None:
            return self._of_difference(session, books, found, threshold)
        return self._simulated(session, books, found, asked.formula)

    def _predicted(self, session: Session, life: TestSetHistory | None) -> Results | None:
        gate = session.gate
        files = declared(gate)
        if files.labels is None:
            session.runtime.remark(NO_DATA)
            return None
        if slices(gate.formula) or beyond_accuracies(gate.formula) is not None:
            session.runtime.remark(_NOT_SIMULATED)
            return None
        session.runtime.progress("looking at the development data")
        examples = open_development(gate, files, session.testset)
        if not has_candidate(gate, files):
            session.runtime.remark(_NO_CANDIDATE)
            return None
        bench = Bench(gate, files, examples, session.runner_on(examples), life)
        labels = examples.read_labels()
        found = Results(*labeled(bench.panel(labels), labels))
        _refuse_unlabeled(files, found)
        _refuse_other_classes(files, found)
        if missing_from(found.panel, gate.formula):
            session.runtime.remark(_NO_OTHERS)
        return found

    def _of_difference(
        self, session: Session, books: LedgerView, found: Results, threshold: float
    ) -> tuple[int, Forecast]:
        account, stakes = books.account(session.gate), session.gate.stakes
        result = result_of(found, session.testset.n_examples, threshold)
        forecaster = forecaster_of(books.life, session.testset.n_examples)
        stake = forecaster.stake(result, lambda share: account.next_log_level(stakes, round(share * STAKE_UNITS)))
        expected = forecaster.chance(result, account.next_log_level(stakes, stake))
        return stake, Forecast(
            chance=round(expected, 6),
            examples=result.n_development,
            wins=result.wins,
            losses=result.losses,
            threshold=threshold,
        )

    def _simulated(self, session: Session, books: LedgerView, found: Results, formula: Formula) -> tuple[int, Forecast]:
        """The stake for other conditions than one difference: the chance that a preflight shows."""
        gate, n_examples = session.gate, session.testset.n_examples
        log_level = books.account(gate).next_log_level(gate.stakes)
        likely = chance(joint_counts(*found), next_of(gate, formula, log_level, n_examples))
        share = min(max(likely.with_uncertainty, LOWEST_CHANCE), HIGHEST_STAKE)
        return round(share * STAKE_UNITS), Forecast(chance=round(share, 6), examples=len(found.panel))


def threshold_of(formula: Formula, mode: Mode) -> float | None:
    """The c of ``n - o > c``, if that is all that is asked and must be proven; ``None`` otherwise."""
    if isinstance(formula, Clause) and mode is Mode.FP_FREE and is_gain(formula):
        return formula.threshold
    return None


def result_of(found: Results, n_test: int, threshold: float) -> DevelopmentResult:
    """Wins and losses on the development data."""
    new, old = (values == found.labels.values for values in (found.panel.candidate, found.panel.baseline))
    wins, losses = int(np.count_nonzero(new & ~old)), int(np.count_nonzero(old & ~new))
    return DevelopmentResult(wins, losses, len(found.panel), n_test, threshold)


def forecaster_of(life: TestSetHistory | None, n_test: int) -> Forecaster:
    """The experts, taught by every outcome that the test set has given."""
    forecaster = Forecaster()
    for record, is_proven in _outcomes(life):
        told, result = record.forecast, None
        if told is not None and told.wins is not None and told.losses is not None and told.threshold is not None:
            result = DevelopmentResult(told.wins, told.losses, told.examples, n_test, told.threshold)
        forecaster = forecaster.after(result, record.log_level, is_proven)
    return forecaster


def _outcomes(life: TestSetHistory | None) -> Iterator[tuple[Evaluated, bool]]:
    if life is None:
        return
    mode = life.registered.record.contract.mode
    for taken in life.verdicts:
        if isinstance(taken.record, Evaluated):
            yield taken.record, step_of(taken.record, mode).proven


def _refuse_unlabeled(files: Development, found: Results) -> None:
    if not len(found.panel):
        raise DataError(
            f"the development labels {str(files.labels)!r} hold no label: their cells are empty",
            hint="Fill them in, or leave `development:` out of the gate file. Nothing was spent.",
        )


def _refuse_other_classes(files: Development, found: Results) -> None:
    """Labels of which the candidate predicts none are another task's, or spelled otherwise."""
    classes = set(np.unique(found.labels.values).tolist())
    if classes.isdisjoint(np.unique(found.panel.candidate).tolist()):
        raise DataError(
            f"the candidate predicts none of the classes of the development labels {str(files.labels)!r}",
            hint="Name labels of the classes that it predicts, spelled in the same way. Nothing was spent.",
        )


def refuse_shared(session: Session, testset: TestSet) -> None:
    """
    Refuse development data that share examples with the test set, as it is or as it is going to be.

    It is for the owner of the test set, who may know who is a member; errors as `open_development`.
    """
    files = declared(session.gate)
    if files.is_there:
        open_development(session.gate, files, testset, compares=True)
