"""AUC: the estimate of scikit-learn, the level by enumeration, and words."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom
from sklearn import metrics

from proctor.budget import Mode
from proctor.conditions import normalize, parse
from proctor.counting.panel import Panel
from proctor.errors import ConditionError, DataError
from proctor.evaluation import evaluate, figures
from proctor.language import Clause
from proctor.methods import Claim, method_of
from proctor.methods.auc import Pairs, pairs
from proctor.methods.sizes.share import Share
from proctor.methods.sizing import Sizing
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.stats import hinge
from proctor.words import explain, in_words


def clause(text: str) -> Clause:
    found = normalize(parse(text))
    assert isinstance(found, Clause)
    return found


def sample(said: np.ndarray, is_fraud: np.ndarray) -> Sample:
    return Sample(Panel(said), Labels(np.where(is_fraud, "fraud", "fine")), np.arange(len(said)))


@pytest.mark.parametrize("digits", [1, 6])
@pytest.mark.parametrize("seed", range(5))
def test_estimate__is_scikit_learns(seed: int, digits: int) -> None:
    """On random scores, with many ties and with none."""
    rng = np.random.default_rng(seed)
    is_fraud = rng.random(300) < 0.2
    said = (rng.random(300) + 0.3 * is_fraud).round(digits)

    found = evaluate(clause('auc(n, "fraud") > 0.5'), sample(said, is_fraud), Mode.FP_FREE, math.log(0.05)).findings[0]

    assert found.estimate == pytest.approx(metrics.roc_auc_score(is_fraud, said))
    assert found.counts == {"positives": is_fraud.sum(), "negatives": (~is_fraud).sum()}


@pytest.mark.parametrize(("positives", "negatives"), [(8, 8), (9, 30), (25, 10)])
@pytest.mark.parametrize("side", [">", "<"])
def test_rejects__at_the_boundary_with_at_most_its_level(positives: int, negatives: int, side: str) -> None:
    """
    By enumeration over scores of 0 and 1: whoever has so many of either, the level holds at every such population.

    That the pairs are not independent is what matters: taken for so many, they would break it.
    """
    asked = clause(f'auc(n, "fraud") {side} 0.7')
    method, level, worst, naive = method_of(asked.quantity), 0.1, 0.0, 0.0
    for high in np.linspace(0.4, 1.0, 13):  # P(1) of the class; AUC = 0.5 + (high - low) / 2
        chances = binom.pmf(range(positives + 1), positives, high)[:, None] * binom.pmf(
            range(negatives + 1), negatives, high - 0.4
        )
        wrong = wrong_naively = 0.0
        for i, j in product(range(positives + 1), range(negatives + 1)):
            drawn = pairs(np.arange(positives) < i, np.arange(negatives) < j)
            if method.rejects(Claim(asked.threshold, asked.above, math.log(level)), drawn, positives + negatives):
                wrong += chances[i, j]
            won, null = (drawn.won, 0.7) if asked.above else (1 - drawn.won, 0.3)
            n_pairs = positives * negatives
            wrong_naively += chances[i, j] * (hinge.log_p_value(won * n_pairs, n_pairs, null) <= math.log(level))
        worst, naive = max(worst, wrong), max(naive, wrong_naively)

    assert 0 < worst <= level
    assert naive > level


def test_rejects__what_is_plainly_so_in_both_directions() -> None:
    """Scores that rank well show it, random ones the opposite; one kind alone shows nothing."""
    rng = np.random.default_rng(1)
    is_fraud = rng.random(2_000) < 0.3
    asked = clause('auc(n, "fraud") > 0.7')

    def truth(said: np.ndarray, labels: np.ndarray = is_fraud) -> str:
        return evaluate(asked, sample(said, labels), Mode.FP_FREE, math.log(1e-6)).truth.name

    assert "TRUE" == truth(rng.normal(0, 1, 2_000) + 2 * is_fraud)
    assert "FALSE" == truth(rng.normal(0, 1, 2_000))
    assert "UNKNOWN" == truth(1.0 * is_fraud, is_fraud | True)


def test_figures__bound_the_area() -> None:
    """Bounds lie around the estimate, and a clause holds at the level where its p-value says so."""
    rng = np.random.default_rng(2)
    is_fraud = rng.random(600) < 0.5
    formula, outcomes = clause('auc(n, "fraud") > 0.7'), sample(rng.normal(0, 1, 600) + is_fraud, is_fraud)

    evaluation = evaluate(formula, outcomes, Mode.FP_FREE, math.log(0.01))
    [found] = figures(evaluation, outcomes)["clauses"]

    assert 0 < found["lower_bound"] < found["estimate"] < found["upper_bound"] < 1
    assert (found["p_value"] <= 0.01) == (found["lower_bound"] > 0.7) == (evaluation.truth.name == "TRUE")


def test_pairs__of_a_model_that_is_missing() -> None:
    """No predictions of the old model: nothing is judged."""
    with pytest.raises(DataError, match="no predictions of `o`"):
        method_of(clause('auc(o, "fraud") > 0.7').quantity).statistic(sample(np.zeros(4), np.arange(4) < 2))
    assert 3 == Pairs(0.5, 3, 9).independent


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("auc(n) > 0.9", 'Write `auc(n, "spam")`'),
        ('roc_auc_score(n, "x") > 0.9', "Did you mean `auc`?"),
        ('auc(n, "x") + auc(o, "x") > 0', "Compare one with a number"),
        ('auc(n, "x") > 0.9 and n > 0.8', "read one file in two ways"),
        ('auc(n, "x") > 90', "90 % is written 0.9"),
    ],
)
def test_call__says_what_is_wrong(text: str, words: str) -> None:
    """A first try works, or says exactly what to write."""
    with pytest.raises(ConditionError) as raised:
        normalize(parse(text))

    assert words in f"{raised.value.message} {raised.value.hint}"


def test_words__say_the_chance() -> None:
    """Plain words, and what the area is."""
    assert in_words(clause('auc(n, "fraud") > 0.9')) == "the AUC of new for class fraud is above 90 %"
    assert "a tie counts half" in " ".join(explain('auc(n, "fraud") > 0.9').asks)


def test_plan__has_its_power() -> None:
    """With so many of either kind, scores with ties at the alternative are recognized nine times in ten."""
    asked = clause('auc(n, "fraud") > 0.7 +/- 0.05')
    share = Share(asked, True, math.log(1e-3), math.log(0.1), 1.0, 1.0, True)
    planned: Sizing = method_of(asked.quantity).sizing(share, False, None)
    size, rng = planned.sample_size(), np.random.default_rng(3)
    missed = 0
    for _ in range(200):
        drawn = pairs(rng.binomial(1, 0.8, size), rng.binomial(1, 0.2, size))  # 0.5 + 0.6 / 2 = 0.8
        missed += not method_of(asked.quantity).rejects(Claim(asked.threshold, True, math.log(1e-3)), drawn, 2 * size)

    assert missed <= 20 + 5 * math.sqrt(18)
    assert planned.tolerance(size) <= 0.0501
    assert planned.resolves(size)
    assert not planned.resolves(size // 2)
