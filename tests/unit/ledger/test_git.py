"""Tests of `proctor.ledger.git` beyond the contract, on real repositories and a real bare remote."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from proctor.errors import (
    LedgerCorrupt,
    LedgerLocked,
    LedgerMoved,
    LedgerUnreachable,
    LedgerUnwritable,
    Misuse,
)
from proctor.git import without_user
from proctor.ledger import GENESIS, Ledger, open_ledger
from proctor.ledger import git as module
from proctor.ledger.git import GitStore, split_location
from proctor.ledger.plumbing import Git

from .places import chain_of, clone_of_bare, draft, git

BRANCH = "proctor-ledger"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a bare remote."""
    return clone_of_bare(tmp_path)


def ledger_in(folder: Path, location: str = f"origin/{BRANCH}", **environ: str) -> Ledger:
    return Ledger(GitStore(location, folder, {**os.environ, **environ}))


def filled(clone: Path) -> Ledger:
    ledger = ledger_in(clone)
    ledger.adopt(chain_of(5))
    return ledger


def snapshot(clone: Path) -> dict[str, str]:
    """Everything that belongs to the user: work tree, index, HEAD, configuration, local branches, stash."""
    common = clone / git(clone, "rev-parse", "--git-common-dir").strip()
    own = clone / git(clone, "rev-parse", "--git-dir").strip()
    files = [path for path in clone.rglob("*") if path.is_file() and ".git" not in path.relative_to(clone).parts]
    files += [own / "index", own / "HEAD", common / "config"]
    files += [path for path in (own / "FETCH_HEAD", common / "shallow", own / "ORIG_HEAD") if path.exists()]
    files += [path for folder in ("refs/heads", "refs/stash", "hooks") for path in (common / folder).rglob("*")]
    found = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}
    return found | {"stash": git(clone, "stash", "list"), "times": str([path.stat().st_mtime_ns for path in files])}


@pytest.mark.parametrize("shape", ["clone", "dirty", "detached", "shallow", "worktree", "subfolder", "hook"])
def test_append__touches_nothing_of_the_user(clone: Path, tmp_path: Path, shape: str):
    """In every kind of checkout an append works, and work tree, index, HEAD, stash and configuration stay the same."""
    (clone / "staged.txt").write_text("staged")
    (clone / "model.txt").write_text("two\n")
    git(clone, "add", "staged.txt")
    environ = {}
    folder = clone
    match shape:
        case "dirty":
            git(clone, "stash", "push", "-q", "--keep-index", "--", "model.txt")
        case "detached":
            git(clone, "checkout", "-q", "--detach")
        case "shallow":
            git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path}/remote.git", "shallow")
            folder = clone = tmp_path / "shallow"
        case "worktree":
            git(clone, "worktree", "add", "-q", str(tmp_path / "linked"))
            folder = clone = tmp_path / "linked"
        case "subfolder":
            folder = clone / "sub"
            folder.mkdir()
        case "hook":
            environ = {"GIT_DIR": ".git", "GIT_INDEX_FILE": str(clone / ".git" / "index"), "GIT_WORK_TREE": "/"}
    before = snapshot(clone)

    ledger = ledger_in(folder, **environ)
    first = ledger.append(draft(i=1), GENESIS)
    ledger.append(draft(i=2), first.hash)

    assert snapshot(clone) == before
    assert len(ledger_in(folder).read()) == 2
    assert "ledger.jsonl" in git(tmp_path / "remote.git", "ls-tree", "--name-only", BRANCH)


def test_append__from_two_clones(clone: Path, tmp_path: Path):
    """The slower of two clones is refused, reads, and appends behind the faster one."""
    git(tmp_path, "clone", "-q", "remote.git", "second")
    fast, slow = ledger_in(clone), ledger_in(tmp_path / "second")
    assert slow.head() == GENESIS
    fast.append(draft(who="fast"), GENESIS)

    with pytest.raises(LedgerMoved):
        slow.append(draft(who="slow"), GENESIS)
    slow.append(draft(who="slow"), slow.head())

    assert [entry.body["who"] for entry in fast.read()] == ["fast", "slow"]


def test_append__runs_no_hooks_of_the_user(clone: Path):
    """A hook that forbids everything does not concern the ledger."""
    for name in ("pre-push", "pre-commit", "commit-msg", "reference-transaction", "post-commit"):
        hook = clone / ".git" / "hooks" / name
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)

    assert ledger_in(clone).append(draft(), GENESIS).number == 1


def test_append__without_a_name_and_with_signing_on(clone: Path, tmp_path: Path):
    """Nobody needs a configured name, and nobody is asked for a signing key."""
    (tmp_path / "config").write_text(
        "[user]\n\tuseConfigOnly = true\n[commit]\n\tgpgSign = true\n[push]\n\tgpgSign = true\n"
    )
    environ = {"GIT_CONFIG_GLOBAL": str(tmp_path / "config"), "GIT_CONFIG_NOSYSTEM": "1"}

    ledger_in(clone, **environ).append(draft(), GENESIS)

    assert git(tmp_path / "remote.git", "log", "--format=%an", BRANCH).strip() == "proctor"


@pytest.mark.parametrize("form", ["{}/{}", "{}#{}", "file://{}/{}"])
def test_append__to_a_remote_by_its_path(clone: Path, tmp_path: Path, form: str):
    """A remote can be named by its path or address."""
    location = form.format(tmp_path / "remote.git", "team/books")

    ledger_in(clone, location).append(draft(), GENESIS)

    assert git(tmp_path / "remote.git", "branch", "--list", "team/books").strip() == "team/books"


def test_append__that_the_remote_forbids(clone: Path, tmp_path: Path):
    """A protected branch is a refusal with advice, not a reason to try again."""
    ledger = filled(clone)
    hook = tmp_path / "remote.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho this branch is protected >&2\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(LedgerUnwritable, match="this branch is protected") as caught:
        ledger.append(draft(), ledger.head())

    assert "contents: write" in caught.value.hint


def test_append__behind_a_stale_lock(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A lock file that a dead process left in the remote is named."""
    monkeypatch.setattr(module, "_PAUSE_S", 0.01)
    ledger = filled(clone)
    lock = tmp_path / "remote.git" / "refs" / "heads" / f"{BRANCH}.lock"
    lock.write_text("")

    with pytest.raises(LedgerLocked, match="lock"):
        ledger.append(draft(), ledger.head())

    lock.unlink()
    assert ledger.append(draft(), ledger.head()).number == 6


def test_append__whose_answer_was_lost_is_found(clone: Path, monkeypatch: pytest.MonkeyPatch):
    """If the push arrived and only its answer was lost, the append has succeeded."""
    ledger = filled(clone)
    push = Git.push

    def push_and_lose(self: Git, *arguments: str) -> object:
        push(self, *arguments)
        return module.Lost("the connection was lost")

    monkeypatch.setattr(Git, "push", push_and_lose)

    assert ledger.append(draft(), ledger.head()).number == 6


def test_read__from_a_remote_that_is_gone(clone: Path, tmp_path: Path):
    """A remote that does not answer is named, without user and password."""
    ledger = filled(clone)
    shutil.rmtree(tmp_path / "remote.git")

    with pytest.raises(LedgerUnreachable, match="origin"):
        ledger.read()
    with pytest.raises(LedgerUnreachable) as caught:
        ledger_in(clone, "https://me:hunter2@127.0.0.1:1/repo.git/books").read()
    assert "hunter2" not in str(caught.value)


def test_run__ends_a_command_that_hangs(clone: Path):
    """A transport that never answers is ended with its helpers, and counts as unreachable."""
    git_command = Git(clone, {**os.environ, "GIT_SSH_COMMAND": "sleep 60 #"}, timeout_s=0.3)

    with pytest.raises(LedgerUnreachable, match="no answer within"):
        git_command.remote_tip("ssh://example.com/repo.git", "refs/heads/x")


def test_read__outside_a_repository(tmp_path: Path):
    """Without a clone there is nowhere to fetch to; the message says so."""
    with pytest.raises(LedgerUnreachable, match="not in a git repository"):
        open_ledger("git:origin/books", tmp_path).read()
    with pytest.raises(LedgerUnreachable, match="git cannot be run"):
        open_ledger("git:origin/books", tmp_path / "nowhere").read()


@pytest.mark.parametrize("location", ["", "origin", "origin/", "origin/-x", "origin/a..b", "origin/a b"])
def test_read__of_no_branch(clone: Path, location: str):
    """An address without a remote or with an impossible branch is a misuse."""
    with pytest.raises(Misuse, match="remote and a branch"):
        open_ledger(f"git:{location}", clone).read()


def rewrite(clone: Path, text: str) -> None:
    """Replace the ledger on the branch by a commit on top, as anybody who may push could."""
    git(clone, "fetch", "-q", "origin", BRANCH)
    git(clone, "checkout", "-q", "--detach", "FETCH_HEAD")
    (clone / "ledger.jsonl").write_text(text)
    git(clone, "add", "ledger.jsonl")
    git(clone, "commit", "-q", "-m", "Tamper")
    git(clone, "push", "-q", "origin", f"HEAD:refs/heads/{BRANCH}")


@pytest.mark.parametrize(
    ("edit", "finding"),
    [
        (lambda lines: [*lines[:2], lines[2].replace('"i":3', '"i":4'), *lines[3:]], "entry 3 was edited"),
        (lambda lines: [*lines[:2], *lines[3:]], "entry 3 was removed"),
        (lambda lines: [*lines, lines[4]], "entry 5 was duplicated"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], "entry 1 was moved"),
        (lambda lines: lines[:3], "seen 5 entries, now there are 3"),
        (lambda lines: [*lines[:4], lines[4][:50]], "line 5 of ledger.jsonl"),
        (lambda lines: [*lines[:4], "<<<<<<< HEAD", lines[4]], "line 5 of ledger.jsonl"),
    ],
    ids=["edited", "removed", "duplicated", "reordered", "truncated", "torn", "merge conflict"],
)
def test_read__finds_what_was_done_to_the_file(clone: Path, tmp_path: Path, edit: object, finding: str):
    """A commit that changes the file in any other way than appending is found by whoever reads it."""
    lines = filled(clone)._store._seen.text.decode().splitlines()
    git(tmp_path, "clone", "-q", "remote.git", "second")

    rewrite(tmp_path / "second", "\n".join(edit(lines)) + "\n")

    with pytest.raises(LedgerCorrupt, match=finding):
        ledger_in(clone).read()


def test_read__notices_a_branch_that_was_forced_back_or_deleted(clone: Path, tmp_path: Path):
    """A clone remembers how far it has seen the branch; a rewritten or deleted one is not believed."""
    filled(clone).append(draft(i=6), chain_of(5)[-1].hash)
    remote = tmp_path / "remote.git"
    tip = git(remote, "rev-parse", BRANCH).strip()

    git(remote, "update-ref", f"refs/heads/{BRANCH}", f"{tip}~1")
    with pytest.raises(LedgerCorrupt, match="rewritten"):
        ledger_in(clone).read()
    git(remote, "update-ref", f"refs/heads/{BRANCH}", git(remote, "rev-parse", "HEAD").strip())
    with pytest.raises(LedgerCorrupt, match="rewritten"):
        ledger_in(clone).read()
    git(remote, "update-ref", "-d", f"refs/heads/{BRANCH}")
    with pytest.raises(LedgerCorrupt, match="deleted") as caught:
        ledger_in(clone).read()
    assert f"update-ref -d {GitStore(f'origin/{BRANCH}', clone)._own_ref()}" in caught.value.hint


def test_publish__keeps_ledger_and_files_side_by_side(clone: Path, tmp_path: Path):
    """A badge stands beside the entries, is replaced by the next one, and is kept by appends."""
    ledger = filled(clone)
    ledger.publish({"badge.svg": b"<svg>1</svg>", "status.json": b"{}"}, "Show the badge")
    ledger.append(draft(i=6), ledger.head())
    ledger.publish({"badge.svg": b"<svg>2</svg>"}, "Show the badge")

    remote = tmp_path / "remote.git"
    assert git(remote, "ls-tree", "--name-only", BRANCH).split() == ["badge.svg", "ledger.jsonl", "status.json"]
    assert git(remote, "show", f"{BRANCH}:badge.svg") == "<svg>2</svg>"
    assert len(ledger_in(clone).read()) == 6
    for name in ("ledger.jsonl", "../x", "", ".git"):
        with pytest.raises(Misuse):
            ledger.publish({name: b""}, "No")


def test_publish__before_the_first_entry(clone: Path):
    """A badge may come before the first entry; the ledger is still empty."""
    ledger = ledger_in(clone)
    ledger.publish({"badge.svg": b"<svg/>"}, "Show the badge")

    assert ledger_in(clone).read() == ()
    assert ledger_in(clone).append(draft(), GENESIS).number == 1


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("origin/x", ("origin", "x")),
        ("team/fork/x/y", ("team/fork", "x/y")),
        ("git@host:a/b.git/x", ("git@host:a/b.git", "x")),
        ("../books/x", ("../books", "x")),
        ("https://host/a/b#x/y", ("https://host/a/b", "x/y")),
    ],
)
def test_split_location(location: str, expected: tuple[str, str]):
    """Remotes may have slashes in their names, and so may branches."""
    assert split_location(location, ["origin", "team", "team/fork"]) == expected


def test_without_user():
    """Whatever stands before the host of an address is left out."""
    assert without_user("at https://me:x@host/y and ssh://git@z") == "at https://***@host/y and ssh://***@z"
