"""
Sealing 1 million labels, beside `cryptography`'s own encryption and writing of the same bytes in the same run.

Run by hand or in CI: ``python tests/benchmarks/bench_sealing.py``; the ratio must stay at 3 or below.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from figures import figure

from proctor.testset import keys, sealing

ROWS, REPETITIONS, MOST = 1_000_000, 7, 3.0


def seconds(action: Callable[[], object]) -> float:
    """Median time of *action*."""
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def encrypt_and_write(source: Path, target: Path, key: bytes) -> None:
    """The least that any sealing does: one call of the library, one durable file."""
    with target.open("wb") as file:
        file.write(AESGCM(key).encrypt(os.urandom(12), source.read_bytes(), None))
        file.flush()
        os.fsync(file.fileno())


def ratio(folder: Path) -> float:
    """Time of sealing over the time of bare encryption and writing."""
    source, key = folder / "labels.csv", keys.generate_key()
    source.write_text("id,label\n" + "".join(f"{row},{row % 10}\n" for row in range(ROWS)))
    bare = seconds(lambda: encrypt_and_write(source, folder / "bare", key.secret))
    ours = seconds(lambda: sealing.seal_file(source, folder / "sealed", key, sealing.LABELS))
    print(f"{ROWS:,} labels, {source.stat().st_size:,} bytes: bare {bare * 1e3:.1f} ms, sealed {ours * 1e3:.1f} ms")
    return ours / bare


def main() -> None:
    """Print the ratio beside its target."""
    with tempfile.TemporaryDirectory() as name:
        found = ratio(Path(name))
    figure("sealing 1 million labels / encrypting and writing them", found, most=MOST)


if __name__ == "__main__":
    main()
