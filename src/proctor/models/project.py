"""
Parts of a model, by which its question is known, and the copy of exactly those in which it runs.

A question is known by what was submitted (theory.md §4.3.3), so the digest must cover everything of the project that
the program can see. It does because the program sees nothing else: it starts in a fresh copy of the parts that the
digest was made of. Candidate, baseline and anchor get copies that look alike, down to the times of files.

A link stays a link if it stays in the project. One that leads out is left out: nothing that a commit says is followed
to the machine's own files.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import IO, NamedTuple

from proctor import git
from proctor.errors import DataError, GitFault, ModelError
from proctor.frozen import dataclass, field
from proctor.pointers import DVC, MOST_BYTES, missing, refuse_pointer
from proctor.runtime import OWN_FOLDER

_CACHES = "__pycache__"  # what is compiled from sources is made again
_NEVER = frozenset({OWN_FOLDER, ".git", _CACHES})
_SUBMODULE = b"160000 "  # the mode that git gives to a commit of another repository
_BLOCK = 1 << 20
_SOME_DAY = 946_684_800  # 2000-01-01: times of files tell nothing, and every archiver can write this one
_DECLARE = "declare them in the gate file: `candidate.files: [predict.py, model.bin]`"


class Kind(StrEnum):
    """Kind of a part; of its permissions, only that it can be executed makes a difference."""

    FILE = "file"
    PROGRAM = "program"
    LINK = "link"


class Part(NamedTuple):
    """
    One file or link of a project, by its path from the top, with slashes.

    Attributes:
        content: SHA-256 of a file's bytes in hexadecimal; where a link leads, as it is written.
    """

    name: str
    kind: Kind
    content: str


@dataclass(frozen=True)
class Project:
    """
    Parts of a model, as they lie on disk, by name.

    Attributes:
        top: Folder that all names start from; absolute, no link on the way.
        place: Folder in which the model starts, from the top.
        title: What kind of model it is, and its command line.
    """

    top: Path
    place: str
    title: str
    parts: tuple[Part, ...]

    @cached_property
    def digest(self) -> str:
        """Digest of what was submitted, as 64 hexadecimal digits: the same for the same parts in any checkout."""
        whole = hashlib.sha256(f"proctor submission 2\0{self.title}\0".encode())
        for part in self.parts:
            words = (posixpath.relpath(part.name, self.place), part.kind.value, part.content)
            whole.update("\0".join(words).encode("utf-8", "surrogateescape") + b"\0\n")
        return whole.hexdigest()

    def copy(self, folder: Path) -> Path:
        """
        Copy the parts below *folder*, which is fresh, and give the folder in which the model starts.

        Raises:
            DataError: If a part is not what it was when the digest was made.
        """
        top = folder / "project"
        start = top / self.place
        start.mkdir(parents=True)
        for part in self.parts:
            target = top / part.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if part.kind is Kind.LINK:
                target.symlink_to(part.content)
            else:
                self._copy_file(part, target)
        for path in (*top.rglob("*"), top):  # all have the same time: it would tell which copy is whose
            os.utime(path, (_SOME_DAY, _SOME_DAY), follow_symlinks=False)
        return start

    def _copy_file(self, part: Part, target: Path) -> None:
        try:
            with _opened(self.top / part.name) as source, target.open("xb") as copy:
                found = _digest_of(source, copy)
                is_program = _is_program(source)
        except OSError as error:
            raise _changed(part, error.strerror or "") from None
        if found != part.content or is_program != (part.kind is Kind.PROGRAM):
            raise _changed(part, "its content is another one")
        target.chmod(0o755 if is_program else 0o644)


def _changed(part: Part, reason: str) -> DataError:
    return DataError(
        f"{part.name!r}, a part of the model, changed while it was judged ({reason}); nothing was spent",
        hint="Leave the files alone until the gate has answered, and run the same command again.",
    )


# --- what there is ---------------------------------------------------------------------------------------------------


def declared(title: str, root: Path, names: Iterable[str], hidden: Iterable[Path] = ()) -> Project:
    """
    A model that consists of *names* below *root*: files, folders with all that is in them, and what links lead to.

    What is *hidden* no model may see, whatever is declared.

    Raises:
        ModelError: If there is no such file, or it leads out of *root*, or is neither file nor folder.
        DataError: If a file is a pointer of Git LFS or DVC.
    """
    listing = _Listing(_real(root), hidden, follows=True)
    for name in names:
        listing.declare(name)
    return listing.project(title, ".")


def tracked(title: str, root: Path, names: Iterable[str] = (), hidden: Iterable[Path] = ()) -> Project:
    """
    A model that consists of everything git tracks around *root*, as it lies in the work tree, and *names*.

    Raises:
        ModelError: If there is no repository, or a part of it is a submodule, whose files another one tracks.
    """
    try:
        repository = git.repository(root)
        listed = [line.partition(b"\t") for line in repository.output("ls-files", "--stage", "-z").split(b"\0") if line]
    except GitFault as error:
        raise ModelError(
            f"what the candidate consists of is not known: no files are declared, and {error.message}",
            hint=f"{error.hint} Or {_DECLARE}",
        ) from error
    place = str(repository.place)
    listing = _Listing(repository.top, hidden, follows=False)
    for facts, _, raw in listed:
        text = os.fsdecode(raw)
        if facts.startswith(_SUBMODULE):
            raise ModelError(
                f"what the candidate consists of is not known: {text!r} is a submodule, and no files are declared",
                hint=_DECLARE,
            )
        if os.path.lexists(repository.top / text):
            listing.add(text)
    for name in names:
        listing.add(posixpath.join(place, name))
    return listing.project(title, place)


def exported(title: str, root: Path, tree: Path, hidden: Iterable[Path] = ()) -> Project:
    """A model that consists of everything in an exported *tree*, in which *root* is the gate file's folder."""
    top = _real(tree)
    listing = _Listing(top, hidden, follows=False)
    listing.add(".")
    return listing.project(title, posixpath.normpath(os.path.relpath(_real(root), top)))


@dataclass
class _Listing:
    """
    Parts while they are found, by their names from the top.

    Attributes:
        follows: Whether what a link leads to belongs to the model, too.
    """

    top: Path
    hidden: Iterable[Path]
    follows: bool
    _parts: dict[str, Part] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.hidden = {_real(path) for path in self.hidden}

    def project(self, title: str, place: str) -> Project:
        return Project(self.top, place, title, tuple(self._parts[name] for name in sorted(self._parts)))

    def declare(self, name: str) -> None:
        """Add what the gate file names; it must be there."""
        path = self.top / name
        if not path.exists():
            raise ModelError(
                f"there is no file {str(path)!r}, which is declared as part of the candidate",
                hint=missing(path, self.top) or "Check the path in the gate file.",
            )
        if not _real(path).is_relative_to(self.top):
            raise ModelError(
                f"{name!r}, a part of the candidate, leads out of {str(self.top)!r}",
                hint="Name files below the gate file's folder, and put copies there in place of links.",
            )
        self.add(name)

    def add(self, name: str) -> None:
        """Add a file, a link, or a folder with all that is in it, unless no model may see it."""
        name = posixpath.normpath(name)
        if name in self._seen or name.startswith("/") or name.split("/")[0] == "..":
            return
        self._seen.add(name)
        path = self.top / name
        if _NEVER.intersection(name.split("/")) or any(path.is_relative_to(secret) for secret in self.hidden):
            return
        if (link := self._link_on_the_way(name)) is not None:
            self._add_link(link, name.removeprefix(link).lstrip("/"))
            return
        if path.is_dir():
            for child in sorted(os.listdir(path)):  # noqa: PTH208  # names are all that is wanted
                self.add(posixpath.join(name, child))
        else:
            self._add_file(name, path)

    def _link_on_the_way(self, name: str) -> str | None:
        steps = name.split("/")
        prefixes = ("/".join(steps[: i + 1]) for i in range(len(steps)))
        return next((prefix for prefix in prefixes if (self.top / prefix).is_symlink()), None)

    def _add_link(self, link: str, rest: str) -> None:
        target = str((self.top / link).readlink())
        led = posixpath.normpath(posixpath.join(posixpath.dirname(link), target))
        if target.startswith("/") or led.split("/")[0] == "..":
            return  # it leads out
        self._parts[link] = Part(link, Kind.LINK, target)
        if self.follows and os.path.lexists(self.top / led):
            self.add(posixpath.join(led, rest))

    def _add_file(self, name: str, path: Path) -> None:
        is_beside_its_file = path.suffix == DVC and path.with_suffix("").exists()
        try:
            with _opened(path) as file:
                kind = Kind.PROGRAM if _is_program(file) else Kind.FILE
                if self.follows and not is_beside_its_file:  # a program may do without the file, and worse
                    refuse_pointer(repr(str(path)), file.read(MOST_BYTES))
                    file.seek(0)
                self._parts[name] = Part(name, kind, _digest_of(file))
        except OSError as error:
            raise ModelError(
                f"{str(path)!r}, a part of the candidate, cannot be read: {error.strerror}", hint="Name a file."
            ) from error


# --- files -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open an ordinary file, and nothing that it leads to."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is a folder, a pipe or a device")
        yield file


def _is_program(file: IO[bytes]) -> bool:
    return bool(os.fstat(file.fileno()).st_mode & stat.S_IXUSR)


def _digest_of(file: IO[bytes], copy: IO[bytes] | None = None) -> str:
    whole = hashlib.sha256()
    while block := file.read(_BLOCK):
        whole.update(block)
        if copy is not None:
            copy.write(block)
    return whole.hexdigest()


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))  # unlike `resolve`, it takes links that lead in a circle
