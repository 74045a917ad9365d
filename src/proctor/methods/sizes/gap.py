"""
Sizes of the two bounds of a gap, of each group (theory.md §3.5).

How good a model is in each group is not known beforehand, so sizes are those of shares near one half, where bounds are
widest; each bound may lie a tolerance from the truth, and the two together two of them.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import ClassVar

from proctor.frozen import dataclass, field, replace
from proctor.language import Mean, Proportion, Variable, value_range
from proctor.methods.mean import MeanMethod
from proctor.methods.sizes.proportion import ProportionSizing
from proctor.methods.sizes.share import Share, SizedOnUnit, check_alternative
from proctor.methods.sizing import ComputedAnew, Sizing


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
    def _bound(self) -> Sizing:
        """One of the bounds, as the question whether a share lies a tolerance beyond one half."""
        return ProportionSizing(self._half(Proportion(Variable.N), 0.5))

    def _half(self, quantity: Proportion | Mean, middle: float) -> Share:
        """Share of one of the bounds, of a quantity of which it is asked whether it lies beyond a *middle*."""
        share, tolerance = self.share, self.clause.tolerance
        asked = replace(
            self.clause,
            quantity=quantity,
            threshold=self.clause.threshold if tolerance is None else middle,
            tolerance=None if tolerance is None else tolerance / 2,
        )
        sharing = math.log(2) + (math.log(self.n_others) if share.above and self.n_others else 0.0)
        return replace(share, clause=asked, log_level=share.log_level - sharing, log_miss=share.log_miss - math.log(2))


@dataclass(frozen=True)
class GapOfMeansSizing(GapSizing):
    """
    Two bounds by betting.

    Args:
        of: The method of the mean.
    """

    of: MeanMethod = field(kw_only=True)
    method: ClassVar[str] = "two bounds by betting"

    @property
    def reason(self) -> str:
        """Reason for this test, what its number is of, and how a bound was sized."""
        spread = self.of.quantity.spread
        scatter = f"a standard deviation of {spread:g}" if spread else "values that scatter as much as they can"
        advice = "" if spread else "; say what you expect, as in `sd=0.5`"
        return f"{super().reason}; sized for {scatter}{advice}"

    @property
    def label_share(self) -> float:
        """The mean's own."""
        return self._bound.label_share

    @property
    def room(self) -> float:
        """Largest tolerance whose alternative is possible."""
        return self.share.room(*value_range(self.clause.quantity))

    def check(self) -> None:
        """Refuse an alternative that is no gap."""
        check_alternative(self.share, *value_range(self.clause.quantity))

    @cached_property
    def _bound(self) -> Sizing:
        """One of the bounds, as the question whether the mean lies a tolerance beyond the middle of its range."""
        low, high = self.of.value_range
        share = self._half(self.of.quantity, (low + high) / 2)
        if share.clause.tolerance is None:
            share = replace(share, clause=replace(share.clause, threshold=low + share.clause.threshold))
        return self.of.sizing(share, False, None)
