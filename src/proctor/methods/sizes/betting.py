"""Sizes of betting tests, whatever they bet on: by the width that is known of them, or by simulation (theory.md §6)."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from proctor.methods.sizes import simulation
from proctor.methods.sizes.share import SizedByShare
from proctor.methods.sizes.simulation import Scaled
from proctor.methods.sizing import ComputedAnew, Progress, Sizing
from proctor.stats.domain import LARGEST_SAMPLE, too_many

FINE = 1e-5
"""Tolerances are resolved to so much."""


@dataclass(frozen=True)
class BettingSizing(SizedByShare, ComputedAnew):
    """
    Examples that a betting test takes.

    Args:
        share: What the clause may use.
        simulate: Whether the test is simulated.
        progress: Told how much of a simulation is done.
    """

    simulate: bool
    progress: Progress | None
    method: ClassVar[str] = "betting (STaR-Bets)"
    """Name of the test."""

    @abstractmethod
    def test(self, tolerance: float, n_examples: int) -> Scaled:
        """The bets at the alternative, where the test set has *n_examples*."""

    @property
    @abstractmethod
    def room(self) -> float:
        """Largest tolerance whose alternative is possible."""

    @property
    def label_share(self) -> float:
        """Every example that counts needs its label."""
        return 1.0

    @property
    def sized(self) -> str:
        """Way in which the size was found, behind "sized by"."""
        return "simulating the test" if self.simulate else "a rule of thumb, which --simulate sharpens"

    def sample_size(self) -> int:
        """Examples that must count, by the test's known width, or at which the simulated test has the power."""
        size = self.approximate_size()
        if not self.simulate:
            return size
        return simulation.sample_size(self.test(self.share.asked, size), 2 * size, self.progress)

    @property
    def is_rough(self) -> bool:
        """A simulation costs seconds: other levels scale the planned one by the test's approximate size."""
        return self.simulate

    def nearby_size(self, planned: Sizing, size: int) -> int:
        """The size itself, at this level; or a simulated one, scaled."""
        if not planned.is_rough:
            return self.sample_size()
        assert isinstance(planned, BettingSizing)  # noqa: S101  # the same clause at another level
        return math.ceil(size * self.approximate_size() / planned.approximate_size())

    def approximate_size(self) -> int:
        """About as many examples as the test needs."""
        low, high = 0, 64
        while not self._works(high, self.share.asked):
            if high > LARGEST_SAMPLE:
                raise too_many(LARGEST_SAMPLE)
            low, high = high, 2 * high
        while high - low > 1 + high // 1000:
            middle = (low + high) // 2
            low, high = (low, middle) if self._works(middle, self.share.asked) else (middle, high)
        return high

    def tolerance(self, n_examples: int) -> float | None:
        """Smallest tolerance that so many examples reach, if all of them count."""
        if self.log_level == -math.inf or n_examples < 1:
            return None
        near, far = 0.0, self.room
        if not self._works(n_examples, far):
            return None
        while far - near > FINE:
            middle = (near + far) / 2
            near, far = (near, middle) if self._works(n_examples, middle) else (middle, far)
        return far

    def resolves(self, n_examples: int) -> bool:
        """True if so many examples reach the clause's own tolerance, if all of them count."""
        if self.clause.tolerance is None:
            return self.tolerance(n_examples) is not None
        return self.log_level > -math.inf and n_examples >= 1 and self._works(n_examples, self.clause.tolerance)

    def _works(self, n_examples: int, tolerance: float) -> bool:
        reached = min(tolerance, self.room * (1 - FINE))
        if reached <= 0:
            return False
        test = self.test(reached, n_examples)
        return simulation.approximate_size(test, test.log_miss) <= n_examples
