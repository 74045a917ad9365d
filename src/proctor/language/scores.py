"""Quantities of predictions that are numbers: means of scores and losses, and how well a score ranks."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from proctor.frozen import dataclass, field, replace
from proctor.language.quantity import ORDER, OfOneModel, OfTwoModels, Whole
from proctor.language.tree import Variable, decimal_text, quoted


class Form(StrEnum):
    """Form in which a function of the owner of the test set is given labels and predictions."""

    CLASSES = "classes"
    NUMBERS = "numbers"


@dataclass(frozen=True)
class Score:
    """
    A bounded number on each example: what a model says itself, its loss, or what a function of the owner makes of it.

    Attributes:
        metric: Its name.
        model: The model.
        options: What bounds it, in canonical order: ``min``, 0 if left out, and ``max``, 1 if left out.
        positive: The class whose probability a model says, as it is spelled in labels; ``None`` where it says none.
        spread: Anticipated standard deviation, which sizes a test set and, as a tolerance, is no part of the question;
            ``None`` if none is named.
        of: What a function of the owner is given; ``None`` for every other score.
    """

    metric: str
    model: Variable
    options: tuple[tuple[str, Decimal], ...]
    positive: str | None = None
    spread: Decimal | None = field(default=None, compare=False)
    of: Form | None = None

    def is_alike(self, other: Score) -> bool:
        """True if both are the same but for the model."""
        return replace(self, model=other.model) == other

    @property
    def low(self) -> Decimal:
        """Smallest value on an example."""
        return dict(self.options).get("min", Decimal(0))

    @property
    def high(self) -> Decimal:
        """Largest value on an example."""
        return dict(self.options).get("max", Decimal(1))

    def __str__(self) -> str:
        options = [f"{name}={decimal_text(value)}" for name, value in self.options]
        positive = [] if self.positive is None else [quoted(self.positive)]
        form = [] if self.of is None else [f"of={self.of}"]
        return f"{self.metric}({', '.join([str(self.model), *positive, *options, *form])})"


@dataclass(frozen=True)
class Mean(Whole):
    """
    A sum of means of scores, with coefficients as written.

    Attributes:
        parts: Coefficients, none of them 0, and scores: n before o before a, each score once.
    """

    parts: tuple[tuple[float, Score], ...]

    @property
    def weights(self) -> tuple[float, ...]:
        """Sizes of the coefficients of all scores of n, of o and of a; d is no score."""
        return tuple(sum(abs(weight) for weight, score in self.parts if score.model is each) for each in ORDER)

    @property
    def terms(self) -> tuple[tuple[float, str], ...]:
        """Coefficients and scores."""
        return tuple((weight, str(score)) for weight, score in self.parts)

    @property
    def spread(self) -> float | None:
        """Largest standard deviation that the sum can have, if those of all scores are named."""
        spreads = [(weight, score.spread) for weight, score in self.parts if score.spread is not None]
        return sum(abs(weight) * float(each) for weight, each in spreads) if len(spreads) == len(self.parts) else None

    @property
    def extremes(self) -> tuple[Fraction, Fraction]:
        """Lowest and highest value on one example: what one model scores there does not bind another."""
        ends = [
            sorted(Fraction(repr(weight)) * Fraction(end) for end in (score.low, score.high))
            for weight, score in self.parts
        ]
        return sum((low for low, _ in ends), Fraction(0)), sum((high for _, high in ends), Fraction(0))

    def __str__(self) -> str:
        return sum_text(self.terms)


@dataclass(frozen=True)
class Ranking(OfOneModel):
    """Chance that an example of a class has a larger prediction than one of another: the area under the ROC curve."""

    model: Variable
    positive: str

    def __str__(self) -> str:
        return f"auc({self.model}, {quoted(self.positive)})"


@dataclass(frozen=True)
class Calibration(OfOneModel):
    """
    Expected calibration error: how far predicted probabilities lie from what comes out, by bins of equal width.

    Attributes:
        positive: The class whose probability is predicted, as it is spelled in labels.
        bins: Number of bins.
    """

    model: Variable
    positive: str
    bins: int

    def __str__(self) -> str:
        return f"ece({self.model}, {quoted(self.positive)}, bins={self.bins})"


class Measure(StrEnum):
    """Number of an example that a quantile is one of; its name in conditions."""

    PREDICTION = "quantile"
    """The prediction of a model."""
    ERROR = "error_quantile"
    """The distance of that from what is true."""


@dataclass(frozen=True)
class Within(OfOneModel):
    """
    Share of the examples on which a number is at most a limit.

    Attributes:
        limit: The largest number that counts.
        measure: The number.
    """

    model: Variable
    limit: float
    measure: Measure = Measure.PREDICTION

    def __str__(self) -> str:
        number = str(self.model) if self.measure is Measure.PREDICTION else f"abs({self.model} - label)"
        return f"share({number} <= {decimal_text(Decimal(repr(self.limit)))})"


@dataclass(frozen=True)
class TopK(OfOneModel):
    """
    Share of the examples whose label is among the first classes that a model ranks.

    Attributes:
        first: Number of classes that count.
    """

    model: Variable
    first: int

    def __str__(self) -> str:
        return f"topk({self.model}, {self.first})"


@dataclass(frozen=True)
class TopKDifference(OfTwoModels):
    """
    Difference of that share between two models; in the normal form *plus* comes first in the order n, o, a.

    Attributes:
        plus: The model whose share counts.
        minus: The model whose share is taken away.
        first: Number of classes that count.
    """

    plus: Variable
    minus: Variable
    first: int

    @property
    def is_bounded_by_d(self) -> bool:
        """True if examples on which one model alone has the label are among those on which predictions change."""
        return self.is_new_against_old

    def __str__(self) -> str:
        return f"{TopK(self.plus, self.first)} - {TopK(self.minus, self.first)}"


@dataclass(frozen=True)
class Quantile(OfOneModel):
    """
    Value that a number does not exceed on a share of the examples; compared with one, it says how large `Within` is.

    Attributes:
        level: The share, in (0, 1).
        measure: The number.
    """

    model: Variable
    level: Decimal
    measure: Measure = Measure.PREDICTION

    def __str__(self) -> str:
        return f"{self.measure}({self.model}, {decimal_text(self.level)})"


@dataclass(frozen=True)
class Root(OfOneModel):
    """
    Root of a mean squared error; compared with a number, it says how large the mean is.

    Attributes:
        largest: The error above which every error counts as this one.
    """

    model: Variable
    largest: Decimal

    @property
    def mean(self) -> Mean:
        """The mean that it is the root of."""
        return Mean(((1.0, Score("mse", self.model, (("max", self.largest**2),))),))

    def __str__(self) -> str:
        return f"rmse({self.model}, max={decimal_text(self.largest)})"


def sum_text(terms: tuple[tuple[float, str], ...]) -> str:
    """A sum as a person writes it."""
    text = ""
    for weight, name in terms:
        size = "" if abs(weight) == 1 else f"{decimal_text(Decimal(repr(abs(float(weight)))))} * "
        sign = (" - " if weight < 0 else " + ") if text else ("-" if weight < 0 else "")
        text += f"{sign}{size}{name}"
    return text
