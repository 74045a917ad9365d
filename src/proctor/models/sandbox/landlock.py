"""
File access by allow-list, through the kernel's Landlock: for machines on which no namespaces are to be had.

Landlock has no library that we could lean on, so its three system calls are made here (ctypes; the numbers and the
layout of the structures are the kernel's interface, ``linux/landlock.h``). The ruleset is built by the gate and
handed to the supervisor, which adds ``/proc/self`` and applies it just before the model starts.

What Landlock leaves open, seccomp closes (`proctor.models.sandbox.seccomp`). What both leave open: names, sizes and
times of files can be asked for everywhere, and ``/dev/shm`` is not shared, so that joblib runs its workers serially.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from proctor.frozen import dataclass
from proctor.models.child import Finished, Job
from proctor.models.sandbox import confinement, seccomp, system

_CREATE_RULESET, _ADD_RULE = 444, 445
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_DIR, _MAKE_REG, _MAKE_FIFO, _MAKE_SYM = 1 << 7, 1 << 8, 1 << 10, 1 << 12
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_MAKE = _MAKE_DIR | _MAKE_REG | _MAKE_FIFO | _MAKE_SYM
_WRITE = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE | _REFER | _TRUNCATE
_USE = _READ_FILE | _WRITE_FILE | _IOCTL
_ALL_NETWORK = 3
_ALL_SCOPES = 3

TRUNCATE_ABI, SCOPE_ABI = 3, 6
"""First versions that govern truncation (without it Landlock protects nothing), and signals."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Landlock:
    """A `proctor.models.child.Launcher` that confines a job by Landlock, seccomp and resource limits."""

    tier: ClassVar[str] = "landlock"

    def run(self, job: Job) -> Finished:
        """See `proctor.models.child.Launcher`."""
        writable = system.declared(job.writable)
        environment = {name: value for name, value in job.environment.items() if name not in {"TEMP", "TMP", "TMPDIR"}}
        if writable:
            environment["TMPDIR"] = str(writable[0])
        environment["JOBLIB_MULTIPROCESSING"] = "0"  # semaphores need /dev/shm: it would warn, and go on without them
        calls = seccomp.program(os.uname().machine, private_files=False, private_processes=version() >= SCOPE_ABI)
        rules = ruleset(_readable(job), writable, system.declared(job.devices))
        try:
            confined = confinement.Confinement(
                argv=job.argv, cwd=job.cwd, environment=environment, ruleset=rules, program=calls
            )
            return confinement.run(job, confined, self.tier)
        finally:
            os.close(rules)


def _readable(job: Job) -> tuple[Path, ...]:
    machine = (*system.LIBRARIES, *system.CONFIGURATION, *system.HARDWARE, *system.PROCESSES, *system.DEVICES)
    return (*system.existing(machine), *system.interpreter(), *system.program(job), *system.declared(job.readable))


def version() -> int:
    """Landlock's version in the running kernel; 0 where it is missing or switched off."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))


def handled(abi: int) -> int:
    """Every file right that version *abi* governs: all of them are refused unless a rule allows them."""
    bits = 13 + (abi >= 2) + (abi >= TRUNCATE_ABI) + (abi >= 5)
    return (1 << bits) - 1


def ruleset(readable: Iterable[Path], writable: Iterable[Path], devices: Iterable[Path] = ()) -> int:
    """
    A ruleset that allows reading below *readable*, writing below *writable*, using *devices*; its descriptor.

    Folders of devices below ``/dev`` can be listed, which is how libraries find them.

    Raises:
        OSError: If the kernel has no Landlock, or a path cannot be opened.
    """
    abi = version()
    fields = (handled(abi), _ALL_NETWORK if abi >= 4 else None, _ALL_SCOPES if abi >= SCOPE_ABI else None)
    attributes = b"".join(struct.pack("=Q", field) for field in fields if field is not None)
    descriptor = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for paths, rights in ((readable, _READ), (writable, _WRITE)):
            for path in paths:
                _allow(descriptor, path, rights & handled(abi))
        for device in devices:
            _allow(descriptor, device, _USE & handled(abi))
            if device.parent.parent.is_relative_to("/dev"):
                _allow(descriptor, device.parent, _READ_DIR)
        _allow(descriptor, Path(os.devnull), _READ_FILE | _WRITE_FILE)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _allow(descriptor: int, path: Path, rights: int) -> None:
    target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = rights if path.is_dir() else rights & _OF_A_FILE
        _call(_ADD_RULE, descriptor, _PATH_BENEATH, struct.pack("=Qi", rights, target), 0)
    finally:
        os.close(target)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
