"""The hinge bound."""

from __future__ import annotations

import math
from itertools import product

import pytest
from scipy.stats import binom

from proctor.errors import DomainError
from proctor.stats import hinge


@pytest.mark.parametrize(
    ("total", "n", "mean"),
    [(80, 100, 0.5), (55.3, 100, 0.5), (99.5, 100, 0.5), (100, 100, 0.9), (30, 100, 0.1), (3, 5, 0.2), (1, 1, 0.3)],
)
def test_log_p_value__definition(total: float, n: int, mean: float) -> None:
    """The minimum over all integers below the total, summed term by term (theory.md §3.3)."""
    expected = min(
        sum((k - x) * binom.pmf(k, n, mean) for k in range(x, n + 1)) / (total - x) for x in range(math.ceil(total))
    )

    assert math.log(expected) == pytest.approx(hinge.log_p_value(total, n, mean), abs=1e-8)


@pytest.mark.parametrize("values", [(0.0, 1.0), (0.0, 0.5, 1.0), (0.0, 0.2, 0.9)])
def test_log_p_value__is_valid(values: tuple[float, ...]) -> None:
    """Enumerated: whatever the level, the p-value is at most it no more often (theory.md §3.3)."""
    n, chances = 6, [(k + 1) / sum(range(1, len(values) + 1)) for k in range(len(values))]
    mean = sum(v * p for v, p in zip(values, chances, strict=True))
    outcomes: dict[float, float] = {}
    for sequence in product(range(len(values)), repeat=n):
        total = round(sum(values[i] for i in sequence), 9)
        outcomes[total] = outcomes.get(total, 0.0) + math.prod(chances[i] for i in sequence)

    for total in outcomes:
        p_value = math.exp(hinge.log_p_value(total, n, mean))
        assert sum(p for other, p in outcomes.items() if other >= total) <= p_value + 1e-12


def test_log_p_value__monotone() -> None:
    """A larger total is stronger evidence, a larger hypothetical mean weaker."""
    by_total = [hinge.log_p_value(t / 4, 50, 0.4) for t in range(201)]
    by_mean = [hinge.log_p_value(35, 50, m / 100) for m in range(1, 100)]

    assert sorted(by_total, reverse=True) == by_total
    assert sorted(by_mean) == by_mean


@pytest.mark.parametrize("log_level", [-3.0, -20.0, -900.0, -2000.0])
def test_critical_total__is_the_boundary(log_level: float) -> None:
    """At the critical total the p-value is the level, at any depth; just below it is larger."""
    total = hinge.critical_total(5000, 0.5, log_level)

    assert total is not None
    assert log_level == pytest.approx(hinge.log_p_value(total, 5000, 0.5), abs=1e-6)
    assert hinge.log_p_value(total - 0.01, 5000, 0.5) > log_level


def test_critical_total__out_of_reach() -> None:
    """Three examples cannot refute a half at one in a thousand, and then the test surely misses."""
    assert hinge.critical_total(3, 0.5, math.log(0.001)) is None
    assert hinge.log_miss(3, 0.5, 0.9, math.log(0.001)) == 0.0
    assert hinge.reachable_mean(3, 0.5, math.log(0.001), math.log(0.1)) is None


def test_sample_size__grants_the_power() -> None:
    """The planned test rejects often enough on 0/1 values, exactly counted, and hardly one size earlier."""
    log_level, log_miss = math.log(0.01), math.log(0.1)
    n = hinge.sample_size(0.5, 0.6, log_level, log_miss)
    total = hinge.critical_total(n, 0.5, log_level)

    assert total is not None
    assert binom.sf(math.ceil(total) - 1, n, 0.6) >= 0.9
    assert hinge.log_miss(n, 0.5, 0.6, log_level) <= log_miss < hinge.log_miss(n - 1, 0.5, 0.6, log_level) + 0.01
    assert hinge.reachable_mean(n, 0.5, log_level, log_miss) == pytest.approx(0.6, abs=1e-3)


def test_log_miss__certain_success() -> None:
    """A mean of one leaves nothing to chance."""
    assert -math.inf == hinge.log_miss(100, 0.5, 1.0, -5.0)


@pytest.mark.parametrize(("total", "n", "mean"), [(1, 0, 0.5), (5, 4, 0.5), (1, 4, 0.0), (math.nan, 4, 0.5)])
def test_log_p_value__outside_the_domain(total: float, n: int, mean: float) -> None:
    """Arguments outside their domain are refused."""
    with pytest.raises(DomainError):
        hinge.log_p_value(total, n, mean)


def test_sample_size__nothing_to_detect() -> None:
    """A truth that is not above the threshold cannot be planned for."""
    with pytest.raises(DomainError, match="mean"):
        hinge.sample_size(0.5, 0.5, -5.0, -5.0)
