"""
Differences of precision or F-beta between two models on the same examples, by betting on cells (theory.md §3.5).

With TP, FP and FN the chances of a hit, a false alarm and a miss, precision and F-beta are (1 + w) TP / D with
D = (1 + w) TP + FP + w FN: w is β², so 1 for F1, 0 for precision, and infinite for recall. If the baseline's metric
were known to be v, "the difference is at most c" would say that the mean of one bounded score is at most 0. It is not
known, so [0, 1] is cut into cells, and on each cell that meets a confidence interval the score is taken at its lowest.
Whoever refutes all those, and the interval holds, has refuted the hypothesis (Berger & Boos 1994; intersection-union,
Berger 1982). The cells are fixed by the number of examples, so that on the one where v lies the bets know nothing of
what is to come. Recall is a share of the same examples for both models, and needs neither.

An example is a code: the sum of 1 if its label is the class, 2 if the first model says so, 4 if the second does, and
8 if it was drawn for labeling. Labels may be bought of the disagreements and of a random share of everything else: an
example on which the models agree then counts as one over that share if it was drawn, and as nothing if it was not, so
that every mean is the one that all labels would give.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.stats import binomial, bounded

Floats = NDArray[np.float64]
Codes = NDArray[np.integer[Any]]

INTERVAL_SHARE = 1 / 20
"""Share of the level that the interval for the baseline takes."""

_CELLS = 4
"""Cells are so small a part of one over the root of the number of examples: some twenty of them meet an interval."""

_TINY = math.log(1e-290)
"""Natural logarithm of a level below which the interval is taken as everything."""

_FINENESS = 8
"""A bound is found to so small a part of one over the root of the number of examples: finer than it can be known."""

CODES = 8
"""Number of codes where no example is drawn."""

_LABEL, _FIRST, _SECOND = (np.arange(CODES) >> bit & 1 for bit in range(3))
_SWAPPED = np.concatenate([drawn + (_LABEL | _SECOND << 1 | _FIRST << 2) for drawn in (0, CODES)])
AGREE = _FIRST == _SECOND
"""Codes, without a draw, of the examples on which the models say the same."""


class Tally(NamedTuple):
    """
    One model on all examples.

    Attributes:
        hits: Examples of the class that it calls so.
        called: Examples that it calls so.
        positives: Examples of the class.
    """

    hits: int
    called: int
    positives: int

    def counted(self, weight: float) -> int:
        """Examples that count: calls, and where a miss weighs anything, also misses; for recall these and the hits."""
        of_calls, of_positives = _weights(weight)
        misses = self.positives - (self.hits if of_calls else 0)
        return (self.called if of_calls else 0) + (misses if of_positives else 0)

    def metric(self, weight: float) -> float:
        """The metric of the sample; NaN where no example counts."""
        return _metric(*self, weight)

    def interval(self, weight: float, log_level: float) -> tuple[float, float]:
        """
        Confidence interval for the metric at a level.

        Precision and F1 follow from one share of the examples that count; F-beta from precision and recall, in both of
        which it grows, so they have half the level each.
        """
        if log_level < _TINY:
            return 0.0, 1.0
        if weight in {0, 1}:
            low, high = _bounds(self.hits, self.counted(weight), math.exp(log_level))
            return low * (1 + weight) / (1 + weight * low), high * (1 + weight) / (1 + weight * high)
        parts = [_bounds(self.hits, part, math.exp(log_level) / 2) for part in (self.called, self.positives)]
        low, high = (
            (1 + weight) * precision * recall / (weight * precision + recall) if recall else 0.0
            for precision, recall in zip(*parts, strict=True)
        )
        return low, high


class Contrast(NamedTuple):
    """
    Two models on the same examples.

    Attributes:
        codes: Code of each example, in an order that was fixed before any label was read.
        weight: Weight of a miss beside a false alarm: 1 for F1, 0 for precision, β² for F-beta, ``inf`` for recall.
        share: Share of the examples that are drawn for labeling, at random and whatever becomes of them; 1 if all
            labels are there, and no code says that an example was drawn.
    """

    codes: Codes
    weight: float
    share: float = 1.0

    @property
    def swapped(self) -> Contrast:
        """The same with the models in each other's place."""
        return self._replace(codes=_SWAPPED[self.codes])

    @property
    def of_others(self) -> Contrast:
        """The same about everything that is not of the class, of which recall is called specificity."""
        return self._replace(codes=self.codes ^ (CODES - 1))

    def tally(self) -> Tally:
        """The second model's hits, calls and positives, among the examples that were drawn."""
        of_code = np.bincount(self.codes, minlength=2 * CODES)
        counts = of_code[CODES:] if self.share < 1 else of_code[:CODES]
        return Tally(*(int(counts @ event) for event in (_LABEL & _SECOND, _SECOND, _LABEL)))

    def estimate(self) -> float:
        """The first model's metric of the sample less the second's; NaN where no example counts for one of them."""
        whole = self.whole()
        first, second = (
            _metric(float(whole @ (_LABEL & said)), float(whole @ said), float(whole @ _LABEL), self.weight)
            for said in (_FIRST, _SECOND)
        )
        return first - second

    def whole(self) -> Floats:
        """Estimated number of examples with each of the 8 codes; that number itself where all labels are there."""
        counts = np.bincount(self.codes, minlength=2 * CODES) * thinned(np.ones(CODES), self.share)
        whole: Floats = counts[:CODES] + counts[CODES:]
        return whole

    def refutes(self, of_code: Floats, log_level: float) -> bool:
        """
        True if betting refutes that a score has a mean of at most 0, where *of_code* is that of each code.

        Only examples whose score is not 0 are played: given how many there are, they are independent draws with the
        same sign of the mean, and nothing can be won or lost on the others.
        """
        scores = thinned(of_code, self.share)
        played = scores[self.codes]
        return bounded.rejects(played[played != 0], 0.0, log_level, float(scores.min()), float(scores.max()))


def thinned(of_code: Floats, share: float) -> Floats:
    """
    Score of each code, with and without a draw: over the draws, its mean is *of_code*.

    Args:
        of_code: Score of each of the 8 codes where all labels are there.
        share: Share of the examples that are drawn; where it is 1, none has to be.
    """
    if share == 1:
        return np.concatenate([of_code, of_code])
    return np.concatenate([np.where(AGREE, 0.0, of_code), np.where(AGREE, of_code / share, of_code)])


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
    tallies = contrast.swapped.tally(), contrast.tally()
    if log_level == -math.inf or not all(each.counted(contrast.weight) for each in tallies):
        return False
    of_calls, _ = _weights(contrast.weight)
    if not of_calls:  # both recalls are shares of the same examples, whatever the baseline's is
        return contrast.refutes(scores(contrast.weight, threshold, 0.0, 1.0), log_level)
    interval = tallies[1].interval(contrast.weight, log_level + math.log(INTERVAL_SHARE))
    rest = log_level + math.log1p(-INTERVAL_SHARE)
    return all(_refutes(contrast, threshold, cell, rest) for cell in cells(interval, len(contrast.codes)))


def cells(interval: tuple[float, float], n_examples: int) -> list[tuple[float, float]]:
    """The cells that meet an interval, from its low end on; at least one."""
    low, high = interval
    n_cells = math.ceil(_CELLS * math.sqrt(n_examples))
    first = min(math.floor(low * n_cells), n_cells - 1)
    last = max(math.ceil(high * n_cells), first + 1)
    return [(cell / n_cells, (cell + 1) / n_cells) for cell in range(first, last)]


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
    of_calls, of_positives = _weights(weight)
    hits = (of_calls + of_positives) * _LABEL * (more - less)
    gained: Floats = hits - threshold * (of_positives * _LABEL + of_calls * _FIRST)
    return gained - of_calls * (high * more - low * less)


def _refutes(contrast: Contrast, threshold: float, cell: tuple[float, float], log_level: float) -> bool:
    """True if betting refutes the hypothesis on one cell."""
    low, high = cell
    if high + threshold < 0:
        return True  # no metric is below 0
    return contrast.refutes(scores(contrast.weight, threshold, low, high), log_level)


def _metric(hits: float, called: float, positives: float, weight: float) -> float:
    of_calls, of_positives = _weights(weight)
    size = of_calls * called + of_positives * positives
    return (of_calls + of_positives) * hits / size if size else math.nan


def _weights(weight: float) -> tuple[float, float]:
    """Weights of calls and of positives in D: those of recall, whose miss outweighs everything, are 0 and 1."""
    return (0.0, 1.0) if weight == math.inf else (1.0, weight)


def _bounds(hits: int, part: int, level: float) -> tuple[float, float]:
    """Clopper and Pearson's interval for a share."""
    return binomial.lower_bound(hits, part, level / 2), binomial.upper_bound(hits, part, level / 2)
