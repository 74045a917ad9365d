"""
The region of rejection of a paired test, found without asking for every outcome, and its power (theory.md §6).

At a fixed nuisance psi let t*(psi) be the statistic whose upper tail is the level.
An outcome is rejected where its statistic reaches t* throughout its own interval of the nuisance.
t* hardly moves with psi, so it is computed at nodes half a standard error apart and interpolated;
outcomes too close to the interpolated value are put to the test itself, so the critical values are those of the test.
Only where hundreds of numbers of discordant examples share the power is the interpolation left as it is:
its errors there are single wins in a few of them, of either sign,
and move the probability of a miss by half a percent at most (theory.md §6 allows 1 %).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from proctor.stats import certified, normal, score, tails
from proctor.stats.certified import Floats, Integers
from proctor.stats.unconditional import PairedTest, check_alternative, discordant_window

_NODES_PER_ERROR = 2.0
_SWEEPS = 2  # from the third on, what is left of the excess is the steps between outcomes
SPARED = 2e-3
"""Share of the probability of a miss that doubts left open may have."""
_LEAST_JITTER = 0.02  # of the distance between the statistics of neighboring outcomes
_STAIRCASE = 25  # expected examples of the rarest kind, below which t* goes in steps
_MANY = 250  # numbers of discordant examples, from which on interpolation alone is right to half a percent of a miss
_INTERPOLATED = 0.02  # of the logarithm of a miss, several times what interpolation alone can be wrong by
_RESOLVED = math.log(1e-3)  # share of the probability of a miss that may lie outside the window


class Region(NamedTuple):
    """
    Outcomes that a test rejects: for each number of discordant examples in a window, the fewest wins.

    Args:
        test: The test whose region this is.
        first: Smallest number of discordant examples in the window.
        critical: Fewest wins that reject, from *first* upwards; one more than the discordant examples where none do.
    """

    test: PairedTest
    first: int
    critical: Integers

    def log_miss(self, difference: float, disagreement: float) -> float:
        """
        Natural logarithm of the probability of not rejecting; outside the window nothing counts as rejected.

        Args:
            difference: True difference of the accuracies.
            disagreement: True P(exactly one of the two models is right); in [abs(difference), 1].

        Raises:
            DomainError: If no population is like that.
        """
        check_alternative(difference, disagreement)
        n = self.test.n_examples
        if self.test.foregone is not None:
            return -math.inf if self.test.foregone else 0.0
        m = self.first + np.arange(len(self.critical))
        psi = np.array([disagreement])
        mass = np.exp(tails.log_binomial(m, n) + certified.log_chances(m, n, psi)[0])
        win = min(1.0, (1 + difference / disagreement) / 2) if disagreement > 0 else 0.5
        missed = certified.wins_tail(m - self.critical + 1, m, np.array(1 - win))
        outside = certified.left_out(n, m[:1], m[-1:], psi)[0]
        total = float((mass * missed).sum()) + float(outside)
        return math.log(min(total, 1.0)) if total > 0 else -math.inf

    def power(self, difference: float, disagreement: float) -> float:
        """Probability of rejecting (see :meth:`log_miss`)."""
        return -math.expm1(self.log_miss(difference, disagreement))


class Curve(NamedTuple):
    """
    Critical statistics t* at nodes of the nuisance, and how far they jitter about their interpolation.

    Args:
        nodes: Values of the nuisance, ascending.
        values: t* at each.
        jitter: Distance within which an outcome is not decided by the interpolation, at each.
    """

    nodes: Floats
    values: Floats
    jitter: Floats

    def highest(self, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Largest interpolated value over each interval, and the jitter around it."""
        ends = np.maximum(np.interp(low, self.nodes, self.values), np.interp(high, self.nodes, self.values))
        covered = (self.nodes[:, None] >= low) & (self.nodes[:, None] <= high)
        inside = np.where(covered, self.values[:, None], -np.inf)
        peak = np.where(np.interp(low, self.nodes, self.values) >= ends, low, high)
        peak = np.where(inside.max(axis=0) >= ends, self.nodes[inside.argmax(axis=0)], peak)
        return np.maximum(ends, inside.max(axis=0)), np.interp(peak, self.nodes, self.jitter)


class Sketch(NamedTuple):
    """
    A region by interpolation, with the doubts that only the test itself can settle.

    Args:
        region: The region as interpolated; exact where nothing is in doubt.
        may_be_more: Positions in the window whose critical value may be larger.
        may_be_less: Positions whose critical value may be smaller.
    """

    region: Region
    may_be_more: Integers
    may_be_less: Integers

    @property
    def doubtful(self) -> Integers:
        """Positions in the window whose critical value may be another."""
        return np.union1d(self.may_be_more, self.may_be_less)

    def log_miss_bounds(self, difference: float, disagreement: float) -> tuple[float, float] | None:
        """
        Logarithm of the probability of a miss if every doubt were decided twice over for the test, and against it.

        A range wider than the error of the interpolation; None where too much is in doubt to say. Arguments are those
        of :meth:`Region.log_miss`.
        """
        region = self.region
        if 2 * len(self.doubtful) > len(region.critical):
            return None
        easy, hard = region.critical.copy(), region.critical.copy()
        easy[self.may_be_less] = np.maximum(easy[self.may_be_less] - 2, 0)
        hard[self.may_be_more] += 2  # beyond the discordant examples none rejects
        low, high = (
            Region(region.test, region.first, critical).log_miss(difference, disagreement) for critical in (easy, hard)
        )
        return low - _INTERPOLATED, high + _INTERPOLATED

    def settled(self) -> Region:
        """The exact region: every doubt put to the test."""
        critical = self.region.critical.copy()
        for i in self.doubtful:
            critical[i] = self._settled_at(int(i))
        return Region(self.region.test, self.region.first, critical)

    def settled_for(
        self, difference: float, disagreement: float, goal: float | None = None, spared: float = SPARED
    ) -> Region:
        """
        The region, exact wherever it matters to the power at one alternative (see :meth:`Region.log_miss`).

        Args:
            difference: True difference of the accuracies.
            disagreement: True P(exactly one of the two models is right).
            goal: Logarithm of a miss; where it is given, all that matters is on which side of it the region's own lies.
            spared: Share of the miss, or of the power where that is smaller, that doubts left open may have.
        """
        critical = self.region.critical.copy()
        region = Region(self.region.test, self.region.first, critical)
        above, below = self._at_stake(difference, disagreement)
        order = self.doubtful[np.argsort(-(above + below)[self.doubtful], kind="stable")]
        for settled, i in enumerate(order):
            miss = math.exp(region.log_miss(difference, disagreement))
            rise, fall = above[order[settled:]].sum(), below[order[settled:]].sum()
            if rise + fall <= spared * min(miss, 1 - miss):
                break
            if goal is not None and not miss - fall <= math.exp(goal) < miss + rise:
                break
            critical[i] = self._settled_at(int(i))
        return region

    def _at_stake(self, difference: float, disagreement: float) -> tuple[Floats, Floats]:
        """Rise, and fall, of the probability of a miss if each doubt moved its critical value by two."""
        check_alternative(difference, disagreement)
        region, n = self.region, self.region.test.n_examples
        m = region.first + np.arange(len(region.critical))
        chance = min(1.0, (1 + difference / disagreement) / 2) if disagreement > 0 else 0.5
        log_mass = tails.log_mass(m, n, disagreement)
        above, below = np.zeros(len(m)), np.zeros(len(m))
        for stake, doubts, steps in ((above, self.may_be_more, (0, 1)), (below, self.may_be_less, (-1, -2))):
            for step in steps:
                wins = np.clip(region.critical[doubts] + step, 0, m[doubts])
                stake[doubts] += np.exp(log_mass[doubts] + tails.log_mass(wins, m[doubts], chance))
        return above, below

    def _settled_at(self, position: int) -> int:
        """The critical value of the test itself at a doubtful position: the fewest wins that reject."""
        test, discordant = self.region.test, self.region.first + position
        guess = critical = int(self.region.critical[position])
        if position in self.may_be_less:
            while critical > 0 and test.rejects(critical - 1, discordant - critical + 1):
                critical -= 1
        if critical == guess and position in self.may_be_more:
            while critical <= discordant and not test.rejects(critical, discordant - critical):
                critical += 1
        return critical


def sketch(test: PairedTest, disagreement: float, log_miss: float, curve: Curve | None = None) -> Sketch:
    """
    Region of a test over the numbers of discordant examples that a disagreement makes likely.

    Args:
        test: The test.
        disagreement: Anticipated P(exactly one of the two models is right); in [0, 1].
        log_miss: Logarithm of the probability of not rejecting that is to be resolved; < 0.
        curve: Critical statistics computed for a nearby sample size, to save time; where it does not reach, none.
    """
    first, last = discordant_window(test.n_examples, disagreement, log_miss + _RESOLVED)
    m = np.arange(first, last + 1)
    if test.foregone is not None or test.threshold == -1 or test.log_level == -math.inf:
        return Sketch(Region(test, first, _plain_region(test, m)), m[:0], m[:0])
    if test.is_deep:
        return Sketch(Region(test, first, _exponential_region(test, m)), m[:0], m[:0])
    bounds, jitter = (curve or draw_curve(test, first, last)).highest(*_intervals(test, m))
    critical = score.critical_wins(m, test.n_examples, test.threshold, bounds)
    more, less = _doubts(test, m, critical, bounds, jitter)
    return Sketch(Region(test, first, critical), more, less)


def _plain_region(test: PairedTest, m: Integers) -> Integers:
    """Region where the sample hardly matters: never, always, or unless every example is lost."""
    if test.foregone is False or test.log_level == -math.inf:
        return m + 1
    return np.where((m == test.n_examples) & (test.foregone is None), 1, 0)


def _exponential_region(test: PairedTest, m: Integers) -> Integers:
    """Region of the exponential bound, which grows with the difference of wins and losses alone."""
    n, low, high = test.n_examples, -test.n_examples, test.n_examples + 1
    while high - low > 1:
        middle = (low + high) // 2
        wins, losses = max(middle, 0), max(-middle, 0)
        low, high = (low, middle) if test.log_exponential_bound(wins, losses) <= test.log_level else (middle, high)
    return np.where(high > n, m + 1, np.clip((m + high + 1) // 2, 0, m + 1))


def draw_curve(test: PairedTest, first: int, last: int) -> Curve:
    """
    Critical statistics over every nuisance that outcomes with *first* to *last* discordant examples allow.

    Args:
        test: The test; its level must be within reach of floats.
        first: Smallest number of discordant examples.
        last: Largest.
    """
    n = test.n_examples
    low, high = np.arcsin(np.sqrt([test.nuisance(first)[0], test.nuisance(last)[1]]))
    count = 2 + int((high - low) * 2 * math.sqrt(n) * _NODES_PER_ERROR)
    nodes = np.sin(np.linspace(low, high, count)) ** 2
    guess = -normal.quantile(math.log(test.limit))
    values = np.full(count, guess)
    for _ in range(_SWEEPS):
        excess = np.clip(_log_tail(test, nodes, values) - math.log(test.limit), -2.0, 2.0)
        values = values + excess / (max(guess, 0.5) + 1 / max(guess, 1.0))
    return Curve(nodes, values, _jitter(test, nodes, values))


def _jitter(test: PairedTest, nodes: Floats, values: Floats) -> Floats:
    """Distance of t* from its interpolation, at most: its bends nearby, and a little; where it is a staircase, any."""
    n = test.n_examples
    rarest = n * np.minimum(nodes - abs(test.threshold), 1 - nodes)
    if len(values) < 5:
        return np.full(values.shape, np.inf)
    bend = np.pad(np.abs(np.diff(values, 2)), 3, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(bend, 5).max(axis=1)
    spacing = 2 / np.sqrt(n * np.maximum(nodes, 1 / n))
    return np.where(rarest < _STAIRCASE, np.inf, around + _LEAST_JITTER * spacing)


def _log_tail(test: PairedTest, psi: Floats, values: Floats) -> Floats:
    """Logarithm of the probability that the statistic reaches each value under each nuisance."""
    n, c = test.n_examples, test.threshold
    first, last = certified.window(n, psi, test.log_level)
    m = first[:, None] + np.arange(int((last - first).max()) + 1)
    beyond = m > last[:, None]
    m = np.minimum(m, last[:, None])
    critical = score.critical_wins(m, n, c, values[:, None])
    ways = tails.log_binomial(np.arange(first.min(), last.max() + 1), n)
    mass = np.exp(ways[m - first.min()] + certified.log_chances(m, n, psi))
    mass[beyond] = 0.0
    win = certified.on_the_boundary(psi, c).win
    total = (mass * certified.wins_tail(critical, m, win[:, None])).sum(axis=1)
    return np.asarray(np.log(np.maximum(total, 1e-320)))


def _intervals(test: PairedTest, m: Integers) -> tuple[Floats, Floats]:
    """Intervals of the nuisance for each number of discordant examples; interpolated where there are many."""
    some = np.unique(np.linspace(0, len(m) - 1, min(len(m), 41)).astype(int))
    ends = np.array([test.nuisance(int(m[i])) for i in some])
    return np.interp(m, m[some], ends[:, 0]), np.interp(m, m[some], ends[:, 1])


def _doubts(
    test: PairedTest, m: Integers, critical: Integers, bounds: Floats, jitter: Floats
) -> tuple[Integers, Integers]:
    """Positions where a critical outcome, or its neighbor, is closer to the bound than the jitter."""
    if len(m) > _MANY:
        return m[:0], m[:0]
    n, c = test.n_examples, test.threshold
    at, below = np.minimum(critical, m), np.maximum(critical - 1, 0)
    over = score.statistic(at, m - at, n, c) < bounds + jitter
    under = score.statistic(below, m - below, n, c) > bounds - jitter
    return np.flatnonzero((critical <= m) & over), np.flatnonzero((critical > 0) & under)
