"""
Sizes of the betting test of bounded scores and losses: ``mae(n, max=10) < 2``, ``mean(n) - mean(o) > 0`` (§3.3, §6).

How far scores scatter is not known before there are any, so a plan is made for those that scatter most (each is the
lowest or the highest), or as much as the condition says. Of a difference it is known that it is 0 where predictions
are the same.
"""

from __future__ import annotations

import math
from typing import ClassVar

from proctor.frozen import dataclass
from proctor.language import Mean
from proctor.methods.sizes.bounded import BoundedSizing
from proctor.methods.sizes.simulation import Anticipated


@dataclass(frozen=True)
class MeanSizing(BoundedSizing):
    """
    The betting test of a sum of means.

    Args:
        is_difference: Whether it is the difference of one score of candidate and baseline.
        is_labeled: Whether a label has a part in it.
    """

    is_difference: bool = False
    is_labeled: bool = True
    subject: ClassVar[str] = "a mean"

    @property
    def reason(self) -> str:
        """Reason for this test, and how it was sized."""
        low, high = self._range
        if self._spread is None:
            where = "" if self._taken == 1 else f" on {100 * self._taken:g} % of the {self.observation}s"
            scatter = f"sized for values that scatter as much as they can{where}; say what you expect, as in `sd=0.5`"
        elif self.simulate:
            scatter = f"sized by simulating the test at a standard deviation of {self._spread:g}"
        else:
            scatter = f"sized for a standard deviation of {self._spread:g}; --simulate sharpens it"
        return f"each {self.observation} is one value between {low:g} and {high:g}; {scatter}"

    @property
    def label_share(self) -> float:
        """None for what is no loss; for a difference the disagreements alone; else every example."""
        if not self.is_labeled:
            return 0.0
        return self.share.disagreement if self.is_difference else 1.0

    def sample_size(self) -> int:
        """Examples at which the test has its power; about so many, where it is not the widest scatter."""
        found = super().sample_size()
        is_widest = self._spread is None and self._taken == 1
        return found if self.simulate or is_widest else min(found, self.approximate_size())

    def means(self) -> tuple[float, float]:
        """Lowest and highest mean, where nothing but disagreements counts in a difference."""
        low, high = self._range
        return self._taken * low, self._taken * high

    def anticipated(self, mean: float) -> Anticipated:
        """The lowest and the highest value at this *mean*, and in a difference 0 wherever predictions are the same."""
        low, high = self._range
        highest = (mean - self._taken * low) / (high - low)
        widest = _of(((low, self._taken - highest), (0.0, 1 - self._taken), (high, highest)))
        if self._spread is None or self._spread >= _deviation(widest):
            return widest
        return _around(mean, self._spread, low, high)

    @property
    def _spread(self) -> float | None:
        quantity = self.clause.quantity
        assert isinstance(quantity, Mean)  # noqa: S101  # how `MeanMethod` chooses this sizing
        return quantity.spread

    @property
    def _taken(self) -> float:
        """Share of the examples on which the value is anything but what it is where models agree."""
        return self.share.disagreement if self.is_difference else 1.0


def _around(mean: float, spread: float, low: float, high: float) -> Anticipated:
    """Two values of this mean and standard deviation: equally far from the mean, if the range has room for both."""
    down, up = min(spread, mean - low), min(spread, high - mean)
    if down < spread:
        up = spread**2 / down if down > 0 else up
    elif up < spread:
        down = spread**2 / up if up > 0 else down
    return _of(((mean - down, up / (up + down)), (mean + up, down / (up + down))))


def _of(cases: tuple[tuple[float, float], ...]) -> Anticipated:
    kept = [(value, chance) for value, chance in cases if chance > 0]
    return Anticipated(tuple(value for value, _ in kept), tuple(chance for _, chance in kept))


def _deviation(population: Anticipated) -> float:
    cases = list(zip(population.values, population.chances, strict=True))
    mean = math.fsum(value * chance for value, chance in cases)
    return math.sqrt(math.fsum(chance * (value - mean) ** 2 for value, chance in cases))
