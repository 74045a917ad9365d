"""
Sizes of the tests of a difference of precision, recall, specificity or F-beta between two models (theory.md §3.5, §6).

Sizes are numbers of examples that count, as for the metric of one model, and `disagreement` is taken to be the share of
them on which one model alone says the class.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import ClassVar

import numpy as np

from proctor.frozen import dataclass, replace
from proctor.methods.ratio import KINDS
from proctor.methods.sizes.betting import FINE, BettingSizing
from proctor.methods.sizes.difference import DifferenceSizing
from proctor.methods.sizes.share import Share, check_alternative
from proctor.methods.sizes.simulation import Floats, Scaled, feasible_vertices
from proctor.stats import contrast

ASSUMED = 0.5
"""The baseline's metric in a plan: precision is hardest to tell there, and F-beta is easier above."""

_LABEL, _FIRST, _SECOND = (np.arange(8) >> bit & 1 for bit in range(3))


class ShareDifferenceSizing(DifferenceSizing):
    """
    The exact paired score test among the examples of the class, or among all others.

    Args:
        share: What the clause may use; a bound on the disagreement of all examples bounds none on a part of them.
        is_recall: True if the examples of the class count, False if the others do.
    """

    def __init__(self, share: Share, *, is_recall: bool) -> None:
        super().__init__(replace(share, cap=1.0, disagreement=share.disagreement_on_part))
        self.is_recall = is_recall

    @property
    def reason(self) -> str:
        """Reason for this test, and which examples count."""
        share, counted = self.share.disagreement, KINDS["recall" if self.is_recall else "specificity"].counted
        said = f"the predictions of {100 * share:.4g} % of them are expected to change"
        worst = "nothing is said of `disagreement`, so the worst case 1 is taken"
        return (
            f"both models on the same {counted}; the test set must hold so many of them; {said if share < 1 else worst}"
        )

    @property
    def label_share(self) -> float:
        """All of them: which examples count is told by their labels."""
        return 1.0


@dataclass(frozen=True)
class CellsSizing(BettingSizing):
    """
    Betting on cells of the baseline's metric; for ``<`` the models change places.

    Args:
        weight: Weight of a miss beside a false alarm.
    """

    weight: float
    method: ClassVar[str] = "betting on cells"

    @property
    def reason(self) -> str:
        """Reason for this test, how it was sized, and which examples count."""
        return (
            f"each model has its own {KINDS['f1' if self.weight else 'precision'].counted}; the test set must hold "
            f"so many of either; sized by {self.sized}, as if the baseline's were {ASSUMED:g}"
        )

    @property
    def room(self) -> float:
        """Largest tolerance whose alternative the anticipated disagreement allows."""
        return (self._reach[1] - self.share.towards) / 2

    def test(self, tolerance: float, n_examples: int) -> Scaled:
        """The bets on the cell that is hardest to refute; the test itself leaves out scores of 0, and is no worse."""
        chances = self._population(self.share.towards + 2 * tolerance)
        rest = self.log_level + math.log1p(-contrast.INTERVAL_SHARE)
        cells = contrast.cells(self._interval(chances, n_examples), n_examples)
        every = [contrast.scores(self.weight, self.share.towards, *cell) for cell in (cells[0], cells[-1])]
        return self._hardest(every, chances, rest)

    def check(self) -> None:
        """Refuse a difference that the anticipated disagreement rules out."""
        check_alternative(self.share, -1.0, 1.0)
        low, high = self._reach
        check_alternative(self.share, *((low, high) if self.share.above else (-high, -low)), "disagreement")

    def _hardest(self, every: list[Floats], chances: Floats, log_level: float) -> Scaled:
        """The bets on the scores of a cell, of several, with the lowest mean."""
        return self._scaled(min(every, key=lambda each: float(each @ chances)), chances, log_level)

    def _scaled(self, scores: Floats, chances: Floats, log_level: float) -> Scaled:
        """The bets on the *scores* of codes with these *chances*."""
        least, most = float(scores.min()), float(scores.max())
        met = chances > 0
        values = (scores[met] - least) / (most - least)
        null = -least / (most - least)
        return Scaled(tuple(values.tolist()), tuple(chances[met].tolist()), null, log_level, self.share.log_miss)

    def _interval(self, chances: Floats, n_examples: int) -> tuple[float, float]:
        """The interval for the baseline that so many examples are expected to give."""
        events = (_LABEL & _SECOND, _SECOND, _LABEL)
        tally = contrast.Tally(*(round(n_examples * float(chances @ event)) for event in events))
        return tally.interval(self.weight, self.log_level + math.log(contrast.INTERVAL_SHARE))

    def _population(self, difference: float) -> Floats:
        """Chance of each code, in the population with this difference that is hardest to tell from the threshold."""
        baseline, found = _assumed(difference), self._vertices(difference)
        scores = contrast.scores(self.weight, self.share.towards, baseline, baseline)
        gains = np.maximum(found @ scores, 1e-12)
        hardest: Floats = found[np.argmax(found @ scores**2 / gains**2)]
        return hardest

    def _vertices(self, difference: float) -> Floats:
        """Extreme populations in which the metrics differ so much, by code; one row each."""
        baseline = _assumed(difference)
        sizes = [self.weight * _LABEL + said for said in (_FIRST, _SECOND)]
        of_first = (1 + self.weight) * _LABEL * _FIRST - (baseline + difference) * sizes[0]
        of_second = (1 + self.weight) * _LABEL * _SECOND - baseline * sizes[1]
        counted = np.flatnonzero(sizes[0] + sizes[1])
        rows = np.array([np.ones(8), _FIRST != _SECOND, of_first, of_second])[:, counted]
        unchanged = np.array([[0.0], [1.0], [0.0], [0.0]])  # the share of changes that is left unused
        right = np.array([1.0, self.share.disagreement, 0.0, 0.0])
        found = feasible_vertices(np.hstack([rows, unchanged]), right)
        chances = np.zeros((len(found), 8))
        chances[:, counted] = found[:, :-1]
        return chances

    @cached_property
    def _reach(self) -> tuple[float, float]:
        """Lowest and highest difference that the anticipated disagreement allows."""
        return self._furthest(-1.0), self._furthest(1.0)

    def _furthest(self, far: float) -> float:
        """The difference nearest to *far* that a population has; where it has one, it has all between it and 0."""
        near = 0.0
        while abs(far - near) > FINE / 10:
            middle = (near + far) / 2
            near, far = (middle, far) if len(self._vertices(middle)) else (near, middle)
        return near


def _assumed(difference: float) -> float:
    """The baseline's metric in a plan; both metrics lie in [0, 1]."""
    return min(max(ASSUMED, -difference), 1 - difference)
