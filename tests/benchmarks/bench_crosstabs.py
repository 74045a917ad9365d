"""
How long counting 50 million rows out of core takes, as a ratio to DuckDB's own aggregation of the same file.

Prints one line per figure. Run it as a script: ``python tests/benchmarks/bench_crosstabs.py``; it needs DuckDB.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb as engine
import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from figures import figure

from proctor.crosstabs import Field, duckdb

N_ROWS, N_IDS = 50_000_000, 10_000_000
REPEATS = 3
COLUMNS = ("label", "new", "old")


def median_ratio(action: Callable[[], object], unit: Callable[[], object]) -> float:
    """Median of ratios, each measured side by side."""
    ratios = []
    for _ in range(REPEATS):
        times = []
        for each in (unit, action):
            start = time.perf_counter()
            each()
            times.append(time.perf_counter() - start)
        ratios.append(times[1] / times[0])
    return sorted(ratios)[REPEATS // 2]


def write_rows(path: Path) -> None:
    rng = np.random.default_rng(20_261_128)
    with pq.ParquetWriter(path, pa.schema([(name, pa.int8()) for name in COLUMNS])) as file:
        for _ in range(50):
            truth = rng.integers(0, 10, N_ROWS // 50, dtype=np.int8)
            wrong = [(truth + (rng.random(len(truth)) < share)) % 10 for share in (0.0, 0.1, 0.12)]
            file.write_table(pa.table([each.astype(np.int8) for each in wrong], names=COLUMNS))


def write_tables(folder: Path) -> None:
    rng = np.random.default_rng(20_261_129)
    for name in COLUMNS:
        numbers = pa.array(rng.permutation(N_IDS)).cast(pa.string())
        ids = pa.compute.binary_join_element_wise("example-", numbers, "")
        cells = pa.array(rng.integers(0, 10, N_IDS, dtype=np.int8))
        pq.write_table(pa.table({"id": ids, name: cells}), folder / f"{name}.parquet")


def by_ids(folder: Path) -> object:
    return duckdb.count(*(Field(folder / f"{name}.parquet", name) for name in COLUMNS))


def joined(folder: Path) -> object:
    """What a person would ask DuckDB: nothing is checked."""
    query = "SELECT label, new, old, count(*) FROM '{0}/label.parquet' JOIN '{0}/new.parquet' USING (id) "
    query += "JOIN '{0}/old.parquet' USING (id) GROUP BY ALL"
    return (
        engine.connect(config={"memory_limit": "2GB", "temp_directory": str(folder)})
        .execute(query.format(folder))
        .fetchall()
    )


def measure_memory(folder: Path) -> None:
    """Run in a process of its own: the peak, in gigabytes."""
    by_ids(folder)
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024
    figure("memory of counting three tables of 10 million ids, in gigabytes", peak / 1e9)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "rows.parquet"
        write_rows(path)
        query = f"SELECT label, new, old, count(*) FROM '{path}' GROUP BY ALL"
        fields = [Field(path, column) for column in COLUMNS]
        ratio = median_ratio(lambda: duckdb.count(*fields, id=None), lambda: engine.connect().execute(query).fetchall())
        figure("counting 50 million rows of Parquet / DuckDB's aggregation", ratio, most=1.5)
        write_tables(folder)
        ratio = median_ratio(lambda: by_ids(folder), lambda: joined(folder))
        figure("counting three tables of 10 million ids / DuckDB's join, unchecked", ratio)
        subprocess.run([sys.executable, __file__, name], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure_memory(Path(sys.argv[1]))
    else:
        main()
