"""
The environment of this process, without the owner's key.

A key that stays in the environment is inherited by every child, and the kernel shows it to whoever may look at the
process. So the variables that carry one are taken out at the very start: out of what is handed on, and out of the
memory that ``/proc/PID/environ`` shows, which outlives `unsetenv`. What was taken is known here alone.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping

KEY_VARIABLES = ("PROCTOR_KEY", "PROCTOR_INPUT_KEY")
"""Variables that carry the owner's key."""
_SECRETS = (*KEY_VARIABLES, "PROCTOR_INPUT_TOKEN")

_taken: dict[str, str] = {}


def take_keys() -> None:
    """
    Take the owner's key and an action's token out of this process's environment.

    Where there was one, the process keeps its memory to itself from then on.

    Whoever asks for the key later gets it from `with_keys`; a variable that is set anew is taken anew.
    """
    for name in _SECRETS:
        value = os.environ.get(name)
        if value is None:
            continue
        if value:
            forbid_core_dumps()
            _overwrite(name)
        del os.environ[name]
        with contextlib.suppress(ImportError, KeyError):
            import posix

            del posix.environ[name.encode()]
        _taken[name] = value


def with_keys() -> dict[str, str]:
    """This process's environment as it was handed over, key and all: for whoever looks for that, never for a child."""
    take_keys()
    return {**os.environ, **_taken}


def without_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """*environ* as it may be handed on."""
    return {name: value for name, value in environ.items() if name not in _SECRETS}


def keys_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of *environ* that carry a key."""
    return {name: environ[name] for name in KEY_VARIABLES if name in environ}


def forget_keys() -> None:
    """Forget what was taken, for a process that goes on to something else."""
    _taken.clear()


def forbid_core_dumps() -> None:
    """
    Keep this process's memory out of core dumps and debuggers; called before anything secret is held.

    On Linux the process also becomes undumpable: other programs of the same user cannot read its memory or environment.
    """
    try:
        import resource
    except ImportError:  # Windows has no core dumps
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform == "linux":
        import ctypes

        pr_set_dumpable = 4
        ctypes.CDLL(None).prctl(pr_set_dumpable, 0, 0, 0, 0)


def _overwrite(name: str) -> None:
    """Write over a variable's value where it lies: it was put there by the kernel, and stays when it is removed."""
    import ctypes

    with contextlib.suppress(AttributeError, OSError, TypeError):  # a system without this function of C
        library = ctypes.CDLL(None)
        library.getenv.restype = ctypes.c_void_p
        place = library.getenv(name.encode())
        if place:
            ctypes.memset(place, 0, len(ctypes.string_at(place)))
