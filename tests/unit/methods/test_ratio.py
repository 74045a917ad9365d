"""Precision, recall, specificity and F1: counts against scikit-learn, levels by enumeration, plans, and words."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom
from sklearn import metrics

from proctor.budget import Adaptive, Contract, Mode
from proctor.conditions import measured_by, normalize, parse, question_of_text
from proctor.counting.panel import Panel
from proctor.errors import ConditionError, GateFileError, Misuse
from proctor.evaluation import evaluate, figures
from proctor.gatefile import loads
from proctor.language import MetricDifference, Ratio, Variable
from proctor.language.quantities import OF_HITS, combined
from proctor.methods import Claim, method_of
from proctor.methods.ratio import KINDS, Hits
from proctor.methods.sizes.share import Share
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.simulation.studies import Kind, study
from proctor.simulation.studies import Request as Simulated
from proctor.words import in_words

SCORES = {
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "specificity": lambda positive, called: metrics.recall_score(~positive, ~called),
    "f1": metrics.f1_score,
}


def sample(said: np.ndarray, truth: np.ndarray) -> Sample:
    return Sample(Panel(said), Labels(truth), np.arange(len(truth)))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_estimate__is_scikit_learns(name: str, seed: int) -> None:
    """On random classes the metric of the sample is the one that scikit-learn computes."""
    rng = np.random.default_rng(seed)
    truth, said = (np.array(["spam", "ham", "eggs"])[rng.integers(0, 3, 200)] for _ in range(2))
    clause = normalize(parse(f'{name}(n, "spam") > 0.5'))

    found = evaluate(clause, sample(said, truth), Mode.FP_FREE, math.log(0.05)).findings[0].estimate

    assert found == pytest.approx(SCORES[name](truth == "spam", said == "spam"))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("threshold", "level"), [(0.5, 0.05), (0.8, 0.01), (0.3, 0.001)])
def test_rejects__at_the_boundary_with_at_most_its_level(name: str, threshold: float, level: float) -> None:
    """By enumeration of up to 60 examples that count, at a population whose metric is the threshold."""
    clause = normalize(parse(f'{name}(n, "spam") > {threshold}'))
    method = method_of(clause.quantity)
    share = KINDS[name].share_of(threshold)

    def wrong(n: int, log_level: float) -> float:
        hits = [k for k in range(n + 1) if method.rejects(Claim(clause.threshold, True, log_level), Hits(k, n), 100)]
        return float(binom.pmf(hits, n, share).sum())

    assert max(wrong(n, math.log(level)) for n in range(1, 61)) <= level
    assert max(wrong(n, math.log(1.5 * level)) for n in range(1, 61)) > level  # a level that is too large is caught


@pytest.mark.parametrize("name", KINDS)
def test_rejects__whole_populations_by_enumeration(name: str) -> None:
    """Over all samples of 7 examples of four kinds: at the boundary, rejected with at most the level."""
    level, threshold = 0.1, 0.5
    clause = normalize(parse(f'{name}(n, "spam") > {threshold}'))
    method = method_of(clause.quantity)
    shares = _at_boundary(name, threshold)
    wrong = 0.0
    for counts in product(range(8), repeat=4):
        if sum(counts) == 7 and method.rejects(
            Claim(clause.threshold, True, math.log(level)), method.of_counts(counts), 7
        ):
            ways = math.factorial(7) / math.prod(map(math.factorial, counts))
            wrong += ways * math.prod(p**k for p, k in zip(shares, counts, strict=True))
    assert 0 < wrong <= level


def _at_boundary(name: str, threshold: float) -> tuple[float, ...]:
    """Shares of negatives, misses, false alarms and hits at which the metric is the threshold; hits are 0.3."""
    kind, rest = KINDS[name], 0.3 * (1 / KINDS[name].share_of(threshold) - 1)
    others = [code for code in kind.part if code != kind.hit]
    shares = [0.0] * 4
    shares[kind.hit] = 0.3
    for code in others:
        shares[code] = rest / len(others)
    free = next(code for code in range(4) if code not in kind.part)
    shares[free] = 1 - sum(shares)
    return tuple(shares)


def test_f1__takes_the_examples_of_the_theory() -> None:
    """
    F1 > 0.8 +/- 0.025 at a level and a miss of 1e-3 takes 1,521 examples that are not true negatives (§3.5).

    The plan names the first number that also works with the next few, as exact tests are not monotone.
    """
    clause = normalize(parse('f1(n, "spam") > 0.8 +/- 0.025'))
    size = method_of(clause.quantity).sizing(Share(clause, True, *2 * (math.log(1e-3),), 1.0, 1.0, False), False, None)

    assert 1_521 <= size.sample_size() <= 1.02 * 1_521
    assert 1_521 == next(n for n in range(1_400, 1_600) if _works(n, 0.8, 0.85, 1e-3))


def _works(n: int, null: float, truth: float, level: float) -> bool:
    """By SciPy: whether the binomial test of n examples rejects at the level and misses at most as often."""
    null, truth = (KINDS["f1"].share_of(value) for value in (null, truth))
    needed = next(k for k in range(int(n * null), n + 2) if binom.sf(k - 1, n, null) <= level)
    return bool(binom.cdf(needed - 1, n, truth) <= level)


def test_labels__of_precision_are_bought_for_predictions_of_the_class_alone() -> None:
    """Recall and F1 need the misses, which lie among everything else."""
    panel = Panel(np.array(["spam", "ham", "spam", "ham"]))
    needed = {
        name: method_of(normalize(parse(f'{name}(n, "spam") > 0.5')).quantity).needs_label(panel) for name in KINDS
    }

    assert [True, False, True, False] == needed["precision"].tolist()
    assert all(needed[name].all() for name in ("recall", "specificity", "f1"))


def test_precision__is_judged_without_other_labels() -> None:
    """Labels that nobody bought do not stand in the way, and do not count."""
    said = np.array(["spam"] * 40 + ["ham"] * 60)
    known = np.arange(100) < 40
    truth = np.where(np.arange(100) < 39, "spam", "ham")
    outcomes = Sample(Panel(said), Labels(truth, known), np.arange(100))
    formula = normalize(parse('precision(n, "spam") > 0.7'))

    evaluation = evaluate(formula, outcomes, Mode.FP_FREE, math.log(0.01))

    assert evaluation.is_pass[Mode.FP_FREE]
    assert {"hits": 39, "counted": 40} == evaluation.findings[0].counts


def test_figures__bound_the_metric() -> None:
    """Bounds lie around the estimate, on the metric's own scale; a class that never occurs shows nothing."""
    said = np.array(["spam"] * 50 + ["ham"] * 50)
    truth = np.roll(said, 5)
    for text in ('f1(n, "spam") > 0.5', 'f1(n, "eggs") > 0.5'):
        formula, outcomes = normalize(parse(text)), sample(said, truth)
        [found] = figures(evaluate(formula, outcomes, Mode.FP_FREE, math.log(0.01)), outcomes)["clauses"]
        if "eggs" in text:
            assert ("unknown", 0.0, 1.0) == (found["truth"], found["lower_bound"], found["upper_bound"])
        else:
            assert found["lower_bound"] < found["estimate"] == 0.9 < found["upper_bound"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('recall(n, "spam") > 0.9', '0.9 < recall(n, "spam") +/- 0.01'),
        ('recall(n, "spam") > 0.9', 'recall(n, positive="spam") > 0.9'),
        ('recall(n, "spam") > 0.9', 'recall(n, pos_label="spam") > 0.9'),
        ('recall(n, "spam") > 0.9', '1 - recall(n, "spam") < 0.1'),
        ('recall(n, "spam") > 0.9', '2 * recall(n, "spam") > 1.8'),
        ("f1(n, 1) > 0.9", 'f1(n, "1") > 0.9'),
        ('f1(n, "true") > 0.9', 'f1(n, "TRUE") > 0.9'),
        ('f1(n, "\u00e9t\u00e9") > 0.9', 'f1(n, " e\u0301te\u0301") > 0.9'),
    ],
)
def test_question__is_the_same_in_other_words(one: str, other: str) -> None:
    """One question, one recorded answer."""
    assert question_of_text(one) == question_of_text(other)
    assert question_of_text(one) != question_of_text(one.replace("n,", "o,"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("f1(n) > 0.8", "which class is the positive one"),
        ("f1() > 0.8", "a metric needs its model"),
        ("f1(new) > 0.8", 'Write `f1(n, "spam")`'),
        ('f1(baseline, "a") > 0.8', 'Write `f1(o, "a")`'),
        ('f1(mine, "a") > 0.8', "`mine` is no model"),
        ('f1(n, average="weighted") > 0.8', "Write a clause for each"),
        ('f1(d, "spam") > 0.8', "`d` is no model"),
        ("f1(n, spam) > 0.8", "quotation marks"),
        ('f1(n, "a") - recall(o, "a") > 0', "judged by itself, or as its difference between two models"),
        ('f1(n, "a") - f1(o, "b") > 0', "judged by itself, or as its difference between two models"),
        ('f1(n, "a") - 0.9 * f1(o, "a") > 0', "judged by itself, or as its difference between two models"),
        ('f1(n, "a") - f1(o, "a") + f1(a, "a") > 0', "judged by itself, or as its difference between two models"),
        ('f1(n, "a") + n > 1', "judged by itself, or as its difference between two models"),
        ('f1(n, "a") - f1(n, "a") > 0', "says nothing about the models"),
        ('f1(n, "a") > 1', "can never be shown"),
        ('f1(n, "a") > -0.1', "is always true"),
        ('f1(n, "a") * n > 0', "multiplies two quantities"),
        ('mcc(n) > 0.8', "Ask for `f1"),
        ('f1_score(n, "a") > 0.8', "Did you mean `f1`"),
    ],
)  # fmt: skip
def test_calls__that_are_wrong_are_answered(text: str, says: str) -> None:
    """Each says what to write."""
    with pytest.raises(ConditionError) as caught:
        normalize(parse(text))
    assert says in str(caught.value)


def test_words__say_what_is_asked() -> None:
    """Plain words for people."""
    told = in_words(normalize(parse('f1(n, "spam") > 0.8 and precision(o, "spam") < 0.5')))
    assert (
        told
        == "the F1 score of new for class spam is above 80 %, and the precision of old for class spam is below 50 %"
    )


def test_measured__as_feedback() -> None:
    """An estimate on a grid may be of a metric."""
    assert Variable.N is measured_by('1 - recall(n, "spam")').quantity.model


def test_simulation__refuses_what_it_cannot_draw() -> None:
    """Which class an example is of is not simulated."""
    with pytest.raises(Misuse, match="not simulated"):
        study(Simulated('f1(n, "spam") > 0.8 +/- 0.05', Contract(0.99), Adaptive(), examples=100), Kind.ATTACK)


def test_gate_file__declares_classes_in_any_spelling() -> None:
    """A declared class is the one that the condition speaks of, however either is spelled."""
    text = (
        "condition: 'f1(n, \"true\") > 0.8'\ntestset: {labels: y.csv, classes: ['true', 'false']}\n"
        "candidate: {predictions: p.csv}\n"
    )
    assert "True" == loads(text, "proctor.yml").formula.quantity.positive


def test_gate_file__names_a_class_that_is_none() -> None:
    """Nothing is spent on a class that no label can be, where the classes are declared."""
    text = (
        "condition: 'f1(n, \"spma\") > 0.8'\ntestset: {labels: y.csv, classes: [spam, ham]}\n"
        "candidate: {predictions: p.csv}\n"
    )
    with pytest.raises(GateFileError, match=r"none of `testset\.classes`"):
        loads(text, "proctor.yml")


def test_combined__differences_of_no_other_metric() -> None:
    """A metric whose difference has no test yet is refused beside itself, and never taken for another one."""
    new, old = (Ratio("npv", model, "spam") for model in (Variable.N, Variable.O))

    assert combined({new: Fraction(1)}) == (new, Fraction(1))
    assert combined({new: Fraction(1), old: Fraction(-1)}) is None


@pytest.mark.parametrize("name", sorted(OF_HITS))
def test_combined__differences_of_each(name: str) -> None:
    """The difference of each metric that has a test of it is one quantity, with a method that knows its name."""
    quantity = normalize(parse(f'{name}(n, "spam") - {name}(o, "spam") > 0')).quantity

    assert quantity == MetricDifference(Ratio(name, Variable.N, "spam"), Variable.O)
    assert KINDS[name].noun == method_of(quantity).noun
