"""Metrics of one class: the events behind them, their words, and how their calls are read."""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from proctor.counting.events import Called, Event, Positive
from proctor.errors import ConditionError
from proctor.language import (
    Calibration,
    Call,
    Clause,
    FScore,
    MeanFScore,
    MeanRecall,
    MetricDifference,
    Ranking,
    Ratio,
    Variable,
)
from proctor.language.tree import Argument, Name, Number, Text, Word, decimal_text
from proctor.methods.figures import MODELS, ahead, percent, points
from proctor.methods.method import Method
from proctor.methods.metric import MODELS_IN_WORDS, refusal, refuse_words
from proctor.methods.standard import InPercent
from proctor.spelling import class_name

if TYPE_CHECKING:
    from proctor.counting.panel import Mask, Panel

_MICRO = (Text("micro"), Word("micro"))
_MACRO = (Text("macro"), Word("macro"))
_WEIGHTED = (Text("weighted"), Word("weighted"))
_OF_HITS = frozenset({"precision", "recall", "f1", "fbeta"})
"""Metrics whose micro average over all classes is the accuracy, where each example has one class and one prediction."""

Judged = TypeVar("Judged", bound=Ratio | FScore | Ranking | Calibration | MetricDifference)
Statistic = TypeVar("Statistic")


class OfOneClass(Method[Judged, Statistic]):
    """A method that asks of each example whether it is of a class, and which models say so."""

    @property
    @abstractmethod
    def noun(self) -> str:
        """The metric in sentences."""

    @property
    def models(self) -> tuple[Variable, ...]:
        """The models, in the order n, o, a."""
        return tuple(model for model, weight in zip(Variable, self.quantity.weights, strict=True) if weight)

    @property
    def classes(self) -> frozenset[str]:
        """The positive one."""
        return frozenset({self.quantity.positive})

    @property
    def events(self) -> tuple[Event, ...]:
        """The label is the class; each of the models says so."""
        positive = self.quantity.positive
        return Positive(positive), *(Called(model, positive) for model in self.models)

    def needs_label(self, panel: Panel) -> Mask:
        """All examples: those of the class may lie anywhere."""
        import numpy as np

        return np.full(len(panel), any(panel.of(model) is not None for model in self.models))

    @property
    def subject(self) -> str:
        """The metric of the first model, with its verb."""
        return f"the {self.noun} of {MODELS[self.models[0]]} for class {self.quantity.positive} is"


class OfOneModel(OfOneClass[Judged, Statistic], InPercent[Judged, Statistic]):
    """Words of a metric against a number."""

    def in_words(self, clause: Clause) -> str:
        """Shares in per cent."""
        return f"{self.subject} {'above' if clause.above else 'below'} {percent(clause.threshold)}"


class OfTwoModels(OfOneClass[Judged, Statistic]):
    """Words of a difference between two models."""

    is_paired = True

    def in_words(self, clause: Clause) -> str:
        """Words that say which model has more of it, and by how many points."""
        return ahead(clause, self.subject, "higher", "lower", f"than that of {MODELS[self.models[1]]}")

    def value_in_words(self, value: float) -> str:
        """A difference in points."""
        return points(value)


def ratio_called(call: Call) -> Ratio:
    """
    The metric of one model and one class that a call asks for.

    Raises:
        ConditionError: If it does not name a model and a class.
    """
    return Ratio(call.name, *model_and_class(call, f'`{call.name}(n, "spam")`'))


def mean_called(call: Call) -> Ratio | MeanFScore | MeanRecall:
    """
    Precision, recall or F1 of one class that a call asks for, or its mean over all: ``recall(n, average="macro")``.

    Raises:
        ConditionError: If it asks for neither.
    """
    model = model_of_macro(call)
    if model is None:
        return ratio_called(call)
    return MeanRecall(model) if call.name == "recall" else MeanFScore(model, Decimal(call.name == "f1"))


def model_of_macro(call: Call) -> Variable | None:
    """The model whose mean over all classes a call asks for; ``None`` if it asks for another thing."""
    match call.arguments, call.options:
        case ((Name(model),), (("average", average),)) if average in _MACRO and model is not Variable.D:
            return model
        case _:
            return None


def model_and_class(call: Call, example: str) -> tuple[Variable, str]:
    """
    The model and the class that a call names.

    Raises:
        ConditionError: If it names none, or more, with an *example*.
    """
    refuse_words(call, *([] if call.options else [Text("spam")]))
    if "average" in dict(call.options):
        raise _average(call)
    match call.arguments, call.options:
        case ((Name(model), positive), ()) | ((Name(model),), (("positive" | "pos_label", positive),)):
            if model is Variable.D:
                raise refusal(call, "`d` is no model", f"A model is {MODELS_IN_WORDS}: {example}.")
            return model, _class(call, positive, example)
        case ((Name(),), ()):
            message = f"`{call}` does not say which class is the positive one"
            raise refusal(call, message, f"Write {example}, with the class as it is in the labels.")
        case _:
            raise refusal(
                call, f"`{call}` needs a model and a class", f"Write {example}; a model is {MODELS_IN_WORDS}."
            )


def _average(call: Call) -> ConditionError:
    """The answer to an average over classes."""
    average = dict(call.options)["average"]
    if average in _WEIGHTED and call.name == "recall":
        message = f"`{call}` is the accuracy: each class counts by how many examples it has"
        return refusal(call, message, "Write `n > 0.8` instead of a floor of 0.8.")
    if average in _MICRO and call.name in _OF_HITS:
        message = f"`{call}` is the accuracy: counted over all classes, each miss of one is a false alarm of another"
        model = next((each for each in call.arguments if isinstance(each, Name)), Variable.N)
        return refusal(call, message, f"Write `{model} > 0.8` instead of a floor of 0.8.")
    more = f", beta={dict(call.options).get('beta', 2)}" if call.name == "fbeta" else ""
    each = " and ".join(f'{call.name}(n, "{name}"{more}) > 0.8' for name in "ab")
    macro = f'{call.name}(n, average="macro"{more})' if call.name in _OF_HITS else "balanced_accuracy(n)"
    return refusal(
        call,
        f"`{call}` is an average over classes that is not judged",
        f"Write a clause for each class: `{each}`; each is tested at the full level. Or ask for the mean in which "
        f"classes count alike, which may hide the worst: `{macro} > 0.8`.",
    )


def _class(call: Call, argument: Argument, example: str) -> str:
    match argument:
        case Text(value):
            return class_name(value)
        case Number(value):
            return decimal_text(value)
        case _:
            raise refusal(call, f"`{argument}` is no class", f"Classes stand in quotation marks: {example}.")
