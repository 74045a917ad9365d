"""Hoeffding's inequality as ease.ml/ci uses it."""

from __future__ import annotations

import math

import pytest

from proctor.errors import DomainError
from proctor.stats import hoeffding


@pytest.mark.parametrize(
    ("tolerance", "level", "span", "expected"),
    [(0.01, 0.001, 1.0, 34539), (0.05, 0.0001 / 2**32, 1.0, 6279), (0.02, 0.001, 2.0, 34539)],
)
def test_sample_size__known_values(tolerance: float, level: float, span: float, expected: int) -> None:
    """Sizes worked out by hand and by the paper (theory.md §3.4)."""
    assert expected == hoeffding.sample_size(tolerance, level, span)


def test_sample_size__is_the_smallest() -> None:
    """At the size the inequality grants the level, one example earlier it does not."""
    n = hoeffding.sample_size(0.03, 0.01)

    assert math.exp(-2 * n * 0.03**2) <= 0.01 < math.exp(-2 * (n - 1) * 0.03**2)


def test_log_level_sample_size__beyond_floats() -> None:
    """Levels that no float holds are given by their logarithm."""
    assert 200_000 == hoeffding.log_level_sample_size(0.05, -1000.0)


def test_composite_sample_size__best_split() -> None:
    """The closed form equals the best of all splits of the tolerance, level divided equally (theory.md §3.4)."""
    coefficients, tolerance, level = (1.0, -1.1), 0.02, 0.001
    splits = [
        max(
            hoeffding.sample_size(share * tolerance, level / 2, 1.0),
            hoeffding.sample_size((1 - share) * tolerance, level / 2, 1.1),
        )
        for share in (k / 2100 for k in range(1, 2100))
    ]

    assert min(splits) == pytest.approx(
        hoeffding.composite_log_level_sample_size(tolerance, math.log(level), coefficients), abs=1
    )


def test_composite_tolerance__inverts_the_size() -> None:
    """The tolerance reached by the planned examples is the asked one, or a little less."""
    n = hoeffding.composite_log_level_sample_size(0.02, -9.0, (1, -1))

    assert 0.0199 < hoeffding.composite_tolerance(n, -9.0, (1, -1)) <= 0.02
    assert math.inf == hoeffding.composite_tolerance(0, -9.0, (1, -1))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((0.0, 0.01), "tolerance"),
        ((math.nan, 0.01), "tolerance"),
        ((0.1, 0.0), "level"),
        ((0.1, 1.0), "level"),
        ((0.1, 0.01, -1.0), "span"),
    ],
)
def test_sample_size__outside_the_domain(arguments: tuple[float, ...], named: str) -> None:
    """Each argument outside its domain is refused by name."""
    with pytest.raises(DomainError, match=named):
        hoeffding.sample_size(*arguments)


@pytest.mark.parametrize("coefficients", [(), (0.0,), (math.inf,)])
def test_composite_sample_size__no_expression(coefficients: tuple[float, ...]) -> None:
    """An expression without variables, or with a coefficient that is none, is refused."""
    with pytest.raises(DomainError, match="coefficients"):
        hoeffding.composite_tolerance(10, -1.0, coefficients)
