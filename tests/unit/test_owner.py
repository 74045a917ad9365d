"""The owner's record: commitments that say nothing, files that are whole and closed to others."""

from __future__ import annotations

import json
import os
import stat

import pytest

from proctor import owner
from proctor.errors import LedgerMoved, LedgerUnwritable

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


def drafts(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".draft"))


def test_settling__makes_the_draft_a_line_once_the_ledger_has_the_entry(tmp_path):
    """A draft is a closed file in which nothing can be read; afterwards it is a line, and the draft is gone."""
    path, private = tmp_path / "private.jsonl", owner.commitment(FIGURES, SALT)
    owner.draft(path, private, FIGURES)
    (name,) = drafts(tmp_path)
    content = (tmp_path / name).read_bytes()

    assert b"" == path.read_bytes()
    assert not any(word in content for word in (b"wins", b"160", private.encode()))
    assert 0o600 == stat.S_IMODE((tmp_path / name).stat().st_mode)
    with owner.settling(path, private):
        pass
    assert (FIGURES, []) == (json.loads(path.read_text()), drafts(tmp_path))


def test_settling__discards_the_draft_of_an_entry_that_the_ledger_did_not_take(tmp_path):
    """An attempt that came too late leaves nothing in the owner's record, and nothing beside it."""
    path = tmp_path / "private.jsonl"
    owner.draft(path, "commitment:1", FIGURES)

    with pytest.raises(LedgerMoved), owner.settling(path, "commitment:1"):
        raise LedgerMoved("somebody else was first")

    assert (b"", []) == (path.read_bytes(), drafts(tmp_path))


def test_settle__finishes_what_a_dead_machine_began(tmp_path):
    """A draft waits for whoever finds its entry in the ledger, and only for that entry."""
    path = tmp_path / "private.jsonl"
    owner.draft(path, "commitment:1", FIGURES)

    owner.settle(path, "commitment:2")
    assert b"" == path.read_bytes()
    owner.settle(path, "commitment:1")
    owner.settle(path, "commitment:1")
    assert FIGURES == json.loads(path.read_text())


def test_settle__hides_no_entry_behind_a_fault(tmp_path):
    """If the line cannot be written after the entry was made, nothing is raised and the draft is kept."""
    path = tmp_path / "private.jsonl"
    owner.draft(path, "commitment:1", FIGURES)
    path.unlink()
    path.mkdir()

    owner.settle(path, "commitment:1")

    assert 1 == len(drafts(tmp_path))


@pytest.mark.parametrize("content", ["condition: n > 0.5\n", "id,label\n", "SQLite format 3"])
def test_draft__never_into_another_file(tmp_path, content):
    """A gate file, labels or a ledger, named by mistake, are left alone; so is a pipe, which somebody may read."""
    path, pipe = tmp_path / "other", tmp_path / "pipe"
    path.write_text(content)
    os.mkfifo(pipe)

    for other in (path, pipe):
        with pytest.raises(LedgerUnwritable, match="is not an owner's record"):
            owner.draft(other, "commitment:1", FIGURES)
    assert content == path.read_text()


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


@pytest.mark.parametrize("form", [owner.Commitment, owner.SealedRecord])
def test_private__is_one_of_two_forms(form):
    """What enters the ledger begins as its form says; anything else cannot be made."""
    assert form.PREFIX + "ab" == form(form.PREFIX + "ab")
    with pytest.raises(ValueError, match="does not begin with"):
        form("accuracy: 0.93")
