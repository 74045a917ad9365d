"""
Running somebody else's program: the one seam between adapters of models and the operating system.

An adapter describes a `Job`; a `Launcher` runs it and says how it ended. `PlainLauncher` here isolates nothing
but the environment, the working directory and the time; the sandbox implements the same protocol with more.
What the program wrote is not looked at here.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import IO, ClassVar, NamedTuple, Protocol

from proctor.errors import NotStarted
from proctor.frozen import dataclass, field

logger = logging.getLogger(__name__)

WHERE_PROGRAMS_ARE = (
    "Install it, or correct the command; it is looked for among the files of the model and along PATH. "
    "Nothing was spent."
)
NOBODY = "model"
"""Name of the user that a model runs as, as far as it asks: one that every machine can give."""

TAIL_BYTES = 4096
"""How much of a child's output is kept for an error message."""

_KEPT = frozenset(
    {
        "PATH",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "TEMP",
        "TMP",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "JAVA_HOME",
        "R_HOME",
        "R_LIBS",
        "R_LIBS_USER",
        "CUDA_VISIBLE_DEVICES",
        "HIP_VISIBLE_DEVICES",
        "ROCR_VISIBLE_DEVICES",
        "CUDA_HOME",
        "CUDA_PATH",
        "ROCM_PATH",
        "PYTHONHASHSEED",
        "SYSTEMROOT",
    }
)
_KEPT_PREFIXES = ("LC_", "OMP_", "OPENBLAS_", "MKL_")


class Limits(NamedTuple):
    """
    Limits on what a child may use up.

    Args:
        seconds: Wall time after which the child and all its descendants are killed; > 0.
        memory_bytes: Address space of each process; ``None`` for no limit.
        processes: Number of processes; ``None`` for no limit.
        file_bytes: Size of the largest file it may write; ``None`` for no limit.
    """

    seconds: float = 600.0
    memory_bytes: int | None = None
    processes: int | None = None
    file_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """
    One run of a program.

    Args:
        argv: Program and arguments; never a shell line.
        environment: Its whole environment.
        readable: Files and folders that it needs to read beyond the system's own.
        devices: Devices that it may read, write and control.
    """

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    readable: tuple[Path, ...] = ()
    writable: tuple[Path, ...] = ()
    devices: tuple[Path, ...] = ()
    limits: Limits = field(default_factory=Limits)


class Finished(NamedTuple):
    """
    Result of a job that has ended.

    Attributes:
        returncode: Exit code; negative for a signal.
        output_tail: The last lines of what it printed, standard output and error together.
        timed_out: True if the time limit ended it.
        tier: Isolation that it ran under: ``none``, ``landlock``, ``bubblewrap``.
    """

    returncode: int
    output_tail: str
    timed_out: bool
    tier: str


class Launcher(Protocol):
    """Anything that can run a `Job`; *tier* names the isolation that it gives."""

    tier: ClassVar[str]

    def run(self, job: Job) -> Finished:
        """
        Run *job* to its end, or to one of its limits; leave no process of it behind.

        Raises:
            NotStarted: If the program cannot be started, or a declared path does not exist.
            SandboxError: If the isolation itself did not work.
        """


@dataclass(frozen=True)
class PlainLauncher:
    """Runs a job as an ordinary child process, in a session of its own so that all of it can be ended."""

    tier: ClassVar[str] = "none"

    def run(self, job: Job) -> Finished:
        """See `Launcher`; an interruption (Ctrl-C) ends the process group, too."""
        process, tail = _started(job), deque[bytes]()
        # Output is drained by a thread: a grandchild may hold the pipe open after the process has ended.
        reader = threading.Thread(target=_drain, args=(process.stdout, tail), daemon=True)
        reader.start()
        timed_out = False
        try:
            process.wait(job.limits.seconds)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            _end_group(process)  # also when the process itself ends in time: nothing of it outlives the call
            reader.join(2.0)
        text = b"".join(tail)[-TAIL_BYTES:].decode("utf-8", "replace")
        return Finished(process.returncode, text, timed_out, self.tier)


def _started(job: Job) -> subprocess.Popen[bytes]:
    """The process of *job* in a session of its own, with its output in one pipe."""
    try:
        return subprocess.Popen(  # running the developer's program is the job; no shell
            job.argv,
            cwd=job.cwd,
            env=dict(job.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            close_fds=True,
        )
    except FileNotFoundError as error:
        raise NotStarted(f"the program {job.argv[0]!r} was not found", hint=WHERE_PROGRAMS_ARE) from error
    except OSError as error:
        raise NotStarted(f"the program {job.argv[0]!r} cannot be started: {error.strerror}") from error


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill every process in the group of *process*, and reap it."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # all gone; macOS says EPERM where only zombies are left
        logger.debug("process group %d is gone", process.pid)
    process.wait()


def _drain(stream: IO[bytes] | None, tail: deque[bytes]) -> None:
    if stream is None:
        return
    with stream:
        kept = 0
        while chunk := stream.read1(TAIL_BYTES):  # type: ignore[attr-defined]  # a pipe's stream is a BufferedReader
            tail.append(chunk)
            kept += len(chunk)
            while kept - len(tail[0]) >= TAIL_BYTES:
                kept -= len(tail.popleft())


def scrubbed_environment(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """
    The part of *environment* that a model needs to run at all, with *home* as its home folder.

    Names are let through by a short list (search path, locale, thread counts), so that no key, token,
    ``PROCTOR_*`` variable or path of the labels ever reaches the developer's code.
    """
    kept = {name: value for name, value in environment.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    user = dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME"), NOBODY)  # where a uid has no name, it is asked for
    return kept | user | {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
