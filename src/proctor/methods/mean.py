"""
Means of bounded numbers: what a model says itself, and losses (theory.md §3.3, §3.7).

Every finite-sample test of a mean needs a range of what is averaged. A score outside its declared range is an error; a
loss is clipped by declaration, because nobody can promise that a model is never far off.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from proctor.counting.reading import Reading
from proctor.errors import ConditionError
from proctor.language import Call, Clause, Form, Mean, Root, Score, Variable
from proctor.language.tree import Argument, Name, Number, Text, Word
from proctor.methods.figures import MODELS, Unit, figure
from proctor.methods.kinds import OWN, kind_of, range_in_words, reading, refuse_unusable, value_of
from proctor.methods.method import Bounds, Claim, Valued
from proctor.methods.metric import MODELS_IN_WORDS, Metric, refusal
from proctor.methods.one_class import model_and_class
from proctor.methods.standard import Betting

if TYPE_CHECKING:
    from proctor.counting.panel import Labeled, Mask, Panel
    from proctor.methods.method import Floats
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


class MeanMethod(Betting[Mean], Valued[Mean]):
    """Judges a sum of means by one value for each example, in the order fixed at registration."""

    unit = Unit.OWN

    @property
    def classes(self) -> frozenset[str]:
        """Classes whose probability is predicted."""
        return frozenset(score.positive for _, score in self.quantity.parts if score.positive is not None)

    @property
    def own(self) -> frozenset[str]:
        """Functions of the owner that it asks."""
        return frozenset(score.metric for _, score in self.quantity.parts if score.of is not None)

    @property
    def reading(self) -> Reading:
        """
        Numbers, and labels where there is a loss; a score within its range.

        Raises:
            ConditionError: If labels would have to be classes and numbers.
        """
        found, *others = (reading(score) for _, score in self.quantity.parts)
        for each in others:
            together = found.with_(each)
            if together is None:
                message = f"`{self.quantity}` needs predictions or labels that are classes and numbers"
                raise ConditionError(message, "Leave one out.")
            found = together
        return found

    def needs_label(self, panel: Panel) -> Mask:
        """None for scores; for losses all, and for a difference of one loss those on which predictions differ."""
        import numpy as np

        from proctor.counting.panel import needed_rows

        losses = [(weight, score) for weight, score in self.quantity.parts if kind_of(score).is_loss]
        if not all(score.is_alike(losses[0][1]) for _, score in losses):
            return np.full(len(panel), True)
        of = {score.model: weight for weight, score in losses}
        return needed_rows(panel, [of.get(variable, 0.0) for variable in Variable])

    def refuse_unusable(self, panel: Panel) -> None:
        """Try the functions of the owner on the predictions of their models."""
        for _, score in self.quantity.parts:
            refuse_unusable(score, panel)

    def values_of(self, panel: Panel, labels: Labeled) -> Floats:
        """
        The sum on each example; NaN where there is nothing to bet on (`proctor.methods.kinds:value_of`).

        Raises:
            DataError: If there are no predictions of a model, or a score lies outside its range.
        """
        import numpy as np

        parts = [weight * value_of(score, panel, labels) for weight, score in self.quantity.parts]
        whole: Floats = np.clip(np.sum(parts, axis=0), *self.value_range)  # by no more than the rounding of the sum
        return whole

    def rejects(self, claim: Claim, statistic: Floats, n_examples: int) -> bool:
        """Betting against the threshold, where there is anything to bet on."""
        if _is_nothing(statistic):
            return False
        return super().rejects(claim, statistic, n_examples)

    def bounds(self, clause: Clause, statistic: Floats, n_examples: int, level: float) -> Bounds:
        """Bounds by betting; the whole range where there is nothing to bet on."""
        if _is_nothing(statistic):
            return *self.value_range, None
        return super().bounds(clause, statistic, n_examples, level)

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size by the hinge bound, or by simulating the test, for values that scatter as much as they can."""
        from proctor.methods.sizes.mean import MeanSizing

        is_labeled = any(kind_of(score).is_loss for _, score in self.quantity.parts)
        return MeanSizing(share, simulate, progress, is_difference=self._is_difference, is_labeled=is_labeled)

    def in_words(self, clause: Clause) -> str:
        """One mean, or two that are compared; anything else as written."""
        side, threshold = ("above" if clause.above else "below"), clause.threshold
        weights, scores = zip(*self.quantity.parts, strict=True)
        first, *others = scores
        subject = kind_of(first).words.format(model=MODELS[first.model])
        if weights == (1,):
            return f"{subject} is {side} {figure(threshold)}"
        if len(scores) == 2 and weights[0] == 1 and weights[1] < 0 and first.is_alike(others[0]):
            times = "" if weights[1] == -1 else f"{figure(-weights[1])} times "
            shift = f" {'plus' if threshold > 0 else 'minus'} {figure(abs(threshold))}" if threshold else ""
            return f"{subject} is {side} {times}that of {MODELS[others[0].model]}{shift}"
        return f"{self.quantity} is {side} {figure(threshold)}"

    def value_in_words(self, value: float) -> str:
        """A plain number, in the unit of the scores."""
        return figure(value)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The ranges: what is clipped, and what is refused."""
        return tuple(dict.fromkeys(range_in_words(score) for _, score in self.quantity.parts))

    @property
    def _is_difference(self) -> bool:
        """True if the value is 0 wherever candidate and baseline predict the same."""
        if len(self.quantity.parts) != 2:
            return False
        (mine, score), (yours, other) = self.quantity.parts
        return mine == -yours and score.is_alike(other) and {score.model, other.model} == {Variable.N, Variable.O}


def _is_nothing(values: Floats) -> bool:
    return len(values) > 0 and math.isnan(values[0])


# --- how calls are read ----------------------------------------------------------------------------------------------


def _loss(call: Call) -> Mean:
    """
    A loss that a call asks for.

    Raises:
        ConditionError: If it does not name a model and the largest loss.
    """
    example = f"`{call.name}({_model_text(call)}, max=10)`"
    model, options = _read(call, ("max", "sd"), f"Write {example}.")
    if "max" not in options:
        raise refusal(
            call,
            f"`{call}` does not say how large one loss can be",
            f"Write {example}, with a maximum that losses rarely exceed: one above it counts as 10. "
            "No test set bounds the mean of losses that have no end.",
        )
    if options["max"] <= 0:
        raise refusal(call, f"`{call}` clips every loss to 0", f"Write {example}.")
    return _mean_of(call, model, options)


def _root(call: Call) -> Root:
    """
    The root of a mean squared error that a call asks for.

    Raises:
        ConditionError: If it does not name a model and the largest error.
    """
    example = f"`{call.name}({_model_text(call)}, max=10)`"
    model, options = _read(call, ("max",), f"Write {example}.")
    if options.get("max", Decimal(0)) <= 0:
        raise refusal(
            call,
            f"`{call}` does not say how large one error can be",
            f"Write {example}, with a maximum above 0 that errors rarely exceed: one above it counts as 10.",
        )
    return Root(model, options["max"])


def _score(call: Call) -> Mean:
    """
    A score that a call asks for.

    Raises:
        ConditionError: If it does not name a model, or the range of the scores is none.
    """
    hint = f"Write `{call.name}({_model_text(call)})`, or `{call.name}({_model_text(call)}, min=1, max=5)`"
    if not call.name.startswith(OWN):
        named = "`candidate: {predictions: FILE, prediction: score}`"
        hint += f"; the column of scores is named in the gate file: {named}"
    options = {"min": Decimal(0), "max": Decimal(1)}
    model, given = _read(call, ("min", "max", "sd"), f"{hint}.")
    options |= given
    if options["min"] >= options["max"]:
        raise refusal(call, f"`{call}` has an empty range", "Write the smaller number as `min`.")
    return _mean_of(call, model, options)


def _mean_of(call: Call, model: Variable, options: dict[str, Decimal], positive: str | None = None) -> Mean:
    spread = options.pop("sd", None)
    if spread is not None and spread <= 0:
        raise refusal(call, "`sd` is not above 0", "It is the standard deviation that you expect, for the plan.")
    return Mean(((1.0, Score(call.name, model, tuple(options.items()), positive, spread)),))


def own_metric(name: str) -> Metric:
    """The metric that a function of the owner is."""
    return Metric(name, "the mean of what a function of the owner of the test set gives", _own_score)


def _own_score(call: Call) -> Mean:
    """
    The scores by a function of the owner that a call asks for.

    Raises:
        ConditionError: If it does not name a model, what the function is given is unknown, or the range is none.
    """
    said = dict(call.options).get("of", Word(Form.CLASSES))
    if not isinstance(said, Word | Text) or said.value not in set(Form):
        raise refusal(
            call,
            f"`of={said}` does not say what `{call.name}` is given",
            f"Write `{call.name}({_model_text(call)})`, or, where labels and predictions are numbers, "
            f"`{call.name}({_model_text(call)}, of=numbers)`.",
        )
    form, rest = Form(said.value), tuple(each for each in call.options if each[0] != "of")
    mean = _score(replace(call, options=rest))
    return Mean(tuple((weight, replace(score, of=form)) for weight, score in mean.parts))


def _read(call: Call, known: tuple[str, ...], hint: str) -> tuple[Variable, dict[str, Decimal]]:
    """
    The model and the options of a call.

    Raises:
        ConditionError: If there is anything else.
    """
    match call.arguments:
        case (Name(variable),) if variable is not Variable.D:
            pass
        case (argument, *_) if not isinstance(argument, Name) or argument.variable is Variable.D:
            raise refusal(call, f"`{argument}` is no model", f"A model is {MODELS_IN_WORDS}. {hint}")
        case _:
            raise refusal(call, f"`{call}` needs one model", f"A model is {MODELS_IN_WORDS}. {hint}")
    return variable, _numbers(call, call.options, known, hint)


def _numbers(
    call: Call, given: Iterable[tuple[str, Argument]], known: Collection[str], hint: str
) -> dict[str, Decimal]:
    options = {}
    for key, value in given:
        if key not in known or not isinstance(value, Number):
            listed = " and ".join(f"`{each}`" for each in known)
            raise refusal(call, f"`{key}={value}` is no option of `{call.name}`", f"Its options are {listed}. {hint}")
        options[key] = value.value
    return options


def _model_text(call: Call) -> str:
    """The model of a call that is wrong in another way; the new one where it names none."""
    named = [str(each) for each in call.arguments if isinstance(each, Name) and each.variable is not Variable.D]
    return named[0] if named else str(Variable.N)


def _of_probability(call: Call) -> Mean:
    """
    A loss of predicted probabilities that a call asks for.

    Raises:
        ConditionError: If it does not name a model and a class, and for what has no end the largest loss.
    """
    is_brier = call.name == "brier"
    known = {"sd"} if is_brier else {"max", "sd"}
    own = tuple((key, value) for key, value in call.options if key in known)
    example = f'`{call.name}({_model_text(call)}, "spam"{"" if is_brier else ", max=5"})`'
    rest = replace(call, options=tuple(each for each in call.options if each[0] not in known))
    model, positive = model_and_class(rest, example)
    options = _numbers(call, own, known, f"Write {example}.")
    if not is_brier and options.get("max", Decimal(0)) <= 0:
        raise refusal(
            call,
            f"`{call}` does not say how large one loss can be",
            f"Write {example}, with a maximum above 0: a loss above it counts as 5, "
            "which is what a probability of 0.0067 for what is true costs.",
        )
    return _mean_of(call, model, options, positive)


MEANS = (
    Metric("mae", "the mean absolute error of predicted numbers", _loss, ("mean_absolute_error",)),
    Metric("mse", "the mean squared error of predicted numbers", _loss, ("mean_squared_error",)),
    Metric("rmse", "the root of the mean squared error", _root, ("root_mean_squared_error", "rmsd")),
    Metric("mean", "the mean of scores that are given as predictions", _score, ("average", "avg", "score")),
    Metric("brier", "the mean squared error of probabilities", _of_probability, ("brier_score", "brier_score_loss")),
    Metric("logloss", "the mean logarithmic loss of probabilities", _of_probability, ("log_loss", "cross_entropy")),
)
