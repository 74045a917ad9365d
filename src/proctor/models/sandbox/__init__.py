"""
Isolation of the model: which kind this machine can give, found out by trying, and how much the gate insists on.

A tier counts only if a probe in it both works and is refused what a model must not do: having the tool installed
or the system call present says little (containers and hosted runners switch them off).
Strongest first: ``bubblewrap`` (namespaces), ``landlock`` (with seccomp), ``none``.
The tier is named in every release. The modules below know one mechanism each.
"""

from __future__ import annotations

import functools
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from proctor.errors import DomainError, ProctorError, SandboxError
from proctor.models.child import Job, Launcher, Limits, PlainLauncher
from proctor.models.sandbox import scratch

logger = logging.getLogger(__name__)

_ADVICE = (
    "install bubblewrap (apt-get install bubblewrap); on a GitHub runner also allow user namespaces: "
    "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; or use Linux 6.2 or later with Landlock"
)

# Prints one word if everything that must be refused is refused. The last argument is a port that listens.
_PROBE = """
import os, socket, sys
secret, outside, scratch, gate, port = sys.argv[1:]
def refused(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        return True
    return False
try:
    alone = sum(name.isdigit() for name in os.listdir("/proc")) <= 3
except OSError:
    alone = False
open(os.path.join(scratch, "written"), "w").close()
print("confined" if all((
    refused(open, secret),
    refused(open, os.path.join(outside, "forbidden"), "w"),
    refused(socket.create_connection, ("127.0.0.1", int(port)), 1),
    alone or refused(os.kill, int(gate), 0),
    alone or refused(open, f"/proc/{gate}/environ"),
)) else "open")
"""


class Policy(StrEnum):
    """Degree of isolation that a gate file asks for."""

    AUTO = "auto"
    REQUIRED = "required"
    NONE = "none"


def choose(policy: str) -> Launcher:
    """
    The launcher for *policy* on this machine: its tier is what the release names.

    Args:
        policy: ``auto`` (the strongest tier that works, possibly none), ``required`` (some tier) or ``none``.

    Raises:
        SandboxError: If isolation is required and no tier works here.
        DomainError: If there is no such policy.
    """
    if policy not in set(Policy):
        raise DomainError(f"{policy!r} is not a sandbox policy", hint=f"One of {', '.join(Policy)}")
    if policy == Policy.NONE:
        return PlainLauncher()
    if found := strongest():
        return found
    if policy == Policy.REQUIRED:
        raise SandboxError("a sandbox is required, but none works on this machine", hint=_ADVICE)
    return PlainLauncher()


@functools.cache
def strongest() -> Launcher | None:
    """The strongest launcher that was found to isolate on this machine, if any; tried once per process."""
    return next(filter(confines, candidates()), None)


def candidates() -> Iterator[Launcher]:
    """Launchers that this machine looks able to run, strongest first; whether they isolate is for `confines` to say."""
    if not sys.platform.startswith("linux"):
        return
    from proctor.models.sandbox import landlock, seccomp
    from proctor.models.sandbox.bubblewrap import Bubblewrap

    if program := shutil.which("bwrap"):
        yield Bubblewrap(Path(program))
    if landlock.version() >= landlock.TRUNCATE_ABI and os.uname().machine in seccomp.MACHINES:
        yield landlock.Landlock()


def confines(launcher: Launcher) -> bool:
    """True if a small program works under *launcher* and is refused secrets, writing, network, other processes."""
    import socket

    with (
        scratch.folder(scratch.memory()) as secrets,
        scratch.folder(scratch.memory()) as own,
        socket.create_server(("127.0.0.1", 0)) as listener,
    ):
        secret = secrets / "secret"
        secret.write_text("secret")
        facts = (secret, secrets, own, os.getpid(), listener.getsockname()[1])
        argv = (sys.executable, "-I", "-S", "-c", _PROBE, *map(str, facts))
        try:
            finished = launcher.run(Job(argv=argv, cwd=own, environment={}, writable=(own,), limits=Limits(seconds=10)))
        except (ProctorError, OSError) as error:
            logger.info("%s does not work here: %s", launcher.tier, error)
            return False
    logger.debug("%s said %r", launcher.tier, finished.output_tail)
    return finished.returncode == 0 and finished.output_tail.strip() == "confined"
