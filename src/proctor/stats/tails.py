"""
Masses and tails of the binomial distribution, accurate where levels are tiny and samples large.

`scipy.special` has the tails (`betainc`, relative error about 1e-13) but not their logarithms,
and masses through `gammaln` lose a digit for every tenfold of the sample.
The tests of :mod:`proctor.stats.binomial` and :mod:`proctor.stats.paired` are built on it (theory.md §3.2, §3.6);
nothing here knows what a level is.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

LOG_SMALLEST_TRUSTED = -600.0
"""Below exp of this a tail is summed in logarithms: doubles end near exp(-708)."""

_LOG_ROOT_TWO_PI = 0.5 * math.log(2 * math.pi)
_SERIES_FROM = 16.0


def stirling_error(count: npt.ArrayLike) -> Floats:
    """
    Remainder of Stirling's formula for ln(count!), to an absolute error of about 1e-14 (Loader 2000).

    Args:
        count: Whole numbers, >= 1.
    """
    # ln n! = (n + 1/2) ln n - n + ln sqrt(2 pi) + error(n)
    n = np.asarray(count, dtype=float)
    small = np.minimum(n, _SERIES_FROM)
    direct = special.gammaln(small + 1) - (small + 0.5) * np.log(small) + small - _LOG_ROOT_TWO_PI
    large = np.maximum(n, _SERIES_FROM)
    square = large * large
    series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / large
    return np.asarray(np.where(n < _SERIES_FROM, direct, series))


def log_binomial(counts: npt.ArrayLike, n_examples: int) -> Floats:
    """
    Logarithm of the number of ways to choose *counts* of *n_examples*, by Loader's saddle-point form.

    Args:
        counts: Whole numbers in [0, n_examples].
        n_examples: Size of the sample.
    """
    # entropy form: ln C(n, k) = -k ln(k/n) - (n-k) ln(1-k/n) + ln sqrt(n / (2 pi k (n-k))) + stirling errors
    n = float(n_examples)
    k = np.atleast_1d(np.asarray(counts, dtype=float))
    inside = (k > 0) & (k < n)
    k = np.where(inside, k, 1.0)
    rest = np.where(inside, n - k, 1.0)
    entropy = -k * np.log(k / n) - rest * np.log(rest / n) if n > 0 else np.zeros_like(k)
    correction = float(stirling_error(max(n, 1.0))) - stirling_error(k) - stirling_error(rest)
    logs = entropy + 0.5 * np.log(max(n, 1.0) / (k * rest)) - _LOG_ROOT_TWO_PI + correction
    return np.asarray(np.where(inside, logs, 0.0))


def log_mass(counts: npt.ArrayLike, n_examples: int, probability: npt.ArrayLike) -> Floats:
    """
    Logarithm of the probability of exactly *counts* successes; broadcasts over *probability*.

    Args:
        counts: Whole numbers in [0, n_examples].
        n_examples: Size of the sample.
        probability: Chance of a success, in [0, 1].
    """
    k = np.atleast_1d(np.asarray(counts, dtype=float))
    p = np.asarray(probability, dtype=float)
    return np.asarray(log_binomial(k, n_examples) + special.xlogy(k, p) + special.xlog1py(n_examples - k, -p))


def log_binomial_rows(counts: npt.ArrayLike, n_examples: npt.ArrayLike, probability: float) -> Floats:
    """
    Logarithm of the probability of exactly *counts* successes where each sample has its own size, to a few digits.

    Args:
        counts: Whole numbers in [0, n_examples].
        n_examples: Sizes of the samples.
        probability: Chance of a success, in [0, 1].
    """
    k, n = np.asarray(counts, dtype=float), np.asarray(n_examples, dtype=float)
    ways = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(ways + special.xlogy(k, probability) + special.xlog1py(n - k, -probability))


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
    tail = float(special.betainc(count, n_examples - count + 1, probability))
    if tail > math.exp(LOG_SMALLEST_TRUSTED):
        return math.log(tail)
    return _summed_log_tail(count, n_examples, probability)


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
    tail = float(special.betainc(n_examples - count, count + 1, 1 - probability))
    if tail > math.exp(LOG_SMALLEST_TRUSTED):
        return math.log(tail)
    return _summed_log_tail(n_examples - count, n_examples, 1 - probability)


def _summed_log_tail(count: int, n_examples: int, probability: float) -> float:
    """Sum a tail far above the mean from its largest mass outwards."""
    odds = probability / (1 - probability)
    total, last, start = 1.0, 1.0, count
    while start < n_examples and last > 1e-18 * total:
        k = np.arange(start, min(start + 4096, n_examples), dtype=float)
        masses = last * np.cumprod((n_examples - k) / (k + 1) * odds)
        total += float(masses.sum())
        last, start = float(masses[-1]), start + len(k)
    return float(log_mass(count, n_examples, probability)[0]) + math.log(total)


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
    divergence = special.rel_entr(share, p) + special.rel_entr(1 - share, 1 - p)
    bound = np.exp(-n_examples * np.maximum(divergence, 0))
    impossible = k > n_examples if above else k < 0
    beyond = share > p if above else share < p
    return np.where(impossible, 0.0, np.where(beyond, bound, 1.0))
