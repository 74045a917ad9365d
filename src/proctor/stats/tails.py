"""
Masses and tails of the binomial distribution, accurate where levels are tiny and samples large.

`scipy.special` has the tails (`betainc`) but not their logarithms, its masses lose a digit for every tenfold of the
sample, and loading it takes longer than the rest of a check of a few thousand examples. So here a mass is Loader's
saddle-point form, and a tail is the mass at its end times a factor without cancellation: for one tail the continued
fraction of the incomplete beta function (DLMF 8.17.22), for a table the sum of the masses beyond.
Large samples are left to `scipy.special`, as far down as floats reach.
The tests of :mod:`proctor.stats.binomial` and :mod:`proctor.stats.paired` are built on it (theory.md §3.2, §3.6);
nothing here knows what a level is.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from proctor.stats import normal

Floats = npt.NDArray[np.float64]
Number = TypeVar("Number", float, Floats)

MANY = 10_000
"""Sample above which tails are worth loading `scipy.special`, whose time hardly grows with it."""

_LOG_ROOT_TWO_PI = 0.5 * math.log(2 * math.pi)
_SERIES_FROM = 16
_EXACT = np.array(
    [0.0]
    + [math.log(math.factorial(n)) - (n + 0.5) * math.log(n) + n - _LOG_ROOT_TWO_PI for n in range(1, _SERIES_FROM)]
)
_SETTLED = 1e-15
_WORK = 1e6  # masses that a table sums, about; loading `scipy.special` takes longer than fewer
_MOST_STEPS = 60
_NEGLIGIBLE, _AT_ONCE, _TINY = 1e-13, 8, 1e-300
_SMALLEST_TRUSTED = math.exp(-600)


def stirling_error(count: npt.ArrayLike) -> Floats:
    """
    Remainder of Stirling's formula for ln(count!), to an absolute error of about 1e-14 (Loader 2000).

    Args:
        count: Whole numbers, >= 1.
    """
    # ln n! = (n + 1/2) ln n - n + ln sqrt(2 pi) + error(n)
    n = np.asarray(count, dtype=float)
    exact = _EXACT[np.minimum(n, _SERIES_FROM - 1).astype(np.intp)]
    return np.asarray(np.where(n < _SERIES_FROM, exact, _stirling_series(np.maximum(n, _SERIES_FROM))))


def _stirling_series(n: Number) -> Number:
    square = n * n
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n


def log_binomial(counts: npt.ArrayLike, n_examples: npt.ArrayLike) -> Floats:
    """
    Logarithm of the number of ways to choose *counts* of *n_examples*, by Loader's saddle-point form.

    Args:
        counts: Whole numbers in [0, n_examples].
        n_examples: Sizes of the samples; broadcasts.
    """
    # entropy form: ln C(n, k) = -k ln(k/n) - (n-k) ln(1-k/n) + ln sqrt(n / (2 pi k (n-k))) + stirling errors
    n, k = np.asarray(n_examples, dtype=float), np.atleast_1d(np.asarray(counts, dtype=float))
    inside = (k > 0) & (k < n)
    k = np.where(inside, k, 1.0)
    rest = np.where(inside, n - k, 1.0)
    n = np.maximum(n, 1.0)
    entropy = -k * np.log(k / n) - rest * np.log(rest / n)
    correction = stirling_error(n) - stirling_error(k) - stirling_error(rest)
    logs = entropy + 0.5 * np.log(n / (k * rest)) - _LOG_ROOT_TWO_PI + correction
    return np.asarray(np.where(inside, logs, 0.0))


def log_mass(counts: npt.ArrayLike, n_examples: npt.ArrayLike, probability: npt.ArrayLike) -> Floats:
    """
    Logarithm of the probability of exactly *counts* successes.

    Args:
        counts: Whole numbers in [0, n_examples].
        n_examples: Sizes of the samples; broadcasts.
        probability: Chance of a success, in [0, 1]; broadcasts.
    """
    n, k = np.asarray(n_examples, dtype=float), np.atleast_1d(np.asarray(counts, dtype=float))
    p = np.asarray(probability, dtype=float)
    return np.asarray(log_binomial(k, n) + _times_log(k, np.log, p) + _times_log(n - k, np.log1p, -p))


def _times_log(factor: Floats, log: np.ufunc, of: Floats) -> Floats:
    """Product of a factor and a logarithm; 0 where the factor is, whatever the logarithm."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(factor == 0, 0.0, factor * log(of))


def upper_tails(counts: npt.ArrayLike, n_examples: npt.ArrayLike, probability: npt.ArrayLike) -> Floats:
    """
    Probabilities of *counts* or more successes, in floats: below 1e-308 they are 0.

    Args:
        counts: Whole numbers in [1, n_examples].
        n_examples: Sizes of the samples; broadcasts.
        probability: Chance of a success, in [0, 1]; broadcasts.
    """
    k, n, p = (np.asarray(each, dtype=float) for each in (counts, n_examples, probability))
    rest = n - k + 1
    most = float(n.max(initial=1))
    if most > MANY or k.size * math.sqrt(most) > _WORK:
        from scipy.special import betainc

        return np.asarray(betainc(k, rest, p))
    is_below = k < n * p
    far, chance = np.where(is_below, rest, k), np.where(is_below, 1 - p, p)
    tail = np.exp(log_mass(far, n, chance)) * _in_masses(far, np.broadcast_to(n, far.shape), chance)
    return np.asarray(np.where(is_below, 1 - tail, tail))


def _in_masses(counts: Floats, n_examples: Floats, probability: Floats) -> Floats:
    """Tails beyond the mean, in masses at their ends; each further mass is smaller by more than the one before was."""
    left, reached, odds = n_examples - counts, counts + 1, probability / np.maximum(1 - probability, _TINY)
    last, total = np.ones(counts.shape), np.ones(counts.shape)
    while (last > _NEGLIGIBLE * total).any():
        for _ in range(_AT_ONCE):
            last *= left
            last *= odds
            last /= reached
            total += last
            left -= 1
            reached += 1
    ratio = np.maximum(left * odds / reached, 0.0)
    # what is left out falls a little faster than a geometric series
    return np.asarray(total + last * ratio / (1 - ratio))


def log_upper_tail(count: int, n_examples: int, probability: float) -> float:
    """
    Logarithm of the probability of *count* or more successes, at any depth.

    Args:
        count: Whole number; at most 0 gives 0.0 (certain), above *n_examples* gives -inf.
        n_examples: Size of the sample.
        probability: Chance of a success, in [0, 1].
    """
    if count <= 0 or probability >= 1:
        return 0.0 if count <= n_examples else -math.inf
    if count > n_examples or probability <= 0:
        return -math.inf
    return _log_tail(count, n_examples, probability, 1 - probability)


def log_lower_tail(count: int, n_examples: int, probability: float) -> float:
    """
    Logarithm of the probability of *count* or fewer successes, at any depth.

    Args:
        count: Whole number; below 0 gives -inf, at least *n_examples* gives 0.0.
        n_examples: Size of the sample.
        probability: Chance of a success, in [0, 1].
    """
    if count < 0 or count >= n_examples or probability <= 0 or probability >= 1:
        certain = count >= n_examples or (count >= 0 and probability <= 0)
        return 0.0 if certain else -math.inf
    return _log_tail(n_examples - count, n_examples, 1 - probability, probability)


def log_lower_quantile(count: int, n_examples: int, log_level: float) -> float:
    """
    Logarithm of the probability at which *count* or more successes have the chance exp(*log_level*).

    Args:
        count: Whole number in [1, n_examples].
        n_examples: Size of the sample.
        log_level: Natural logarithm of a level; < 0.
    """
    # The logarithm of the tail is concave in that of the probability: Newton's steps overshoot once at most.
    x = math.log(_score_bound(count, n_examples, -normal.quantile(log_level)))
    for _ in range(_MOST_STEPS):
        p, q = math.exp(x), -math.expm1(x)
        found = _log_tail(count, n_examples, p, q)
        step = (log_level - found) * math.exp(found - _log_mass(count, n_examples, p, q)) / count
        x = min(x + step, x / 2)
        if abs(step) <= 1e-15 * max(1.0, abs(x)):
            break
    return x


def _score_bound(count: int, n_examples: int, deviates: float) -> float:
    """Wilson's bound, close to which the exact one lies."""
    square = deviates * deviates
    reach = deviates * math.sqrt(count * (n_examples - count) / n_examples + square / 4)
    return max(min((count + square / 2 - reach) / (n_examples + square), count / (n_examples + 1)), _TINY)


def _log_tail(count: int, n_examples: int, success: float, failure: float) -> float:
    """Logarithm of the probability of *count* or more successes, where neither is impossible nor certain."""
    if n_examples > MANY:
        from scipy.special import betainc

        tail = float(betainc(count, n_examples - count + 1, success))
        if tail > _SMALLEST_TRUSTED:
            return math.log(tail)
    if success * (n_examples + 3) > count + 1:  # the fraction converges faster from the other side of the mean
        return math.log1p(-math.exp(_log_tail(n_examples - count + 1, n_examples, failure, success)))
    fraction = _fraction(float(count), float(n_examples - count + 1), success)
    return _log_mass(count, n_examples, success, failure) + math.log(failure * fraction)


def _log_mass(count: int, n_examples: int, success: float, failure: float) -> float:
    """Logarithm of the mass at *count*, by deviances: the logarithms of large samples do not cancel."""
    k, n, rest = float(count), float(n_examples), float(n_examples - count)
    if not 0 < k < n:
        return n * math.log(success if k else failure)
    # of two chances that sum to 1 the smaller one has more digits
    excess = k - n * success if success < failure else n * failure - rest
    deviance = k * math.log1p(excess / (n * success)) + rest * math.log1p(-excess / (n * failure))
    errors = _stirling_error(n) - _stirling_error(k) - _stirling_error(rest)
    return errors - deviance + 0.5 * math.log(n / (k * rest)) - _LOG_ROOT_TWO_PI


def _stirling_error(count: float) -> float:
    return float(_EXACT[int(count)]) if count < _SERIES_FROM else _stirling_series(count)


def _fraction(a: float, b: float, x: float) -> float:
    """Continued fraction of the incomplete beta function, by the recurrence of Lentz; for x < (a + 1)/(a + b + 2)."""
    upper, lower = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    value, j, change = lower, 0, 1.0
    while change > _SETTLED:
        j += 1
        for term in (
            j * (b - j) * x / ((a + (2 * j - 1)) * (a + 2 * j)),
            -(a + j) * (a + b + j) * x / ((a + 2 * j) * (a + (2 * j + 1))),
        ):
            upper, lower = 1 + term / upper, 1 / (1 + term * lower)
            value *= upper * lower
        change = abs(upper * lower - 1)
    return value


def chernoff(counts: npt.ArrayLike, n_examples: int, probability: npt.ArrayLike, *, above: bool) -> Floats:
    """
    Chernoff's bound on the probability of *counts* or more (*above*), or or fewer, successes.

    Args:
        counts: Whole numbers; those outside [0, n_examples] are impossible where they lie beyond the range.
        n_examples: Size of the sample; >= 1.
        probability: Chance of a success, in [0, 1].
        above: True if the upper tail is meant.
    """
    k = np.asarray(counts, dtype=float)
    p = np.asarray(probability, dtype=float)
    share = np.clip(k / n_examples, 0, 1)
    divergence = relative_entropy(share, p) + relative_entropy(1 - share, 1 - p)
    bound = np.exp(-n_examples * np.maximum(divergence, 0))
    impossible = k > n_examples if above else k < 0
    beyond = share > p if above else share < p
    return np.where(impossible, 0.0, np.where(beyond, bound, 1.0))


def relative_entropy(share: npt.ArrayLike, expected: npt.ArrayLike) -> Floats:
    """
    Share times the logarithm of its ratio to what is expected: a term of the Kullback–Leibler divergence.

    Args:
        share: Shares in [0, 1]; 0 gives 0.
        expected: Shares in [0, 1]; 0 gives infinity where the share is positive.
    """
    x, y = np.asarray(share, dtype=float), np.asarray(expected, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, 0.0, x * np.log(x / y))
