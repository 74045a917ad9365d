"""
Tests and words that several methods share.

The tests: of one count (theory.md §3.1), of wins and losses (§3.2), and of a mean of bounded values (§3.3). Each is
asked of the examples that count, which are all of them for some methods and a part for others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from proctor.language import Clause
from proctor.methods.figures import percent, points, share
from proctor.methods.method import Bounds, Claim, Judged, Method

if TYPE_CHECKING:
    from proctor.methods.method import Floats

Statistic = TypeVar("Statistic")


def bounds_of_count(
    successes: int, n: int, threshold: float, level: float, *, above: bool
) -> tuple[float, float, float]:
    """Clopper and Pearson's bounds on a share, and the exact p-value."""
    from proctor.stats import binomial

    p_value = math.exp(binomial.log_p_value(successes, n, threshold, above=above))
    return binomial.lower_bound(successes, n, level), binomial.upper_bound(successes, n, level), p_value


def rejects_wins(wins: int, losses: int, n: int, claim: Claim) -> bool:
    """Exact paired score test; to show "below", the models change places."""
    from proctor.stats.paired import PairedTest

    if claim.above:
        return PairedTest(n, claim.threshold, claim.log_level, claim.cap).rejects(wins, losses)
    return PairedTest(n, -claim.threshold, claim.log_level, claim.cap).rejects(losses, wins)


def bounds_of_wins(wins: int, losses: int, n: int, threshold: float, level: float, *, above: bool) -> Bounds:
    """Bounds and p-value of the paired test."""
    from proctor.stats import paired

    signed = (wins, losses, n, threshold) if above else (losses, wins, n, -threshold)
    lower, upper = paired.lower_bound(wins, losses, n, level), paired.upper_bound(wins, losses, n, level)
    return lower, upper, paired.p_value(*signed, level)


def rejects_values(values: Floats, claim: Claim, value_range: tuple[float, float]) -> bool:
    """Betting against the threshold; to show "below", the values are mirrored."""
    from proctor.stats import bounded

    low, high = value_range
    if claim.above:
        return bounded.rejects(values, claim.threshold, claim.log_level, low, high)
    return bounded.rejects(-values, -claim.threshold, claim.log_level, -high, -low)


def bounds_of_values(values: Floats, level: float, value_range: tuple[float, float]) -> Bounds:
    """Bounds by betting; a betting test has no p-value for a level chosen afterwards."""
    from proctor.stats import bounded

    return bounded.lower_bound(values, level, *value_range), bounded.upper_bound(values, level, *value_range), None


class InPercent(Method[Judged, Statistic]):
    """A method whose values are shares, told in per cent, and whose distances are told in points."""

    def value_in_words(self, value: float) -> str:
        """A share in per cent."""
        return percent(value)

    def tolerance_in_words(self, tolerance: float) -> str:
        """A distance in points."""
        return points(tolerance)


class Binomial(InPercent[Judged, int]):
    """A method that tests one count of examples exactly."""

    def rejects(self, claim: Claim, statistic: int, n_examples: int) -> bool:
        """Exact binomial test."""
        from proctor.stats import binomial

        return binomial.rejects(statistic, n_examples, claim.threshold, claim.log_level, above=claim.above)

    def estimate(self, statistic: int, n_examples: int) -> float:
        """Share of the examples."""
        return share(statistic, n_examples)

    def bounds(self, clause: Clause, statistic: int, n_examples: int, level: float) -> Bounds:
        """Clopper and Pearson's bounds, and the exact p-value."""
        return bounds_of_count(statistic, n_examples, clause.threshold, level, above=clause.above)


class Betting(Method[Judged, "Floats"]):
    """A method that bets on one bounded value for each example."""

    def rejects(self, claim: Claim, statistic: Floats, n_examples: int) -> bool:
        """Betting on the values."""
        return rejects_values(statistic, claim, self.value_range)

    def estimate(self, statistic: Floats, n_examples: int) -> float:
        """Mean of the values."""
        return float(statistic.mean()) if n_examples else math.nan

    def bounds(self, clause: Clause, statistic: Floats, n_examples: int, level: float) -> Bounds:
        """Bounds by betting on the values."""
        return bounds_of_values(statistic, level, self.value_range)
