"""
Expected calibration error of probabilities of one class, in bins that the condition fixes (theory.md §3.5).

It is the largest of the means of signed deviations, over all ways to give the bins signs: `proctor.stats.calibration`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from proctor.counting.reading import Content, Numbers, Reading
from proctor.language import Calibration, Call, Clause
from proctor.language.tree import Number
from proctor.methods.auc import IsOf
from proctor.methods.figures import points
from proctor.methods.method import Bounds, Claim
from proctor.methods.metric import Metric, refusal
from proctor.methods.one_class import OfOneClass, model_and_class

if TYPE_CHECKING:
    from proctor.methods.method import Outcomes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing
    from proctor.stats.calibration import Deviations

USUAL_BINS, MOST_BINS = 10, 10
"""Bins where none are named, and so many at most: a test of each of their signs takes time."""


class EceMethod(OfOneClass[Calibration, "Deviations"]):
    """Judges the error by bets on the deviations, in the order fixed at registration."""

    noun = "calibration error"

    @property
    def reading(self) -> Reading:
        """Probabilities, and labels that are classes."""
        return Reading(Numbers(0.0, 1.0), Content.CLASSES)

    def statistic(self, outcomes: Outcomes) -> Deviations:
        """Deviations of all examples; none where no label is of the class, as if it were misspelled."""
        from proctor.counting.said import Said
        from proctor.stats.calibration import Deviations, bin_of

        said, is_positive = outcomes.values(Said(self.quantity.model)), outcomes.values(IsOf(self.quantity.positive))
        if not is_positive.any():
            said, is_positive = said[:0], is_positive[:0]
        return Deviations(said - is_positive, bin_of(said, self.quantity.bins), self.quantity.bins)

    def rejects(self, claim: Claim, statistic: Deviations, n_examples: int) -> bool:
        """Bets on every way to give the bins signs: one has to succeed to show "above", all to show "below"."""
        from proctor.stats import calibration

        shows = calibration.is_above if claim.above else calibration.is_below
        return shows(statistic, claim.threshold, claim.log_level)

    def estimate(self, statistic: Deviations, n_examples: int) -> float:
        """The error of the sample, which is larger than that of the population on average."""
        return statistic.error

    def bounds(self, clause: Clause, statistic: Deviations, n_examples: int, level: float) -> Bounds:
        """Hoeffding's bounds, which cost nothing and are wider than the bets; there is no p-value."""
        n, error = len(statistic.values), statistic.error
        if not n:
            return 0.0, 1.0, None
        needed = -math.log(level)
        lower = error - math.sqrt(2 * (needed + statistic.n_bins * math.log(2)) / n)
        return max(0.0, lower), min(1.0, error + math.sqrt(2 * needed / n)), None

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size by the test's known width, or by simulating it."""
        from proctor.methods.sizes.ece import EceSizing

        return EceSizing(share, simulate, progress, self.quantity.bins)

    def in_words(self, clause: Clause) -> str:
        """The error in points."""
        return f"{self.subject} {'above' if clause.above else 'below'} {points(clause.threshold)}"

    def value_in_words(self, value: float) -> str:
        """A distance of probabilities in points."""
        return points(value)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The error in words."""
        positive, bins = self.quantity.positive, self.quantity.bins
        far = f"how far predicted probabilities of class {positive} lie from its share"
        return (f"The calibration error is {far}, on average over {bins} equally wide bins of probabilities.",)


def _means(call: Call) -> Calibration:
    """
    The error that a call asks for.

    Raises:
        ConditionError: If it does not name a model and a class, or a number of bins that is none.
    """
    example = f'`{call.name}(n, "spam", bins={USUAL_BINS})`'
    others = tuple((name, value) for name, value in call.options if name not in {"bins", "n_bins"})
    model, positive = model_and_class(replace(call, options=others), example)
    options = dict(call.options)
    match options.get("bins", options.get("n_bins")):
        case None:
            return Calibration(model, positive, USUAL_BINS)
        case Number(bins) if bins == int(bins) and 1 <= bins <= MOST_BINS:
            return Calibration(model, positive, int(bins))
        case bins:
            raise refusal(call, f"`bins={bins}` is no number from 1 to {MOST_BINS}", f"Write {example}.")


ECE = Metric(
    "ece",
    "the expected calibration error of probabilities",
    _means,
    ("expected_calibration_error", "calibration_error"),
)
