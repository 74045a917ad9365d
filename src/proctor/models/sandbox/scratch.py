"""
The folder that gate and model share, and the only way in which the gate reads what a model left in it.

The folder lies in memory where the machine allows it, so that sealed inputs handed to a model are on no disk.
What the model leaves is read after its last process is dead, through no link, and only if it is an ordinary file.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from proctor.errors import ModelError

MEMORY = Path("/dev/shm")  # noqa: S108  # only private folders are made there


def in_memory() -> bool:
    """True if folders made by `folder` lie in memory: needed before sealed inputs are handed out."""
    return os.path.ismount(MEMORY) and os.access(MEMORY, os.W_OK)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A fresh folder of mode 0700, in memory if possible, removed at the end with all that is in it."""
    with tempfile.TemporaryDirectory(
        prefix="proctor-", dir=MEMORY if in_memory() else None, ignore_cleanup_errors=True
    ) as name:
        yield Path(name).resolve()


def take(path: Path, most_bytes: int) -> bytes:
    """
    What the model wrote to *path*; only after every process of the model has ended.

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
            f"the model left no ordinary file {path.name!r}: {error.strerror}",
            hint="write the predictions to the path that the command is given",
        ) from error
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise ModelError(f"what the model left as {path.name!r} is not an ordinary file of its own")
        with open(descriptor, "rb", closefd=False) as file:  # a descriptor, not a path
            content = file.read(most_bytes + 1) if facts.st_size <= most_bytes else b""
    finally:
        os.close(descriptor)
    if facts.st_size > most_bytes or len(content) > most_bytes:
        raise ModelError(f"what the model left as {path.name!r} is larger than {most_bytes} bytes")
    return content
