"""Differences of precision, recall, specificity and F1: scikit-learn's figures, the right test, plans, and words."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from proctor.budget import Adaptive, Contract, Mode
from proctor.conditions import measured_by, normalize, parse, question_of_text
from proctor.counting.panel import Panel
from proctor.errors import ConditionError, Misuse
from proctor.evaluation import evaluate, figures
from proctor.language import Clause, MetricDifference, Ratio, Variable
from proctor.methods import Claim, is_gain, method_of
from proctor.methods.sizes.share import Share
from proctor.planning import Request, plan
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.stats.paired import PairedTest
from proctor.words import explain, in_words

SCORES = {
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "specificity": lambda positive, called: metrics.recall_score(~positive, ~called),
    "f1": metrics.f1_score,
    "fbeta": lambda positive, called: metrics.fbeta_score(positive, called, beta=2),
}


def less(name: str, positive: str = "spam") -> str:
    """The metric of new less that of old."""
    beta = ", beta=2" if name == "fbeta" else ""
    return f'{name}(n, "{positive}"{beta}) - {name}(o, "{positive}"{beta})'


def clause_of(text: str) -> Clause:
    clause = normalize(parse(text))
    assert isinstance(clause, Clause)
    return clause


def sample(new: np.ndarray, old: np.ndarray, truth: np.ndarray) -> Sample:
    return Sample(Panel(new, old), Labels(truth), np.random.default_rng(0).permutation(len(truth)))


def drawn(seed: int, n_examples: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The new model is right on four in five, the old one on one in three."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(["spam", "ham", "eggs"], n_examples)
    new, old = (
        np.where(rng.random(n_examples) < share, truth, rng.choice(["spam", "ham", "eggs"], n_examples))
        for share in (0.7, 0.0)
    )
    return new, old, truth


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("seed", range(3))
def test_estimate__is_scikit_learns(name: str, seed: int) -> None:
    """On random classes the difference in the sample is the one that scikit-learn computes."""
    new, old, truth = drawn(seed)
    clause = clause_of(f"{less(name)} > 0")

    finding = evaluate(clause, sample(new, old, truth), Mode.FP_FREE, math.log(0.01)).findings[0]

    expected = SCORES[name](truth == "spam", new == "spam") - SCORES[name](truth == "spam", old == "spam")
    assert finding.estimate == pytest.approx(expected)


@pytest.mark.parametrize("name", ["recall", "specificity"])
def test_shares__are_judged_by_the_paired_test_of_their_part(name: str) -> None:
    """Wins and losses are counted among the examples of the class, or among the others, and nowhere else."""
    new, old, truth = drawn(1)
    part = (truth == "spam") == (name == "recall")
    right = [(said == "spam") == (name == "recall") for said in (new, old)]
    wins, losses = int((part & right[0] & ~right[1]).sum()), int((part & ~right[0] & right[1]).sum())
    method = method_of(clause_of(f'{name}(n, "spam") > {name}(o, "spam")').quantity)

    statistic = method.statistic(sample(new, old, truth))

    assert {"wins": wins, "losses": losses, "counted": int(part.sum())} == method.counts(statistic)
    verdicts = set()
    for c in (-0.3, 0.0, 0.2, 0.4, 0.6):
        clause = clause_of(f'{name}(n, "spam") - {name}(o, "spam") > {c}')
        for above, test in ((True, (c, wins, losses)), (False, (-c, losses, wins))):
            expected = PairedTest(int(part.sum()), test[0], math.log(0.05), 1.0).rejects(*test[1:])
            assert expected == method.rejects(Claim(clause.threshold, above, math.log(0.05), 0.01), statistic, 400)
            verdicts.add(expected)
    assert {True, False} == verdicts


@pytest.mark.parametrize("name", SCORES)
def test_evaluate__shows_what_is_there_in_either_direction(name: str) -> None:
    """A clear difference passes, its opposite is refuted, and models in each other's place give the mirror image."""
    new, old, truth = drawn(2, 1_000)
    there = less(name)
    for text, is_pass in ((f"{there} > 0.05", True), (f"{there} < 0.05", False), (f"{there} > 0.9", False)):
        mirrored = text.replace("(n,", "(x,").replace("(o,", "(n,").replace("(x,", "(o,")
        found = evaluate(clause_of(text), sample(new, old, truth), Mode.FP_FREE, math.log(0.001))
        other = evaluate(clause_of(mirrored), sample(old, new, truth), Mode.FP_FREE, math.log(0.001))
        assert is_pass == found.is_pass[Mode.FP_FREE] == other.is_pass[Mode.FP_FREE]
        assert found.truth == other.truth


@pytest.mark.parametrize("name", SCORES)
def test_figures__bound_the_difference(name: str) -> None:
    """Bounds lie around the estimate, and a class that never occurs shows nothing."""
    new, old, truth = drawn(3)
    for positive in ("spam", "beans"):
        formula = clause_of(f"{less(name, positive)} > 0.1")
        outcomes = sample(new, old, truth)
        [found] = figures(evaluate(formula, outcomes, Mode.FP_FREE, math.log(0.01)), outcomes)["clauses"]
        if positive == "spam":
            assert -1 <= found["lower_bound"] < found["estimate"] < found["upper_bound"] <= 1
        elif name != "specificity":
            assert ("unknown", -1.0, 1.0) == (found["truth"], found["lower_bound"], found["upper_bound"])
            assert math.isnan(found["estimate"])


def test_labels__of_precision_are_bought_where_a_model_says_the_class() -> None:
    """Recall and F1 need the misses, which lie among everything else; without a baseline it is one model's."""
    panel = Panel(np.array(["spam", "ham", "spam", "ham"]), np.array(["spam", "spam", "ham", "ham"]))
    needed = {name: method_of(clause_of(f"{less(name)} > 0").quantity).needs_label(panel) for name in SCORES}

    assert [True, True, True, False] == needed["precision"].tolist()
    assert all(needed[name].all() for name in SCORES if name != "precision")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('f1(n, "spam") - f1(o, "spam") > -0.01', 'f1(o, "spam") < f1(n, "spam") + 0.01 +/- 0.01'),
        ('f1(n, "spam") - f1(o, "spam") > -0.01', '-2 * f1(o, "spam") + 2 * f1(n, "spam") > -0.02'),
        ('fbeta(n, "spam", beta=2) > fbeta(o, "spam", beta=2.0)', less("fbeta") + " > 0"),
        ('fbeta(n, "spam", beta=1) > fbeta(o, "spam", beta=1)', 'f1(n, "spam") - f1(o, "spam") > 0'),
        ('recall(n, "spam") > recall(a, "spam")', '0 < recall(n, positive="spam") - recall(a, "spam")'),
    ],
)
def test_question__is_the_same_in_other_words(one: str, other: str) -> None:
    """One question, one recorded answer."""
    assert question_of_text(one) == question_of_text(other)
    assert question_of_text(one) != question_of_text(one.replace('"spam"', '"ham"'))


def test_words__say_which_model_has_more() -> None:
    """Plain words for people, and the warning of a margin that adds up."""
    told = {
        'f1(n, "spam") - f1(o, "spam") > -0.01': "is at most 1 point lower than that of old",
        'f1(n, "spam") - f1(o, "spam") < 0.02': "is at most 2 points higher than that of old",
        'f1(n, "spam") > f1(a, "spam")': "is higher than that of the anchor",
        'f1(n, "spam") < f1(o, "spam") - 0.1': "is lower than that of old by more than 10 points",
    }
    for text, words in told.items():
        assert in_words(clause_of(text)) == f"the F1 score of new for class spam {words}"
    assert (
        in_words(clause_of(f"{less('fbeta')} > 0")) == "the F2 score of new for class spam is higher than that of old"
    )
    warned = explain('f1(n, "spam") - f1(o, "spam") > -0.01', "fp-free").passing_does_not_mean
    assert any("sum of small losses" in line for line in warned)


def test_measured__as_feedback() -> None:
    """An estimate on a grid may be of a difference."""
    measured = measured_by('0.5 - 2 * (f1(n, "spam") - f1(o, "spam"))')
    assert MetricDifference(Ratio("f1", Variable.N, "spam"), Variable.O) == measured.quantity
    assert 0.3 == pytest.approx(measured.value(0.1))


@pytest.mark.parametrize("name", SCORES)
def test_plan__grows_with_what_is_asked(name: str) -> None:
    """More examples for less tolerance and a smaller level; the tolerance that they reach is the one asked for."""
    sizes = {}
    for tolerance in (0.02, 0.04):
        clause = clause_of(f"{less(name)} > -0.02 +/- {tolerance}")
        for level in (1e-3, 1e-6):
            share = Share(clause, True, math.log(level), math.log(0.1), 0.2, 0.3, True)
            sizing = method_of(clause.quantity).sizing(share, False, None)
            sizing.check()
            sizes[tolerance, level] = size = sizing.sample_size()
            assert sizing.tolerance(size) == pytest.approx(tolerance, rel=0.02)
            assert sizing.resolves(size)
            assert not sizing.resolves(size // 2)
            assert sizing.label_share == 1
    assert sizes[0.04, 1e-3] < sizes[0.04, 1e-6] < sizes[0.02, 1e-6] > sizes[0.02, 1e-3]


def test_plan__simulated_is_smaller_than_the_rule_of_thumb() -> None:
    """Both sides of a condition take the same, and the simulation sharpens it by less than a third."""
    for text in ('f1(n, "s") - f1(o, "s") > 0 +/- 0.07', 'f1(o, "s") - f1(n, "s") < 0 +/- 0.07'):
        formula = clause_of(text)
        request = Request(Contract(0.99), Adaptive(), power=0.9, disagreement=0.2)
        quick, sharp = (plan(formula, replace(request, simulate=it)) for it in (False, True))
        assert 0.66 * quick.examples < sharp.examples < quick.examples
        assert quick.labels == quick.examples


def test_call__compares_one_beta() -> None:
    """Two weights make no difference of one metric."""
    with pytest.raises(ConditionError, match="judged by itself"):
        normalize(parse('fbeta(n, "spam", beta=2) > fbeta(o, "spam", beta=3)'))


def test_plan__refuses_a_difference_beyond_the_disagreement() -> None:
    """Models that agree on nearly everything cannot differ by thirty points."""
    clause = clause_of('f1(n, "s") - f1(o, "s") > 0.2 +/- 0.05')
    sizing = method_of(clause.quantity).sizing(Share(clause, True, -7.0, -2.0, 1.0, 0.05, True), False, None)
    with pytest.raises(Misuse, match="disagreement"):
        sizing.check()


def test_gain__is_one_of_accuracies() -> None:
    """Stakes from development data know accuracies only."""
    assert is_gain(clause_of("n - o > 0"))
    assert not is_gain(clause_of('recall(n, "spam") > recall(o, "spam")'))
