"""
A quantile of numbers against a limit: of predictions, such as latencies, or of their errors (theory.md §3.9).

It lies below the limit where more than 95 % of the numbers do not exceed it: an exact binomial test of that share.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from proctor.counting.reading import Content, Numbers, Reading
from proctor.language import Call, Clause, Measure, Quantile, Variable, Within
from proctor.language.tree import Name, Number
from proctor.methods.figures import MODELS, figure, percent
from proctor.methods.metric import MODELS_IN_WORDS, Metric, refusal
from proctor.methods.standard import Binomial

if TYPE_CHECKING:
    from proctor.counting.panel import Mask, Panel
    from proctor.counting.said import Missed, Said
    from proctor.methods.method import Outcomes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


class WithinMethod(Binomial[Within]):
    """Judges the share of predictions that do not exceed a limit, by their number."""

    @property
    def reading(self) -> Reading:
        """Numbers of any size; labels are looked at for errors alone."""
        return Reading(Numbers(), Content.NUMBERS if self._is_of_errors else Content.ANY)

    def needs_label(self, panel: Panel) -> Mask:
        """None for predictions, all for their errors."""
        return self._number.needs_label(panel)

    def statistic(self, outcomes: Outcomes) -> int:
        """Number of examples on which the number does not exceed the limit."""
        return int((outcomes.values(self._number) <= self.quantity.limit).sum())

    def counts(self, statistic: int) -> dict[str, int]:
        """The count."""
        return {"within": statistic}

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the exact binomial test; predictions take no labels."""
        from proctor.methods.sizes.proportion import ProportionSizing

        return ProportionSizing(share, "a share of all examples", self._is_of_errors)

    def in_words(self, clause: Clause) -> str:
        """The quantile, by its share in per cent."""
        side = "at most" if clause.above else "above"
        of = ("the absolute errors of " if self._is_of_errors else "") + MODELS[self.quantity.model]
        return f"the {percent(clause.threshold)} quantile of {of} is {side} {figure(self.quantity.limit)}"

    @property
    def remarks(self) -> tuple[str, ...]:
        """The share that is judged in its place."""
        limit = figure(self.quantity.limit)
        return (f"A quantile is judged by the share of numbers that are at most {limit}; a tolerance is one of it.",)

    @property
    def _is_of_errors(self) -> bool:
        return self.quantity.measure is Measure.ERROR

    @property
    def _number(self) -> Said | Missed:
        """The number of each example."""
        from proctor.counting.said import Missed, Said

        return (Missed if self._is_of_errors else Said)(self.quantity.model)


def _means(call: Call) -> Quantile:
    """
    The quantile that a call asks for.

    Raises:
        ConditionError: If it does not name a model and a share between 0 and 1.
    """
    example = f"Write `{call.name}(n, 0.95)`; a model is {MODELS_IN_WORDS}."
    match call.arguments, call.options:
        case ((Name(model), Number(level)), ()) | ((Name(model),), (("q", Number(level)),)) if model is not Variable.D:
            if not 0 < level < 1:
                said = f"; {level} % is written {level / 100}" if 1 <= level < 100 else ""
                raise refusal(call, f"`{level}` is no share between 0 and 1{said}", example)
            return Quantile(model, Decimal(level).normalize(), Measure(call.name))
        case _:
            raise refusal(call, f"`{call}` needs a model and a share", example)


QUANTILES = (
    Metric(
        Measure.PREDICTION,
        "the number that a share of predictions does not exceed",
        _means,
        ("percentile", "p95", "p99"),
    ),
    Metric(
        Measure.ERROR,
        "the absolute error that a share of predictions does not exceed",
        _means,
        ("median_absolute_error", "quantile_error", "p95_error"),
    ),
)
