"""The recipes for GitLab, a plain shell and pre-commit: checked by their own tools, and their commands run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

EXAMPLES = Path(__file__).parents[2] / "examples"
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def sh(folder, *arguments, **environ):
    """Run a shell with the installed `proctor` on its path."""
    environment = {**os.environ, "PATH": PATH, "NO_COLOR": "1", "GIT_CONFIG_GLOBAL": os.devnull, **environ}
    return subprocess.run(
        ["sh", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def git(folder, *arguments):
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({}, 0, "gate: pass"),
        ({"condition": "n - o > 0.075 +/- 0.02"}, 1, "gate: fail"),
        ({"condition": "n - o > 0.02 +/- 0.001"}, 4, "a fresh test set is needed"),
        ({"candidate": {"predictions": "nowhere.csv"}}, 5, "nothing was spent"),
    ],
    ids=["pass", "fail", "fresh test set", "unusable"],
)
def test_shell__every_outcome(ready, change, code, said):
    """The script ends with the check's exit code, says it in one line, and leaves every report."""
    ready.gate(**change)

    ran = sh(ready.root, str(EXAMPLES / "shell/gate.sh"))

    assert (code, True) == (ran.returncode, said in ran.stdout), ran.stdout + ran.stderr
    reports = ready.root / "reports"
    assert code == json.loads((reports / "proctor.json").read_text())["exit_code"]
    assert 1 == len(list(ET.parse(reports / "proctor.xml").iter("testcase")))
    assert "2.1.0" == json.loads((reports / "proctor.sarif").read_text())["version"]


def test_shell__run_store_that_is_down(ready):
    """A store that is down leaves the exit code alone, and says where the result waits."""
    ready.gate(runstore="http://127.0.0.1:9")

    ran = sh(ready.root, str(EXAMPLES / "shell/gate.sh"), MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")

    assert (0, True) == (ran.returncode, "results wait in ./.proctor/outbox" in ran.stdout)


def test_shell__gate_of_another_folder(ready, tmp_path_factory):
    """What waits for the store is looked for beside the gate file, not where the script is run."""
    ready.gate(runstore="http://127.0.0.1:9")
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    for gate in (ready.root / "proctor.yml", ready.root):
        ran = sh(elsewhere, str(EXAMPLES / "shell/gate.sh"), str(gate), MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
        assert (0, True) == (ran.returncode, f"results wait in {ready.root}/.proctor/outbox" in ran.stdout)


def test_shell__without_proctor(tmp_path):
    """Without the program, that is said, and nothing about a run store."""
    (tmp_path / ".proctor/outbox").mkdir(parents=True)
    (tmp_path / ".proctor/outbox/waiting").write_text("")

    done = subprocess.run(
        ["/bin/sh", EXAMPLES / "shell/gate.sh"],
        cwd=tmp_path,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (127, "") == (done.returncode, done.stdout)
    assert "proctor is not installed" in done.stderr


@pytest.fixture
def project(ready, tmp_path_factory):
    """The ready workshop as a clone of a bare project, its ledger a branch of it."""
    remote = tmp_path_factory.mktemp("gitlab") / "project.git"
    ready.gate(ledger="git:origin/proctor-ledger")
    (ready.root / ".gitignore").write_text(".proctor/\n")
    git(ready.root, "init", "--quiet", "--initial-branch=main")
    git(ready.root, "init", "--quiet", "--bare", str(remote))
    git(ready.root, "remote", "add", "origin", str(remote))
    git(ready.root, "add", "-A")
    git(ready.root, "commit", "--quiet", "-m", "first")
    git(ready.root, "push", "--quiet", "origin", "main")
    return ready, remote


def test_gitlab__jobs_run(project):
    """The scripts of both jobs do what they say: a preflight that spends nothing, a verdict on the ledger's branch."""
    ready, remote = project
    recipe = yaml.safe_load((EXAMPLES / "gitlab/.gitlab-ci.yml").read_text())
    names = {
        "PROCTOR_GATE": recipe["variables"]["PROCTOR_GATE"],
        "PROCTOR_COMMIT": git(ready.root, "rev-parse", "HEAD"),
    }
    identity = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    for job in ("preflight", "gate"):
        ran = sh(ready.root, "-e", "-c", "\n".join(recipe[job]["script"]), **names, **identity)
        assert 0 == ran.returncode, ran.stdout + ran.stderr

    assert "proctor-ledger" in git(remote, "branch", "--format=%(refname:short)")
    named = recipe["gate"]["artifacts"]
    for path in (named["reports"]["junit"], *named["paths"]):
        assert (ready.root / path).exists()
    (case,) = ET.parse(ready.root / "proctor.xml").iter("testcase")
    assert not list(case)


def test_gitlab__recipe_is_valid():
    """GitLab's own schema accepts the recipe."""
    pytest.importorskip("check_jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci"]

    subprocess.run([*command, str(EXAMPLES / "gitlab/.gitlab-ci.yml")], check=True, capture_output=True)


def test_pre_commit__configuration_is_valid():
    """Pre-commit accepts the configuration, and the hook that it names is in our manifest."""
    pytest.importorskip("pre_commit")
    file = EXAMPLES / "pre-commit/.pre-commit-config.yaml"
    subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", str(file)], check=True)

    (hook,) = yaml.safe_load(file.read_text())["repos"][0]["hooks"]
    manifest = yaml.safe_load((EXAMPLES.parent / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] in {published["id"] for published in manifest}


def test_shell__script_is_plain():
    """The recipe is for any POSIX shell: dash reads it where there is one."""
    shell = shutil.which("dash") or "sh"

    subprocess.run([shell, "-n", str(EXAMPLES / "shell/gate.sh")], check=True)
