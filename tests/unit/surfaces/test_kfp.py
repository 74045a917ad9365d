"""The gate as a component of Kubeflow Pipelines: its example, compiled and run by kfp in an environment of its own."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import proctor
from proctor import gatefile, service
from proctor.errors import MissingExtra

EXAMPLE = Path(__file__).parents[3] / "examples/kfp"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
KFP = Path(os.environ.get("PROCTOR_KFP_PYTHON") or CACHE / "proctor/kfp-venv/bin/python")


needs_kfp = pytest.mark.skipif(not KFP.exists(), reason="kfp is not installed: .ci/kfp-venv.sh installs it")


def kfp(project: Path, *words: str) -> str:
    """Run the example; this program's own packages come behind those of kfp's environment."""
    paths = [str(Path(proctor.__file__).parents[1]), *site.getsitepackages()]
    (project / "site/sitecustomize.py").write_text(f"import sys\nsys.path += {paths!r}\n")
    environment = {**os.environ, "PYTHONPATH": str(project / "site"), "PATH": f"{KFP.parent}:{os.defpath}"}
    done = subprocess.run(
        [KFP, "pipeline.py", *words],
        cwd=project, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example with its data."""
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project)
    for name in ("outputs", "site"):
        (project / name).mkdir(exist_ok=True)
    subprocess.run([sys.executable, "exam.py"], cwd=project, check=True)
    return project


@pytest.mark.slow
@needs_kfp
def test_example__publishes_what_passes(project: Path) -> None:
    """The verdict decides in the `If`: what passes is published, what fails is not; both runs end well."""
    assert "published: data/good.csv" in kfp(project, "run", "proctor.yml", "data/good.csv")
    failed = kfp(project, "run", "proctor.yml", "data/bad.csv")

    assert "Output: 'fail'" in failed
    assert "published" not in failed
    assert 2 == service.status(gatefile.load(project), proctor.Runtime()).budget.evaluations


@pytest.mark.slow
@needs_kfp
def test_example__compiles(project: Path) -> None:
    """The compiled pipeline has typed inputs and outputs, and the condition on the verdict."""
    kfp(project, "compile", "outputs/pipeline.yaml")

    text = (project / "outputs/pipeline.yaml").read_text()
    compiled = yaml.safe_load(text)
    judge = compiled["components"]["comp-judge"]
    assert {"gate", "candidate"} == judge["inputDefinitions"]["parameters"].keys()
    assert "STRING" == judge["outputDefinitions"]["parameters"]["Output"]["parameterType"]
    assert "== 'pass'" in str(compiled["root"])
    assert "pip install --quiet --no-warn-script-location 'proctor'" in text


@pytest.mark.skipif(importlib.util.find_spec("kfp") is not None, reason="kfp is installed")
def test_import__names_what_is_missing() -> None:
    with pytest.raises(MissingExtra, match="kfp") as caught:
        importlib.import_module("proctor.surfaces.kfp")

    assert "pip install kfp" in caught.value.hint
