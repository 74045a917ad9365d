"""
The area under the ROC curve of one class: a test of a mean over pairs (theory.md §3.8).

It is the chance that an example of the class has a larger prediction than one of another, ties counting half. Its
estimate is the mean over all pairs, which is a mean, over all ways to pair the rarer kind off, of means of independent
pairs: so every convex bound of the latter holds for it (Hoeffding 1963), the hinge bound among them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from proctor.counting.reading import Content, Numbers, Reading
from proctor.language import Call, Clause, Ranking
from proctor.methods.method import Bounds, Claim
from proctor.methods.metric import Metric
from proctor.methods.one_class import OfOneModel, model_and_class

if TYPE_CHECKING:
    from proctor.counting.panel import Labeled, Mask, Panel
    from proctor.methods.method import Floats, Outcomes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


READING = Reading(Numbers(), Content.CLASSES)
"""Scores of any size, and labels that are classes."""


class Pairs(NamedTuple):
    """
    Pairs of an example of the class and one of another.

    Attributes:
        won: Share of the pairs in which the one of the class has the larger prediction, ties counting half; NaN if
            there is none.
        positives: Number of examples of the class.
        negatives: Number of others.
    """

    won: float
    positives: int
    negatives: int

    @property
    def independent(self) -> int:
        """Number of independent pairs: that of the rarer kind."""
        return min(self.positives, self.negatives)


class IsOf(NamedTuple):
    """1 for an example of a class, 0 for another; every label is needed."""

    positive: str

    def needs_label(self, panel: Panel) -> Mask:
        """All examples."""
        import numpy as np

        return np.full(len(panel), True)

    def values_of(self, panel: Panel, labels: Labeled) -> Floats:
        """1 or 0 for each example."""
        import numpy as np

        from proctor.counting.events import is_class

        return is_class(labels.values, self.positive).astype(np.float64)


class AucMethod(OfOneModel[Ranking, Pairs]):
    """Judges the area by the share of pairs that are in order, and the number of the rarer kind."""

    noun = "AUC"

    @property
    def reading(self) -> Reading:
        """Scores of any size, and labels that are classes."""
        return READING

    def statistic(self, outcomes: Outcomes) -> Pairs:
        """The pairs of all examples."""
        from proctor.counting.said import Said

        said, is_positive = outcomes.values(Said(self.quantity.model)), outcomes.values(IsOf(self.quantity.positive))
        return pairs(said[is_positive == 1], said[is_positive == 0])

    def rejects(self, claim: Claim, statistic: Pairs, n_examples: int) -> bool:
        """The hinge bound on so many independent pairs; to show "below", won and lost change places."""
        if not statistic.independent or claim.log_level == -math.inf:
            return False
        won, threshold = statistic.won, claim.threshold
        if not claim.above:
            won, threshold = 1 - won, 1 - threshold
        if not 0 < threshold < 1:
            return threshold < 0
        return _log_p_value(won, statistic.independent, threshold) <= claim.log_level

    def estimate(self, statistic: Pairs, n_examples: int) -> float:
        """The area of the sample."""
        return statistic.won

    def counts(self, statistic: Pairs) -> dict[str, int]:
        """Examples of either kind."""
        return {"positives": statistic.positives, "negatives": statistic.negatives}

    def bounds(self, clause: Clause, statistic: Pairs, n_examples: int, level: float) -> Bounds:
        """Bounds by the hinge, which is monotone in the threshold, and its p-value."""
        if not statistic.independent:
            return 0.0, 1.0, 1.0
        won, k = statistic.won, statistic.independent
        lower = _lower_bound(won, k, math.log(level))
        upper = 1 - _lower_bound(1 - won, k, math.log(level))
        side, threshold = (won, clause.threshold) if clause.above else (1 - won, 1 - clause.threshold)
        p_value = math.exp(_log_p_value(side, k, threshold)) if 0 < threshold < 1 else 1.0
        return lower, upper, p_value

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the hinge bound: the number of the rarer kind."""
        from proctor.methods.sizes.auc import AucSizing

        return AucSizing(share)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The area in words."""
        return (chance_in_words(self.quantity.positive),)


def chance_in_words(positive: str) -> str:
    """The area in words."""
    chance = f"the chance that an example of class {positive} has a larger prediction than one of another class"
    return f"The AUC is {chance}; a tie counts half."


def pairs(positives: Floats, negatives: Floats) -> Pairs:
    """All pairs of a prediction of either kind, counted by ranks."""
    import numpy as np

    n, m = len(positives), len(negatives)
    if not n or not m:
        return Pairs(math.nan, n, m)
    ordered = np.sort(negatives)
    below, up_to = (np.searchsorted(ordered, positives, side=side).sum() for side in ("left", "right"))
    return Pairs(float(below + up_to) / (2 * n * m), n, m)


def _log_p_value(won: float, n_pairs: int, threshold: float) -> float:
    from proctor.stats import hinge

    # The total is a rounded product: a little less of it cannot reject wrongly.
    return hinge.log_p_value(max(0.0, min(float(n_pairs), won * n_pairs * (1 - 1e-12))), n_pairs, threshold)


def _lower_bound(won: float, n_pairs: int, log_level: float) -> float:
    """Largest threshold that is rejected, by bisection."""
    low, high = 0.0, 1.0
    while high - low > 1e-7:
        middle = (low + high) / 2
        low, high = (middle, high) if _log_p_value(won, n_pairs, middle) <= log_level else (low, middle)
    return low


def _means(call: Call) -> Ranking:
    """
    The area that a call asks for.

    Raises:
        ConditionError: If it does not name a model and a class.
    """
    return Ranking(*model_and_class(call, f'`{call.name}(n, "spam")`'))


AUC = Metric(
    "auc",
    "the area under the ROC curve of scores for a class",
    _means,
    ("auroc", "roc_auc", "roc_auc_score", "rocauc"),
)
