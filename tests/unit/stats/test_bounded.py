"""Betting on bounded scores."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from proctor.errors import DomainError
from proctor.stats import binomial, bounded


def reference_rejects(scores: list[float], mean: float, level: float) -> bool:
    """The recursion of theory.md §3.3, written down once more as it stands there."""
    n, needed, capital = len(scores), math.log(1 / level), 1.0
    for t in range(1, n + 1):
        s = t - 1
        if s == 0:
            variance = mean * (1 - mean) + 1e-4
        else:
            squares = sum((x - mean) ** 2 for x in scores[:s]) / s
            variance = min(squares + (mean + 1e-4) * n / s**2, mean * (1 - mean) + 1e-4)
        bet = math.sqrt(2 * max(needed - math.log(capital), 0) / ((n - s) * variance))
        capital *= 1 + min(max(bet, 0), 1 / (mean + 1e-4)) * (scores[s] - mean)
        if capital >= 1 / level:
            return True
    return False


def rejection_probability(values: tuple[float, ...], chances: tuple[float, ...], n: int, level: float) -> float:
    """Exact probability of rejecting the true mean, over all sequences."""
    mean = sum(v * p for v, p in zip(values, chances, strict=True))
    return sum(
        math.prod(chances[i] for i in sequence)
        for sequence in product(range(len(values)), repeat=n)
        if bounded.rejects([values[i] for i in sequence], mean, math.log(level))
    )


@pytest.mark.parametrize("level", [0.3, 0.05, 0.01])
@pytest.mark.parametrize("p", [0.02, 0.3, 0.5, 0.9])
def test_rejects__false_rejections_of_binary_scores_at_most_the_level(p: float, level: float) -> None:
    """theory.md §3.3, enumerated over all 0/1 sequences: the true mean is rejected with at most the level."""
    assert rejection_probability((0.0, 1.0), (1 - p, p), 10, level) <= level


@pytest.mark.parametrize("chances", [(0.2, 0.6, 0.2), (0.7, 0.1, 0.2), (0.05, 0.9, 0.05)])
@pytest.mark.parametrize("values", [(0.0, 0.5, 1.0), (0.0, 0.1, 1.0), (0.2, 0.5, 0.6)])
def test_rejects__false_rejections_of_three_valued_scores_at_most_the_level(
    values: tuple[float, ...], chances: tuple[float, ...]
) -> None:
    """theory.md §3.3, enumerated over all sequences of three values."""
    assert rejection_probability(values, chances, 7, 0.1) <= 0.1


@pytest.mark.parametrize("piece", [bounded.PIECE, 7])
def test_rejects__follows_the_recursion(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop decides as the recursion of theory.md §3.3 does, in any pieces, on sequences around the boundary."""
    monkeypatch.setattr(bounded, "PIECE", piece)
    rng = np.random.default_rng(7)

    for _ in range(300):
        scores = rng.choice([0.0, 0.3, 1.0], size=40, p=[0.2, 0.3, 0.5]).tolist()
        mean = float(rng.uniform(0.05, 0.7))
        assert reference_rejects(scores, mean, 0.05) == bounded.rejects(scores, mean, math.log(0.05))


def test_rejects__first_bet_ignores_the_data() -> None:
    """One score alone decides as its own stake allows: the bet on it was placed before it was seen."""
    mean, level = 0.01, 0.2
    bet = min(math.sqrt(2 * math.log(5) / (mean * (1 - mean) + 1e-4)), 1 / (mean + 1e-4))

    for score in np.linspace(0, 1, 101):
        assert (1 + bet * (score - mean) >= 1 / level) == bounded.rejects([float(score)], mean, math.log(level))


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [(-0.1, True), (1.0, False), (1.5, False)],
    ids=["below the range", "its upper end", "above"],
)
def test_rejects__outside_the_range(threshold: float, expected: bool) -> None:
    """A mean below the range is always refuted, one at its upper end or above never."""
    assert expected == bounded.rejects([1.0] * 50, threshold, -5.0)


def test_rejects__no_scores_and_spent_account() -> None:
    """Neither no scores nor a level of zero refutes anything."""
    assert not bounded.rejects([], 0.5, -1.0)
    assert not bounded.rejects([1.0] * 1000, 0.5, -math.inf)


def test_rejects__scales_the_range() -> None:
    """Scores in any range decide as the same scores scaled to the unit interval."""
    scores = np.random.default_rng(3).random(200)

    for threshold in (0.3, 0.4, 0.42, 0.45):
        expected = bounded.rejects(scores, threshold, -4.0)
        assert expected == bounded.rejects(scores * 4 - 2, threshold * 4 - 2, -4.0, low=-2, high=2)


@pytest.mark.parametrize("bad", [math.nan, 1.0001, -0.0001, math.inf])
def test_rejects__score_outside_the_declared_range(bad: float) -> None:
    """A score that is no number or lies outside the declared range is an error that names it."""
    with pytest.raises(DomainError, match="score 1 is"):
        bounded.rejects([0.5, bad], 0.5, -1.0)


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (1.0, 0.0), (math.nan, 1.0), (0.0, math.inf)])
def test_rejects__meaningless_range(low: float, high: float) -> None:
    """A range without width or end is refused."""
    with pytest.raises(DomainError, match="low and high"):
        bounded.rejects([], 0.5, -1.0, low, high)


def test_rejects__bad_level_or_threshold() -> None:
    """A level of one or more and a threshold that is no number are refused."""
    with pytest.raises(DomainError, match="logarithm of a level"):
        bounded.rejects([0.5], 0.5, 0.1)
    with pytest.raises(DomainError, match="threshold"):
        bounded.rejects([0.5], math.nan, -1.0)
    with pytest.raises(DomainError, match="one-dimensional"):
        bounded.rejects(np.zeros((2, 2)), 0.5, -1.0)


def test_lower_bound__close_to_clopper_and_pearson() -> None:
    """On 0/1 scores the width is within 1.25 of the exact interval's (theory.md §3.3 measures 1.00 to 1.12)."""
    rng = np.random.default_rng(11)
    scores = (rng.random(2000) < 0.8).astype(float)
    exact = binomial.lower_bound(int(scores.sum()), 2000, 0.01)

    bound = bounded.lower_bound(scores, 0.01)

    assert scores.mean() - bound <= 1.25 * (scores.mean() - exact)


def test_lower_bound__nests_in_the_level() -> None:
    """Surer bounds are wider, on seeded samples."""
    rng = np.random.default_rng(5)

    for _ in range(5):
        scores = rng.beta(2, 1, size=300)
        lows = [bounded.lower_bound(scores, level) for level in (1e-6, 1e-3, 0.05)]
        highs = [bounded.upper_bound(scores, level) for level in (1e-6, 1e-3, 0.05)]
        assert sorted(lows) == lows
        assert sorted(highs, reverse=True) == highs
        assert lows[-1] < scores.mean() < highs[-1]


def test_bounds__no_scores() -> None:
    """Nothing observed, nothing known."""
    assert (-1.0, 2.0) == (bounded.lower_bound([], 0.01, -1, 2), bounded.upper_bound([], 0.01, -1, 2))


def test_lower_bound__misses_the_mean_at_most_so_often() -> None:
    """
    Over seeded samples the bound exceeds the true mean in at most the level's share of them.

    A correct bound fails here with probability below 1e-6: 400 runs at 5 %, limit 46.
    """
    rng = np.random.default_rng(20_240_817)

    misses = sum(bounded.lower_bound((rng.random(60) < 0.3).astype(float), 0.05) > 0.3 for _ in range(400))

    assert misses <= 46


@pytest.mark.parametrize("n", [40, bounded.TOGETHER + 500])
def test_surely_above__is_the_last_rung_that_is_refuted_with_all_below(n: int) -> None:
    """Rung by rung, each by the test itself; of many scores and of few."""
    scores = np.random.default_rng(n).beta(4, 2, n)

    found = bounded.surely_above(scores, -6.0)

    at = round(found * bounded.RUNGS)
    assert 0.3 < found < 0.67
    assert all(bounded.rejects(scores, rung / bounded.RUNGS, -6.0) for rung in range(0, at + 1, 7 if n > 99 else 1))
    assert bounded.rejects(scores, found, -6.0)
    assert not bounded.rejects(scores, (at + 1) / bounded.RUNGS, -6.0)
    assert bounded.surely_below(1 - scores, -6.0) == 1 - found


def test_surely_above__in_its_own_range() -> None:
    scores = np.random.default_rng(1).beta(4, 2, 200)
    found = bounded.surely_above(scores, -6.0)

    assert bounded.surely_above(10 * scores - 5, -6.0, -5.0, 5.0) == pytest.approx(10 * found - 5)
    assert bounded.surely_above([], -6.0, -5.0, 5.0) == bounded.surely_above(scores, -math.inf, -5.0, 5.0) / 1 == -5.0


@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (1.5, False)])
def test_surely_above__is_wrong_no_more_often_than_its_level(factor: float, holds: bool) -> None:
    """By enumeration of 0s and 1s, for means on rungs and off; a level half as large again is found out."""
    worst = 0.0
    for level in (0.1, 0.2, 0.3):
        for n in (1, 3, 8):
            bounds = {
                each: bounded.surely_above(each, math.log(level * factor)) for each in product((0.0, 1.0), repeat=n)
            }
            for mean in (*np.linspace(0.05, 0.95, 19), *(np.arange(1, 8) / 8), level, 1.2 * level):
                wrong = sum(
                    mean ** sum(each) * (1 - mean) ** (n - sum(each)) for each, at in bounds.items() if at >= mean
                )
                worst = max(worst, wrong / level)

    assert holds == (worst <= 1 + 1e-9)


def test_rejects__goes_on_where_little_is_missing() -> None:
    """Among a million scores, bets grow small as the goal comes near; a capital that just meets it counts."""
    scores = (np.random.default_rng(1).random(1_000_000) < 0.8).astype(float)

    assert all(bounded.rejects(scores, rung / 1024, -10.0) for rung in range(200, 300))
