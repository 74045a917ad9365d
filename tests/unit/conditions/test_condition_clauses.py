"""The normal form, and the conditions that cannot mean anything."""

from __future__ import annotations

import pytest

from proctor.conditions import (
    AllOf,
    AnyOf,
    Clause,
    Difference,
    Linear,
    Proportion,
    Quantity,
    Variable,
    clauses,
    normalize,
    parse,
    restrict,
    value_range,
    variables,
)
from proctor.errors import ConditionError

N, O, A, D = Variable  # noqa: E741 # the language's own letters


def only(text: str) -> Clause:
    formula = normalize(parse(text))
    assert isinstance(formula, Clause)
    return formula


@pytest.mark.parametrize(
    ("text", "quantity", "above", "threshold", "tolerance"),
    [
        ("n > 0.8 +/- 0.05", Proportion(N), True, 0.8, 0.05),
        ("0.8 < n", Proportion(N), True, 0.8, None),
        ("d < 0.1", Proportion(D), False, 0.1, None),
        ("-2 * d > -0.2 +/- 0.02", Proportion(D), False, 0.1, 0.01),
        ("n - 0.1 > 0.2", Proportion(N), True, 0.3, None),
        ("0.1 + 0.2 < n", Proportion(N), True, 0.3, None),
        ("3 * n > 0.3", Proportion(N), True, 0.1, None),
        ("n - o > 0.02 +/- 0.01", Difference(N, O), True, 0.02, 0.01),
        ("n > o + 0.02 +/- 0.01", Difference(N, O), True, 0.02, 0.01),
        ("0.02 < n - o", Difference(N, O), True, 0.02, None),
        ("o - n < 0.02", Difference(N, O), True, -0.02, None),
        ("2*n-2*o > .04 +/- .02", Difference(N, O), True, 0.02, 0.01),
        ("n - a > -0.02", Difference(N, A), True, -0.02, None),
        ("a - o >= 0", Difference(O, A), False, 0.0, None),
        ("(n - o) * 2 <= 0.2 * 3 - 0.5", Difference(N, O), False, 0.05, None),
        ("n - 1.1 * o > 0.01 +/- 0.01", Linear(n=1, o=-1.1), True, 0.01, 0.01),
        ("n > o * 1.1 + 0.01", Linear(n=1, o=-1.1), True, 0.01, None),
        ("n > o * 1.1 * 2 - 0.5", Linear(n=1, o=-2.2), True, -0.5, None),
        ("-n - o > -1.5", Linear(n=-1, o=-1), True, -1.5, None),
        ("n - d > 0.1", Linear(n=1, d=-1), True, 0.1, None),
        ("2 * n - o - a - d + n > 0.1", Linear(n=3, o=-1, a=-1, d=-1), True, 0.1, None),
    ],
)
def test_normalize__clause(
    text: str, quantity: Quantity, above: bool, threshold: float, tolerance: float | None
) -> None:
    """Constants go right, multiples are divided out, the sign flips the direction, and decimals stay exact."""
    clause = only(text)

    assert (quantity, above, threshold, tolerance) == (
        clause.quantity,
        clause.above,
        clause.threshold,
        clause.tolerance,
    )
    assert str(parse(text)) == clause.text == str(clause)


def test_normalize__flat_and_numbered() -> None:
    """AND within AND is one AND, OR within OR one OR, and the clauses are numbered as in the text."""
    formula = normalize(parse("n > 0.8 and (d < 0.1 and (n > o or (a > o or o > 0.5)))"))

    match formula:
        case AllOf((Clause(index=0), Clause(index=1), AnyOf((Clause(index=2), Clause(index=3), Clause(index=4))))):
            pass
        case _:
            pytest.fail(str(formula))
    assert [0, 1, 2, 3, 4] == [clause.index for clause in clauses(formula)]
    assert frozenset(Variable) == variables(formula)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("n > 0.8 +/- 0", "tolerance of .* is not above 0", "leave the tolerance out"),
        ("n > 0.8 +/- -0.1", "tolerance of .* is not above 0", "leave the tolerance out"),
        ("n > 0.8 +/- 1", "tolerance of .* covers everything", "1 point is"),
        ("n - o > 0.1 +/- 2", "lies between -1 and 1", "1 point is"),
        ("n > 1.2", "`n > 1.2` can never be shown: `n` lies between 0 and 1", "between 0 and 1"),
        ("n >= 1", "can never be shown", "between 0 and 1"),
        ("n > 85", "can never be shown", "85 % is written 0.85"),
        ("n > -0.1", "is always true", "between 0 and 1"),
        ("n - o > 1", "can never be shown: `n - o` lies between -1 and 1", ""),
        ("n - o > -1.5", "is always true", ""),
        ("n - o < 1.5", "is always true", ""),
        ("n - o < -1", "can never be shown", ""),
        ("d < 0", "can never be shown", ""),
        ("d < 1.5", "is always true", ""),
        ("2 * n > 2", "can never be shown", ""),
        ("n - o + d > 2", "can never be shown: `n - o \\+ d` lies between 0 and 2", ""),
        ("n - o + d < 0", "can never be shown", ""),
        ("n - n > 0", "says nothing about the models: its variables cancel out", ""),
        ("n > n", "its variables cancel out", ""),
        ("0 * n > 0", "its variables cancel out", ""),
        ("1 > 0.5", "it names none of n, o, a and d", ""),
        ("n * o > 0.1", "`n \\* o` multiplies two quantities", "linear"),
        ("(n - 0.1) * (o - 1) > 0", "multiplies two quantities", "linear"),
        ("1e99 * 1e99 * n > 1", "too large or too small to mean anything", ""),
        ("n > 0.8 and (d < 0.1 or n > 1.2)", "`n > 1.2` can never", ""),
    ],
)
def test_normalize__refuses_what_cannot_mean_anything(text: str, message: str, hint: str) -> None:
    """A condition that no data could decide is refused with the reason and a caret under the clause."""
    with pytest.raises(ConditionError, match=message) as caught:
        normalize(parse(text))

    assert hint in caught.value.hint
    assert "^" in caught.value.message


def test_normalize__refuses_trees_without_text() -> None:
    """A tree that was built by a program is refused as clearly: its canonical text is shown."""
    tree = parse("n > 0.8")
    without_place = type(tree)(tree.left, tree.comparator, tree.left)  # type: ignore[union-attr, call-arg] # a comparison

    with pytest.raises(ConditionError, match="    n > n\n    \\^\\^\\^\\^\\^"):
        normalize(without_place)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("n > 0.8 and n - o > 0", "n > 0.8"),
        ("n - o > 0", None),
        ("n - o > 0 and d < 0.1", None),
        ("n > 0.8", "n > 0.8"),
        ("n - o > 0 and (n > 0.8 or d < 0.1) and n < 0.99", "n > 0.8 and n < 0.99"),
        ("n - o > 0 or n > 0.8 and n < 0.9", "n > 0.8 and n < 0.9"),
        ("d < 0.1 and (n > 0.8 and n < 0.9 or n > 0.95)", "n > 0.8 and n < 0.9 or n > 0.95"),
    ],
)
def test_restrict__keeps_the_clauses_that_use_nothing_else(text: str, rest: str | None) -> None:
    """Only clauses on the allowed variables are kept; they are flat and numbered anew."""
    formula = restrict(normalize(parse(text)), {Variable.N})

    assert (None if rest is None else normalize(parse(rest))) == formula


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        (Proportion(N), (0, 1)),
        (Difference(N, O), (-1, 1)),
        (Linear(n=1, o=-1.1), (-1.1, 1)),
        (Linear(n=1, o=1), (0, 2)),
        (Linear(n=1, o=-1, d=1), (0, 2)),
        (Linear(n=1, o=-1, d=-1), (-2, 0)),
        (Linear(n=1, d=1), (0, 2)),
        (Linear(n=1, o=1, d=1), (0, 2)),
        (Linear(n=2, o=-1, d=-1), (-2, 1)),
        (Linear(n=1, o=-1, a=-1), (-2, 1)),
    ],
)
def test_value_range__over_what_can_happen_together(quantity: Quantity, expected: tuple[float, float]) -> None:
    """theory.md §3.3: right, wrong and differing are taken together, not each variable by itself."""
    assert expected == value_range(quantity)


@pytest.mark.parametrize(
    ("linear", "text"),
    [
        (Linear(n=1, o=-1.1), "n - 1.1 * o"),
        (Linear(n=-1, o=2.2, d=-1), "-n + 2.2 * o - d"),
        (Linear(a=-0.5, d=1e-12), "-0.5 * a + 1e-12 * d"),
    ],
)
def test_linear__text(linear: Linear, text: str) -> None:
    """A linear expression is told in the language of conditions."""
    assert text == str(linear)
