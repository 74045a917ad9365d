"""
How long aligning 10 million ids takes, as a ratio to sorting them, and how much memory.

Prints one line per figure. Run it as a script: ``python tests/benchmarks/bench_alignment.py``.
The ids are sorted as Python's text; the bound on time is 4 sorts, on memory (beyond the ids themselves) 1 GB.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from figures import figure

from proctor.predictions import PredictionSet, Sheet, align

N_IDS = 10_000_000
GB = 1e9


def resident_bytes(peak: bool) -> int:
    """Memory of this process, now or at its peak since `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:" if peak else "VmRSS:")[2].split()[0]) * 1024


def forget_peak() -> None:
    """Let the kernel record the peak anew."""
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    rng = np.random.default_rng(20_261_128)
    ids = tuple(f"example-{number}" for number in rng.permutation(N_IDS).tolist())
    shuffled = tuple(f"example-{number}" for number in rng.permutation(N_IDS).tolist())
    values = rng.integers(0, 10, N_IDS, dtype=np.int8)
    forget_peak()
    before = resident_bytes(peak=False)
    start = time.perf_counter()
    align(Sheet(N_IDS, ids), PredictionSet(values, shuffled, "0" * 64, "predictions.csv"))
    elapsed = time.perf_counter() - start
    memory = resident_bytes(peak=True) - before
    start = time.perf_counter()
    sorted(shuffled)
    unit = time.perf_counter() - start
    figure("sorting 10 million ids", unit, unit="s")
    figure("aligning 10 million ids / sorting them", elapsed / unit, most=4)
    figure("memory of aligning 10 million ids / 1 GB", memory / GB, most=1)


if __name__ == "__main__":
    main()
