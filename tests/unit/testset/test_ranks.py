"""Labels recognized row by row, where nothing else tells."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from proctor.predictions.labels import Labels
from proctor.testset import Agreement, agreement, tags_of
from proctor.testset.ranks import ranks_of

SALT = b"s" * 32


def labels(seed, n=500, classes=3):
    return Labels(np.random.default_rng(seed).integers(0, classes, n))


def judged(then, now):
    tags = tags_of(then, ranks_of(None, len(then), is_numbered=True), SALT)
    return agreement(tags, now, ranks_of(None, len(now), is_numbered=True), SALT)


def test_agreement__the_same_labels():
    """Also if rows were added at the end."""
    then = labels(1)

    assert Agreement.SAME == judged(then, then)
    assert Agreement.SAME == judged(then, Labels(np.concatenate([then.values, labels(3).values])))
    assert Agreement.SAME == judged(Labels(then.values.astype(str)), then)


@pytest.mark.parametrize("n_wrong", [1, 2, 100, 250])
def test_agreement__a_guess_is_never_told_how_good_it_is(n_wrong):
    """All labels but one, or half of them: the answer is the same, so that no guess reads a label off it."""
    then = labels(1)
    guess = then.values.copy()
    guess[:n_wrong] = (guess[:n_wrong] + 1) % 3

    assert Agreement.OTHER == judged(then, Labels(guess))
    assert Agreement.OTHER == judged(then, Labels(then.values[:-1]))


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_agreement__other_labels(classes):
    """50 fresh sets, none taken for the registered one."""
    then = labels(1, classes=classes)

    assert {Agreement.OTHER} == {judged(then, labels(seed, classes=classes)) for seed in range(2, 52)}


def in_turns(n):
    return Labels(np.arange(n) % 5)


def of_one_class(n):
    return Labels(np.zeros(n, int))


def by_class(n):
    return Labels(np.sort(labels(n, n).values))


@pytest.mark.parametrize("make", [in_turns, of_one_class, by_class])
def test_agreement__labels_in_an_order_of_their_own_are_silent(make):
    """Every set that is sorted like this agrees with every other."""
    assert Agreement.SILENT == judged(make(500), make(480))


def test_agreement__few_labels_are_silent():
    assert Agreement.SILENT == judged(labels(1, 15), labels(1, 15))


def test_ranks__numbers_put_a_shuffled_file_in_order():
    assert [1, 2, 0] == ranks_of(["3", "1", "2"], 3, is_numbered=True).tolist()


def test_tags__differ_from_row_to_row():
    """Whoever lacks the salt does not see which labels are equal."""
    tags = base64.b64decode(tags_of(of_one_class(100), np.arange(100), SALT))

    assert 100 == len({tags[start : start + 8] for start in range(0, 800, 8)})
