"""Verdicts without labels: those that labels cannot change, and no others."""

from __future__ import annotations

import math

import numpy as np
import pytest

from proctor.budget import Mode
from proctor.conditions import Formula, normalize, parse
from proctor.counting.panel import Panel
from proctor.evaluation import evaluate
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.unlabeled import evaluate_unlabeled

LEVEL = math.log(0.001)


def formula_of(condition: str) -> Formula:
    return normalize(parse(condition))


def sample(n_examples: int, n_changed: int, rng: np.random.Generator, n_known: int = 0) -> Sample:
    """Two models of three classes that differ on some examples, and labels of some."""
    old = rng.integers(0, 3, n_examples)
    new = old.copy()
    new[:n_changed] = (new[:n_changed] + rng.integers(1, 3, n_changed)) % 3
    known = np.arange(n_examples) >= n_examples - n_known
    return Sample(Panel(new, old), Labels(rng.integers(0, 3, n_examples), known), np.arange(n_examples))


@pytest.mark.parametrize(
    ("condition", "n_changed", "is_pass"),
    [
        ("n - o > -0.01 +/- 0.01", 4, True),
        ("n - o > -0.01 +/- 0.01", 40, None),
        ("d < 0.02 +/- 0.01", 4, True),
        ("d < 0.02 +/- 0.01 and n - o > -0.01 +/- 0.01", 4, True),
        ("d < 0.02 +/- 0.01 and n - o > 0 +/- 0.01", 60, False),  # whatever the labels: the first clause fails
        ("d < 0.02 +/- 0.01 or n > 0.5 +/- 0.1", 4, True),
        ("n - o > 0.02 +/- 0.01", 20, False),  # all of them won would not prove it
        ("n > 0.5 +/- 0.1", 4, None),
    ],
)
def test_evaluate_unlabeled(condition, n_changed, is_pass):
    """A verdict where one is sure, also a fail that is; none where labels decide."""
    bare = sample(2_000, n_changed, np.random.default_rng(1))

    found = evaluate_unlabeled(formula_of(condition), bare, Mode.FP_FREE, LEVEL)

    assert is_pass == (None if found is None else found.is_pass[Mode.FP_FREE])


@pytest.mark.parametrize("mode", list(Mode))
def test_evaluate_unlabeled__is_the_verdict_of_all_labels(mode):
    """In 30 samples: where there is a verdict without labels, six draws of all labels, one-sided ones too, agree."""
    rng = np.random.default_rng(2)
    decided = 0
    for _ in range(30):
        n = int(rng.integers(200, 500))
        margin, bound = rng.choice([-0.05, -0.02, 0.0, 0.03]), rng.choice([0.02, 0.05, 0.2])
        joint = rng.choice(["and", "or"])
        formula = formula_of(f"n - o > {margin} +/- 0.05 {joint} d < {bound} +/- 0.01")
        bare = sample(n, int(n * rng.choice([0.0, 0.002, 0.02, 0.1])), rng)
        found = evaluate_unlabeled(formula, bare, mode, LEVEL)
        if found is None:
            continue
        decided += 1
        for share in np.linspace(0, 1, 6):
            wins = np.where(rng.random(n) < share, bare.panel.candidate, bare.panel.baseline)
            labels = Labels(np.where(rng.random(n) < 0.8, wins, rng.integers(0, 3, n)))
            whole = Sample(bare.panel, labels, bare.order)
            assert found.is_pass[mode] == evaluate(formula, whole, mode, LEVEL).is_pass[mode]
    assert 6 < decided < 30


def test_evaluate_unlabeled__labels_that_are_there_have_no_part():
    """Whether a verdict needs no label is told by predictions alone, even if those that lack one decide nothing."""
    bare = sample(2_000, 40, np.random.default_rng(3))
    formula = formula_of("n - o > -0.01 +/- 0.01")
    whole = Sample(bare.panel, Labels(bare.panel.candidate), bare.order)
    nearly = Sample(bare.panel, Labels(bare.panel.candidate, np.arange(2_000) != 0), bare.order)

    assert evaluate(formula, whole, Mode.FP_FREE, LEVEL).is_pass[Mode.FP_FREE]
    assert evaluate_unlabeled(formula, nearly, Mode.FP_FREE, LEVEL) is None
