"""
What development data are worth (theory.md §4.5): the long synthetic life, played with the real account.

Two hundred commits on 10,000 examples at reliability 0.999, a third of them true gains of two points, a tenth of the
predictions changed; normal draws that are independent between evaluations. Seeds are fixed: nothing here is by chance.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from proctor.budget import Contract
from proctor.budget.informed import DevelopmentResult, Forecaster
from proctor.errors import DomainError
from proctor.simulation.staking import Prospect, Team, always_high, informed, live, nothing

PROSPECT = Prospect(contract=Contract(0.999))
N_TEST = PROSPECT.examples
ALONE = Team(name="alone", habit=nothing)
INFORMED = Team(name="informed", habit=informed, development=N_TEST)
SEEDS = range(4)


def mean_of(team: Team, prospect: Prospect = PROSPECT) -> tuple[float, float, float]:
    """Improvements that passed, wrong passes and bits, on average."""
    lives = [live(prospect, team, np.random.default_rng(seed)) for seed in SEEDS]
    found, false, bits = (
        np.mean([each.found for each in lives]),
        np.mean([len(each.false_at) for each in lives]),
        np.mean([each.bits for each in lives]),
    )
    return float(found), float(false), float(bits)


def test_informed_stakes__pass_five_times_as_much_on_the_same_test_set() -> None:
    """Without them about 10 of 68 gains pass, with as many development examples as test examples about 50."""
    alone, _, alone_bits = mean_of(ALONE)
    informed, false, bits = mean_of(INFORMED)

    assert 6 < alone < 14
    assert 40 < informed < 60
    assert 0 == false
    assert bits < 0.6 * alone_bits


def test_informed_stakes__learn_that_development_data_flatter() -> None:
    """Results that look two points too good still pass three times as much as no results."""
    alone, _, _ = mean_of(ALONE)
    flattered, false, _ = mean_of(replace(INFORMED, flattery=0.02))

    assert flattered > 2.5 * alone
    assert 0 == false


def test_always_high__gains_nothing_and_does_no_harm() -> None:
    """Who stakes the most on everything passes no more than without stakes, and the guard leaves it nearly as much."""
    alone, _, _ = mean_of(ALONE)
    high, false, _ = mean_of(replace(ALONE, habit=always_high))

    assert 0.5 * alone < high < 1.5 * alone
    assert 0 == false


def test_extensions__let_more_pass_on_the_same_account() -> None:
    """With the test set extended twice, more passes for the same promise."""
    fixed, _, _ = mean_of(ALONE)
    grown, false, _ = mean_of(replace(ALONE, extensions=2))

    assert grown > 1.5 * fixed
    assert 0 == false


def test_live__wrong_passes_come_at_their_level() -> None:
    """At a reliability of ½ wrong passes happen, and in no more lives than half (2,000 lives of 5; z = 4: 3e-5)."""
    prospect = replace(PROSPECT, contract=Contract(0.5), commits=5, pass_rate=0.0)
    rng = np.random.default_rng(7)
    wrong = sum(bool(live(prospect, ALONE, rng).false_at) for _ in range(2_000))

    assert 300 < wrong < 1_000 + 4 * 23


def test_experts__believe_those_who_were_right() -> None:
    """After passes that only optimists of the data expected, and fails that only they did not, weights have moved."""
    good = DevelopmentResult(wins=900, losses=100, n_development=10_000, n_test=10_000, threshold=0.0)
    level = math.log(1e-4)
    passed, failed = Forecaster(), Forecaster()
    for _ in range(5):
        passed, failed = passed.after(good, level, True), failed.after(good, level, False)

    assert pytest.approx(1) == sum(passed.weights)
    assert passed.chance(good, level) > Forecaster().chance(good, level) > failed.chance(good, level)
    assert (5, 5) == (passed.proofs, passed.evaluations)


def test_experts__learn_nothing_from_stakes_of_another_origin() -> None:
    """An evaluation without development results counts, and moves no weight."""
    after = Forecaster().after(None, math.log(1e-4), True)

    assert Forecaster().weights == after.weights
    assert 1 == after.proofs


@pytest.mark.parametrize(("wins", "losses", "n_development"), [(6, 5, 10), (-1, 5, 10), (0, 0, 0)])
def test_development_result__refuses_counts_that_do_not_fit(wins: int, losses: int, n_development: int) -> None:
    """More wins and losses than examples, or fewer than none, are an error of whoever counted."""
    with pytest.raises(DomainError):
        DevelopmentResult(wins, losses, n_development, n_test=10, threshold=0.0)
