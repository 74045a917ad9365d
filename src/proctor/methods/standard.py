"""Tests that several methods share: of one count (theory.md §3.1), and of a mean of bounded values (§3.3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from proctor.language import Clause
from proctor.methods.figures import share
from proctor.methods.method import Judged, Method

if TYPE_CHECKING:
    from proctor.methods.method import Floats


class Binomial(Method[Judged, int]):
    """A method that tests one count of examples exactly."""

    def rejects(
        self, clause: Clause, statistic: int, n_examples: int, log_level: float, cap: float, *, above: bool
    ) -> bool:
        """Exact binomial test."""
        from proctor.stats import binomial

        return binomial.rejects(statistic, n_examples, clause.threshold, log_level, above=above)

    def estimate(self, statistic: int, n_examples: int) -> float:
        """Share of the examples."""
        return share(statistic, n_examples)

    def bounds(
        self, clause: Clause, statistic: int, n_examples: int, level: float
    ) -> tuple[float, float, float | None]:
        """Clopper and Pearson's bounds, and the exact p-value."""
        from proctor.stats import binomial

        p_value = math.exp(binomial.log_p_value(statistic, n_examples, clause.threshold, above=clause.above))
        lower = binomial.lower_bound(statistic, n_examples, level)
        return lower, binomial.upper_bound(statistic, n_examples, level), p_value


class Betting(Method[Judged, "Floats"]):
    """A method that bets on one bounded value for each example."""

    def rejects(
        self, clause: Clause, statistic: Floats, n_examples: int, log_level: float, cap: float, *, above: bool
    ) -> bool:
        """Betting against the threshold; to show "below", the values are mirrored."""
        from proctor.stats import bounded

        low, high = self.value_range
        if above:
            return bounded.rejects(statistic, clause.threshold, log_level, low, high)
        return bounded.rejects(-statistic, -clause.threshold, log_level, -high, -low)

    def estimate(self, statistic: Floats, n_examples: int) -> float:
        """Mean of the values."""
        return float(statistic.mean()) if n_examples else math.nan

    def bounds(
        self, clause: Clause, statistic: Floats, n_examples: int, level: float
    ) -> tuple[float, float, float | None]:
        """Bounds by betting; a betting test has no p-value for a level chosen afterwards."""
        from proctor.stats import bounded

        low, high = self.value_range
        lower = bounded.lower_bound(statistic, level, low, high)
        return lower, bounded.upper_bound(statistic, level, low, high), None
