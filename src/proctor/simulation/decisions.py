"""
Decisions on many test sets at once: by the gate's own tests, each asked once, and by comparing the estimates.

What a clause is worth is the decision of `proctor.methods` that `proctor.evaluation` uses, at the same share of the
level. A proof needs one direction of it alone: a formula is proven in ``fp-free`` if it is true once every clause that
is not shown to hold counts as false (Kleene's connectives are monotone), and mirrored in ``fn-free``.
Answers are remembered by counts; for a fixed number of discordant examples a paired test that rejects with so many
wins rejects with more (theory.md §3.2), so most answers follow from others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.budget import Mode
from proctor.conditions import AllOf, Assignment, Clause, Formula, Quantity, allocate, clauses
from proctor.counting.coding import recoded
from proctor.frozen import dataclass, field
from proctor.language.quantities import DISAGREEMENT
from proctor.methods import Claim, Counted, Sequential, method_of
from proctor.simulation.worlds import EVENTS, Contest, Counts, SimulatedSets

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

_SLACK = 1e-9
_SETTLED = 1e3


def scores_of(quantity: Quantity) -> Floats:
    """Value of an expression at each of the sixteen events."""
    return np.asarray(EVENTS @ np.array(quantity.weights))


def combine(formula: Formula, values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """AND as the minimum and OR as the maximum, of truth values or of anything else that is ordered."""
    if isinstance(formula, Clause):
        return values[formula.index]
    join = np.minimum if isinstance(formula, AllOf) else np.maximum
    return np.asarray(join.reduce([combine(part, values) for part in formula.parts]))


def holds(formula: Formula, events: Counts) -> Booleans:
    """
    True where the condition holds for these very examples, taken as a population; equality counts as false.

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
    Standard errors of a test set by which the condition holds in a population: a developer's rule of thumb.

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
        is_settled = safe is not None and clause.quantity == DISAGREEMENT
        values.append(np.where(value < (safe or 0.0), -_SETTLED, _SETTLED) if is_settled else value)
    return np.asarray(combine(formula, values))


def _sign(clause: Clause) -> int:
    return 1 if clause.above else -1


@dataclass
class Remembered:
    """Answers of one test by a count that can only help: the most that do not reject, the fewest that do."""

    not_up_to: int = -1
    from_on: float = math.inf

    def ask(self, count: int, rejects: Callable[[], bool]) -> bool:
        """True if the test rejects at this count; *rejects* is called if that does not follow from other answers."""
        if self.not_up_to < count < self.from_on:
            if rejects():
                self.from_on = count
            else:
                self.not_up_to = count
        return count >= self.from_on


@dataclass(frozen=True)
class Examiner:
    """Decides a condition at any level, for many lives at once."""

    formula: Formula
    mode: Mode
    _memory: defaultdict[tuple[Any, ...], Remembered] = field(
        default_factory=lambda: defaultdict(Remembered), repr=False
    )

    @property
    def needs_order(self) -> bool:
        """True if a clause is tested by betting, example by example."""
        return any(isinstance(method_of(clause.quantity), Sequential) for clause in clauses(self.formula))

    def proves(self, testset: SimulatedSets, contest: Contest, log_levels: Floats) -> Booleans:
        """
        True where the outcome that has to be proven is proven, in each life at its own level.

        Args:
            testset: The test sets.
            contest: The models.
            log_levels: Natural logarithm of each life's level, shape (lives,).
        """
        events = testset.events(contest)
        in_order = testset.events_in_order(contest) if self.needs_order else None
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
        """True where a clause's expression is shown to lie above (or below) its threshold."""
        clause, n_examples = assignment.clause, int(events[0].sum()) if len(events) else 0
        method = method_of(clause.quantity)

        def shown(statistic: Any, level: float) -> bool:
            claim = Claim(clause.threshold, above, level, assignment.disagreement_cap)
            rejects = partial(method.rejects, claim, statistic, n_examples)
            if (ranked := method.ranked(statistic, n_examples, above)) is None:
                return rejects()
            count, rest = ranked
            return self._memory[clause.index, above, n_examples, level, rest].ask(count, rejects)

        codes = recoded(method.events, EVENTS)
        if isinstance(method, Sequential):
            assert in_order is not None  # noqa: S101  # `needs_order`
            statistics = map(method.of_codes, codes[in_order])
        else:
            assert isinstance(method, Counted)  # noqa: S101  # numbers on examples are refused: `beyond_accuracies`
            by_code = events @ (codes[:, None] == np.arange(1 << len(method.events)))
            statistics = map(method.of_counts, by_code.tolist())
        return np.array([shown(*life) for life in zip(statistics, levels.tolist(), strict=True)], np.bool_)
