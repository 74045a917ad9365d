"""Numbers of each example: what a model predicts, how far that is from what is true, and whether it is right."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.counting.panel import Labeled, Mask, Panel, Values, needed_rows
from proctor.counting.reading import RANK_SIGN
from proctor.errors import DataError
from proctor.language import Variable
from proctor.language.quantity import compared


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
        return _predicted(panel, self.model).astype(np.float64)


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


class Among(NamedTuple):
    """
    Presence of the label among the first classes that a model ranks; less that among another's, if there is one.

    Attributes:
        model: The model.
        first: Number of classes that count.
        minus: The other model.
    """

    model: Variable
    first: int
    minus: Variable | None = None

    def needs_label(self, panel: Panel) -> Mask:
        """All examples, or those on which the two models rank differently."""
        return needed_rows(panel, compared(self.model, self.minus))

    def values_of(self, panel: Panel, labels: Labeled) -> NDArray[np.float64]:
        """
        1 or 0 for each example, or -1 where the other model alone has the label, in the order of the test set.

        Raises:
            DataError: If there are no predictions of a model.
        """
        found = self._hits(self.model, panel, labels)
        return found if self.minus is None else found - self._hits(self.minus, panel, labels)

    def _hits(self, model: Variable, panel: Panel, labels: Labeled) -> NDArray[np.float64]:
        ranked: dict[str, frozenset[str]] = {}
        hits = np.zeros(len(panel), np.float64)
        for row, (ranking, label) in enumerate(
            zip(_texts(_predicted(panel, model)), _texts(labels.values), strict=True)
        ):
            if ranking not in ranked:
                ranked[ranking] = frozenset(ranking.split(RANK_SIGN)[: self.first])
            hits[row] = label in ranked[ranking]
        return hits


class RightMore(NamedTuple):
    """
    Rightness of a model, less that of another, if there is one; every label is needed.

    Attributes:
        model: The model.
        minus: The other model.
    """

    model: Variable
    minus: Variable | None = None

    def needs_label(self, panel: Panel) -> Mask:
        """All examples."""
        return np.full(len(panel), True)

    def values_of(self, panel: Panel, labels: Labeled) -> NDArray[np.float64]:
        """
        1 or 0 for each example, or -1 where the other model alone is right, in the order of the test set.

        Raises:
            DataError: If there are no predictions of a model.
        """
        found = np.zeros(len(panel), np.float64)
        for model, weight in ((self.model, 1), (self.minus, -1)):
            if model is not None:
                found += weight * (_predicted(panel, model) == labels.values)
        return found


class ClassNumbers(NamedTuple):
    """
    The classes of each example, as numbers; every label is needed.

    Attributes:
        model: The model whose predictions are numbered with the labels; ``None`` where labels are alone.
    """

    model: Variable | None = None

    def needs_label(self, panel: Panel) -> Mask:
        """All examples."""
        return np.full(len(panel), True)

    def values_of(self, panel: Panel, labels: Labeled) -> NDArray[np.float64]:
        """
        Number of each label among all classes that occur, and beside it that of each prediction; shape (n, 1 or 2).

        Raises:
            DataError: If there are no predictions of the model.
        """
        columns = [labels.values, *([] if self.model is None else [_predicted(panel, self.model)])]
        numbers = np.unique(np.concatenate(columns), return_inverse=True)[1]
        return numbers.reshape(len(columns), -1).T.astype(np.float64)


def _predicted(panel: Panel, model: Variable) -> Values:
    said = panel.of(model)
    if said is None:
        raise DataError(f"there are no predictions of `{model}`; nothing was judged")
    return said


def _texts(values: Values) -> list[str]:
    """Classes as text, one after the other."""
    return [str(each) for each in values.tolist()]
