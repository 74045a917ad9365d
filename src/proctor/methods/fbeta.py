"""F-beta of one class, where recall counts more than precision or less: betting on one score (theory.md §3.5)."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from proctor.language import Call, Clause, FScore, MeanFScore, Ratio
from proctor.language.tree import Number, decimal_text
from proctor.methods.method import Bounds, Claim, Sequential
from proctor.methods.metric import Metric, refusal
from proctor.methods.one_class import OfOneModel, model_and_class, model_of_macro

if TYPE_CHECKING:
    from proctor.methods.method import Codes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing

_LARGEST = 100
"""Largest weight: beyond, F-beta is recall."""

_HALVINGS = 16
"""Steps of the search for a bound: 2e-5 of the metric."""


def scores(beta: float, threshold: float) -> tuple[float, ...]:
    """
    Score of an example by its code (nothing, a miss, a false alarm, a hit).

    Its mean is above 0 if F-beta is above the threshold, and below 0 if it is below.
    """
    weight = beta * beta
    return 0.0, -threshold * weight, -threshold, (1 + weight) * (1 - threshold)


def noun_of(beta: Decimal) -> str:
    """The metric in sentences."""
    return f"F{decimal_text(beta)} score"


class FBetaMethod(OfOneModel[FScore, "Codes"], Sequential[FScore, "Codes"]):
    """Judges F-beta by the hits, misses and false alarms, in the order fixed at registration."""

    @property
    def noun(self) -> str:
        """The metric in sentences."""
        return noun_of(self.quantity.beta)

    def of_codes(self, codes: Codes) -> Codes:
        """The codes of those examples that count: given how many there are, they are independent draws."""
        counted: Codes = codes[codes != 0]
        return counted

    def rejects(self, claim: Claim, statistic: Codes, n_examples: int) -> bool:
        """Betting on the score at the threshold; to show "below", it is mirrored. Nothing shows nothing."""
        return bool(len(statistic)) and self._refutes(statistic, claim)

    def estimate(self, statistic: Codes, n_examples: int) -> float:
        """F-beta of the sample; NaN where no example counts."""
        hit = scores(float(self.quantity.beta), 0.0)[3]
        every = sum(-scores(float(self.quantity.beta), 1.0)[code] * self._count(statistic, code) for code in (1, 2))
        hits = hit * self._count(statistic, 3)
        return hits / (hits + every) if len(statistic) else math.nan

    def counts(self, statistic: Codes) -> dict[str, int]:
        """Hits, misses and false alarms."""
        return {name: self._count(statistic, code) for code, name in ((3, "hits"), (1, "misses"), (2, "false_alarms"))}

    def bounds(self, clause: Clause, statistic: Codes, n_examples: int, level: float) -> Bounds:
        """Bounds found by halving; a betting test has no p-value for a level chosen afterwards."""
        return self._bound(statistic, level, above=True), self._bound(statistic, level, above=False), None

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size by the test's known width, or by simulating it."""
        from proctor.methods.sizes.fbeta import FBetaSizing

        return FBetaSizing(share, simulate, progress, float(self.quantity.beta))

    def _refutes(self, codes: Codes, claim: Claim) -> bool:
        import numpy as np

        from proctor.stats import bounded

        of_code = np.array(scores(float(self.quantity.beta), claim.threshold)) * (1 if claim.above else -1)
        return bounded.rejects(of_code[codes], 0.0, claim.log_level, float(of_code.min()), float(of_code.max()))

    def _bound(self, codes: Codes, level: float, *, above: bool) -> float:
        """The farthest value found such that every one that was tried up to it is refuted."""
        refuted, kept = (0.0, 1.0) if above else (1.0, 0.0)
        for _ in range(_HALVINGS):
            middle = (refuted + kept) / 2
            is_refuted = bool(len(codes)) and self._refutes(codes, Claim(middle, above, math.log(level)))
            refuted, kept = (middle, kept) if is_refuted else (refuted, middle)
        return refuted

    @staticmethod
    def _count(codes: Codes, code: int) -> int:
        return int((codes == code).sum())


def _means(call: Call) -> FScore | Ratio | MeanFScore:
    """
    F-beta, or the metric that it is at a *beta* of 0 or 1.

    Raises:
        ConditionError: If the call does not name a model, a class and a weight.
    """
    example = '`fbeta(n, "spam", beta=2)`'
    others = tuple((name, value) for name, value in call.options if name != "beta")
    rest = replace(call, options=others)
    mean_of = model_of_macro(rest)
    model, positive = (mean_of, "") if mean_of else model_and_class(rest, example)
    match dict(call.options).get("beta"):
        case Number(beta) if 0 <= beta <= _LARGEST:
            if mean_of:
                return MeanFScore(mean_of, beta.normalize())
            same = {Decimal(0): "precision", Decimal(1): "f1"}.get(beta)
            return Ratio(same, model, positive) if same else FScore(model, positive, beta.normalize())
        case None:
            raise refusal(call, f"`{call}` does not say how much recall counts", f"Write {example}.")
        case beta:
            message = f"`beta={beta}` is no number from 0 to {_LARGEST}"
            raise refusal(call, message, f"Write {example}: above 1 recall counts more than precision.")


FBETA = Metric(
    "fbeta", "a mean of precision and recall, by weight", _means, ("f_beta", "fbeta_score", "f2", "f2_score", "f05")
)
