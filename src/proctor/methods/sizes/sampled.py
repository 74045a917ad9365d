"""
Sizes of the test of a difference of metrics of one class for which a share of the labels is drawn (theory.md §3.5, §6).

Sizes are numbers of examples that count, as where all labels are bought: whatever is not drawn is missed little.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from proctor.frozen import dataclass
from proctor.methods.ratio import KINDS
from proctor.methods.sizes import simulation
from proctor.methods.sizes.ratio_difference import CellsSizing
from proctor.methods.sizes.simulation import Floats, Scaled
from proctor.stats import contrast

_WIN, _LOSS, _BOTH = 3, 5, 7
"""Codes of the examples of the class that the first model alone finds, the second alone, and both."""


@dataclass(frozen=True)
class SampledSizing(CellsSizing):
    """
    Betting on the disagreements and on what is drawn of the rest.

    Args:
        drawn: Share of the examples that are drawn for labeling.
        metric: Name of the metric; of recall and specificity the same examples count for both models.
    """

    drawn: float
    metric: str

    @property
    def reason(self) -> str:
        """Reason for this test, which examples count, and which labels it takes."""
        labels = f"labels are bought where one model alone says the class, and of {100 * self.drawn:.4g} % of the rest"
        if self.weight == math.inf:
            counted = KINDS[self.metric].counted
            return f"both models on the same {counted}; the test set must hold so many of them; {labels}"
        return f"{super().reason}; {labels}"

    @property
    def label_share(self) -> float:
        """Of the examples that count: all disagreements, and what is drawn of the others."""
        return self.share.disagreement + self.drawn * (1 - self.share.disagreement)

    def _scaled(self, scores: Floats, chances: Floats, log_level: float) -> Scaled:
        """The bets, where each score is met with and without a draw."""
        drawn = np.concatenate([(1 - self.drawn) * chances, self.drawn * chances])
        return super()._scaled(contrast.thinned(scores, self.drawn), drawn, log_level)

    def test(self, tolerance: float, n_examples: int) -> Scaled:
        """The bets; of recall and specificity, on one score."""
        if self.weight < math.inf:
            return super().test(tolerance, n_examples)
        difference, changed = self.share.towards + 2 * tolerance, self.share.disagreement
        chances = np.zeros(contrast.CODES)
        chances[[_WIN, _LOSS, _BOTH]] = (changed + difference) / 2, (changed - difference) / 2, 1 - changed
        return self._scaled(contrast.scores(self.weight, self.share.towards, 0.0, 1.0), chances, self.log_level)

    def _hardest(self, every: list[Floats], chances: Floats, log_level: float) -> Scaled:
        """The bets that take most examples: with few labels the cells lie far apart, and so do their ranges."""
        found = [self._scaled(each, chances, log_level) for each in every]
        return max(found, key=lambda each: simulation.approximate_size(each, each.log_miss))

    def _interval(self, chances: Floats, n_examples: int) -> tuple[float, float]:
        """The interval for the baseline that the examples drawn are expected to give."""
        return super()._interval(chances, math.floor(self.drawn * n_examples))

    @cached_property
    def _reach(self) -> tuple[float, float]:
        """Lowest and highest difference that the anticipated disagreement allows."""
        return (-self.share.disagreement, self.share.disagreement) if self.weight == math.inf else super()._reach
