"""
The last step inside a tool such as bubblewrap: become the program, or say why that cannot be.

Run as a script: ``python -I -S starter.py DESCRIPTOR PROGRAM ARGUMENT …``. A tool that executes the program itself ends
with the same exit code for "there is no such program" as for a program that failed, and only the second is charged.
The descriptor is closed when the program begins, so that no program can complain in our name.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn


def main(complaints: int, argv: list[str]) -> NoReturn:
    """Become the program."""
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and an exec would hand that on
        signal.signal(ignored, signal.SIG_DFL)
    os.set_inheritable(complaints, False)
    try:
        os.execvp(argv[0], argv)  # noqa: S606  # no shell is the point
    except OSError as error:
        os.write(complaints, str(error).encode("utf-8", "replace")[:1000])
        os._exit(127)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
