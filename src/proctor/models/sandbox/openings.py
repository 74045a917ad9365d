"""
Openings of the sandbox that an owner adds to those of every model: devices such as a GPU's, folders of the machine.

Only what opens no more than it says: a disk or the machine's memory as a device, or a folder in which homes, labels or
other runs lie, would undo the sandbox, and a folder of the project would show a model what its digest does not cover.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from proctor.errors import Misuse, NotStarted
from proctor.models.environments import is_shared

_DEV, _SYS, _DRIVERS = Path("/dev"), Path("/sys"), Path("/proc/driver")
_LIVE = (Path("/proc"), _DEV, Path("/run"))
_MEMORY, _TERMINALS = 1, frozenset({4, 5, *range(136, 144)})  # major numbers of the kernel's own list
_GIVEN = ("null", "zero", "full", "random", "urandom")


class Openings(NamedTuple):
    """Devices and folders that are open to a model in the sandbox."""

    devices: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()


def openings(devices: Iterable[str], folders: Iterable[str], hidden: Iterable[Path]) -> Openings:
    """
    Find the devices and folders to be opened on this machine, by the names that were given.

    Args:
        devices: Absolute paths below ``/dev``: devices, or folders of them.
        folders: Absolute paths of folders.
        hidden: The project, labels, ledger, keys: no folder that holds one of them, or lies in one, is opened.

    Raises:
        Misuse: If one of them would open more than it says.
        NotStarted: If this machine does not have one of them.
    """
    closed = tuple(Path(os.path.realpath(path)) for path in hidden)
    found = [device for name in devices for device in _devices(Path(name))]
    for name in folders:
        _check_folder(Path(name), closed)
    return Openings(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(map(Path, folders))))


def _devices(path: Path) -> Iterator[Path]:
    """*path*, or the devices in that folder; links in it lead to others of the same folder and are left out."""
    facts = _facts(path, "devices")
    if not stat.S_ISDIR(facts.st_mode):
        _check_device(path, facts)
        yield path
        return
    _check_place(path)
    inside = [Path(folder, name) for folder, _, names in os.walk(path) for name in sorted(names)]
    found = [each for each in inside if stat.S_ISCHR(each.lstat().st_mode)]
    if not found:
        raise NotStarted(f"no device is in {str(path)!r}, which `devices` of `sandbox` names", hint=_MISSING)
    for each in found:
        _check_device(each, each.lstat())
        yield each


def _check_device(path: Path, facts: os.stat_result) -> None:
    _check_place(path)
    major = os.major(facts.st_rdev)
    is_given = path.parent == _DEV and path.name in _GIVEN
    if not stat.S_ISCHR(facts.st_mode) or major in _TERMINALS or (major == _MEMORY and not is_given):
        raise Misuse(
            f"{str(path)!r}, which `devices` of `sandbox` names, is a disk, a terminal, memory or no device at all",
            hint="Name the devices that models compute on, such as /dev/nvidia0: any other opens the machine itself.",
        )


def _check_place(path: Path) -> None:
    """Refuse all of ``/dev``, and links that lead out of it."""
    real = Path(os.path.realpath(path))
    if real == _DEV or not real.is_relative_to(_DEV):
        raise Misuse(
            f"{str(path)!r}, which `devices` of `sandbox` names, is not a device below /dev",
            hint="Name each device, such as /dev/nvidia0, or a folder of devices such as /dev/dri.",
        )


def _check_folder(path: Path, closed: tuple[Path, ...]) -> None:
    facts, real = _facts(path, "folders"), Path(os.path.realpath(path))
    if not stat.S_ISDIR(facts.st_mode):
        raise Misuse(
            f"{str(path)!r}, which `folders` of `sandbox` names, is not a folder",
            hint="Name the folder that it lies in; a device belongs in `devices`.",
        )
    shared = (Path.home(), Path(tempfile.gettempdir()), Path("/dev/shm"))  # noqa: S108  # where runs have their copies
    holds = any(Path(os.path.realpath(each)).is_relative_to(real) for each in (*shared, *closed))
    is_inside = any(real.is_relative_to(each) for each in closed)
    if holds or is_inside or is_shared(real) or _is_kernels(real):
        raise Misuse(
            f"{str(path)!r}, which `folders` of `sandbox` names, holds more than a model may see",
            hint="Name the one folder that models need, such as /usr/local/cuda: no home, no folder of the system, of "
            "the project or of the owner's. Files of the project belong in `files` of `candidate`.",
        )


def _is_kernels(real: Path) -> bool:
    """True for a view of running processes, devices or sockets; facts about drivers and the hardware are none."""
    is_live = any(real.is_relative_to(root) for root in _LIVE) and not real.is_relative_to(_DRIVERS)
    return is_live or real == _SYS


def _facts(path: Path, key: str) -> os.stat_result:
    try:
        return path.stat()
    except (OSError, ValueError):
        raise NotStarted(
            f"this machine has no {str(path)!r}, which `{key}` of `sandbox` names", hint=_MISSING
        ) from None


_MISSING = "Run the gate on a machine that has it, or have the owner remove it from the gate file. Nothing was spent."
