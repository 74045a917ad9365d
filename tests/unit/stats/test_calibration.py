"""Expected calibration error: its definition, the bets on all signs, levels by simulation."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.calibration import calibration_curve

from proctor.stats import bounded, calibration
from proctor.stats.calibration import Deviations


def drawn(rng: np.random.Generator, n_examples: int, n_bins: int, off: float) -> Deviations:
    """Probabilities of a model that says *off* too little below a half, and so much too much above."""
    said = rng.uniform(off, 1 - off, n_examples)
    true = rng.random(n_examples) < said + np.where(said < 0.5, off, -off)
    return Deviations(said - true, calibration.bin_of(said, n_bins), n_bins)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_error__follows_from_scikit_learns_curve(n_bins: int, seed: int) -> None:
    """The mean distance of predicted and true shares, weighted by how many examples a bin has."""
    rng = np.random.default_rng(seed)
    said = rng.random(200)
    true = rng.random(200) < said**2
    bins = calibration.bin_of(said, n_bins)
    shares, means = calibration_curve(true, said, n_bins=n_bins)
    weights = np.unique(bins, return_counts=True)[1] / 200

    found = Deviations(said - true, bins, n_bins)

    assert found.error == pytest.approx(weights @ abs(shares - means))
    assert found.at_worst.mean() == pytest.approx(found.error)


def test_bins__have_their_lower_end() -> None:
    """A half of two bins is in the second one, and 1 in the last."""
    assert [0, 0, 1, 1] == calibration.bin_of(np.array([0.0, 0.49, 0.5, 1.0]), 2).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_is_below__is_the_bet_on_every_way_to_give_signs(seed: int) -> None:
    """The bets of all ways at once are those of `proctor.stats.bounded` one by one, whose level is tested there."""
    rng = np.random.default_rng(seed)
    found = drawn(rng, 300, 3, 0.05)
    verdicts = set()
    for threshold, level in product((0.08, 0.12, 0.16, 0.2, 0.25), (0.2, 0.01, 1e-4)):
        one_by_one = [
            bounded.rejects(-np.array(signs)[found.bins] * found.values, -threshold, math.log(level), -1.0, 1.0)
            for signs in product((1.0, -1.0), repeat=3)
        ]
        verdicts.add(all(one_by_one))
        assert all(one_by_one) == calibration.is_below(found, threshold, math.log(level))
    assert {True, False} == verdicts


@pytest.mark.parametrize("test", [calibration.is_below, calibration.is_above])
def test_tests__whole_populations_at_the_boundary(test) -> None:
    """
    Seeded lives of a model that is off by 10 points: rejected at most as often as the level says.

    400 lives each at a level of 10 %; a test that holds its level fails here with a probability below 1e-6.
    """
    rng = np.random.default_rng(1)
    wrong = sum(test(drawn(rng, 120, 2, 0.1), 0.1, math.log(0.1)) for _ in range(400))
    assert wrong <= binom.isf(1e-6, 400, 0.1)


def test_tests__show_what_is_plainly_so() -> None:
    """On 4,000 examples a calibrated model is shown to be one, one that is off by 20 points to be off."""
    rng = np.random.default_rng(2)
    right, off = drawn(rng, 4_000, 4, 0.0), drawn(rng, 4_000, 4, 0.2)
    assert calibration.is_below(right, 0.06, math.log(1e-4))
    assert not calibration.is_above(right, 0.01, math.log(1e-4))
    assert calibration.is_above(off, 0.1, math.log(1e-4))
    assert not calibration.is_below(off, 0.2, math.log(1e-4))


def test_tests__show_nothing_without_examples_or_level() -> None:
    """Nor against thresholds that no error has."""
    none, clear = Deviations(np.empty(0), np.empty(0, int), 5), Deviations(np.zeros(500), np.zeros(500, int), 1)
    assert math.isnan(none.error)
    assert not calibration.is_below(none, 0.9, -1.0)
    assert not calibration.is_above(none, 0.1, -1.0)
    assert not calibration.is_below(clear, 0.5, -math.inf)
    assert calibration.is_below(clear, 0.5, -5.0)
    assert not calibration.is_below(clear, 0.0, -5.0)
    assert not calibration.is_above(clear, 1.0, -5.0)
