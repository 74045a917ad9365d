"""
Entries on a branch of the git repository: a shared ledger that needs no server of its own.

The branch holds ``ledger.jsonl``, one entry a line. An append is a commit and a push, and the push is the
compare-and-set: the remote takes it only if the branch is where we saw it.
Only plumbing is used: no index, no work tree, no stash, no HEAD, no hooks and no configuration of the user is touched.
What this clone last saw is kept under ``refs/proctor/``; a branch that does not descend from it was rewritten.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, assert_never

from proctor.errors import (
    LedgerCorrupt,
    LedgerLocked,
    LedgerMoved,
    LedgerUnreachable,
    LedgerUnwritable,
    Misuse,
)
from proctor.git import without_user
from proctor.ledger import plumbing
from proctor.ledger.entries import GENESIS, Entry, from_line
from proctor.ledger.plumbing import Accepted, Busy, Lost, Outrun, Refused

FILE = "ledger.jsonl"

_TRIES = 5
_PAUSE_S = 0.2


class _Seen(NamedTuple):
    """The branch as this process last saw it: its tip (``None``: no such branch) and the lines of its ledger."""

    tip: str | None
    text: bytes = b""

    def lines(self) -> list[bytes]:
        return self.text.removesuffix(b"\n").split(b"\n") if self.text else []

    def last(self) -> tuple[int, str]:
        """Number and hash of the last entry."""
        if not self.text:
            return 0, GENESIS
        entry = from_line(self.lines()[-1].decode())
        return entry.number, entry.hash


class GitStore:
    """
    A `Store` on a branch, usually of the remote that the code is pushed to.

    Args:
        location: ``REMOTE/BRANCH``, where REMOTE is the name of a remote, an address or a path; ``REMOTE#BRANCH``
            where that is ambiguous.
        root: A folder in the repository.
        environ: Environment of git; credentials come from there and from git's own configuration.
    """

    def __init__(self, location: str, root: Path, environ: Mapping[str, str] = os.environ) -> None:
        self._location = location
        self._git = plumbing.Git(root, environ)
        self._address: tuple[str, str] | None = None
        self._seen: _Seen | None = None

    @property
    def description(self) -> str:
        """The branch, without passwords in the remote's address."""
        return f"the ledger git:{without_user(self._location)}"

    def fetch(self, after: int) -> list[Entry]:
        """See `Store.fetch`."""
        self._seen = self._look()
        entries = []
        for number, line in enumerate(self._seen.lines()[after:], start=after + 1):
            try:
                entries.append(from_line(line.decode()))
            except (UnicodeDecodeError, LedgerCorrupt) as error:
                reason = error.message if isinstance(error, LedgerCorrupt) else "not UTF-8"
                raise LedgerCorrupt(
                    f"line {number} of {FILE} in {self.description} is {reason}",
                    hint="Restore the branch from a clone whose ledger verifies.",
                ) from None
        return entries

    def write(self, entries: Sequence[Entry]) -> None:
        """See `Store.write`."""
        seen = self._seen
        if seen is None or seen.last() != (entries[0].number - 1, entries[0].previous):
            seen = self._look()
        if seen.last() != (entries[0].number - 1, entries[0].previous):
            raise self._moved()
        text = b"".join(line + b"\n" for line in [*seen.lines(), *(entry.to_line().encode() for entry in entries)])
        numbers = f"entry {entries[0].number}" if len(entries) == 1 else f"{len(entries)} entries"
        commit = self._commit(seen.tip, {FILE: text}, f"Record {numbers}: {entries[-1].kind}")
        self._push(commit, seen.tip)
        self._seen = _Seen(commit, text)

    def publish(self, files: Mapping[str, bytes], message: str) -> None:
        """
        Put *files* beside the ledger; appends that come in between are kept.

        Raises:
            Misuse: If a name is that of the ledger, or has a folder in it.
        """
        for name in files:
            if name in ("", ".", "..", ".git", FILE) or "/" in name or "\0" in name:
                raise Misuse(f"{name!r} cannot be published beside the ledger", hint="Use a plain file name.")
        for _ in range(_TRIES):
            seen = self._look()
            commit = self._commit(seen.tip, files, message)
            try:
                self._push(commit, seen.tip)
            except LedgerMoved:
                time.sleep(_PAUSE_S)
                continue
            self._seen = _Seen(commit, seen.text)
            return
        raise self._moved()

    def close(self) -> None:
        """See `Store.close`; there is no connection."""

    def _moved(self) -> LedgerMoved:
        return LedgerMoved(f"somebody appended to {self.description} first: read again and decide again")

    # --- reading ---------------------------------------------------------------------------------------------------

    def _look(self) -> _Seen:
        """The branch as it is now; asks the remote, and fetches only what is new."""
        remote, ref = self._resolved()
        for _ in range(_TRIES):
            # In this order: what this clone remembers was at the remote before we ask, so it must be in the answer.
            known = self._git.local_tip(self._own_ref())
            tip = self._git.remote_tip(remote, ref)
            if self._seen is not None and tip == self._seen.tip:
                return self._seen
            if tip is None:
                self._check_descent(known, None)
                return _Seen(None)
            if self._git.has(tip) or self._git.fetch(remote, ref, tip):
                self._check_descent(known, tip)
                text = self._git.file(tip, FILE)
                if known != tip:
                    self._check_length(known, text)
                    self._git.set_ref(self._own_ref(), tip, known)
                return _Seen(tip, text)
        raise LedgerUnreachable(f"{self.description} changes faster than it can be fetched", hint="Run it again.")

    def _check_descent(self, known: str | None, tip: str | None) -> None:
        if known is None or (tip is not None and self._git.is_ancestor(known, tip)):
            return
        raise LedgerCorrupt(
            f"{self.description} was {'deleted' if tip is None else 'rewritten'}: "
            f"this clone has seen commit {known[:12]}, which is not in its history",
            hint=f"Push {known[:12]} back to the branch; or, if its owner did this on purpose, "
            f"run `git update-ref -d {self._own_ref()}`.",
        )

    def _check_length(self, known: str | None, text: bytes) -> None:
        """A commit on top that cuts entries off the end leaves a chain that verifies: only memory finds it."""
        before = self._git.file(known, FILE) if known is not None else b""
        if len(text) < len(before) and before.startswith(text):
            seen, left = (content.count(b"\n") for content in (before, text))
            raise LedgerCorrupt(
                f"{self.description} was cut short: this clone has seen {seen} entries, now there are {left}",
                hint=f"Put the {FILE} of commit {(known or '')[:12]} back on the branch.",
            )

    def _own_ref(self) -> str:
        return f"refs/proctor/{hashlib.sha256(self._location.encode()).hexdigest()[:16]}"

    def _resolved(self) -> tuple[str, str]:
        """Remote and branch, the latter as a whole ref; asks git for the remotes' names once."""
        if self._address is None:
            remotes = self._git.remotes()
            remote, branch = split_location(self._location, remotes)
            if not remote or not branch or not self._git.is_branch_name(branch):
                raise Misuse(
                    f"git:{without_user(self._location)} does not name a remote and a branch",
                    hint="Write git:REMOTE/BRANCH, such as git:origin/proctor-ledger.",
                )
            if remote not in remotes and self._git.is_among_files(remote):
                raise Misuse(
                    f"git:{without_user(self._location)} leads to a repository among the files of this one, "
                    "which any commit could change",
                    hint="Name a remote, or a repository outside of this one.",
                )
            self._address = (remote, f"refs/heads/{branch}")
        return self._address

    # --- writing ---------------------------------------------------------------------------------------------------

    def _commit(self, parent: str | None, files: Mapping[str, bytes], message: str) -> str:
        blobs = {name: self._git.write_blob(content) for name, content in files.items()}
        tree = self._git.write_tree(parent, blobs)
        return self._git.write_commit(tree, parent, message)

    def _push(self, commit: str, expected: str | None) -> None:
        remote, ref = self._resolved()
        for _ in range(_TRIES):
            outcome = self._git.push(remote, commit, ref, expected)
            if isinstance(outcome, Lost | Busy) and self._git.remote_tip(remote, ref) == commit:
                outcome = Accepted()  # it had arrived: only the answer was lost
            match outcome:
                case Accepted():
                    self._git.set_ref(self._own_ref(), commit, expected)
                    return
                case Outrun():
                    raise self._moved()
                case Refused(reason):
                    raise LedgerUnwritable(
                        f"{self.description} refuses the push: {reason}",
                        hint="The branch must not be protected against this user, whose token must be allowed "
                        "to push (in GitHub Actions: permissions: contents: write).",
                    )
                case Lost(reason):
                    raise LedgerUnreachable(f"{self.description} does not answer: {reason}")
                case Busy(reason):
                    if self._git.remote_tip(remote, ref) != expected:
                        raise self._moved()
                    time.sleep(_PAUSE_S)
                case _:
                    assert_never(outcome)
        raise LedgerLocked(
            f"{self.description} is locked: {reason}",
            hint="Run it again; if nobody else is pushing, remove the stale lock file in the remote repository.",
        )


def split_location(location: str, remotes: Sequence[str]) -> tuple[str, str]:
    """
    Remote and branch of ``REMOTE/BRANCH``: the longest configured remote that fits, else an address up to ``.git``.

    >>> split_location("origin/team/ledger", ["origin"])
    ('origin', 'team/ledger')
    >>> split_location("https://host/repo.git/team/ledger", ["origin"])
    ('https://host/repo.git', 'team/ledger')
    >>> split_location("/srv/repo/ledger", [])
    ('/srv/repo', 'ledger')
    """
    remote, separator, branch = location.rpartition("#")
    if separator:
        return remote, branch
    for name in sorted(remotes, key=len, reverse=True):
        if location.startswith(f"{name}/"):
            return name, location[len(name) + 1 :]
    remote, separator, branch = location.partition(".git/")
    if separator:
        return f"{remote}.git", branch
    remote, _, branch = location.rpartition("/")
    return remote, branch
