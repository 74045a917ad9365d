"""
The folder that gate and model share, and the only way in which the gate reads what a model left in it.

The folder lies in memory where the machine allows it, so that sealed inputs handed to a model are on no disk.
What the model leaves is read after its last process is dead, through no link, and only if it is an ordinary file.

A gate that is killed outright cannot tidy up. So each folder is locked while its gate lives, by the kernel, and the
next gate removes those that are locked no more.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from proctor.errors import ModelError

MEMORY = Path("/dev/shm")  # noqa: S108  # only private folders are made there
_PREFIX = "proctor-scratch-"


def in_memory() -> bool:
    """True if folders in `memory` lie there: needed before sealed inputs are handed out."""
    return os.path.ismount(MEMORY) and os.access(MEMORY, os.W_OK)


def memory() -> Path:
    """The folder in which a `folder` lies in memory, if that is possible."""
    return MEMORY if in_memory() else Path(tempfile.gettempdir())


@contextlib.contextmanager
def folder(parent: Path | None = None) -> Iterator[Path]:
    """
    A fresh folder of mode 0700, removed at the end with all that is in it; first, those of dead gates are.

    It is made in a *parent*, such as `memory`; left out, where temporary files lie.
    """
    place = (parent or Path(tempfile.gettempdir())).resolve()
    _sweep(place)
    with _locked_folder(place) as made:
        try:
            yield made
        finally:
            _remove(made)


def _sweep(place: Path) -> None:
    """Remove the folders that nobody has locked: their gates are dead."""
    for leftover in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), _locked(leftover):
            _remove(leftover)


@contextlib.contextmanager
def _locked_folder(place: Path) -> Iterator[Path]:
    """A fresh folder, locked; another one if a sweeping gate took it for a leftover before it was locked."""
    with contextlib.ExitStack() as lock:
        while True:
            made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
            with contextlib.suppress(BlockingIOError, FileNotFoundError):
                lock.enter_context(_locked(made))
                if made.exists():
                    break
        yield made


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a folder of this user; the kernel gives it back when this process ends, however it ends."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError(f"{path} belongs to another user")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    """
    Remove *folder* with all that is in it, as far as the system lets us; no link in it is followed.

    A model can close folders to its own user, and nest them deeper than a path may be long or a function may call
    itself: each is opened up, and moved to the top before it is looked into.
    """
    todo = [folder]
    while todo:
        current = todo.pop()
        with contextlib.suppress(OSError), os.scandir(current) as found:
            for entry in list(found):
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        moved = folder / os.urandom(8).hex()
                        os.chmod(entry.path, 0o700)  # noqa: PTH101  # no link: it was just told from one
                        os.rename(entry.path, moved)  # noqa: PTH104
                        todo.append(moved)
                    else:
                        os.unlink(entry.path)  # noqa: PTH108
        if current != folder:
            with contextlib.suppress(OSError):
                current.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()


def take(path: Path, most_bytes: int) -> bytes:
    """
    Read what the model wrote to *path*; only after every process of the model has ended.

    Args:
        path: The declared output, directly in a folder that the gate made.
        most_bytes: Size beyond which it is refused; > 0.

    Raises:
        ModelError: If there is no ordinary file of that size: a link, pipe, device or folder is never followed,
            opened or waited for.
    """
    try:
        # without O_NONBLOCK the opening of a pipe would wait for a writer
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise ModelError(
            f"the model wrote no ordinary file {path.name!r}: {error.strerror}",
            hint="Write the predictions to the path that the command is given",
        ) from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise ModelError(f"what the model wrote as {path.name!r} is not an ordinary file of its own")
        with open(descriptor, "rb", closefd=False) as file:  # a descriptor, not a path
            content = file.read(most_bytes + 1) if facts.st_size <= most_bytes else b""
    finally:
        os.close(descriptor)
    if facts.st_size > most_bytes or len(content) > most_bytes:
        raise ModelError(f"what the model wrote as {path.name!r} is larger than {most_bytes} bytes")
    return content
