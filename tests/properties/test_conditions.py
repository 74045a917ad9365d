"""
Theorems about conditions (theory.md §2), by enumeration, and the round trip of the language, by property test.

The statements about error probabilities are exact: every outcome of a small experiment is enumerated, for every
truth on a grid that holds the boundary of each hypothesis. Nothing is sampled, so nothing can fail by chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import bdtr, bdtrc

from proctor.conditions import (
    Clause,
    Comparator,
    Comparison,
    Condition,
    Difference,
    Formula,
    Proportion,
    Truth,
    Variable,
    allocate,
    clauses,
    normalize,
    parse,
    truth,
    value_range,
)
from proctor.errors import ConditionError
from proctor.language.tree import (
    Add,
    AllOf,
    AnyOf,
    Expression,
    Multiply,
    Name,
    Negative,
    Number,
    Subtract,
)

# --- the language ----------------------------------------------------------------------------------------------------

DECIMALS = st.decimals(min_value=0, max_value=Decimal("1e30"), allow_nan=False, allow_infinity=False).filter(
    lambda value: not value.is_signed() and value.adjusted() > -250
)
NUMBERS = st.builds(Number, DECIMALS) | st.sampled_from([Number(Decimal("0.1")), Number(Decimal("1.10"))])
NAMES = st.builds(Name, st.sampled_from(Variable))
EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    NUMBERS | NAMES,
    lambda inner: (
        st.builds(Negative, inner)
        | st.builds(Add, inner, inner)
        | st.builds(Subtract, inner, inner)
        | st.builds(Multiply, inner, inner)
    ),
    max_leaves=8,
)
TOLERANCES = st.none() | DECIMALS | DECIMALS.map(lambda value: -value)
COMPARISONS = st.builds(Comparison, EXPRESSIONS, st.sampled_from(Comparator), EXPRESSIONS, TOLERANCES)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([AllOf(parts), AnyOf(parts)]))
    ),
    max_leaves=6,
)


@given(CONDITIONS)
@settings(max_examples=300)
def test_parse__reads_what_str_writes(tree: Condition) -> None:
    """``parse(str(tree)) == tree`` for every tree, whatever its precedence and parentheses."""
    assert tree == parse(str(tree))


WORDS = [
    "n",
    "o",
    "a",
    "d",
    "0.1",
    "2",
    ">",
    "<",
    "+/-",
    "+",
    "-",
    "*",
    "(",
    ")",
    "and",
    "or",
    "/\\",
    "=",
    "%",
    "x",
    " ",
]


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join) | st.text(max_size=30))
@settings(max_examples=300)
def test_normalize__any_text_is_a_formula_or_a_lesson(text: str) -> None:
    """Whatever is typed, the answer is a formula or a ConditionError with advice that fits on a terminal."""
    answer = attempt(text)

    if isinstance(answer, ConditionError):
        assert answer.hint
        assert all(line.isprintable() for line in str(answer).split("\n"))
    else:
        assert clauses(answer)


def attempt(text: str) -> Formula | ConditionError:
    try:
        return normalize(parse(text))
    except ConditionError as error:
        return error


RIGHT = [(n, o, a, d) for n, o, a, d in product((0, 1), repeat=4) if (d == 1 if n != o else n == 0 or d == 0)]


def exact(expression: Expression, point: dict[Variable, Fraction]) -> Fraction:
    match expression:
        case Number(value):
            return Fraction(value)
        case Name(variable):
            return point[variable]
        case Negative(operand):
            return -exact(operand, point)
        case Add(left, right):
            return exact(left, point) + exact(right, point)
        case Subtract(left, right):
            return exact(left, point) - exact(right, point)
        case Multiply(left, right):
            return exact(left, point) * exact(right, point)


COEFFICIENTS = st.integers(-30, 30).map(lambda tenths: Decimal(tenths) / 10)


def linear_text(side: list[tuple[Decimal, str]]) -> str:
    return " + ".join(f"({weight}) * {name}" if name else f"({weight})" for weight, name in side)


SIDES = st.lists(st.tuples(COEFFICIENTS, st.sampled_from(["n", "o", "a", "d", ""])), min_size=1, max_size=4)


@given(SIDES, st.sampled_from("<>"), SIDES, st.lists(st.integers(0, 9), min_size=len(RIGHT), max_size=len(RIGHT)))
@settings(max_examples=400)
def test_normalize__keeps_the_truth(
    left: list[tuple[Decimal, str]], comparator: str, right: list[tuple[Decimal, str]], masses: list[int]
) -> None:
    """On every population the normal form says what the text says; populations too near the threshold are left out."""
    if not sum(masses):
        return
    text = f"{linear_text(left)} {comparator} {linear_text(right)}"
    shares = [Fraction(mass, sum(masses)) for mass in masses]
    point = {
        v: sum((s * e[i] for s, e in zip(shares, RIGHT, strict=True)), Fraction(0)) for i, v in enumerate(Variable)
    }
    tree = parse(text)
    assert isinstance(tree, Comparison)
    gap = exact(tree.left, point) - exact(tree.right, point)
    is_true = (gap > 0) == (comparator == ">")
    clause = attempt(text)
    if isinstance(clause, ConditionError):
        assert gap == 0 or is_true or "always true" not in clause.message
        assert gap == 0 or not is_true or "never be shown" not in clause.message
        return
    assert isinstance(clause, Clause)
    value = float(quantity_value(clause, point))
    low, high = value_range(clause.quantity)
    assert low - 1e-9 <= value <= high + 1e-9
    if abs(value - clause.threshold) > 1e-9:
        assert is_true == ((value > clause.threshold) == clause.above)


def quantity_value(clause: Clause, point: dict[Variable, Fraction]) -> float | Fraction:
    match clause.quantity:
        case Proportion(variable):
            return point[variable]
        case Difference(plus, minus):
            return point[plus] - point[minus]
        case linear:
            return sum(getattr(linear, name) * float(point[name]) for name in Variable)


# --- levels: conjunction costs nothing, disjunction divides ----------------------------------------------------------

N_EXAMPLES = 12
LEVEL = 0.1
THRESHOLDS = (0.3, 0.5, 0.7)
GRID = (0.0, 0.3, 0.5, 0.7, 1.0)
TWO = [
    "n > 0.5",
    "n > 0.5 and o > 0.5",
    "n > 0.5 or o > 0.5",
    "n > 0.7 or n < 0.3",
    "n > 0.5 or n < 0.5",
    "n > 0.3 and n < 0.7",
    "(n > 0.5 or o > 0.5) and (n > 0.3 or o < 0.7)",
    "n > 0.7 and o > 0.3 or n < 0.3 and o < 0.7",
    "n > 0.7 or o > 0.7 and (n > 0.3 or o < 0.5)",
]
THREE = [
    "n > 0.5 and o > 0.5 and a > 0.5",
    "n > 0.5 or o > 0.5 or a > 0.5",
    "n > 0.5 and (o > 0.5 or a > 0.5)",
    "n > 0.5 or o > 0.5 and a > 0.5",
    "(n > 0.5 or o > 0.5) and (o > 0.3 or a < 0.7)",
]


@cache
def probabilities(p: float) -> np.ndarray:
    return np.array([math.comb(N_EXAMPLES, k) * p**k * (1 - p) ** (N_EXAMPLES - k) for k in range(N_EXAMPLES + 1)])


@cache
def declared(above: bool, threshold: float, log_share: float) -> np.ndarray:
    """Truth declared at each count: exact one-sided binomial tests of both sides, each at its share of the level."""
    level = LEVEL * math.exp(log_share) * (1 + 1e-12)
    counts = np.arange(N_EXAMPLES + 1)
    is_higher = bdtrc(counts - 1.0, N_EXAMPLES, threshold) <= level
    is_lower = bdtr(counts, N_EXAMPLES, threshold) <= level
    is_higher[0] = False
    is_true, is_false = (is_higher, is_lower) if above else (is_lower, is_higher)
    return np.where(is_true, Truth.TRUE, np.where(is_false, Truth.FALSE, Truth.UNKNOWN))


def declared_formula(formula: Formula, values: list[np.ndarray]) -> np.ndarray:
    match formula:
        case Clause(index=index):
            return values[index]
        case AllOf(parts):
            return np.minimum.reduce(np.broadcast_arrays(*(declared_formula(part, values) for part in parts)))
        case AnyOf(parts):
            return np.maximum.reduce(np.broadcast_arrays(*(declared_formula(part, values) for part in parts)))


def holds(clause: Clause, point: dict[Variable, float]) -> Truth:
    assert isinstance(clause.quantity, Proportion)
    value = point[clause.quantity.variable]
    return Truth.TRUE if (value > clause.threshold if clause.above else value < clause.threshold) else Truth.FALSE


def worst_error(text: str, mode: str) -> float:
    """Largest probability of the outcome that *mode* protects, over all populations in which it is wrong."""
    formula = normalize(parse(text))
    named = sorted({clause.quantity.variable for clause in clauses(formula)})  # type: ignore[union-attr] # proportions
    axes = {name: [-1 if name is other else 1 for other in named] for name in named}
    values = [
        declared(a.clause.above, a.clause.threshold, a.log_share).reshape(axes[a.clause.quantity.variable])  # type: ignore[union-attr] # proportions
        for a in allocate(formula, mode)
    ]
    proven, wrong = (Truth.TRUE, Truth.FALSE) if mode == "fp-free" else (Truth.FALSE, Truth.TRUE)
    table = np.broadcast_to(declared_formula(formula, values), (N_EXAMPLES + 1,) * len(named)) == proven
    worst = 0.0
    for truths in product(GRID, repeat=len(named)):
        point = dict(zip(named, truths, strict=True))
        if truth(formula, [holds(clause, point) for clause in clauses(formula)]) is wrong:
            chance = table
            for p in reversed(truths):
                chance = chance @ probabilities(p)
            worst = max(worst, float(chance))
    return worst


@pytest.mark.parametrize("mode", ["fp-free", "fn-free"])
@pytest.mark.parametrize("text", TWO + THREE)
def test_allocate__protected_outcome_is_wrong_at_most_at_the_level(text: str, mode: str) -> None:
    """theory.md §2 (T): for general formulas, in both modes, the proven outcome is wrong with probability <= a."""
    assert worst_error(text, mode) <= LEVEL * (1 + 1e-9)


def test_allocate__conjunction_costs_nothing() -> None:
    """theory.md §2 (T): the worst error of a conjunction is that of one clause alone, to the digit."""
    alone = worst_error("n > 0.5", "fp-free")

    assert alone == pytest.approx(worst_error("n > 0.5 and o > 0.5", "fp-free"), rel=1e-9)
    assert alone == pytest.approx(worst_error("n > 0.5 and o > 0.5 and a > 0.5", "fp-free"), rel=1e-9)


def test_allocate__disjunction_must_divide() -> None:
    """theory.md §2 (T): with the whole level for each part a disjunction would be wrong too often."""
    text = "n > 0.5 or o > 0.5 or a > 0.5"
    undivided = worst_error(text, "fn-free")  # there the FAIL is protected, and OR hands the level on whole
    formula = normalize(parse(text))
    values = [
        declared(c.above, c.threshold, 0.0).reshape([-1 if i == c.index else 1 for i in range(3)])
        for c in clauses(formula)
    ]
    chance = declared_formula(formula, values) == Truth.TRUE
    for _ in range(3):
        chance = chance @ probabilities(0.5)

    assert undivided <= LEVEL
    assert float(chance) > LEVEL


# --- a clause on d helps the others ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Population:
    """Shares of examples: only the new model right, only the old one, both wrong and different."""

    win: float
    loss: float
    both_wrong: float

    @property
    def disagreement(self) -> float:
        return self.win + self.loss + self.both_wrong

    @property
    def difference(self) -> float:
        return self.win - self.loss


PAIRS = 10
STEP = 0.05


def populations() -> list[Population]:
    shares = [round(STEP * i, 10) for i in range(round(1 / STEP) + 1)]
    return [
        Population(w, lo, b)
        for w, lo in product(shares, repeat=2)
        for b in (0.0, 0.05, 0.2)
        if w + lo + b <= 1 + 1e-9 and w <= 0.5
    ]


@cache
def outcomes() -> np.ndarray:
    """All (wins, losses, both wrong and different) of PAIRS examples."""
    return np.array([c for c in product(range(PAIRS + 1), repeat=3) if sum(c) <= PAIRS])


@cache
def chances(population: Population) -> np.ndarray:
    w, lo, b = outcomes().T
    rest = PAIRS - w - lo - b
    log_count = sum(np.vectorize(math.lgamma)(x + 1.0) for x in (w, lo, b, rest))
    shares = (population.win, population.loss, population.both_wrong, max(0.0, 1 - population.disagreement))
    mass = np.exp(math.lgamma(PAIRS + 1) - log_count)
    for share, count in zip(shares, (w, lo, b, rest), strict=True):
        mass = mass * np.power(share, count)
    return mass


def difference_is_shown(threshold: float, cap: float, level: float) -> np.ndarray:
    """
    Wins minus losses as the statistic; its tail maximized over the null populations with disagreement up to *cap*.

    The maximum runs over the same grid as the truths below, so on that grid the test has exactly this level.
    """
    w, lo, _ = outcomes().T
    margin = w - lo
    nulls = [p for p in populations() if p.difference <= threshold + 1e-9 and p.disagreement <= cap + 1e-9]
    critical = next(
        m for m in range(-PAIRS, PAIRS + 2) if all(chances(p)[margin >= m].sum() <= level * (1 + 1e-9) for p in nulls)
    )
    return np.asarray(margin >= critical)


def disagreement_is_shown(above: bool, threshold: float, level: float) -> np.ndarray:
    counts = outcomes().sum(axis=1)
    tail = bdtrc(counts - 1.0, PAIRS, threshold) if above else bdtr(counts, PAIRS, threshold)
    return np.asarray((tail <= level * (1 + 1e-12)) & ((counts > 0) | (not above)))


@pytest.mark.parametrize("difference", [0.0, 0.1])
@pytest.mark.parametrize("text", ["d < 0.3 and n - o > {}", "d > 0.3 or n - o > {}"])
def test_allocate__cap_on_d_is_free_of_charge(text: str, difference: float) -> None:
    """theory.md §2 (T): with the capped nuisance the formula keeps the level, over all populations on a grid."""
    level = 0.2
    formula = normalize(parse(text.format(difference)))
    on_d, on_difference = allocate(formula, "fp-free")
    shares = [level * math.exp(a.log_share) for a in (on_d, on_difference)]
    shown = [
        disagreement_is_shown(on_d.clause.above, on_d.clause.threshold, shares[0]),
        difference_is_shown(difference, on_difference.disagreement_cap, shares[1]),
    ]
    is_passed = shown[0] & shown[1] if isinstance(formula, AllOf) else shown[0] | shown[1]

    def is_true(p: Population) -> bool:
        on_its_side = p.disagreement > 0.3 + 1e-9 if on_d.clause.above else p.disagreement < 0.3 - 1e-9
        parts = (on_its_side, p.difference > difference + 1e-9)
        return all(parts) if isinstance(formula, AllOf) else any(parts)

    assert on_difference.disagreement_cap == 0.3
    assert max(chances(p)[is_passed].sum() for p in populations() if not is_true(p)) <= level * (1 + 1e-9)


def test_allocate__cap_matters() -> None:
    """The capped test is stronger than the uncapped one, and without the clause on d it would not hold."""
    capped, uncapped = difference_is_shown(0.0, 0.3, 0.2), difference_is_shown(0.0, 1.0, 0.2)
    nulls = [p for p in populations() if p.difference <= 1e-9]

    assert uncapped.sum() < capped.sum()
    assert max(chances(p)[capped].sum() for p in nulls) > 0.2
