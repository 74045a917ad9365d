"""Sizes of the betting test of linear expressions: ``n - 1.1 * o``, ``2 * n - o - d`` (theory.md §3.3, §6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from proctor.language import Linear
from proctor.methods.sizes.bounded import BoundedSizing
from proctor.methods.sizes.simulation import Anticipated, Population


@dataclass(frozen=True)
class LinearSizing(BoundedSizing):
    """The betting test of one linear expression, each example one bounded value."""

    subject: ClassVar[str] = "a linear expression"
    """The quantity, for words."""

    @property
    def label_share(self) -> float:
        """Only disagreements need labels where agreement makes the expression 0; else every example does."""
        weights = self._population.weights
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
