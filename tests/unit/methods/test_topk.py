"""Top-k accuracy: scikit-learn's figures, the tests of accuracies, labels, and words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import top_k_accuracy_score

from proctor.budget import Mode
from proctor.conditions import measured_by, normalize, parse, question_of_text
from proctor.counting.panel import Panel
from proctor.errors import ConditionError, DataError
from proctor.evaluation import evaluate, figures
from proctor.language import Clause
from proctor.methods import Claim, method_of, reading_of
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.words import explain, in_words

CLASSES = np.array(["ant", "bee", "cat", "dog", "elk", "fox"])


def rankings(scores: np.ndarray, names: np.ndarray = CLASSES) -> np.ndarray:
    return np.array(["|".join(map(str, row)) for row in names[np.argsort(-scores)]])


def sample(new: np.ndarray, true: np.ndarray, old: np.ndarray | None = None) -> Sample:
    return Sample(Panel(new, old), Labels(true), np.random.default_rng(1).permutation(len(true)))


def clause(text: str) -> Clause:
    found = normalize(parse(text))
    assert isinstance(found, Clause)
    return found


def estimate(text: str, outcomes: Sample) -> float:
    return evaluate(clause(text), outcomes, Mode.FP_FREE, math.log(0.05)).findings[0].estimate


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("names", [CLASSES, np.arange(6)], ids=["words", "numbers"])
def test_estimate__is_scikit_learns(k: int, names: np.ndarray) -> None:
    """On random scores without ties, of one model and of two."""
    rng = np.random.default_rng(k)
    true = rng.choice(names, 300)
    new, old = rng.normal(size=(2, 300, 6)) + 1.5 * (true[:, None] == names)
    outcomes = sample(rankings(new, names), true, rankings(old, names))

    mine, yours = (top_k_accuracy_score(true, each, k=k, labels=names) for each in (new, old))
    assert estimate(f"topk(n, {k}) > 0.5", outcomes) == pytest.approx(mine)
    assert estimate(f"topk(n, {k}) - topk(o, {k}) > 0", outcomes) == pytest.approx(mine - yours)


def test_rejects__as_the_exact_binomial_test_does() -> None:
    """At every count of 60 examples, on both sides."""
    asked = clause("topk(n, 2) > 0.7")
    n, level = 60, 0.03
    for count in range(n + 1):
        new = np.array(["bee|ant"] * count + ["bee|cat|ant"] * (n - count))
        outcomes = sample(new, np.full(n, "ant"))
        statistic = method_of(asked.quantity).statistic(outcomes)
        above, below = (
            method_of(asked.quantity).rejects(Claim(asked.threshold, side, math.log(level)), statistic, n)
            for side in (True, False)
        )
        assert above == (binom.sf(count - 1, n, 0.7) <= level)
        assert below == (binom.cdf(count, n, 0.7) <= level)


@pytest.mark.parametrize("text", ["{} > 0", "{} > 0.05", "{} < 0.1"])
def test_rejects__a_difference_as_that_of_accuracies(text: str) -> None:
    """With one class that counts, a ranking is a prediction: truth, figures and all are those of `n - o`."""
    rng = np.random.default_rng(5)
    true = rng.choice(CLASSES, 400)
    new, old = (np.where(rng.random(400) < right, true, rng.choice(CLASSES, 400)) for right in (0.9, 0.7))

    found, same = (
        figures(evaluate(normalize(parse(text.format(asked))), outcomes, Mode.FP_FREE, math.log(0.01)), outcomes)
        for asked, outcomes in (("topk(n, 1) - topk(o, 1)", sample(new, true, old)), ("n - o", sample(new, true, old)))
    )

    assert {**found["clauses"][0], "clause": ""} == {**same["clauses"][0], "clause": ""}


def test_needs_label__where_rankings_differ() -> None:
    """The order behind the first k may differ, too: a label there is asked for, and decides nothing."""
    new, old = np.array(["ant|bee", "bee|ant", "cat"]), np.array(["ant|bee", "ant|bee", "dog"])
    known = np.array([False, True, True])
    outcomes = Sample(Panel(new, old), Labels(np.array(["", "ant", "dog"]), known), np.arange(3))

    assert estimate("topk(n, 2) - topk(o, 2) > 0", outcomes) == pytest.approx(-1 / 3)
    with pytest.raises(DataError, match="1 examples that are needed have no label"):
        estimate("topk(n, 2) > 0.5", outcomes)
    with pytest.raises(DataError, match="no predictions of `o`"):
        estimate("topk(o, 2) > 0.5", sample(new, new))


def test_allocate__a_cap_on_changes_helps_a_difference() -> None:
    """Where one model alone has the label, the rankings differ."""
    assert clause("topk(n, 3) - topk(o, 3) > 0").quantity.is_bounded_by_d
    assert not clause("topk(n, 3) - topk(a, 3) > 0").quantity.is_bounded_by_d
    assert str(reading_of(normalize(parse("topk(n, 3) - topk(o, 3) > 0 and d < 0.3"))).labels) == "classes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("topk(n) > 0.9", "`topk(n)` needs a model and a number of classes"),
        ("topk(d, 3) > 0.9", "needs a model"),
        ("topk(n, 0) > 0.9", "`0` is no number of classes"),
        ("topk(n, 2.5) > 0.9", "`2.5` is no number of classes"),
        ("topk(new, 3) > 0.9", "`new` is no model"),
        ("top5(n) > 0.9", "there is no metric `top5`"),
        ("top_k_accuracy_score(n, k=5) > 0.9", "there is no metric `top_k_accuracy_score`"),
        ("topk(n, 3) - topk(o, 5) > 0", "adds up `topk(n, 3)` and another quantity"),
        ("topk(n, 3) > 0.9 and n > 0.8", "read one file in two ways: as classes, numbers or rankings"),
        ("topk(n, 3) > 0.9 and mean(n) > 0.8", "read one file in two ways"),
    ],
)
def test_parse__answers_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ConditionError) as caught:
        normalize(parse(text))

    assert message in caught.value.message
    assert "topk" in f"{caught.value.message}{caught.value.hint}"


def test_question__is_one_however_it_is_written() -> None:
    assert question_of_text("topk(n, k=3) > 0.9") == question_of_text("0.9 < topk(n, 3) +/- 0.01")
    assert question_of_text("topk(n, 3) > topk(o, 3)") == question_of_text("2 * topk(n, 3) - 2 * topk(o, 3) > 0")
    assert str(measured_by("topk(n, 3) - topk(o, 3)").quantity) == "topk(n, 3) - topk(o, 3)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("topk(n, 3) > 0.9", "the label is among the first 3 classes of new on more than 90 % of examples"),
        ("topk(n, 5) - topk(o, 5) > 0", "new has the label among its first 5 classes more often than old"),
        (
            "topk(n, 5) - topk(o, 5) > -0.01",
            "new has the label among its first 5 classes at most 1 point less often than old",
        ),
        (
            "topk(n, 5) - topk(o, 5) > 0.02",
            "new has the label among its first 5 classes more often than old, by more than 2 points",
        ),
    ],
)
def test_words(text: str, words: str) -> None:
    assert in_words(normalize(parse(text))) == words
    assert "the likeliest first, as in `cat|dog|fox`" in str(explain(text))
