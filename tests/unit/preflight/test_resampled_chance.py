"""Chances of metrics that do not follow from who is right, from development examples drawn again and again."""

from __future__ import annotations

import math

import numpy as np
import pytest

from proctor.budget import Mode
from proctor.conditions import normalize, parse
from proctor.counting.coding import joint_counts
from proctor.counting.panel import Panel
from proctor.predictions import Labels
from proctor.preflight.chance import Next, chance, resampled_chance


def coming(text: str, n_examples: int = 400) -> Next:
    return Next(normalize(parse(text)), Mode.FP_FREE, math.log(1e-3), n_examples)


def test_resampled__agrees_with_counts_where_both_can_tell() -> None:
    """
    On an accuracy that passes about half of the time.

    Two shares of 200 runs each differ by more than 0.25, five standard errors, with a probability below 1e-6.
    """
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 500)
    new = np.where(rng.random(500) < 0.88, labels, 1 - labels)
    share = float((new == labels).mean())
    asked = coming(f"n > {share - 0.055:.4f}")

    found = resampled_chance(Panel(new), Labels(labels), asked)
    counted = chance(joint_counts(Panel(new), Labels(labels)), asked)

    assert 0.1 < counted.at_estimate < 0.9
    assert found.at_estimate == pytest.approx(counted.at_estimate, abs=0.25)
    assert found.with_uncertainty == pytest.approx(counted.with_uncertainty, abs=0.25)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("mae(n, max=10) < 1.2", 1.0), ("mae(n, max=10) < 0.7", 0.0), ("mae(n, max=10) < mae(o, max=10)", 1.0)],
)
def test_resampled__of_numbers_is_plain_where_the_metric_is(text: str, expected: float) -> None:
    """Errors of 0.8 on average, and twice that of the old model."""
    true, new, old = np.random.default_rng(2).normal(0, 1, (3, 300))

    found = resampled_chance(Panel(true + new, true + 2 * old), Labels(true), coming(text, 300))

    assert (found.at_estimate, found.with_uncertainty) == pytest.approx((expected, expected), abs=0.05)


def test_resampled__of_a_large_test_set_takes_fewer_runs() -> None:
    """A forecast stays a matter of seconds."""
    scores = np.random.default_rng(3).random(50)

    assert 40 == resampled_chance(Panel(scores), Labels(np.zeros(50)), coming("quantile(n, 0.5) < 2", 150_000)).runs


@pytest.mark.parametrize(
    ("text", "expected"), [("user.same(n) > 0.6", 1.0), ("user.same(n) - user.same(o) > 0.3", 0.0)]
)
def test_resampled__asks_the_functions_of_the_owner(text: str, expected: float) -> None:
    """New is right on 9 of 10, old on 8 of 10."""
    rng = np.random.default_rng(4)
    true = rng.integers(0, 5, 300)
    new, old = (np.where(rng.random(300) < right, true, 9) for right in (0.9, 0.8))
    panel = Panel(new, old, functions={"user.same": lambda labels, predictions: labels == predictions})

    found = resampled_chance(panel, Labels(true), coming(text, 300))

    assert (found.at_estimate, found.with_uncertainty) == pytest.approx((expected, expected), abs=0.05)
