"""Canonical content: which cells are one cell."""

from __future__ import annotations

import numpy as np
import pytest

from proctor.testset.hashing import fingerprint, fixed_order, natural_order, row_hashes


def hashes_of(*cells):
    return [each.tobytes() for each in row_hashes([list(cells)], len(cells))]


ONE = [1, 1.0, "1", "1.0", " 1 ", "+1", "1e0", True, "True", "true", np.float32(1), np.int8(1)]
NOTHING = [None, "", "  ", "nan", "NaN", float("nan")]
LARGE = [2**60 + 1, str(2**60 + 1), f"+{2**60 + 1}"]


@pytest.mark.parametrize(
    "group", [ONE, NOTHING, LARGE, [0, -0.0, "-0.0", False, "FALSE"], [0.1, "0.1", np.float32(0.1)]]
)
def test_row_hashes__one_cell(group):
    """Each of these is the same cell, alone in a column of its kind or among text."""
    alone = {digest for cell in group for digest in hashes_of(cell)}
    among_text = {hashes_of(cell, "word")[0] for cell in group}

    assert 1 == len(alone | among_text)


def test_row_hashes__other_cells():
    """Each of these is a cell of its own."""
    cells = [0, 1, -1, 2**53, 2**60, 2**60 + 1, 0.1, 0.1001, 1e300, 1e301, None, "a", "A", "a b", "1a", "inf", "-inf"]

    assert len(cells) == len(set(hashes_of(*cells)))


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32, np.float64, np.uint16, "U5"])
def test_row_hashes__arrays(dtype):
    """An array is the list of its cells, in every type that holds them."""
    cells = [0, 1, 77, 100]
    array = np.array(cells).astype(dtype)

    assert hashes_of(*cells) == [each.tobytes() for each in row_hashes([array], 4)]


def test_row_hashes__large_integers_of_an_array():
    """Integers beyond the reach of floats stay exact, the lowest included."""
    cells = [2**60, 2**60 + 1, -(2**63), 5]

    assert hashes_of(*cells) == [each.tobytes() for each in row_hashes([np.array(cells)], 4)]


def test_row_hashes__a_row_is_one_whole():
    """Cells do not run into each other, and the number of columns counts."""
    rows = row_hashes([["ab", "a", ""], ["c", "bc", "abc"]], 3)

    assert 3 == len({each.tobytes() for each in rows})
    assert row_hashes([["a"]], 1).tobytes() != row_hashes([["a"], [""]], 1).tobytes()


def test_row_hashes__pieces():
    """Rows are hashed one by one: what they are does not depend on what is around them."""
    matrix = np.random.default_rng(5).normal(size=(70_000, 40))

    whole = row_hashes([matrix], len(matrix))

    assert whole[-3:].tobytes() == row_hashes([matrix[-3:]], 3).tobytes()


def test_fingerprint__counts_repeats():
    """A set with a row twice is another set."""
    one = row_hashes([["a", "b"]], 2)

    assert fingerprint(one) != fingerprint(np.concatenate([one, one]))
    assert fingerprint(one) == fingerprint(one[::-1].copy())
    assert 32 == len(fingerprint(one))


def test_fixed_order__repeats_stay_in_order():
    """Equal rows keep the order of the file."""
    order = fixed_order(row_hashes([["a", "b", "a", "b", "a"]], 5)).tolist()

    assert [0, 2, 4] == [i for i in order if i % 2 == 0]


def test_natural_order():
    """Columns are ordered as a person counts."""
    assert ["a", "x1", "X2", "x10", "x10b"] == natural_order(["x10b", "x10", "X2", "a", "x1"])
