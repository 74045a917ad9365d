"""
Sizes of the betting test of one bounded value for each example (theory.md §3.3, §6).

The quick plan is the hinge bound's, which holds for every distribution on the range of values. The test itself
profits from a small variance, so its plan by simulation (`proctor.methods.sizes.simulation`) is often several times
smaller.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from functools import cached_property, partial
from typing import ClassVar

from proctor.frozen import dataclass
from proctor.language import value_range
from proctor.methods.sizes import simulation
from proctor.methods.sizes.share import check_alternative
from proctor.methods.sizes.simulated import Simulated, smallest
from proctor.methods.sizes.simulation import Anticipated, Scaled
from proctor.stats import hinge

NARROWEST = 1e-6
"""Tolerances are resolved to so much of the range of values."""


@dataclass(frozen=True)
class BoundedSizing(Simulated):
    """
    The betting test, whatever the values are; what is anticipated of them is for each quantity to say.

    What is to be proven is always that the mean lies above: for ``<`` the values are mirrored in their range.

    Args:
        observation: Noun for what has one value.
    """

    observation: str = "example"
    subject: ClassVar[str]

    @abstractmethod
    def means(self) -> tuple[float, float]:
        """Lowest and highest mean that is anticipated."""

    @abstractmethod
    def anticipated(self, mean: float) -> Anticipated:
        """The population with most variance that is anticipated at a *mean*."""

    @property
    def reason(self) -> str:
        """Reason for this test, and how it was sized."""
        sized = "sized by simulating the test" if self.simulate else "sized by the hinge bound; --simulate sharpens it"
        low, high = self._range
        return f"{self.subject} is one value between {low:g} and {high:g} on each {self.observation}; {sized}"

    def check(self) -> None:
        """Refuse a mean outside the range of values, or one that the anticipated disagreement rules out."""
        check_alternative(self.share, *self._range)
        if self.clause.tolerance is not None:
            check_alternative(self.share, *self.means(), "disagreement")

    def sample_size(self) -> int:
        """Examples from which the hinge bound grants the power, or at which the simulated test has it."""
        truth = self._truth(self.share.asked)
        if truth >= 1:
            truth = 1 - NARROWEST
        bound = hinge.sample_size(self._null, truth, self.log_level, self.share.log_miss)
        if not self.simulate:
            return bound
        return simulation.sample_size(self.test(self.share.asked, bound), bound, self.progress)

    def tolerance(self, n_examples: int) -> float | None:
        """
        Smallest tolerance that *n_examples* reach, by the hinge bound or by the test's known width.

        The smaller of the two: the hinge bound alone would turn away test sets that a simulated plan found enough.
        """
        if self.log_level == -math.inf or n_examples < 1:
            return None
        mean = hinge.reachable_mean(n_examples, self._null, self.log_level, self.share.log_miss)
        found = [] if mean is None else [(mean - self._null) / 2 * self._width]
        found += [] if (narrow := self._narrow_tolerance(n_examples)) is None else [narrow]
        return min(found, default=None)

    def resolves(self, n_examples: int) -> bool:
        """True if the tolerance reached is at most the clause's own."""
        if self.log_level == -math.inf or n_examples < 1:
            return False
        if self.clause.tolerance is None:
            return n_examples * -math.log(self._null) >= -self.log_level
        if self.works(n_examples, self.clause.tolerance):
            return True
        missed = hinge.log_miss(n_examples, self._null, min(1.0, self._truth(self.share.asked)), self.log_level)
        return missed <= self.share.log_miss

    def _narrow_tolerance(self, n_examples: int) -> float | None:
        low, high = self.means()
        room = self.share.room(low, high)
        return smallest(partial(self.works, n_examples), room * (1 - 1e-9), NARROWEST * self._width)

    def approximate_size(self) -> int:
        """About as many examples as the test itself needs."""
        test = self.test(self.share.asked, 0)
        return simulation.approximate_size(test, test.log_miss)

    def test(self, tolerance: float, n_examples: int) -> Scaled:
        """The test on values in [0, 1], and the population with most variance at the alternative, of any size."""
        low, high = self._range
        population = self.anticipated(self.share.alternative(tolerance))
        values = tuple(
            ((value - low) if self.share.above else (high - value)) / self._width for value in population.values
        )
        return Scaled(values, population.chances, self._null, self.log_level, self.share.log_miss)

    @property
    def _null(self) -> float:
        return self._at(self.clause.threshold)

    def _truth(self, tolerance: float) -> float:
        return self._at(self.share.alternative(tolerance))

    def _at(self, value: float) -> float:
        low, high = self._range
        return ((value - low) if self.share.above else (high - value)) / (high - low)

    @cached_property
    def _range(self) -> tuple[float, float]:
        return value_range(self.clause.quantity)

    @property
    def _width(self) -> float:
        low, high = self._range
        return high - low
