"""Writing a file whole or not at all, wherever the machine stops."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def write_whole(path: Path, content: bytes, mode: int | None = 0o600) -> None:
    """
    Write a file durably, whole or not at all; over a link, and never through it.

    Args:
        path: The file, in a folder that is there.
        content: All of it.
        mode: Its permissions; ``None`` for those that the user's mask leaves to every file.

    Raises:
        OSError: If it cannot be written; what was there is there still.
    """
    _write(path, content, mode, os.fsync)
    sync_folder(path.parent)


def write_hint(path: Path, content: bytes) -> None:
    """
    Write a file as `write_whole` does, but not durably: it may be lost or empty where the power fails, not the process.

    Raises:
        OSError: If it cannot be written; what was there is there still.
    """
    _write(path, content, 0o600, lambda _: None)


def _write(path: Path, content: bytes, mode: int | None, sync: Callable[[int], None]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, _NEW, 0o666 if mode is None else mode)
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            sync(descriptor)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make a new name in a *folder* durable, where the system knows how."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
