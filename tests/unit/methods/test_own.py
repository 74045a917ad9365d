"""Functions of the owner as metrics: what they are given, what is averaged, which labels they take, and words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from proctor.budget import Mode
from proctor.conditions import clustered, normalize, parse, question_of_text
from proctor.counting.panel import Panel
from proctor.errors import ConditionError, DataError
from proctor.evaluation import Evaluation, evaluate, figures
from proctor.language import Clause
from proctor.methods import method_of, own_of, reading_of, refuse_unusable
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.words import explain, in_words

LABELS = np.array(["hello", "please", "no", "thanks"])
NEW = np.array(["hello", "please!", "nope", "thank"])
OLD = np.array(["hello", "please!", "no", "thanks"])


def alike(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Share of the letters that prediction and label begin with together."""
    pairs = zip(labels.tolist(), predictions.tolist(), strict=True)
    return np.array([_common(a, b) / max(len(a), len(b)) for a, b in pairs])


def _common(a: str, b: str) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def sample(function: object = alike, labels: Labels | None = None) -> Sample:
    panel = Panel(NEW, OLD, functions={"user.alike": function})  # type: ignore[dict-item]
    return Sample(panel, labels or Labels(LABELS), np.arange(len(NEW)))


def clause(text: str) -> Clause:
    found = normalize(parse(text))
    assert isinstance(found, Clause)
    return found


def judged(text: str, outcomes: Sample) -> Evaluation:
    return evaluate(normalize(parse(text)), outcomes, Mode.FP_FREE, math.log(0.05))


def test_estimate__is_the_mean_of_what_the_function_gives() -> None:
    """Of one model, of two, and in a ratio."""
    new, old = alike(LABELS, NEW).mean(), alike(LABELS, OLD).mean()

    assert judged("user.alike(n) > 0.5", sample()).findings[0].estimate == pytest.approx(new)
    assert judged("user.alike(n) - user.alike(o) > 0", sample()).findings[0].estimate == pytest.approx(new - old)
    ratio = judged("user.alike(n) > 0.9 * user.alike(o)", sample())
    assert ratio.findings[0].estimate == pytest.approx(new - 0.9 * old)


def test_needs_label__a_difference_takes_the_labels_of_changed_predictions_alone() -> None:
    """A label where both predict the same is asked by neither, and given to no function."""
    known = np.array([False, False, True, True])
    seen: list[str] = []

    def watching(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        seen.extend(labels.tolist())
        return alike(labels, predictions)

    outcomes = sample(watching, Labels(np.where(known, LABELS, ""), known))
    found = judged("user.alike(n) - user.alike(o) > 0", outcomes).findings[0].estimate

    assert found == pytest.approx((alike(LABELS, NEW) - alike(LABELS, OLD)).mean())
    assert set(seen) == {"no", "thanks"}
    with pytest.raises(DataError, match="2 examples that are needed have no label"):
        judged("user.alike(n) > 0.5", outcomes)


def _raising(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    raise ValueError(labels[0])


@pytest.mark.parametrize(
    "broken",
    [_raising, lambda y, p: np.full(len(y), 2.0), lambda y, p: np.full(len(y), np.nan), lambda y, p: 1.0],
)
def test_rejects__nothing_where_the_function_fails_on_labels(broken: object) -> None:
    """Neither side is shown, and the owner sees the whole range."""
    found = judged("user.alike(n) > 0.5", sample(broken))

    assert found.truth.name == "UNKNOWN"
    [row] = figures(found, sample(broken))["clauses"]
    assert (0.0, 1.0) == (row["lower_bound"], row["upper_bound"])


def test_refuse_unusable__sees_no_label() -> None:
    """A function that fails on labels alone is not found out before anything is spent: that would tell labels."""

    def needs_the_prediction(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        assert (labels == predictions).all()
        return np.ones(len(labels))

    formula = normalize(parse("user.alike(n) > 0.5"))
    refuse_unusable(formula, sample(needs_the_prediction).panel)
    with pytest.raises(DataError, match=r"`user.alike` cannot score the predictions of new: it gives 1, which .* 0.5"):
        refuse_unusable(normalize(parse("user.alike(n, max=0.5) > 0.1")), sample().panel)
    with pytest.raises(DataError, match=r"there is no function for `user.alike` here"):
        refuse_unusable(formula, Panel(NEW))


def test_values__what_a_function_does_to_its_arrays_stays_there() -> None:
    def spoiling(labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        found = alike(labels, predictions)
        labels[:], predictions[:] = "x", "x"
        return found

    outcomes = sample(spoiling)

    assert judged("user.alike(n) > 0.5", outcomes).findings[0].estimate == pytest.approx(alike(LABELS, NEW).mean())
    assert (outcomes.labels.values == LABELS).all()
    assert (outcomes.panel.candidate == NEW).all()


def test_method__of_clusters_asks_the_same_function() -> None:
    formula = clustered(normalize(parse("user.alike(n) > 0.5")), "author")
    outcomes = Sample(sample().panel, Labels(LABELS), np.arange(4), clusters=np.array([0, 0, 0, 1]))
    new = alike(LABELS, NEW)

    found = evaluate(formula, outcomes, Mode.FP_FREE, math.log(0.05)).findings[0].estimate

    assert found == pytest.approx((new[:3].mean() + new[3]) / 2)
    assert own_of(formula) == {"user.alike"}
    with pytest.raises(DataError, match="cannot score"):
        refuse_unusable(formula, sample(_raising).panel)


def test_reading__classes_or_numbers() -> None:
    """Labels are read, too; beside accuracies a function of classes can be asked, and one of numbers beside errors."""
    assert str(reading_of(normalize(parse("user.a(n) > 0.5 and n > 0.8"))).labels) == "classes"
    numbers = reading_of(normalize(parse("user.a(n, of=numbers, max=9) > 0.5 and mae(n, max=10) < 2")))
    assert ("numbers", -math.inf) == (str(numbers.labels), numbers.predictions.low if numbers.predictions else None)
    with pytest.raises(ConditionError, match="read one file in two ways"):
        normalize(parse("user.a(n, of=numbers) > 0.5 and n > 0.8"))
    with pytest.raises(ConditionError, match="needs predictions or labels that are classes and numbers"):
        normalize(parse("user.a(n) - mean(n) > 0"))


def test_question__goes_by_the_function_its_range_and_its_arrays() -> None:
    texts = ["user.a(n) > 0.5", "user.b(n) > 0.5", "user.a(n, max=2) > 0.5", "user.a(n, of=numbers) > 0.5"]

    assert len({question_of_text(text) for text in texts}) == len(texts)
    assert question_of_text("0.5 < user.a(n, min=0, of=classes) +/- 0.1") == question_of_text(texts[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user.a(new) > 0.5", "`new` is no model"),
        ("user.a(d) > 0.5", "`d` is no model"),
        ('user.a(n, "spam") > 0.5', "needs one model"),
        ("user.a(n, of=words) > 0.5", "`of=words` does not say what `user.a` is given"),
        ("user.a(n, of=n) > 0.5", "`of=n` does not say"),
        ("user.a(n, bins=3) > 0.5", "`bins=3` is no option of `user.a`"),
        ("user.a(n, min=1) > 0.5", "`user.a(n, min=1)` has an empty range"),
        ("user.a(n) > 1.5", "can never be shown"),
        ("user.a > 0.5", "a metric stands in front of its model"),
        ("user.a.b(n) > 0.5", "a metric stands in front of its model"),
        ("other.a(n) > 0.5", "a metric stands in front of its model"),
    ],
)
def test_parse__answers_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        normalize(parse(text))

    assert message in caught.value.message


def test_words__name_the_function_and_its_range() -> None:
    text = "user.politeness(n) - user.politeness(o) > -0.01 +/- 0.01"

    assert in_words(normalize(parse(text))) == "the mean user.politeness of new is above that of old minus 0.01"
    assert "gives each example a number from 0 to 1 by its label and its prediction" in str(explain(text))
    assert str(parse("user.a( n,of=numbers )>0.5")) == "user.a(n, of=numbers) > 0.5"
    assert method_of(clause("user.a(n, min=1, max=5) > 3").quantity).value_range == (1, 5)
