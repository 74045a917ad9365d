"""
What the everyday commands take as whole processes, in cold imports (`coldimport.py`).

    python tests/benchmarks/bench_check.py

`proctor check` reads 5,000 predictions of a candidate and of a baseline and as many labels, each from a CSV file,
registers the test set and judges: the ledger is fresh in every run.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path

import numpy as np
from coldimport import PROCTOR, Ratio, cold_imports
from figures import figure

N_EXAMPLES = 5_000
GATE = """\
condition: n - o > 0.02 +/- 0.02
reliability: 0.999
disagreement: 0.1
testset:
  labels: labels.csv
candidate:
  predictions: new.csv
baseline:
  predictions: old.csv
"""
INFORMED = """\
stakes: informed
development:
  labels: development/labels.csv
  candidate: development/new.csv
  baseline: development/old.csv
"""


def write_files(folder: Path) -> None:
    """A test set of ten classes, and two models that are right on 80 % and 86 % of it."""
    write_models(folder, "e", 20_260_301)
    (folder / "proctor.yml").write_text(GATE)


def write_models(folder: Path, ids: str, seed: int) -> None:
    """Write labels and what two models predict."""
    labels = np.random.default_rng(seed).integers(0, 10, N_EXAMPLES)
    write_column(folder / "labels.csv", "label", labels, ids)
    for name, n_wrong in (("old.csv", N_EXAMPLES // 5), ("new.csv", N_EXAMPLES * 14 // 100)):
        values = labels.copy()
        values[:n_wrong] = (values[:n_wrong] + 1) % 10
        write_column(folder / name, "prediction", values, ids)


def write_column(path: Path, name: str, values: np.ndarray, ids: str) -> None:
    """Write a CSV file of ids and values."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", name])
        writer.writerows((f"{ids}{i}", value) for i, value in enumerate(values))


def informed(folder: Path, alone: Ratio) -> None:
    """Print what stakes of as many development examples add to a check *alone*."""
    (folder / "development").mkdir()
    write_models(folder / "development", "v", 20_261_128)
    (folder / "proctor.yml").write_text(GATE + INFORMED)
    found = cold_imports([*PROCTOR, "check"], folder, lambda: shutil.rmtree(folder / ".proctor", ignore_errors=True))
    figure(
        "`proctor check`, `stakes: informed` by 5,000 development examples / without", found.wall / alone.wall, most=1.2
    )
    figure("the same, processor time", found.cpu / alone.cpu)


def main() -> None:
    """Print every ratio beside its target."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        judging = cold_imports(
            [*PROCTOR, "check"], folder, lambda: shutil.rmtree(folder / ".proctor", ignore_errors=True)
        )
        figure("`proctor check`, 5,000 predictions from CSV / cold import", judging.wall, most=1.7)
        figure("the same, processor time", judging.cpu)
        replaying = cold_imports([*PROCTOR, "check"], folder)
        figure("`proctor check`, asked again / cold import", replaying.wall, most=judging.wall)
        figure("`proctor status` / cold import", cold_imports([*PROCTOR, "status"], folder).wall, most=2.5)
        informed(folder, judging)
    figure("`proctor --help` / cold import", cold_imports([*PROCTOR, "--help"]).wall, most=1)


if __name__ == "__main__":
    main()
