"""
How long finding the overlap of two sets of 1 million rows takes, as a ratio, and its memory.

The unit is hashing the rows of both sets (BLAKE2b of each row's bytes) and `numpy.intersect1d` of the hashes.
The bound on time is 2, on memory 100 MB beyond the arrays themselves, which are mapped from their files.
Run it as a script: ``python tests/benchmarks/bench_overlap.py``.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from figures import figure

N_ROWS, N_COLUMNS, SHARED = 1_000_000, 8, 1_000


def write_files(folder: Path) -> None:
    rng = np.random.default_rng(20_260_303)
    one, other = (rng.normal(size=(N_ROWS, N_COLUMNS)) for _ in range(2))
    other[:SHARED] = one[-SHARED:]
    np.save(folder / "one.npy", one)
    np.save(folder / "other.npy", other)


def hash_and_intersect(folder: Path) -> int:
    """The unit: nothing but hashes and their intersection."""
    hashes = []
    for name in ("one", "other"):
        data = memoryview(np.load(folder / f"{name}.npy").data).cast("B")
        width = N_COLUMNS * 8
        digests = [hashlib.blake2b(data[i : i + width], digest_size=8).digest() for i in range(0, len(data), width)]
        hashes.append(np.frombuffer(b"".join(digests), np.uint64))
    return len(np.intersect1d(*hashes))


def sketch_and_compare(folder: Path) -> object:
    """What the gate does: canonical hashes, a note for the ledger, and a comparison with one."""
    from proctor.testset import Sketch, overlap, sketch
    from proctor.testset.hashing import row_hashes

    notes = []
    for name in ("one", "other"):
        rows = np.load(folder / f"{name}.npy", mmap_mode="r")
        notes.append(json.dumps(sketch(row_hashes([rows], len(rows))).to_json()))
    return overlap(*(Sketch.from_json(json.loads(note)) for note in notes))


def timed(action: Callable[[Path], object], folder: Path) -> tuple[float, object]:
    start = time.perf_counter()
    result = action(folder)
    return time.perf_counter() - start, result


def memory(field: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(field + ":")[2].split()[0]) * 1024


def measure_memory(folder: Path) -> None:
    """Run in a process of its own: growth of the peak, less the mapped pages, which belong to the files."""
    import proctor.testset

    assert proctor.testset
    before = memory("VmHWM")
    mapped = max((folder / f"{name}.npy").stat().st_size for name in ("one", "other"))
    sketch_and_compare(folder)
    beyond = max(0, memory("VmHWM") - before - mapped)
    figure("memory of finding an overlap, beyond the arrays", beyond / 1e6, most=100, unit="MB")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        unit, common = min((timed(hash_and_intersect, folder) for _ in range(2)), key=lambda pair: pair[0])
        ours, found = min((timed(sketch_and_compare, folder) for _ in range(2)), key=lambda pair: pair[0])
        print(f"hashing and numpy.intersect1d: {unit:.2f} s, {common} rows in common; ours: {found}")
        figure("overlap of two sets of 1 million rows / hashing and `numpy.intersect1d`", ours / unit, most=2)
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure_memory(Path(sys.argv[1]))
    else:
        main()
