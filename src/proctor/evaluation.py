"""
One candidate judged: outcomes + formula + level -> `Evaluation` -> verdict (theory.md §2, §3).

Pure, and private: nothing here may be shown to developers; `proctor.release` is the only door out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from proctor.budget import Mode
from proctor.conditions import (
    Assignment,
    Clause,
    Difference,
    Formula,
    Linear,
    Proportion,
    Quantity,
    Truth,
    Variable,
    allocate,
    truth,
    value_range,
)
from proctor.planning import Terms


class Outcomes(Protocol):
    """What an evaluation needs to know of the examples: `proctor.predictions` has the real thing."""

    @property
    def n_examples(self) -> int:
        """Number of examples."""

    def right(self, variable: Variable) -> int:
        """Number of examples on which a model is right; for ``d``, on which candidate and baseline differ."""

    def wins_and_losses(self, plus: Variable, minus: Variable) -> tuple[int, int]:
        """Numbers of examples on which only the first, and only the second, of two models is right."""

    def scores(self, quantity: Linear) -> NDArray[np.float64]:
        """Value of a linear expression for each example, shape (n_examples,), in the order fixed at registration."""


@dataclass(frozen=True)
class Finding:
    """
    What was found of one clause.

    Attributes:
        clause: The clause.
        truth: True, False or Unknown at this clause's level.
        log_level: Natural logarithm of the level at which it was tested.
        estimate: Point estimate of the clause's expression.
        counts: The sufficient statistics.
    """

    clause: Clause
    truth: Truth
    log_level: float
    estimate: float
    counts: dict[str, int]


@dataclass(frozen=True)
class Evaluation:
    """
    What was found of a formula: private.

    Attributes:
        truth: Its value in Kleene's logic.
        findings: What was found of each clause, in order.
        n_examples: Number of examples.
    """

    truth: Truth
    findings: tuple[Finding, ...]
    n_examples: int

    @property
    def is_pass(self) -> dict[Mode, bool]:
        """The verdict in each mode: ``fp-free`` turns Unknown into FAIL, ``fn-free`` into PASS."""
        return {Mode.FP_FREE: self.truth is Truth.TRUE, Mode.FN_FREE: self.truth is not Truth.FALSE}


PaperRule = Callable[[Assignment, float, Outcomes], Truth]
"""The paper's decision for a clause from its estimate (`proctor.planning.paper`)."""


def evaluate(
    formula: Formula, outcomes: Outcomes, mode: Mode, log_level: float, paper_rule: PaperRule | None = None
) -> Evaluation:
    """
    Decide every clause at its share of the level, and the formula from the clauses.

    Args:
        formula: The condition.
        outcomes: What came out on the examples.
        mode: Which outcome must be proven; decides how the level is passed down the formula (theory.md §2).
        log_level: Natural logarithm of the level of the whole evaluation; < 0.
        paper_rule: Decides clauses as the paper does, in place of the exact tests.

    Returns:
        The evaluation; the probability that the protected outcome is wrong is at most the level.
    """
    findings = tuple(
        _finding(assignment, outcomes, log_level + assignment.log_share, paper_rule)
        for assignment in allocate(formula, mode.value)
    )
    return Evaluation(truth(formula, [finding.truth for finding in findings]), findings, outcomes.n_examples)


def paper_rule(formula: Formula, terms: Terms) -> PaperRule:
    """
    The decisions of ease.ml/ci for the clauses of *formula* (theory.md §2 end).

    Raises:
        ToleranceOutOfReach: When used with fewer examples than the paper's formula asks for.
    """
    from proctor.planning.paper import requirements

    needed = requirements(formula, terms)

    def decide(assignment: Assignment, value: float, outcomes: Outcomes) -> Truth:
        changed = outcomes.right(Variable.D) / outcomes.n_examples
        return needed[assignment.clause.index].truth(value, outcomes.n_examples, changed)

    return decide


def _finding(assignment: Assignment, outcomes: Outcomes, log_level: float, paper_rule: PaperRule | None) -> Finding:
    clause = assignment.clause
    value = estimate(clause.quantity, outcomes)
    counts = _counts(clause.quantity, outcomes)
    if paper_rule is not None:
        return Finding(clause, paper_rule(assignment, value, outcomes), log_level, value, counts)
    decided = _decide(clause, outcomes, log_level, assignment.disagreement_cap)
    return Finding(clause, decided, log_level, value, counts)


def estimate(quantity: Quantity, outcomes: Outcomes) -> float:
    """Point estimate of a clause's expression; NaN without examples."""
    match quantity:
        case Proportion(variable):
            return _share(outcomes.right(variable), outcomes.n_examples)
        case Difference(plus, minus):
            wins, losses = outcomes.wins_and_losses(plus, minus)
            return _share(wins - losses, outcomes.n_examples)
        case Linear():
            return float(np.mean(outcomes.scores(quantity))) if outcomes.n_examples else math.nan
        case _:
            assert_never(quantity)


def _counts(quantity: Quantity, outcomes: Outcomes) -> dict[str, int]:
    match quantity:
        case Proportion(variable):
            return {str(variable): outcomes.right(variable)}
        case Difference(plus, minus):
            wins, losses = outcomes.wins_and_losses(plus, minus)
            return {"wins": wins, "losses": losses}
        case Linear():
            return {}
        case _:
            assert_never(quantity)


def _decide(clause: Clause, outcomes: Outcomes, log_level: float, cap: float) -> Truth:
    """True if the clause's negation is rejected, False if the clause is; no examples decide nothing."""
    if outcomes.n_examples == 0:
        return Truth.UNKNOWN
    exceeds, falls_short = _tests(clause, outcomes, log_level, cap)
    holds, fails = (exceeds, falls_short) if clause.above else (falls_short, exceeds)
    if holds():
        return Truth.TRUE
    return Truth.FALSE if fails() else Truth.UNKNOWN


_Test = Callable[[], bool]


def _tests(clause: Clause, outcomes: Outcomes, log_level: float, cap: float) -> tuple[_Test, _Test]:
    """The tests that reject "at most the threshold" and "at least the threshold"."""
    c, n = clause.threshold, outcomes.n_examples
    match clause.quantity:
        case Proportion(variable):
            from proctor.stats import binomial

            k = outcomes.right(variable)
            return (
                lambda: binomial.rejects(k, n, c, log_level, above=True),
                lambda: binomial.rejects(k, n, c, log_level, above=False),
            )
        case Difference(plus, minus):
            from proctor.stats.paired import PairedTest

            wins, losses = outcomes.wins_and_losses(plus, minus)
            return (
                lambda: PairedTest(n, c, log_level, cap).rejects(wins, losses),
                lambda: PairedTest(n, -c, log_level, cap).rejects(losses, wins),
            )
        case Linear():
            from proctor.stats import bounded

            scores = outcomes.scores(clause.quantity)
            low, high = value_range(clause.quantity)
            return (
                lambda: bounded.rejects(scores, c, log_level, low, high),
                lambda: bounded.rejects(-scores, -c, log_level, -high, -low),
            )
        case _:
            assert_never(clause.quantity)


def _share(count: int, n_examples: int) -> float:
    return count / n_examples if n_examples else math.nan


# --- for the owner's eyes --------------------------------------------------------------------------------------------


def figures(evaluation: Evaluation, outcomes: Outcomes) -> dict[str, Any]:
    """
    Everything that the owner of the test set may see: counts, estimates, bounds, p-values of each clause.

    Bounds fail with probability at most the clause's own level each; p-values are of the hypothesis that the clause
    does not hold, tight where they are at most the level.
    """
    return {
        "truth": evaluation.truth.name.lower(),
        "n_examples": evaluation.n_examples,
        "clauses": [_clause_figures(finding, outcomes) for finding in evaluation.findings],
    }


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """What was found, without bounds and p-values: quick, for a commitment that nobody may ever open."""
    return {
        "truth": evaluation.truth.name.lower(),
        "n_examples": evaluation.n_examples,
        "clauses": [
            {"clause": finding.clause.text, "truth": finding.truth.name.lower(), "counts": finding.counts}
            for finding in evaluation.findings
        ],
    }


def _clause_figures(finding: Finding, outcomes: Outcomes) -> dict[str, Any]:
    level = math.exp(max(finding.log_level, -690.0))
    lower, upper, p_value = _bounds(finding, outcomes, level)
    return {
        "clause": finding.clause.text,
        "truth": finding.truth.name.lower(),
        "estimate": finding.estimate,
        "lower_bound": lower,
        "upper_bound": upper,
        "p_value": p_value,
        "log_level": finding.log_level,
        "counts": finding.counts,
    }


def _bounds(finding: Finding, outcomes: Outcomes, level: float) -> tuple[float, float, float | None]:
    clause, n = finding.clause, outcomes.n_examples
    match clause.quantity:
        case Proportion(variable):
            from proctor.stats import binomial

            k = outcomes.right(variable)
            p_value = math.exp(binomial.log_p_value(k, n, clause.threshold, above=clause.above))
            return binomial.lower_bound(k, n, level), binomial.upper_bound(k, n, level), p_value
        case Difference(plus, minus):
            from proctor.stats import paired

            wins, losses = outcomes.wins_and_losses(plus, minus)
            bounds = paired.lower_bound(wins, losses, n, level), paired.upper_bound(wins, losses, n, level)
            signed = (wins, losses, n, clause.threshold) if clause.above else (losses, wins, n, -clause.threshold)
            return *bounds, paired.p_value(*signed, level)
        case Linear():
            from proctor.stats import bounded

            scores = outcomes.scores(clause.quantity)
            low, high = value_range(clause.quantity)
            return (
                bounded.lower_bound(scores, level, low, high),
                bounded.upper_bound(scores, level, low, high),
                None,
            )
        case _:
            assert_never(clause.quantity)
