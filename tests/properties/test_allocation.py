"""
The levels and caps of nested formulas keep the level of the whole, by the argument of theory.md §2 played on trees.

At one population every clause has a truth. A true clause may be declared true at any rate; a false one is declared
true with probability at most its share of the level, provided that the cap on its nuisance holds at that population.
The chance of a wrong PASS is then at most the smallest of an AND's, the sum of an OR's; in `fn-free` the mirror image.
"""

import math
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.conditions import (
    AllOf,
    Assignment,
    Clause,
    Difference,
    Formula,
    Proportion,
    Variable,
    allocate,
    clauses,
    normalize,
    parse,
)

CLAUSES = ["d < 0.05", "d < 0.1", "d > 0.05", "d > 0.1", "n - o > 0.02", "n - o < 0.02", "o - n > -0.03", "n > 0.6"]
ANCHORED = ["n - a > 0", "a - o > 0.01"]
FORMULAS = st.recursive(
    st.sampled_from([*CLAUSES, *ANCHORED]),
    lambda parts: st.builds(
        lambda word, texts: "(" + f" {word} ".join(texts) + ")",
        st.sampled_from(["and", "or"]),
        st.lists(parts, min_size=2, max_size=3),
    ),
    max_leaves=8,
)
Population = Mapping[Variable, float]


@st.composite
def populations(draw: st.DrawFn) -> Population:
    """Accuracies and a share of changed predictions that can go together, often on a threshold."""
    d = draw(st.sampled_from([0.03, 0.05, 0.07, 0.1, 0.2, 0.5]))
    n = draw(st.sampled_from([0.55, 0.6, 0.65]))
    o = n - d * draw(st.sampled_from([-1.0, -0.3, 0.0, 0.2, 0.4, 1.0]))
    return {Variable.N: n, Variable.O: o, Variable.A: draw(st.sampled_from([n, o, 0.5, 0.9])), Variable.D: d}


def holds(formula: Formula, population: Population) -> bool:
    """Whether a formula is true of a population."""
    if isinstance(formula, Clause):
        match formula.quantity:
            case Difference(plus, minus):
                value = round(population[plus] - population[minus], 12)
            case Proportion(variable):
                value = population[variable]
        return value > formula.threshold if formula.above else value < formula.threshold
    return (all if isinstance(formula, AllOf) else any)(holds(part, population) for part in formula.parts)


def wrong_chance(formula: Formula, outcome: bool, given: dict[int, Assignment], population: Population) -> float:
    """Bound on the probability that a formula is declared *outcome*, in units of the level."""
    if isinstance(formula, Clause):
        share = given[formula.index]
        is_free = holds(formula, population) is outcome or population[Variable.D] > share.disagreement_cap
        return math.inf if is_free else math.exp(share.log_share)
    chances = [wrong_chance(part, outcome, given, population) for part in formula.parts]
    return min(chances) if isinstance(formula, AllOf) is outcome else sum(chances)


@settings(max_examples=500)
@given(FORMULAS, populations(), st.sampled_from([("fp-free", True), ("fn-free", False)]))
def test_allocate__nested_caps_and_shares_keep_the_level(text, population, protected):
    """theory.md §2 (T): where the protected outcome would be wrong, it comes with probability at most the level."""
    mode, outcome = protected
    formula = normalize(parse(text))
    given = {assignment.clause.index: assignment for assignment in allocate(formula, mode)}

    if holds(formula, population) is not outcome:
        assert wrong_chance(formula, outcome, given, population) <= 1 + 1e-9


@pytest.mark.parametrize("text", ["d < 0.1 and (n - o > 0 or n - a > 0)", "d > 0.1 or (n - o > 0 and a - o > 0)"])
@pytest.mark.parametrize("mode", ["fp-free", "fn-free"])
def test_allocate__only_candidate_and_baseline_are_capped(text, mode):
    """A cap reaches into nested parts, and never a difference from the anchor: it has a nuisance of its own."""
    on_d, compared, anchored = allocate(normalize(parse(text)), mode)

    assert (1.0, 0.1, 1.0) == (on_d.disagreement_cap, compared.disagreement_cap, anchored.disagreement_cap)


@given(FORMULAS)
def test_allocate__one_share_for_each_clause(text):
    """Every clause has its own assignment, in order."""
    formula = normalize(parse(text))

    assert [c.index for c in clauses(formula)] == [given.clause.index for given in allocate(formula, "fp-free")]
