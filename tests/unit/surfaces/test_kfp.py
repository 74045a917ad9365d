"""The gate as a component of Kubeflow Pipelines: its example, compiled and run by kfp in an environment of its own."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import site
import subprocess
from pathlib import Path

import pytest
import yaml
from gate.project import Project

import proctor
from proctor.errors import MissingExtra

EXAMPLE = Path(__file__).parents[3] / "examples/kfp/pipeline.py"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
KFP = Path(os.environ.get("PROCTOR_KFP_PYTHON") or CACHE / "proctor/kfp-venv/bin/python")


def kfp(project: Project, *words: str) -> str:
    """Run the example; this program's own packages come behind those of kfp's environment."""
    paths = [str(Path(proctor.__file__).parents[1]), *site.getsitepackages()]
    folder = project.root / "site"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(f"import sys\nsys.path += {paths!r}\n")
    environment = {**os.environ, "PYTHONPATH": str(folder), "PATH": f"{KFP.parent}:{os.defpath}"}
    shutil.copy(EXAMPLE, project.root)
    done = subprocess.run(
        [KFP, EXAMPLE.name, *words],
        cwd=project.root, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not KFP.exists(), reason="kfp is not installed: .ci/kfp-venv.sh installs it")
def test_example__publishes_what_passes(project: Project) -> None:
    """The verdict decides in the `If`: what passes is published, what fails is not; both runs end well."""
    project.model("bad.csv", 200)

    assert "published: new.csv" in kfp(project, "run", "proctor.yml", "new.csv")
    assert "published" not in kfp(project, "run", "proctor.yml", "bad.csv")
    assert ["registration", "evaluation", "evaluation"] == project.kinds()


@pytest.mark.slow
@pytest.mark.skipif(not KFP.exists(), reason="kfp is not installed: .ci/kfp-venv.sh installs it")
def test_example__compiles(project: Project) -> None:
    """The compiled pipeline has typed inputs and outputs, and the condition on the verdict."""
    kfp(project, "compile", "pipeline.yaml")

    text = (project.root / "pipeline.yaml").read_text()
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
