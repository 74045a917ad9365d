"""
Conditions in plain words: one short line for reports, and the longer story behind ``proctor explain``.

Accuracies are told in per cent, differences of them in points (1 point is 0.01).
Everything here is a function of the condition and its contract; nothing is ever computed from labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain, pairwise
from typing import NamedTuple, assert_never

from proctor import conditions
from proctor.conditions import AllOf, AnyOf, Clause, Formula, Slice, Variable
from proctor.errors import DomainError
from proctor.language.tree import Relation, decimal_text
from proctor.methods import method_of
from proctor.methods.figures import MODELS

_LEGEND = {
    Variable.N: "n is the accuracy of the new model, the candidate.",
    Variable.O: "o is the accuracy of the old model, the baseline.",
    Variable.A: "a is the accuracy of the anchor, the baseline of the day the test set was registered.",
    Variable.D: "d is the share of examples on which the predictions of new and old differ.",
}


class Explanation(NamedTuple):
    """
    Explanation of a condition, each part a few sentences.

    Attributes:
        asks: What is asked of the models, and how finely.
        passing_means: What a pass lets one conclude.
        passing_does_not_mean: What neither a pass nor a fail lets one conclude.
    """

    asks: tuple[str, ...]
    passing_means: tuple[str, ...]
    passing_does_not_mean: tuple[str, ...]


def in_words(formula: Formula) -> str:
    """
    One short line in plain words.

    >>> in_words(conditions.normalize(conditions.parse("n - o > 0.02 and d < 0.1")))
    'new is better than old by more than 2 points, and at most 10 % of predictions change'
    """
    return _told(formula, is_top=True)


def explain(
    condition_text: str,
    mode: str = "fp-free",
    reliability: float | None = None,
    cluster: str | None = None,
    labels: str = "all",
) -> Explanation:
    """
    Say what a condition asks, what a pass of it means, and what it does not mean.

    Args:
        condition_text: The condition as a person writes it.
        mode: ``fp-free`` (a pass is proven) or ``fn-free`` (a fail is proven).
        reliability: Probability that no proven outcome is ever wrong, in (0, 1); ``None`` to leave it open.
        cluster: Column whose values are one observation each; ``None`` where each example is one.
        labels: How missing labels are bought, as the gate file says it.

    Raises:
        ConditionError: If the text is no condition, one that cannot mean anything, or none that goes by clusters.
        DomainError: If *mode* or *reliability* lies outside its domain.
    """
    formula = conditions.clustered(conditions.normalize(conditions.parse(condition_text)), cluster)
    return explain_formula(conditions.sampled(formula) if labels == "sampled" else formula, mode, reliability)


def explain_formula(formula: Formula, mode: str, reliability: float | None) -> Explanation:
    """
    `explain` of a condition, or of all conditions of a gate, in normal form.

    Raises:
        DomainError: If *mode* or *reliability* lies outside its domain.
    """
    if mode not in {"fp-free", "fn-free"}:
        raise DomainError(f"mode must be fp-free or fn-free, not {mode!r}")
    if reliability is not None and not 0 < reliability < 1:
        raise DomainError(f"reliability must lie between 0 and 1, not {reliability!r}")
    asks = (f"It asks whether {in_words(formula)}.", *_legend(formula), *_slices(formula), *_resolutions(formula, mode))
    population = f"of the population that the test set was drawn from: {in_words(formula)}."
    if mode == "fp-free":
        passing = (f"It is proven {population}", _proven("pass", reliability))
        opposite = "A fail does not mean the opposite: only that the condition is not shown to hold on this test set."
        return Explanation(asks, passing, (*_NOT_THE_SAMPLE, opposite, *_not_the_margin(formula)))
    proven = f"In fn-free the fail is what is proven. {_proven('fail', reliability)}"
    undecided = "A pass does not mean that the condition holds: what the test set cannot decide passes too."
    limits = (undecided, *_NOT_THE_SAMPLE, *_not_the_margin(formula))
    return Explanation(asks, (f"It is not disproven {population}", proven), limits)


# --- the formula -----------------------------------------------------------------------------------------------------


def _told(formula: Formula, is_top: bool = False) -> str:
    match formula:
        case Clause():
            told = method_of(formula.quantity).in_words(formula)
            if formula.slice is None:
                return told
            filtered = f"{told} where {_slice_in_words(formula.slice)}" if formula.slice.filters else told
            return filtered if formula.slice.every is None else f"for every {formula.slice.every}, {filtered}"
        case AllOf(parts):
            return _joined([_told(part) for part in parts], "and", "both", is_top)
        case AnyOf(parts):
            return _joined([_told(part) for part in parts], "or", "either", is_top)
        case _:
            assert_never(formula)


_RELATIONS = {
    Relation.EQUAL: "is",
    Relation.NOT_EQUAL: "is not",
    Relation.ONE_OF: "is one of",
    Relation.BELOW: "is below",
    Relation.AT_MOST: "is at most",
    Relation.ABOVE: "is above",
    Relation.AT_LEAST: "is at least",
}


def _slice_in_words(slice_: Slice) -> str:
    """The filters, each as half a sentence."""
    told = []
    for each in slice_.filters:
        values = [str(value) if isinstance(value, str) else decimal_text(value) for value in each.constants]
        told.append(f"{each.column} {_RELATIONS[each.relation]} {', '.join(values)}")
    return " and ".join(told)


def _joined(parts: list[str], word: str, opening: str, is_top: bool) -> str:
    """Top: ``A, and B``; within another formula: ``both A and B``."""
    if is_top:
        return f", {word} ".join([parts[0], *_without_repeated_subject(parts)])
    return f"{opening} {f' {word} '.join(parts)}"


def _without_repeated_subject(parts: list[str]) -> Iterator[str]:
    for before, part in pairwise(parts):
        repeats = next((f"{model} is " for model in MODELS.values() if before.startswith(f"{model} is ")), None)
        yield part.removeprefix(repeats) if repeats and part.startswith(repeats) else part


def _legend(formula: Formula) -> Iterator[str]:
    named = conditions.variables(formula)
    methods = [method_of(clause.quantity) for clause in conditions.clauses(formula)]
    if any(method.is_told_by_letters for method in methods):
        yield from (sentence for variable, sentence in _LEGEND.items() if variable in named)
    elif Variable.A in named:
        yield "The anchor is the model that was the baseline when the test set was registered."
    yield from dict.fromkeys(chain.from_iterable(method.remarks for method in methods))


def _slices(formula: Formula) -> Iterator[str]:
    for slice_ in conditions.slices(formula):
        if slice_.every is not None:
            yield (
                f"`{slice_}` is a clause for each value that {slice_.every} has in the test set, and all must hold; "
                "each is judged on its examples alone, and a value with too few of them stops the evaluation."
            )
            continue
        yield (
            f"`{slice_}` is judged on the examples of that slice alone, at the level of any other clause; "
            "an example whose cell is empty is in no slice."
        )


def _resolutions(formula: Formula, mode: str) -> Iterator[str]:
    for clause in conditions.clauses(formula):
        if clause.tolerance is None:
            yield f"`{clause}` names no tolerance: the gate reports which one the test set reaches."
        else:
            size = method_of(clause.quantity).tolerance_in_words(clause.tolerance)
            yield (
                f"The tolerance of `{clause}` is {size}: it does not move the threshold, "
                f"it says how finely the test set must resolve."
            )
            yield _aim(clause, clause.tolerance, mode)


def _aim(clause: Clause, tolerance: float, mode: str) -> str:
    """The value that a plan is made for: two tolerances beyond the threshold, on the proven side (theory.md §6)."""
    is_upward = clause.above == (mode == "fp-free")
    seen = clause.threshold + (2 if is_upward else -2) * tolerance
    method = method_of(clause.quantity)
    low, high = method.value_range
    goal = method.value_in_words(seen)
    if not low <= seen <= high:
        return (
            f"That is too coarse: two tolerances beyond the threshold lies {goal}, "
            f"which `{clause.quantity}` cannot reach."
        )
    side = "more" if is_upward else "less"
    outcome = "holds" if mode == "fp-free" else "does not hold"
    return (
        f"The test set is made large enough to recognize that it {outcome} where `{clause.quantity}` is "
        f"{goal} or {side}; closer to the threshold, that may be missed."
    )


# --- what a verdict means --------------------------------------------------------------------------------------------


def _proven(outcome: str, reliability: float | None) -> str:
    # Decimal: 0.9999 is 99.99 %, without the rounding error of a binary fraction.
    sure = (
        "the reliability of the gate" if reliability is None else f"{decimal_text(Decimal(repr(reliability)) * 100)} %"
    )
    return (
        f"With a probability of at least {sure}, not one {outcome} is wrong in the whole life of the test set, "
        f"however the candidates were chosen from earlier verdicts."
    )


_NOT_THE_SAMPLE = (
    "It does not speak of the examples of the test set, but of the population behind them.",
    "It does not speak of other data: a population that has changed since the test set was drawn is another one.",
    "Where the test set's inputs lie open, it does not hold for candidates that were tuned to these very inputs.",
)


def _not_the_margin(formula: Formula) -> Iterator[str]:
    asked = conditions.clauses(formula)
    allows_loss = any(method_of(clause.quantity).is_paired and clause.threshold < 0 for clause in asked)
    if allows_loss and Variable.A not in conditions.variables(formula):
        yield "It does not bound the sum of small losses over many passes; a clause against the anchor `a` does."
    if any(clause.tolerance is not None for clause in asked):
        yield "It does not tell by how much the threshold is exceeded: the tolerance does not shift the threshold."
