"""Spark counts what the gate's own reading counts: run by Spark itself, in an environment of its own."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import site
import subprocess
from pathlib import Path

import numpy as np
import pytest

import proctor
from proctor.errors import MissingExtra

HERE = Path(__file__).parent
SPARK = Path(os.environ.get("PROCTOR_SPARK_PYTHON") or "not given")  # asked for by name, since it takes minutes
# This program's own packages come behind those of Spark's environment.
RUN = "import runpy, sys; sys.path += {paths!r}; runpy.run_path({script!r}, run_name='__main__')"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java")
@pytest.mark.skipif(not SPARK.exists(), reason="PROCTOR_SPARK_PYTHON names no Python with Spark: .ci/spark-venv.sh")
def test_spark_holds_the_contract(tmp_path: Path) -> None:
    """Counts and refusals are those of whole files."""
    paths = [str(HERE), str(Path(proctor.__file__).parents[1]), *site.getsitepackages()]
    program = RUN.format(paths=paths, script=str(HERE / "spark_contract.py"))
    workers = tmp_path / "workers"  # have NumPy, and nothing of this program
    workers.mkdir()
    for name in ("numpy", "numpy.libs"):
        (workers / name).symlink_to(Path(np.__file__).parents[1] / name)
    environment = {**os.environ, "PYSPARK_PYTHON": str(SPARK), "PYTHONPATH": str(workers)}
    done = subprocess.run(
        [SPARK, "-c", program, tmp_path],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert "Spark holds the contract" in done.stdout, done.stdout + done.stderr[-3000:]


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is not None, reason="Spark is installed")
def test_import__names_what_is_missing() -> None:
    with pytest.raises(MissingExtra, match="pyspark"):
        importlib.import_module("proctor.crosstabs.spark")
