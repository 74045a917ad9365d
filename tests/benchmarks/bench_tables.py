"""
What `proctor check` costs on tables of 5 million rows that DuckDB counts: its peak of memory, and its time.

Prints one line per figure. Run it as a script: ``python tests/benchmarks/bench_tables.py [ROWS]``; it needs DuckDB.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from figures import figure

N_ROWS = 5_000_000
PIECE = 1_000_000
TABLES = {"labels": "label", "new": "prediction", "old": "prediction"}
GATE = """
condition: n - o > 0.001 +/- 0.005
disagreement: 0.2
testset: {labels: labels.parquet, engine: duckdb}
candidate: {predictions: new.parquet}
baseline: {predictions: old.parquet}
"""
CHECK = """
from pathlib import Path
from proctor import Runtime, load_gate
from proctor.gate.check import check

print(check(load_gate("proctor.yml"), Runtime({})).verdict)
print(int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024)
"""
JOIN = """
SELECT label, new.prediction, old.prediction, count(*) FROM 'labels.parquet' AS labels
JOIN 'new.parquet' AS new USING (id) JOIN 'old.parquet' AS old USING (id) GROUP BY ALL
"""


def write(folder: Path, n_rows: int) -> None:
    """Labels and predictions, each table with its rows in an order of its own."""
    (folder / "proctor.yml").write_text(GATE)
    rng = np.random.default_rng(20_261_128)
    truth = rng.integers(0, 10, n_rows, dtype=np.int8)
    wrong = {"labels": 0.0, "new": 0.08, "old": 0.1}
    for name, column in TABLES.items():
        cells = (truth + (rng.random(n_rows) < wrong[name])).astype(np.int8) % 10
        order = rng.permutation(n_rows)
        schema = pa.schema([("id", pa.string()), (column, pa.int8())])
        with pq.ParquetWriter(folder / f"{name}.parquet", schema) as file:
            for start in range(0, n_rows, PIECE):
                rows = order[start : start + PIECE]
                ids = pa.compute.binary_join_element_wise("example-", pa.array(rows).cast(pa.string()), "")
                file.write_table(pa.table([ids, cells[rows]], schema=schema))


def checked(folder: Path) -> tuple[float, int]:
    """Seconds and peak memory of a check in a process of its own."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=folder, capture_output=True, text=True, check=True)
    return time.perf_counter() - start, int(done.stdout.split()[-1])


def joined(folder: Path) -> float:
    """Seconds of what a person would ask DuckDB, unchecked, of the same tables."""
    start = time.perf_counter()
    query = f"SET enable_progress_bar = false; {JOIN}"
    program = f"import duckdb; duckdb.connect(config={{'memory_limit': '2GB'}}).execute('''{query}''').fetchall()"
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
    return time.perf_counter() - start


def main(n_rows: int) -> None:
    assert duckdb.__version__
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, n_rows)
        size = sum(path.stat().st_size for path in folder.glob("*.parquet"))
        print(f"three tables of {n_rows:,} rows, {size / 1e9:.2f} GB of Parquet")
        unit = joined(folder)
        for what in ("the first check, which registers them", "a recorded answer"):
            seconds, peak = checked(folder)
            figure(f"{what}, in seconds", seconds)
            figure(f"{what}, in DuckDB's unchecked join and aggregation", seconds / unit)
            figure(f"{what}, peak of memory in gigabytes", peak / 1e9, most=3.0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_ROWS)
