"""Corrected labels are found, counted, and told from new ones."""

from __future__ import annotations

import numpy as np
import pytest

from proctor.errors import DataError
from proctor.predictions import Labels
from proctor.testset import LabelRegister, register_labels
from proctor.testset.hashing import row_hashes

SALT = bytes(range(32))
ROWS = row_hashes([[f"row {i}" for i in range(6)]], 6)


def labels(*values):
    known = np.array([value is not None for value in values])
    return Labels(np.array([0 if value is None else value for value in values]), None if known.all() else known)


@pytest.mark.parametrize(
    ("now", "changed", "added"),
    [
        ((1, 0, 1, 2, None, None), [], 0),
        ((1, 0, 1, 2, 5, None), [], 1),
        ((1, 0, 1, 2, 5, 0), [], 2),
        ((1, 0, 7, 2, None, None), [2], 0),
        ((2, 0, 7, 2, 3, None), [0, 2], 1),
        ((1, None, 1, 2, None, None), [1], 0),
    ],
)
def test_compare__changes(now, changed, added):
    """A changed or removed label is a change; a label given to an unlabeled example is not."""
    register = register_labels(ROWS, labels(1, 0, 1, 2, None, None), SALT)

    found = register.compare(ROWS, labels(*now))

    assert (changed, len(changed), added) == (found.changed.tolist(), found.n_changed, found.added)


def test_compare__registered_in_another_spelling():
    """Labels that an earlier version registered as it read them then are the same labels; corrected ones are not."""
    before, now = np.array(["TRUE", "FALSE"] * 3), np.array(["True", "False"] * 3)
    register = register_labels(ROWS, Labels(before), SALT)

    assert 0 == register.compare(ROWS, Labels(now, before=before)).n_changed
    corrected = before.copy()
    corrected[0] = "FALSE"
    found = register.compare(ROWS, Labels(np.char.capitalize(corrected), before=corrected))
    assert [0] == found.changed.tolist()


def test_compare__shuffled():
    """The order of the file plays no part, and rows are those of the present file."""
    register = register_labels(ROWS, labels(1, 0, 1, 2, None, None), SALT)
    order = np.array([5, 3, 1, 0, 2, 4])

    found = register.compare(ROWS[order], labels(None, 9, 0, 1, 1, None))

    assert ([1], 0) == (found.changed.tolist(), found.added)


@pytest.mark.parametrize(
    ("was", "now", "changed", "added"),
    [
        ((1, 2), (2, 1), 0, 0),
        ((1, 2), (2, 3), 1, 0),
        ((None, 2), (1, 2), 0, 1),
        ((None, 2), (2, 1), 0, 1),
        ((None, 2), (1, 3), 1, 1),
        ((1, 1), (2, 3), 2, 0),
    ],
)
def test_compare__repeated_rows(was, now, changed, added):
    """Of rows that are repeated, what counts is which labels they have together."""
    rows = row_hashes([["same", "same"]], 2)

    found = register_labels(rows, labels(*was), SALT).compare(rows, labels(*now))

    assert (changed, added) == (found.n_changed, found.added)


def test_compare__other_examples():
    """A register of other examples is refused."""
    with pytest.raises(DataError, match="other examples"):
        register_labels(ROWS[:5], labels(1, 0, 1, 2, 0), SALT).compare(ROWS[1:], labels(1, 0, 1, 2, 0))


def test_register__hides_labels():
    """Without the salt, nobody can tell which labels a tag belongs to; in text form there are none."""
    one, other = (register_labels(ROWS, labels(1, 0, 1, 2, 0, 0), bytes([i] * 32)) for i in (1, 2))

    tags = [{tag.tobytes() for tag in register.tags} for register in (one, other)]

    assert not tags[0] & tags[1]
    assert len(ROWS) == len(tags[0])
    assert "LabelRegister(6 examples)" == repr(one)


def test_to_bytes__round_trip():
    """The owner's record keeps the register whole."""
    register = register_labels(ROWS, labels(1, 0, 1, 2, None, None), SALT)

    back = LabelRegister.from_bytes(register.to_bytes())

    assert SALT == back.salt
    assert (register.keys.tobytes(), register.tags.tobytes()) == (back.keys.tobytes(), back.tags.tobytes())
    assert 1 == back.compare(ROWS, labels(1, 0, 1, 3, None, None)).n_changed


@pytest.mark.parametrize("data", [b"", b"rubbish", b"PK\x03\x04"])
def test_from_bytes__refused(data):
    """A damaged record is refused."""
    with pytest.raises(DataError, match="cannot be read"):
        LabelRegister.from_bytes(data)


def test_commit_labels__pins_and_hides():
    """The commitment changes with any label and with the salt, and not with the order of the file."""
    given = labels(1, 0, 1, 2, 0, 0)
    order = np.array([5, 3, 1, 0, 2, 4])

    commitment = register_labels(ROWS, given, SALT).commitment

    assert commitment == register_labels(ROWS[order], Labels(given.values[order]), SALT).commitment
    assert commitment != register_labels(ROWS, labels(1, 0, 1, 2, 0, 1), SALT).commitment
    assert commitment != register_labels(ROWS, labels(1, 0, 1, 2, 0, None), SALT).commitment
    assert commitment != register_labels(ROWS, given, SALT[::-1]).commitment


def test_commit_labels__widths_do_not_matter():
    """The same label in a narrower type is the same label; 1 and "1" are two."""
    wide, narrow = Labels(np.arange(6, dtype=np.int64)), Labels(np.arange(6, dtype=np.int8))
    text = Labels(np.arange(6).astype(str))

    assert register_labels(ROWS, wide, SALT).commitment == register_labels(ROWS, narrow, SALT).commitment
    assert register_labels(ROWS, wide, SALT).commitment != register_labels(ROWS, text, SALT).commitment


def test_commit_labels__needs_a_salt():
    """A commitment without a salt could be guessed, so there is none."""
    with pytest.raises(DataError, match="16 random bytes"):
        register_labels(ROWS, labels(1, 0, 1, 2, 0, 0), b"")
