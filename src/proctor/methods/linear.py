"""Any other linear expression: a betting test of one bounded value for each example (theory.md §3.3)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from proctor.language import Clause, Linear, Variable, value_range
from proctor.methods.figures import figure
from proctor.methods.method import Method, Outcomes

if TYPE_CHECKING:
    from proctor.methods.method import Events, Floats
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


class LinearMethod(Method[Linear, "Floats"]):
    """Judges a linear expression by its values on the examples, in the order fixed at registration."""

    needs_order: ClassVar[bool] = True
    is_told_by_letters: ClassVar[bool] = True

    @property
    def labeled_together(self) -> frozenset[Variable]:
        """The labels that a difference of candidate and baseline needs are among those of an expression."""
        return frozenset({Variable.N, Variable.O})

    def statistic(self, outcomes: Outcomes) -> Floats:
        """Value on each example."""
        return outcomes.scores(self.quantity)

    def statistics(self, values: Floats, events: Events, in_order: Events | None) -> Iterator[Floats]:
        """Value on each example, in each test set."""
        assert in_order is not None  # noqa: S101  # needs_order
        return (values[examples] for examples in in_order)

    def rejects(
        self, clause: Clause, statistic: Floats, n_examples: int, log_level: float, cap: float, *, above: bool
    ) -> bool:
        """Betting against the threshold; to show "below", the values are mirrored."""
        from proctor.stats import bounded

        low, high = value_range(self.quantity)
        if above:
            return bounded.rejects(statistic, clause.threshold, log_level, low, high)
        return bounded.rejects(-statistic, -clause.threshold, log_level, -high, -low)

    def estimate(self, statistic: Floats, n_examples: int) -> float:
        """Mean of the values."""
        return float(statistic.mean()) if n_examples else math.nan

    def bounds(
        self, clause: Clause, statistic: Floats, n_examples: int, level: float
    ) -> tuple[float, float, float | None]:
        """Bounds by betting; a betting test has no p-value for a level chosen afterwards."""
        from proctor.stats import bounded

        low, high = value_range(self.quantity)
        lower = bounded.lower_bound(statistic, level, low, high)
        return lower, bounded.upper_bound(statistic, level, low, high), None

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size by the hinge bound, or by simulating the test."""
        from proctor.methods.sizes.linear import LinearSizing

        return LinearSizing(share, simulate, progress)

    def in_words(self, clause: Clause) -> str:
        """The expression as written."""
        return f"{self.quantity} is {'above' if clause.above else 'below'} {figure(clause.threshold)}"

    def value_in_words(self, value: float) -> str:
        """A plain number."""
        return figure(value)
