"""Proportions: exact bounds and tests, against other implementations and by enumeration (theory.md §3.1)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from proctor.errors import DomainError
from proctor.stats import binomial, tails

LEVELS = [0.5, 0.05, 1e-3, 1e-7, 1e-30, 1e-100]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("successes", "n"), [(1, 1), (0, 7), (3, 7), (7, 7), (96, 100), (8_123, 10_000)])
def test_bounds__agree_with_scipy(successes, n, level):
    """Both bounds are those of scipy's Clopper–Pearson interval, by the tails that it inverts."""
    low = binomial.lower_bound(successes, n, level)
    high = binomial.upper_bound(successes, n, level)

    if successes > 0:
        assert math.log(level) == pytest.approx(tails.log_upper_tail(successes, n, low), abs=1e-8)
    if successes > 0 and level > 1e-50:  # scipy's own inverse fails below
        assert stats.beta.ppf(level, successes, n - successes + 1) == pytest.approx(low, rel=1e-6)
    if successes < n:
        assert stats.beta.isf(level, successes + 1, n - successes) == pytest.approx(high, rel=1e-9)


def test_bounds__agree_with_statsmodels():
    """At 0.025 a side the bounds are statsmodels' `beta` interval."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")

    expected = proportion.proportion_confint(37, 120, alpha=0.05, method="beta")

    actual = binomial.lower_bound(37, 120, 0.025), binomial.upper_bound(37, 120, 0.025)
    assert expected == pytest.approx(actual, rel=1e-10)


@pytest.mark.parametrize("n", [1, 2, 9, 40])
@pytest.mark.parametrize("level", [0.3, 0.05, 1e-3])
def test_bounds__miss_at_most_level(n, level):
    """By enumeration, each bound misses the true proportion with probability at most the level (theory.md §3.1)."""
    k = np.arange(n + 1)
    low = np.array([binomial.lower_bound(int(i), n, level) for i in k])
    high = np.array([binomial.upper_bound(int(i), n, level) for i in k])

    for p in np.concatenate([np.linspace(0, 1, 101), low + 1e-12, high - 1e-12]).clip(0, 1):
        masses = stats.binom.pmf(k, n, p)
        assert masses[low > p].sum() <= level * (1 + 1e-6)
        assert masses[high < p].sum() <= level * (1 + 1e-6)


@pytest.mark.parametrize(("successes", "n", "level"), [(1, 2, 1e-12), (4, 5, 1e-15), (999_999, 1_000_000, 1e-9)])
def test_upper_bound__close_to_one(successes, n, level):
    """Where neighboring floats are further apart than the level, the bound is rounded to the safe side."""
    bound = binomial.upper_bound(successes, n, level)

    assert bound == 1 or tails.log_lower_tail(successes, n, bound) <= math.log(level)


def test_bounds__edges():
    """Nothing observed allows everything; no success allows 0, no failure 1."""
    assert (0.0, 1.0) == (binomial.lower_bound(0, 0, 0.1), binomial.upper_bound(0, 0, 0.1))
    assert 0.0 == binomial.lower_bound(0, 10, 1e-9)
    assert 1.0 == binomial.upper_bound(10, 10, 1e-9)


@pytest.mark.parametrize("level", [1e-200, 1e-262, 1e-300])
def test_lower_bound__deep_levels(level):
    """At the levels of long accounts the bound still has the tail that it should, where the library's inverse fails."""
    low = binomial.lower_bound(5, 100, level)

    assert math.log(level) == pytest.approx(tails.log_upper_tail(5, 100, low), abs=1e-8)
    assert 0 < low < 1e-38


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5, 0.93, 1.0])
def test_rejects__agrees_with_the_tail(threshold, above):
    """The decision is whether the exact tail of scipy's distribution is at most the level."""
    n, level = 30, 0.01

    for k in range(n + 1):
        tail = stats.binom.sf(k - 1, n, threshold) if above else stats.binom.cdf(k, n, threshold)
        assert (tail <= level) == binomial.rejects(k, n, threshold, math.log(level), above)


def test_rejects__thresholds_beyond_the_range():
    """What cannot be is rejected, what must be is not."""
    level = math.log(0.01)
    assert binomial.rejects(0, 5, -0.1, level, above=True)
    assert not binomial.rejects(5, 5, 1.1, level, above=True)
    assert binomial.rejects(5, 5, 1.1, level, above=False)
    assert not binomial.rejects(0, 5, -0.1, level, above=False)


def test_rejects__no_examples_and_spent_account():
    """Neither an empty sample nor a level of 0 proves anything."""
    assert not binomial.rejects(0, 0, 0.5, math.log(0.5), above=True)
    assert not binomial.rejects(10_000, 10_000, 0.1, -math.inf, above=True)


def test_log_p_value__below_the_smallest_float():
    """10,000 of 10,000 against one half is 2^-10000, which no float holds."""
    expected = -10_000 * math.log(2)
    assert expected == pytest.approx(binomial.log_p_value(10_000, 10_000, 0.5, above=True), rel=1e-12)
    assert binomial.rejects(10_000, 10_000, 0.5, -6_900.0, above=True)
    assert not binomial.rejects(10_000, 10_000, 0.5, -6_940.0, above=True)


def test_tails__agree_with_the_incomplete_beta_function():
    """Tails on both sides of the mean, one by one and as a table, are those of scipy to eleven digits."""
    rng = np.random.default_rng(20_261_128)
    for n in (1, 2, 15, 16, 17, 100, 620, 2_000, tails.MANY, tails.MANY + 1, 100_000):
        k, p = rng.integers(1, n + 1, 60), rng.uniform(0, 1, 60)
        p[::3] = np.clip(k[::3] / n + rng.uniform(-0.6, 0.4, 20) / math.sqrt(n), 0.0, 1.0)
        expected = special.betainc(k, n - k + 1, p)

        assert expected == pytest.approx(tails.upper_tails(k, n, p), rel=1e-11, abs=1e-300)
        ones = [tails.log_upper_tail(int(each), n, float(chance)) for each, chance in zip(k, p, strict=True)]
        assert expected == pytest.approx(np.exp(ones), rel=1e-11, abs=1e-300)


def test_upper_tails__certain_and_impossible_successes():
    """What always or never succeeds has tails of 1 and 0."""
    assert [0.0, 0.0, 1.0, 1.0] == tails.upper_tails([1, 5, 1, 5], 5, [0.0, 0.0, 1.0, 1.0]).tolist()


def test_lower_bound__agrees_with_scipy_at_all_levels():
    """The inverse of the tail is scipy's inverse of the incomplete beta function to ten digits."""
    rng = np.random.default_rng(20_261_129)
    for n in (1, 2, 37, 1_000, 300_000):
        for k, level in zip(rng.integers(1, n + 1, 40).tolist(), 10 ** rng.uniform(-40, -0.001, 40), strict=True):
            expected = special.betaincinv(k, n - k + 1, level)

            assert expected == pytest.approx(binomial.lower_bound(k, n, float(level)), rel=1e-10)


@pytest.mark.parametrize(("n", "p"), [(1, 0.3), (15, 0.5), (100, 0.01), (1_000_000, 0.1)])
def test_log_mass__sums_to_one(n, p):
    """Masses add up to 1 to eleven digits, also in samples of a million."""
    k = np.arange(n + 1)
    assert 1.0 == pytest.approx(np.exp(tails.log_mass(k, n, p)).sum(), rel=1e-11)


@pytest.mark.parametrize(
    "call",
    [
        lambda: binomial.lower_bound(3, 2, 0.1),
        lambda: binomial.lower_bound(-1, 2, 0.1),
        lambda: binomial.upper_bound(1, 2, 0.0),
        lambda: binomial.upper_bound(1, 2, 1.0),
        lambda: binomial.rejects(1, 2, math.nan, -1.0),
        lambda: binomial.rejects(1, 2, 0.5, 0.0),
        lambda: binomial.lower_bound(1.5, 2, 0.1),
    ],
)
def test_domain(call):
    """Arguments outside their domain are refused."""
    with pytest.raises(DomainError):
        call()
