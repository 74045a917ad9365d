"""
What a tool around the gate adds to `proctor check` on the same files, beyond the tool's own start.

    python tests/benchmarks/bench_surfaces.py

Each surface is a whole process that imports its tool and judges 5,000 predictions; the same process without the gate,
and `proctor check`, run beside it. A surface is measured where its tool is installed (`.ci/*-venv.sh`).
"""

from __future__ import annotations

import os
import shutil
import site
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from bench_check import write_files
from coldimport import PROCTOR, compiled_modules, cost
from figures import figure

import proctor

ROUNDS = 9
TARGET = 1.1
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "proctor"


class Surface(NamedTuple):
    """A tool: what starts it, and what judges in it then."""

    name: str
    python: Path
    start: str
    judge: str


SURFACES = (
    Surface("Python", Path(sys.executable), "pass", "import proctor; proctor.check(proctor.load_gate('.'))"),
    Surface(
        "pytest", Path(sys.executable), "import pytest; pytest.main(['-q', 'test_empty.py'])",
        "import pytest; pytest.main(['-q', 'test_gate.py'])",
    ),
    Surface(
        "Kedro", CACHE / "kedro-venv/bin/python", "import csv, kedro.framework.hooks, kedro.pipeline",
        "from proctor.surfaces.kedro import judging; rows = list(csv.DictReader(open('new.csv'))); "
        "judging('.')({row['id']: row['prediction'] for row in rows})",
    ),
    Surface(
        "Kubeflow", CACHE / "kfp-venv/bin/python", "import types; from kfp import compiler, dsl, local",
        "from proctor.surfaces.kfp import judge; judge('.', 'new.csv', types.SimpleNamespace(path='release.json'))",
    ),
    Surface(
        "Airflow", CACHE / "airflow-venv/bin/python",
        "from airflow.sdk import BaseOperator; from airflow.sdk.exceptions import AirflowException",
        "from proctor.surfaces.airflow import ProctorCheckOperator as Task; Task(task_id='judge').execute({})",
    ),
)  # fmt: skip


def main() -> None:
    """Print what each surface takes beyond its tool's start, in `proctor check`."""
    with tempfile.TemporaryDirectory() as name, compiled_modules() as compiled:
        folder = Path(name)
        write_files(folder)
        (folder / "test_empty.py").write_text("def test_empty(): pass\n")
        (folder / "test_gate.py").write_text("def test_gate(proctor_check): proctor_check('proctor.yml')\n")
        paths = [str(Path(proctor.__file__).parents[1]), *site.getsitepackages()]
        (folder / "sitecustomize.py").write_text(f"import sys\nsys.path += {paths!r}\n")
        environment = {**compiled, "PYTHONPATH": name, "AIRFLOW_HOME": f"{name}/airflow", "DO_NOT_TRACK": "1"}
        for surface in SURFACES:
            if surface.python.exists():
                ratio = beyond_start(surface, folder, environment)
                figure(f"judging in {surface.name} beyond its start / `proctor check`", ratio, most=TARGET)


def beyond_start(surface: Surface, folder: Path, environment: dict[str, str]) -> float:
    """Median of (start and judging − start) / check; each process registers the test set anew."""
    python = str(surface.python)
    judging = [python, "-c", surface.judge if surface.name == "pytest" else f"{surface.start}; {surface.judge}"]
    ratios = []
    for _ in range(ROUNDS + 1):
        both = seconds(judging, folder, environment)
        if not (folder / ".proctor").exists():
            raise RuntimeError(f"{surface.name} judged nothing: {judging}")
        start = seconds([python, "-c", surface.start], folder, environment)
        ratios.append((both - start) / seconds([*PROCTOR, "check"], folder, environment))
    return statistics.median(ratios[1:])  # the first round wrote the compiled modules


def seconds(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """What one run takes on the clock, in a folder without a ledger."""
    shutil.rmtree(folder / ".proctor", ignore_errors=True)
    return cost(command, folder, environment).wall_s


if __name__ == "__main__":
    main()
