"""
Parts of the machine that every model needs: libraries, the interpreter, and a few facts about the hardware.

Never a home folder, never all of ``/etc`` or ``/proc``: a file is visible to the model because it is named here or
because the job declares it, and for no other reason.
"""

from __future__ import annotations

import os
import shutil
import site
import sys
from collections.abc import Iterable
from pathlib import Path

from proctor.errors import NotStarted
from proctor.models.child import WHERE_PROGRAMS_ARE, Job

LIBRARIES = tuple(map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")))
CONFIGURATION = tuple(
    Path("/etc", name)
    for name in (
        "alternatives",
        "ld.so.cache",
        "ld.so.conf",
        "ld.so.conf.d",
        "localtime",
        "mime.types",
        "nsswitch.conf",
        "passwd",
        "group",
        "OpenCL",
        "R",
        "java-17-openjdk",
    )
)
HARDWARE = tuple(
    Path("/sys", name)
    for name in ("devices/system/cpu", "devices/system/node", "fs/cgroup", "kernel/mm/transparent_hugepage", "bus/pci")
)
PROCESSES = tuple(
    Path("/proc", name)
    for name in (
        "cpuinfo",
        "meminfo",
        "stat",
        "uptime",
        "version",
        "filesystems",
        "sys/vm/overcommit_memory",
        "sys/kernel/osrelease",
        "sys/kernel/cap_last_cap",
        "sys/kernel/random/uuid",
    )
)
DEVICES = tuple(Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom"))


def existing(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Files of *paths* that this machine has."""
    return tuple(path for path in paths if path.exists())


def interpreter() -> tuple[Path, ...]:
    """The running Python: its installation, its environment, and our own package wherever that lies."""
    found = [sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix]
    found += [os.path.realpath(path) for path in found] + [os.path.realpath(sys.executable)]
    if site.ENABLE_USER_SITE:
        found.append(site.getusersitepackages())
    package = Path(__file__).parents[2]
    return existing(map(Path, dict.fromkeys([*found, str(package)])))


def program(job: Job) -> tuple[Path, ...]:
    """The file that *job* executes, as it is named and where its links lead; `NotStarted` if there is none."""
    name = job.argv[0]
    # a name with a slash counts from the job's folder, not from ours
    found = shutil.which(str(job.cwd / name) if os.sep in name else name, path=job.environment.get("PATH", os.defpath))
    if found is None:
        raise NotStarted(f"the program {name!r} was not found", hint=WHERE_PROGRAMS_ARE)
    return absolute(Path(found)), Path(found).resolve()


def absolute(path: Path) -> Path:
    """*path* from the root, its dots resolved but no link followed: the name under which the model looks for it."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # Path.resolve would follow links


def declared(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Absolute *paths* that a job declares, as named and where links lead; `NotStarted` if one does not exist."""
    named = [absolute(path) for path in paths]
    for path in named:
        if not path.exists():
            raise NotStarted(f"{str(path)!r}, which the model is to be given, does not exist")
    return tuple(dict.fromkeys(name for path in named for name in (path, path.resolve())))
