"""
The sample that an evaluation looks at: aligned predictions and labels, counted when they are asked for.

Private: everything here is computed from labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.conditions import Formula, Linear, Variable, clauses
from proctor.predictions import Counts, Labels, Panel, Weights, count, needed_rows, scores


@dataclass(frozen=True)
class Sample:
    """
    What came out on the examples; fulfills `proctor.methods.Outcomes`.

    Args:
        panel: Predictions of candidate, baseline and anchor, in the order of the test set.
        labels: Labels, in the same order.
        order: Permutation that was fixed at registration, before any label was read; shape (n_examples,).
    """

    panel: Panel
    labels: Labels
    order: NDArray[Any]

    @cached_property
    def counts(self) -> Counts:
        """Joint counts over the examples."""
        return count(self.panel, self.labels)

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return len(self.panel)

    def right(self, variable: Variable) -> int:
        """Number of examples on which a model is right; for ``d``, on which candidate and baseline differ."""
        return self.counts.differ if variable is Variable.D else self.counts.right(variable.value)

    def wins_and_losses(self, plus: Variable, minus: Variable) -> tuple[int, int]:
        """Numbers of examples on which only the first, and only the second, of two models is right."""
        return self.counts.wins(plus.value, minus.value), self.counts.losses(plus.value, minus.value)

    def scores(self, quantity: Linear) -> NDArray[np.float64]:
        """Value of a linear expression for each example, in the order fixed at registration."""
        values: NDArray[np.float64] = scores(self.panel, self.labels, Weights(*quantity.weights))[self.order]
        return values


def rows_to_label(formula: Formula, panel: Panel) -> NDArray[np.bool_]:
    """
    Mask of the examples whose label the formula depends on, from predictions alone (theory.md §3.2).

    Where only differences of accuracies are asked, these are the disagreements.
    """
    needed = np.zeros(len(panel), np.bool_)
    for clause in clauses(formula):
        needed |= needed_rows(panel, Weights(*clause.quantity.weights))
    return needed
