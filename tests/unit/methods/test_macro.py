"""Macro precision, F1 and F-beta: scikit-learn's figures, the level, classes never predicted, plans, and words."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import fbeta_score, precision_score

from proctor.budget import Mode
from proctor.conditions import Truth, normalize, parse, question_of_text
from proctor.counting.panel import Panel
from proctor.errors import ConditionError, DataError
from proctor.evaluation import evaluate, figures
from proctor.language import Clause
from proctor.methods import method_of
from proctor.methods.sizes.share import Share
from proctor.predictions import Labels
from proctor.sample import Sample
from proctor.words import explain, in_words

CLASSES = np.array(["ant", "bee", "cat", "dog"])
MACRO = 'precision(n, average="macro")'


def sample(true: np.ndarray, new: np.ndarray, known: np.ndarray | None = None) -> Sample:
    return Sample(Panel(new, None), Labels(true, known), np.random.default_rng(3).permutation(len(true)))


def clause(text: str) -> Clause:
    found = normalize(parse(text))
    assert isinstance(found, Clause)
    return found


def judged(text: str, outcomes: Sample, level: float = 0.05) -> tuple[Truth, float]:
    found = evaluate(clause(text), outcomes, Mode.FP_FREE, math.log(level)).findings[0]
    return found.truth, found.estimate


def called(metric: str) -> str:
    return f'{metric}(n, average="macro"{", beta=2" if metric == "fbeta" else ""})'


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("names", [CLASSES, np.arange(4)], ids=["words", "numbers"])
@pytest.mark.parametrize(("metric", "beta"), [("precision", 0), ("f1", 1), ("fbeta", 2)])
def test_estimate__is_scikit_learns(seed: int, names: np.ndarray, metric: str, beta: float) -> None:
    """Of classes that occur among labels or predictions, where one that is never predicted has none."""
    rng = np.random.default_rng(seed)
    true = rng.choice(names, 300, p=[0.6, 0.25, 0.1, 0.05])
    new = np.where(rng.random(300) < 0.8, true, rng.choice(names, 300))
    without = np.where(new == names[3], names[0], new)

    for said in (new, without):
        yours = fbeta_score(true, said, beta=beta, average="macro", zero_division=0.0)
        assert judged(f"{called(metric)} > 0.5", sample(true, said))[1] == pytest.approx(yours)
    of_predicted = precision_score(true, without, average="macro", labels=names[:3])
    assert of_predicted * 3 / 4 == pytest.approx(judged(f"{MACRO} > 0.5", sample(true, without))[1])


def test_estimate__counts_a_class_that_no_label_is_of() -> None:
    true, new = np.repeat(CLASSES[:2], 4), np.repeat(CLASSES[:2], 4)
    new[0] = "elk"

    assert judged(f"{MACRO} > 0.5", sample(true, new))[1] == pytest.approx(2 / 3)


def errors(text: str, level: float, sizes: tuple[int, int], missed: Callable[[str], str]) -> float:
    """Chance to show what is not so, over all that examples called two classes can be, right half of the time."""
    new = np.repeat(CLASSES[:2], sizes)
    wrong, asked = 0, clause(text)
    for right in product((True, False), repeat=len(new)):
        true = np.where(right, new, [missed(each) for each in new])
        mean = 0.5 * 2 / len({*new, *true})
        is_false = mean <= asked.threshold if asked.above else 1 - mean >= 1 - asked.threshold
        wrong += is_false and judged(text, sample(true, new), level)[0] is Truth.TRUE
    return wrong / 2 ** len(new)


@pytest.mark.parametrize("side", [">", "<"])
def test_rejects__at_the_boundary_with_at_most_its_level(side: str) -> None:
    """By enumeration; at 1.5 times the level it errs more often than the level allows."""
    other = {"ant": "bee", "bee": "ant"}

    assert 0 < errors(f"{MACRO} {side} 0.5", 0.5, (4, 4), other.__getitem__) <= 0.5
    assert errors(f"{MACRO} {side} 0.5", 0.75, (4, 4), other.__getitem__) > 0.5


@pytest.mark.parametrize("level", [0.3, 0.4, 0.5])
def test_rejects__with_at_most_its_level_where_labels_tell_how_many_classes_count(level: float) -> None:
    """By enumeration: whatever is wrong is of a class that the model never predicts, or of two of them."""
    assert 0 < errors(f"{MACRO} > 0.3334", level, (3, 4), lambda _: "dog") <= level
    assert errors(f"{MACRO} > 0.2501", level, (3, 4), {"ant": "dog", "bee": "cat"}.__getitem__) <= level


def drawn(rng: np.random.Generator, n: int, joint: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels and predictions with these chances of each label (rows) and prediction (columns)."""
    pairs = rng.choice(joint.size, n, p=joint.ravel())
    return CLASSES[pairs // len(joint)], CLASSES[pairs % len(joint)]


JOINT = np.array([[0.5, 0.1, 0.1], [0.0, 0.15, 0.0], [0.0, 0.0, 0.15]])
"""Macro precision is 0.73, F1 0.78, F2 0.84, and recall 0.90."""


def mean_of(joint: np.ndarray, beta: float) -> float:
    hits, of_true, of_called = np.diag(joint), joint.sum(axis=1), joint.sum(axis=0)
    return float(np.mean((1 + beta**2) * hits / (beta**2 * of_true + of_called)))


@pytest.mark.parametrize(("metric", "beta"), [("precision", 0), ("f1", 1), ("fbeta", 2)])
def test_statistic__scores_have_the_mean_that_is_asked(metric: str, beta: float) -> None:
    """
    On 60,000 examples, within six standard errors: a false alarm has a probability below 1e-8.

    Coins that always show the label, or what it is called, are off by ten and more.
    """
    outcomes = sample(*drawn(np.random.default_rng(5), 60_000, JOINT))
    scores = method_of(clause(f"{called(metric)} > 0.5").quantity).statistic(outcomes).scores

    assert abs(scores.mean() - mean_of(JOINT, beta)) < 6 * scores.std() / math.sqrt(len(scores))


@pytest.mark.parametrize("side", [">", "<"])
@pytest.mark.parametrize(("metric", "beta"), [("f1", 1), ("fbeta", 2)])
def test_rejects__a_mean_with_coins_seldom_at_the_boundary(metric: str, beta: float, side: str) -> None:
    """
    In 400 lives of 150 examples.

    At a level of 30 %, a test that holds it fails here with a probability below 1e-6.
    """
    level, runs, rng = 0.3, 400, np.random.default_rng(13)
    text = f"{called(metric)} {side} {mean_of(JOINT, beta):.12f}"
    lives = [sample(*drawn(rng, 150, JOINT)) for _ in range(runs)]
    wrong = sum(judged(text, life, level)[0] is Truth.TRUE for life in lives)

    assert 0 < wrong <= binom.isf(1e-6, runs, level)


@pytest.mark.parametrize("text", [f"{MACRO} > 0.6", f"{MACRO} < 0.6"])
def test_rejects__seldom_at_the_boundary(text: str) -> None:
    """
    In 300 lives of 130 examples, called three classes unequally often.

    At a level of 20 %, a test that holds it fails here with a probability below 1e-6.
    """
    level, runs, rng = 0.2, 300, np.random.default_rng(11)
    new, right = np.repeat(CLASSES[:3], (60, 40, 30)), np.repeat([0.5, 0.6, 0.7], (60, 40, 30))
    wrong = 0
    for _ in range(runs):
        true = np.where(rng.random(len(new)) < right, new, CLASSES[(np.searchsorted(CLASSES, new) + 1) % 3])
        wrong += judged(text, sample(true, new), level)[0] is Truth.TRUE

    assert 0 < wrong <= binom.isf(1e-6, runs, level)


def test_rejects__what_can_be_shown_and_nothing_of_a_class_that_is_called_once() -> None:
    even, rare = np.repeat(CLASSES, [100, 100, 100, 100]), np.repeat(CLASSES, [200, 100, 99, 1])

    assert judged(f"{MACRO} > 0.8", sample(even, even))[0] is Truth.TRUE
    assert judged(f"{MACRO} < 0.2", sample(even, even))[0] is Truth.FALSE
    assert judged(f"{MACRO} > 0.8", sample(rare, rare))[0] is Truth.UNKNOWN


def test_rejects__no_gain_in_leaving_out_a_class() -> None:
    """A class that is never predicted is worth nothing where more is to be shown, and everything where less is."""
    true = np.repeat(CLASSES, [100, 100, 100, 4])
    left_out = np.where(true == "dog", "cat", true)
    outcomes = sample(true, left_out)
    row = figures(evaluate(clause(f"{MACRO} > 0.7"), outcomes, Mode.FP_FREE, math.log(0.05)), outcomes)["clauses"][0]

    assert row["counts"] == {"groups": 100, "classes": 4, "counted": 3}
    assert 0.7 < row["lower_bound"] < row["estimate"] < 0.75 < row["upper_bound"]
    assert row["truth"] == "true"
    assert judged(f"{MACRO} > 0.76", outcomes)[0] is Truth.UNKNOWN
    none_right = sample(np.full(300, "dog"), np.repeat(CLASSES[:3], 100))
    assert judged(f"{MACRO} < 0.24", none_right)[0] is Truth.UNKNOWN
    assert judged(f"{MACRO} < 0.32", none_right)[0] is Truth.TRUE


def test_statistic__needs_every_label_and_the_model() -> None:
    true = np.repeat(CLASSES, 2)

    with pytest.raises(DataError, match="1 examples that are needed have no label"):
        judged(f"{MACRO} > 0.5", sample(true, true, np.arange(8) > 0))
    with pytest.raises(DataError, match="no predictions of `o`"):
        judged('precision(o, average="macro") > 0.5', sample(true, true))


def test_sizing__counts_the_class_that_is_called_most_seldom() -> None:
    """As large as for the mean recall of two classes."""
    sizes = []
    for text in (f"{MACRO} > 0.8 +/- 0.02", "balanced_accuracy(n) > 0.8 +/- 0.02"):
        asked = clause(text)
        share = Share(asked, True, math.log(1e-3), math.log(0.1), 1.0, 0.2, True)
        sizes.append(method_of(asked.quantity).sizing(share, False, None).sample_size())
    assert sizes[0] == sizes[1]
    for metric, words in (
        ("precision", "must be called the rarest"),
        ("f1", "must count for the rarest"),
    ):
        asked = clause(f"{called(metric)} > 0.8 +/- 0.02")
        share = Share(asked, True, math.log(1e-3), math.log(0.1), 1.0, 0.2, True)
        assert words in method_of(asked.quantity).sizing(share, False, None).reason


def test_question__has_one_text() -> None:
    assert question_of_text("precision(n, average=macro) > 0.8") == question_of_text(f"{MACRO} > 0.8")
    assert question_of_text("fbeta(n, beta=0, average=macro) > 0.8") == question_of_text(f"{MACRO} > 0.8")
    assert question_of_text("fbeta(n, beta=1.0, average=macro) > 0.8") == question_of_text(f"{called('f1')} > 0.8")
    written = question_of_text(f"{called('fbeta')} > 0.8")
    assert written == question_of_text("fbeta(n, beta=2.0, average=macro) > 0.8")
    asked = {question_of_text(f"{called(each)} > 0.8") for each in ("precision", "recall", "f1", "fbeta")}
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("precision_macro(n) > 0.8", f"Did you mean `{MACRO}`?"),
        ("macro_precision > 0.8", f"as in `{MACRO}`"),
        ("f1_macro(n) > 0.8", 'Did you mean `f1(n, average="macro")`?'),
        ("macro_f1 > 0.8", 'as in `f1(n, average="macro")`'),
        ("fbeta(n, average=macro) > 0.8", "does not say how much recall counts"),
        ('f1(n, average="weighted") > 0.8', 'count alike, which may hide the worst: `f1(n, average="macro") > 0.8`'),
        ("fbeta(n, average=weighted, beta=2) > 0.8", '`fbeta(n, "a", beta=2) > 0.8 and'),
        ("recall_macro(n) > 0.8", "Did you mean `balanced_accuracy`?"),
        ("f1_micro(n) > 0.8", "the same as accuracy"),
        (f"{MACRO} - precision(o, average=macro) > 0", "are not compared with each other"),
        (f"{MACRO} - precision(o, average=macro) > 0", "balanced_accuracy(n) - balanced_accuracy(o)"),
        ("precision(new, average=macro) > 0.8", "Write `precision(n, average=macro)`"),
        ("gap(precision, n, average=macro, by=region) < 0.1", "average over classes"),
    ],
)
def test_parse__answers_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ConditionError) as caught:
        normalize(parse(text))
    assert says in str(caught.value)


def test_words() -> None:
    assert in_words(normalize(parse(f"{MACRO} > 0.8"))) == "the mean precision of new over all classes is above 80 %"
    assert "leaving out a hard class gains nothing" in str(explain(f"{MACRO} > 0.8"))
    assert (
        in_words(normalize(parse(f"{called('f1')} < 0.8"))) == "the mean F1 score of new over all classes is below 80 %"
    )
    assert "by a coin tossed beforehand" in str(explain(f"{called('fbeta')} > 0.8"))


def test_statistic__tosses_other_coins_where_labels_are_other_ones() -> None:
    """And the same ones for every model."""
    true, cat, dog = np.tile(CLASSES[:2], 200), np.repeat(CLASSES[2], 400), np.repeat(CLASSES[3], 400)
    method = method_of(clause(f"{called('f1')} > 0.5").quantity)
    samples = (sample(true, cat), sample(true, dog), sample(true[::-1], cat))
    n_groups = [len(method.statistic(each).scores) for each in samples]

    assert n_groups[0] == n_groups[1] != n_groups[2]
