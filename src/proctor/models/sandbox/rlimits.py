"""
A job's limits as the kernel's resource limits.

They bind each process by itself; what all processes of a job use together is watched by the supervisor.
The kernel's limit on processes is left alone: it counts every process of the user, on the whole machine, and does
not bind root at all.
"""

from __future__ import annotations

import math
import resource

from proctor.models.child import Limits

OPEN_FILES = 1024
FOLDER_FACTOR = 4
"""All files of a job together may be this many times as large as its largest."""


def of(limits: Limits, cores: int, *, has_devices: bool = False) -> list[tuple[int, int]]:
    """
    Pairs of resource and value that every process of a job starts with.

    Args:
        limits: The job's.
        cores: Of the machine.
        has_devices: True if the job is given devices: a GPU's driver reserves more addresses than there is memory, so
            that only the memory in use is bounded, by the supervisor.
    """
    values = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, OPEN_FILES)]
    if math.isfinite(limits.seconds):
        values.append((resource.RLIMIT_CPU, math.ceil(limits.seconds * cores) + 1))
    if limits.memory_bytes is not None and not has_devices:
        values.append((resource.RLIMIT_AS, limits.memory_bytes))
    if limits.file_bytes is not None:
        values.append((resource.RLIMIT_FSIZE, limits.file_bytes))
    return values
