"""The chance of a pass, from simulated evaluations on development data."""

from __future__ import annotations

import math

import pytest

from proctor.budget import Mode
from proctor.conditions import Variable, normalize, parse
from proctor.preflight.chance import RUNS, Next, chance, models_of
from proctor.stats import binomial

LEVEL = math.log(0.001)
RIGHT, BASELINE_RIGHT, DIFFER = 1, 2, 8


def development(**cells):
    """Counts by what happened: both right, both wrong (alike), only the new or only the old model right."""
    codes = {"both": RIGHT | BASELINE_RIGHT, "neither": 0, "wins": RIGHT | DIFFER, "losses": BASELINE_RIGHT | DIFFER}
    labeled = [0] * 16
    for name, number in cells.items():
        labeled[codes[name]] = number
    return tuple(labeled)


def coming(condition, n_examples=1_000, mode=Mode.FP_FREE):
    return Next(normalize(parse(condition)), mode, LEVEL, n_examples)


def test_chance__is_the_power_of_the_exact_test():
    """
    For one accuracy the simulated share agrees with the power computed exactly from the critical value.

    The seed is fixed; four standard errors would be missed by a correct simulation in 1 of 15,000 seeds.
    """
    n, truth = 1_000, 0.84
    needed = next(k for k in range(n + 1) if binomial.rejects(k, n, 0.8, LEVEL, above=True))
    power = sum(math.comb(n, k) * truth**k * (1 - truth) ** (n - k) for k in range(needed, n + 1))

    found = chance(development(both=84, neither=16), coming("n > 0.8 +/- 0.02"))

    assert power == pytest.approx(found.at_estimate, abs=4 * math.sqrt(power * (1 - power) / RUNS))


@pytest.mark.parametrize(
    ("cells", "low", "high"),
    [
        ({"both": 700, "neither": 150, "wins": 140, "losses": 10}, 0.99, 1.0),
        ({"both": 800, "neither": 150, "wins": 25, "losses": 25}, 0.0, 0.01),
    ],
    ids=["clearly better", "no better"],
)
def test_chance__of_a_difference(cells, low, high):
    """A candidate that is clearly better is sure to pass, one that is no better is sure to fail."""
    found = chance(development(**cells), coming("n - o > 0.02 +/- 0.02"))

    assert low <= found.at_estimate <= high


def test_chance__few_development_examples_are_worth_less():
    """A small development set makes both good and bad news less certain."""
    few = chance(development(both=14, neither=3, wins=3, losses=0), coming("n - o > 0.02 +/- 0.02"))

    assert few.at_estimate > 0.95
    assert few.with_uncertainty < few.at_estimate - 0.1


def test_chance__conjunctions_are_judged_jointly():
    """Of `n > 0.5 /\\ d < 0.05` the second part fails whenever more predictions change, however good the first."""
    found = chance(
        development(both=800, neither=50, wins=140, losses=10), coming("n > 0.5 +/- 0.1 /\\ d < 0.05 +/- 0.02")
    )

    assert 0.0 == found.at_estimate


def test_chance__linear_expressions():
    """A linear expression is judged by the betting test on drawn examples in a random order."""
    found = chance(development(both=850, wins=100, losses=10, neither=40), coming("n - 1.02 * o > 0 +/- 0.05"), runs=20)

    assert found.at_estimate > 0.9


def test_chance__fn_free_passes_unless_a_violation_is_proven():
    """In fn-free a candidate that is as good as the old one passes."""
    same = development(both=800, neither=200)

    assert 1.0 == chance(same, coming("n - o > 0 +/- 0.02", mode=Mode.FN_FREE)).at_estimate


def test_chance__same_question_same_figure():
    """The simulation is seeded."""
    question = development(both=80, neither=10, wins=8, losses=2), coming("n - o > 0.02 +/- 0.02")

    assert chance(*question) == chance(*question)


def test_models_of__changes_take_both_models():
    """A clause on d needs the baseline's predictions, not a third column."""
    assert frozenset({Variable.N, Variable.O}) == models_of(coming("n > 0.5 +/- 0.1 /\\ d < 0.1 +/- 0.1").formula)
    assert frozenset({Variable.N, Variable.A}) == models_of(coming("n - a > 0 +/- 0.1").formula)
