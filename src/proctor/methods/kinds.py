"""
Kinds of bounded scores: what a model says itself, losses, and what a function of the owner of the test set gives.

A score outside its declared range is an error; a loss is clipped by declaration, because nobody can promise that a
model is never far off.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from proctor.counting.reading import CLASSES, Content, Numbers, Reading
from proctor.errors import DataError
from proctor.language import Form, Score
from proctor.language.tree import decimal_text
from proctor.methods.figures import MODELS

if TYPE_CHECKING:
    from proctor.counting.panel import Labeled, Panel, Values
    from proctor.counting.scoring import Scoring
    from proctor.methods.method import Floats


OWN = "user."
"""Beginning of the names of functions of the owner."""


class Kind(NamedTuple):
    """
    One metric.

    Attributes:
        value: A number on each example, from what is predicted and what is true (1 for the class whose probability is
            predicted, and else 0); a loss is clipped by whoever asks.
        words: What is averaged, for people.
        labels: Content of the labels that it needs.
    """

    value: Callable[[Values, Values], Floats]
    words: str
    labels: Content = Content.NUMBERS

    @property
    def is_loss(self) -> bool:
        """True if it needs labels."""
        return self.labels is not Content.ANY


def _absolute(said: Values, true: Values) -> Floats:
    found: Floats = abs(said - true)
    return found


def _squared(said: Values, true: Values) -> Floats:
    found: Floats = (said - true) ** 2
    return found


def _itself(said: Values, true: Values) -> Floats:
    return said


def _surprise(said: Values, true: Values) -> Floats:
    """Minus the logarithm of the probability of what is true; infinite where that was held to be impossible."""
    import numpy as np

    with np.errstate(divide="ignore"):
        found: Floats = -np.log(np.where(true == 1, said, 1 - said))
    return found


KINDS = {
    "mae": Kind(_absolute, "the mean absolute error of {model}"),
    "mse": Kind(_squared, "the mean squared error of {model}"),
    "mean": Kind(_itself, "the mean score of {model}", Content.ANY),
    "brier": Kind(_squared, "the Brier score of {model}", Content.CLASSES),
    "logloss": Kind(_surprise, "the log loss of {model}", Content.CLASSES),
}
"""The metrics by name."""


def kind_of(score: Score) -> Kind:
    """Kind of a score; a function of the owner is one that no table has."""
    if score.of is None:
        return KINDS[score.metric]
    return Kind(_itself, f"the mean {score.metric} of {{model}}", Content(score.of))


def value_of(score: Score, panel: Panel, labels: Labeled) -> Floats:
    """
    Number of each example, in the order of the test set.

    It is NaN where no label is of the class whose probability is predicted, as if misspelled, and where a function of
    the owner gives no numbers.

    Raises:
        DataError: If there are no predictions of the model, or one lies outside the declared range.
    """
    import numpy as np

    from proctor.counting.events import is_class

    said, kind = panel.of(score.model), kind_of(score)
    if said is None:
        raise DataError(f"there are no predictions of {MODELS[score.model]}; nothing was judged")
    low, high = extremes_of(score)
    if score.of is not None:
        from proctor.counting.scoring import judged

        return judged(scoring_of(score, panel), labels, said, (low, high))
    if not kind.is_loss and len(said) and not low <= said.min() <= said.max() <= high:
        raise DataError(f"a prediction of {MODELS[score.model]} lies outside the range of `{score}`")
    true = labels.values if score.positive is None else is_class(labels.values, score.positive)
    if score.positive is not None and not true.any():
        return np.full(len(panel), math.nan)
    found: Floats = np.clip(kind.value(said, true), low, high)
    return found


def refuse_unusable(score: Score, panel: Panel) -> None:
    """
    Refuse a function of the owner that gives no numbers, by predictions alone; no label has a part in it.

    Raises:
        DataError: If it does not.
    """
    from proctor.counting.scoring import rehearse

    said = panel.of(score.model)
    if score.of is None or said is None:
        return
    try:
        rehearse(scoring_of(score, panel), said, extremes_of(score))
    except DataError as error:
        raise DataError(
            f"`{score.metric}` cannot score the predictions of {MODELS[score.model]}: {error.message}; nothing was "
            "spent",
            hint="It was called with the predictions in place of labels. It has to give every example a number by "
            "itself, whatever stands beside it, within the range that the condition declares: "
            f"`{score.metric}({score.model}, min=0, max=5)`.",
        ) from None


def scoring_of(score: Score, panel: Panel) -> Scoring:
    """
    The owner's function that a score names.

    Raises:
        DataError: If it is not here.
    """
    scoring = panel.functions.get(score.metric)
    if scoring is None:
        raise DataError(
            f"there is no function for `{score.metric}` here; nothing was judged",
            hint=f"Declare its distribution in the gate file: `metrics: {{{score.metric.removeprefix(OWN)}: NAME}}`.",
        )
    return scoring


def extremes_of(score: Score) -> tuple[float, float]:
    """Smallest and largest number of an example."""
    return float(score.low), float(score.high)


def reading(score: Score) -> Reading:
    """Reading of the files that a score is of."""
    if score.of is Form.CLASSES:
        return CLASSES
    labels = kind_of(score).labels
    if score.positive is not None:
        return Reading(Numbers(0.0, 1.0), labels)
    return Reading(Numbers() if labels is Content.NUMBERS else Numbers(float(score.low), float(score.high)), labels)


def range_in_words(score: Score) -> str:
    """The range of a score: what is clipped, and what is refused."""
    low, high = decimal_text(score.low), decimal_text(score.high)
    if score.metric == "brier":
        return f"Predictions are probabilities of class {score.positive}; each squared error lies between 0 and 1."
    if score.of is not None:
        return (
            f"`{score.metric}` is a function of the owner of the test set, and gives each example a number from {low} "
            f"to {high} by its label and its prediction, which are {score.of}. Where it fails, nothing is shown."
        )
    if KINDS[score.metric].is_loss:
        return f"In `{score.metric}` a loss above {high} counts as {high}: a proof needs a range, and this is declared."
    return f"Scores lie between {low} and {high}; where one does not, the file is refused, and nothing is spent."
