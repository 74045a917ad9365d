"""
Runs a command on a machine as it is without some kinds of isolation: as on a fresh container or a hosted runner.

    python3 .ci/tier.py landlock -- COMMAND ...    bubblewrap does not work (a stub that fails stands in its place)
    python3 .ci/tier.py none -- COMMAND ...        and the kernel has no Landlock

Nothing in the product is told: it finds out by trying, as it does anywhere.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import tempfile
from pathlib import Path

_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2
_CREATE_RULESET = 444  # landlock_create_ruleset, the same on every architecture
_ENOSYS = 38
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ERRNO, _ALLOW = 0x00050000, 0x7FFF0000


def hide_bubblewrap() -> None:
    """Put a `bwrap` that fails first on the search path."""
    folder = Path(tempfile.mkdtemp(prefix="proctor-ci-no-bwrap-"))
    stub = folder / "bwrap"
    stub.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    stub.chmod(0o755)
    os.environ["PATH"] = os.pathsep.join([str(folder), os.environ["PATH"]])


def hide_landlock() -> None:
    """Have the kernel answer, to this process and its children, that it knows no Landlock."""
    refused = _ERRNO | _ENOSYS
    steps = ((_LOAD, 0, 0, 0), (_IF_EQUAL, 0, 1, _CREATE_RULESET), (_RETURN, 0, 0, refused), (_RETURN, 0, 0, _ALLOW))
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    header = struct.pack("@HP", len(steps), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in ((_NO_NEW_PRIVS, 1, 0, 0, 0), (_SET_SECCOMP, _FILTER, header, 0, 0)):
        if libc.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def main(arguments: list[str]) -> None:
    """Hide what the tier lacks, then become the command."""
    tier, dashes, *command = arguments
    if tier not in {"landlock", "none"} or dashes != "--" or not command:
        raise SystemExit(__doc__)
    hide_bubblewrap()
    if tier == "none":
        hide_landlock()
    os.execvp(command[0], command)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
