"""Averaged bets on pairs: values by their definition, levels by enumeration and simulation, bounds."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from proctor.stats import pairing


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_contests__use_every_example_evenly_and_average_to_the_areas(n: int, m: int, seed: int) -> None:
    """Over as many rotations as there are examples of the frequent kind, each pair counts once: the areas differ so."""
    rng = np.random.default_rng(seed)
    positives, negatives = rng.integers(0, 4, (n, 2)), rng.integers(0, 4, (m, 2))
    labels, said = np.repeat([1, 0], [n, m]), np.vstack([positives, negatives])

    found = pairing.contests(positives.astype(float), negatives.astype(float))

    assert (max(n, m), min(n, m)) == found.shape
    assert (abs(found) <= 1).all()
    if max(n, m) % min(n, m) == 0:  # otherwise some examples stand in larger groups
        areas = [roc_auc_score(labels, said[:, model]) for model in range(2)]
        assert found.mean() == pytest.approx(areas[0] - areas[1])


def wrong(n_pairs: int, mean: float, level: float, rejected_at: float) -> float:
    """Chance that pairs at the boundary, which one model wins or the other, are rejected; by enumeration."""
    chance = (1 + mean) / 2
    return sum(
        chance ** won.count(1.0) * (1 - chance) ** won.count(-1.0)
        for won in product((1.0, -1.0), repeat=n_pairs)
        if pairing.rejects(np.array([won]), mean, math.log(rejected_at))
    )


@pytest.mark.parametrize(("n_pairs", "mean", "level"), [(4, 0.0, 1 / 20), (6, 0.3, 1 / 15), (8, 0.6, 1 / 8)])
def test_rejects__at_the_boundary_with_at_most_its_level(n_pairs: int, mean: float, level: float) -> None:
    """By enumeration, where all pairings show the same; a level that is 1.5 times too large is caught."""
    assert wrong(n_pairs, mean, level, level) <= level < wrong(n_pairs, mean, level, 1.5 * level)


def test_rejects__small_sets_with_at_most_its_level() -> None:
    """By enumeration of all that three examples of either kind can score at two equally good models of two scores."""
    kinds = list(product((0.0, 1.0), repeat=2))
    for level in (0.4, 0.2, 0.1):
        rejected = 0
        for scored in product(kinds, repeat=5):
            found = pairing.contests(np.array(scored[:3]), np.array(scored[3:]))
            rejected += pairing.rejects(found, 0.0, math.log(level))
        assert rejected / 4**5 <= level


@pytest.mark.parametrize(("n", "m"), [(20, 20), (15, 60)])
def test_rejects__whole_populations_at_the_boundary(n: int, m: int) -> None:
    """
    Seeded lives of models that are equally good, with scores that go together: at most as often as the level says.

    1,000 lives each at a level of 10 %; a test that holds its level fails here with a probability below 1e-6.
    """
    rng = np.random.default_rng(n)
    rejected = 0
    for _ in range(1_000):
        noise = rng.normal(size=(n + m, 1)) + rng.normal(size=(n + m, 2))
        rejected += pairing.rejects(pairing.contests(noise[:n] + 1, noise[n:]), 0.0, math.log(0.1))
    assert rejected <= binom.isf(1e-6, 1_000, 0.1)


def test_rejects__more_often_than_disjoint_pairs() -> None:
    """Averaging pays: 60 lives in which one pairing shows the better model less often than all do."""
    rng = np.random.default_rng(2)
    alone = together = 0
    for _ in range(60):
        noise = rng.normal(size=(400, 1)) + rng.normal(size=(400, 2))
        found = pairing.contests(noise[:200] + np.array([1.6, 1.0]), noise[200:])
        alone += pairing.rejects(found[:1], 0.0, math.log(0.01))
        together += pairing.rejects(found, 0.0, math.log(0.01))
    assert alone + 10 < together


def test_bounds__lie_around_the_mean_and_agree_with_the_test() -> None:
    """What lies clearly below the lower bound is rejected, what lies above is not; the upper one mirrors it."""
    rng = np.random.default_rng(3)
    found = pairing.contests(rng.normal(size=(150, 2)) + np.array([1.5, 0.5]), rng.normal(size=(150, 2)))
    low, high = pairing.lower_bound(found, 0.05), pairing.upper_bound(found, 0.05)

    assert 0 < low < found.mean() < high < 1
    assert pairing.rejects(found, low, math.log(0.05))
    assert not pairing.rejects(found, low + 1 / 8 / math.sqrt(150), math.log(0.05))
    assert high == -pairing.lower_bound(-found, 0.05)


def test_rejects__nothing_without_pairs_or_level() -> None:
    """One kind alone shows nothing, and a spent account has no level; a mean below -1 is impossible."""
    clear = np.ones((3, 400))
    none = pairing.contests(np.empty((0, 2)), np.ones((5, 2)))
    assert not pairing.rejects(none, -0.9, math.log(0.05))
    assert (pairing.lower_bound(none, 0.05), pairing.upper_bound(none, 0.05)) == (-1.0, 1.0)
    assert pairing.rejects(clear, 0.5, -50.0)
    assert not pairing.rejects(clear, 0.5, -math.inf)
    assert not pairing.rejects(clear, 1.0, math.log(0.05))
    assert pairing.rejects(clear, -1.1, math.log(0.05))


def test_contests__of_many_examples_fit_into_memory() -> None:
    """Half a million are paired by few rotations."""
    assert (20, 100) == pairing.contests(np.zeros((100, 2)), np.zeros((500_000, 2))).shape
