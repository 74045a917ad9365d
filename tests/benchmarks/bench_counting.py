"""
How long counting 10 million predictions takes, as a ratio to `numpy.bincount` on arrays already in memory.

Prints one line per figure. Run it as a script: ``python tests/benchmarks/bench_counting.py``.
The bound on time is 2, on memory (beyond what the interpreter and NumPy hold) 1.5 times the arrays.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from figures import figure
from timing import best

N_EXAMPLES = 10_000_000


def write_files(folder: Path) -> None:
    rng = np.random.default_rng(20_260_301)
    truth = rng.integers(0, 10, N_EXAMPLES, dtype=np.int8)
    for name, noise in (("labels", 0.0), ("candidate", 0.1), ("baseline", 0.12)):
        wrong = rng.random(N_EXAMPLES) < noise
        np.save(folder / f"{name}.npy", np.where(wrong, (truth + 1) % 10, truth).astype(np.int8))


def count_files(folder: Path) -> object:
    """What the gate does with two files of predictions, reading, digests and checks included."""
    from proctor import predictions
    from proctor.counting.coding import joint_counts

    labels = predictions.Labels(np.load(folder / "labels.npy", mmap_mode="r"))
    sheet = predictions.Sheet(len(labels), None, labels.kind)
    aligned = [
        predictions.align(sheet, predictions.read_predictions(folder / f"{name}.npy"))
        for name in ("candidate", "baseline")
    ]
    return joint_counts(predictions.Panel(*(each.values for each in aligned)), labels)


def count_only(folder: Path) -> object:
    """Counting alone, from memory-mapped files."""
    from proctor import predictions
    from proctor.counting.coding import joint_counts

    maps = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("labels", "candidate", "baseline")}
    panel = predictions.Panel(maps["candidate"], maps["baseline"])
    return joint_counts(panel, predictions.Labels(maps["labels"]))


def peak_bytes() -> int:
    """Peak memory of this process; not `getrusage`, which starts with the peak of the parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def measure_memory(folder: Path) -> None:
    """Run in a process of its own: growth of the peak over that of the imports."""
    from proctor import predictions
    from proctor.counting.coding import joint_counts

    joint_counts(predictions.Panel(np.zeros(9, np.int8)), predictions.Labels(np.zeros(9, np.int8)))
    before = peak_bytes()
    count_files(folder)
    figure("memory of counting 10 million predictions / arrays", (peak_bytes() - before) / (3 * N_EXAMPLES), most=1.5)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        arrays = {each: np.load(folder / f"{each}.npy") for each in ("labels", "candidate", "baseline")}
        joint = (arrays["labels"] == arrays["candidate"]).astype(np.int8)
        unit = best(lambda: np.bincount(joint))
        figure("`numpy.bincount` of 10 million int8", unit * 1e3, unit="ms")
        figure("counting 10 million predictions / bincount", best(lambda: count_only(folder)) / unit, most=2)
        figure("reading, digests and counting / bincount", best(lambda: count_files(folder)) / unit)
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure_memory(Path(sys.argv[1]))
    else:
        main()
