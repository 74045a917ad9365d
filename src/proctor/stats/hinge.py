"""
The hinge bound: a test of a mean of values in [0, 1] from their total alone.

Among all independent values in [0, 1] whose means average at most m, 0/1 values make E(S − x)₊ largest (Hoeffding
1963; Bentkus 2004), hence P(S ≥ t) ≤ min over integers x < t of E(B − x)₊/(t − x) with B ~ Bin(n, m) (theory.md §3.3).
It needs no order, is monotone in the total and costs milliseconds at any depth, so plans of linear expressions start
from it. What it cannot do is profit from a small variance; that is `proctor.stats.bounded`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DomainError
from proctor.stats import tails
from proctor.stats.domain import LARGEST_SAMPLE, check_log_level, count, too_many

Floats = NDArray[np.float64]

CERTAIN_DEPTH = 60.0
"""Terms of the hinge that are e^−60 of the leading one are replaced by a geometric bound."""


def log_p_value(total: float, n_examples: int, mean: float) -> float:
    """
    Natural logarithm of a p-value of the hypothesis that independent values in [0, 1] have a mean of at most *mean*.

    Valid for every such distribution, never increasing in *total*, never decreasing in *mean* (theory.md §3.3).

    Args:
        total: Sum of the values; in [0, n_examples].
        n_examples: Number of values; at least 1.
        mean: Hypothetical mean; in (0, 1).

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        80 of 100 where chance gives a half: a p-value of 7e-10.

        >>> round(log_p_value(80, 100, 0.5), 3)
        -21.035
    """
    n = _checked(n_examples, mean)
    if not 0 <= total <= n:
        raise DomainError(f"total must lie in [0, {n}], not {total!r}")
    if total <= n * mean:
        return 0.0
    points, log_hinges = _hinges(n, mean, total)
    below = points < total
    return min(0.0, float(np.min(log_hinges[below] - np.log(total - points[below]))))


def critical_total(n_examples: int, mean: float, log_level: float) -> float | None:
    """
    Smallest total at which the hypothesis is rejected at the level; ``None`` if even the largest does not suffice.

    Args:
        n_examples: Number of values; at least 1.
        mean: Hypothetical mean; in (0, 1).
        log_level: Natural logarithm of the level; below 0.

    Returns:
        A total, not rounded to a whole number: the values need not be whole.

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        >>> round(critical_total(100, mean=0.5, log_level=math.log(0.001)), 2)
        66.69
    """
    n = _checked(n_examples, mean)
    check_log_level(log_level)
    if n * math.log(mean) > log_level:
        return None
    # E(B − x)₊/(t − x) ≤ a is t ≥ x + E(B − x)₊/a; a Chernoff bound says how far the search must look.
    points, log_hinges = _hinges(n, mean, _chernoff_total(n, mean, log_level))
    candidates = points + np.exp(np.minimum(log_hinges - log_level, 700.0))
    return min(float(n), float(np.min(candidates)))


def log_miss(n_examples: int, threshold: float, mean: float, log_level: float) -> float:
    """
    Natural logarithm of a bound on the probability that the test of *threshold* does not reject at a true *mean*.

    The bound is the hinge again, from the other side: it holds for every distribution on [0, 1].

    Args:
        n_examples: Number of values; at least 1.
        threshold: Null mean; in (0, 1).
        mean: True mean; in (0, 1].
        log_level: Natural logarithm of the level; below 0.

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        >>> log_miss(647, threshold=0.5, mean=0.6, log_level=math.log(0.001)) <= math.log(0.1)
        True
    """
    total = critical_total(n_examples, threshold, log_level)
    if not 0 < mean <= 1:
        raise DomainError(f"mean must lie in (0, 1], not {mean!r}")
    if total is None:
        return 0.0
    if mean >= 1:
        return -math.inf
    return log_p_value(n_examples - total, n_examples, 1 - mean)


def sample_size(threshold: float, mean: float, log_level: float, log_miss_allowed: float) -> int:
    """
    Number of examples from which the test of *threshold* surely has its power at a true *mean*, for any distribution.

    Args:
        threshold: Null mean; in (0, 1).
        mean: True mean to be detected; in (threshold, 1].
        log_level: Natural logarithm of the level; below 0.
        log_miss_allowed: Natural logarithm of the tolerated probability of not rejecting.

    Raises:
        DomainError: If an argument lies outside its domain, or no sample of 1e9 examples is enough.

    Example:
        Where the values are accuracies, the exact binomial test needs 490; the hinge bound asks for any distribution:

        >>> sample_size(threshold=0.5, mean=0.6, log_level=math.log(0.001), log_miss_allowed=math.log(0.1))
        647
    """
    check_log_level(log_level)
    check_log_level(log_miss_allowed)
    if not 0 < threshold < mean <= 1:
        raise DomainError(f"threshold and mean must fulfill 0 < threshold < mean <= 1, not {threshold!r} and {mean!r}")

    def suffices(n: int) -> bool:
        return all(log_miss(m, threshold, mean, log_level) <= log_miss_allowed for m in (n, n + 1, n + 2))

    high = 1
    while not suffices(high):
        if high == LARGEST_SAMPLE - 2:
            raise too_many(LARGEST_SAMPLE)
        high = min(2 * high, LARGEST_SAMPLE - 2)
    low = high // 2  # does not suffice, or is 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


def reachable_mean(n_examples: int, threshold: float, log_level: float, log_miss_allowed: float) -> float | None:
    """
    Smallest true mean that *n_examples* surely detect, for any distribution; ``None`` if there is none below 1.

    Args:
        n_examples: Number of values; at least 1.
        threshold: Null mean; in (0, 1).
        log_level: Natural logarithm of the level; below 0.
        log_miss_allowed: Natural logarithm of the tolerated probability of not rejecting; below 0.

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        >>> round(reachable_mean(647, threshold=0.5, log_level=math.log(0.001), log_miss_allowed=math.log(0.1)), 3)
        0.6
    """
    check_log_level(log_miss_allowed)
    if critical_total(n_examples, threshold, log_level) is None:
        return None
    low, high = threshold, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        detects = log_miss(n_examples, threshold, middle, log_level) <= log_miss_allowed
        low, high = (low, middle) if detects else (middle, high)
    return high


def _hinges(n: int, mean: float, total: float) -> tuple[Floats, Floats]:
    """Integers x up to *total* within reach of the best one, and ln E(B − x)₊ of each, B ~ Bin(n, mean)."""
    spread = math.sqrt(n * mean * (1 - mean))
    first = max(0, math.floor(n * mean - 12 * spread) - 1)
    last = min(n, _last_term(n, mean, math.ceil(total)))
    k = np.arange(first + 1, last + 1, dtype=np.float64)
    log_mass = tails.log_mass(k, n, mean)
    log_survival = _reverse_logsum(log_mass, _log_geometric_rest(n, mean, last, log_mass[-1], power=1))
    log_hinge = _reverse_logsum(log_survival, _log_geometric_rest(n, mean, last, log_mass[-1], power=2))
    points = k - 1  # E(B − x)₊ = Σ_{j > x} P(B ≥ j)
    usable = points < max(total, first + 1)
    # Logarithms of masses are off by up to 1e-15 for each example (theory.md §3.2, rule 4): inflate accordingly.
    return points[usable], log_hinge[usable] + max(1e-9, 1e-14 * n)


def _last_term(n: int, mean: float, start: int) -> int:
    """First k behind *start* whose terms have fallen by e^−60, and from where they fall geometrically."""
    k = max(start, math.ceil(n * mean)) + 1
    spread = math.sqrt(n * mean * (1 - mean)) + 1
    while k < n and (k - start) * -math.log(_ratio(n, mean, (k + max(start, n * mean)) / 2)) < CERTAIN_DEPTH:
        k += math.ceil(spread)
    return k


def _ratio(n: int, mean: float, k: float) -> float:
    """P(B = k + 1)/P(B = k), below 1 behind the mean."""
    return max(1e-300, min(1 - 1e-12, (n - k) / (k + 1) * mean / (1 - mean)))


def _log_geometric_rest(n: int, mean: float, last: int, log_mass: float, power: int) -> float:
    """Ln of a bound on Σ_{k > last} (k − last)^(power − 1) P(B = k), the ratios of which only fall."""
    if last >= n:
        return -math.inf
    ratio = _ratio(n, mean, last)
    return float(log_mass) + math.log(ratio) - power * math.log1p(-ratio)


def _reverse_logsum(log_terms: Floats, log_rest: float) -> Floats:
    """Ln(Σ_{j ≥ i} e^(terms_j) + e^rest) for every i, each with full relative accuracy."""
    reverse = np.append(log_terms, log_rest)[::-1]
    return np.asarray(np.logaddexp.accumulate(reverse)[::-1][:-1], dtype=np.float64)


def _chernoff_total(n: int, mean: float, log_level: float) -> float:
    """Total at which n·KL(t/n, mean) reaches ln(1/level) and a little more; *n* if none does."""
    target = (-log_level + math.log(n + 1) + 2) / n
    low, high = mean, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if _relative_entropy(middle, mean) > target else (middle, high)
    return n * high


def _relative_entropy(p: float, q: float) -> float:
    return (p * math.log(p / q) if p else 0.0) + ((1 - p) * math.log((1 - p) / (1 - q)) if p < 1 else 0.0)


def _checked(n_examples: int, mean: float) -> int:
    n = count("the number of examples", n_examples, most=LARGEST_SAMPLE)
    if n == 0:
        raise DomainError("at least 1 example is needed, not 0")
    if not 0 < mean < 1:
        raise DomainError(f"mean must lie between 0 and 1, not {mean!r}")
    return n
