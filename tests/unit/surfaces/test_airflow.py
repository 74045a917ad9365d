"""The gate in a DAG of Airflow: its example, run by Airflow itself on SQLite in an environment of its own."""

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
from proctor import gatefile
from proctor.errors import MissingExtra
from proctor.service import status

EXAMPLE = Path(__file__).parents[3] / "examples/airflow"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
AIRFLOW = Path(os.environ.get("PROCTOR_AIRFLOW_PYTHON") or CACHE / "proctor/airflow-venv/bin/python")
DATABASE = AIRFLOW.parents[1] / "home/airflow.db"

needs_airflow = pytest.mark.skipif(not DATABASE.exists(), reason="no Airflow here: .ci/airflow-venv.sh installs it")


def airflow(project: Path, script: Path) -> str:
    """Run *script* in *project*, where this program's own packages come behind those of Airflow's environment."""
    paths = [str(Path(proctor.__file__).parents[1]), *site.getsitepackages()]
    (project / "site/sitecustomize.py").write_text(f"import sys\nsys.path += {paths!r}\n")
    named = {"AIRFLOW_HOME": str(project / "home"), "AIRFLOW__CORE__DAGS_FOLDER": str(project / "dags")}
    told = {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "DO_NOT_TRACK": "1", "PYTHONPATH": str(project / "site")}
    done = subprocess.run(
        [AIRFLOW, script],
        cwd=project, env={**os.environ, **named, **told}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example with its data, and an empty database of Airflow's."""
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project)
    for name in ("home", "site"):
        (project / name).mkdir()
    shutil.copy(DATABASE, project / "home")
    subprocess.run([sys.executable, "exam.py"], cwd=project, check=True)
    return project


@pytest.mark.slow
@needs_airflow
def test_example__publishes_what_passes(project: Path) -> None:
    """A pass is published, a fail is skipped; a verdict is not retried, and the same question costs nothing."""
    answers = json.loads(airflow(project, Path(__file__).with_name("airflow_calls.py")).splitlines()[-1])

    assert [True, False] == answers["published"]
    assert ("pass", True, True) == tuple(answers["again"][name] for name in ("verdict", "passed", "replayed"))
    assert ("fail", False, True) == tuple(answers["bad"][name] for name in ("verdict", "passed", "replayed"))
    assert "AirflowFailException" == answers["bad and strict"]["error"]
    assert "not shown" in answers["bad and strict"]["says"]
    assert 2 == status(gatefile.load(project), proctor.Runtime()).budget.evaluations

    # A file or a server may come yet; a gate file does not, and nor does a test set that can tell more.
    assert {"error": "AirflowException"}.items() <= answers["no file"].items()
    assert {"error": "AirflowException"}.items() <= answers["no server"].items()
    assert "does not answer" in answers["no server"]["says"]
    assert {"error": "AirflowFailException"}.items() <= answers["no gate"].items()
    assert {"error": "AirflowFailException"}.items() <= answers["too fine"].items()
    assert answers["too fine"]["says"].startswith("proctor, exit code 4: ")


@pytest.mark.skipif(importlib.util.find_spec("airflow") is not None, reason="Airflow is installed")
def test_import__names_what_is_missing() -> None:
    with pytest.raises(MissingExtra, match="Airflow") as caught:
        importlib.import_module("proctor.surfaces.airflow")

    assert "pip install 'apache-airflow" in caught.value.hint
