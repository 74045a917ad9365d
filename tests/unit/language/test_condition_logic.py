"""Three-valued logic, and how levels, caps and power are shared out."""

from __future__ import annotations

import math
from itertools import product

import pytest

from proctor.conditions import Truth, allocate, normalize, parse, truth
from proctor.errors import DomainError

F, U, T = Truth


@pytest.mark.parametrize(("left", "right"), list(product(Truth, repeat=2)))
def test_truth__kleene_tables(left: Truth, right: Truth) -> None:
    """theory.md §2: AND and OR are Kleene's: false decides AND, true decides OR, otherwise unknown stays unknown."""
    both = F if F in {left, right} else U if U in {left, right} else T
    either = T if T in {left, right} else U if U in {left, right} else F

    assert both == truth(normalize(parse("n > 0.5 and d < 0.1")), (left, right))
    assert either == truth(normalize(parse("n > 0.5 or d < 0.1")), (left, right))


def test_truth__nested() -> None:
    """Values are taken by index, through every level of the tree."""
    formula = normalize(parse("n > 0.5 or o > 0.5 and (d < 0.1 or n > o)"))

    assert truth(formula, (F, T, F, U)) is U
    assert truth(formula, (F, T, T, F)) is T
    assert truth(formula, (F, F, T, T)) is F


def test_truth__wants_one_value_for_each_clause() -> None:
    """A missing or a surplus value is an error, never a verdict."""
    with pytest.raises(DomainError, match="2 clauses need as many truth values, not 1"):
        truth(normalize(parse("n > 0.5 and d < 0.1")), (T,))


@pytest.mark.parametrize(
    ("text", "mode", "shares", "powers"),
    [
        ("n > 0.5", "fp-free", [1], [1]),
        ("n > 0.5 and d < 0.1 and n > o", "fp-free", [1, 1, 1], [1 / 3] * 3),
        ("n > 0.5 and d < 0.1 and n > o", "fn-free", [1 / 3] * 3, [1, 1, 1]),
        ("n > 0.5 or d < 0.1", "fp-free", [1 / 2] * 2, [1, 1]),
        ("n > 0.5 or d < 0.1", "fn-free", [1, 1], [1 / 2] * 2),
        ("n > 0.5 and (d < 0.1 or n > o)", "fp-free", [1, 1 / 2, 1 / 2], [1 / 2] * 3),
        ("n > 0.5 or d < 0.1 and n > o", "fp-free", [1 / 2] * 3, [1, 1 / 2, 1 / 2]),
        ("n > 0.5 and (d < 0.1 or n > o and n > a)", "fn-free", [1 / 2, 1 / 2, 1 / 4, 1 / 4], [1, 1 / 2, 1 / 2, 1 / 2]),
    ],
)
def test_allocate__shares(text: str, mode: str, shares: list[float], powers: list[float]) -> None:
    """theory.md §2 and §6: one word hands the level on and divides the miss probability, the other the reverse."""
    assignments = allocate(normalize(parse(text)), mode)

    assert shares == pytest.approx([math.exp(assignment.log_share) for assignment in assignments])
    assert powers == pytest.approx([assignment.power_share for assignment in assignments])
    assert list(range(len(shares))) == [assignment.clause.index for assignment in assignments]


@pytest.mark.parametrize("mode", ["fp-free", "fn-free"])
@pytest.mark.parametrize(
    ("text", "caps"),
    [
        ("n - o > 0", [1]),
        ("n - o > 0 and d < 0.1", [0.1, 1]),
        ("d < 0.1 and o - n > -0.02 and d < 0.05", [1, 0.05, 1]),
        ("n - o > 0 or d < 0.1", [1, 1]),
        ("n - o > 0 or d > 0.1", [0.1, 1]),
        ("n - o > 0 and d > 0.1", [1, 1]),
        ("d < 0.1 and n - a > 0", [1, 1]),
        ("d < 0.1 and n > 0.8", [1, 1]),
        ("d < 0.1 and n - 1.1 * o > 0", [1, 1]),
        ("d < 0.2 and (n > 0.8 or n - o > 0)", [1, 1, 0.2]),
        ("d < 0.2 and (n - o > 0.05 or d > 0.1 or n - o > 0.1 and d < 0.01)", [1, 0.1, 1, 0.01, 1]),
        ("n - o > 0 and (d < 0.1 or n > 0.8)", [1, 1, 1]),
        ("n > 0.8 and d < 0.1 or n - o > 0", [1, 1, 1]),
        ("n - o > 0 on x == 1 and d < 0.1", [1, 1]),
        ("n - o > 0 and d < 0.1 on x == 1", [1, 1]),
        ("n - o > 0 on x == 1 and d < 0.1 on x == 2", [1, 1]),
        ("n - o > 0 on x == 1 and d < 0.1 on x == 1 and d < 0.2 and n - o > 0", [0.1, 1, 1, 0.2]),
        ("d < 0.2 on x == 1 and (n > 0.8 or n - o > 0 on x == 1)", [1, 1, 0.2]),
    ],
)
def test_allocate__caps(text: str, caps: list[float], mode: str) -> None:
    """theory.md §2: `d <` caps its siblings under AND, `d >` under OR, only n against o, and on the same slice."""
    assert caps == [assignment.disagreement_cap for assignment in allocate(normalize(parse(text)), mode)]


def test_allocate__unknown_mode() -> None:
    """A mode that does not exist is refused, with what was written."""
    with pytest.raises(DomainError, match="mode must be fp-free or fn-free, not 'fp_free'"):
        allocate(normalize(parse("n > 0.5")), "fp_free")
