"""
Balanced accuracy, the mean of recall and specificity of one class, by betting on groups (theory.md §3.5).

Each example of the rarer kind, the class or everything else, makes a group with some of the others, all of which are
dealt out evenly in the order fixed at registration. Given how many there are of each kind, the groups are independent,
and the mean of the shares that a model has right on either kind of a group has balanced accuracy as its expectation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from proctor.language import Clause, MetricDifference, Ratio
from proctor.methods.method import Bounds, Claim, Judged, Method, Sequential
from proctor.methods.one_class import OfOneClass, OfOneModel, OfTwoModels
from proctor.methods.standard import bounds_of_values, rejects_values

if TYPE_CHECKING:
    from proctor.methods.method import Codes, Floats
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


class Groups(NamedTuple):
    """
    Groups of examples.

    Attributes:
        scores: What each shows, in order.
        estimate: What all examples show; NaN where one of the kinds is missing.
    """

    scores: Floats
    estimate: float


class ByGroups(Method[Judged, Groups]):
    """A method that bets on what each group of examples shows."""

    def rejects(self, claim: Claim, statistic: Groups, n_examples: int) -> bool:
        """Betting on the scores of the groups."""
        return rejects_values(statistic.scores, claim, self.value_range)

    def estimate(self, statistic: Groups, n_examples: int) -> float:
        """Balanced accuracy of the sample, or its difference."""
        return statistic.estimate

    def counts(self, statistic: Groups) -> dict[str, int]:
        """Number of groups."""
        return {"groups": len(statistic.scores)}

    def bounds(self, clause: Clause, statistic: Groups, n_examples: int, level: float) -> Bounds:
        """Bounds by betting on the scores of the groups."""
        return bounds_of_values(statistic.scores, level, self.value_range)


class _BalancedMethod(
    OfOneClass[Ratio | MetricDifference, Groups],
    ByGroups[Ratio | MetricDifference],
    Sequential[Ratio | MetricDifference, Groups],
):
    """Judges balanced accuracy, or its difference between two models."""

    noun = "balanced accuracy"

    def of_codes(self, codes: Codes) -> Groups:
        """Score of each group: the mean over the two kinds of how often the first model is right, less the second."""
        is_positive = (codes & 1).astype(bool)
        right = [(codes >> bit & 1) == is_positive for bit in range(1, 1 + len(self.models))]
        scores = right[0].astype(float) - (right[1] if len(right) > 1 else 0.0)
        return grouped((scores[is_positive], scores[~is_positive]))

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size by the test's known width, or by simulating it."""
        from proctor.methods.sizes.balanced import BalancedSizing

        return BalancedSizing(share, simulate, progress)


class BalancedMethod(OfOneModel[Ratio | MetricDifference, Groups], _BalancedMethod):
    """Judges balanced accuracy by the groups."""


class BalancedDifferenceMethod(OfTwoModels[Ratio | MetricDifference, Groups], _BalancedMethod):
    """Judges a difference of balanced accuracies by the groups."""


def grouped(kinds: Sequence[Floats]) -> Groups:
    """Groups with some of the scores of each kind, so many as the rarest kind has."""
    import numpy as np

    n_groups = min(map(len, kinds), default=0)
    if not n_groups:
        return Groups(np.empty(0), math.nan)
    shown = np.mean([_dealt(kind, n_groups) for kind in kinds], axis=0)
    return Groups(shown, float(np.mean([*map(np.mean, kinds)])))


def _dealt(scores: Floats, n_groups: int) -> Floats:
    """Mean score of each of so many stretches, as even as can be."""
    import numpy as np

    edges = np.arange(n_groups + 1) * len(scores) // n_groups
    means: Floats = np.add.reduceat(scores, edges[:-1]) / np.diff(edges)
    return means
