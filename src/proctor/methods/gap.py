"""
Gaps between groups: the largest minus the smallest value of a metric over the values of a column (theory.md §3.5).

A gap is below a threshold if no group is ahead of another by so much. So there is a clause for each group, on that
group against all others: bounds of both metrics, each at half the level, show that they lie closer together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from proctor.language import Call, Clause, Gap, Mean, Proportion, Quantity, Ratio
from proctor.language.tree import Argument, Expression, Text, Word
from proctor.methods.figures import MODELS, Unit
from proctor.methods.mean import MEANS, MeanMethod
from proctor.methods.method import Bounds, Claim, Method
from proctor.methods.metric import Metric, model_of, refusal
from proctor.methods.one_class import ratio_called
from proctor.methods.proportion import ProportionMethod
from proctor.methods.ratio import RatioMethod

if TYPE_CHECKING:
    from proctor.counting.panel import Mask, Panel
    from proctor.counting.reading import Reading
    from proctor.methods.method import Outcomes
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing

_LOWEST_LOG_LEVEL = -690.0
"""Below it a level is no float any more, and nothing is shown."""


class Group(NamedTuple):
    """Statistic of the metric on the examples of one group, and their number."""

    statistic: Any
    n_examples: int


class GapMethod(Method[Gap, tuple[Group, ...]]):
    """Judges how far one group is ahead of all others; its statistic begins with that group."""

    def __init__(self, quantity: Gap) -> None:
        super().__init__(quantity)
        self._of = _method_of(quantity.of)

    @property
    def classes(self) -> frozenset[str]:
        """Classes that the metric speaks of."""
        return self._of.classes

    @property
    def reading(self) -> Reading | None:
        """Reading of the metric."""
        return self._of.reading

    def needs_label(self, panel: Panel) -> Mask:
        """The examples that the metric needs; each group asks for its own."""
        return self._of.needs_label(panel)

    def statistic(self, outcomes: Outcomes) -> tuple[Group, ...]:
        """The metric's statistics: of the examples at hand, and of those of each other group."""
        groups = (outcomes, *(outcomes.on(each) for each in self.quantity.others))
        return tuple(Group(self._of.statistic(each), each.n_examples) for each in groups)

    # --- decisions ---

    def rejects(self, claim: Claim, statistic: tuple[Group, ...], n_examples: int) -> bool:
        """
        Two bounds at half the level each: below, against every other group; above, against any of them.

        That all lie below is wrong only if one certain pair lies apart, so each pair has the whole level; that any lies
        above may be wrong of each, so they share it.
        """
        own, *others = statistic
        half = claim.log_level - math.log(2) - (math.log(len(others)) if claim.above and others else 0.0)
        is_empty = any(math.isnan(self._of.estimate(each.statistic, each.n_examples)) for each in statistic)
        if not others or is_empty or half < _LOWEST_LOG_LEVEL:
            return False
        return (self._shows_far if claim.above else self._shows_close)(claim.threshold, half, own, others)

    def _shows_close(self, gap: float, log_level: float, own: Group, others: list[Group]) -> bool:
        """True if this group is proven to be less than *gap* above each other one."""
        return all(self._lies_close(gap, log_level, own, each) for each in others)

    def _shows_far(self, gap: float, log_level: float, own: Group, others: list[Group]) -> bool:
        """True if this group is proven to be more than *gap* above another one."""
        return any(self._lies_apart(gap, log_level, own, each) for each in others)

    def _lies_close(self, gap: float, log_level: float, own: Group, other: Group) -> bool:
        """True if a point is proven to lie above this group's metric, and less than *gap* above the other's."""
        near, far = self._bounds(own, log_level)[1], self._bounds(other, log_level)[0] + gap
        point = min(1.0, max(gap, (near + far) / 2))
        is_under = point >= 1 or self._shows(own, Claim(point, False, log_level))  # no share exceeds 1
        return is_under and (point <= gap or self._shows(other, Claim(point - gap, True, log_level)))

    def _lies_apart(self, gap: float, log_level: float, own: Group, other: Group) -> bool:
        """True if a point is proven to lie below this group's metric, and more than *gap* above the other's."""
        near, far = self._bounds(own, log_level)[0], self._bounds(other, log_level)[1] + gap
        point = (near + far) / 2
        if not gap < point < 1:
            return False
        is_over = self._shows(own, Claim(point, True, log_level))
        return is_over and self._shows(other, Claim(point - gap, False, log_level))

    def _shows(self, group: Group, claim: Claim) -> bool:
        return self._of.rejects(claim, group.statistic, group.n_examples)

    def _bounds(self, group: Group, log_level: float) -> tuple[float, float]:
        asked = Clause(self.quantity.of, above=True, threshold=0.5, tolerance=None, text="", index=0)
        lower, upper, _ = self._of.bounds(asked, group.statistic, group.n_examples, math.exp(log_level))
        return lower, upper

    def estimate(self, statistic: tuple[Group, ...], n_examples: int) -> float:
        """Distance by which this group is ahead of the one that is furthest behind; NaN without one."""
        own, *others = (self._of.estimate(each.statistic, each.n_examples) for each in statistic)
        return max((own - each for each in others), default=math.nan)

    def counts(self, statistic: tuple[Group, ...]) -> dict[str, int]:
        """Counts of this group; each other one has a clause of its own."""
        return self._of.counts(statistic[0].statistic)

    def bounds(self, clause: Clause, statistic: tuple[Group, ...], n_examples: int, level: float) -> Bounds:
        """Bounds of how far this group is ahead of the one that is furthest behind."""
        own, *others = statistic
        log_half = max(math.log(level) - math.log(2), _LOWEST_LOG_LEVEL)
        if not others:
            return -1.0, 1.0, None
        shared = max(log_half - math.log(len(others)), _LOWEST_LOG_LEVEL)
        lower = max(self._bounds(own, shared)[0] - self._bounds(each, shared)[1] for each in others)
        upper = max(self._bounds(own, log_half)[1] - self._bounds(each, log_half)[0] for each in others)
        return lower, upper, None

    # --- plan and words ---

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the two bounds, of each group."""
        from proctor.methods.sizes.gap import GapSizing

        return GapSizing(share, len(self.quantity.others))

    def in_words(self, clause: Clause) -> str:
        """Words that say how far no group is ahead of another."""
        subject = self._of.in_words(replace(clause, quantity=self.quantity.of)).rpartition(" is ")[0]
        if isinstance(self.quantity.of, Proportion):
            subject = f"the accuracy of {MODELS[self.quantity.of.variable]}"
        by, distance = ("more" if clause.above else "less"), self.tolerance_in_words(abs(clause.threshold))
        return f"{subject} is {by} than {distance} above that of any other {self.quantity.by}"

    def value_in_words(self, value: float) -> str:
        """A difference, as the metric tells one."""
        return self._of.tolerance_in_words(value)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The way in which groups are compared."""
        remark = (
            f"The gap is the largest minus the smallest value over every {self.quantity.by}: it is small only if no "
            "two of them can be far apart, and each pair is compared by a bound of either, at half the level."
        )
        return (remark,)


class GapOfMeansMethod(GapMethod):
    """Judges how far the mean of one group is above those of all others, by rungs of one ladder (theory.md §3.5)."""

    unit = Unit.OWN

    def _shows_close(self, gap: float, log_level: float, own: Group, others: list[Group]) -> bool:
        """True if a number above this mean is less than *gap* above one below each other mean."""
        highest = self._above(own, log_level)
        return all(highest - self._below(each, log_level) < gap for each in others)

    def _shows_far(self, gap: float, log_level: float, own: Group, others: list[Group]) -> bool:
        """True if a number below this mean is more than *gap* above one that is above another mean."""
        lowest = self._below(own, log_level)
        return any(lowest - self._above(each, log_level) > gap for each in others)

    def _above(self, group: Group, log_level: float) -> float:
        from proctor.stats import bounded

        return bounded.surely_below(group.statistic, log_level, *self._of.value_range)

    def _below(self, group: Group, log_level: float) -> float:
        from proctor.stats import bounded

        return bounded.surely_above(group.statistic, log_level, *self._of.value_range)

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the two bounds, of each group."""
        from proctor.methods.sizes.gap import GapOfMeansSizing

        assert isinstance(self._of, MeanMethod)  # noqa: S101  # how this method is chosen
        return GapOfMeansSizing(share, len(self.quantity.others), of=self._of)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The way in which groups are compared, and the range of what is averaged."""
        return *super().remarks, *self._of.remarks


def _method_of(of: Proportion | Ratio | Mean) -> ProportionMethod | RatioMethod | MeanMethod:
    match of:
        case Proportion():
            return ProportionMethod(of)
        case Ratio():
            return RatioMethod(of)
        case _:
            return MeanMethod(of)


_JUDGED: dict[str, Callable[[Call], Expression | Quantity]] = {
    "accuracy": lambda call: Proportion(model_of(call).variable),
    "error": lambda call: Proportion(model_of(call).variable),  # as far apart as accuracies
    "precision": ratio_called,
    "recall": ratio_called,
    "specificity": ratio_called,
    **{metric.name: metric.means for metric in MEANS if metric.name != "rmse"},
}
"""The metrics that have gaps: shares of examples, whose exact bounds hold for all thresholds at once, and means."""


def _gap_called(call: Call) -> Gap:
    """
    The gap that a call asks for.

    Raises:
        ConditionError: If it does not name a metric, what that needs, and a column.
    """
    example = '`gap(recall, n, "spam", by=region)` or `gap(accuracy, n, by=region)`'
    options = dict(call.options)
    match call.arguments:
        case (Word(name), *rest) if name in _JUDGED:
            by = _column(call, options.pop("by", None), example)
            if not rest:
                raise refusal(call, f"`{call}` does not say of which model", f"Write {example}.")
            of = replace(call, name=name, arguments=tuple(rest), options=tuple(options.items()))
            quantity = _JUDGED[name](of)
            assert isinstance(quantity, Proportion | Ratio | Mean)  # noqa: S101  # as all of them are
            return Gap(quantity, by)
        case (Word(name), *_):
            band = 'every region: f1(n, "spam")'
            hint = (
                f"A gap is judged of {', '.join(f'`{each}`' for each in _JUDGED)}: {example}. That of another one "
                f"is below 0.1 where all lie in a band: `{band} > 0.7 and {band} < 0.8`."
            )
            raise refusal(call, f"`{name}` has no gap that is judged", hint)
        case _:
            raise refusal(call, f"`{call}` does not say of which metric", f"Write {example}.")


def _column(call: Call, named: Argument | None, example: str) -> str:
    match named:
        case Word(column) | Text(column):
            return column
        case _:
            raise refusal(call, f"`{call}` does not say between which groups", f"Name a column: {example}.")


GAP = Metric(
    "gap", "how far the best and the worst group are apart in a metric", _gap_called, ("disparity", "parity", "spread")
)
