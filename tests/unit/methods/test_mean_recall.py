"""Balanced accuracy over all classes: scikit-learn's figures, the level, plans, and words."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import balanced_accuracy_score, recall_score

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
FLOOR, DIFFERENCE = "balanced_accuracy(n)", "balanced_accuracy(n) - balanced_accuracy(o)"


def sample(true: np.ndarray, new: np.ndarray, old: np.ndarray | None = None, known: np.ndarray | None = None) -> Sample:
    return Sample(Panel(new, old), Labels(true, known), np.random.default_rng(3).permutation(len(true)))


def clause(text: str) -> Clause:
    found = normalize(parse(text))
    assert isinstance(found, Clause)
    return found


def judged(text: str, outcomes: Sample, level: float = 0.05) -> tuple[Truth, float]:
    found = evaluate(clause(text), outcomes, Mode.FP_FREE, math.log(level)).findings[0]
    return found.truth, found.estimate


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("names", [CLASSES, np.arange(4)], ids=["words", "numbers"])
def test_estimate__is_scikit_learns(seed: int, names: np.ndarray) -> None:
    """Of one model and of two, whatever the shares of classes."""
    rng = np.random.default_rng(seed)
    true = rng.choice(names, 300, p=[0.6, 0.25, 0.1, 0.05])
    new, old = (np.where(rng.random(300) < right, true, rng.choice(names, 300)) for right in (0.8, 0.5))
    outcomes = sample(true, new, old)

    mine, yours = balanced_accuracy_score(true, new), balanced_accuracy_score(true, old)
    assert judged(f"{FLOOR} > 0.5", outcomes)[1] == pytest.approx(mine)
    assert judged(f"{DIFFERENCE} > 0", outcomes)[1] == pytest.approx(mine - yours)
    assert mine == pytest.approx(recall_score(true, new, average="macro"))


def test_estimate__of_two_classes_is_that_of_either() -> None:
    """With two classes it makes no difference which is the positive one, or that one is named; bounds and all."""
    rng = np.random.default_rng(8)
    true = rng.choice(CLASSES[:2], 300, p=[0.8, 0.2])
    new = np.where(rng.random(300) < 0.9, true, CLASSES[0])
    outcomes = sample(true, new)

    rows = [
        figures(evaluate(normalize(parse(text)), outcomes, Mode.FP_FREE, math.log(0.05)), outcomes)["clauses"][0]
        for text in (f"{FLOOR} > 0.8", 'balanced_accuracy(n, "bee") > 0.8')
    ]

    for key in ("truth", "counts", "estimate", "lower_bound", "upper_bound"):
        assert rows[0][key] == (rows[1][key] if key in ("truth", "counts") else pytest.approx(rows[1][key]))


def test_rejects__at_the_boundary_with_at_most_its_level() -> None:
    """By enumeration of all that 3 examples of each of three classes can be, with unequal recalls, on either side."""
    true, recalls = np.repeat(CLASSES[:3], 3), np.repeat([0.8, 0.5, 0.2], 3)
    for text, level in ((f"{FLOOR} > 0.5", 0.4), (f"{FLOOR} < 0.5", 0.4)):
        wrong = 0.0
        for right in product((True, False), repeat=9):
            chance = math.prod(r if hit else 1 - r for r, hit in zip(recalls, right, strict=True))
            wrong += chance * (judged(text, sample(true, np.where(right, true, "none")), level)[0] is Truth.TRUE)
        assert 0 < wrong <= level


@pytest.mark.parametrize("text", [f"{DIFFERENCE} > 0", f"{FLOOR} > 0.6"])
def test_rejects__seldom_at_the_boundary(text: str) -> None:
    """
    In 300 lives of 130 examples in classes of unequal size.

    At a level of 20 %, a test that holds it fails here with a probability below 1e-6.
    """
    level, runs, rng = 0.2, 300, np.random.default_rng(11)
    sizes = (60, 40, 30)
    true, right = np.repeat(CLASSES[:3], sizes), np.repeat([0.5, 0.6, 0.7], sizes)
    wrong = 0
    for _ in range(runs):
        new, old = (np.where(rng.random(len(true)) < right, true, "none") for _ in range(2))
        wrong += judged(text, sample(true, new, old), level)[0] is Truth.TRUE

    assert 0 < wrong <= binom.isf(1e-6, runs, level)


def test_rejects__what_can_be_shown_and_nothing_of_a_class_with_one_example() -> None:
    true = np.repeat(CLASSES, [100, 100, 100, 100])
    rare = np.repeat(CLASSES, [200, 100, 99, 1])

    assert judged(f"{FLOOR} > 0.8", sample(true, true))[0] is Truth.TRUE
    assert judged(f"{FLOOR} < 0.2", sample(true, true))[0] is Truth.FALSE
    assert judged(f"{FLOOR} > 0.8", sample(rare, rare))[0] is Truth.UNKNOWN


def test_statistic__needs_every_label_and_both_models() -> None:
    true = np.repeat(CLASSES, 2)
    known = np.arange(8) > 0

    with pytest.raises(DataError, match="1 examples that are needed have no label"):
        judged(f"{DIFFERENCE} > 0", sample(true, true, true, known))
    with pytest.raises(DataError, match="no predictions of `o`"):
        judged(f"{DIFFERENCE} > 0", sample(true, true))


def test_sizing__counts_the_rarest_class() -> None:
    """As large as for one class against the rest, which is the case of two."""
    sizes = []
    for text in ("balanced_accuracy(n) > 0.8 +/- 0.02", 'balanced_accuracy(n, "ant") > 0.8 +/- 0.02'):
        asked = clause(text)
        share = Share(asked, True, math.log(1e-3), math.log(0.1), 1.0, 0.2, True)
        sizing = method_of(asked.quantity).sizing(share, False, None)
        sizes.append(sizing.sample_size())
    assert sizes[0] == sizes[1]
    assert "the rarest" in method_of(clause(f"{FLOOR} > 0.8").quantity).sizing(share, False, None).reason


@pytest.mark.parametrize("text", ['recall(n, average="macro") > 0.8', "recall(n, average=macro) > 0.8"])
def test_question__is_that_of_the_macro_average_of_recall(text: str) -> None:
    assert question_of_text(text) == question_of_text(f"{FLOOR} > 0.8")
    assert question_of_text(f"{FLOOR} > 0.8") != question_of_text('balanced_accuracy(n, "ant") > 0.8')


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('recall(n, average="weighted") > 0.8', "is the accuracy: each class counts by how many examples"),
        ('recall(n, average="micro") > 0.8', "is the accuracy"),
        ('specificity(n, average="macro") > 0.8', "may hide the worst: `balanced_accuracy(n) > 0.8`"),
        ('recall(d, average="macro") > 0.8', "average over classes"),
        (f"{FLOOR} - 0.9 * balanced_accuracy(o) > 0", "judged by itself"),
        (f'{FLOOR} - balanced_accuracy(o, "ant") > 0', "judged by itself"),
        ('gap(recall, n, average="macro", by=region) < 0.1', "average over classes"),
        ("macro_recall(n) > 0.8", "Did you mean `balanced_accuracy`"),
    ],
)
def test_parse__answers_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(ConditionError) as caught:
        normalize(parse(text))
    assert says in str(caught.value)


def test_words() -> None:
    assert in_words(normalize(parse(f"{FLOOR} > 0.8"))) == "the mean recall of new over all classes is above 80 %"
    words = "the mean recall of new over all classes is above that of old minus 1 point"
    assert in_words(normalize(parse(f"{DIFFERENCE} > -0.01"))) == words
    assert "the rarest one decides" in str(explain(f"{DIFFERENCE} > 0"))
