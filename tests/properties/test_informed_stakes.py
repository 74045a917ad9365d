"""
What development data are worth (theory.md §4.5): the long synthetic life, played with the real account.

Two hundred commits on 10,000 examples at reliability 0.999, a third of them true gains of two points, a tenth of the
predictions changed; normal draws that are independent between evaluations. Seeds are fixed: nothing here is by chance.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from scipy.special import ndtri_exp

from proctor.budget import STAKE_UNITS, Account, Adaptive, Contract, Step, open_account
from proctor.budget.informed import DevelopmentResult, Forecaster
from proctor.errors import DomainError

N_TEST, CHANGED, GAIN, COMMITS = 10_000, 0.1, 0.02, 200
SEEDS = range(4)


def life(seed: int, n_development: int | None, flattery: float = 0.0) -> tuple[int, int, float]:
    """Passes of true gains, passes of nothing, and bits leaked; without development data the account decides alone."""
    rng = np.random.default_rng(seed)
    account, experts = open_account(Contract(0.999)), Forecaster()
    found, false = 0, 0
    for _ in range(COMMITS):
        gain = GAIN if rng.random() < 1 / 3 else 0.0
        deviation = math.sqrt(CHANGED - gain**2)
        seen = rng.normal(gain, deviation / math.sqrt(N_TEST))
        result = None if n_development is None else developed(rng, gain + flattery, deviation, n_development)
        stake = None
        if result is not None:
            level_of = partial(level_under, account)
            stake = experts.stake(result, level_of)
        level = account.next_log_level(Adaptive(), stake)
        is_pass = bool(seen > -ndtri_exp(level) * deviation / math.sqrt(N_TEST))
        experts = experts.after(result, level, is_pass)
        account = account.after(Step(is_pass, Adaptive(), stake=stake))
        found, false = found + (is_pass and gain > 0), false + (is_pass and gain == 0)
    return found, false, account.leakage_bits


def level_under(account: Account, stake: float) -> float:
    return account.next_log_level(Adaptive(), round(stake * STAKE_UNITS))


def developed(rng: np.random.Generator, gain: float, deviation: float, n: int) -> DevelopmentResult:
    """Wins and losses of a draw on development data."""
    changed = round(CHANGED * n)
    wins = round((changed + rng.normal(gain, deviation / math.sqrt(n)) * n) / 2)
    wins = min(max(wins, 0), changed)
    return DevelopmentResult(wins, changed - wins, n, N_TEST, 0.0)


def mean_of(**how: float | None) -> tuple[float, float, float]:
    lives = np.array([life(seed, **how) for seed in SEEDS])
    found, false, bits = lives.mean(axis=0)
    return float(found), float(false), float(bits)


def test_informed_stakes__pass_five_times_as_much_on_the_same_test_set() -> None:
    """Without them about 10 of 68 gains pass, with as many development examples as test examples about 50."""
    alone, _, alone_bits = mean_of(n_development=None)
    informed, false, bits = mean_of(n_development=N_TEST)

    assert 6 < alone < 14
    assert 40 < informed < 60
    assert 0 == false
    assert bits < 0.6 * alone_bits


def test_informed_stakes__learn_that_development_data_flatter() -> None:
    """Results that look two points too good still pass three times as much as no results."""
    alone, _, _ = mean_of(n_development=None)
    flattered, false, _ = mean_of(n_development=N_TEST, flattery=0.02)

    assert flattered > 2.5 * alone
    assert 0 == false


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
