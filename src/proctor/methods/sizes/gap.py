"""
Sizes of the two bounds of a gap, of each group (theory.md §3.5).

How good a model is in each group is not known beforehand, so sizes are those of shares near one half, where bounds are
widest; each bound may lie a tolerance from the truth, and the two together two of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

from proctor.language import Proportion, Variable
from proctor.methods.sizes.proportion import ProportionSizing
from proctor.methods.sizes.share import SizedOnUnit
from proctor.methods.sizing import ComputedAnew


@dataclass(frozen=True)
class GapSizing(SizedOnUnit, ComputedAnew):
    """
    Two exact binomial bounds.

    Args:
        share: What the clause may use.
        n_others: Number of groups that one is compared with; 0 where that is not known yet.
    """

    n_others: int = 0
    method: ClassVar[str] = "two exact binomial bounds"
    """Name of the test."""

    @property
    def reason(self) -> str:
        """Reason for this test, and the number of what it is."""
        return "a bound for each of two groups, at half the level; every group must hold so many examples that count"

    def sample_size(self) -> int:
        """Examples that must count in each group."""
        return self._bound.sample_size()

    def tolerance(self, n_examples: int) -> float | None:
        """Smallest tolerance that so many examples in each group reach."""
        found = self._bound.tolerance(n_examples)
        return None if found is None else 2 * found

    def resolves(self, n_examples: int) -> bool:
        """True if so many examples in each group reach the clause's own tolerance."""
        return self._bound.resolves(n_examples)

    @cached_property
    def _bound(self) -> ProportionSizing:
        """One of the bounds, as the question whether a share lies a tolerance beyond one half."""
        share, tolerance = self.share, self.clause.tolerance
        threshold = self.clause.threshold if tolerance is None else 0.5
        asked = replace(
            self.clause,
            quantity=Proportion(Variable.N),
            threshold=threshold,
            tolerance=None if tolerance is None else tolerance / 2,
        )
        sharing = math.log(2) + (math.log(self.n_others) if share.above and self.n_others else 0.0)
        return ProportionSizing(
            replace(share, clause=asked, log_level=share.log_level - sharing, log_miss=share.log_miss - math.log(2))
        )
