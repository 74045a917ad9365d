"""
A model as it was at a git revision: its predictions file, or the whole tree written to a folder of its own.

What is written is a *checkout* of the revision: the tree itself, whatever its attributes say about archives, with
modes, links and line ends as git would write them. Nothing of the user's is touched: not the index, the work tree,
the stash or the list of linked work trees. No filter runs: files of Git LFS are taken from its local store, and any
other file that a filter would make is refused by name where the model needs it.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from proctor import git
from proctor.errors import DataError, GitFault
from proctor.frozen import dataclass
from proctor.pointers import MOST_BYTES, Pointer, pointer_of

_TIMEOUT_S = 600.0
_LINK, _SUBMODULE = "120000", "160000"
_LFS = "lfs"
_HASH = re.compile("[0-9a-f]{40}([0-9a-f]{24})?")  # git takes it for one, whatever refs there are
_LONGEST_LINK = 4096
_MOST_NAMES = 100_000  # links of links can name more than there is


class Export(NamedTuple):
    """An exported tree."""

    tree: Path
    root: Path


class NotThere(DataError):
    """The revision has no such file."""


def commit_of(root: Path, revision: str) -> str:
    """
    The full hash of the commit that *revision* names in the repository of *root*.

    Raises:
        DataError: If there is no repository, or it does not have the revision; a shallow clone is told how to mend it.
            Or if a branch and a tag have this name: whoever may push a tag would choose the baseline.
    """
    repository = _repository(root, revision)
    answer = repository.run(
        "rev-parse",
        "--verify",
        "--end-of-options",
        f"{revision}^{{commit}}",
        settings=("core.warnAmbiguousRefs=true",),
    )
    if answer.code:
        raise _unknown(repository, revision)
    if "is ambiguous" in answer.error and not _HASH.fullmatch(revision):
        raise DataError(
            f"the revision {revision!r} stands for more than one thing in this repository",
            hint="See `git show-ref`, and delete the tag or branch that should not be there.",
        )
    return answer.text.strip()


def file_at(root: Path, revision: str, path: str) -> bytes:
    """
    Content of the file *path* (below *root*) in a checkout of *revision*.

    Raises:
        DataError: If the revision or the file in it does not exist, it is no file, or cannot be made without a filter.
    """
    with tempfile.TemporaryDirectory(prefix="proctor-file-") as folder:
        written = export(root, revision, Path(folder), parts=(path,), only=True)
        file = written.root / path
        if not file.is_file():  # a link that leads out is not there
            raise NotThere(
                f"there is no file {path!r} at the revision {revision!r}",
                hint="Name a revision that has it, or a file: `baseline: {predictions: old.csv}`",
            )
        return file.read_bytes()


def export(root: Path, revision: str, folder: Path, parts: Sequence[str] = (), *, only: bool = False) -> Export:
    """
    Write a checkout of *revision* below *folder*.

    Left out are links that lead out of the tree, and, unless the model needs them, submodules and what only a filter
    can make.

    Args:
        root: Folder of the gate file.
        revision: The revision.
        folder: Where to; it must be there, and private.
        parts: Files and folders below *root* that the model needs; none: it needs everything.
        only: Whether nothing but the parts is written.

    Raises:
        DataError: If the revision does not exist, or what the model needs of it cannot be written.
    """
    commit = commit_of(root, revision)
    try:
        repository = git.repository(root)
        checkout = _Checkout(repository, commit, folder, frozenset(map(repository.name_of, parts)))
        checkout.write(only)
    except (OSError, GitFault) as error:
        reason = error.message if isinstance(error, GitFault) else error.strerror
        raise DataError(
            f"the tree of the revision {revision!r} cannot be exported: {reason}",
            hint=error.hint if isinstance(error, GitFault) else "Check that space is left.",
        ) from error
    place = checkout.tree / repository.place
    if only:
        place.mkdir(parents=True, exist_ok=True)
    if not place.is_dir():
        raise DataError(f"there is no folder '{repository.place}/' at the revision {revision!r}")
    return Export(checkout.tree, place)


class _Entry(NamedTuple):
    """A file, link or submodule of a tree."""

    mode: str
    oid: str
    name: str


@dataclass(frozen=True)
class _Checkout:
    """
    A commit being written to a folder, through an index of its own.

    Attributes:
        folder: Holds the tree and, while it is written, the index.
        parts: Names from the top that must be whole; none: all.
    """

    repository: git.Repository
    commit: str
    folder: Path
    parts: frozenset[str]

    @property
    def tree(self) -> Path:
        """Top of what is written."""
        return self.folder / "tree"

    def write(self, only: bool) -> None:
        """Write the tree; with *only*, nothing but what is needed."""
        self.tree.mkdir()
        try:
            self._git("read-tree", self.commit)
            chosen = [entry for entry in self._entries if not only or self._is_needed(entry)]
            self._write_files(chosen)
        finally:
            (self.folder / "index").unlink(missing_ok=True)
        self._write_links(entry for entry in chosen if entry.mode == _LINK)

    @cached_property
    def _entries(self) -> list[_Entry]:
        listed = self._git("ls-files", "--stage", "-z").decode(errors="surrogateescape").split("\0")
        rows = (row.partition("\t") for row in listed if row)
        return [_Entry(facts.split()[0], facts.split()[1], name) for facts, _, name in rows]

    def _write_files(self, entries: list[_Entry]) -> None:
        for entry in entries:
            if entry.mode == _SUBMODULE:
                self._leave_out(entry, "is a submodule, whose files are in another repository")
        files = [entry for entry in entries if entry.mode not in (_LINK, _SUBMODULE)]
        filtered = self._filtered(files)
        large = [entry for entry in files if filtered.get(entry.name) == _LFS]
        pointers = {name: pointer_of(content) for name, content in self._contents(large, MOST_BYTES).items()}
        plain = []
        for entry in files:
            pointer = pointers.get(entry.name)
            if pointer is not None:
                self._write_large(entry, pointer)
            elif filtered.get(entry.name, _LFS) == _LFS:  # what was committed as it is, is no pointer
                plain.append(entry)
            else:
                self._leave_out(entry, f"is made by the filter {filtered[entry.name]!r}, which the gate does not run")
        self._git("checkout-index", "--quiet", "--force", "-z", "--stdin", given=_listed(plain))

    def _filtered(self, files: list[_Entry]) -> dict[str, str]:
        """Names that a filter would change when they are checked out, and its name; Git LFS is one, set up or not."""
        said = self._git("check-attr", "--cached", "-z", "--stdin", "filter", given=_listed(files))
        words = said.decode(errors="surrogateescape").split("\0")
        named = dict(zip(words[0::3], words[2::3], strict=False))
        changing = {name for name in set(named.values()) if name == _LFS or self._changes(name)}
        return {name: found for name, found in named.items() if found in changing}

    def _changes(self, name: str) -> bool:
        """True if a filter of this name is set up here and does something on the way to the work tree."""
        smudge, process = (self.repository.ask("config", f"filter.{name}.{way}") for way in ("smudge", "process"))
        return process is not None or smudge not in (None, "cat")

    def _write_large(self, entry: _Entry, pointer: Pointer) -> None:
        """Write a file of Git LFS from the local store."""
        file, target = pointer.path_in(self._store), self.tree / entry.name
        if not file.is_file():
            fetch = f"Run `git lfs fetch origin {self.commit}`."
            self._leave_out(entry, "is kept by Git LFS, and is not in this clone", fetch)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        target.chmod(0o755 if entry.mode == "100755" else 0o644)
        if not pointer.is_of(target):
            target.unlink()
            self._leave_out(entry, "is damaged in the store of Git LFS", "Run `git lfs fsck`.")

    @cached_property
    def _store(self) -> Path:
        """The folder where Git LFS keeps files on this machine."""
        common = (self.repository.top / self.repository.text("rev-parse", "--git-common-dir")).resolve()
        return common / (self.repository.ask("config", "--path", "lfs.storage") or "lfs")

    def _write_links(self, links: Iterable[_Entry]) -> None:
        """Write the links that stay in the tree; where one leads can depend on another."""
        paths = []
        for entry in links:
            path = self.tree / entry.name
            if ".git/annex/" in self._targets.get(entry.name, ""):
                self._leave_out(entry, "is kept by git-annex, which the gate does not read", "Commit the file itself.")
                continue
            with contextlib.suppress(KeyError, OSError, ValueError):  # one that no system could follow
                path.parent.mkdir(parents=True, exist_ok=True)
                if self._leads_out(path.parent):  # by a link of the same name, but for capitals
                    continue
                path.symlink_to(self._targets[entry.name])
                paths.append(path)
        while out := [path for path in paths if os.path.lexists(path) and self._leads_out(path)]:
            for path in out:
                path.unlink()

    def _leads_out(self, path: Path) -> bool:
        led = Path(os.path.realpath(path))  # unlike `resolve`, it takes links that lead in a circle
        return (path.is_symlink() and path.readlink().is_absolute()) or not led.is_relative_to(self.tree.resolve())

    @cached_property
    def _targets(self) -> dict[str, str]:
        """Target of each link, as it is written."""
        links = [entry for entry in self._entries if entry.mode == _LINK]
        return {name: os.fsdecode(content) for name, content in self._contents(links, _LONGEST_LINK).items()}

    def _contents(self, entries: list[_Entry], most_bytes: int) -> dict[str, bytes]:
        """Content of those of the *entries* that are no longer than that, by name."""
        sizes = self._listed_objects("--batch-check", entries).splitlines()
        for entry, line in zip(entries, sizes, strict=True):
            if b" blob " not in line:  # a clone that left it with the remote
                raise GitFault(f"{entry.name!r} is not in this clone", hint="Run `git fetch --refetch`.")
        short = [entry for entry, line in zip(entries, sizes, strict=True) if int(line.split()[2]) <= most_bytes]
        text, at, found = self._listed_objects("--batch", short), 0, {}
        for entry in short:
            begin = text.index(b"\n", at) + 1
            end = begin + int(text[at:begin].split()[2])
            found[entry.name], at = text[begin:end], end + 1
        return found

    def _listed_objects(self, form: str, entries: list[_Entry]) -> bytes:
        return self.repository.output("cat-file", form, given="".join(f"{entry.oid}\n" for entry in entries).encode())

    @cached_property
    def _needed(self) -> frozenset[str]:
        """The parts and, where a link is among them or on the way to one, what it leads to."""
        names, todo = set(self.parts), list(self.parts)
        while todo:
            name = todo.pop()
            for link, target in self._targets.items():
                if name == link or name.startswith(f"{link}/"):
                    led = target + name.removeprefix(link)
                elif name == "." or link.startswith(f"{name}/"):
                    led = target
                else:
                    continue
                found = posixpath.normpath(posixpath.join(posixpath.dirname(link), led))
                new = {found, link} - names
                if len(names) < _MOST_NAMES:
                    names |= new
                    todo += new
        return frozenset(names)

    def _is_needed(self, entry: _Entry) -> bool:
        """True if it is one of the parts that are needed, or below one."""
        named = entry.name
        return not self.parts or any(name in (".", named) or named.startswith(f"{name}/") for name in self._needed)

    def _leave_out(self, entry: _Entry, why: str, hint: str = "") -> None:
        """Go on without a file that the model does not need."""
        if self._is_needed(entry):
            raise DataError(
                f"{entry.name!r} {why}, so the model at commit {self.commit[:12]} is not whole",
                hint=hint or "Declare the files that the model consists of without it: `candidate: {files: […]}`.",
            )

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        answer = self.repository.run(
            *arguments,
            given=given,
            extra={"GIT_INDEX_FILE": str(self.folder / "index"), "GIT_WORK_TREE": str(self.tree)},
            settings=("core.sparseCheckout=false", "index.sparse=false", *self._idle),
            timeout_s=_TIMEOUT_S,
        )
        if answer.code:
            raise answer.fault(arguments[0])
        return answer.out

    @cached_property
    def _idle(self) -> tuple[str, ...]:
        return self.repository.idle_filters()


def _listed(entries: Iterable[_Entry]) -> bytes:
    return b"".join(os.fsencode(entry.name) + b"\0" for entry in entries)


def _repository(root: Path, revision: str) -> git.Repository:
    try:
        return git.repository(root)
    except GitFault as error:
        raise DataError(
            f"the revision {revision!r} cannot be looked up: {error.message}",
            hint=f"{error.hint} Or name a file: `baseline: {{predictions: old.csv}}`",
        ) from error


def _unknown(repository: git.Repository, revision: str) -> DataError:
    if repository.ask("rev-parse", "--is-shallow-repository") == "true":
        return DataError(
            f"this shallow clone does not have the revision {revision!r}",
            hint="Run `git fetch --unshallow`, or set `fetch-depth: 0` of actions/checkout",
        )
    return DataError(
        f"there is no revision {revision!r}", hint="See `git branch --all` and `git tag` for what there is"
    )
