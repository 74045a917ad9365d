"""Draws for labeling: uniform, an example's own, and nobody's without the secret."""

from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from proctor.testset.hashing import draws

HASHES = np.frombuffer(np.random.default_rng(3).bytes(16 * 2_000), "V16")


def test_draws__are_uniform() -> None:
    """By Kolmogorov and Smirnov's test, on a fixed secret."""
    assert kstest(draws(HASHES, b"secret"), "uniform").pvalue > 1e-3


def test_draws__stay_an_examples_own() -> None:
    """Shuffling, adding and dropping examples changes nobody's number; repeated rows have numbers of their own."""
    found, order = draws(HASHES, b"secret"), np.random.default_rng(4).permutation(len(HASHES))
    assert (draws(HASHES[order], b"secret") == found[order]).all()
    assert (draws(HASHES[:50], b"secret") == found[:50]).all()
    again = draws(np.concatenate([HASHES[:50], HASHES[:50]]), b"secret")
    assert (again[:50] == found[:50]).all()
    assert len(set(again.tolist())) == 100


def test_draws__are_others_under_another_secret() -> None:
    """Nothing about them can be told from the rows."""
    found, other = draws(HASHES, b"secret"), draws(HASHES, b"another")
    assert abs(np.corrcoef(found, other)[0, 1]) < 0.1
    assert not (found == other).any()
