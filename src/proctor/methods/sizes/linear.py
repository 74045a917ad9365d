"""Sizes of the betting test of linear expressions: ``n - 1.1 * o``, ``2 * n - o - d`` (theory.md §3.3, §6)."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from proctor.frozen import dataclass
from proctor.language import Linear
from proctor.methods.sizes.bounded import BoundedSizing
from proctor.methods.sizes.simulation import Anticipated, Population


@dataclass(frozen=True)
class LinearSizing(BoundedSizing):
    """The betting test of one linear expression, each example one bounded value."""

    subject: ClassVar[str] = "a linear expression"

    @property
    def label_share(self) -> float:
        """Only disagreements need labels where agreement makes the expression 0; what is no accuracy needs none."""
        weights = self._population.weights
        if not (weights.n or weights.o or weights.a):
            return 0.0
        return self.share.disagreement if weights.a == 0 and weights.n == -weights.o else 1.0

    def means(self) -> tuple[float, float]:
        """Lowest and highest mean that the disagreement allows."""
        return self._population.means()

    def anticipated(self, mean: float) -> Anticipated:
        """The population with most variance that the disagreement allows at a *mean*."""
        return self._population.most_variable(mean, self.clause.threshold)

    @cached_property
    def _population(self) -> Population:
        quantity = self.clause.quantity
        assert isinstance(quantity, Linear)  # noqa: S101  # how `LinearMethod` chooses this sizing
        return Population(quantity, self.share.disagreement)


@dataclass(frozen=True)
class ClusteredSizing(LinearSizing):
    """The betting test of an expression whose value on a cluster is the mean of its examples' values."""

    observation: str = "cluster"
    subject: ClassVar[str] = "an accuracy, or a sum of them,"

    @property
    def reason(self) -> str:
        """Reason for this test, and how it was sized."""
        low, high = self._range
        sized = "sized by simulating the test" if self.simulate else "sized by its known width; --simulate sharpens it"
        return f"{self.subject} is one value between {low:g} and {high:g} on each {self.observation}; {sized}"

    def sample_size(self) -> int:
        """Clusters at which the test has its power; about so many, where it is not simulated."""
        found = super().sample_size()
        return found if self.simulate else min(found, self.approximate_size())
