"""
Difference of precision, recall, specificity or F-beta between two models on the same examples (theory.md §3.5).

Recall and specificity are shares of one and the same part of the examples, whatever the model: their difference is a
paired one. Precision and F-beta look at another part for each model: the test bets on cells (`proctor.stats.contrast`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from proctor.counting.events import is_class
from proctor.language import Clause, FScore, MetricDifference, Ratio
from proctor.methods.fbeta import noun_of
from proctor.methods.method import Bounds, Claim, Counted, Sequential
from proctor.methods.one_class import OfTwoModels
from proctor.methods.ratio import KINDS
from proctor.methods.standard import bounds_of_wins, rejects_wins

if TYPE_CHECKING:
    from proctor.counting.panel import Mask, Panel
    from proctor.methods.method import Codes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing
    from proctor.stats.contrast import Contrast, Tally

Statistic = TypeVar("Statistic")


class OfKind(OfTwoModels[MetricDifference, Statistic]):
    """Noun and labels of the metrics of `proctor.methods.ratio`."""

    @property
    def metric(self) -> str:
        """Name of the metric."""
        return self.quantity.of.metric if isinstance(self.quantity.of, Ratio) else "fbeta"

    @property
    def noun(self) -> str:
        """The metric in sentences."""
        of = self.quantity.of
        return noun_of(of.beta) if isinstance(of, FScore) else KINDS[self.metric].noun

    def needs_label(self, panel: Panel) -> Mask:
        """All examples; for precision those alone that a model calls positive."""
        import numpy as np

        if self.metric != "precision":
            return super().needs_label(panel)
        given = [values for model in self.models if (values := panel.of(model)) is not None]
        called = [is_class(values, self.quantity.positive) for values in given]
        return np.any(called, axis=0) if called else np.zeros(len(panel), np.bool_)


class Pairs(NamedTuple):
    """
    Outcomes among the examples that count.

    Attributes:
        wins: The first model alone is right.
        losses: The second model alone is right.
        part: How many count.
    """

    wins: int
    losses: int
    part: int


class ShareDifferenceMethod(OfKind[Pairs], Counted[MetricDifference, Pairs]):
    """Judges a difference of recall or specificity by wins and losses among the examples that count."""

    def of_counts(self, counts: Sequence[int]) -> Pairs:
        """Wins and losses, and the examples that count."""
        is_recall = self.metric == "recall"
        part = [counts[calls << 1 | is_recall] for calls in range(4)]
        first, second = part[0b01], part[0b10]
        return Pairs(first, second, sum(part)) if is_recall else Pairs(second, first, sum(part))

    def rejects(self, claim: Claim, statistic: Pairs, n_examples: int) -> bool:
        """Exact paired score test among the examples that count; where there are none, nothing is shown."""
        return bool(statistic.part) and rejects_wins(*statistic, claim._replace(cap=1.0))

    def estimate(self, statistic: Pairs, n_examples: int) -> float:
        """Wins without losses, as a share of the examples that count; NaN where there are none."""
        wins, losses, part = statistic
        return (wins - losses) / part if part else math.nan

    def counts(self, statistic: Pairs) -> dict[str, int]:
        """Wins, losses, and the examples that count."""
        return {"wins": statistic.wins, "losses": statistic.losses, "counted": statistic.part}

    def bounds(self, clause: Clause, statistic: Pairs, n_examples: int, level: float) -> Bounds:
        """Bounds and p-value of the paired test among the examples that count."""
        if not statistic.part:
            return -1.0, 1.0, 1.0
        return bounds_of_wins(*statistic, clause.threshold, level, above=clause.above)

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the exact paired test: the number of examples that count."""
        from proctor.methods.sizes.ratio_difference import ShareDifferenceSizing

        return ShareDifferenceSizing(share, is_recall=self.metric == "recall")


class CellsMethod(OfKind["Codes"], Sequential[MetricDifference, "Codes"]):
    """Judges a difference of precision or F-beta by betting on cells, in the order fixed at registration."""

    def of_codes(self, codes: Codes) -> Codes:
        """The codes: the test reads the label and both predictions of each example."""
        return codes

    def rejects(self, claim: Claim, statistic: Codes, n_examples: int) -> bool:
        """Betting on every cell; to show "below", the models change places."""
        from proctor.stats import contrast

        first = self._contrast(statistic)
        if claim.above:
            return contrast.rejects(first, claim.threshold, claim.log_level)
        return contrast.rejects(first.swapped, -claim.threshold, claim.log_level)

    def estimate(self, statistic: Codes, n_examples: int) -> float:
        """Difference of the metrics of the sample; NaN where no example counts."""
        return self._contrast(statistic).estimate()

    def counts(self, statistic: Codes) -> dict[str, int]:
        """Hits of both models, and the examples that count for each."""
        of_models = zip(self.models, self._tallies(statistic), strict=True)
        return {
            f"{name}_{model}": count
            for model, tally in of_models
            for name, count in (("hits", tally.hits), ("counted", tally.counted(self.weight)))
        }

    def bounds(self, clause: Clause, statistic: Codes, n_examples: int, level: float) -> Bounds:
        """Bounds by betting; a betting test has no p-value for a level chosen afterwards."""
        from proctor.stats import contrast

        first = self._contrast(statistic)
        return contrast.lower_bound(first, level), contrast.upper_bound(first, level), None

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size by the test's known width, or by simulating it."""
        from proctor.methods.sizes.ratio_difference import CellsSizing

        return CellsSizing(share, simulate, progress, self.weight)

    @property
    def weight(self) -> float:
        """Weight of a miss beside a false alarm."""
        of = self.quantity.of
        return float(of.beta) ** 2 if isinstance(of, FScore) else float(self.metric == "f1")

    def _contrast(self, codes: Codes) -> Contrast:
        from proctor.stats.contrast import Contrast

        return Contrast(codes, self.weight)

    def _tallies(self, codes: Codes) -> tuple[Tally, Tally]:
        """Hits, calls and positives of the first model and of the second."""
        contrast = self._contrast(codes)
        return contrast.swapped.tally(), contrast.tally()
