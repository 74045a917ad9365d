"""Labels one at a time: edges, missing labels, curtailment and domains (theory.md §3.10)."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from statistics import NormalDist

import numpy as np
import pytest

from proctor.errors import DomainError
from proctor.stats.expectation import expectation, with_power
from proctor.stats.paired import PairedTest
from proctor.stats.sequential import UNKNOWN, Answer, Reading, SequentialShare, SequentialTest

N = 400


def sequential(**changes):
    """A test of 400 examples at 1 %."""
    usual = {
        "n_examples": N,
        "threshold": 0.0,
        "log_level": math.log(0.01),
        "log_miss": math.log(0.1),
        "disagreement": 0.3,
    }
    return SequentialTest(**{**usual, **changes})


def drawn(seed, win=0.15, lose=0.15, n=N):
    """Outcomes, and a mask of the examples that need a label (a few of them are ties for all that)."""
    rng = np.random.default_rng(seed)
    outcomes = rng.choice(np.array([1, -1, 0], np.int8), n, p=[win, lose, 1 - win - lose])
    return outcomes, (outcomes != 0) | (rng.random(n) < 0.05)


def plain(test, outcomes):
    """Decision and place of the bets alone, as the theory writes them, one example after another."""
    c, n = test.threshold, test.n_examples
    level, miss, d = math.exp(test.log_level), math.exp(test.log_miss), test.disagreement
    z = -NormalDist().inv_cdf(level) - NormalDist().inv_cdf(miss)
    loss = miss if test.futility is None else math.exp(-test.futility)
    capital, before = 1.0, 0
    for i, x in enumerate(outcomes.tolist(), start=1):
        psi = (before + 200 * d) / (i - 1 + 200)
        aim = max(min(psi, c + z * math.sqrt(psi / n)), -psi)
        bet = min(max((aim - c) / (psi - 2 * c * aim + c * c), 0.0), 0.9 / (1 + abs(c)))
        capital *= 1 + bet * (x - c)
        before += x != 0
        if capital >= 1 / (0.8 * level):
            return Reading(Answer.PROVEN, i)
        if capital <= loss:
            return Reading(Answer.NOT_PROVEN, i)
    return None


@pytest.mark.parametrize("c", [0.0, 0.02, -0.05])
def test_read__as_written(c):
    """The bets decide where the formulas of the theory do, unless the end was settled before."""
    test, decided = sequential(threshold=c), 0
    for seed in range(40):
        outcomes, needs = drawn(seed, *((0.22, 0.08) if seed % 2 else (0.15, 0.15)))
        expected, found = plain(test, outcomes), test.read(outcomes, needs)
        assert found == expected or found.n_examples < (N if expected is None else expected.n_examples) + (not expected)
        decided += found == expected
    assert decided >= 30


def test_read__missing_label():
    """The first label that is missing before the decision is asked for; one behind it changes nothing."""
    test = sequential()
    outcomes, needs = drawn(1, 0.25, 0.05)
    found = test.read(outcomes, needs)
    assert found.answer is Answer.PROVEN
    assert found.n_examples < N
    for place in np.flatnonzero(needs):
        lacking = outcomes.copy()
        lacking[place:] = np.where(needs[place:], UNKNOWN, 0)
        expected = found if place >= found.n_examples else Reading(Answer.OPEN, int(place))
        assert test.read(lacking, needs) == expected


def settled_at(rejects, outcomes, needs):
    """Place from which on every completion gives the same answer of the test at the end; all are tried."""
    for t in range(len(outcomes) + 1):
        w, m = int(np.sum(outcomes[:t] == 1)), int(np.sum(outcomes[:t] == -1))
        left = int(np.sum(needs[t:]))
        answers = {rejects(w + i, m + j) for i in range(left + 1) for j in range(left + 1 - i)}
        if len(answers) == 1:
            return Reading(Answer.PROVEN if answers.pop() else Answer.NOT_PROVEN, t)
    raise AssertionError


@pytest.mark.parametrize("c", [0.0, 0.1, -0.3])
def test_read__curtailed(c):
    """Where the bets decide nothing, reading ends at the first place where the end is settled, and not before."""
    test = sequential(n_examples=16, threshold=c, log_level=math.log(0.3), log_miss=-1e-9, futility=50.0)
    rejects = cache(PairedTest(16, c, math.log(0.3 * 0.2)).rejects)
    answers = []
    for seed in range(24):
        outcomes, needs = drawn(seed, *((0.5, 0.05) if seed % 2 else (0.2, 0.2)), n=16)
        found, bets = test.read(outcomes, needs), plain(test, outcomes)
        if bets is None:
            assert found == settled_at(rejects, outcomes, needs)
            answers.append(found.answer)
    assert len(answers) >= 12
    assert len(set(answers)) == 2


def test_read__needs_no_label():
    """What is certain without data is answered before the first label: thresholds out of reach, a spent account."""
    unknown, needs = np.full(N, UNKNOWN, np.int8), np.ones(N, np.bool_)
    assert sequential(threshold=1.0).read(unknown, needs) == Reading(Answer.NOT_PROVEN, 0)
    assert sequential(threshold=-1.1).read(unknown, needs) == Reading(Answer.PROVEN, 0)
    assert sequential(threshold=-0.2, disagreement_cap=0.1).read(unknown, needs) == Reading(Answer.PROVEN, 0)
    assert sequential(log_level=-math.inf).read(unknown, needs) == Reading(Answer.NOT_PROVEN, 0)
    few = np.arange(N) < 3
    assert sequential().read(np.where(few, UNKNOWN, 0).astype(np.int8), few) == Reading(Answer.NOT_PROVEN, 0)


def test_read__nobody_differs():
    """Models that never differ are decided without a label, also where nothing else was anticipated."""
    ties, none = np.zeros(N, np.int8), np.zeros(N, np.bool_)
    assert sequential(disagreement=0.0).read(ties, none).answer is Answer.NOT_PROVEN
    assert sequential(disagreement=0.0, threshold=-0.1).read(ties, none).answer is Answer.PROVEN


@pytest.mark.parametrize(
    ("outcomes", "needs", "said"),
    [
        (np.zeros(3, np.int8), np.zeros(3, np.bool_), "3 outcomes"),
        (np.full(N, 3, np.int8), np.ones(N, np.bool_), "not 3"),
        (np.full(N, UNKNOWN, np.int8), np.zeros(N, np.bool_), "is a tie"),
    ],
)
def test_read__refused(outcomes, needs, said):
    """Outcomes that cannot be are refused."""
    with pytest.raises(DomainError, match=said):
        sequential().read(outcomes, needs)


@pytest.mark.parametrize("changes", [{"futility": 0.0}, {"log_miss": 0.0}, {"disagreement": 1.5}, {"log_level": 0.1}])
def test_init__refused(changes):
    """Designs that cannot be are refused."""
    with pytest.raises(DomainError):
        sequential(**changes)


def test_with_power():
    """
    The smallest loss at which to give up leaves the power asked for, and saves labels where nothing changed.

    The power is measured on other draws: 0.9 give or take six standard errors (1e-8).
    """
    test = sequential(n_examples=500, disagreement=0.3)
    found = with_power(test, 0.1, n_paths=500)
    assert found is not None
    error = math.sqrt(0.09 / 500)
    assert abs(expectation(found, 0.1, n_paths=500, seed=5).proven - 0.9) < 6 * error * math.sqrt(2)
    patient = replace(found, futility=found.futility + 2)
    assert expectation(found, 0.0, n_paths=60).labels < expectation(patient, 0.0, n_paths=60).labels


def test_with_power__cannot_be_told():
    """Power too close to 1 for the number of draws leaves the loss of Wald; power out of reach leaves nothing."""
    certain = sequential(log_miss=math.log(1e-3), futility=1.0)
    assert with_power(certain, 0.1, n_paths=500) == replace(certain, futility=None)
    assert with_power(sequential(n_examples=60), 0.02, n_paths=500) is None


def test_expectation():
    """Labels at a true gain are fewer than all there are, and never more than that."""
    found = expectation(sequential(), 0.15, n_paths=200)
    assert found.labels + 6 * found.error < 0.3 * N
    assert found.labels < found.most <= N
    assert found.proven > 0.5


def test_expectation__impossible():
    """Models cannot differ in accuracy by more than in their predictions."""
    with pytest.raises(DomainError, match="impossible"):
        expectation(sequential(), 0.31)


def share(**changes):
    """A test that an accuracy exceeds 80 % on 400 examples, at 1 %."""
    usual = {"n_examples": N, "threshold": 0.8, "log_level": math.log(0.01), "log_miss": math.log(0.1)}
    return SequentialShare(**{**usual, **changes})


def likelihood_ratio(test, outcomes):
    """Wald's test as he writes it: the place where the ratio leaves its bounds, or None."""
    c = test.boundary
    z = -NormalDist().inv_cdf(math.exp(test.log_level)) - NormalDist().inv_cdf(math.exp(test.log_miss))
    better = c + z * math.sqrt(c * (1 - c) / test.n_examples)
    ratio = 1.0
    for i, x in enumerate(outcomes.tolist(), start=1):
        ratio *= better / c if x else (1 - better) / (1 - c)
        if ratio >= 1 / (0.8 * math.exp(test.log_level)):
            return Reading(Answer.PROVEN, i)
        if ratio <= math.exp(test.log_miss):
            return Reading(Answer.NOT_PROVEN, i)
    return None


@pytest.mark.parametrize("is_above", [True, False])
@pytest.mark.parametrize("right", [0.6, 0.78, 0.8, 0.82, 0.95])
def test_share__is_the_likelihood_ratio(right, is_above):
    """Read until the ratio leaves its bounds, or until no label can change the end any more."""
    test, n_ended = share(is_above=is_above), 0
    everywhere = np.ones(N, np.bool_)
    for seed in range(10):
        outcomes = (np.random.default_rng(seed).random(N) < (right if is_above else 1 - right)).astype(np.int8)
        found, ratio = test.read(outcomes, everywhere), likelihood_ratio(test, outcomes)
        n_ended += found == ratio
        assert found.answer is not Answer.OPEN
        assert ratio is None or found.n_examples <= ratio.n_examples
        assert test.read(np.where(np.arange(N) < found.n_examples, outcomes, UNKNOWN), everywhere) == found
    assert n_ended >= 5 or right == 0.82


def test_share__edges():
    """Thresholds at the ends, no examples, no level, and outcomes that are none."""
    everything = np.ones(N, np.bool_)
    assert Answer.PROVEN is share(threshold=0.0).read(np.ones(N, np.int8), everything).answer
    assert Answer.NOT_PROVEN is share(threshold=1.0).read(np.ones(N, np.int8), everything).answer
    assert Reading(Answer.NOT_PROVEN, 0) == share(log_level=-math.inf).read(np.ones(N, np.int8), everything)
    assert Reading(Answer.NOT_PROVEN, 0) == share(n_examples=0).read(np.ones(0, np.int8), np.ones(0, np.bool_))
    with pytest.raises(DomainError, match="0, 1 or 2"):
        share().read(np.full(N, -1, np.int8), everything)
