"""
Decisions on many test sets at once: by the gate's own tests, each asked once, and by comparing the estimates.

What a clause is worth is the test of `proctor.stats` that `proctor.evaluation` would use, at the same share of the
level. A proof needs one direction of it alone: a formula is proven in ``fp-free`` if it is true once every clause that
is not shown to hold counts as false (Kleene's connectives are monotone), and mirrored in ``fn-free``.
Answers are remembered by counts; for a fixed number of discordant examples a paired test that rejects with so many
wins rejects with more (theory.md §3.2), so most answers follow from others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from proctor.budget import Mode
from proctor.conditions import (
    AllOf,
    Assignment,
    Clause,
    Difference,
    Formula,
    Linear,
    Proportion,
    Quantity,
    Variable,
    allocate,
    clauses,
    value_range,
)
from proctor.simulation.worlds import EVENTS, Contest, Counts, Exam
from proctor.stats import binomial, bounded
from proctor.stats.paired import PairedTest

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

_COLUMN = {Variable.N: 0, Variable.O: 1, Variable.A: 2, Variable.D: 3}
_SLACK = 1e-9
_SETTLED = 1e3


def weights_of(quantity: Quantity) -> Floats:
    """Coefficients of n, o, a and d in an expression."""
    weights = np.zeros(4)
    match quantity:
        case Proportion(variable):
            weights[_COLUMN[variable]] = 1.0
        case Difference(plus, minus):
            weights[_COLUMN[plus]], weights[_COLUMN[minus]] = 1.0, -1.0
        case Linear(n, o, a, d):
            weights[:] = n, o, a, d
        case _:
            assert_never(quantity)
    return weights


def scores_of(quantity: Quantity) -> Floats:
    """Value of an expression at each of the sixteen events."""
    return np.asarray(EVENTS @ weights_of(quantity))


def combine(formula: Formula, values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """AND as the minimum and OR as the maximum, of truth values or of anything else that is ordered."""
    if isinstance(formula, Clause):
        return values[formula.index]
    join = np.minimum if isinstance(formula, AllOf) else np.maximum
    return np.asarray(join.reduce([combine(part, values) for part in formula.parts]))


def holds(formula: Formula, events: Counts) -> Booleans:
    """
    Whether the condition is true of these very examples, taken as a population; equality counts as false.

    It is also what a gate says that compares the estimates.

    Args:
        formula: The condition.
        events: How often each event happens, shape (lives, 16).
    """
    size = events.sum(axis=-1)
    values = []
    for clause in clauses(formula):
        excess = _sign(clause) * (events @ scores_of(clause.quantity) - clause.threshold * size)
        values.append(excess > _SLACK * size)
    return combine(formula, values)


def evidence(formula: Formula, events: Counts | Floats, n_examples: int, safe: float | None = None) -> Floats:
    """
    By how many standard errors of a test set the condition holds in a population: a developer's rule of thumb.

    Args:
        formula: The condition.
        events: How often each event happens in the population, shape (..., 16).
        n_examples: Size of the test set.
        safe: Where given, clauses on d alone count as settled: in favor if they hold by so many standard errors,
            against if they do not; then what is left is about accuracy.
    """
    share = events / events.sum(axis=-1, keepdims=True)
    values = []
    for clause in clauses(formula):
        scores = scores_of(clause.quantity)
        mean = share @ scores
        variance = np.maximum(share @ scores**2 - mean**2, 1 / n_examples**2)
        value = _sign(clause) * (mean - clause.threshold) * np.sqrt(n_examples / variance)
        is_settled = safe is not None and clause.quantity == Proportion(Variable.D)
        values.append(np.where(value < (safe or 0.0), -_SETTLED, _SETTLED) if is_settled else value)
    return np.asarray(combine(formula, values))


def _sign(clause: Clause) -> int:
    return 1 if clause.above else -1


@dataclass
class Remembered:
    """Answers of one test by a count that can only help: the most that do not reject, the fewest that do."""

    rejects: Callable[[int], bool]
    not_up_to: int = -1
    from_on: float = math.inf

    def __call__(self, count: int) -> bool:
        """Whether the test rejects at this count."""
        if self.not_up_to < count < self.from_on:
            if self.rejects(count):
                self.from_on = count
            else:
                self.not_up_to = count
        return count >= self.from_on


@dataclass(frozen=True)
class Examiner:
    """
    Decides a condition at any level, for many lives at once.

    Args:
        formula: The condition.
        mode: Which outcome has to be proven.
    """

    formula: Formula
    mode: Mode
    _memory: dict[tuple[Any, ...], Remembered] = field(default_factory=dict, repr=False)

    @property
    def needs_order(self) -> bool:
        """Whether a clause is tested by betting, example by example."""
        return any(isinstance(clause.quantity, Linear) for clause in clauses(self.formula))

    def proves(self, exam: Exam, contest: Contest, log_levels: Floats) -> Booleans:
        """
        Whether the outcome that has to be proven is, in each life at its own level.

        Args:
            exam: The test sets.
            contest: The models.
            log_levels: Natural logarithm of each life's level, shape (lives,).
        """
        events = exam.events(contest)
        in_order = exam.events_in_order(contest) if self.needs_order else None
        is_pass = self.mode is Mode.FP_FREE
        values = []
        for assignment in allocate(self.formula, self.mode.value):
            above = assignment.clause.above == is_pass
            levels = log_levels + assignment.log_share
            shown = self._shown(assignment, above, events, in_order, levels)
            values.append(shown if is_pass else ~shown)
        decided = combine(self.formula, values)
        return decided if is_pass else ~decided

    def _shown(
        self, assignment: Assignment, above: bool, events: Counts, in_order: Counts | None, levels: Floats
    ) -> Booleans:
        """Whether a clause's expression is shown to lie above (or below) its threshold."""
        clause, n_examples = assignment.clause, int(events[0].sum()) if len(events) else 0
        match clause.quantity:
            case Proportion(variable):
                right = (events @ EVENTS[:, _COLUMN[variable]]).tolist()
                helping = right if above else [n_examples - k for k in right]
                answers = [
                    self._proportion(clause, above, n_examples, level)(k)
                    for k, level in zip(helping, levels.tolist(), strict=True)
                ]
            case Difference():
                answers = self._differences(assignment, above, events, levels)
            case Linear():
                assert in_order is not None  # noqa: S101  # needs_order
                answers = _bets(clause, above, in_order, levels)
            case _:
                assert_never(clause.quantity)
        return np.array(answers, np.bool_)

    def _proportion(self, clause: Clause, above: bool, n_examples: int, level: float) -> Remembered:
        def rejects(helping: int) -> bool:
            right = helping if above else n_examples - helping
            return binomial.rejects(right, n_examples, clause.threshold, level, above=above)

        return self._remembered((clause.index, above, n_examples, level), rejects)

    def _differences(self, assignment: Assignment, above: bool, events: Counts, levels: Floats) -> list[bool]:
        clause, n_examples = assignment.clause, int(events[0].sum()) if len(events) else 0
        scores = scores_of(clause.quantity) * (1 if above else -1)
        threshold = clause.threshold if above else -clause.threshold
        wins, losses = events @ (scores > 0), events @ (scores < 0)
        return [
            self._paired(assignment, n_examples, threshold, level, won + lost)(won)
            for won, lost, level in zip(wins.tolist(), losses.tolist(), levels.tolist(), strict=True)
        ]

    def _paired(
        self, assignment: Assignment, n_examples: int, threshold: float, level: float, discordant: int
    ) -> Remembered:
        def rejects(wins: int) -> bool:
            test = PairedTest(n_examples, threshold, level, assignment.disagreement_cap)
            return test.rejects(wins, discordant - wins)

        return self._remembered((assignment.clause.index, n_examples, level, discordant), rejects)

    def _remembered(self, key: tuple[Any, ...], rejects: Callable[[int], bool]) -> Remembered:
        found = self._memory.get(key)
        if found is None:
            found = self._memory[key] = Remembered(rejects)
        return found


def _bets(clause: Clause, above: bool, in_order: Counts, levels: Floats) -> list[bool]:
    scores, (low, high) = scores_of(clause.quantity), value_range(clause.quantity)
    threshold = clause.threshold
    if not above:
        scores, threshold, low, high = -scores, -threshold, -high, -low
    return [
        bounded.rejects(scores[life], threshold, level, low, high)
        for life, level in zip(in_order, levels.tolist(), strict=True)
    ]
