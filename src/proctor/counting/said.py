"""The number that a model predicts of each example, and how far it is from what is true."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.counting.panel import Labeled, Mask, Panel
from proctor.errors import DataError
from proctor.language import Variable


class Said(NamedTuple):
    """The predictions of a model as they are; no label has a part in them."""

    model: Variable

    def needs_label(self, panel: Panel) -> Mask:
        """No example."""
        return np.full(len(panel), False)

    def values_of(self, panel: Panel, labels: Labeled) -> NDArray[np.float64]:
        """
        Prediction of each example, in the order of the test set.

        Raises:
            DataError: If there are none of this model.
        """
        said = panel.of(self.model)
        if said is None:
            raise DataError(f"there are no predictions of `{self.model}`; nothing was judged")
        return said.astype(np.float64)


class Missed(NamedTuple):
    """The absolute errors of a model; every label is needed."""

    model: Variable

    def needs_label(self, panel: Panel) -> Mask:
        """All examples."""
        return np.full(len(panel), True)

    def values_of(self, panel: Panel, labels: Labeled) -> NDArray[np.float64]:
        """
        Distance between prediction and label of each example, in the order of the test set.

        Raises:
            DataError: If there are no predictions of this model.
        """
        return abs(Said(self.model).values_of(panel, labels) - labels.values)
