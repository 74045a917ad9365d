"""Sizes of the exact paired score test: ``n - o > c`` and its like (theory.md §3.2, §6)."""

from __future__ import annotations

import math
from typing import ClassVar

from proctor.methods.sizes.share import SizedByShare, check_alternative
from proctor.methods.sizing import Sizing
from proctor.stats import normal, resolution
from proctor.stats.resolution import Demand

FEW = 5_000
"""Examples up to which the tolerances of other levels are computed: it takes no time, and scaling is at its worst."""


class DifferenceSizing(SizedByShare):
    """The exact paired score test; for ``<`` the models change places."""

    method: ClassVar[str] = "exact paired score test"

    @property
    def reason(self) -> str:
        """Reason for this test."""
        share = self.share
        if share.disagreement >= 1:
            return "both models on the same examples; nothing is said of `disagreement`, so the worst case 1 is taken"
        expected = f"{100 * share.disagreement:.4g} % of the predictions are expected to change"
        if share.cap < 1:
            return f"both models on the same examples; a clause on d keeps d within {share.cap:g}, and {expected}"
        return f"both models on the same examples, and only disagreements need labels; {expected}"

    @property
    def label_share(self) -> float:
        """Only disagreements need labels."""
        return self.share.disagreement

    def check(self) -> None:
        """Refuse a difference larger than the share of changed predictions."""
        check_alternative(self.share, -self.share.disagreement, self.share.disagreement, "disagreement")

    def sample_size(self) -> int:
        """Smallest number of examples that works, at it and the next few."""
        demand = self._demand()
        farthest = (demand.disagreement - demand.threshold) / 2
        return resolution.sample_size(demand, min(self.share.asked, farthest))

    def tolerance(self, n_examples: int) -> float | None:
        """Half the distance to the nearest difference that is proven with the asked power."""
        if self.log_level == -math.inf or n_examples < 1:
            return None
        return resolution.reachable_tolerance(self._demand(), n_examples)

    @property
    def is_rough(self) -> bool:
        """An exact search costs a second: other levels scale the planned one by the normal approximation."""
        return True

    def nearby_size(self, planned: Sizing, size: int) -> int:
        """The planned size, scaled by what the normal approximation makes of the two levels, if their test is one."""
        other = _as_difference(planned)
        if self.is_deep != other.is_deep:
            return self.sample_size()
        effort = self.effort(self.alternative(self.share.asked)) / self.share.asked
        known = other.effort(other.alternative(other.share.asked)) / other.share.asked
        return math.ceil(size * (effort / known) ** 2)

    def nearby_tolerance(self, planned: Sizing, tolerance: float | None, n_examples: int) -> float | None:
        """The reached tolerance, scaled by what the normal approximation makes of the two levels, if there is one."""
        if tolerance is None or n_examples <= FEW or self.is_deep != _as_difference(planned).is_deep:
            return self.tolerance(n_examples)
        demand, truth = self._demand(), self.alternative(tolerance)
        for _ in range(20):  # the effort depends on the truth, weakly
            ratio = self.effort(truth) / _as_difference(planned).effort(self.alternative(tolerance))
            truth = min(demand.threshold + 2 * tolerance * ratio, 1.0)
        return (truth - demand.threshold) / 2 if truth <= demand.disagreement else None

    def resolves(self, n_examples: int) -> bool:
        """True if the tolerance reached is the clause's own."""
        if self.log_level == -math.inf or n_examples < 1:
            return False
        if self.clause.tolerance is None:
            return self._demand().test(n_examples).rejects(n_examples, 0)
        return resolution.resolves(self._demand(), self.clause.tolerance * (1 + resolution.ROUNDING), n_examples)

    def alternative(self, tolerance: float) -> float:
        """The difference at which the power is asked for, seen from below the threshold."""
        demand = self._demand()
        return min(demand.threshold + 2 * tolerance, demand.disagreement)

    def effort(self, truth: float) -> float:
        """Root of the number of examples by the normal approximation, times the distance to be resolved."""
        d, c = self.share.disagreement, self._demand().threshold
        null, alternative = math.sqrt(max(d - c * c, 1e-12)), math.sqrt(max(d - truth * truth, 0.0))
        return -null * normal.quantile(self.log_level) - alternative * normal.quantile(self.share.log_miss)

    @property
    def is_deep(self) -> bool:
        """True if the level is so small that another test decides."""
        return self._demand().test(0).is_deep

    def _demand(self) -> Demand:
        """The demand in one direction: what is proven is always that a difference lies above."""
        share = self.share
        return Demand(share.towards, share.log_level, share.log_miss, share.disagreement, share.cap)


def _as_difference(planned: Sizing) -> DifferenceSizing:
    assert isinstance(planned, DifferenceSizing)  # noqa: S101  # the same clause at another level
    return planned
