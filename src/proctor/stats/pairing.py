"""
Bets on pairs of an example of a class and one of another, averaged over many pairings (theory.md §3.5, sharper).

Of two scores, the difference of the areas under their ROC curves is the mean of one bounded value of such a pair. Pairs
that share no example are independent, but leave most pairs unused; so the same bets are made on many pairings. On each
the capital is a non-negative martingale under the hypothesis, hence its average is an e-value, which is at least
1/level with a probability of at most the level (Markov).

Where one kind is rarer, each example of it goes with some of the others, all of which are dealt out evenly. A pairing
is a rotation of the order that was fixed before any label was read.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.stats.bounded import MARGIN, ROUNDING

Floats = NDArray[np.float64]

MOST_PAIRINGS, LEAST_PAIRINGS = 200, 5
"""Rotations that bets are averaged over, and as few as that where there are very many examples."""

_MOST_PAIRS = 10_000_000
"""Pairs that are looked at in all, as far as that leaves enough pairings: they are kept in memory."""

_FINENESS = 8
"""A bound is found to so small a part of one over the root of the number of pairs: finer than it can be known."""


def contests(positives: Floats, negatives: Floats) -> Floats:
    """
    Values of the pairs: by how much more often the first score puts the example of the class above the other one.

    Args:
        positives: Both scores of each example of the class, in the order fixed; shape (n, 2).
        negatives: Both scores of each other example; shape (m, 2).

    Returns:
        One row for each pairing, with a value in [-1, 1] for each example of the rarer kind.

    Example:
        The first score has both pairs in order, the second neither; a tie would count half:

        >>> contests(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([[0.1, 0.9], [0.3, 0.7]])).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """
    is_rarer = len(positives) <= len(negatives)
    few, many = (positives, negatives) if is_rarer else (negatives, positives)
    n_pairings = min(len(many), max(LEAST_PAIRINGS, min(MOST_PAIRINGS, _MOST_PAIRS // max(1, len(many)))))
    found = np.empty((n_pairings if len(few) else 0, len(few)))
    edges = np.arange(len(few) + 1) * len(many) // max(1, len(few))
    dealt = np.diff(edges)
    partners, around = np.repeat(few, dealt, axis=0).T, np.concatenate([many, many]).T
    for row, values in enumerate(found):
        shift = row * len(many) // n_pairings
        first, second = np.sign(partners - around[:, shift : shift + len(many)])
        order = (first - second) / 2
        values[:] = np.add.reduceat(order if is_rarer else -order, edges[:-1]) / dealt
    return found


def rejects(contests: Floats, threshold: float, log_level: float) -> bool:
    """
    True if "the mean of the values is at most *threshold*" is refuted at the level.

    Wrong with probability at most the level for every population, however small the sample. No pairs show nothing.

    Args:
        contests: One row for each pairing, as `contests` has them.
        threshold: Hypothetical mean, in [-1, 1].
        log_level: Natural logarithm of the level; < 0, and ``-inf`` (a spent account) never rejects.

    Example:
        On 30 pairs the first score is always better, and on 10 always worse:

        >>> rejects(np.array([[1.0, 1.0, 1.0, -1.0] * 10]), 0.0, math.log(0.05))
        True
    """
    if log_level == -math.inf or not contests.size or threshold >= 1:
        return False
    if threshold < -1:
        return True
    return _log_capital(contests, threshold, -log_level) >= -log_level + ROUNDING


def lower_bound(contests: Floats, level: float) -> float:
    """
    Lower confidence bound on the mean: every value that was tried up to it is refuted at the level.

    For the owner's eyes: found by halving, certified between no two points, and never compared with in a verdict.
    """
    low, high = -1.0, 1.0
    while high - low > 1 / (_FINENESS * math.sqrt(1 + contests.shape[-1])):
        middle = (low + high) / 2
        low, high = (middle, high) if rejects(contests, middle, math.log(level)) else (low, middle)
    return low


def upper_bound(contests: Floats, level: float) -> float:
    """Upper confidence bound on the mean: the mirror image of `lower_bound`."""
    return -lower_bound(-contests, level)


def _log_capital(contests: Floats, mean: float, needed: float) -> float:
    """
    Natural logarithm of the average over all pairings of what the bets against *mean* come to.

    Each bet aims at a capital of e^needed by the last pair, at the mean square of the pairs before it.
    """
    gains = contests - mean
    n_pairs = gains.shape[1]
    squares = np.cumsum(gains * gains, axis=1)
    squares -= gains * gains
    variance = (squares + (1 - mean * mean + MARGIN)) / np.arange(1, n_pairs + 1)
    bets = np.minimum(np.sqrt(2 * needed / (n_pairs * variance)), 1 / (1 + mean + MARGIN))
    return _log_mean(np.log1p(bets * gains).sum(axis=1))


def _log_mean(logs: NDArray[Any]) -> float:
    largest = float(logs.max())
    return largest + math.log(float(np.exp(logs - largest).mean()))
