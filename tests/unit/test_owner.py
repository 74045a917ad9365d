"""The owner's record: commitments that say nothing, files that are whole and closed to others."""

from __future__ import annotations

import json
import stat

import pytest

from proctor import owner
from proctor.errors import LedgerUnwritable

FIGURES = {"outcome": "pass", "figures": {"counts": {"wins": 160, "losses": 0}}}
SALT = bytes(range(32))


def test_commitment__binds_the_figures_whatever_their_order():
    """The same figures and salt give the same text; another figure or salt another."""
    turned = dict(reversed(FIGURES.items()))
    other = {**FIGURES, "outcome": "fail"}

    assert owner.commitment(FIGURES, SALT) == owner.commitment(turned, SALT)
    assert owner.commitment(FIGURES, SALT) != owner.commitment(other, SALT)
    assert owner.commitment(FIGURES, SALT) != owner.commitment(FIGURES, SALT[::-1])


def test_commitment__cannot_be_enumerated_without_the_salt():
    """Design.md, rule 3: trying every count of a small exam under guessed salts does not find the one committed to."""
    known = owner.commitment({"wins": 7, "losses": 3}, SALT)
    guesses = {
        owner.commitment({"wins": wins, "losses": losses}, guess)
        for wins in range(20)
        for losses in range(20)
        for guess in (b"", bytes(32))
    }

    assert known not in guesses


def test_append__one_line_each_closed_to_others(tmp_path):
    """Records follow each other, one line each, readable by the owner of the file alone."""
    path = tmp_path / "deep/private.jsonl"

    owner.append(path, FIGURES)
    owner.append(path, {"text": "ä\n"})

    assert [FIGURES, {"text": "ä\n"}] == [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_write__whole_or_not_at_all(tmp_path):
    """A file is replaced as a whole, and no draft is left beside it."""
    path = tmp_path / "own/labels.npz"
    owner.write(path, b"first")

    owner.write(path, b"second")

    assert b"second" == path.read_bytes()
    assert [path] == list(path.parent.iterdir())
    assert (0o600, 0o700) == (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode))


@pytest.mark.parametrize("put", [lambda path: owner.append(path, FIGURES), lambda path: owner.write(path, b"x")])
def test_write__place_that_cannot_be_written(tmp_path, put):
    """A file where a folder is needed is named, and that nothing was spent."""
    (tmp_path / "file").write_text("")

    with pytest.raises(LedgerUnwritable, match="cannot be written") as error:
        put(tmp_path / "file/private.jsonl")

    assert "Nothing was spent" in error.value.hint
