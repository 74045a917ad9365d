"""Sizes of the test of the expected calibration error: bets on the way that is off most (theory.md §3.5, §6)."""

from __future__ import annotations

import math

from proctor.frozen import dataclass
from proctor.methods.sizes.betting import BettingSizing
from proctor.methods.sizes.share import SizedOnUnit
from proctor.methods.sizes.simulation import Scaled

_SPREAD = 0.5
"""Standard deviation of a deviation where nothing is known: that of outcomes with a probability of a half."""


@dataclass(frozen=True)
class EceSizing(SizedOnUnit, BettingSizing):
    """
    Betting on deviations that scatter as much as those of a calibrated model can.

    Args:
        bins: Number of bins.
    """

    bins: int

    @property
    def reason(self) -> str:
        """Reason for this test, and how it was sized."""
        return f"one test for each way in which {self.bins} bins can be off; sized by {self.sized}"

    def test(self, tolerance: float, n_examples: int) -> Scaled:
        """
        The bets on the way that is off most; to show "below", chance alone makes it look worse.

        The means of noise in b bins add up to at most √(2b/π) standard errors of the whole, by Cauchy and Schwarz.
        """
        truth, sign = self.share.alternative(tolerance), 1 if self.share.above else -1
        noise = math.sqrt(2 * self.bins / (math.pi * n_examples)) * _SPREAD
        mean = sign * truth if self.share.above else -(truth + noise)
        values = [(1 + mean + side * _SPREAD) / 2 for side in (-1, 1)]
        level = self.log_level - self.bins * math.log(2) if self.share.above else self.log_level
        null = (1 + sign * self.clause.threshold) / 2
        return Scaled((max(0.0, values[0]), min(1.0, values[1])), (0.5, 0.5), null, level, self.share.log_miss)
