"""Bringing predictions into the order of the test set, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from proctor.errors import DataError
from proctor.predictions import Kind, PredictionSet, Sheet, align, prediction_digest


def predictions(values, ids=None):
    return PredictionSet(np.array(values), None if ids is None else tuple(ids), "d1", "new.csv")


def test_align__by_id():
    """Predictions come into the order of the test set, silently."""
    found = align(Sheet(3, ("a", "b", "c"), Kind.INTEGERS), predictions([30, 10, 20], "cab"))

    assert [10, 20, 30] == found.values.tolist()
    assert () == found.notes
    assert ("d1", "new.csv") == (found.digest, found.source)


@pytest.mark.parametrize(("sheet_ids", "ids"), [(None, "abc"), ("abc", None), (None, None)])
def test_align__by_order(sheet_ids, ids):
    """Where one side has no ids, the order counts, and that is remarked upon."""
    found = align(Sheet(3, sheet_ids, Kind.INTEGERS), predictions([3, 1, 2], ids))

    assert [3, 1, 2] == found.values.tolist()
    assert 1 == len(found.notes)
    assert "matched by their order" in found.notes[0]


def test_align__same_order_is_not_copied():
    """Predictions that are in order already are taken as they are, so that mapped files stay mapped."""
    given = predictions([1, 2], "ab")

    assert align(Sheet(2, ("a", "b")), given).values is given.values


@pytest.mark.parametrize(
    ("values", "ids", "message"),
    [
        ([1, 2], None, "2 predictions, but the test set has 3 examples"),
        ([1, 2, 3, 4], None, "4 predictions, but the test set has 3 examples"),
        ([1, 2], "ab", "no prediction for 1 id (c) of the test set"),
        ([1, 2, 3], "abd", "no prediction for 1 id (c)"),
        ([1], "x", "is about other examples: 1 id (x), and none of the 3 ids (a, b, c) of the test set"),
        ([1, 2, 3, 4], "abcd", "has 1 id (d) that the test set does not have"),
        ([1, 2, 3, 3], "abcc", "1 id (c) more than once"),
        ([1, 2, 3, 4], "aabc", "1 id (a) more than once"),
        ([1, 2, 3], "aab", "1 id (a) more than once"),
        (["1", "2", "3"], "abc", "the predictions of 'new.csv' are text, but the labels are integers"),
    ],
)
def test_align__refused(values, ids, message):
    """Whatever is missing, unknown, given twice or of another type is refused; nothing is dropped."""
    with pytest.raises(DataError, match=re.escape(message)):
        align(Sheet(3, ("a", "b", "c"), Kind.INTEGERS), predictions(values, ids))


def test_align__duplicates_in_the_right_number():
    """An id given twice with different predictions is refused even where the order looks right."""
    with pytest.raises(DataError, match="more than once"):
        align(Sheet(2, ("a", "a")), predictions([1, 2], "aa"))


def test_align__many_ids_are_not_listed():
    """A message stays short, however much is missing."""
    with pytest.raises(DataError) as caught:
        align(Sheet(10_000, tuple(map(str, range(10_000)))), predictions([1], "x"))

    assert len(str(caught.value)) < 250
    assert "10,000 ids (0, 1, 2, …)" in str(caught.value)


def test_align__integers_for_text():
    """Numbers are no class names."""
    with pytest.raises(DataError, match="are integers, but the labels are text"):
        align(Sheet(1, None, Kind.TEXT), predictions([1]))


def test_align__labels_of_unknown_type():
    """As long as no label is known, every type is taken."""
    assert ["x"] == align(Sheet(1), predictions(["x"])).values.tolist()


def test_align__declared_classes():
    """A class that is not declared is refused; if none is declared, any is taken and is merely wrong."""
    classes = frozenset({"0", "1"})

    assert [0, 1] == align(Sheet(2, None, Kind.INTEGERS, classes), predictions([0, 1])).values.tolist()
    assert [0, 7] == align(Sheet(2, None, Kind.INTEGERS), predictions([0, 7])).values.tolist()
    with pytest.raises(DataError, match=r"predicts 1 class that is not declared: '7'"):
        align(Sheet(2, None, Kind.INTEGERS, classes), predictions([0, 7]))
    with pytest.raises(DataError, match=r"predicts 2 classes that are not declared: '7', '8'"):
        align(Sheet(2, None, Kind.INTEGERS, classes), predictions([8, 7]))


def test_prediction_digest__is_of_pairs():
    """With ids the order of the rows says nothing, without them it does; ids are part of what is digested."""
    pairs = prediction_digest(np.array([1, 2, 3]), ("a", "b", "c"))

    assert pairs == prediction_digest(np.array([3, 1, 2], np.int8), ("c", "a", "b"))
    others = [
        prediction_digest(np.array([1, 3, 2]), ("a", "b", "c")),
        prediction_digest(np.array([1, 2, 3]), ("a", "b", "d")),
        prediction_digest(np.array([1, 2, 3])),
        prediction_digest(np.array([1, 3, 2])),
        prediction_digest(np.array(["1", "2", "3"]), ("a", "b", "c")),
        prediction_digest(np.array([], int)),
    ]
    assert len({pairs, *others}) == 1 + len(others)


def test_prediction_digest__is_of_what_is_predicted():
    """True and false are the numbers that they are judged as; words do not run into each other."""
    assert prediction_digest(np.array([True, False])) == prediction_digest(np.array([1, 0]))
    assert prediction_digest(np.array(["ab", "c"])) != prediction_digest(np.array(["a", "bc"]))
