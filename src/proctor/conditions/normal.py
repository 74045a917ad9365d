"""
The normal form of a condition: what its clauses ask of the population.

A syntax tree becomes a formula of clauses, each one linear expression against one constant, worked out in exact
fractions. Conditions that cannot mean anything (never true, always true, a tolerance of 0) are refused here with
the reason. How a clause is tested is the business of ``proctor.stats``, how many examples it needs of planning.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, assert_never

from proctor.errors import ConditionError
from proctor.frozen import dataclass, field
from proctor.language.clauses import Clause, Formula, mapped, renumbered
from proctor.language.parser import parse
from proctor.language.place import Place
from proctor.language.quantities import (
    Difference,
    Gap,
    Linear,
    MeanFScore,
    Proportion,
    Quantity,
    combined,
    extremes,
    has_difference,
)
from proctor.language.quantity import ORDER
from proctor.language.scores import Mean, Quantile, Root, Within
from proctor.language.tree import (
    Add,
    Call,
    Comparison,
    Condition,
    Expression,
    Multiply,
    Name,
    Negative,
    Number,
    Slice,
    Subtract,
    Variable,
    decimal_text,
    names_in,
)
from proctor.methods import metric_of, reading_of

_SMALLEST, _LARGEST = Fraction(1, 10**100), Fraction(10**100)


def normalize(condition: Condition) -> Formula:
    """
    Bring a condition into normal form.

    Constants move to the right, variables to the left, multiples of one variable or of one difference are divided
    out; ``0.1 + n > o + 0.3`` becomes ``n - o > 0.2``, exactly.

    Returns:
        A clause, or a flat tree of AND and OR over clauses, numbered in the order of the text.

    Raises:
        ConditionError: If a clause is not linear, is true or false whatever the models, or has no positive tolerance;
            if two clauses need one file read in two ways.
    """
    formula = normalize_apart(condition)
    reading_of(formula)
    return formula


def normalize_apart(condition: Condition) -> Formula:
    """The normal form of what is not asked of one column of predictions; errors as `normalize`, but for the last."""
    return renumbered(mapped(condition, _clause))


class Measured(NamedTuple):
    """An expression by the quantity that has to be estimated for it: ``factor * quantity + constant``."""

    quantity: Quantity
    factor: float
    constant: float

    def value(self, estimate: float) -> float:
        """Value of the expression where the quantity has the value *estimate*."""
        return self.factor * estimate + self.constant


def measured_by(expression: str) -> Measured:
    """
    Quantity that an expression without a comparison is about.

    Raises:
        ConditionError: If *expression* is none, is not linear, or says nothing about the models.

    Example:
        >>> measured_by("error(n)")
        Measured(quantity=Proportion(variable=<Variable.N: 'n'>), factor=-1.0, constant=1.0)
    """
    comparison = parse(f"{expression} > 0")
    if not isinstance(comparison, Comparison):
        raise _whole(expression).error(f"`{expression}` is not one expression", "Write for example `n - o`.")
    quantity, form = _collected(comparison).quantity, _form(comparison.left)
    if any(isinstance(each, Quantile | Root | Gap) for each in form.others):
        raise _whole(expression).error(f"`{expression}` has no estimate that is released", "Name another quantity.")
    if (found := combined(form.others)) is not None:
        return Measured(quantity, float(found[1]), float(form.constant))
    factor = next(w / Fraction(q) for w, q in zip(form.weights, quantity.weights, strict=True) if w)
    return Measured(quantity, float(factor), float(form.constant))


# --- one comparison --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Form:
    """Σ weight · variable + constant, in exact fractions."""

    weights: tuple[Fraction, ...] = (Fraction(0),) * len(ORDER)
    constant: Fraction = Fraction(0)
    others: Mapping[Quantity, Fraction] = field(default_factory=dict)

    def __add__(self, other: _Form) -> _Form:
        weights = tuple(mine + yours for mine, yours in zip(self.weights, other.weights, strict=True))
        names = {**self.others, **other.others}
        sums = {name: self.others.get(name, Fraction(0)) + other.others.get(name, Fraction(0)) for name in names}
        return _Form(weights, self.constant + other.constant, {name: w for name, w in sums.items() if w})

    def times(self, factor: Fraction) -> _Form:
        others = {name: factor * weight for name, weight in self.others.items() if factor}
        return _Form(tuple(factor * weight for weight in self.weights), factor * self.constant, others)

    @property
    def is_constant(self) -> bool:
        return not any(self.weights) and not self.others


class _Bound(NamedTuple):
    """``weights · variables > threshold`` (or ``<``) before anything is rounded to a float."""

    quantity: Quantity
    weights: tuple[Fraction, ...]
    above: bool
    threshold: Fraction
    tolerance: Fraction | None


def _clause(comparison: Comparison) -> Clause:
    bound = _collected(comparison)
    _check_tolerance(comparison, bound)
    _check_reach(comparison, bound)
    tolerance = None if bound.tolerance is None else float(bound.tolerance)
    about = _groups(comparison, bound) if isinstance(bound.quantity, Gap) else comparison.slice
    return Clause(bound.quantity, bound.above, float(bound.threshold), tolerance, str(comparison), 0, about)


def _groups(comparison: Comparison, bound: _Bound) -> Slice:
    """The groups that a gap is between."""
    assert isinstance(bound.quantity, Gap)  # noqa: S101  # the caller has seen to it
    if bound.above:
        message = f"`{comparison}` asks for a gap that is large, and a gap is shown to be small"
        raise _refusal(comparison, message, f"Write `{bound.quantity} < 0.05`.")
    filters = () if comparison.slice is None else comparison.slice.filters
    if comparison.slice is not None and comparison.slice.every is not None:
        message = (
            f"`{comparison}` has groups within groups: `every {comparison.slice.every}`, and `by={bound.quantity.by}`"
        )
        raise _refusal(comparison, message, "Leave one of them out; `on` narrows the examples: `on age < 30`.")
    return Slice(filters, bound.quantity.by)


def _collected(comparison: Comparison) -> _Bound:
    """Variables to the left, constants to the right; ``0.02 < n - o`` is read from its right side."""
    left, right, above = comparison.left, comparison.right, comparison.comparator.is_above
    if not names_in(left):
        left, right, above = right, left, not above
    form = _form(left) + _form(right).times(Fraction(-1))
    if form.is_constant:
        reason = "its variables cancel out" if names_in(left) else "it names none of n, o, a and d"
        raise _refusal(
            comparison, f"`{comparison}` says nothing about the models: {reason}", "Write for example `n > o`."
        )
    _check_size(comparison, form)
    tolerance = None if comparison.tolerance is None else Fraction(comparison.tolerance)
    if form.others:
        return _by_itself(comparison, form, above, tolerance)
    return _simplified(_Bound(Linear(*map(float, form.weights)), form.weights, above, -form.constant, tolerance))


def _form(expression: Expression) -> _Form:
    match expression:
        case Number(value):
            return _Form(constant=Fraction(value))
        case Name(variable):
            return _Form(tuple(Fraction(variable is other) for other in ORDER))
        case Call():
            meant = metric_of(expression).means(expression)
            return _form(meant) if isinstance(meant, Expression) else _Form(others={meant: Fraction(1)})
        case Negative(operand):
            return _form(operand).times(Fraction(-1))
        case Add(left, right):
            return _form(left) + _form(right)
        case Subtract(left, right):
            return _form(left) + _form(right).times(Fraction(-1))
        case Multiply(left, right):
            return _product(expression, _form(left), _form(right))
        case _:
            assert_never(expression)


def _product(written: Multiply, left: _Form, right: _Form) -> _Form:
    if right.is_constant:
        return left.times(right.constant)
    if left.is_constant:
        return right.times(left.constant)
    message = f"`{written}` multiplies two quantities, and only sums of them can be judged"
    hint = "Conditions are linear: numbers times n, o, a and d, added up."
    raise (written.place or _whole(str(written))).error(message, hint)


def _by_itself(comparison: Comparison, form: _Form, above: bool, tolerance: Fraction | None) -> _Bound:
    """A quantity that is no sum of accuracies, against a constant; nothing else can be judged of such."""
    if not any(form.weights) and all(isinstance(each, Root) for each in form.others):
        return _of_roots(comparison, form, above, tolerance)
    found = None if any(form.weights) else combined(form.others)
    if found is None:
        quantity = next(iter(form.others))
        if all(isinstance(each, MeanFScore) for each in form.others):
            raise _refusal(
                comparison,
                f"`{comparison}` adds up macro averages, which are not compared with each other: the test of one is "
                "made given the predictions of its model",
                f"Compare one with a number: `{quantity} > 0.8`; two models by `balanced_accuracy(n) - "
                'balanced_accuracy(o) > 0`, or class by class: `f1(n, "spam") - f1(o, "spam") > -0.01`.',
            )
        either = ", or as its difference between two models" if has_difference(quantity) else ""
        raise _refusal(
            comparison,
            f"`{comparison}` adds up `{quantity}` and another quantity, and such a metric is judged by itself{either}",
            f"Compare one with a number: `{quantity} > 0.8`.",
        )
    quantity, factor = found
    if isinstance(quantity, Quantile):
        # It lies below a limit where the share of what does not exceed the limit lies above its level.
        limit, is_above = -form.constant / factor, above == (factor > 0)
        share = Within(quantity.model, float(limit), quantity.measure)
        return _Bound(share, tuple(map(Fraction, share.weights)), not is_above, Fraction(quantity.level), tolerance)
    weights = tuple(Fraction(weight) for weight in quantity.weights)
    scaled = None if tolerance is None else tolerance / abs(factor)
    return _Bound(quantity, weights, above == (factor > 0), -form.constant / factor, scaled)


def _of_roots(comparison: Comparison, form: _Form, above: bool, tolerance: Fraction | None) -> _Bound:
    """A root against a constant, or against another one: what is asked of the means is the same, squared."""
    means: dict[Quantity, Fraction] = {
        each.mean: factor * abs(factor) for each, factor in form.others.items() if isinstance(each, Root)
    }
    (quantity, factor), *others = means.items()
    weights = tuple(map(Fraction, quantity.weights))
    if not others:
        size = -form.constant / next(iter(form.others.values()))
        is_above, squared = above == (factor > 0), size * abs(size)
        if tolerance is not None:
            # The plan asks for its power where the root lies two tolerances beyond the threshold.
            width = tolerance / abs(next(iter(form.others.values())))
            beyond = size + 2 * width if is_above else size - 2 * width
            tolerance = abs(beyond * abs(beyond) - squared) / 2 if width > 0 else width
        return _Bound(quantity, weights, is_above, squared, tolerance)
    found = combined(means)
    if len(others) > 1 or factor * others[0][1] > 0 or form.constant or tolerance is not None or found is None:
        raise _refusal(
            comparison,
            f"`{comparison}` adds up roots, and a root is judged against a number, or against another one",
            "Write `rmse(n, max=10) < 2`, or `rmse(n, max=10) < 0.9 * rmse(o, max=10)`, without a tolerance; "
            "with one, ask it of `mse`.",
        )
    together, factor = found
    return _Bound(together, tuple(map(Fraction, together.weights)), above == (factor > 0), Fraction(0), None)


def _range(bound: _Bound) -> tuple[Fraction, Fraction]:
    return bound.quantity.extremes if isinstance(bound.quantity, Mean | Gap) else extremes(bound.weights)


def _simplified(bound: _Bound) -> _Bound:
    """One variable, or a difference of two accuracies, by itself; anything else as it stands."""
    used = [(name, weight) for name, weight in zip(ORDER, bound.weights, strict=True) if weight]
    match used:
        case [(name, weight)]:
            return _divided(bound, weight, Proportion(name))
        case [(plus, weight), (minus, opposite)] if weight == -opposite and minus is not Variable.D:
            return _divided(bound, weight, Difference(plus, minus))
        case _:
            return bound


def _divided(bound: _Bound, divisor: Fraction, quantity: Quantity) -> _Bound:
    return _Bound(
        quantity,
        tuple(weight / divisor for weight in bound.weights),
        bound.above == (divisor > 0),
        bound.threshold / divisor,
        None if bound.tolerance is None else bound.tolerance / abs(divisor),
    )


# --- what cannot mean anything ---------------------------------------------------------------------------------------


def _check_size(comparison: Comparison, form: _Form) -> None:
    for figure in (*form.weights, *form.others.values(), form.constant):
        if figure and not _SMALLEST < abs(figure) < _LARGEST:
            message = f"a number in `{comparison}` is too large or too small to mean anything"
            raise _refusal(comparison, message, "Accuracies run from 0 to 1; write numbers of that size.")


def _check_tolerance(comparison: Comparison, bound: _Bound) -> None:
    if bound.tolerance is None:
        return
    if bound.tolerance <= 0:
        raise _refusal(
            comparison,
            f"the tolerance of `{comparison}` is not above 0, and no test set resolves that",
            "Write how fine the test set must resolve, such as `+/- 0.01`, or leave the tolerance out.",
        )
    low, high = _range(bound)
    if bound.tolerance >= high - low:
        reason = f"`{bound.quantity}` lies between {_figure(low)} and {_figure(high)}, whatever the models"
        hint = "Accuracies run from 0 to 1: a tolerance of 1 point is `+/- 0.01`."
        if isinstance(bound.quantity, Mean):
            hint = "Write a tolerance that is small beside the range."
        raise _refusal(comparison, f"the tolerance of `{comparison}` covers everything: {reason}", hint)


def _check_reach(comparison: Comparison, bound: _Bound) -> None:
    low, high = _range(bound)
    is_never = bound.threshold >= high if bound.above else bound.threshold <= low
    is_always = bound.threshold < low if bound.above else bound.threshold > high
    if not is_never and not is_always:
        return
    between = f"`{bound.quantity}` lies between {_figure(low)} and {_figure(high)}, whatever the models"
    outcome = "can never be shown" if is_never else "is always true"
    raise _refusal(comparison, f"`{comparison}` {outcome}: {between}", _scale_hint(bound, low, high))


def _scale_hint(bound: _Bound, low: Fraction, high: Fraction) -> str:
    hint = f"Compare it with a number between {_figure(low)} and {_figure(high)}"
    hundredth = bound.threshold / 100
    is_share = high <= 1 or not isinstance(bound.quantity, Mean)
    is_likely_percent = is_share and abs(bound.threshold) >= 1 and low < hundredth < high
    return f"{hint}; {_figure(bound.threshold)} % is written {_figure(hundredth)}." if is_likely_percent else f"{hint}."


def _refusal(comparison: Comparison, message: str, hint: str) -> ConditionError:
    return (comparison.place or _whole(str(comparison))).error(message, hint)


def _whole(text: str) -> Place:
    return Place(text, 0, len(text))


def _figure(value: Fraction) -> str:
    return decimal_text(Decimal(repr(float(value))).normalize())
