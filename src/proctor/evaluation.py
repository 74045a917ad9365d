"""
One candidate judged: outcomes + formula + level -> `Evaluation` -> verdict (theory.md §2, §3).

Pure, and private: nothing here may be shown to developers; `proctor.release` is the only door out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from proctor.budget import Mode
from proctor.conditions import Assignment, Clause, Formula, Quantity, Truth, allocate, truth
from proctor.language.quantities import DISAGREEMENT
from proctor.methods import Claim, Outcomes, method_of
from proctor.planning import Terms


class Finding(NamedTuple):
    """
    Finding on one clause.

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


class Evaluation(NamedTuple):
    """
    Findings on a formula: private.

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
        changed = estimate(DISAGREEMENT, outcomes)
        return needed[assignment.clause.index].truth(value, outcomes.n_examples, changed)

    return decide


def _finding(assignment: Assignment, whole: Outcomes, log_level: float, paper_rule: PaperRule | None) -> Finding:
    clause, outcomes = assignment.clause, _about(assignment.clause, whole)
    n_examples = outcomes.n_examples
    method = method_of(clause.quantity)
    statistic = method.statistic(outcomes)
    value = method.estimate(statistic, n_examples)
    if paper_rule is not None:
        decided = paper_rule(assignment, value, outcomes)
    else:
        decided = decide(assignment, statistic, n_examples, log_level)
    return Finding(clause, decided, log_level, value, method.counts(statistic))


def _about(clause: Clause, whole: Outcomes) -> Outcomes:
    """The examples that a clause is about."""
    return whole if clause.slice is None else whole.on(clause.slice)


def estimate(quantity: Quantity, outcomes: Outcomes) -> float:
    """Point estimate of a clause's expression; NaN without examples."""
    method = method_of(quantity)
    return method.estimate(method.statistic(outcomes), outcomes.n_examples)


def decide(assignment: Assignment, statistic: Any, n_examples: int, log_level: float) -> Truth:
    """True if the clause's negation is rejected, False if the clause is; no examples decide nothing."""
    if n_examples == 0:
        return Truth.UNKNOWN
    clause, method = assignment.clause, method_of(assignment.clause.quantity)
    claim = Claim(clause.threshold, clause.above, log_level, assignment.disagreement_cap)
    if method.rejects(claim, statistic, n_examples):
        return Truth.TRUE
    is_false = method.rejects(claim._replace(above=not clause.above), statistic, n_examples)
    return Truth.FALSE if is_false else Truth.UNKNOWN


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
    """Findings without bounds and p-values: quick, for a commitment that nobody may ever open."""
    return {
        "truth": evaluation.truth.name.lower(),
        "n_examples": evaluation.n_examples,
        "clauses": [
            {"clause": finding.clause.text, "truth": finding.truth.name.lower(), "counts": finding.counts}
            for finding in evaluation.findings
        ],
    }


def _clause_figures(finding: Finding, whole: Outcomes) -> dict[str, Any]:
    level = math.exp(max(finding.log_level, -690.0))
    outcomes = _about(finding.clause, whole)
    of_slice = {} if finding.clause.slice is None else {"n_examples": outcomes.n_examples}
    method = method_of(finding.clause.quantity)
    lower, upper, p_value = method.bounds(finding.clause, method.statistic(outcomes), outcomes.n_examples, level)
    return {
        "clause": finding.clause.text,
        "truth": finding.truth.name.lower(),
        "estimate": finding.estimate,
        "lower_bound": lower,
        "upper_bound": upper,
        "p_value": p_value,
        "log_level": finding.log_level,
        "counts": finding.counts,
        **of_slice,
    }
