"""
Names that conditions can call, such as ``error(n)``: how a call is read.

A metric that is linear in the accuracies says so by an expression of n, o and a, and needs no method of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from proctor.errors import ConditionError
from proctor.language import Call, Quantity, Variable
from proctor.language.habits import MODELS_INSTEAD
from proctor.language.place import Place
from proctor.language.tree import Argument, Expression, Name, Word
from proctor.methods.unjudged import answer_to

_AVERAGED = {
    spelled: f'{name}(n, average="macro")'
    for name in ("precision", "f1")
    for spelled in (f"macro_{name}", f"{name}_macro")
}
"""Names of averages that people try, and how they are called."""

MODELS_IN_WORDS = "`n` (the new model), `o` (the old one) or `a` (the anchor)"


class Metric(NamedTuple):
    """
    One name that conditions can call.

    Attributes:
        name: The name.
        summary: What it measures, as half a sentence.
        means: The expression that a call stands for, or the quantity, if it is no sum of accuracies; raises
            `ConditionError` for arguments that it does not take.
        also: Other names that people try; they are answered with the right one.
    """

    name: str
    summary: str
    means: Callable[[Call], Expression | Quantity]
    also: tuple[str, ...] = ()


def refuse_words(call: Call, *behind: Argument) -> None:
    """
    Refuse a model by another name, such as ``new``, with the call that is meant.

    Args:
        call: The call.
        behind: Arguments that stand behind a model, for a call that has none.

    Raises:
        ConditionError: If the first argument is a bare word.
    """
    match call.arguments:
        case (Word(word), *rest):
            letter = MODELS_INSTEAD.get(word.lower())
            meant = replace(call, arguments=(Name(Variable(letter)), *(rest or behind))) if letter else None
            hint = f"Write `{meant}`." if meant else f"A model is {MODELS_IN_WORDS}: `{call.name}(n)`."
            raise refusal(call, f"`{word}` is no model", hint)


def model_of(call: Call) -> Name:
    """
    The model that a metric of nothing else is called with.

    Raises:
        ConditionError: If there is another argument, or none.
    """
    refuse_words(call)
    match call.arguments, call.options:
        case ((Name(variable) as name,), ()) if variable is not Variable.D:
            return name
        case ((Name() as argument,), ()):
            raise refusal(call, f"`{argument}` is no model", f"A model is {MODELS_IN_WORDS}: `{call.name}(n)`.")
        case _:
            raise refusal(
                call,
                f"`{call}` needs one model and nothing else",
                f"Write `{call.name}(n)`; a model is {MODELS_IN_WORDS}.",
            )


def named(call: Call, metrics: Mapping[str, Metric]) -> Metric:
    """
    The metric of *metrics* that a call names.

    Raises:
        ConditionError: If there is none of this name, with the nearest one and the list of all.
    """
    if call.name in metrics:
        return metrics[call.name]
    known = f"Known are {_listed(metrics)}."
    if call.name in {str(variable) for variable in Variable}:
        hint = f"Write `{call.name}` alone, or a metric of it. {known}"
        raise refusal(call, f"`{call.name}` is a number by itself, and takes nothing in parentheses", hint)
    if answer := answer_to(call.name):
        raise refusal(call, f"`{call.name}` is judged by no test: {answer.reason}", answer.instead)
    nearest = _nearest(call.name.lower(), metrics)
    own = "A number of your own for each example is given as the prediction: `mean(n) > 0.7` asks for its mean."
    hint = f"Did you mean `{nearest}`? {known}" if nearest else f"{known} {own}"
    raise refusal(call, f"there is no metric `{call.name}`", hint)


def _nearest(name: str, metrics: Mapping[str, Metric]) -> str | None:
    from difflib import get_close_matches

    spellings = {spelling: each.name for each in metrics.values() for spelling in (each.name, *each.also)} | _AVERAGED
    close = get_close_matches(name, spellings, n=1, cutoff=0.6)
    return spellings[close[0]] if close else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def refusal(call: Call, message: str, hint: str) -> ConditionError:
    """An error that points at a call."""
    return (call.place or Place(str(call), 0, len(str(call)))).error(message, hint)
