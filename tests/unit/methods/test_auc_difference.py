"""Difference of two AUCs: scikit-learn's figure, the test of pairs, plans that have their power, and words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from proctor.budget import Mode
from proctor.conditions import normalize, parse, question_of_text
from proctor.counting.panel import Panel
from proctor.errors import ConditionError, DataError, Misuse
from proctor.evaluation import evaluate, figures
from proctor.language import Clause
from proctor.methods import method_of
from proctor.methods.sizes.share import Share
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.stats import pairing
from proctor.words import explain, in_words

GAIN = 'auc(n, "fraud") - auc(o, "fraud")'


def clause(text: str) -> Clause:
    found = normalize(parse(text))
    assert isinstance(found, Clause)
    return found


def drawn(seed: int, better: float, digits: int = 6, n_examples: int = 1_000) -> Sample:
    """Scores of two models that have half of their noise in common; the new one sees frauds more clearly."""
    rng = np.random.default_rng(seed)
    is_fraud = rng.random(n_examples) < 0.3
    new, old = (rng.normal(size=(2, n_examples)) + rng.normal(size=n_examples) + is_fraud).round(digits)
    labels = Labels(np.where(is_fraud, "fraud", "fine"))
    return Sample(Panel(new + better * is_fraud, old), labels, rng.permutation(n_examples))


@pytest.mark.parametrize("digits", [0, 6])
@pytest.mark.parametrize("seed", range(3))
def test_estimate__is_scikit_learns(seed: int, digits: int) -> None:
    """On random scores, with many ties and with none."""
    sample = drawn(seed, 1.0, digits)
    is_fraud = sample.labels.values == "fraud"

    found = evaluate(clause(f"{GAIN} > 0"), sample, Mode.FP_FREE, math.log(0.05)).findings[0]

    new, old = (roc_auc_score(is_fraud, said) for said in (sample.panel.candidate, sample.panel.baseline))
    assert found.estimate == pytest.approx(new - old)
    assert found.counts == {"positives": is_fraud.sum(), "negatives": (~is_fraud).sum()}


def test_evaluate__shows_what_is_there_in_either_direction() -> None:
    """A clear gain passes, its opposite is refuted, equal models show nothing, and so does one kind alone."""

    def truth(text: str, sample: Sample) -> str:
        return evaluate(clause(text), sample, Mode.FP_FREE, math.log(1e-4)).truth.name

    better = drawn(1, 1.2)
    swapped = Sample(Panel(better.panel.baseline, better.panel.candidate), better.labels, better.order)
    assert ("TRUE", "FALSE") == (truth(f"{GAIN} > 0.02", better), truth(f"{GAIN} < 0.02", better))
    assert ("FALSE", "TRUE") == (truth(f"{GAIN} > -0.02", swapped), truth(f"{GAIN} < -0.02", swapped))
    assert "UNKNOWN" == truth(f"{GAIN} > 0", drawn(1, 0.0))
    alone = Sample(better.panel, Labels(np.full(1_000, "fraud")), better.order)
    assert "UNKNOWN" == truth(f"{GAIN} > -0.9", alone)
    assert math.isnan(evaluate(clause(f"{GAIN} > 0"), alone, Mode.FP_FREE, -5.0).findings[0].estimate)


def test_figures__bound_the_difference() -> None:
    """Bounds lie around the estimate; a test by bets has no p-value."""
    sample = drawn(2, 1.0)
    evaluation = evaluate(clause(f"{GAIN} > 0"), sample, Mode.FP_FREE, math.log(0.01))
    [found] = figures(evaluation, sample)["clauses"]

    assert 0 < found["lower_bound"] < found["estimate"] < found["upper_bound"] < 1
    assert found["p_value"] is None


def test_statistic__of_a_model_that_is_missing() -> None:
    """No predictions of the old model: nothing is judged."""
    sample = Sample(Panel(np.zeros(4)), Labels(np.array(["fraud", "fine"] * 2)), np.arange(4))
    with pytest.raises(DataError, match="no predictions of `o`"):
        method_of(clause(f"{GAIN} > 0").quantity).statistic(sample)


@pytest.mark.parametrize(
    ("text", "disagreement"),
    [(f"{GAIN} > 0 +/- 0.03", 0.2), (f"{GAIN} < 0.1 +/- 0.1", 1.0), (f"{GAIN} > 0.3 +/- 0.05", 0.4)],
)
def test_plan__has_its_power(text: str, disagreement: float) -> None:
    """
    With so many of either kind the alternative is recognized nine times in ten, even where averaging is of no help.

    200 seeded lives on pairs that share nothing; fails a plan that has its power with a probability below 1e-4.
    """
    asked = clause(text)
    share = Share(asked, asked.above, math.log(1e-3), math.log(0.1), 1.0, disagreement, True)
    planned = method_of(asked.quantity).sizing(share, False, None)
    planned.check()
    size, truth, rng = planned.sample_size(), share.alternative(asked.tolerance), np.random.default_rng(3)
    chances = [(disagreement + truth) / 2, (disagreement - truth) / 2, 1 - disagreement]
    sign = 1 if asked.above else -1
    rejected = sum(
        pairing.rejects(
            sign * rng.choice([1.0, -1.0, 0.0], (1, size), p=chances), sign * asked.threshold, share.log_level
        )
        for _ in range(200)
    )

    assert rejected >= binom.ppf(1e-4, 200, 0.9)
    assert planned.tolerance(size) == pytest.approx(asked.tolerance, rel=0.01)
    assert planned.resolves(size)
    assert not planned.resolves(size // 2)
    assert planned.label_share == 1


def test_plan__refuses_a_difference_beyond_the_disagreement() -> None:
    """Models that order nearly all pairs alike cannot differ by thirty points."""
    asked = clause(f"{GAIN} > 0.2 +/- 0.05")
    with pytest.raises(Misuse, match="disagreement"):
        method_of(asked.quantity).sizing(Share(asked, True, -7.0, -2.0, 1.0, 0.05, True), False, None).check()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{GAIN} > -0.01", 'auc(o, "fraud") < auc(n, "fraud") + 0.01 +/- 0.01'),
        (f"{GAIN} > 0", '2 * auc(n, "fraud") > 2 * auc(o, "fraud")'),
    ],
)
def test_question__is_the_same_in_other_words(one: str, other: str) -> None:
    """One question, one recorded answer."""
    assert question_of_text(one) == question_of_text(other)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('auc(n, "x") - auc(o, "y") > 0', "Compare one with a number"),
        ('auc(n, "x") - 0.9 * auc(o, "x") > 0', "Compare one with a number"),
        ('auc(n, "x") > auc(o)', 'Write `auc(n, "spam")`'),
        (f"{GAIN} > 2", "2 % is written 0.02"),
    ],
)
def test_call__says_what_is_wrong(text: str, words: str) -> None:
    """A first try works, or says exactly what to write."""
    with pytest.raises(ConditionError) as raised:
        normalize(parse(text))

    assert words in f"{raised.value.message} {raised.value.hint}"


def test_words__say_which_model_ranks_better() -> None:
    """Plain words, and what the area is."""
    told = "the AUC of new for class fraud is at most 1 point lower than that of old"
    assert told == in_words(clause(f"{GAIN} > -0.01"))
    assert "a tie counts half" in " ".join(explain(f"{GAIN} > 0").asks)
