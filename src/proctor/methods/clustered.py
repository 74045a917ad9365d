"""
Means over clusters: a quantity of which the examples of one user or document are one observation (theory.md §3.5).

Examples of one cluster are no independent draws; their mean is one bounded value of a cluster, which is. So each is
judged by betting on these means, whatever its examples have to do with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proctor.counting.reading import Reading
from proctor.language import Averaged, Clause, Clustered, Difference, Linear, Mean, Proportion, Variable
from proctor.methods.difference import DifferenceMethod
from proctor.methods.linear import LinearMethod
from proctor.methods.mean import MeanMethod
from proctor.methods.method import Bounds, Claim, Method
from proctor.methods.proportion import ProportionMethod

if TYPE_CHECKING:
    from proctor.counting.panel import Labeled, Mask, Panel
    from proctor.methods.method import Floats, Outcomes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing

Plain = ProportionMethod | DifferenceMethod | LinearMethod | MeanMethod


class ClusteredMethod(Method[Clustered, "Floats"]):
    """Judges a sum of accuracies by its mean on each cluster, in an order that was fixed at registration."""

    def __init__(self, quantity: Clustered) -> None:
        super().__init__(quantity)
        self._plain = plain = _PLAIN[type(quantity.of)](quantity.of)
        weights = quantity.of.weights
        self._bets = plain if isinstance(plain, LinearMethod | MeanMethod) else LinearMethod(Linear(*weights))
        self.is_paired, self.is_told_by_letters, self.unit = plain.is_paired, plain.is_told_by_letters, plain.unit

    @property
    def classes(self) -> frozenset[str]:
        """Classes that the quantity speaks of."""
        return self._plain.classes

    @property
    def own(self) -> frozenset[str]:
        """Functions of the owner that the quantity asks."""
        return self._plain.own

    @property
    def reading(self) -> Reading | None:
        """Reading of the quantity."""
        return self._plain.reading

    @property
    def labeled_together(self) -> frozenset[Variable]:
        """Models whose labels the quantity asks for together."""
        return self._plain.labeled_together

    # --- statistics ---

    def needs_label(self, panel: Panel) -> Mask:
        """The examples on which the quantity depends on the label."""
        return self._plain.needs_label(panel)

    def refuse_unusable(self, panel: Panel) -> None:
        """Refuse what the quantity refuses."""
        self._plain.refuse_unusable(panel)

    def values_of(self, panel: Panel, labels: Labeled) -> Floats:
        """
        The value of each example, in the order of the test set.

        Raises:
            DataError: If predictions are missing, or outside the declared range.
        """
        return self._bets.values_of(panel, labels)

    def statistic(self, outcomes: Outcomes) -> Floats:
        """The mean of each cluster, in order."""
        import numpy as np

        return np.clip(outcomes.cluster_means(self), *self.value_range)  # by no more than the rounding of a mean

    # --- decisions ---

    def rejects(self, claim: Claim, statistic: Floats, n_examples: int) -> bool:
        """Betting on the means."""
        return self._bets.rejects(claim, statistic, len(statistic))

    def estimate(self, statistic: Floats, n_examples: int) -> float:
        """Mean of the means."""
        return self._bets.estimate(statistic, len(statistic))

    def bounds(self, clause: Clause, statistic: Floats, n_examples: int, level: float) -> Bounds:
        """Bounds by betting on the means."""
        return self._bets.bounds(clause, statistic, len(statistic), level)

    # --- plan and words ---

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Clusters that the test takes, were the examples of each all alike: fewer where they are not."""
        from proctor.methods.sizes.linear import ClusteredSizing
        from proctor.methods.sizes.mean import MeanSizing

        share = replace(share, clause=replace(share.clause, quantity=self._bets.quantity))
        if isinstance(self._bets, LinearMethod):
            return ClusteredSizing(share, simulate, progress)
        found = self._bets.sizing(share, simulate, progress)
        assert isinstance(found, MeanSizing)  # noqa: S101  # as of every mean
        return replace(found, observation="cluster")

    def in_words(self, clause: Clause) -> str:
        """The quantity's words, and what counts once."""
        plain = self._plain.in_words(replace(clause, quantity=self.quantity.of))
        return f"{plain}, each {self.quantity.cluster} counting once"

    def value_in_words(self, value: float) -> str:
        """A value as the quantity says it."""
        return self._plain.value_in_words(value)

    def tolerance_in_words(self, tolerance: float) -> str:
        """A tolerance as the quantity says it."""
        return self._plain.tolerance_in_words(tolerance)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The observation, and the subject of the claim."""
        cluster = self.quantity.cluster
        observation = (
            f"All examples of one {cluster} are one observation, the mean of their values: they may depend on each "
            "other in any way."
        )
        claim = (
            f"The claim is about the mean over every {cluster} of the population, each counting once, however many "
            "examples it has."
        )
        return *self._plain.remarks, observation, claim


_PLAIN: Mapping[type[Averaged], Callable[[Any], Plain]] = {
    Proportion: ProportionMethod,
    Difference: DifferenceMethod,
    Linear: LinearMethod,
    Mean: MeanMethod,
}
"""The method of the quantity itself, which has its words."""
