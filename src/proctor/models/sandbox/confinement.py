"""
The gate's side of a confined run: start the supervisor, hand it the plan, keep the tail of the output, hear the end.

A tier (`proctor.models.sandbox.bubblewrap`, `proctor.models.sandbox.landlock`) says how to confine; what is the same
for all of them is here. When `run` returns, no process of the job is alive.
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import math
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from proctor.errors import NotStarted, SandboxError
from proctor.frozen import dataclass
from proctor.models.child import TAIL_BYTES, Finished, Job, Limits

logger = logging.getLogger(__name__)

OPEN_FILES = 1024
FOLDER_FACTOR = 4
"""All files of a job together may be this many times as large as its largest."""

SUPERVISOR = Path(__file__).with_name("supervisor.py")
STARTER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("starter.py")), "{complaints}")
"""Words before a program that a tool executes: a program that cannot be executed is told from one that fails."""


@dataclass(frozen=True, kw_only=True)
class Confinement:
    """
    Confinement of one job, as it is executed: by its own program, or by a tool that confines and executes that.

    Attributes:
        ruleset: Descriptor of a Landlock ruleset to apply, if any.
        program: Seccomp filter to install before *argv* is executed, if any.
        inherit: Descriptors that *argv* is to find open.
        own_processes: Processes that *argv* runs beside the job's program.
    """

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    ruleset: int | None = None
    program: bytes | None = None
    inherit: tuple[int, ...] = ()
    own_processes: int = 0


def run(job: Job, confinement: Confinement, tier: str) -> Finished:
    """Run *job* under *confinement*, as a `proctor.models.child.Launcher` does."""
    inherited = confinement.inherit if confinement.ruleset is None else (*confinement.inherit, confinement.ruleset)
    plan_end, control = os.pipe()
    status, status_end = os.pipe()
    output, output_end = os.pipe()
    theirs = (plan_end, status_end, output_end)
    with (
        os.fdopen(control, "wb", buffering=0) as plan,
        os.fdopen(status, "rb") as reports,
        os.fdopen(output, "rb", buffering=0) as text,
    ):
        try:
            supervisor = _start(theirs, (*theirs, *inherited))
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        try:
            with contextlib.suppress(BrokenPipeError):
                plan.write(json.dumps(_plan(job, confinement)).encode() + b"\n")
            tail = _tail(text)
            told = [json.loads(line) for line in reports]
        finally:
            plan.close()  # at this the supervisor kills whatever still runs
            supervisor.wait()
    return _finished(told, tail, job.limits, tier)


def _start(descriptors: tuple[int, ...], passed: tuple[int, ...]) -> subprocess.Popen[bytes]:
    # the supervisor is given nothing to leak: of the gate's environment only where its libraries lie
    environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    command = [sys.executable, "-I", "-S", str(SUPERVISOR), *map(str, descriptors)]
    return subprocess.Popen(  # what it complains of itself goes to the gate's own standard error
        command,
        pass_fds=passed,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


def _plan(job: Job, confinement: Confinement) -> dict[str, Any]:
    limits = job.limits
    return {
        "argv": confinement.argv,
        "cwd": str(confinement.cwd),
        "environment": dict(confinement.environment),
        "inherit": confinement.inherit,
        "ruleset": confinement.ruleset,
        "filter": None if confinement.program is None else base64.b64encode(confinement.program).decode(),
        "drop_capabilities": confinement.ruleset is not None and os.geteuid() == 0,
        "rlimits": rlimits(limits, os.cpu_count() or 1, has_devices=bool(job.devices)),
        "seconds": limits.seconds,
        "processes": None if limits.processes is None else limits.processes + confinement.own_processes,
        "memory_bytes": limits.memory_bytes,
        "written_bytes": None if limits.file_bytes is None else FOLDER_FACTOR * limits.file_bytes,
        "writable": [str(path) for path in job.writable],
    }


def rlimits(limits: Limits, cores: int, *, has_devices: bool = False) -> list[tuple[int, int]]:
    """
    Pairs of resource and value that every process of a job starts with, on so many cores.

    They bind each process by itself; what all of them use together is watched by the supervisor. The kernel's limit on
    processes is left alone: it counts every process of the user, on the whole machine, and does not bind root at all.
    A job that *has_devices* has no bound on its addresses: a GPU's driver reserves more of them than there is memory.
    """
    values = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, OPEN_FILES)]
    if math.isfinite(limits.seconds):
        values.append((resource.RLIMIT_CPU, math.ceil(limits.seconds * cores) + 1))
    if limits.memory_bytes is not None and not has_devices:
        values.append((resource.RLIMIT_AS, limits.memory_bytes))
    if limits.file_bytes is not None:
        values.append((resource.RLIMIT_FSIZE, limits.file_bytes))
    return values


def _tail(stream: IO[bytes]) -> str:
    kept = b""
    while chunk := stream.read(1 << 16):
        kept = (kept + chunk)[-TAIL_BYTES:]
    return kept.decode("utf-8", "replace")


def _finished(told: list[dict[str, Any]], tail: str, limits: Limits, tier: str) -> Finished:
    if len(told) < 2:  # started, ended
        if told:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(told[0]["started"], signal.SIGKILL)
        # never with the model's output: it may hold sealed inputs
        raise SandboxError(
            "the supervisor of the sandbox did not report",
            hint="It may have been killed: look for a lack of memory, and run the same command again.",
        )
    if complaint := told[1]["complaint"]:
        raise NotStarted(f"the program cannot be started: {complaint}", hint="Correct the command. Nothing was spent.")
    reason = told[1]["reason"]
    if explained := _explanation(reason, limits):
        logger.info("ended: %s", explained)
        tail = f"{tail}\n{explained}".lstrip("\n")
    return Finished(told[1]["code"], tail, reason == "time", tier)


def _explanation(reason: str, limits: Limits) -> str:
    match reason:
        case "time":
            return f"proctor: ended after {limits.seconds:g} s"
        case "processes":
            return f"proctor: ended for running more than {limits.processes} processes"
        case "memory":
            return f"proctor: ended for holding more than {limits.memory_bytes} bytes of memory"
        case "files":
            return f"proctor: ended for writing more than {FOLDER_FACTOR} * {limits.file_bytes} bytes of files"
        case _:
            return ""
