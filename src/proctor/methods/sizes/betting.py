"""Sizes of betting tests, whatever they bet on: by the width that is known of them, or by simulation (theory.md §6)."""

from __future__ import annotations

import math
from abc import abstractmethod
from functools import partial

from proctor.frozen import dataclass
from proctor.methods.sizes import simulation
from proctor.methods.sizes.simulated import Simulated, smallest
from proctor.stats.domain import LARGEST_SAMPLE, too_many

FINE = 1e-5
"""Tolerances are resolved to so much."""


@dataclass(frozen=True)
class BettingSizing(Simulated):
    """Examples that count which a betting test takes, as far as their number is all that is known of them."""

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

    def approximate_size(self) -> int:
        """About as many examples as the test needs."""
        low, high = 0, 64
        while not self.works(high, self.share.asked):
            if high > LARGEST_SAMPLE:
                raise too_many(LARGEST_SAMPLE)
            low, high = high, 2 * high
        while high - low > 1 + high // 1000:
            middle = (low + high) // 2
            low, high = (low, middle) if self.works(middle, self.share.asked) else (middle, high)
        return high

    def tolerance(self, n_examples: int) -> float | None:
        """Smallest tolerance that so many examples reach, if all of them count."""
        if self.log_level == -math.inf or n_examples < 1:
            return None
        return smallest(partial(self.works, n_examples), self.room, FINE)

    def resolves(self, n_examples: int) -> bool:
        """True if so many examples reach the clause's own tolerance, if all of them count."""
        if self.clause.tolerance is None:
            return self.tolerance(n_examples) is not None
        return self.log_level > -math.inf and n_examples >= 1 and self.works(n_examples, self.clause.tolerance)

    def works(self, n_examples: int, tolerance: float) -> bool:
        """True if so many examples reach a *tolerance*, or the largest that is possible, by the test's known width."""
        reached = min(tolerance, self.room * (1 - FINE))
        return reached > 0 and super().works(n_examples, reached)
