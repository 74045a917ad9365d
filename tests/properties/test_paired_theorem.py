"""
The exact paired score test against everything it claims, by enumeration (theory.md §3.2, every (T)).

The reference here is slow and plain, and shares no code with the product.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from proctor.stats import paired, score
from proctor.stats.paired import PairedTest

THRESHOLDS = [0.0, 0.01, 0.1, 0.5, 0.97, -0.01, -0.1, -0.5, -0.97]


def outcomes(n):
    """All (wins, losses) of n examples."""
    w, ell = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    keep = w + ell <= n
    return w[keep], ell[keep]


def masses(n, win, lose):
    """Trinomial probabilities of all outcomes."""
    w, ell = outcomes(n)
    m = w + ell
    share = min(1.0, win / (win + lose)) if win + lose > 0 else 0.5
    return stats.binom.pmf(m, n, min(1.0, win + lose)) * stats.binom.pmf(w, m, share)


def on_boundary(n, c, psi):
    """Probabilities of all outcomes at difference c and nuisance psi."""
    return masses(n, max(0.0, (psi + c) / 2), max(0.0, (psi - c) / 2))


def plain_statistic(w, ell, n, c):
    """Tango's statistic as theory.md §3.2 writes it."""
    a, b, cc = 2 * n, -w - ell + (2 * n - w + ell) * c, -ell * c * (1 - c)
    q = (math.sqrt(max(b * b - 4 * a * cc, 0.0)) - b) / (2 * a)
    variance = n * (2 * q + c - c * c)
    return (w - ell - n * c) / math.sqrt(variance) if variance > 1e-12 else 0.0


@lru_cache
def reject_set(n, c, log_level, cap=1.0):
    """Mask over all outcomes of what the product rejects; the fewest wins are found by bisection at each m."""
    test = PairedTest(n, c, log_level, cap)
    critical = test.region(1.0 if n < 2 else 0.5, -60.0)
    full = critical_of(test, n)
    assert all(full[critical.first + i] == k for i, k in enumerate(critical.critical))
    w, ell = outcomes(n)
    return w >= np.array([full[m] for m in w + ell])


def critical_of(test, n):
    """Fewest wins that reject, at each number of discordant examples."""
    found = []
    for m in range(n + 1):
        low, high = -1, m + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if test.rejects(middle, m - middle) else (middle, high)
        found.append(high)
    return found


@pytest.mark.parametrize("n", [1, 2, 3, 8, 21])
@pytest.mark.parametrize("c", [*THRESHOLDS, 0.999, -0.999, 1e-9])
def test_statistic__is_barnard_convex(n, c):
    """The statistic never falls when a loss becomes a tie, or a tie a win (theory.md §3.2, step 5)."""
    w, ell = outcomes(n)
    value = dict(zip(zip(w, ell, strict=True), score.statistic(w, ell, n, c), strict=True))

    for (i, j), here in value.items():
        if j > 0:
            assert value[i, j - 1] >= here - 1e-9
        if i + j < n:
            assert value[i + 1, j] >= here - 1e-9


@pytest.mark.parametrize("c", THRESHOLDS)
def test_statistic__agrees_with_the_plain_formula(c):
    """The rearranged quadratic gives the values of the written one."""
    n = 13
    w, ell = outcomes(n)

    expected = [plain_statistic(i, j, n, c) for i, j in zip(w.tolist(), ell.tolist(), strict=True)]

    assert expected == pytest.approx(list(score.statistic(w, ell, n, c)), abs=1e-6)


@pytest.mark.parametrize("c", [*THRESHOLDS, 0.999, -0.999])
def test_critical_wins__is_the_first_that_reaches_the_value(c):
    """Critical wins are those of an exhaustive search, for attained and for other values."""
    n = 17
    for m in range(n + 1):
        w = np.arange(m + 1)
        values = score.statistic(w, m - w, n, c)
        for value in [*values, -5.0, 0.0, 0.7, 2.0, 5.0]:
            reaching = np.flatnonzero(values >= score.loosened(value))
            expected = int(reaching[0]) if len(reaching) else m + 1
            assert expected == score.critical_wins(np.array([m]), n, c, score.loosened(value))[0]


@pytest.mark.parametrize(("n", "level"), [(1, 0.3), (2, 0.2), (5, 0.1), (12, 0.02), (25, 1e-3), (40, 0.05)])
@pytest.mark.parametrize("c", THRESHOLDS)
def test_rejects__keeps_its_level_everywhere(n, level, c):
    """By full enumeration the probability of rejecting is at most the level, on a fine grid of the whole null."""
    rejected = reject_set(n, c, math.log(level))

    for psi in np.linspace(abs(c), 1, 201):
        assert on_boundary(n, c, psi)[rejected].sum() <= level * (1 + 1e-9)
    for win in np.linspace(0, 1, 15):
        for lose in np.linspace(0, 1 - win, 15):
            if win - lose <= c:
                assert masses(n, win, lose)[rejected].sum() <= level * (1 + 1e-9)


@pytest.mark.parametrize("cap", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("c", [0.0, 0.05, -0.05, -0.1])
def test_rejects__with_a_cap_keeps_its_level_up_to_the_cap(cap, c):
    """With a bound on the disagreement the level is kept wherever the nuisance is at most the bound (theory.md §2)."""
    n, level = 30, 0.02
    rejected = reject_set(n, c, math.log(level), cap)

    for psi in np.linspace(min(abs(c), cap), cap, 60):
        for difference in np.linspace(-psi, c, 12) if c >= -psi else ():
            assert masses(n, (psi + difference) / 2, (psi - difference) / 2)[rejected].sum() <= level * (1 + 1e-9)


def test_rejects__a_cap_only_helps():
    """What is rejected without a bound on the disagreement is rejected with one that the sample respects."""
    plain, capped = PairedTest(200, -0.05, math.log(0.01)), PairedTest(200, -0.05, math.log(0.01), 0.06)

    differ = 0
    for m in range(20):
        for wins in range(m + 1):
            without, within = plain.rejects(wins, m - wins), capped.rejects(wins, m - wins)
            assert within or not without
            differ += within != without
    assert differ > 0


@pytest.mark.parametrize("c", [0.0, 0.1, -0.1, 0.6, -0.6])
def test_rejects__is_monotone(c):
    """At a fixed number of discordant examples more wins never turn a rejection into none."""
    test = PairedTest(24, c, math.log(0.03))
    for m in range(25):
        decisions = [test.rejects(w, m - w) for w in range(m + 1)]
        assert sorted(decisions) == decisions


@pytest.mark.parametrize(("n", "level"), [(6, 0.2), (18, 0.05), (37, 1e-3)])
@pytest.mark.parametrize("c", [0.0, 0.05, -0.05, 0.4, -0.4])
def test_p_value__is_certified_and_sharp(n, level, c):
    """The p-value is never below the brute-force one; within 5 % of it where it is at most the level."""
    w, ell = outcomes(n)
    value = np.array([plain_statistic(i, j, n, c) for i, j in zip(w.tolist(), ell.tolist(), strict=True)])
    share = level / 20

    rng = np.random.default_rng(20_251_101)
    for i in rng.choice(len(w), size=min(12, len(w)), replace=False):
        wins, losses, m = int(w[i]), int(ell[i]), int(w[i] + ell[i])
        low = stats.beta.ppf(share / 2, m, n - m + 1) if m > 0 else 0.0
        high = stats.beta.isf(share / 2, m + 1, n - m) if m < n else 1.0
        low, high = min(max(low, abs(c)), 1.0), max(high, abs(c))
        extreme = value >= value[i] - 1e-9
        exact = max(on_boundary(n, c, psi)[extreme].sum() for psi in np.linspace(low, high, 400)) + share

        actual = paired.p_value(wins, losses, n, c, level)

        assert actual >= min(exact, 1.0) * (1 - 1e-6)
        if actual <= level:
            assert actual <= exact * 1.05
        assert (actual <= level) == PairedTest(n, c, math.log(level)).rejects(wins, losses)
        if exact <= level * 0.999:
            assert actual <= level


@pytest.mark.parametrize(
    ("n", "c", "difference", "disagreement"), [(12, 0.0, 0.4, 0.6), (30, 0.05, 0.3, 0.4), (40, -0.1, 0.0, 0.1)]
)
def test_power__equals_enumeration(n, c, difference, disagreement):
    """The power is the enumerated probability of what is rejected, to 1 % of the miss."""
    level = math.log(0.05)
    rejected = reject_set(n, c, level)
    expected = masses(n, (disagreement + difference) / 2, (disagreement - difference) / 2)[rejected].sum()

    actual = PairedTest(n, c, level).power(difference, disagreement)

    assert 1 - expected == pytest.approx(1 - actual, rel=0.01)


@pytest.mark.parametrize(
    ("wins", "losses", "n"), [(0, 0, 1), (9, 3, 20), (14, 14, 60), (30, 0, 40), (0, 7, 33), (100, 50, 900)]
)
def test_lower_bound__every_threshold_up_to_it_is_rejected(wins, losses, n):
    """Each threshold on a grid up to the bound is rejected at the level (theory.md §3.2, end)."""
    level = 0.02
    bound = paired.lower_bound(wins, losses, n, level)

    for c in np.linspace(-1, bound, 120):
        assert c <= -1 or PairedTest(n, c, math.log(level)).rejects(wins, losses)


def test_lower_bound__is_not_far_below_what_is_rejected():
    """The bound gives away less than a hundredth of its distance from the estimate."""
    n, level = 1_000, 0.001
    bound = paired.lower_bound(90, 40, n, level)

    assert not PairedTest(n, bound + (0.05 - bound) / 100, math.log(level)).rejects(90, 40)


def test_bounds__mirror_each_other():
    """Exchanging wins and losses exchanges the bounds and their signs."""
    assert paired.upper_bound(12, 30, 100, 0.01) == -paired.lower_bound(30, 12, 100, 0.01)


def test_rejects__rejects_nearly_wherever_mcnemar_does():
    """At a threshold of 0 the unconditional test rejects wherever the conditional one does."""
    test = PairedTest(200, 0.0, math.log(0.01))
    lost = sum(
        stats.binomtest(w, m, 0.5, alternative="greater").pvalue <= 0.01 and not test.rejects(w, m - w)
        for m in range(20, 60)
        for w in range(m // 2, m)
    )
    assert lost == 0
