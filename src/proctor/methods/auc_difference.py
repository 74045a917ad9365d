"""
Difference of the areas under the ROC curves of two models on the same examples, by averaged bets (theory.md §3.5).

The test looks at the same pairs of an example of the class and another for both models, so it gains from every pair
that they order alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from proctor.counting.reading import Reading
from proctor.language import Clause, MetricDifference
from proctor.methods.auc import READING, IsOf, chance_in_words, pairs
from proctor.methods.method import Bounds, Claim
from proctor.methods.one_class import OfTwoModels

if TYPE_CHECKING:
    from proctor.methods.method import Floats, Outcomes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


class Contests(NamedTuple):
    """
    Pairs on which two models compete.

    Attributes:
        values: One row for each pairing, of `proctor.stats.pairing`.
        estimate: Difference of the areas of the sample; NaN where one of the kinds is missing.
        positives: Number of examples of the class.
        negatives: Number of others.
    """

    values: Floats
    estimate: float
    positives: int
    negatives: int


class AucDifferenceMethod(OfTwoModels[MetricDifference, Contests]):
    """Judges the difference by bets on pairs, averaged over many pairings of the examples in the order fixed."""

    noun = "AUC"

    @property
    def reading(self) -> Reading:
        """Scores of any size, and labels that are classes."""
        return READING

    def statistic(self, outcomes: Outcomes) -> Contests:
        """The pairs of all pairings."""
        import numpy as np

        from proctor.counting.said import Said
        from proctor.stats.pairing import contests

        said = np.column_stack([outcomes.values(Said(model)) for model in self.models])
        is_positive = outcomes.values(IsOf(self.quantity.positive)) == 1
        of, others = said[is_positive], said[~is_positive]
        first, second = (pairs(of[:, model], others[:, model]).won for model in range(2))
        return Contests(contests(of, others), first - second, len(of), len(others))

    def rejects(self, claim: Claim, statistic: Contests, n_examples: int) -> bool:
        """Averaged bets on the pairs; to show "below", the models change places."""
        from proctor.stats import pairing

        sign = 1 if claim.above else -1
        return pairing.rejects(sign * statistic.values, sign * claim.threshold, claim.log_level)

    def estimate(self, statistic: Contests, n_examples: int) -> float:
        """Difference of the areas of the sample, over all pairs."""
        return statistic.estimate

    def counts(self, statistic: Contests) -> dict[str, int]:
        """Examples of either kind."""
        return {"positives": statistic.positives, "negatives": statistic.negatives}

    def bounds(self, clause: Clause, statistic: Contests, n_examples: int, level: float) -> Bounds:
        """Bounds by averaged bets; a betting test has no p-value for a level chosen afterwards."""
        from proctor.stats import pairing

        return pairing.lower_bound(statistic.values, level), pairing.upper_bound(statistic.values, level), None

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size by the test's known width: the number of the rarer kind."""
        from proctor.methods.sizes.auc_difference import AucDifferenceSizing

        return AucDifferenceSizing(share)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The area in words."""
        return (chance_in_words(self.quantity.positive),)
