"""
Sizes and decisions as ease.ml/ci has them: ``bound: hoeffding`` and ``bound: bennett`` (theory.md §2 end, §3.4).

A conjunction of k clauses tests each at a/k; a clause is decided by its estimate against threshold ± tolerance, with
the number of examples fixed in advance. Here so that the paper's figures come out to the digit and its users find what
they know. Needs nothing but the standard library.
"""

from __future__ import annotations

import math

from proctor.conditions import AllOf, Clause, Formula, Slice, Truth, Variable, clauses
from proctor.errors import ToleranceOutOfReach
from proctor.frozen import dataclass
from proctor.language.quantities import DISAGREEMENT
from proctor.methods import method_of
from proctor.methods.sizing import ComputedAnew
from proctor.planning.terms import Bound, Terms
from proctor.stats import bennett, hoeffding


@dataclass(frozen=True)
class Requirement(ComputedAnew):
    """
    Needs of the paper's test of one clause, and how it decides.

    Attributes:
        clause: The clause.
        log_level: Natural logarithm of the clause's own level, a/k.
        variance: Bound on the share of changed predictions that Bennett's inequality uses; ``None``: Hoeffding's.
        is_assumed: True if no clause of the condition checks that bound.
        disagreement: Anticipated share of changed predictions, which counts the labels.
    """

    clause: Clause
    log_level: float
    variance: float | None = None
    is_assumed: bool = False
    disagreement: float = 1.0

    @property
    def method(self) -> str:
        """Name of the inequality."""
        return "Hoeffding's inequality" if self.variance is None else "Bennett's inequality"

    @property
    def reason(self) -> str:
        """Reason for this inequality."""
        if self.variance is None:
            return "the paper's bound for accuracies estimated one by one"
        if self.is_assumed:
            return f"the paper's bound when at most {self.variance:g} of the predictions change (assumed)"
        return f"the paper's bound when the clause on d shows that at most {self.variance:g} of the predictions change"

    @property
    def label_share(self) -> float:
        """Only disagreements are labeled where the difference is estimated as one variable."""
        if self.clause.quantity == DISAGREEMENT:
            return 0.0
        return 1.0 if self.variance is None else min(self.variance, self.disagreement)

    def check(self) -> None:
        """The paper's bounds know no alternative that could be impossible."""

    def sample_size(self) -> int:
        """Examples that the paper's formula asks for."""
        tolerance = self.clause.tolerance
        assert tolerance is not None  # noqa: S101  # a plan asks only clauses that name one
        if self.variance is None:
            return hoeffding.composite_log_level_sample_size(tolerance, self.log_level, self._coefficients())
        return bennett.log_level_sample_size(tolerance, self.log_level, self.variance)

    def tolerance(self, n_examples: int) -> float | None:
        """Tolerance at which the paper's formula asks for *n_examples*."""
        if self.log_level == -math.inf:
            return None
        if self.variance is None:
            return hoeffding.composite_tolerance(n_examples, self.log_level, self._coefficients())
        return bennett.tolerance_reached(n_examples, self.log_level, self.variance)

    def resolves(self, n_examples: int) -> bool:
        """True if *n_examples* are at least what the paper's formula asks for."""
        if self.log_level == -math.inf or n_examples < 1:
            return False
        return self.clause.tolerance is None or n_examples >= self.sample_size()

    def truth(self, estimate: float, n_examples: int, disagreement: float | None = None) -> Truth:
        """
        The paper's decision: the estimate against threshold ± tolerance, the tolerance fixed in advance.

        Args:
            estimate: The estimated quantity.
            n_examples: Examples that it was estimated from.
            disagreement: Observed share of changed predictions. Where Bennett's bound on it was only assumed and the
                sample contradicts the assumption, nothing is known: the paper's promise rests on it.

        Raises:
            ToleranceOutOfReach: If there are fewer examples than the paper's formula asks for.
        """
        if not self.resolves(n_examples):
            message = f"`{self.clause}` needs more than {n_examples:,} examples by {self.method}"
            raise ToleranceOutOfReach(message, hint="Register a larger test set, or use `bound: exact`.")
        if self.is_assumed and disagreement is not None and self.variance is not None and disagreement > self.variance:
            return Truth.UNKNOWN
        tolerance = self.clause.tolerance
        margin = self.tolerance(n_examples) if tolerance is None else tolerance
        assert margin is not None  # noqa: S101  # resolves has seen to it
        above = Truth.TRUE if self.clause.above else Truth.FALSE
        below = Truth.FALSE if self.clause.above else Truth.TRUE
        if estimate > self.clause.threshold + margin:
            return above
        return below if estimate < self.clause.threshold - margin else Truth.UNKNOWN

    def _coefficients(self) -> tuple[float, ...]:
        return tuple(weight for weight in self.clause.quantity.weights if weight)


def requirements(formula: Formula, terms: Terms) -> tuple[Requirement, ...]:
    """
    Requirements of the paper's tests, by clause index.

    The level is divided equally over the clauses. Under ``bennett``, ``n - o`` profits from the bound that a clause
    ``d < A +/- B`` beside it proves (A + 2B, the paper's first pattern), else from *disagreement*, which is assumed.
    """
    every = clauses(formula)
    log_level = terms.log_level - math.log(len(every))
    proven = {clause.slice: _proven_disagreement(formula, clause.slice) for clause in every}
    return tuple(_requirement(clause, terms, log_level, proven[clause.slice]) for clause in every)


def _requirement(clause: Clause, terms: Terms, log_level: float, proven: float | None) -> Requirement:
    method = method_of(clause.quantity)
    if terms.bound is not Bound.BENNETT or not method.is_paired:
        return Requirement(clause, log_level)
    if proven is not None and Variable.A not in method.labeled_together:
        return Requirement(clause, log_level, proven, disagreement=min(proven, terms.disagreement or 1.0))
    if terms.disagreement is not None:
        return Requirement(clause, log_level, terms.disagreement, is_assumed=True, disagreement=terms.disagreement)
    return Requirement(clause, log_level)


def _proven_disagreement(formula: Formula, slice_: Slice | None) -> float | None:
    """A + 2B of a clause ``d < A +/- B`` on a slice in a conjunction; B is 0 where the tolerance is left out."""
    if not isinstance(formula, AllOf):
        return None
    bounds = [
        min(1.0, part.threshold + 2 * (part.tolerance or 0.0))
        for part in formula.parts
        if isinstance(part, Clause) and part.quantity == DISAGREEMENT and not part.above and part.slice == slice_
    ]
    return min(bounds, default=None)
