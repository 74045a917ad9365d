"""F-beta and balanced accuracy: scikit-learn's figures, levels by enumeration and simulation, plans, and words."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom
from sklearn import metrics

from proctor.budget import Adaptive, Contract, Mode
from proctor.conditions import normalize, parse, question_of_text
from proctor.counting.panel import Panel
from proctor.errors import ConditionError, Misuse
from proctor.evaluation import evaluate, figures
from proctor.language import Clause
from proctor.methods import AnyMethod, Claim, method_of
from proctor.methods.fbeta import scores
from proctor.methods.sizes.share import Share
from proctor.planning import Request, plan
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.words import in_words

BALANCED, DIFFERENCE = 'balanced_accuracy(n, "spam")', 'balanced_accuracy(n, "spam") - balanced_accuracy(o, "spam")'
FBETA = 'fbeta(n, "spam", beta=2)'


def clause_of(text: str) -> Clause:
    clause = normalize(parse(text))
    assert isinstance(clause, Clause)
    return clause


def sample(new: np.ndarray, old: np.ndarray, truth: np.ndarray) -> Sample:
    return Sample(Panel(new, old), Labels(truth), np.random.default_rng(0).permutation(len(truth)))


def drawn(seed: int, n_examples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The new model is right on four in five, the old one on half; one example in three is spam."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(["spam", "ham", "eggs"], n_examples)
    new, old = (
        np.where(rng.random(n_examples) < share, truth, rng.choice(["spam", "ham"], n_examples)) for share in (0.7, 0.1)
    )
    return new, old, truth


@pytest.mark.parametrize("seed", range(3))
def test_estimate__is_scikit_learns(seed: int) -> None:
    """On random classes the figures of the sample are those that scikit-learn computes, bounds around them."""
    new, old, truth = drawn(seed, 300)
    of_new, of_old = (metrics.balanced_accuracy_score(truth == "spam", said == "spam") for said in (new, old))
    expected = {
        f"{BALANCED} > 0.5": of_new,
        f"{DIFFERENCE} > 0": of_new - of_old,
        f"{FBETA} > 0.5": metrics.fbeta_score(truth == "spam", new == "spam", beta=2),
        'fbeta(n, "spam", beta=0.5) > 0.5': metrics.fbeta_score(truth == "spam", new == "spam", beta=0.5),
    }
    for text, value in expected.items():
        outcomes = sample(new, old, truth)
        [found] = figures(evaluate(clause_of(text), outcomes, Mode.FP_FREE, math.log(0.05)), outcomes)["clauses"]
        assert found["estimate"] == pytest.approx(value)
        assert found["lower_bound"] < value < found["upper_bound"]


@pytest.mark.parametrize(("there", "low", "high"), [(BALANCED, 0.7, 0.95), (DIFFERENCE, 0.05, 0.9), (FBETA, 0.6, 0.95)])
def test_evaluate__shows_what_is_there_in_either_direction(there: str, low: float, high: float) -> None:
    """What is clearly above passes, what is clearly below is refuted, and the mirrored question the other way."""
    outcomes = sample(*drawn(1, 1_500))
    for text, truth in ((f"> {low}", "TRUE"), (f"< {low}", "FALSE"), (f"> {high}", "FALSE"), (f"< {high}", "TRUE")):
        found = evaluate(clause_of(f"{there} {text}"), outcomes, Mode.FP_FREE, math.log(0.001))
        assert truth == found.truth.name


@pytest.mark.parametrize("there", [BALANCED, DIFFERENCE, FBETA])
def test_evaluate__a_class_that_never_occurs_shows_nothing(there: str) -> None:
    """Neither direction is shown, at any threshold."""
    outcomes = sample(*(np.full(500, "ham") for _ in range(3)))
    for text in ("> 0.01", "< 0.99"):
        found = evaluate(clause_of(f"{there} {text}"), outcomes, Mode.FP_FREE, math.log(0.1))
        assert "UNKNOWN" == found.truth.name
        assert math.isnan(found.findings[0].estimate)


def wrong(method: AnyMethod, clause: Clause, shares: dict[int, float], n: int, level: float) -> float:
    """Chance of a rejection, over all sequences of n examples with these shares of codes."""
    found = 0.0
    for codes in product(shares, repeat=n):
        statistic = method.of_codes(np.array(codes))  # type: ignore[union-attr]
        if method.rejects(Claim(clause.threshold, True, math.log(level)), statistic, n):
            found += math.prod(shares[code] for code in codes)
    return found


@pytest.mark.parametrize(("beta", "threshold", "level"), [(2, 0.5, 0.2), (0.5, 0.5, 0.25)])
def test_fbeta__at_the_boundary_with_at_most_its_level(beta: float, threshold: float, level: float) -> None:
    """By enumeration of 8 examples that count, whose errors are of the kind that weighs more."""
    clause = clause_of(f'fbeta(n, "spam", beta={beta}) > {threshold}')
    of_code = scores(beta, threshold)
    error = 1 if beta > 1 else 2
    hits = -of_code[error] / (of_code[3] - of_code[error])
    shares = {error: 1 - hits, 3: hits}

    found = [wrong(method_of(clause.quantity), clause, shares, 8, factor * level) for factor in (1, 1.5)]

    assert 0 < found[0] <= level < found[1]  # a level 1.5 times too large is caught


def test_balanced__at_the_boundary_with_at_most_its_level() -> None:
    """
    Over all that 2 examples of the class and 4 others can be, and over lives of 40 examples.

    2,000 lives at a level of 5 %: a test that holds it fails here with a probability below 1e-6.
    """
    clause = clause_of(f"{BALANCED} > 0.5")
    method = method_of(clause.quantity)
    enumerated = 0.0
    for calls in product((0, 1), repeat=6):
        codes = np.array([label | call << 1 for label, call in zip((1, 0, 0, 1, 0, 0), calls, strict=True)])
        shown = method.rejects(Claim(clause.threshold, True, math.log(0.4)), method.of_codes(codes), 6)  # type: ignore
        enumerated += shown * math.prod(0.8 if call else 0.2 for call in calls)  # recall .8, specificity .2
    assert 0 < enumerated <= 0.4

    rng = np.random.default_rng(5)
    rejected = 0
    for _ in range(2_000):
        labels = (rng.random(40) < 0.3).astype(int)
        codes = labels | (rng.random(40) < 0.8).astype(int) << 1
        rejected += method.rejects(Claim(clause.threshold, True, math.log(0.05)), method.of_codes(codes), 40)  # type: ignore
    assert 0 < rejected <= binom.isf(1e-6, 2_000, 0.05)


def test_balanced__deals_out_every_example() -> None:
    """Each of the rarer kind leads a group; the others follow in order, as evenly as can be."""
    method = method_of(clause_of(f"{BALANCED} > 0.5").quantity)
    codes = np.array([3, 0, 2, 0, 1, 0, 0])  # right on the first of the class, wrong on the second; 4 of 5 others right

    groups = method.of_codes(codes)  # type: ignore[union-attr]

    assert groups.scores.tolist() == pytest.approx([(1 + 1 / 2) / 2, (0 + 1) / 2])
    assert groups.estimate == pytest.approx((1 / 2 + 4 / 5) / 2)


@pytest.mark.parametrize("there", [f"{BALANCED} > 0.8", f"{DIFFERENCE} > -0.02", f"{FBETA} > 0.8", f"{FBETA} < 0.5"])
def test_plan__grows_with_what_is_asked(there: str) -> None:
    """More examples for less tolerance and a smaller level; the tolerance that they reach is the one asked for."""
    sizes = {}
    for tolerance, level in product((0.02, 0.04), (1e-3, 1e-6)):
        clause = clause_of(f"{there} +/- {tolerance}")
        share = Share(clause, ">" in there, math.log(level), math.log(0.1), 1.0, 0.2, True)
        sizing = method_of(clause.quantity).sizing(share, False, None)
        sizing.check()
        sizes[tolerance, level] = size = sizing.sample_size()
        assert sizing.tolerance(size) == pytest.approx(tolerance, rel=0.02)
        assert sizing.resolves(size)
        assert not sizing.resolves(size // 2)
    assert sizes[0.04, 1e-3] < sizes[0.04, 1e-6] < sizes[0.02, 1e-6] > sizes[0.02, 1e-3]


@pytest.mark.parametrize("text", [f"{BALANCED} > 0.8 +/- 0.03", f"{FBETA} > 0.8 +/- 0.03"])
def test_plan__simulated_is_near_the_rule_of_thumb(text: str) -> None:
    """The simulation says about as much."""
    request = Request(Contract(0.99), Adaptive(), power=0.9)
    quick, sharp = (plan(clause_of(text), replace(request, simulate=it)) for it in (False, True))
    assert 0.7 * quick.examples < sharp.examples < 1.1 * quick.examples


def test_plan__refuses_what_cannot_be() -> None:
    """Models that agree on nearly everything cannot differ by thirty points, and nothing is above 1."""
    for text in (f"{DIFFERENCE} > 0.2 +/- 0.05", f"{BALANCED} > 0.9 +/- 0.1", f"{FBETA} > 0.9 +/- 0.1"):
        clause = clause_of(text)
        sizing = method_of(clause.quantity).sizing(Share(clause, True, -7.0, -2.0, 1.0, 0.05, True), False, None)
        with pytest.raises(Misuse, match="could never pass"):
            sizing.check()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('fbeta(n, "spam", beta=1) > 0.8', 'f1(n, "spam") > 0.8'),
        ('fbeta(n, "spam", beta=0) > 0.8', 'precision(n, "spam") > 0.8'),
        ('fbeta(n, "spam", beta=2.0) > 0.8', 'fbeta(n, positive="spam", beta=2) > 0.8'),
        (f"{DIFFERENCE} > 0", 'balanced_accuracy(o, "spam") < balanced_accuracy(n, "spam")'),
    ],
)
def test_question__is_the_same_in_other_words(one: str, other: str) -> None:
    """One question, one recorded answer."""
    assert question_of_text(one) == question_of_text(other)
    assert question_of_text(one) == question_of_text(str(parse(one)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('fbeta(n, "spam") > 0.8', "beta=2"),
        ('fbeta(n, "spam", beta=-1) > 0.8', "beta"),
        ('fbeta(n, "spam", beta=1000) > 0.8', "`beta=1000` is no number from 0 to 100"),
        ('fbeta(n, "spam", beta="two") > 0.8', "is no number from 0 to 100"),
        ("fbeta(n, beta=2) > 0.8", "which class is the positive one"),
        ("fbeta(new, beta=2) > 0.8", "`new` is no model"),
        ('f2(n, "spam") > 0.8', "Did you mean `fbeta`"),
        ('fbeta(n, "spam", beta=2) + fbeta(o, "spam", beta=2) > 0', "judged by itself"),
        ('fbeta(n, average="micro", beta=2) > 0.8', "is the accuracy"),
        ("balanced_accuracy(d) > 0.8", "which class is the positive one"),
        ('bacc(n, "spam") > 0.8', "Did you mean `balanced_accuracy`"),
    ],
)
def test_calls__that_are_wrong_are_answered(text: str, says: str) -> None:
    """Each says what to write."""
    with pytest.raises(ConditionError) as caught:
        normalize(parse(text))
    assert says in str(caught.value)


def test_words__say_what_is_asked() -> None:
    """Plain words for people."""
    assert in_words(clause_of(f"{FBETA} > 0.8")) == "the F2 score of new for class spam is above 80 %"
    told = "the balanced accuracy of new for class spam is higher than that of old by more than 2 points"
    assert in_words(clause_of(f"{DIFFERENCE} > 0.02")) == told
