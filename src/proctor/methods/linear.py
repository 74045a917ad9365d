"""Any other linear expression: a betting test of one bounded value for each example (theory.md §3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proctor.counting.events import Event, event_of
from proctor.language import Clause, Linear, Variable
from proctor.methods.figures import figure
from proctor.methods.method import Sequential
from proctor.methods.standard import Betting

if TYPE_CHECKING:
    from proctor.counting.panel import Labeled, Panel
    from proctor.methods.method import Codes, Floats
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


class LinearMethod(Betting[Linear], Sequential[Linear, "Floats"]):
    """Judges a linear expression by its values on the examples, in the order fixed at registration."""

    is_of_accuracies = True
    is_told_by_letters = True

    @property
    def labeled_together(self) -> frozenset[Variable]:
        """The labels that a difference of candidate and baseline needs are among those of an expression."""
        return frozenset({Variable.N, Variable.O})

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of the variables that have a coefficient."""
        return tuple(event_of(variable) for variable, _ in self._terms)

    def of_codes(self, codes: Codes) -> Floats:
        """Value on each example."""
        import numpy as np

        weights = [weight for _, weight in self._terms]
        values = [sum(w for bit, w in enumerate(weights) if code >> bit & 1) for code in range(1 << len(weights))]
        found: Floats = np.array(values, np.float64)[codes]
        return found

    def values_of(self, panel: Panel, labels: Labeled) -> Floats:
        """Value of each example, in the order of the test set."""
        import numpy as np

        from proctor.counting.coding import coded

        return self.of_codes(np.concatenate([*coded(panel, labels, self.events)]))

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size by the hinge bound, or by simulating the test."""
        from proctor.methods.sizes.linear import LinearSizing

        return LinearSizing(share, simulate, progress)

    def in_words(self, clause: Clause) -> str:
        """The expression as written."""
        return f"{self.quantity} is {'above' if clause.above else 'below'} {figure(clause.threshold)}"

    @property
    def _terms(self) -> tuple[tuple[Variable, float], ...]:
        return tuple((each, weight) for each, weight in zip(Variable, self.quantity.weights, strict=True) if weight)

    def value_in_words(self, value: float) -> str:
        """A plain number."""
        return figure(value)
