"""Counting: codes of examples, what an engine counts of them, and which labels are needed at all."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.conditions import Difference, Linear, Proportion, Variable
from proctor.counting.coding import coded, counted, joint_counts, marginal, recoded
from proctor.counting.events import JOINT, Differ, Right
from proctor.counting.panel import Panel, disagreements
from proctor.errors import DataError
from proctor.methods import method_of
from proctor.predictions import Labels
from proctor.sample import Sample

N, O, A, D = Variable  # noqa: E741 # the language's own letters
PAIRS = list(itertools.permutations((N, O, A), 2))
QUANTITIES = [
    Proportion(N),
    Proportion(D),
    Difference(N, O),
    Difference(N, A),
    Difference(O, A),
    Linear(n=1, o=-1.1),
    Linear(n=2, o=-1, a=-1),
    Linear(n=2, o=-1, d=-1),
]


@st.composite
def panels(draw):
    n = draw(st.integers(1, 30))
    classes = st.lists(st.integers(0, 2), min_size=n, max_size=n).map(np.array)
    return Panel(draw(classes), draw(classes), draw(classes)), Labels(draw(classes))


def hide(labels, known):
    return Labels(np.where(known, labels.values, -1), known)


def statistic(quantity, panel, labels):
    return method_of(quantity).statistic(Sample(panel, labels, np.arange(len(panel))))


def slow_counts(panel, labels):
    """The same figures, one example at a time."""
    models = {N: panel.candidate, O: panel.baseline, A: panel.anchor}
    rights = {name: [p == y for p, y in zip(values, labels.values, strict=True)] for name, values in models.items()}
    wins = {(p, m): sum(x and not y for x, y in zip(rights[p], rights[m], strict=True)) for p, m in PAIRS}
    return {name: sum(right) for name, right in rights.items()}, wins


@given(panels())
@settings(max_examples=60)
def test_statistic__by_hand(case):
    """Counts are those found one example at a time."""
    panel, labels = case
    right, wins = slow_counts(panel, labels)

    assert right == {name: statistic(Proportion(name), panel, labels) for name in (N, O, A)}
    assert {p: (wins[p], wins[p[::-1]]) for p in PAIRS} == {p: statistic(Difference(*p), panel, labels) for p in PAIRS}
    differ = int(np.sum(panel.candidate != panel.baseline))
    assert differ == statistic(Proportion(D), panel, labels) == disagreements(panel)


@given(panels(), st.sampled_from(PAIRS))
@settings(max_examples=60)
def test_statistic__labels_on_disagreements_suffice(case, pair):
    """Wins and losses from labels on disagreements alone equal those from all labels (theory.md §3.2)."""
    panel, labels = case
    needed = method_of(Difference(*pair)).needs_label(panel)

    np.testing.assert_array_equal(panel.of(pair[0]) != panel.of(pair[1]), needed)
    for quantity in (Difference(*pair), Proportion(D)):
        assert statistic(quantity, panel, labels) == statistic(quantity, panel, hide(labels, needed))


@pytest.mark.parametrize("quantity", QUANTITIES, ids=str)
@given(panels())
@settings(max_examples=25)
def test_needs_label__exactly_where_the_label_matters(quantity, case):
    """A label is needed exactly where some two labels would give two values, and the others change nothing."""
    panel, labels = case
    expression = Linear(*quantity.weights)
    by_label = [statistic(expression, panel, Labels(np.full(len(panel), label))) for label in range(4)]
    matters = np.ptp(np.array(by_label), axis=0) > 1e-12

    needed = method_of(quantity).needs_label(panel)

    np.testing.assert_array_equal(matters, needed)
    for each in (quantity, expression):
        np.testing.assert_array_equal(statistic(each, panel, labels), statistic(each, panel, hide(labels, needed)))


def test_statistic__of_a_linear_expression():
    """A value is the weighted sum of who is right and of whether candidate and baseline differ, in the fixed order."""
    panel = Panel(np.array([1, 1, 0]), np.array([1, 0, 0]), np.array([0, 1, 0]))
    sample = Sample(panel, Labels(np.array([1, 1, 1])), np.array([2, 0, 1]))

    assert [0.0, 1.0, 12.5] == method_of(Linear(2, -1, 10, 0.5)).statistic(sample).tolist()


@pytest.mark.parametrize("n", [1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 200_000])
def test_joint_counts__pieces(n):
    """The size of the pieces does not show, under a mask neither."""
    rng = np.random.default_rng(n)
    panel = Panel(*(rng.integers(0, 3, n, dtype=np.int8) for _ in range(3)))
    labels = hide(Labels(rng.integers(0, 3, n)), rng.random(n) < 0.5)

    for mask in (None, rng.random(n) < 0.3):
        chosen = np.ones(n, bool) if mask is None else mask
        counts = joint_counts(panel, labels, mask)

        assert int(chosen.sum()) == sum(counts)
        both = chosen & labels.known & (panel.candidate == labels.values) & (panel.anchor != labels.values)
        assert int(both.sum()) == sum(c for code, c in enumerate(counts) if code & 5 == 1)
        assert int(np.sum(chosen & (panel.candidate != panel.baseline))) == sum(counts[8:])


@given(panels(), st.permutations(JOINT), st.integers(0, len(JOINT)))
@settings(max_examples=60)
def test_marginal__is_what_counting_gives(case, order, n_events):
    """Counts of few events, in any order, follow from the joint counts."""
    panel, labels = case
    events = tuple(order[:n_events])

    found = counted(coded(panel, labels, events), 1 << n_events)

    assert found == marginal(joint_counts(panel, labels), events)
    whole = np.concatenate([*coded(panel, labels, JOINT)])
    np.testing.assert_array_equal(recoded(events)[whole], np.concatenate([*coded(panel, labels, events)]))


@given(panels(), st.floats(0, 1))
@settings(max_examples=60)
def test_sample__counts_events_that_are_not_joint(case, share):
    """Events beside the joint ones are counted by the engine, of the examples under the mask."""
    panel, labels = case
    mask = np.random.default_rng(len(panel)).random(len(panel)) < share
    coding = SimpleNamespace(events=(Differ(N, A), Right(O)), needs_label=lambda panel: np.ones(len(panel), bool))

    found = Sample(panel, labels, np.arange(len(panel)), mask=mask).counts(coding)

    differ, right = panel.candidate != panel.anchor, panel.baseline == labels.values
    assert [int((mask & (differ == (code & 1)) & (right == (code >> 1))).sum()) for code in range(4)] == found


def test_statistic__without_baseline():
    """A first candidate has accuracy, and differs from nothing."""
    panel, labels = Panel(np.array([1, 0, 1])), Labels(np.array([1, 1, 1]))

    assert (2, 0) == (statistic(Proportion(N), panel, labels), statistic(Proportion(D), panel, labels))
    assert 0 == disagreements(panel)
    assert [1, 2] == [count for count in joint_counts(panel, labels) if count]


def test_statistic__text():
    """Classes may be text of any width."""
    panel, labels = Panel(np.array(["a", "bb"]), np.array(["a", "ccc"])), Labels(np.array(["a", "bb"]))

    assert (2, 1) == (statistic(Proportion(N), panel, labels), statistic(Proportion(O), panel, labels))
    assert (1, 0) == statistic(Difference(N, O), panel, labels)


@pytest.mark.parametrize("quantity", [Proportion(N), Difference(N, O), Linear(n=1, o=-1.1)], ids=str)
def test_statistic__missing_labels_are_never_guessed(quantity):
    """Without the labels it needs, a figure is refused."""
    panel = Panel(np.array([1, 1]), np.array([1, 0]))

    with pytest.raises(DataError, match="1 examples that are needed have no label"):
        statistic(quantity, panel, Labels(np.array([1, -1]), np.array([True, False])))


def test_coded__an_unknown_label_is_never_right():
    """The filler of a missing label equals no prediction, even where a model predicts the filler."""
    panel, labels = Panel(np.array([-1]), np.array([-1])), Labels(np.array([-1]), np.array([False]))

    assert [0] == np.concatenate([*coded(panel, labels, (Right(N), Right(O), Differ()))]).tolist()


def test_coded__lengths():
    """Columns of different lengths are never compared."""
    with pytest.raises(DataError, match="cannot be compared"):
        Panel(np.array([1]), np.array([1, 2]))
    with pytest.raises(DataError, match="do not go with"):
        joint_counts(Panel(np.array([1])), Labels(np.array([1, 2])))


def test_labels__say_nothing_of_themselves():
    """The text form of labels, as in a traceback, holds no label."""
    assert "Labels(2 of integers)" == repr(Labels(np.array([4711, 4712])))
