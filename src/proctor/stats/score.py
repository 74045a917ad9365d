"""
The restricted score statistic, which orders the outcomes of a paired comparison (theory.md §3.2, step 1).

Only the order matters here: how likely an outcome at least as extreme is, is for :mod:`proctor.stats.certified`.
Everything broadcasts over arrays of outcomes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TIE = 1e-10
"""Statistics closer than this, relative to their size or 1, are the same (theory.md §3.2, step 4)."""


def statistic(wins: npt.ArrayLike, losses: npt.ArrayLike, n_examples: int, threshold: float) -> Floats:
    """
    Restricted score statistic of the hypothesis that the difference is *threshold* (Tango 1998).

    It never falls when a loss becomes a tie, or a tie a win (it is Barnard-convex).

    Args:
        wins: Examples on which the candidate alone is right.
        losses: Examples on which the baseline alone is right.
        n_examples: Size of the sample, ties included; >= 1.
        threshold: Difference of accuracies, strictly between -1 and 1.
    """
    w, ell = np.asarray(wins, dtype=float), np.asarray(losses, dtype=float)
    excess = w - ell - n_examples * threshold
    if threshold >= 0:
        variance = _restricted_disagreement(w, ell, n_examples, threshold) - threshold**2
    else:  # the mirror image, where nothing cancels
        variance = _restricted_disagreement(ell, w, n_examples, -threshold) - threshold**2
    scale = np.sqrt(n_examples * np.maximum(variance, 0.0))
    return np.asarray(np.divide(excess, scale, out=np.zeros_like(scale), where=scale > 0))


def _restricted_disagreement(w: Floats, ell: Floats, n: int, c: float) -> Floats:
    """Maximum-likelihood estimate of P(X != 0) where E[X] = c >= 0."""
    # Tango's quadratic 2n q^2 + B q + C = 0 for q = P(X = -1); psi = 2 q + c
    b = -w - ell + (2 * n - w + ell) * c
    minus_c = ell * c * (1 - c)
    root = np.sqrt(b * b + 8 * n * minus_c)
    divisor = np.where(b > 0, b + root, 1.0)
    q = np.where(b > 0, 2 * minus_c / divisor, (root - b) / (4 * n))
    return np.asarray(2 * q + c)


def loosened(value: npt.ArrayLike) -> Floats:
    """Value from which on a statistic counts as at least *value*: a little less, for ties and rounding."""
    t = np.asarray(value, dtype=float)
    return np.asarray(t - TIE * np.maximum(1.0, np.abs(t)))


def critical_wins(
    discordant: npt.NDArray[np.int64], n_examples: int, threshold: float, value: npt.ArrayLike
) -> npt.NDArray[np.int64]:
    """
    Fewest wins among so many discordant examples whose statistic is at least *value*.

    Args:
        discordant: Wins and losses together; whole numbers in [0, n_examples].
        n_examples: Size of the sample; >= 1.
        threshold: Difference of accuracies, strictly between -1 and 1.
        value: Statistic to reach, exactly as given (see :func:`loosened`); broadcasts.

    Returns:
        A number from 0 to *discordant*, or *discordant* + 1 where no outcome reaches the value.
    """
    m, t = np.broadcast_arrays(discordant, np.asarray(value, dtype=float))
    mf = m.astype(float)
    difference = np.full(mf.shape, n_examples * threshold)
    sweeps = 1 if threshold == 0 else 3
    for _ in range(sweeps):  # a contraction: the estimate of the nuisance hardly moves with the difference
        difference = _difference_reaching(t, mf, np.clip(difference, -mf, mf), n_examples, threshold)
    wins = np.clip(np.ceil((mf + difference) / 2 - 1e-6), 0, mf + 1)
    return _corrected(wins, m, n_examples, threshold, t)


def _difference_reaching(t: Floats, m: Floats, difference: Floats, n: int, c: float) -> Floats:
    """Difference of wins and losses at which the statistic is t, with the variance as estimated at *difference*."""
    w, ell = (m + difference) / 2, (m - difference) / 2
    psi = _restricted_disagreement(w, ell, n, c) if c >= 0 else _restricted_disagreement(ell, w, n, -c)
    return np.asarray(n * c + t * np.sqrt(n * np.maximum(psi - c * c, 0.0)))


def _corrected(wins: Floats, m: npt.NDArray[np.int64], n: int, c: float, t: Floats) -> npt.NDArray[np.int64]:
    """Verify each guess and its neighbor below; bisect where the guess was off."""

    def reaches(w: Floats, among: Floats, value: Floats) -> npt.NDArray[np.bool_]:
        inside = np.clip(w, 0, among)
        enough = statistic(inside, among - inside, n, c) >= value
        return np.asarray((w > among) | ((w >= 0) & enough))

    limit = m.astype(float)
    off = ~(reaches(wins, limit, t) & ~reaches(wins - 1, limit, t))
    if off.any():
        among, value = limit[off], t[off]
        low, high = np.full(among.shape, -1.0), among + 1.0
        while bool(np.any(high - low > 1)):
            middle = np.floor((low + high) / 2)
            enough = reaches(middle, among, value)
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        wins[off] = high
    return wins.astype(np.int64)
