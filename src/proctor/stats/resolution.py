"""
Resolution of a paired test: the examples that a tolerance needs, the tolerance that a sample reaches (theory.md §6).

Both search on interpolated regions and settle what they report with the test itself,
so the power behind an answer comes from exact critical values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from proctor.errors import DomainError
from proctor.frozen import dataclass
from proctor.stats import normal, score
from proctor.stats.domain import LARGEST_SAMPLE, too_many
from proctor.stats.region import SPARED, Curve, draw_curve, sketch
from proctor.stats.unconditional import PairedTest, check_alternative, discordant_window

NEXT_FEW = 3
"""Number of larger samples that must have the power too, because exact tests are not monotone in their size."""
ROUNDING = 1e-3
"""Relative excess of a reached over an asked tolerance that is the search's resolution, not the test set's."""
_TEETH = 24
"""Distance below a size with the power in which another is looked for, in steps that no run of them fits between."""
_STEADY = 1500  # examples, from which on critical statistics hardly differ between neighboring sizes
_SHOWN = 0.05  # share of a miss that doubts may leave open in a tolerance shown: parts in a thousand of it
_RESULTS = 4096


@dataclass(frozen=True)
class Demand:
    """
    Demand on a test of a difference.

    Args:
        threshold: Difference of accuracies that is to be exceeded; any finite number.
        log_level: Natural logarithm of the level; < 0.
        log_miss: Natural logarithm of the tolerated probability of not rejecting; < 0.
        disagreement: Anticipated P(exactly one of the two models is right); in [0, 1].
        disagreement_cap: See :class:`proctor.stats.unconditional.PairedTest`.

    Raises:
        DomainError: If an argument lies outside its domain.
    """

    threshold: float
    log_level: float
    log_miss: float
    disagreement: float
    disagreement_cap: float = 1.0

    def __post_init__(self) -> None:
        self.test(0)
        check_alternative(0.0, self.disagreement)
        if not -math.inf < self.log_miss < 0:
            raise DomainError(
                f"the logarithm of a probability of a miss must be negative and finite, not {self.log_miss!r}"
            )
        if self.log_level == -math.inf:
            raise DomainError("nothing can be resolved at a level of 0")

    def test(self, n_examples: int) -> PairedTest:
        """The test on a sample of some size."""
        return PairedTest(n_examples, self.threshold, self.log_level, self.disagreement_cap)


@lru_cache(maxsize=_RESULTS)
def sample_size(demand: Demand, tolerance: float) -> int:
    """
    Smallest sample on which the test proves a difference of threshold + 2 tolerances with the power demanded.

    The power comes from exact critical values and is right to 1 % of the miss;
    it is reached there and at the next few sizes.

    Args:
        demand: Threshold, level, power and the anticipated disagreement.
        tolerance: Resolution of the condition, in accuracy; > 0.

    Returns:
        Number of examples; about disagreement times as many need labels.

    Raises:
        DomainError: If no population has that difference at that disagreement, or no sample of 1e9 examples is enough.

    Example:
        A condition ``n - o > 0.02 +/- 0.02``, one time in a thousand wrong either way, models that differ on a tenth:

        >>> chance = math.log(0.001)
        >>> sample_size(Demand(0.02, chance, chance, disagreement=0.1), tolerance=0.02) < 2400
        True
    """
    _check_tolerance(tolerance)
    difference = demand.threshold + 2 * tolerance
    foregone = demand.test(1).foregone
    if foregone:
        return 0
    check_alternative(difference, demand.disagreement)
    if foregone is False:
        raise DomainError(f"no sample can prove a difference above {demand.threshold!r} where models differ less often")
    n = _Search(demand, difference).smallest()
    while n < LARGEST_SAMPLE and not resolves(demand, tolerance * (1 + ROUNDING), n):
        n += 1 + n // 5_000  # the search shares curves between sizes, the gate does not
    return n


@lru_cache(maxsize=_RESULTS)
def reachable_tolerance(demand: Demand, n_examples: int) -> float | None:
    """
    Smallest tolerance that a sample resolves: threshold + 2 tolerances is proven with the power demanded.

    Args:
        demand: Threshold, level, power and the anticipated disagreement.
        n_examples: Size of the sample; in [0, 1e9].

    Returns:
        A tolerance in accuracy, > 0, to a few parts in a thousand, for people to read (`resolves` decides);
        None if not even the largest possible difference is proven.

    Raises:
        DomainError: If the size lies outside its domain.

    Example:
        5,000 examples, one time in a thousand wrong either way, models that differ on a tenth:

        >>> chance = math.log(0.001)
        >>> round(reachable_tolerance(Demand(0.02, chance, chance, disagreement=0.1), 5_000), 3)
        0.013
    """
    test = demand.test(n_examples)
    largest = (demand.disagreement - demand.threshold) / 2
    if test.foregone:
        return 0.0
    if n_examples == 0 or test.foregone is False or largest <= 0:
        return None
    rough = sketch(test, demand.disagreement, demand.log_miss)
    guess = _smallest_difference(demand, rough.region.log_miss)
    spared = _SHOWN if n_examples > _STEADY else SPARED
    truth = demand.disagreement if guess is None else guess
    region = rough.settled_for(truth, demand.disagreement, spared=spared)
    found = _smallest_difference(demand, region.log_miss)
    return None if found is None else max((found - demand.threshold) / 2, 0.0)


def resolves(demand: Demand, tolerance: float, n_examples: int) -> bool:
    """
    True if a sample resolves a tolerance: the answer of :func:`reachable_tolerance`, sooner where it is not close.

    Args:
        demand: Threshold, level, power and the anticipated disagreement.
        tolerance: Resolution of the condition, in accuracy; > 0.
        n_examples: Size of the sample; >= 0.

    Raises:
        DomainError: If the tolerance is not positive, or the size is negative.
    """
    _check_tolerance(tolerance)
    test = demand.test(n_examples)
    difference = min(demand.threshold + 2 * tolerance, demand.disagreement)
    if test.foregone is not None or n_examples == 0 or difference <= demand.threshold:
        return bool(test.foregone)
    found = sketch(test, demand.disagreement, demand.log_miss)
    bounds = found.log_miss_bounds(difference, demand.disagreement)
    if bounds is not None and not bounds[0] <= demand.log_miss < bounds[1]:
        return bounds[1] <= demand.log_miss
    region = found.settled_for(difference, demand.disagreement)
    return region.log_miss(difference, demand.disagreement) <= demand.log_miss


def _smallest_difference(demand: Demand, log_miss: Callable[[float, float], float]) -> float | None:
    low, high = max(demand.threshold, -demand.disagreement), demand.disagreement
    if log_miss(high, demand.disagreement) > demand.log_miss:
        return None
    while high - low > 1e-6 * max(demand.disagreement - demand.threshold, 1e-3):
        middle = (low + high) / 2
        low, high = (low, middle) if log_miss(middle, demand.disagreement) <= demand.log_miss else (middle, high)
    return high


class _Search:
    """The search for one sample size; keeps what it has computed."""

    def __init__(self, demand: Demand, difference: float) -> None:
        self.demand = demand
        self.difference = difference
        self.curve: Curve | None = None
        self.curve_size = 0
        self.exact: dict[int, float] = {}

    def smallest(self) -> int:
        """Approach on interpolated regions, arrive on exact ones, and look behind the nearest teeth of the sawtooth."""
        n = self._steady(self._arrived(*self._approached()))
        below = [size for size in range(n - 1 - NEXT_FEW, max(n - _TEETH, 1), -1 - NEXT_FEW) if self._is_enough(size)]
        return min([n, *(found for size in below if (found := self._foot(size)) is not None)])

    def _foot(self, size: int) -> int | None:
        """Smallest size of the unbroken run around one that is enough; ``None`` if the run is too short to count on."""
        low = high = size
        while low > 1 and self._is_enough(low - 1):
            low -= 1
        while high < low + NEXT_FEW and self._is_enough(high + 1):
            high += 1
        return low if high >= low + NEXT_FEW else None

    def _steady(self, n: int) -> int:
        """The size itself, or the next one that is followed by a few with the power."""
        checked = n
        while checked < n + NEXT_FEW:
            checked += 1
            if not self._is_enough(checked):
                n = checked + 1
                while not self._is_enough(n):
                    n += 1
                checked = n
        return n

    def _approached(self) -> tuple[int, float]:
        """Size by secants on the scale on which power is nearly straight, and the slope of ln(miss) there."""
        goal = _as_deviate(self.demand.log_miss)
        guess = self._guess()
        if guess > 2 * LARGEST_SAMPLE:
            raise too_many(LARGEST_SAMPLE)
        x = math.sqrt(min(guess, LARGEST_SAMPLE))
        y = _as_deviate(self._rough_log_miss(round(x * x)))
        rise = (goal + normal.quantile(self.demand.log_level)) / x
        for _ in range(12):
            target = x + (goal - y) / rise
            target = min(max(target, x / 2, 1.0), 2 * x)
            if target**2 > LARGEST_SAMPLE:
                raise too_many(LARGEST_SAMPLE)
            if abs(target - x) < 1e-4 * x:
                break
            z = _as_deviate(self._rough_log_miss(round(target * target)))
            if abs(target - x) > 0.005 * x:  # between neighbors the sawtooth hides the slope
                rise = min((z - y) / (target - x), -1e-6)
            x, y = target, z
        slope = normal.log_cdf(goal + rise * x * 0.005) - self.demand.log_miss
        return max(1, round(target * target)), min(slope / (0.01 * x * x), -1e-12)

    def _arrived(self, start: int, slope: float) -> int:
        """Size with enough power next to one without: bracketed by growing steps, the first as the slope suggests."""
        lacking = self._exact_log_miss(start) - self.demand.log_miss
        most = max(1, start // 2)
        step = max(1, math.ceil(min(abs(lacking / slope), most)))
        low, high = start, start
        while low > 0 and self._is_enough(low):
            low, high, step = max(low - step, 0), low, 2 * step
        while not self._is_enough(high):
            low, high, step = high, high + step, 2 * step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._is_enough(middle) else (middle, high)
        return high

    def _guess(self) -> float:
        """Size by the normal approximation; only where to begin."""
        d, psi, many = self.difference, self.demand.disagreement, 1_000_000
        drift = float(score.statistic(many * (psi + d) / 2, many * (psi - d) / 2, many, self._inner)) / math.sqrt(many)
        null = (d - self._inner) / drift if drift > 0 else 1.0
        spread = math.sqrt(max(psi - d * d, 0.0)) / max(null, 1e-9)
        reach = -normal.quantile(self.demand.log_level) - spread * normal.quantile(self.demand.log_miss)
        return float(max((max(reach, 0.5) / max(drift, 1e-9)) ** 2, 4.0))

    @property
    def _inner(self) -> float:
        return max(self.demand.threshold, -1 + 1e-9)

    def _is_enough(self, n: int) -> bool:
        return self._exact_log_miss(n) <= self.demand.log_miss

    def _exact_log_miss(self, n: int) -> float:
        if n > LARGEST_SAMPLE:
            raise too_many(LARGEST_SAMPLE)
        if n not in self.exact:
            curve = self._curve_near(n) if n > _STEADY else None
            found = sketch(self.demand.test(n), self.demand.disagreement, self.demand.log_miss, curve)
            region = found.settled_for(self.difference, self.demand.disagreement, self.demand.log_miss)
            self.exact[n] = region.log_miss(self.difference, self.demand.disagreement)
        return self.exact[n]

    def _rough_log_miss(self, n: int) -> float:
        found = sketch(self.demand.test(n), self.demand.disagreement, self.demand.log_miss, self._curve_near(n))
        return found.region.log_miss(self.difference, self.demand.disagreement)

    def _curve_near(self, n: int) -> Curve | None:
        """Critical statistics of a size within a twentieth, wide enough for all of them."""
        test = self.demand.test(n)
        if test.foregone is not None or test.threshold == -1 or test.is_deep:
            return None
        if self.curve is None or abs(n - self.curve_size) > self.curve_size / 20:
            first, last = discordant_window(n, self.demand.disagreement, 1.2 * self.demand.log_miss - 10)
            self.curve, self.curve_size = draw_curve(test, first, last), n
        return self.curve


def _as_deviate(log_miss: float) -> float:
    return normal.quantile(min(max(log_miss, -1e4), -1e-12))


def _check_tolerance(tolerance: float) -> None:
    if not 0 < tolerance < math.inf:
        raise DomainError(f"a tolerance must be a positive number, not {tolerance!r}")
