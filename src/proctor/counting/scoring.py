"""
Scores of predictions by a function of the owner of the test set, which is given labels and predictions.

Nothing that the function prints or raises is passed on once it has seen labels: it could tell them.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proctor.counting.panel import Labeled, Values
from proctor.errors import DataError

Scoring = Callable[[Values, Values], object]
"""Gives a number for each example, from its label and its prediction."""

_EQUAL = 1e-9


def scores(scoring: Scoring, labels: Values, predictions: Values, extremes: tuple[float, float]) -> NDArray[np.float64]:
    """
    Number of each example.

    Raises:
        DataError: If the function fails, or gives anything but one number within *extremes* for each example. The
            message may tell labels.
    """
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            found = np.asarray(scoring(labels.copy(), predictions.copy()), np.float64)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever it raises may tell a label
        raise DataError(f"it raises {type(error).__name__}: {error}") from None
    if found.shape != predictions.shape:
        raise DataError(f"it gives an array of the shape {found.shape} for {len(predictions):,} examples")
    low, high = extremes
    bad = found[~((found >= low) & (found <= high))]
    if len(bad):
        raise DataError(f"it gives {bad[0]:g}, which does not lie between {low:g} and {high:g}")
    return found


def judged(
    scoring: Scoring, labels: Labeled, predictions: Values, extremes: tuple[float, float]
) -> NDArray[np.float64]:
    """
    Number of each example that has a label, and 0 of others; NaN of all if the function does not give them.

    An error here would be free, and could tell labels to whoever chooses the predictions; so there is none.
    """
    rows = slice(None) if labels.known is None else labels.known
    found = np.zeros(len(predictions), np.float64)
    try:
        found[rows] = scores(scoring, labels.values[rows], predictions[rows], extremes)
    except DataError:
        found[:] = np.nan
    return found


def rehearse(scoring: Scoring, predictions: Values, extremes: tuple[float, float]) -> None:
    """
    Try a function where every label is the prediction, so that no label has a part in what is said of it.

    Raises:
        DataError: If it gives no numbers, or gives an example another one among other examples.
    """
    whole = scores(scoring, predictions, predictions, extremes)
    rows = np.arange(len(predictions))[::-1]
    for part in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
        if not len(part):
            continue
        again = scores(scoring, predictions[part], predictions[part], extremes)
        if not np.allclose(again, whole[part], rtol=_EQUAL, atol=_EQUAL):
            raise DataError("it gives an example another number when it is called again, or among other examples")
