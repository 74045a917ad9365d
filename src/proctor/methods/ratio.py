"""
Precision, recall, specificity and F1 of one class: an exact binomial test on the examples that count (theory.md §3.5).

Each is a share of a part of the examples, or follows from one: F1/(2 - F1) is the share of true positives among all
examples that are positive or called so. Given how many examples are in the part, the number of hits is binomial.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from proctor.counting.events import is_class
from proctor.language import Clause, Ratio
from proctor.methods.method import Bounds, Claim, Counted
from proctor.methods.metric import Metric
from proctor.methods.one_class import OfOneModel, mean_called, ratio_called
from proctor.methods.standard import bounds_of_count

if TYPE_CHECKING:
    from proctor.counting.panel import Mask, Panel
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing

_NEGATIVE, _MISS, _FALSE_ALARM, _HIT = range(4)
"""Codes: nothing; positive and not called so; called so and not positive; both."""


class Kind(NamedTuple):
    """
    One metric.

    Attributes:
        hit: Code of the examples that speak for the model.
        part: Codes of the examples that count.
        noun: Its name in sentences.
        counted: The examples that count, in sentences.
        is_f1: True if the metric is 2p/(1 + p) of the share p of hits.
    """

    hit: int
    part: tuple[int, ...]
    noun: str
    counted: str
    is_f1: bool = False

    def share_of(self, value: float) -> float:
        """The share of hits at which the metric has a *value*."""
        return value / (2 - value) if self.is_f1 else value

    def value_of(self, share: float) -> float:
        """The metric at a *share* of hits."""
        return 2 * share / (1 + share) if self.is_f1 else share


KINDS = {
    "precision": Kind(_HIT, (_HIT, _FALSE_ALARM), "precision", "predictions of the class"),
    "recall": Kind(_HIT, (_HIT, _MISS), "recall", "examples of the class"),
    "specificity": Kind(_NEGATIVE, (_NEGATIVE, _FALSE_ALARM), "specificity", "examples of other classes"),
    "f1": Kind(
        _HIT,
        (_HIT, _FALSE_ALARM, _MISS),
        "F1 score",
        "examples that are of the class, or are called so",
        is_f1=True,
    ),
}
"""The metrics by name."""


class Hits(NamedTuple):
    """Number of hits among the examples that count."""

    hits: int
    part: int


class RatioMethod(OfOneModel[Ratio, Hits], Counted[Ratio, Hits]):
    """Judges a metric of one class by the hits among the examples that count."""

    @property
    def kind(self) -> Kind:
        """The metric."""
        return KINDS[self.quantity.metric]

    @property
    def noun(self) -> str:
        """The metric in sentences."""
        return self.kind.noun

    def needs_label(self, panel: Panel) -> Mask:
        """All examples; for precision those alone that the model calls positive."""
        values = panel.of(self.quantity.model)
        if values is None or self.quantity.metric != "precision":
            return super().needs_label(panel)
        return is_class(values, self.quantity.positive)

    def of_counts(self, counts: Sequence[int]) -> Hits:
        """Hits, and the examples that count."""
        return Hits(counts[self.kind.hit], sum(counts[code] for code in self.kind.part))

    def rejects(self, claim: Claim, statistic: Hits, n_examples: int) -> bool:
        """Exact binomial test among the examples that count; where there are none, nothing is shown."""
        from proctor.stats import binomial

        if not statistic.part:
            return False
        threshold = self.kind.share_of(claim.threshold)
        return binomial.rejects(statistic.hits, statistic.part, threshold, claim.log_level, above=claim.above)

    def estimate(self, statistic: Hits, n_examples: int) -> float:
        """The metric of the sample; NaN where no example counts."""
        return self.kind.value_of(statistic.hits / statistic.part) if statistic.part else math.nan

    def counts(self, statistic: Hits) -> dict[str, int]:
        """Hits, and the examples that count."""
        return {"hits": statistic.hits, "counted": statistic.part}

    def bounds(self, clause: Clause, statistic: Hits, n_examples: int, level: float) -> Bounds:
        """Clopper and Pearson's bounds, and the exact p-value."""
        if not statistic.part:
            return 0.0, 1.0, 1.0
        threshold, value_of = self.kind.share_of(clause.threshold), self.kind.value_of
        lower, upper, p_value = bounds_of_count(*statistic, threshold, level, above=clause.above)
        return value_of(lower), value_of(upper), p_value

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the exact binomial test: the number of examples that count."""
        from proctor.methods.sizes.ratio import RatioSizing

        return RatioSizing(share, self.kind)


def _metric(name: str, summary: str, *also: str) -> Metric:
    return Metric(name, summary, ratio_called, also)


RATIOS = (
    Metric(
        "precision", "the share of what a model calls a class that is of it", mean_called, ("ppv", "precision_score")
    ),
    Metric("recall", "the share of a class that a model finds", mean_called, ("sensitivity", "tpr", "recall_score")),
    _metric("specificity", "the share of everything else that a model does not call so", "tnr", "selectivity"),
    Metric("f1", "the harmonic mean of precision and recall", mean_called, ("f1_score", "fscore", "f_score")),
)
