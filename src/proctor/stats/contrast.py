"""
Differences of F1 or precision between two models on the same examples, by betting on cells (theory.md §3.5).

With TP, FP and FN the chances of a hit, a false alarm and a miss, F1 and precision are (1 + w) TP / D with
D = (1 + w) TP + FP + w FN: w is 1 for F1 and 0 for precision (and β² for F-beta). If the baseline's metric were known
to be v, "the difference is at most c" would say that the mean of one bounded score is at most 0. It is not known, so a
confidence interval for it is cut into cells, and on each cell the score is taken at its lowest. Whoever refutes every
cell, and the interval holds, has refuted the hypothesis (Berger & Boos 1994; intersection-union, Berger 1982).

An example is a code: the sum of 1 if its label is the class, 2 if the first model says so, 4 if the second does.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.stats import binomial, bounded

Floats = NDArray[np.float64]
Codes = NDArray[np.integer[Any]]

INTERVAL_SHARE = 1 / 20
"""Share of the level that the interval for the baseline takes."""

CELLS = 8
"""Cells that the interval is cut into: with more, each is tighter and all cost more time (theory.md §3.5)."""

_TINY = math.log(1e-290)
"""Natural logarithm of a level below which the interval is taken as everything."""

_FINENESS = 8
"""A bound is found to so small a part of one over the root of the number of examples: finer than it can be known."""

_LABEL, _FIRST, _SECOND = (np.arange(8) >> bit & 1 for bit in range(3))
_SWAPPED = _LABEL | _SECOND << 1 | _FIRST << 2


class Contrast(NamedTuple):
    """
    Two models on the same examples.

    Attributes:
        codes: Code of each example, in an order that was fixed before any label was read.
        weight: Weight of a miss beside a false alarm: 1 for F1, 0 for precision.
    """

    codes: Codes
    weight: float

    @property
    def swapped(self) -> Contrast:
        """The same with the models in each other's place."""
        return Contrast(_SWAPPED[self.codes], self.weight)

    def hits(self) -> tuple[int, int]:
        """Hits of the second model, and how many examples count for it: also false alarms, and misses of any weight."""
        counts = np.bincount(self.codes, minlength=8)
        is_counted = (_SECOND | _LABEL) if self.weight else _SECOND
        return int(counts @ (_LABEL & _SECOND)), int(counts @ is_counted)


def rejects(contrast: Contrast, threshold: float, log_level: float) -> bool:
    """
    True if "the first model's metric less the second's is at most *threshold*" is refuted at the level.

    Wrong with probability at most the level for every population, however small the sample. A model of which no
    example counts shows nothing.

    Args:
        contrast: The models on the examples.
        threshold: Hypothetical difference, in [-1, 1].
        log_level: Natural logarithm of the level; < 0, and ``-inf`` (a spent account) never rejects.

    Example:
        The first model finds 60 of 80 examples that the second misses, and nothing else differs:

        >>> rejects(Contrast(np.array([7] * 100 + [3] * 60 + [1] * 20), 1.0), 0.1, math.log(0.001))
        True

    """
    if log_level == -math.inf or not contrast.hits()[1] or not contrast.swapped.hits()[1]:
        return False
    low, high = _interval(contrast, log_level)
    edges = np.linspace(low, high, CELLS + 1).tolist()
    rest = log_level + math.log1p(-INTERVAL_SHARE)
    return all(_refutes(contrast, threshold, cell, rest) for cell in pairwise(edges))


def lower_bound(contrast: Contrast, level: float) -> float:
    """
    Lower confidence bound on the difference: every difference that was tried up to it is refuted at the level.

    For the owner's eyes: found by halving, certified between no two points, and never compared with in a verdict.
    """
    low, high = -1.0, 1.0
    while high - low > 1 / (_FINENESS * math.sqrt(1 + len(contrast.codes))):
        middle = (low + high) / 2
        low, high = (middle, high) if rejects(contrast, middle, math.log(level)) else (low, middle)
    return low


def upper_bound(contrast: Contrast, level: float) -> float:
    """Upper confidence bound on the difference: the mirror image of `lower_bound`."""
    return -lower_bound(contrast.swapped, level)


def scores(weight: float, threshold: float, low: float, high: float) -> Floats:
    """
    Score of each code on a cell: its mean is at most 0 if the difference is at most *threshold*.

    For every baseline in the cell it is at most (1 + w)(TP₁ - TP₂) - (v + c) D₁ + v D₂, whose mean is at most 0 where
    the baseline's metric is v and the first model's at most v + c.

    Args:
        weight: Weight of a miss beside a false alarm.
        threshold: The difference c.
        low: Least value of the baseline's metric in the cell.
        high: Largest value of the baseline's metric in the cell.

    """
    more, less = np.maximum(_FIRST - _SECOND, 0), np.maximum(_SECOND - _FIRST, 0)
    gained: Floats = (1 + weight) * _LABEL * (more - less) - threshold * (weight * _LABEL + _FIRST)
    return gained - high * more + low * less


def _refutes(contrast: Contrast, threshold: float, cell: tuple[float, float], log_level: float) -> bool:
    """
    True if betting refutes the hypothesis on one cell.

    Only examples whose score is not 0 are played: given how many there are, they are independent draws with the same
    sign of the mean, and nothing can be won or lost on the others.
    """
    low, high = cell
    if high + threshold < 0:
        return True  # no metric is below 0
    of_code = scores(contrast.weight, threshold, low, high)
    played = of_code[contrast.codes]
    return bounded.rejects(played[played != 0], 0.0, log_level, float(of_code.min()), float(of_code.max()))


def _interval(contrast: Contrast, log_level: float) -> tuple[float, float]:
    """Confidence interval for the second model's metric, at its share of the level."""
    if log_level < _TINY:
        return 0.0, 1.0
    hits, counted = contrast.hits()
    level = math.exp(log_level) * INTERVAL_SHARE / 2
    low, high = binomial.lower_bound(hits, counted, level), binomial.upper_bound(hits, counted, level)
    return metric_of(low, contrast.weight), metric_of(high, contrast.weight)


def metric_of(share: float, weight: float) -> float:
    """F1 (weight 1) or precision (weight 0) at a share of hits among the examples that count."""
    return (1 + weight) * share / (1 + weight * share)
