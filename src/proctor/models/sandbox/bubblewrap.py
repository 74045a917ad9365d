"""
The strongest tier: namespaces of its own, set up by bubblewrap, the unprivileged tool behind Flatpak.

The model sees a file system made for it (what it may read, mounted read-only; what it may write; an empty ``/tmp``
and ``/dev/shm`` in memory), no network interface, and no process but its own. Seccomp is added on top.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from proctor.frozen import dataclass
from proctor.models.child import Finished, Job
from proctor.models.sandbox import confinement, seccomp, system

MEMORY_DISK_BYTES = 1 << 30
_SIGNALED = 128
_OWN_PROCESSES = 2  # one outside, one as the first process inside
_SWITCHES = ("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL")


@dataclass(frozen=True)
class Bubblewrap:
    """A `proctor.models.child.Launcher` that wraps a job into *program*, an installed ``bwrap``."""

    program: Path
    tier: ClassVar[str] = "bubblewrap"

    def run(self, job: Job) -> Finished:
        """See `proctor.models.child.Launcher`."""
        calls = seccomp.program(os.uname().machine, private_files=True, private_processes=True)
        # a file, not a pipe: bubblewrap reads the filter to its end
        with tempfile.TemporaryFile() as loaded:
            loaded.write(calls or b"")
            loaded.flush()
            loaded.seek(0)
            switches = () if calls is None else ("--seccomp", str(loaded.fileno()))
            argv = (str(self.program), *switches, *arguments(job), "--", *confinement.STARTER, *job.argv)
            environment = {name: value for name, value in job.environment.items() if name not in {"TEMP", "TMP"}}
            confined = confinement.Confinement(
                argv=argv,
                cwd=Path("/"),
                environment=environment | {"TMPDIR": "/tmp"},  # noqa: S108  # the sandbox's own
                inherit=(loaded.fileno(),),
                own_processes=_OWN_PROCESSES,
            )
            finished = confinement.run(job, confined, self.tier)
        # bubblewrap reports the death of its child by a signal as a shell does
        code = finished.returncode
        return finished._replace(returncode=_SIGNALED - code) if code > _SIGNALED else finished


def arguments(job: Job) -> tuple[str, ...]:
    """Arguments of bubblewrap for *job*: mounts from the root downwards, then everything that was made is sealed."""
    size = MEMORY_DISK_BYTES if job.limits.file_bytes is None else confinement.FOLDER_FACTOR * job.limits.file_bytes
    words = [*_SWITCHES, "--proc", "/proc", "--dev", "/dev"]
    for folder in ("/tmp", "/dev/shm"):  # noqa: S108  # inside the sandbox, where both are empty and its own
        words += ["--perms", "0700", "--size", str(size), "--tmpfs", folder]
    for device in system.declared(job.devices):
        words += ["--dev-bind", str(device), str(device)]
    words += [*_libraries(), *_mounts(job)]
    cwd = system.absolute(job.cwd)
    return (*words, "--dir", str(cwd), "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(cwd))


def _mounts(job: Job) -> Iterator[str]:
    """Outer folders first; what lies in a folder that is mounted already is visible without a mount of its own."""
    machine = system.existing((*system.CONFIGURATION, *system.HARDWARE))
    readable = {*machine, *system.interpreter(), *system.program(job), *system.declared(job.readable)}
    writable = {*system.declared(job.writable)}
    mounted = dict.fromkeys(system.LIBRARIES, False)
    for path in sorted(readable | writable, key=lambda path: (len(path.parts), path)):
        covered = next((mounted[folder] for folder in (path, *path.parents) if folder in mounted), None)
        if covered is None or (path in writable and not covered):
            mounted[path] = path in writable
            yield from ("--bind" if path in writable else "--ro-bind", str(path), str(path))


def _libraries() -> Iterator[str]:
    for path in system.existing(system.LIBRARIES):
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        else:
            yield from ("--ro-bind", str(path), str(path))
