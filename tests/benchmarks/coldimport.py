"""
The unit of whole-process times: a *cold import*, ``python -c "import numpy, scipy.special, yaml"``.

Machines are noisy and other work comes and goes, so the unit is measured again beside every single run, and what is
reported is the median of the ratios. All processes share a folder of compiled modules, as an installed package does,
whatever ``PYTHONDONTWRITEBYTECODE`` says here.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

UNIT = (sys.executable, "-c", "import numpy, scipy.special, yaml")
PROCTOR = (sys.executable, "-c", "from proctor.cli import main; main()")
ROUNDS = 9


@dataclass(frozen=True)
class Cost:
    """Seconds of one whole process: on the clock, and on the processors (user and system, its children included)."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Ratio:
    """Median cost in cold imports."""

    wall: float
    cpu: float


@contextmanager
def compiled_modules() -> Iterator[dict[str, str]]:
    """An environment in which Python keeps compiled modules in a folder of this benchmark's own."""
    with tempfile.TemporaryDirectory(prefix="proctor-pycache-") as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder, "NO_COLOR": "1"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        yield environment


def cost(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Cost:
    """What one run of *command* in *folder* takes; any exit code is taken for an answer."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(wall_s, usage.ru_utime + usage.ru_stime)


def cold_import_s(rounds: int = ROUNDS) -> float:
    """Median of the unit on the clock, for what is measured inside this process."""
    with compiled_modules() as environment:
        return statistics.median([cost(UNIT, Path(), environment).wall_s for _ in range(rounds + 1)][1:])


def cold_imports(
    command: Sequence[str], folder: Path = Path(), prepare: Callable[[], object] = tuple, rounds: int = ROUNDS
) -> Ratio:
    """
    How many cold imports *command* takes, as a whole process.

    Args:
        command: Command line.
        folder: Where it runs.
        prepare: Called before each run, outside the measured time.
        rounds: Number of runs of the command, each beside a run of the unit.

    Returns:
        Medians of the ratios.

    """
    pairs = []
    with compiled_modules() as environment:
        for _ in range(rounds + 1):
            prepare()
            pairs.append((cost(command, folder, environment), cost(UNIT, folder, environment)))
    counted = pairs[1:]  # the first pair wrote the compiled modules
    return Ratio(
        statistics.median(run.wall_s / unit.wall_s for run, unit in counted),
        statistics.median(run.cpu_s / unit.cpu_s for run, unit in counted),
    )
