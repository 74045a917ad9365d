"""Recognizing a changed or extended test set."""

from __future__ import annotations

import json

import numpy as np
import pytest

from proctor.errors import DataError
from proctor.testset import Sketch, overlap, sketch
from proctor.testset.hashing import row_hashes


def sketch_of(rows, **options):
    return sketch(row_hashes([list(rows)], len(rows)), **options)


def numbers(*ranges):
    return [str(i) for start, stop in ranges for i in range(start, stop)]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (numbers((0, 500)), 500),
        (numbers((0, 500), (900, 950)), 500),
        (numbers((250, 750)), 250),
        (numbers((499, 5000)), 1),
        (numbers((500, 1000)), 0),
        ([], 0),
    ],
    ids=["itself", "extended", "half", "one row", "fresh", "empty"],
)
def test_overlap__small_sets_exactly(other, expected):
    """Small sets are compared exactly, in either order."""
    found = overlap(sketch_of(numbers((0, 500))), sketch_of(other))

    assert (expected, True) == (found.number, found.is_exact)
    assert found == overlap(sketch_of(other), sketch_of(numbers((0, 500))))
    assert (expected == 0) == found.is_fresh


def test_overlap__commonplace_rows_do_not_count():
    """Rows repeated within both sets do not count; a row repeated in one of them does."""
    one = sketch_of(["", "", "ok", "ok", "yes", "a"])

    assert 0 == overlap(one, sketch_of(["", "", "", "b"])).number
    assert 1 == overlap(one, sketch_of(["ok", "b"])).number
    assert 1 == overlap(one, sketch_of(["yes", "yes", "b"])).number


def test_sketch__counts_rows():
    """A sketch knows how many rows there were, how many different ones, and which were repeated."""
    found = sketch_of(["a", "b", "a", "c", "c"])
    short = row_hashes([["a", "b", "c"]], 3).view("<u8").reshape(-1, 2)[:, 0].tolist()
    is_repeated = {int(mark) >> 1: int(mark) & 1 for mark in found.marks}

    assert (5, 3, True) == (found.n_rows, found.n_distinct, found.is_whole)
    assert [1, 0, 1] == [is_repeated[each >> 1] for each in short]


@pytest.mark.parametrize(("shared", "total"), [(0, 30_000), (3_000, 30_000), (30_000, 30_000)])
def test_overlap__large_sets_by_estimate(shared, total):
    """
    The overlap of large sets is estimated, and none is invented.

    Within five standard errors: false-alarm probability below 1e-6 if the hashes were fresh, and they are fixed.
    """
    one = sketch_of(numbers((0, total)), size=2048)
    other = sketch_of(numbers((total - shared, 2 * total - shared)), size=2048)

    found = overlap(one, other)

    assert not found.is_exact
    assert (shared == 0) == found.is_fresh
    assert abs(found.number - shared) <= 5 * np.sqrt(max(shared, 1) * total / 2048)
    assert str(found).startswith("about ")


def test_overlap__a_small_piece_of_a_large_set():
    """A set much smaller than the registered one is compared below the registered one's limit."""
    registered = sketch_of(numbers((0, 50_000)), size=4096)

    assert overlap(registered, sketch_of(numbers((1000, 3000)))).number > 1000
    assert overlap(registered, sketch_of(numbers((60_000, 62_000)))).is_fresh


def test_to_json__round_trip():
    """The note for the ledger stays below 180 kB and says all that the sketch says."""
    one = sketch_of(numbers((0, 20_000)))
    text = json.dumps(one.to_json())

    back = Sketch.from_json(json.loads(text))

    assert len(text) <= 180_000
    assert not one.is_whole
    assert (one.n_rows, one.n_distinct) == (back.n_rows, back.n_distinct)
    np.testing.assert_array_equal(one.marks, back.marks)
    assert overlap(one, one) == overlap(one, back)


@pytest.mark.parametrize("form", [None, {}, {"form": "bottom-k 9"}, {"form": "bottom-k 1", "marks": "%"}, "x"])
def test_from_json__refused(form):
    """What is no sketch is refused."""
    with pytest.raises(DataError, match="sketch"):
        Sketch.from_json(form)
