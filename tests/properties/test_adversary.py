"""
The attack of theory.md §8.3: a developer who sees every released bit climbs on the test set.

Accounts must survive it, and naive gates must not: otherwise the attack would prove nothing.
All seeds are fixed; the probabilities of a false alarm are stated where the claim is about the code under test.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from scipy.stats import binom

from proctor.budget import Adaptive, Contract, Mode
from proctor.reports.simulation import Tally
from proctor.simulation import Kind, Request, read_table, study

LIVES, STEPS = 80, 20
DELTA = 0.2
FALSE_ALARM = 1e-7
OURS = ["proctor, adaptive", "proctor, guaranteed"]
NAIVE = ["point comparison", "fresh 95 % interval", "Bonferroni over commits"]
TABLE = Path(__file__).parents[3] / "shared" / "data" / "cifar10_30models.npz"


def request(mode: Mode) -> Request:
    contract = Contract(1 - DELTA, mode)
    return Request("n - o > 0 +/- 0.01", contract, Adaptive(STEPS, 3), examples=500, steps=STEPS, repetitions=LIVES)


@cache
def attacked(mode: Mode) -> dict[str, Tally]:
    return {tally.gate: tally for tally in study(request(mode), Kind.ATTACK).tallies}


@pytest.mark.parametrize("mode", list(Mode), ids=str)
@pytest.mark.parametrize("gate", OURS)
def test_account__survives_the_attack(gate: str, mode: Mode) -> None:
    """
    At most δ of the lives have a wrong proof, however the developer climbs.

    A correct account fails here with probability below 1e-7.
    """
    assert attacked(mode)[gate].false_lives <= binom.isf(FALSE_ALARM, LIVES, DELTA)


@pytest.mark.parametrize("mode", list(Mode), ids=str)
@pytest.mark.parametrize("gate", NAIVE)
def test_naive_gate__falls_to_the_attack(gate: str, mode: Mode) -> None:
    """
    Comparing estimates, a fresh interval at each commit and δ/H each are wrong in surely more than δ of the lives.

    A gate that kept the promise would pass here with probability below 1e-7.
    """
    assert attacked(mode)[gate].false_lives > binom.isf(FALSE_ALARM, LIVES, DELTA)


def test_account__survives_a_model_committed_again_and_again() -> None:
    """
    Without any gain there is a false pass in at most δ of the lives (theory.md §8.2: nulls at the boundary).

    Correct accounts fail here with probability below 2e-7; comparing estimates lets one through nearly always.
    """
    tallies = {tally.gate: tally for tally in study(request(Mode.FP_FREE), Kind.AA).tallies}

    assert all(tallies[gate].false_lives <= binom.isf(FALSE_ALARM, LIVES, DELTA) for gate in OURS)
    assert tallies["point comparison"].share > 0.8


@pytest.mark.skipif(not TABLE.exists(), reason="the table of real predictions is not beside this checkout")
def test_account__survives_on_real_predictions() -> None:
    """
    On thirty real classifiers the accounts keep their promise where comparing estimates does not.

    A correct account fails here with probability below 1e-7.
    """
    tallies = {
        tally.gate: tally
        for tally in study(replace(request(Mode.FP_FREE), table=read_table(TABLE)), Kind.ATTACK).tallies
    }

    allowed = binom.isf(FALSE_ALARM, LIVES, DELTA)
    assert all(tallies[gate].false_lives <= allowed for gate in OURS)
    assert tallies["point comparison"].share > DELTA
