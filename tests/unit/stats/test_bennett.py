"""Bennett's inequality as ease.ml/ci uses it."""

from __future__ import annotations

import math

import pytest

from proctor.errors import DomainError
from proctor.stats import bennett


@pytest.mark.parametrize(
    ("tolerance", "level", "expected"),
    [(0.02, 0.002 / 7, 4713), (0.022, 0.002 / 2**7, 5204)],
    ids=["query I", "query III"],
)
def test_sample_size__semeval(tolerance: float, level: float, expected: int) -> None:
    """The paper's sizes for SemEval-2019 Task 3, commits that differ on a tenth (theory.md §3.4)."""
    assert expected == bennett.sample_size(tolerance, level, variance=0.1)


@pytest.mark.parametrize(("steps_factor", "expected"), [(1, 2189), (32, 2905), (2**32, 6771)])
def test_sample_size__labels_per_commit(steps_factor: int, expected: int) -> None:
    """The paper's labels per commit by active labeling, p = 0.1: half the level for d, a tenth of the examples."""
    size = bennett.sample_size(0.01, 1e-4 / steps_factor / 2, variance=0.1)

    assert expected == pytest.approx(0.1 * size, abs=0.6)


def test_sample_size__small_tolerance_is_gaussian() -> None:
    """Where the tolerance is small against the variance, ln(2/level)·2p/ε² is approached without lost digits."""
    size = bennett.sample_size(1e-6, 0.01, variance=1.0)

    assert math.log(200) * 2e12 == pytest.approx(size, rel=1e-5)


def test_tolerance_reached__inverts_the_size() -> None:
    """The tolerance reached by the planned examples is the asked one, or a little less; few examples reach past 1."""
    n = bennett.log_level_sample_size(0.02, -9.0, 0.1)

    assert 0.0199 < bennett.tolerance_reached(n, -9.0, 0.1) <= 0.02
    assert bennett.tolerance_reached(1, -9.0, 0.1) > 1
    assert math.inf == bennett.tolerance_reached(0, -9.0, 0.1)


@pytest.mark.parametrize("variance", [0.0, 1.5, math.nan])
def test_sample_size__impossible_variance(variance: float) -> None:
    """A mean square outside (0, 1] is refused."""
    with pytest.raises(DomainError, match="variance"):
        bennett.sample_size(0.01, 0.01, variance)
