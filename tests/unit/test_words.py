"""Conditions in plain words."""

from __future__ import annotations

import pytest

from proctor.conditions import normalize, parse
from proctor.errors import ConditionError, DomainError
from proctor.words import explain, in_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("n > 0.8", "new is right on more than 80 % of examples"),
        ("o < 0.999", "old is right on less than 99.9 % of examples"),
        ("a > 0.07", "the anchor is right on more than 7 % of examples"),
        ("d < 0.1", "at most 10 % of predictions change"),
        ("d > 0.1", "more than 10 % of predictions change"),
        ("n - o > 0", "new is better than old"),
        ("n - o < 0", "new is worse than old"),
        ("n - o > 0.01", "new is better than old by more than 1 point"),
        ("n - o > 0.018", "new is better than old by more than 1.8 points"),
        ("n - o > -0.01", "new is at most 1 point worse than old"),
        ("n - o < 0.02", "new is at most 2 points better than old"),
        ("n - o < -0.02", "new is worse than old by more than 2 points"),
        ("o - n < 0.02", "new is at most 2 points worse than old"),
        ("n - 1.1 * o > 0.01", "n - 1.1 * o is above 0.01"),
        ("n + d < 0.9", "n + d is below 0.9"),
        (
            "n - o > 0.01 +/- 0.01 /\\ n - a > 0 +/- 0.02",
            "new is better than old by more than 1 point, and better than the anchor",
        ),
        (
            "n - o > 0.02 and d < 0.1",
            "new is better than old by more than 2 points, and at most 10 % of predictions change",
        ),
        ("n > 0.8 or d < 0.1", "new is right on more than 80 % of examples, or at most 10 % of predictions change"),
        (
            "n > o and (n > a or d < 0.1)",
            "new is better than old, and either new is better than the anchor or at most 10 % of predictions change",
        ),
        (
            "n > o and n > a or d < 0.1",
            "both new is better than old and new is better than the anchor, or at most 10 % of predictions change",
        ),
    ],
)
def test_in_words__one_line(text: str, words: str) -> None:
    """Accuracies are told in per cent, differences in points, and a repeated subject once."""
    assert words == in_words(normalize(parse(text)))


def test_explain__proven_pass() -> None:
    """In fp-free a pass is proven, at the stated reliability; the tolerance is told for what it is."""
    story = explain("n - o > 0.02 +/- 0.01", "fp-free", 0.9999)

    asks, means, does_not = (" ".join(part) for part in (story.asks, story.passing_means, story.passing_does_not_mean))
    assert "whether new is better than old by more than 2 points" in asks
    assert "tolerance of `n - o > 0.02 +/- 0.01` is 1 point" in asks
    assert "`n - o` is 4 points or more" in asks
    assert "at least 99.99 %" in means
    assert "not one pass is wrong" in means
    assert "A fail does not mean the opposite" in does_not
    assert "population" in does_not


def test_explain__unproven_pass() -> None:
    """In fn-free a fail is what is proven, the plan aims below the threshold, and a pass may be ignorance."""
    story = explain("n - o > -0.01 +/- 0.01", "fn-free")

    assert "`n - o` is -3 points or less" in " ".join(story.asks)
    assert "not one fail is wrong" in " ".join(story.passing_means)
    assert "what the test set cannot decide passes too" in " ".join(story.passing_does_not_mean)
    assert "does not bound the sum of small losses" in " ".join(story.passing_does_not_mean)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("n > 0.8", "`n > 0.8` names no tolerance: the gate reports which one the test set reaches."),
        ("n > 0.99 +/- 0.02", "which `n` cannot reach"),
        ("n - a > 0", "The anchor is the model that was the baseline when the test set was registered."),
        ("n - 1.1 * o > 0.01 +/- 0.02", "o is the accuracy of the old model"),
        ("n - 1.1 * o > 0.01 +/- 0.02", "is 0.02: it does not move the threshold"),
        ("d < 0.1 +/- 0.02", "`d` is 6 % or less"),
    ],
)
def test_explain__asks(text: str, sentence: str) -> None:
    """What is asked is told for every kind of clause, missing and useless tolerances included."""
    assert sentence in " ".join(explain(text).asks)


def test_explain__ratchet_is_not_mentioned_where_the_anchor_bounds_it() -> None:
    """A non-inferiority clause against the anchor stops the ratchet, so the warning goes."""
    story = explain("n - o > -0.01 and n - a > -0.02")

    assert not any("sum of small losses" in sentence for sentence in story.passing_does_not_mean)


def test_explain__every_part_is_made_of_sentences() -> None:
    """Each part is a tuple of sentences, ready to be printed one by one."""
    story = explain("n - o > 0.02 +/- 0.01 and d < 0.1 or n > 0.9", "fp-free", 0.99)

    for part in (story.asks, story.passing_means, story.passing_does_not_mean):
        assert part
        assert all(sentence.endswith(".") for sentence in part)


@pytest.mark.parametrize(("mode", "reliability"), [("both", None), ("fp-free", 1.0), ("fp-free", 0.0)])
def test_explain__bad_arguments(mode: str, reliability: float | None) -> None:
    """A mode or a reliability outside its domain is refused."""
    with pytest.raises(DomainError):
        explain("n > 0.8", mode, reliability)


def test_explain__broken_condition() -> None:
    """A broken condition is taught, as everywhere."""
    with pytest.raises(ConditionError, match="does not compare"):
        explain("n = 0.8")
