"""
Expected calibration error: bets on every way in which bins can be off (theory.md §3.5).

With bins fixed beforehand, the error is Σ |E (p - y) 1[bin]|: the largest mean of s·(p - y), over all ways to give
each bin a sign s. It is below a threshold if each of these means is, so each is refuted at the full level
(intersection-union, Berger 1982); it is above it if one of them is, so each has its part of the level (Bonferroni).
The bets are those of `proctor.stats.bounded`, made on all of them at once.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.stats import bounded
from proctor.stats.bounded import MARGIN, ROUNDING

Floats = NDArray[np.float64]

_CHECKED = 64
"""Means that are refuted are left out after so many examples each time."""


class Deviations(NamedTuple):
    """
    Probabilities less what came out.

    Attributes:
        values: Of each example, in [-1, 1], in an order that was fixed before any label was read.
        bins: Bin of each example's probability, from 0 on.
        n_bins: Number of bins that there are.
    """

    values: Floats
    bins: NDArray[np.integer[Any]]
    n_bins: int

    @property
    def error(self) -> float:
        """The expected calibration error of the sample; NaN without examples."""
        if not len(self.values):
            return math.nan
        return float(abs(np.bincount(self.bins, self.values, minlength=self.n_bins)).sum() / len(self.values))

    @property
    def at_worst(self) -> Floats:
        """The deviations, with the signs of their bins by which their mean is the error of the sample."""
        sums = np.bincount(self.bins, self.values, minlength=self.n_bins)
        found: Floats = self.values * np.where(sums < 0, -1.0, 1.0)[self.bins]
        return found


def bin_of(probabilities: Floats, n_bins: int) -> NDArray[np.int64]:
    """Bin of each probability, where all bins are equally wide; 1 is in the last one."""
    return np.minimum((probabilities * n_bins).astype(np.int64), n_bins - 1)


def is_below(deviations: Deviations, threshold: float, log_level: float) -> bool:
    """
    True if "the calibration error is at least *threshold*" is refuted at the level.

    Wrong with probability at most the level for every population, however small the sample.

    Args:
        deviations: The examples.
        threshold: Hypothetical error, in [0, 1].
        log_level: Natural logarithm of the level; < 0, and ``-inf`` (a spent account) never rejects.

    Example:
        A coin that is said to fall either way, and does:

        >>> is_below(Deviations(np.array([0.5, -0.5] * 200), np.zeros(400, int), 1), 0.2, math.log(0.001))
        True
    """
    if log_level == -math.inf or not len(deviations.values) or threshold <= 0:
        return False
    if not bounded.rejects(-deviations.at_worst, -threshold, log_level, -1.0, 1.0):
        return False  # the way that is off most in the sample: most models that are off fail here, at no cost
    return bool(_refuted(-deviations.values, deviations.bins, -threshold, -log_level).all())


def is_above(deviations: Deviations, threshold: float, log_level: float) -> bool:
    """
    True if "the calibration error is at most *threshold*" is refuted at the level; the opposite of `is_below`.

    Example:
        A coin that never falls on the side that it is said to fall on every other time:

        >>> is_above(Deviations(np.full(100, 0.5), np.zeros(100, int), 1), 0.2, math.log(0.001))
        True
    """
    if log_level == -math.inf or not len(deviations.values) or threshold >= 1:
        return False
    # Any of the ways may be the one that is off: the sample may choose, and each has its part of the level.
    part = log_level - deviations.n_bins * math.log(2)
    return bounded.rejects(deviations.at_worst, threshold, part, -1.0, 1.0)


def _refuted(values: Floats, bins: NDArray[np.integer[Any]], mean: float, needed: float) -> NDArray[np.bool_]:
    """
    Ways to give signs to the bins in which the bets on the values against a mean of *mean* come to e^needed.

    Bins without an example have no part in any, so their signs are left out. Values lie in [-1, 1]; they are scaled to
    [0, 1], and the steps are those of `proctor.stats.bounded`, for all ways at once.
    """
    column = np.unique(bins, return_inverse=True)[1]
    n_bins, n = int(column.max()) + 1, len(values)
    signs = 1.0 - 2 * (np.arange(1 << n_bins)[:, None] >> np.arange(n_bins) & 1)
    null = (1 + mean) / 2
    largest_bet, largest_variance, doubt = 1 / (null + MARGIN), null * (1 - null) + MARGIN, (null + MARGIN) * n
    refuted, open_ = np.zeros(len(signs), np.bool_), np.arange(len(signs))
    capital, squares = np.zeros(len(signs)), np.zeros(len(signs))
    for seen in range(n):
        variance = np.full(len(open_), largest_variance)
        if seen:
            variance = np.minimum(squares / seen + doubt / (seen * seen), largest_variance)
        wanted = np.maximum(needed - capital, 0.0)
        bet = np.minimum(np.sqrt(2 * wanted / ((n - seen) * variance)), largest_bet)
        gain = (1 + signs[open_, column[seen]] * values[seen]) / 2 - null
        capital += np.log1p(bet * gain)
        squares += gain * gain
        refuted[open_] |= capital >= needed + ROUNDING
        if seen % _CHECKED == 0:
            kept = ~refuted[open_]
            open_, capital, squares = open_[kept], capital[kept], squares[kept]
            if not len(open_):
                break
    return refuted
