"""Counting: joint counts, scores, and which labels are needed at all."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.errors import DataError
from proctor.predictions import Labels, Panel, Weights, count, disagreements, needed_rows, scores

PAIRS = list(itertools.permutations("noa", 2))
WEIGHTS = [
    Weights(candidate=1),
    Weights(candidate=1, baseline=-1),
    Weights(candidate=1, anchor=-1),
    Weights(baseline=1, anchor=-1),
    Weights(candidate=1, baseline=-1.1),
    Weights(candidate=2, baseline=-1, anchor=-1),
    Weights(candidate=2, baseline=-1, differ=-1),
    Weights(differ=1),
]


@st.composite
def panels(draw):
    n = draw(st.integers(1, 30))
    classes = st.lists(st.integers(0, 2), min_size=n, max_size=n).map(np.array)
    return Panel(draw(classes), draw(classes), draw(classes)), Labels(draw(classes))


def hide(labels, known):
    return Labels(np.where(known, labels.values, -1), known)


def slow_counts(panel, labels):
    """The same figures, one example at a time."""
    models = {"n": panel.candidate, "o": panel.baseline, "a": panel.anchor}
    rights = {name: [p == y for p, y in zip(values, labels.values, strict=True)] for name, values in models.items()}
    wins = {(p, m): sum(x and not y for x, y in zip(rights[p], rights[m], strict=True)) for p, m in PAIRS}
    return {name: sum(right) for name, right in rights.items()}, wins


@given(panels())
@settings(max_examples=60)
def test_count__by_hand(case):
    """Counts are those found one example at a time."""
    panel, labels = case
    right, wins = slow_counts(panel, labels)

    counts = count(panel, labels)

    assert right == {name: counts.right(name) for name in "noa"}
    assert wins == {pair: counts.wins(*pair) for pair in PAIRS}
    assert wins == {(plus, minus): counts.losses(minus, plus) for plus, minus in PAIRS}
    assert int(np.sum(panel.candidate != panel.baseline)) == counts.differ == disagreements(panel)
    assert len(panel) == counts.n_examples


@given(panels(), st.integers(0, 2))
@settings(max_examples=60)
def test_count__labels_on_disagreements_suffice(case, which):
    """Wins and losses from labels on disagreements alone equal those from all labels (theory.md §3.2)."""
    panel, labels = case
    plus, minus = PAIRS[which]
    weights = Weights(**{{"n": "candidate", "o": "baseline", "a": "anchor"}[v]: s for v, s in ((plus, 1), (minus, -1))})
    needed = needed_rows(panel, weights)
    partial = hide(labels, needed)

    assert count(panel, labels).wins(plus, minus) == count(panel, partial).wins(plus, minus)
    assert count(panel, labels).losses(plus, minus) == count(panel, partial).losses(plus, minus)
    assert count(panel, labels).differ == count(panel, partial).differ
    models = {"n": panel.candidate, "o": panel.baseline, "a": panel.anchor}
    np.testing.assert_array_equal(models[plus] != models[minus], needed)


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
@given(panels())
@settings(max_examples=25)
def test_needed_rows__exactly_where_the_label_matters(weights, case):
    """A label is needed exactly where some two labels would give two scores, and the others change no score."""
    panel, labels = case
    by_label = [scores(panel, Labels(np.full(len(panel), label)), weights) for label in range(4)]
    matters = np.ptp(np.array(by_label), axis=0) > 1e-12

    needed = needed_rows(panel, weights)

    np.testing.assert_array_equal(matters, needed)
    np.testing.assert_array_equal(scores(panel, labels, weights), scores(panel, hide(labels, needed), weights))


def test_scores__by_hand():
    """A score is the weighted sum of who is right and of whether candidate and baseline differ."""
    panel = Panel(np.array([1, 1, 0]), np.array([1, 0, 0]), np.array([0, 1, 0]))

    found = scores(panel, Labels(np.array([1, 1, 1])), Weights(2, -1, 10, 0.5))

    assert [1.0, 12.5, 0.0] == found.tolist()


@pytest.mark.parametrize("n", [1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 200_000])
def test_count__pieces(n):
    """The size of the pieces does not show."""
    rng = np.random.default_rng(n)
    panel = Panel(*(rng.integers(0, 3, n, dtype=np.int8) for _ in range(3)))
    labels = hide(Labels(rng.integers(0, 3, n)), rng.random(n) < 0.5)
    known = labels.known

    counts = count(panel, labels)

    assert n == sum(counts.labeled) + sum(counts.unlabeled)
    assert int(np.sum(known)) == sum(counts.labeled)
    both = known & (panel.candidate == labels.values) & (panel.anchor != labels.values)
    assert int(np.sum(both)) == sum(c for code, c in enumerate(counts.labeled) if code & 5 == 1)
    assert int(np.sum(panel.candidate != panel.baseline)) == counts.differ


def test_count__without_baseline():
    """A first candidate has accuracy, and differs from nothing."""
    counts = count(Panel(np.array([1, 0, 1])), Labels(np.array([1, 1, 1])))

    assert (2, 0) == (counts.right("n"), counts.differ)
    assert 0 == disagreements(Panel(np.array([1])))


def test_count__text():
    """Classes may be text of any width."""
    counts = count(Panel(np.array(["a", "bb"]), np.array(["a", "ccc"])), Labels(np.array(["a", "bb"])))

    assert (2, 1, 1) == (counts.right("n"), counts.right("o"), counts.wins("n", "o"))


def test_count__missing_labels_are_never_guessed():
    """Without the labels it needs, a figure is refused."""
    panel = Panel(np.array([1, 1]), np.array([1, 0]))
    counts = count(panel, Labels(np.array([1, -1]), np.array([True, False])))

    with pytest.raises(DataError, match="1 examples have no label"):
        counts.right("n")
    with pytest.raises(DataError, match="1 examples on which 'n' and 'o' differ have no label"):
        counts.wins("n", "o")
    with pytest.raises(DataError, match="1 examples that are needed"):
        scores(panel, Labels(np.array([1, -1]), np.array([True, False])), Weights(1, -1))


def test_count__an_unknown_label_is_never_right():
    """The filler of a missing label equals no prediction, even where a model predicts the filler."""
    counts = count(Panel(np.array([-1]), np.array([-1])), Labels(np.array([-1]), np.array([False])))

    assert (0, 0) == (counts.wins("n", "o"), sum(counts.labeled))


def test_count__lengths():
    """Columns of different lengths are never compared."""
    with pytest.raises(DataError, match="cannot be compared"):
        Panel(np.array([1]), np.array([1, 2]))
    with pytest.raises(DataError, match="do not go with"):
        count(Panel(np.array([1])), Labels(np.array([1, 2])))


def test_labels__say_nothing_of_themselves():
    """The text form of labels, as in a traceback, holds no label."""
    assert "Labels(2 of integers)" == repr(Labels(np.array([4711, 4712])))
