"""The gate in a pipeline of Kedro: its example, run by Kedro itself in an environment of its own."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

import proctor
from proctor.errors import MissingExtra

EXAMPLE = Path(__file__).parents[3] / "examples/kedro"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
KEDRO = Path(os.environ.get("PROCTOR_KEDRO_PYTHON") or CACHE / "proctor/kedro-venv/bin/python")
# This program's own packages come behind those of Kedro's environment.
RUN = "import sys; sys.path += {paths!r}; from kedro.framework.cli import main; sys.argv[0] = 'kedro'; main()"


def kedro(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    paths = [str(Path(proctor.__file__).parents[1]), *site.getsitepackages()]
    return subprocess.run(
        [KEDRO, "-c", RUN.format(paths=paths), *words],
        cwd=project, env={**os.environ, "DO_NOT_TRACK": ""}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not KEDRO.exists(), reason="Kedro is not installed: .ci/kedro-venv.sh installs it")
def test_example__ends_the_run_where_the_gate_fails(tmp_path: Path) -> None:
    """A pass is followed by what comes after the gate; a fail ends the run, and its verdict is in the catalog."""
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project)
    subprocess.run([sys.executable, "exam.py"], cwd=project, check=True)

    passed = kedro(project, "run")

    assert 0 == passed.returncode, passed.stdout + passed.stderr
    assert (project / "data/published.json").read_text().startswith('"published: new is right')
    (project / "data/published.json").unlink()

    failed = kedro(project, "run", "--params", "limit=5")

    assert 1 == failed.returncode
    assert "Error: verdict: not shown" in failed.stderr
    assert "Traceback" not in failed.stdout + failed.stderr
    assert "fail" == json.loads((project / "data/verdict.json").read_text())["verdict"]
    assert not (project / "data/published.json").exists()
    assert (EXAMPLE / "pyproject.toml").read_text() == (project / "pyproject.toml").read_text()  # no id of telemetry's


@pytest.mark.skipif(importlib.util.find_spec("kedro") is not None, reason="Kedro is installed")
def test_import__names_what_is_missing() -> None:
    with pytest.raises(MissingExtra, match="Kedro") as caught:
        importlib.import_module("proctor.surfaces.kedro")

    assert "pip install kedro" in caught.value.hint
