"""Means of scores and losses: values against scikit-learn, levels by enumeration and simulation, plans, and words."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom
from sklearn import metrics

from proctor.budget import Mode
from proctor.conditions import measured_by, normalize, parse, question_of_text
from proctor.counting.panel import Panel
from proctor.counting.reading import Content, Numbers
from proctor.errors import ConditionError, DataError
from proctor.evaluation import evaluate, figures
from proctor.language import Clause
from proctor.methods import Claim, method_of, reading_of
from proctor.methods.sizes.share import Share
from proctor.methods.sizes.simulation import misses
from proctor.methods.sizing import Sizing
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.words import explain, in_words

LOSSES = {"mae": metrics.mean_absolute_error, "mse": metrics.mean_squared_error}


def sample(new: np.ndarray, true: np.ndarray, old: np.ndarray | None = None) -> Sample:
    return Sample(Panel(new, old), Labels(true), np.arange(len(true)))


def clause(text: str) -> Clause:
    found = normalize(parse(text))
    assert isinstance(found, Clause)
    return found


def estimate(text: str, outcomes: Sample) -> float:
    return evaluate(clause(text), outcomes, Mode.FP_FREE, math.log(0.05)).findings[0].estimate


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("seed", range(5))
def test_estimate__is_scikit_learns(name: str, seed: int) -> None:
    """On random numbers, of one model and of two, where no loss is clipped."""
    true, new, old = np.random.default_rng(seed).normal(0, 2, (3, 200))
    outcomes, loss = sample(new, true, old), LOSSES[name]

    assert estimate(f"{name}(n, max=1000) < 3", outcomes) == pytest.approx(loss(true, new))
    difference = loss(true, new) - 0.9 * loss(true, old)
    assert estimate(f"{name}(n, max=1000) < 0.9 * {name}(o, max=1000)", outcomes) == pytest.approx(difference)


def test_estimate__losses_are_clipped_and_scores_are_as_they_are() -> None:
    """A loss above the declared maximum counts as the maximum; a mean is that of what was predicted."""
    true, new = np.array([0.0, 0, 0, 0]), np.array([1.0, -2, 3, -40])

    assert estimate("mae(n, max=10) < 5", sample(new, true)) == (1 + 2 + 3 + 10) / 4
    assert estimate("mse(n, max=10) < 5", sample(new, true)) == (1 + 4 + 9 + 10) / 4
    assert estimate("mean(n, min=-50, max=50) < 5", sample(new, true)) == new.mean()


@pytest.mark.parametrize("seed", range(3))
def test_estimate__of_probabilities_is_scikit_learns(seed: int) -> None:
    """On random probabilities; an impossible truth costs the declared maximum."""
    rng = np.random.default_rng(seed)
    said, is_spam = rng.uniform(0.01, 0.99, 200), rng.random(200) < 0.3
    labels = np.where(is_spam, "spam", "ham")

    assert estimate('brier(n, "spam") < 0.5', sample(said, labels)) == pytest.approx(
        metrics.brier_score_loss(is_spam, said)
    )
    assert estimate('logloss(n, "spam", max=50) < 5', sample(said, labels)) == pytest.approx(
        metrics.log_loss(is_spam, said)
    )
    wrong = np.where(is_spam, 0.0, 1.0)
    assert estimate('logloss(n, "spam", max=7) < 5', sample(wrong, labels)) == 7


@pytest.mark.parametrize("text", ['brier(n, "Spam") < 0.5', 'logloss(n, "Spam", max=5) < 1'])
def test_rejects__nothing_of_a_class_that_never_occurs(text: str) -> None:
    """A misspelled class would be predicted perfectly by whoever never calls it."""
    outcomes = sample(np.zeros(500), np.repeat(["spam", "ham"], 250))
    evaluation = evaluate(clause(text), outcomes, Mode.FP_FREE, math.log(0.05))

    assert evaluation.truth.name == "UNKNOWN"
    [found] = figures(evaluation, outcomes)["clauses"]
    assert (0.0, clause(text).quantity.extremes[1]) == (found["lower_bound"], found["upper_bound"])


def test_values__refuse_a_score_outside_its_range() -> None:
    """Predictions that were kept under another condition are no exception."""
    with pytest.raises(DataError, match=r"outside the range of `mean\(n, min=0, max=1\)`"):
        estimate("mean(n) > 0.5", sample(np.array([0.5, 1.5]), np.zeros(2)))


@pytest.mark.parametrize(
    ("text", "errors", "chances"),
    [
        ("mae(n, max=10) < 5", (0.0, 12.0), (0.5, 0.5)),
        ("mae(n, max=10) < 3", (0.0, 10.0), (0.7, 0.3)),
        ("mse(n, max=16) < 8", (0.0, 9.0), (0.5, 0.5)),
        ("mean(n) > 0.5", (0.0, 1.0), (0.5, 0.5)),
        ("mean(n, min=-1) > 0", (-1.0, 1.0), (0.5, 0.5)),
        ('brier(n, "0") > 0.5', (0.0, 1.0), (0.5, 0.5)),
        ('logloss(n, "0", max=4) < 2', (0.0, 1.0), (0.5, 0.5)),
    ],
)
def test_rejects__at_the_boundary_with_at_most_its_level(
    text: str, errors: tuple[float, float], chances: tuple[float, float]
) -> None:
    """By enumeration of all samples of 8 examples, at a population whose mean is the threshold."""
    asked = clause(text)
    method = method_of(asked.quantity)

    def wrong(level: float) -> float:
        whole = 0.0
        for drawn in product((0, 1), repeat=8):
            said = np.array([errors[each] for each in drawn])
            statistic = method.statistic(sample(said, np.zeros(8)))
            if method.rejects(Claim(asked.threshold, asked.above, math.log(level)), statistic, 8):
                whole += math.prod(chances[each] for each in drawn)
        return whole

    assert 0 < wrong(0.1) <= 0.1
    assert wrong(0.15) > 0.1  # a level that is too large is caught


@pytest.mark.parametrize(
    "text",
    ["mae(n, max=4) - mae(o, max=4) < 0 +/- 0.1", "mae(n, max=4) < 0.8 * mae(o, max=4)", "mse(n, max=9) < 1"],
)
def test_rejects__at_the_boundary_of_continuous_populations(text: str) -> None:
    """
    In 1,500 seeded samples of 150 correlated errors, shifted so that the mean of the values is the threshold.

    A gate that keeps its level of 5 % fails this test with a probability below 1e-6.
    """
    asked, rng, runs, level = clause(text), np.random.default_rng(7), 1_500, 0.05
    method = method_of(asked.quantity)
    low, high = method.value_range

    def values(n: int) -> np.ndarray:
        noise = rng.normal(0, 1, (3, n))
        outcomes = sample(noise[0] + 0.5 * noise[2], np.zeros(n), 1.2 * noise[1] + 0.5 * noise[2])
        return method.statistic(outcomes)

    shift = asked.threshold - values(400_000).mean()
    wrong = 0
    for _ in range(runs):
        drawn = np.clip(values(150) + shift, low, high)
        wrong += method.rejects(Claim(asked.threshold, asked.above, math.log(level)), drawn, 150)

    assert wrong <= binom.isf(1e-6, runs, level)
    assert wrong > 0


def test_rejects__what_is_plainly_so_in_both_directions() -> None:
    """A gain of half is shown, and the opposite is shown to be false."""
    rng = np.random.default_rng(1)
    true = rng.normal(20, 5, 2_000)
    better, worse = true + rng.normal(0, 1, 2_000), true + rng.normal(0, 2, 2_000)
    asked = clause("mae(n, max=10) < 0.9 * mae(o, max=10)")

    def truth(new: np.ndarray, old: np.ndarray) -> str:
        return evaluate(asked, sample(new, true, old), Mode.FP_FREE, math.log(1e-4)).truth.name

    assert ["TRUE", "FALSE"] == [truth(better, worse), truth(worse, better)]


def test_figures__bound_the_mean() -> None:
    """Bounds lie around the estimate, in the unit of the loss."""
    rng = np.random.default_rng(2)
    formula, outcomes = clause("mae(n, max=10) < 2"), sample(rng.normal(0, 1, 500), np.zeros(500))

    [found] = figures(evaluate(formula, outcomes, Mode.FP_FREE, math.log(0.01)), outcomes)["clauses"]

    assert 0.5 < found["lower_bound"] < found["estimate"] < found["upper_bound"] < 1.2
    assert found["p_value"] is None


def test_labels__are_needed_where_the_value_depends_on_them() -> None:
    """For one loss everywhere, for a difference where predictions differ, for scores nowhere."""
    panel = Panel(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 5, 5]))

    def needed(text: str) -> list[bool]:
        return method_of(clause(text).quantity).needs_label(panel).tolist()

    assert [True] * 4 == needed("mae(n, max=9) < 3")
    assert [True] * 4 == needed("mae(n, max=9) < 0.9 * mae(o, max=9)")
    assert [True] * 4 == needed("mae(n, max=9) - mse(o, max=9) < 1")
    assert [False, False, True, True] == needed("mae(n, max=9) - mae(o, max=9) < 1")
    assert [False] * 4 == needed("mean(n, max=9) - mean(o, max=9) > 0")


def test_difference__is_judged_without_other_labels() -> None:
    """A label that nobody bought has no part in it."""
    rng = np.random.default_rng(3)
    new, old = rng.normal(0, 1, (2, 300))
    new[:200] = old[:200]
    known = np.arange(300) >= 200
    asked = clause("mae(n, max=9) - mae(o, max=9) < 1")
    values = [
        method_of(asked.quantity).statistic(Sample(Panel(new, old), labels, np.arange(300)))
        for labels in (Labels(np.zeros(300)), Labels(np.where(known, 0.0, 99.0), known))
    ]

    assert np.array_equal(*values)


def test_reading__is_what_the_clauses_share() -> None:
    """Numbers, within the narrowest range; labels are numbers where there is a loss."""
    assert (Numbers(), Content.NUMBERS) == reading_of(normalize(parse("mae(n, max=3) < 1 and d < 0.5")))
    assert (Numbers(0, 1), Content.ANY) == reading_of(normalize(parse("mean(n) > 0.5 or mean(n, min=-1) > 0.7")))
    assert (Numbers(0, 1), Content.NUMBERS) == reading_of(normalize(parse("mean(n) > 0.5 and mae(n, max=3) < 1")))
    assert (Numbers(0, 1), Content.CLASSES) == reading_of(normalize(parse('brier(n, "spam") < 0.1 and d < 0.5')))
    assert (None, Content.CLASSES) == reading_of(normalize(parse("n > 0.5")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mae(n) < 0.3", "Write `mae(n, max=10)`"),
        ("mae(o) - mae(n, max=3) < 0", "Write `mae(o, max=10)`"),
        ("mae(n, max=0) < 0.3", "clips every loss to 0"),
        ("mae(n, max=10, sd=0) < 0.3", "`sd` is not above 0"),
        ("mae(n, min=1, max=10) < 3", "Its options are `max` and `sd`"),
        ("mae(new, max=3) < 1", "`new` is no model"),
        ("mae(d, max=3) < 1", "`d` is no model"),
        ("mean(score) > 0.5", "`candidate: {predictions: FILE, prediction: score}`"),
        ('mean(n, "score") > 0.5', "`candidate: {predictions: FILE, prediction: score}`"),
        ("mean(n, min=1) > 1", "an empty range"),
        ("mean(n) > 70", "70 % is written 0.7"),
        ("mae(n, max=10) < 11", "is always true"),
        ("mae(n, max=10) < 3 +/- 10", "small beside the range"),
        ("mean_absolute_error(n, max=3) < 1", "Did you mean `mae`?"),
        ("mae(n, max=3) < 1 and n > 0.5", "read one file in two ways"),
        ('logloss(n, "spam") < 0.3', 'Write `logloss(n, "spam", max=5)`'),
        ("brier(n) < 0.1", 'Write `brier(n, "spam")`'),
        ('brier(n, "spam") - mae(n, max=1) < 0', "labels that are classes and numbers"),
        ('mae(n, max=1) < 0.1 and brier(n, "spam") < 0.1', "read one file in two ways"),
        ("rmse(n) < 2", "Write `rmse(n, max=10)`"),
        ("rmse(n, max=10, sd=1) < 2", "Its options are `max`"),
        ("rmse(n, max=10) < 11", "`mse(n, max=100)` lies between 0 and 100"),
        ("rmse(n, max=10) < 2 +/- 0", "is not above 0"),
        ("rmse(n, max=10) < rmse(o, max=10) - 1", "`rmse(n, max=10) < 0.9 * rmse(o, max=10)`"),
        ("rmse(n, max=10) < rmse(o, max=10) +/- 1", "ask it of `mse`"),
        ("rmse(n, max=10) + rmse(o, max=10) < 1", "adds up roots"),
        ("rmse(n, max=10) + mae(n, max=10) < 1", "is judged by itself"),
        ("RMSE(n, max=10) < 1", "Did you mean `rmse`?"),
        ("mae(n, max=3) - n < 1", "is judged by itself"),
    ],
)
def test_call__says_what_is_wrong(text: str, words: str) -> None:
    """A first try works, or says exactly what to write."""
    with pytest.raises(ConditionError) as raised:
        normalize(parse(text))

    assert words in f"{raised.value.message} {raised.value.hint}"


@pytest.mark.parametrize(
    ("root", "square"),
    [
        ("rmse(n, max=10) < 2", "mse(n, max=100) < 4"),
        ("-2 * rmse(n, max=10) > -4", "mse(n, max=100) < 4"),
        ("0.5 < rmse(o, max=3)", "mse(o, max=9) > 0.25"),
        ("rmse(n, max=10) < 0.9 * rmse(o, max=10)", "mse(n, max=100) < 0.81 * mse(o, max=100)"),
        ("2 * rmse(o, max=10) > rmse(n, max=5)", "4 * mse(o, max=100) - mse(n, max=25) > 0"),
    ],
)
def test_root__asks_the_same_of_the_mean(root: str, square: str) -> None:
    """A root grows with what it is a root of, so both are one question with one answer."""
    assert question_of_text(root) == question_of_text(square)


@pytest.mark.parametrize(
    ("text", "beyond"), [("rmse(n, max=10) < 2 +/- 0.1", 1.8), ("rmse(n, max=10) > 2 +/- 0.1", 2.2)]
)
def test_root__is_planned_two_tolerances_beyond_the_threshold(text: str, beyond: float) -> None:
    """The tolerance of a root is turned into one of its square."""
    asked = clause(text)
    share = Share(asked, asked.above, math.log(1e-3), math.log(0.1), 1.0, 1.0, False)
    assert share.alternative(asked.tolerance) == pytest.approx(beyond**2)


def test_root__has_no_estimate_of_its_own() -> None:
    """Feedback on a root is refused, and so is that on two of them."""
    for text in ("rmse(n, max=10)", "rmse(n, max=10) - rmse(o, max=10)"):
        with pytest.raises(ConditionError, match="no estimate that is released"):
            measured_by(text)


def test_question__is_one_for_all_ways_to_write_it() -> None:
    """The anticipated spread and the tolerance are no part of it; the range is."""
    texts = (
        "mae(n, max=10) - 0.9 * mae(o, max=10) < 0",
        "0.9 * mae(o, max=10, sd=2) > mae(n, max=10.0, sd=1)",
        "10 * mae(n, max=10) < 9 * mae(o, max=10) +/- 0.1",
    )

    assert {"1 mae(n, max=10) -9/10 mae(o, max=10) < 0"} == {question_of_text(text) for text in texts}
    assert question_of_text("mean(n) > 0.5") == question_of_text("mean(n, max=1, min=0) > 0.5")
    assert question_of_text("mae(n, max=10) < 1") != question_of_text("mae(n, max=9) < 1")


def test_words__say_range_and_comparison() -> None:
    """Plain words, and what is clipped or refused."""
    assert in_words(clause("mae(n, max=10) < 2")) == "the mean absolute error of new is below 2"
    assert (
        in_words(clause("mae(n, max=10) - mae(o, max=10) < 0.02"))
        == "the mean absolute error of new is below that of old plus 0.02"
    )
    assert (
        in_words(clause("mse(n, max=10) < 0.9 * mse(o, max=10)"))
        == "the mean squared error of new is below 0.9 times that of old"
    )
    assert in_words(clause("mean(n) - mean(a) > -0.1")) == "the mean score of new is above that of the anchor minus 0.1"
    assert "a loss above 10 counts as 10" in " ".join(explain("mae(n, max=10) < 2").asks)
    assert "Scores lie between 1 and 5" in " ".join(explain("mean(n, min=1, max=5) > 3").asks)


def test_measured_by__of_a_feedback() -> None:
    """An estimate to be released may be of a difference of losses."""
    found = measured_by("2 * mae(n, max=10) - 2 * mae(o, max=10) + 1")

    assert (str(found.quantity), found.value(0.25)) == ("mae(n, max=10) - mae(o, max=10)", 1.5)


# --- plans -----------------------------------------------------------------------------------------------------------


def sizing(text: str, disagreement: float = 1.0, *, simulate: bool = False) -> Sizing:
    asked = clause(text)
    share = Share(asked, asked.above, math.log(1e-3), math.log(0.1), 1.0, disagreement, True)
    return method_of(asked.quantity).sizing(share, simulate, None)


def test_plan__a_spread_or_few_changes_make_it_smaller() -> None:
    """The worst scatter is assumed unless something is said of it."""
    worst = sizing("mae(n, max=10) < 2 +/- 0.1").sample_size()
    said = sizing("mae(n, max=10, sd=0.8) < 2 +/- 0.1").sample_size()
    assert said < worst / 10

    many, few = (sizing("mean(n) - mean(o) > 0 +/- 0.02", changed).sample_size() for changed in (1.0, 0.1))
    assert few < many / 5
    assert [0.0, 0.1, 1.0] == [
        sizing("mean(n) > 0.5 +/- 0.1").label_share,
        sizing("mae(n, max=9) - mae(o, max=9) < 0 +/- 0.1", 0.1).label_share,
        sizing("mae(n, max=9) < 1 +/- 0.1", 0.1).label_share,
    ]


@pytest.mark.parametrize(
    "text", ["mae(n, max=10, sd=0.8) < 2 +/- 0.1", "mean(n, sd=0.2) > 0.7 +/- 0.02", "mean(n) > 0.7 +/- 0.05"]
)
def test_plan__has_its_power(text: str) -> None:
    """Simulated at the planned size, the test misses the alternative about as often as the plan says, or less."""
    planned = sizing(text)

    missed = misses(planned.test(planned.clause.tolerance, 0), planned.sample_size(), 400)

    assert missed <= 0.17  # 10 % and five standard errors
    assert planned.resolves(planned.sample_size())
