"""Books that are truncated, pushed back or deleted, with the owner's key and without."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
import sealed
from workshop import Workshop


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's state folder is the test's own."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@pytest.fixture
def signed(tmp_path: Path) -> sealed.Project:
    """Sealed labels and signed books with two evaluations in them."""
    root = tmp_path / "project"
    root.mkdir()
    project = sealed.Project(root, inputs="open").testset().gate().candidate(0)
    project.check(0)
    project.candidate(390)
    project.check(1)
    return project


def truncate(books: Path, left: int) -> None:
    """Cut entries off the end of an SQLite ledger, as whoever owns the file can."""
    with sqlite3.connect(books) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM entry WHERE number > ?", (left,))
    connection.close()


def test_truncated__signed_books_are_refused_and_found_by_verify(signed: sealed.Project) -> None:
    """The chain and every signature of what is left are right; only the mark knows that a step is gone."""
    truncate(signed.root / ".proctor/ledger.db", 2)
    signed.candidate(5)

    ran = signed.proctor("check", code=5)
    found = signed.proctor("ledger", "verify", code=5)

    assert "came to entry 3" in ran.err
    assert "`proctor ledger accept-loss`" in ran.err
    assert "came to entry 3" in found.out
    assert 5 == signed.proctor("status").code == signed.proctor("testset", "show").code
    assert "came to entry 3" in signed.proctor("preflight").out + signed.proctor("preflight").err


@pytest.mark.parametrize("what", ["books", "everything"])
def test_deleted__signed_books_are_no_fresh_account(signed: sealed.Project, what: str) -> None:
    """Without `.proctor` a new account began without a word; the user's state folder remembers."""
    if what == "books":
        (signed.root / ".proctor/ledger.db").unlink()
    else:
        shutil.rmtree(signed.root / ".proctor")

    ran = signed.proctor("check", code=5)

    assert "signed with the owner's key" in ran.err
    assert "has none" in ran.err


def test_deleted__a_ref_of_the_repository_remembers_what_no_folder_does(signed: sealed.Project, state: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=signed.root, check=True)
    signed.candidate(10)
    signed.check(0)
    shutil.rmtree(signed.root / ".proctor")
    shutil.rmtree(state)

    assert "came to entry 4" in signed.proctor("check", code=5).err


def test_accept_loss__needs_the_key_and_is_on_record(signed: sealed.Project) -> None:
    truncate(signed.root / ".proctor/ledger.db", 2)
    assert 2 == signed.proctor("ledger", "accept-loss").code
    assert "key" in signed.proctor("ledger", "accept-loss", "--yes", key="", code=5).err

    signed.proctor("ledger", "accept-loss", "--yes", "--reason", "a disk died", code=0)

    assert "loss" == signed.entries()[-1]["kind"]
    assert ("a disk died", 3) == tuple(signed.entries()[-1]["body"][key] for key in ("reason", "number"))
    signed.candidate(5)
    assert 2 == signed.check(0)["step"]
    assert "nothing is lost" in signed.proctor("ledger", "accept-loss", code=0).out


def test_accept_loss__of_all_the_books(signed: sealed.Project) -> None:
    shutil.rmtree(signed.root / ".proctor")

    said = signed.proctor("ledger", "accept-loss", "--yes", code=0).out

    assert "no books are left" in said
    assert 1 == signed.check(1)["step"]


def test_unsigned__a_project_without_its_folder_begins_again_with_a_word(ready: Workshop) -> None:
    """Whoever has no key may begin again; it is said once, and what is in the project is still held to."""
    assert 0 == ready.proctor("check").code
    shutil.rmtree(ready.root / ".proctor")

    again, after = ready.proctor("check"), ready.proctor("check")

    assert (0, True) == (again.code, "begins again" in again.err)
    assert (0, False) == (after.code, "begins again" in after.err)


@pytest.mark.parametrize("how", ["deleted", "truncated", "another in the gate file"])
def test_unsigned__books_are_held_to_the_project_s_own_marks(ready: Workshop, how: str) -> None:
    ready.proctor("check")
    match how:
        case "deleted":
            (ready.root / ".proctor/ledger.db").unlink()
        case "truncated":
            truncate(ready.root / ".proctor/ledger.db", 1)
        case _:
            ready.gate(ledger="fresh.db")

    ran = ready.proctor("check", "--candidate", "old.csv")

    assert (5, True) == (ran.code, "cut back, or are others" in ran.err), ran.out + ran.err


@pytest.mark.parametrize("how", ["pushed back", "deleted"])
def test_branch__force_pushed_books_are_found_by_a_clone_that_never_saw_them(signed: sealed.Project, how: str) -> None:
    """A runner has no memory; the remote's second ref has."""
    root, place = signed.root, signed.root.parent
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    shutil.rmtree(root / ".proctor")
    shutil.rmtree(os.environ["XDG_STATE_HOME"])
    for words in (
        ("init", "-q", "--bare", str(place / "origin.git")),
        ("init", "-q", "-b", "main"),
        ("remote", "add", "origin", str(place / "origin.git")),
        ("add", "-A"),
        (*who, "commit", "-qm", "x"),
        ("push", "-q", "origin", "main"),
    ):
        subprocess.run(["git", *words], cwd=root, check=True)
    signed.gate(ledger="git:origin/books").candidate(0)
    signed.check(0)
    signed.candidate(390)
    signed.check(1)
    back = ":refs/heads/books"
    if how == "pushed back":
        tip = subprocess.run(
            ["git", "ls-remote", "origin", "books"], cwd=root, capture_output=True, text=True, check=True
        )
        back = f"+{tip.stdout.split()[0]}~1:refs/heads/books"
    subprocess.run(["git", "push", "-q", "origin", back], cwd=root, check=True)
    subprocess.run(["git", "clone", "-q", "-b", "main", str(place / "origin.git"), str(place / "clone")], check=True)
    shutil.rmtree(os.environ["XDG_STATE_HOME"])
    clone = sealed.Project(place / "clone", inputs="open", key=signed.key)
    clone.gate(ledger="git:origin/books").candidate(5)

    assert "came to entry 3" in clone.proctor("check", code=5).err
