"""
Places in which high-water marks are kept, and what is refused on their word.

A mark is written after each entry into every place that is there: the owner's folder in the project, the user's state
folder, and with the owner's key a ref of the repository, for books on a git branch the remote's, too. It only rises.
Writing one is done as well as it can be: the entry is durable, and no fault here may hide it.

Without a key, whoever can change the books can change the marks. Then the project's own folder still tells that other
books are named in the gate file, and the state folder gives a remark, since a user may begin again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar

from proctor import git
from proctor.errors import DataError, GitFault, LedgerCorrupt
from proctor.files import Fence
from proctor.frozen import dataclass, field
from proctor.gatefile import Gate
from proctor.ledger import Entry, address
from proctor.ledger.marks import Mark, from_text, is_lost, mark_of
from proctor.ledger.records import Registered
from proctor.runtime import OWN_FOLDER, Runtime, state_folder
from proctor.writing import write_hint

_FOLDER = f"{OWN_FOLDER}/owner/marks"
_REFS = "refs/proctor/marks"
_OF_BOOKS = "ledger "
_MOST_BYTES = 4096
_PATIENCE_S, _TURN_S = 1.0, 0.02
_TRIES = 3


Judge = Callable[[str], bool]
"""Test of whether a text that is in a place may be replaced."""


@dataclass(frozen=True)
class Folder:
    """
    Marks as small files, in a project behind its *fence*.

    Attributes:
        refuses_alone: True if a mark here is believed without a key.
    """

    path: Path
    refuses_alone: bool
    fence: Fence | None = None

    def read(self, name: str) -> str:
        """Text under a name; empty if there is none."""
        file = self.path / name
        try:
            if not file.is_file():
                return ""
            with file.open(encoding="utf-8") as opened:
                return opened.read(_MOST_BYTES)
        except (OSError, ValueError):
            return ""

    def write(self, name: str, text: str, may_replace: Judge) -> None:
        """
        Put *text* there, whole or not at all, unless what is there by now may not be replaced.

        One process at a time does so, since a lower mark must not follow a higher one.

        Raises:
            OSError: If it cannot be written.
            DataError: If a link leads out of the fence.
        """
        if self.fence is not None:
            self.fence.real(self.path / name)  # no link of a commit is followed out of the project
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._turn() as is_mine:
            if not is_mine or not may_replace(self.read(name)):
                return
            write_hint(self.path / name, text.encode())

    def remove(self, name: str) -> None:
        """Leave nothing under a name."""
        (self.path / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[bool]:
        """A lock that ends with its process; nobody waits long for one that stands still."""
        descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            yield _locked(descriptor)
        finally:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > until:
                return False
            time.sleep(_TURN_S)
        else:
            return True


@dataclass(frozen=True)
class Refs:
    """Marks as blobs that refs of the repository, or of a *remote* of it, lead to; like a `Folder`."""

    repository: git.Repository
    remote: str | None = None
    refuses_alone: ClassVar[bool] = False
    _seen: dict[str, str | None] = field(default_factory=dict, repr=False)

    def read(self, name: str) -> str:
        """Text under a name; empty if there is none."""
        try:
            blob = self._blob(name)
        except GitFault:
            return ""
        answer = self.repository.run("cat-file", "blob", blob) if blob else None
        return answer.text if answer is not None and answer.code == 0 else ""

    def write(self, name: str, text: str, may_replace: Judge) -> None:
        """Put *text* there as a `Folder` does, or raise a `GitFault`; the ref moves only from where it was seen."""
        ref = f"{_REFS}/{name}"
        blob = self.repository.output("hash-object", "-w", "--stdin", given=text.encode()).decode().strip()
        for _ in range(_TRIES):
            if name not in self._seen and not may_replace(self.read(name)):
                return
            if self._moved(ref, blob, self._seen.pop(name)):
                self._seen[name] = blob
                return
        raise GitFault(f"the mark {ref} cannot be moved")

    def remove(self, name: str) -> None:
        """Leave nothing under a name."""
        ref = f"{_REFS}/{name}"
        self._seen.pop(name, None)
        if self.remote is None:
            self.repository.run("update-ref", "-d", ref)
        elif self._blob(name):
            self.repository.output("push", "--quiet", "--no-verify", "--no-signed", "--", self.remote, f":{ref}")

    def _blob(self, name: str) -> str | None:
        """The commit that the ref leads to, in this clone by now."""
        ref = f"{_REFS}/{name}"
        if self.remote is None:
            self._seen[name] = self.repository.ask("rev-parse", "--verify", "--quiet", ref)
        else:
            answer = self.repository.run("ls-remote", "--", self.remote, ref)
            if answer.code:
                raise answer.fault("ls-remote")
            self._seen[name] = answer.text.partition("\t")[0] or None
            if self._seen[name]:
                options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", "--no-recurse-submodules")
                self.repository.run("fetch", *options, "--", self.remote, ref)
        return self._seen[name]

    def _moved(self, ref: str, blob: str, expected: str | None) -> bool:
        if self.remote is None:
            return self.repository.run("update-ref", ref, blob, expected or "0" * len(blob)).code == 0
        lease = f"--force-with-lease={ref}:{expected or ''}"
        words = ("push", "--quiet", "--no-verify", "--no-signed", lease, "--", self.remote, f"{blob}:{ref}")
        return self.repository.run(*words).code == 0


Place = Folder | Refs


@dataclass(frozen=True)
class Marks:
    """
    The marks of one gate's books.

    Attributes:
        key: The owner's ledger key; ``None`` if it is not here.
        pair: The mark of the sealed labels, where they are.
    """

    gate: Gate
    runtime: Runtime
    key: bytes | None
    pair: str | None = None
    _begun_again: set[Mark] = field(default_factory=set, repr=False)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Places in which marks are kept here."""
        found: list[Place] = [Folder(self.gate.root / _FOLDER, refuses_alone=True, fence=self.gate.fence)]
        state = state_folder(self.runtime.environ)
        if state is not None:
            found.append(Folder(state / "marks", refuses_alone=False))
        return (*found, *self._refs()) if self.key is not None else tuple(found)

    def _refs(self) -> Iterator[Place]:
        with contextlib.suppress(GitFault):
            repository = git.find(self.gate.root, self.runtime.environ)
            if repository is None:
                return
            yield Refs(repository)
            place = address.parse(self.gate.ledger)
            if isinstance(place, address.BranchAddress):
                from proctor.ledger.git import split_location

                remote, _ = split_location(place.location, repository.text("remote").split())
                yield Refs(repository, remote)

    def subjects(self, fingerprint: str) -> tuple[str, ...]:
        """Names that books are known by: the test set, its sealed labels, and the place that the gate file names."""
        labels = (f"labels {self.pair}",) if self.pair is not None else ()
        return (f"testset {fingerprint}", *labels, f"{_OF_BOOKS}{self._place}")

    @cached_property
    def _place(self) -> str:
        """The place of the books on this machine, in one spelling."""
        found = address.parse(self.gate.ledger)
        root = Path(os.path.realpath(self.gate.root))
        match found:
            case address.FileAddress():
                return os.path.normpath(root / found.canonical(root))
            case address.BranchAddress():
                return f"{found.canonical(root)} of {self.gate.fence.project}"
            case _:
                return found.canonical(root)

    def refuse_cut_back(
        self, entries: Sequence[Entry], fingerprint: str, reread: Callable[[], Sequence[Entry]] | None = None
    ) -> None:
        """
        Refuse books that do not go as far as they were known to go.

        Those that seem so are read anew, if *reread* can: somebody may have appended, and marked it, in between.

        Raises:
            LedgerCorrupt: If a mark that is believed says so.
        """
        lost = self.lost(entries, fingerprint)
        if lost and reread is not None:
            entries = reread()
            lost = self.lost(entries, fingerprint)
        for mark, place in lost:
            if self._is_believed(mark, place):
                raise self._cut_back(mark, entries)
            self._begun_again.add(mark)
        if self._begun_again:
            old = max(self._begun_again, key=lambda mark: mark.number)
            self.runtime.remark(
                f"{old.ledger} had {old.number:,} entries on this machine before, and begins again: what was spent "
                "then is not counted. Whoever has an owner's key is refused here; without one this is only said once"
            )

    def findings(self, entries: Sequence[Entry]) -> tuple[str, ...]:
        """Messages on what the books lack, as believed marks say, of every test set in them."""
        sets = [str(entry.body.get("testset")) for entry in entries if entry.kind == Registered.kind]
        found = [
            self._cut_back(mark, entries).message
            for fingerprint in sets or [""]
            for mark, place in self.lost(entries, fingerprint)
            if self._is_believed(mark, place)
        ]
        return tuple(dict.fromkeys(found))

    def lost(self, entries: Sequence[Entry], fingerprint: str) -> list[tuple[Mark, Place]]:
        """Marks that the books do not contain, each with the place that it is in."""
        found = []
        for place in self.places:
            for subject in self.subjects(fingerprint):
                mark = from_text(place.read(_name(subject)), subject)
                if mark is not None and is_lost(mark, entries) and self._concerns(mark, place):
                    found.append((mark, place))
        return found

    def _concerns(self, mark: Mark, place: Place) -> bool:
        """A mark that nobody signed, of another folder's books, says nothing: test sets have copies to play with."""
        if self.key is not None and mark.mac is not None and not mark.is_signed_by(self.key):
            return False  # another owner's, or forged
        return place.refuses_alone or mark.is_signed_by(self.key) or mark.subject.startswith(_OF_BOOKS)

    def _is_believed(self, mark: Mark, place: Place) -> bool:
        return place.refuses_alone or mark.is_signed_by(self.key)

    def _cut_back(self, mark: Mark, entries: Sequence[Entry]) -> LedgerCorrupt:
        has = "has none" if not entries else f"has {entries[-1].number:,}"
        if entries and entries[-1].number >= mark.number:
            has = "has another one with this number"
        vouched = "signed with the owner's key" if mark.is_signed_by(self.key) else "kept in this project"
        return LedgerCorrupt(
            f"the books were cut back, or are others: a mark {vouched} says that the ledger of this test set "
            f"({mark.ledger}) came to entry {mark.number:,}, hash {mark.hash[:12]}, "
            f"and the one that the gate file names {has}",
            hint="Restore the ledger from a copy, or name it in the gate file again. If it is lost for good, its owner "
            "may go on without: `proctor ledger accept-loss`, which is recorded. Nothing was spent.",
        )

    def put(self, entry: Entry, fingerprint: str, *, force: bool = False) -> None:
        """
        Raise the marks to the last *entry* of the books, as far as that can be done; a remark is made if no place does.

        With *force* whatever is there is replaced: the owner has accepted a loss.
        """
        done = False
        for place in self.places:
            try:
                for subject in self.subjects(fingerprint):
                    if place.refuses_alone or self.key is not None or subject.startswith(_OF_BOOKS):
                        mark = mark_of(entry, subject, self._place, self.key)
                        place.write(_name(subject), mark.to_text(), partial(self._rises, mark, force=force))
                done = True
            except (OSError, GitFault, DataError):
                continue
        if not done:
            self.runtime.remark("how far the ledger goes could not be noted anywhere: look after a copy of it")

    def forget(self, lost: Iterable[tuple[Mark, Place]]) -> None:
        """Remove marks of books that are gone for good, all of them."""
        for mark, place in lost:
            place.remove(_name(mark.subject))

    def _rises(self, mark: Mark, present: str, *, force: bool) -> bool:
        old = from_text(present, mark.subject)
        if force or old is None or old in self._begun_again:
            return True
        if self.key is not None and not old.is_signed_by(self.key):
            return True  # nobody vouches for it
        return old.number < mark.number and (self.key is not None or old.mac is None)


def _name(subject: str) -> str:
    return hashlib.sha256(subject.encode()).hexdigest()[:32]
