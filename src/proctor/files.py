"""
Opening files that a judged commit names, and writing beside them, without being led out of the project by it.

A commit can put a link in the place of any file or folder of the project. Such a link may lead to another place in the
project, never out of it: not to the machine's files, not to what the kernel shows as files (``/proc`` has the
environment), not to a pipe or a device. A path that the gate file itself writes as ``../exam.csv`` or ``/srv/exam.csv``
leads out by the word of whoever wrote the gate file, and is followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, NamedTuple

from proctor import git
from proctor.errors import DataError, GitFault

_KERNEL = (Path("/proc"), Path("/sys"), Path("/dev"))
_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder like any other
_ANNEX = (".git", "annex", "objects")  # where git-annex keeps the files that its links stand for
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Fence(NamedTuple):
    """
    Fence that the links of a project may not lead out of.

    Attributes:
        root: Folder that relative paths start from.
        project: Top of the project, without links: the repository's, else *root*.
        kept: Files that nothing may be taken for, by whatever name: labels, keys, records.
        closed: Names of folders of the project that nothing lies in for anybody to see.
    """

    root: Path
    project: Path
    kept: tuple[Path, ...] = ()
    closed: tuple[str, ...] = ()

    @classmethod
    def around(cls, root: Path) -> Fence:
        """The fence of the project that the folder *root* is in."""
        real = Path(os.path.realpath(root))
        try:
            found = git.find(root)
        except GitFault:  # no folder, or one that git would not take for a repository
            found = None
        return cls(root, found.top if found is not None else real)

    def keeping(self, *kept: Path, closed: tuple[str, ...] = ()) -> Fence:
        """The same fence around what may be shown to others: nothing of it may be one of the files *kept*."""
        return self._replace(kept=kept, closed=closed)

    def resolve(self, path: str) -> Path:
        """
        Place of a path on disk; it need not be there.

        Raises:
            DataError: If a link of the project leads out, or the path is none or the kernel's.
        """
        try:
            found = self.root / Path(path).expanduser()
        except RuntimeError as error:
            raise DataError(f"{path!r} is not a path: {error}", hint="Name a file or a folder.") from None
        self.real(found)
        return found

    def real(self, path: Path) -> Path:
        """
        *path* without links.

        Raises:
            DataError: As `resolve`.
        """
        start = Path(os.path.realpath(self.root))
        if path.is_relative_to(self.root):
            here, way = start, path.relative_to(self.root)
        else:
            here, way = Path(Path.cwd().anchor), Path(os.path.join(Path.cwd(), path))  # noqa: PTH118  # `..` is kept
        for part in way.parts:
            here = here.parent if part == ".." else self._step(here, part, path)
        _refuse_kernel(path, here)
        return here

    def _step(self, here: Path, part: str, path: Path) -> Path:
        step = here / part
        try:
            real = Path(os.path.realpath(step))
        except ValueError as error:
            raise DataError(f"{str(path)!r} is not a path: {error}", hint="Name a file or a folder.") from None
        if real != step and here.is_relative_to(self.project) and not real.is_relative_to(self.project):
            link = str(step.relative_to(self.project))
            raise DataError(
                f"{str(path)!r} leads out of the project: {link!r} is a link to elsewhere",
                hint="Put the file in the place of the link; or, as the owner, name the other place in the gate file.",
            )
        return real

    def refuse_kept(self, path: Path, real: Path, facts: os.stat_result) -> None:
        """
        Refuse what is not for others to see; one sentence, whichever file it is.

        Raises:
            DataError: If it is one of the files kept, by any name, or lies in a closed folder.
        """
        inside = real.relative_to(self.project).parts if real.is_relative_to(self.project) else ()
        is_closed = inside[:3] != _ANNEX and any(part in self.closed for part in inside)
        if is_closed or any(_is_same(each, facts) for each in self.kept):
            raise _not_for_others(path)

    def refuse_copy(self, path: Path, content: bytes) -> None:
        """
        Refuse *content* that is the same as that of a file which is not for others to see.

        Raises:
            DataError: If it is.
        """
        for each in self.kept:
            with contextlib.suppress(OSError):
                if each.stat().st_size == len(content) and each.read_bytes() == content:
                    raise _not_for_others(path)


def _not_for_others(path: Path) -> DataError:
    return DataError(
        f"{str(path)!r} is one of the files that only the owner and the gate may read", hint="Name a file of its own."
    )


def open_file(path: Path, fence: Fence | None = None) -> BinaryIO:
    """
    Open an ordinary file for reading; what is checked is what is read, and no pipe or device is touched.

    Raises:
        DataError: If it is no ordinary file, or leads out of the *fence*.
        OSError: If it is not there, or cannot be read.
    """
    real = fence.real(path) if fence is not None else Path(os.path.realpath(path))
    _refuse_kernel(path, real)
    with contextlib.ExitStack() as opened:
        descriptor = _opened(real)
        opened.callback(os.close, descriptor)
        facts = os.fstat(descriptor)
        if stat.S_ISDIR(facts.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(facts.st_mode):
            raise _no_file(path)
        if fence is not None:
            fence.refuse_kept(path, real, facts)
        opened.pop_all()
        return os.fdopen(descriptor, "rb")


def _opened(real: Path) -> int:
    """A descriptor of the file at a path without links: one that was put there since is not followed."""
    folder = os.open(real.anchor, _FOLDER)
    try:
        for part in real.parts[1:-1]:
            below = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        mode = os.stat(real.name or ".", dir_fd=folder, follow_symlinks=False).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):  # what opens a device can set it off
            raise _no_file(real)
        return os.open(real.name or ".", _FILE, dir_fd=folder)
    finally:
        os.close(folder)


def _no_file(path: Path) -> DataError:
    return DataError(
        f"{str(path)!r} is a pipe or a device, or another thing that the system only shows as a file",
        hint="It must be a file: it is read more than once",
    )


def refuse_to_write_out(path: Path) -> None:
    """
    Refuse a file to write, named on the command line, that a link of the project would have elsewhere.

    Raises:
        DataError: If it is one.
    """
    if not is_of_the_system(path):  # such as /dev/stdout
        Fence.around(Path()).resolve(str(path))


def is_of_the_system(path: Path) -> bool:
    """True if *path*, as it is written, names what the system only shows as a file."""
    there = path.absolute()
    return any(there.is_relative_to(each) for each in _KERNEL) and not there.is_relative_to(_MEMORY)


def _refuse_kernel(path: Path, real: Path) -> None:
    if is_of_the_system(real):
        raise _no_file(path)


def _is_same(path: Path, facts: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), facts)
    except (OSError, ValueError):
        return False
