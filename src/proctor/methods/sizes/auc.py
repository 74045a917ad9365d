"""Sizes of the hinge bound of an area under the ROC curve: examples of the rarer kind (theory.md §3.8, §6)."""

from __future__ import annotations

import math
from typing import ClassVar

from proctor.frozen import dataclass
from proctor.methods.sizes.share import SizedOnUnit
from proctor.methods.sizing import ComputedAnew
from proctor.stats import hinge

LOWEST, HIGHEST = 1e-6, 1 - 1e-6
"""Areas of 0 and of 1 are planned as these."""


@dataclass(frozen=True)
class AucSizing(SizedOnUnit, ComputedAnew):
    """The hinge bound on pairs of either kind; what is to be proven is always that the area lies above."""

    method: ClassVar[str] = "hinge bound on independent pairs"

    @property
    def reason(self) -> str:
        """Reason for this test, and which examples count."""
        return "a mean over pairs of an example of the class and another; the test set must hold so many of either"

    def sample_size(self) -> int:
        """Examples of the rarer kind."""
        return hinge.sample_size(self._null, self._truth, self.log_level, self.share.log_miss)

    def tolerance(self, n_examples: int) -> float | None:
        """Smallest tolerance that so many examples of either kind reach."""
        if self.log_level == -math.inf or n_examples < 1:
            return None
        mean = hinge.reachable_mean(n_examples, self._null, self.log_level, self.share.log_miss)
        return None if mean is None else (mean - self._null) / 2

    def resolves(self, n_examples: int) -> bool:
        """True if so many examples of either kind reach the clause's own tolerance, or can prove anything."""
        if self.log_level == -math.inf or n_examples < 1:
            return False
        if self.clause.tolerance is None:
            return n_examples * -math.log(self._null) >= -self.log_level
        return hinge.log_miss(n_examples, self._null, self._truth, self.log_level) <= self.share.log_miss

    @property
    def _null(self) -> float:
        return max(LOWEST, self.clause.threshold if self.share.above else 1 - self.clause.threshold)

    @property
    def _truth(self) -> float:
        truth = self.share.alternative(self.share.asked)
        return min(HIGHEST, truth if self.share.above else 1 - truth)
