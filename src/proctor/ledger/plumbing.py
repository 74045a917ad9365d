"""
The few git commands that a ledger on a branch needs, each as one method; none touches what the user sees.

Git itself is run by `proctor.git`: no hooks, no signing, no prompts, no translations, no maintenance, no following of
submodules and tags, and a time limit that ends the helpers of git, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from proctor import git
from proctor.errors import GitFault, LedgerCorrupt, LedgerUnreachable, LedgerUnwritable
from proctor.frozen import dataclass

_IDENTITY = {
    "GIT_AUTHOR_NAME": "proctor",
    "GIT_AUTHOR_EMAIL": "proctor@localhost",
    "GIT_COMMITTER_NAME": "proctor",
    "GIT_COMMITTER_EMAIL": "proctor@localhost",
}

_OUTRUN = ("stale info", "fetch first", "non-fast-forward", "incorrect old value", "reference already exists")
_BUSY = ("cannot lock ref", "failed to update ref", "failed to lock", "unable to create")


@dataclass(frozen=True)
class Accepted:
    """The remote took the push."""


@dataclass(frozen=True)
class Outrun:
    """The branch is no longer where we saw it."""


@dataclass(frozen=True)
class Busy:
    """Somebody else is updating the branch at this moment, or a lock was left behind."""

    reason: str


@dataclass(frozen=True)
class Refused:
    """The remote does not want it: protection, permissions, a hook, a full disk."""

    reason: str


@dataclass(frozen=True)
class Lost:
    """No answer: the push may have arrived or not."""

    reason: str


Outcome = Accepted | Outrun | Busy | Refused | Lost


class Git:
    """Git in the repository that *root*, a folder of a clone or of a linked work tree, lies in."""

    def __init__(self, root: Path, environ: Mapping[str, str], timeout_s: float = git.TIMEOUT_S) -> None:
        self._root = root
        self._environ = environ
        self._timeout_s = timeout_s
        self._extra: Mapping[str, str] | None = None

    # --- asking ----------------------------------------------------------------------------------------------------

    def remotes(self) -> list[str]:
        """Names of the configured remotes."""
        return self._text("remote").split()

    def is_among_files(self, remote: str) -> bool:
        """
        True if an address is a path among the files of the work tree, where a commit can put a repository.

        Whoever asks or pushes there runs what that repository has for hooks.
        """
        path = _local_path(remote, self._repository.top)
        if path is None:
            return False
        ways = (Path(os.path.abspath(path)), Path(os.path.realpath(path)))  # noqa: PTH100  # no link followed
        return any(way != self._repository.top and way.is_relative_to(self._repository.top) for way in ways)

    def is_branch_name(self, name: str) -> bool:
        """True if a branch can have this name."""
        return self.run("check-ref-format", f"refs/heads/{name}").code == 0 and not name.startswith("-")

    def remote_tip(self, remote: str, ref: str) -> str | None:
        """Commit that the remote's *ref* is at now; ``None`` if it has no such ref."""
        answer = self.run("ls-remote", "--", remote, ref)
        if answer.code != 0:
            raise LedgerUnreachable(
                f"the git remote {git.without_user(remote)} does not answer: {answer.reason}",
                hint="Check the remote's address, the network and your credentials.",
            )
        found = (line.split("\t") for line in answer.out.decode().splitlines())
        return next((oid for oid, name in found if name == ref), None)

    def local_tip(self, ref: str) -> str | None:
        """Commit that a ref of this clone is at; ``None`` if there is no such ref."""
        answer = self.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return answer.out.decode().strip() if answer.code == 0 else None

    def has(self, commit: str) -> bool:
        """True if this clone has the commit, its tree and its files."""
        return self.run("cat-file", "-e", f"{commit}:").code == 0

    def is_ancestor(self, older: str, newer: str) -> bool:
        """True if *newer* descends from *older*."""
        return self.run("merge-base", "--is-ancestor", older, newer).code == 0

    def file(self, commit: str, name: str) -> bytes:
        """Content of a file in the top folder of *commit*; empty if there is none."""
        if not self._text("ls-tree", "--full-tree", commit, "--", name).strip():
            return b""
        answer = self.run("cat-file", "blob", f"{commit}:{name}")
        if answer.code != 0:
            raise LedgerCorrupt(f"{name} of commit {commit[:12]} cannot be read: {answer.reason}")
        return answer.out

    # --- moving ----------------------------------------------------------------------------------------------------

    def fetch(self, remote: str, ref: str, commit: str) -> bool:
        """Bring *ref* into this clone's objects, no ref of it moved; true if *commit* has come with it."""
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", "--no-recurse-submodules")
        answer = self.run("fetch", *options, "--", remote, ref)
        if answer.code != 0 and "couldn't find remote ref" not in answer.error:
            raise LedgerUnreachable(
                f"{ref} of the git remote {git.without_user(remote)} cannot be fetched: {answer.reason}",
                hint="Check the network, your credentials and the free space of this clone.",
            )
        return self.has(commit)

    def push(self, remote: str, commit: str, ref: str, expected: str | None) -> Outcome:
        """Move the remote's *ref* from *expected* (``None``: it does not exist) to *commit*, or do nothing."""
        lease = f"--force-with-lease={ref}:{expected or ''}"
        answer = self.run("push", "--porcelain", "--no-verify", "--no-signed", lease, "--", remote, f"{commit}:{ref}")
        if answer.code == 0:
            return Accepted()
        refusal = re.search(rf"^!\t{commit}:{re.escape(ref)}\t(.*)$", answer.out.decode(errors="replace"), re.MULTILINE)
        details = f"{refusal.group(1) if refusal else ''} {answer.error}"
        if any(sign in details for sign in _BUSY):
            return Busy(answer.reason)
        if any(sign in details for sign in _OUTRUN):
            return Outrun()
        if refusal:
            return Refused(answer.reason or refusal.group(1))
        if any(sign in details for sign in ("denied", "403", "not allowed", "read-only", "read only")):
            return Refused(answer.reason)
        return Lost(answer.reason)

    # --- making ----------------------------------------------------------------------------------------------------

    def write_blob(self, content: bytes) -> str:
        """Store a file's content as an object."""
        return self._text("hash-object", "-w", "--no-filters", "--stdin", given=content).strip()

    def write_tree(self, parent: str | None, blobs: Mapping[str, str]) -> str:
        """Store the top folder of *parent* with some files replaced."""
        rows = self.run("ls-tree", "-z", "--full-tree", parent).out.split(b"\0")[:-1] if parent else []
        kept = [row for row in rows if row.partition(b"\t")[2].decode(errors="surrogateescape") not in blobs]
        new = [f"100644 blob {oid}\t{name}".encode() for name, oid in blobs.items()]
        return self._text("mktree", "-z", given=b"".join(row + b"\0" for row in [*kept, *new])).strip()

    def write_commit(self, tree: str, parent: str | None, message: str) -> str:
        """Store a commit, under the user's name where one is configured."""
        parents = ("-p", parent) if parent else ()
        return self._text(
            "commit-tree", "--no-gpg-sign", tree, *parents, "-F", "-", given=message.encode(), extra=self._identity()
        ).strip()

    def _identity(self) -> Mapping[str, str]:
        """Nothing where git knows the user's name, else a name of our own; asked once."""
        if self._extra is None:
            is_known = all(self.run("var", f"GIT_{role}_IDENT").code == 0 for role in ("AUTHOR", "COMMITTER"))
            self._extra = {} if is_known else _IDENTITY
        return self._extra

    def set_ref(self, ref: str, commit: str, expected: str | None) -> None:
        """Remember *commit* under a private ref; another process of this clone may do so first, which is as good."""
        self.run("update-ref", ref, commit, expected or "0" * len(commit))

    # --- running ---------------------------------------------------------------------------------------------------

    @cached_property
    def _repository(self) -> git.Repository:
        try:
            found = git.find(self._root, self._environ)
        except GitFault as error:
            raise LedgerUnreachable(error.message, hint=error.hint) from None
        if found is None:
            raise LedgerUnreachable(
                f"{self._root} is not in a git repository, and the ledger is on a branch of one",
                hint="Run proctor in a clone, or name another ledger in the gate file.",
            )
        return found

    def _text(self, *arguments: str, given: bytes = b"", extra: Mapping[str, str] | None = None) -> str:
        """Output of a command that can only fail if this clone cannot be used."""
        answer = self.run(*arguments, given=given, extra=extra)
        if answer.code == 0:
            return answer.out.decode(errors="surrogateescape")
        raise LedgerUnwritable(
            f"git {arguments[0]} failed in {self._root}: {answer.reason}",
            hint=answer.remedy or "Check permissions and free space of the clone.",
        )

    def run(self, *arguments: str, given: bytes = b"", extra: Mapping[str, str] | None = None) -> git.Answer:
        """Run one command; the answer may be that it failed."""
        try:
            return self._repository.run(*arguments, given=given, extra=extra, timeout_s=self._timeout_s)
        except GitFault as error:
            raise LedgerUnreachable(error.message, hint=error.hint) from None


def _local_path(remote: str, top: Path) -> Path | None:
    """The folder that an address names, as git reads it; ``None`` if it is elsewhere."""
    if remote.startswith("file://"):
        return Path(unquote(remote.removeprefix("file://")))
    return None if re.match("[^/]+:", remote) else top / remote
