"""
Quantities that a clause speaks of: one proportion, one difference of accuracies, or another linear expression.

Which values a quantity can take is settled here, because it follows from what can happen on one example.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import product

from proctor.frozen import dataclass, replace
from proctor.language.quantity import ORDER, OfAccuracies, OfOneModel, OfTwoModels, Whole, alone, compared
from proctor.language.scores import Calibration, Mean, Quantile, Ranking, Root, TopK, TopKDifference, Within, sum_text
from proctor.language.tree import Slice, Variable, column_text, decimal_text, quoted


@dataclass(frozen=True)
class Proportion(OfAccuracies):
    """One population proportion."""

    variable: Variable

    @property
    def weights(self) -> tuple[float, ...]:
        """Coefficients of n, o, a and d."""
        return alone(self.variable)

    def __str__(self) -> str:
        return str(self.variable)


@dataclass(frozen=True)
class Difference(OfTwoModels, OfAccuracies):
    """Difference of two accuracies, never of *d*; in the normal form *plus* comes first in the order n, o, a."""

    plus: Variable
    minus: Variable

    @property
    def is_bounded_by_d(self) -> bool:
        """True if examples on which one model alone is right are among those on which predictions change."""
        return self.is_new_against_old

    def __str__(self) -> str:
        return f"{self.plus} - {self.minus}"


@dataclass(frozen=True)
class Linear(OfAccuracies):
    """Any other linear expression, by its coefficients as written."""

    n: float = 0.0
    o: float = 0.0
    a: float = 0.0
    d: float = 0.0

    @property
    def weights(self) -> tuple[float, ...]:
        """Coefficients of n, o, a and d."""
        return self.n, self.o, self.a, self.d

    def __str__(self) -> str:
        return sum_text(self.terms)


@dataclass(frozen=True)
class Ratio(OfOneModel):
    """
    A metric of one model that looks at a part of the examples only, told by one class.

    Attributes:
        metric: Its name.
    """

    metric: str
    model: Variable
    positive: str

    def __str__(self) -> str:
        return f"{self.metric}({self.model}, {quoted(self.positive)})"


@dataclass(frozen=True)
class FScore(OfOneModel):
    """
    F-beta of one model for one class: recall counts *beta* times as much as precision.

    Attributes:
        beta: The weight; neither 0, which is precision, nor 1, which is F1.
    """

    model: Variable
    positive: str
    beta: Decimal

    def __str__(self) -> str:
        return f"fbeta({self.model}, {quoted(self.positive)}, beta={decimal_text(self.beta)})"


@dataclass(frozen=True)
class MeanRecall(OfTwoModels):
    """
    The mean over all classes of the recall of each, or how far one model's lies above another's.

    Attributes:
        plus: The model.
        minus: The model whose mean is taken away, behind the other in the order n, o, a; ``None`` if there is none.
    """

    plus: Variable
    minus: Variable | None = None

    def __str__(self) -> str:
        taken = "" if self.minus is None else f" - balanced_accuracy({self.minus})"
        return f"balanced_accuracy({self.plus}){taken}"


@dataclass(frozen=True)
class MeanFScore(OfOneModel):
    """
    The mean over all classes of the F-beta of each.

    Attributes:
        beta: The weight: 0 for precision, 1 for F1.
    """

    model: Variable
    beta: Decimal

    def __str__(self) -> str:
        if self.beta in (0, 1):
            return f'{"f1" if self.beta else "precision"}({self.model}, average="macro")'
        return f'fbeta({self.model}, average="macro", beta={decimal_text(self.beta)})'


OneMetric = Ratio | FScore | Ranking
"""A metric of one model and one class that two models can be compared by."""


@dataclass(frozen=True)
class MetricDifference(Whole):
    """
    Difference of one metric between two models; in the normal form *plus* comes first in the order n, o, a.

    Attributes:
        of: The metric, of the model for which it counts.
        minus: The model whose metric is taken away.
    """

    of: OneMetric
    minus: Variable

    @property
    def plus(self) -> Variable:
        """The model whose metric counts."""
        return self.of.model

    @property
    def positive(self) -> str:
        """The class, as it is spelled in labels."""
        return self.of.positive

    @property
    def weights(self) -> tuple[float, ...]:
        """Coefficients of n, o, a and d: those of the two models."""
        return compared(self.plus, self.minus)

    def __str__(self) -> str:
        return f"{self.of} - {replace(self.of, model=self.minus)}"


Averaged = Proportion | Difference | Linear | Mean
"""Quantities that are the mean of one bounded value of each example."""


class _About(Whole):
    """A quantity made of another, whose models are its own."""

    of: Quantity

    @property
    def weights(self) -> tuple[float, ...]:
        """Coefficients of n, o, a and d."""
        return self.of.weights


@dataclass(frozen=True)
class Clustered(_About):
    """
    A quantity averaged over clusters in place of examples: each cluster counts once, however many examples it has.

    Attributes:
        of: The quantity.
        cluster: Name of the column that tells whose each example is.
    """

    of: Averaged
    cluster: str

    @property
    def is_bounded_by_d(self) -> bool:
        """True if the quantity is: the mean of a cluster is no further from 0 than its share of changed predictions."""
        return self.of.is_bounded_by_d

    @property
    def terms(self) -> tuple[tuple[float, str], ...]:
        """Coefficients and names of what it is made of; none is 0."""
        return self.of.terms

    def __str__(self) -> str:
        return str(self.of)


@dataclass(frozen=True)
class Sampled(_About):
    """
    A difference between two models, of which not all labels are bought where the models agree.

    Attributes:
        of: The difference: of precision, recall, specificity or F-beta.
        share: Share of the examples that are drawn for labeling.
    """

    of: MetricDifference
    share: float

    def __str__(self) -> str:
        return str(self.of)


@dataclass(frozen=True)
class Gap(_About):
    """
    The largest minus the smallest value of a metric over the values of a column, or how far one of them is ahead.

    Attributes:
        of: The metric.
        by: Name of the column.
        others: The groups that a clause on one group compares it with; empty in a condition as it is written.
    """

    of: Proportion | Ratio | Mean
    by: str
    others: tuple[Slice, ...] = ()

    @property
    def extremes(self) -> tuple[Fraction, Fraction]:
        """No gap, and the whole range of the metric."""
        low, high = self.of.extremes if isinstance(self.of, Mean) else (Fraction(0), Fraction(1))
        return Fraction(0), high - low

    def __str__(self) -> str:
        of = f"accuracy({self.of})" if isinstance(self.of, Proportion) else str(self.of)
        return f"gap({of.removesuffix(')').replace('(', ', ', 1)}, by={column_text(self.by)})"


Quantity = (
    Proportion
    | Difference
    | Linear
    | OneMetric
    | Calibration
    | MetricDifference
    | MeanRecall
    | MeanFScore
    | Mean
    | Quantile
    | Root
    | Within
    | TopK
    | TopKDifference
    | Clustered
    | Sampled
    | Gap
)

DISAGREEMENT = Proportion(Variable.D)
"""The share of examples on which candidate and baseline differ: the only quantity that needs no labels."""


OF_HITS = frozenset({"precision", "recall", "specificity", "f1"})
"""Metrics of one class that count hits of it or of the rest, by a test of their difference too."""

COMPARED = OF_HITS | {"balanced_accuracy"}
"""Metrics of one class whose difference between two models a test judges; that of any other is refused."""


def combined(terms: Mapping[Quantity, Fraction]) -> tuple[Quantity, Fraction] | None:
    """
    One quantity, and its factor, for a sum of quantities that are no accuracies; ``None`` if no method judges the sum.

    A sum of one is itself; the same metric of two models with opposite factors is its difference; means add up.
    """
    if len(terms) > 1 and all(isinstance(each, Mean) for each in terms):
        return _mean_of({each: factor for each, factor in terms.items() if isinstance(each, Mean)})
    match sorted(terms.items(), key=lambda term: term[0].weights, reverse=True):
        case [(quantity, factor)]:
            return quantity, factor
        case [(Ratio() | FScore() | Ranking() as one, factor), (other, opposite)] if (
            isinstance(other, type(one))
            and replace(other, model=one.model) == one
            and factor == -opposite
            and has_difference(one)
        ):
            return MetricDifference(one, other.model), factor
        case [(MeanRecall(plus, None), factor), (MeanRecall(minus, None), opposite)] if factor == -opposite:
            return MeanRecall(plus, minus), factor
        case [(TopK(plus, first), factor), (TopK(minus, others), opposite)] if first == others and factor == -opposite:
            return TopKDifference(plus, minus, first), factor
        case _:
            return None


def has_difference(quantity: Quantity) -> bool:
    """True of a metric of one model whose difference between two models is judged."""
    if isinstance(quantity, Ratio):
        return quantity.metric in COMPARED
    return isinstance(quantity, FScore | Ranking | MeanRecall | TopK | Mean | Root)


def _mean_of(terms: Mapping[Mean, Fraction]) -> tuple[Mean, Fraction]:
    """A sum of means as one, and the factor by which its first coefficient is 1."""
    parts = [(factor * Fraction(repr(weight)), score) for mean, factor in terms.items() for weight, score in mean.parts]
    parts.sort(key=lambda part: (ORDER.index(part[1].model), str(part[1])))
    first = parts[0][0]
    return Mean(tuple((float(weight / first), score) for weight, score in parts)), first


def quantity_variables(quantity: Quantity) -> frozenset[Variable]:
    """The variables that *quantity* depends on."""
    return frozenset(name for name, weight in zip(ORDER, quantity.weights, strict=True) if weight)


def value_range(quantity: Quantity) -> tuple[float, float]:
    """
    Lowest and highest value of *quantity* on one example, over everything that can happen together.

    Two models that are both right make the same prediction; if only one of them is right, they differ; if both are
    wrong, they may do either. The anchor is right or wrong on its own. Expectations over a population fill exactly
    this interval (theory.md §3.3).

    Example:
        Not [-1, 2], because d is 1 wherever one model alone is right:

        >>> value_range(Linear(n=1, o=-1, d=1))
        (0.0, 2.0)
    """
    if isinstance(quantity, Clustered):
        return value_range(quantity.of)
    weights = tuple(Fraction(weight) for weight in quantity.weights)
    low, high = quantity.extremes if isinstance(quantity, Mean | Gap) else extremes(weights)
    return float(low), float(high)


_TOGETHER = tuple(
    (n, o, a, d) for n, o, a, d in product((0, 1), repeat=len(ORDER)) if (d == 1 if n != o else n == 0 or d == 0)
)
"""Everything that can happen on one example: new, old and anchor right or not, new and old different or not."""


def extremes(weights: tuple[Fraction, ...]) -> tuple[Fraction, Fraction]:
    """Exact range of a linear expression, by the coefficients of n, o, a and d."""
    values = [sum((w * x for w, x in zip(weights, event, strict=True)), Fraction(0)) for event in _TOGETHER]
    return min(values), max(values)
