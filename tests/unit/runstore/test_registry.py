"""Versions of a registered model, on a real MLflow server: fetched, judged, tagged, and the alias moved or not."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from gate.project import LABELS, Project

from proctor.errors import Misuse, StoreError
from proctor.release import Verdict
from proctor.runstore.rest import Connection
from proctor.runtime import Runtime
from proctor.surfaces import registry
from proctor.surfaces.registry import Judged, judge_version

from .mlflow import interpreter

EXAMPLE = Path(__file__).parents[3] / "examples/mlflow"
PROGRAM = "import shutil, sys\nshutil.copy('model/data/answers.csv', sys.argv[2])\n"
_numbers = itertools.count()


class Fraud:
    """A registered model, seen by its owner: through the server's own interface."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url, self.session, self.name = url, session, f"fraud-{next(_numbers)}"
        self.post("registered-models/create", name=self.name)
        self.experiment = str(self.post("experiments/create", name=self.name)["experiment_id"])

    def post(self, route: str, **body: str) -> dict[str, Any]:
        answer = self.session.post(f"{self.url}/api/2.0/mlflow/{route}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def get(self, route: str, **query: str) -> dict[str, Any]:
        answer = self.session.get(f"{self.url}/api/2.0/mlflow/{route}", params={"name": self.name, **query}, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def register(self, n_wrong: int) -> str:
        """A new version that is wrong so many times; gives its number."""
        values = LABELS.copy()
        values[:n_wrong] = (values[:n_wrong] + 1) % 10
        rows = "".join(f"e{index},{value}\n" for index, value in enumerate(values))
        run = self.post("runs/create", experiment_id=self.experiment)["run"]["info"]
        place = run["artifact_uri"].removeprefix("mlflow-artifacts:/") + "/model"
        for path, text in (("predict.py", PROGRAM), ("data/answers.csv", f"id,prediction\n{rows}")):
            stored = f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{place}/{path}"
            self.session.put(stored, data=text.encode(), timeout=30).raise_for_status()
        source = f"mlflow-artifacts:/{place}"
        made = self.post("model-versions/create", name=self.name, source=source, run_id=run["run_id"])
        return str(made["model_version"]["version"])

    def set_alias(self, version: str, alias: str = "champion") -> None:
        self.post("registered-models/alias", name=self.name, alias=alias, version=version)

    def champion(self) -> str:
        return str(self.get("registered-models/alias", alias="champion")["model_version"]["version"])

    def tags(self, version: str) -> dict[str, str]:
        tags = self.get("model-versions/get", version=version)["model_version"].get("tags", [])
        return {tag["key"]: tag["value"] for tag in tags}


@pytest.fixture
def fraud(sqlite_store: str, session: requests.Session) -> Iterator[Fraud]:
    return Fraud(sqlite_store, session)


@pytest.fixture
def judged(project: Project, sqlite_store: str) -> Project:
    """A project whose gate judges the program in the folder ``model``, and knows the server."""
    project.features()
    project.environ["MLFLOW_TRACKING_URI"] = sqlite_store
    return project.gate(
        baseline=None,
        disagreement=0.5,
        testset={"labels": "labels.csv", "features": "features.csv"},
        candidate={"command": "python model/predict.py {features} {predictions}", "files": ["model"]},
    )


def ask(project: Project, fraud: Fraud, which: str) -> Judged:
    return judge_version(f"models:/{fraud.name}{which}", "champion", project.root, Runtime(dict(project.environ)))


def test_judge_version__life_of_a_champion(judged: Project, fraud: Fraud) -> None:
    """The first version becomes the champion, a worse one does not, a better one does; each is tagged with why."""
    first, worse, better = (fraud.register(n_wrong) for n_wrong in (160, 170, 20))
    fraud.set_alias(better, "challenger")

    assert ask(judged, fraud, f"/{first}").holds
    assert first == fraud.champion()
    refused = ask(judged, fraud, f"/{worse}")
    assert (Verdict.FAIL, False, first) == (refused.release.verdict, refused.holds, fraud.champion())
    passed = ask(judged, fraud, "@challenger")

    assert (better, True, better) == (passed.version, passed.holds, fraud.champion())
    tags = fraud.tags(worse)
    assert ("fail", refused.release.meaning) == (tags["proctor.verdict"], tags["proctor.reason"])
    assert str(passed.release.entry) == fraud.tags(better)["proctor.entry"]


def test_judge_version__same_files_are_the_same_candidate(judged: Project, fraud: Fraud) -> None:
    """A version is known by its files: under another number it is asked for free, and the alias moves to it."""
    ask(judged, fraud, f"/{fraud.register(160)}")
    passed = ask(judged, fraud, f"/{fraud.register(20)}")

    again = ask(judged, fraud, f"/{fraud.register(20)}")

    assert (True, passed.release.entry) == (again.release.replayed, again.release.entry)
    assert again.version == fraud.champion()


def test_judge_version__stale_pass_moves_nothing(judged: Project, fraud: Fraud) -> None:
    """A version that passed once, and was followed by a better one, does not get the alias back."""
    ask(judged, fraud, f"/{fraud.register(160)}")
    middle, best = fraud.register(80), fraud.register(5)
    assert ask(judged, fraud, f"/{middle}").holds
    assert ask(judged, fraud, f"/{best}").holds

    assert not ask(judged, fraud, f"/{middle}").holds
    assert best == fraud.champion()


def test_judge_version__champion_that_the_gate_does_not_know(judged: Project, fraud: Fraud) -> None:
    """Where the alias is at another model than the accepted one, nothing is asked; judged first, it may be compared."""
    champion, better = fraud.register(160), fraud.register(20)
    fraud.set_alias(champion)

    with pytest.raises(Misuse, match=f"held by version {champion}"):
        ask(judged, fraud, f"/{better}")
    assert [] == judged.kinds()

    assert ask(judged, fraud, "@champion").holds
    assert ask(judged, fraud, f"/{better}").holds


def test_judge_version__alias_moved_meanwhile(judged: Project, fraud: Fraud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else moves the alias while the candidate is judged: it stays there, and that is said."""
    first, other, better = (fraud.register(n_wrong) for n_wrong in (160, 100, 20))
    ask(judged, fraud, f"/{first}")
    check = registry.service.check
    monkeypatch.setattr(registry.service, "check", lambda *given: (fraud.set_alias(other), check(*given))[1])

    with pytest.raises(StoreError, match=f"at version {other}, and was at {first}"):
        ask(judged, fraud, f"/{better}")

    assert other == fraud.champion()
    assert "pass" == fraud.tags(better)["proctor.verdict"]


def test_judge_version__what_was_fetched_before_goes(judged: Project, fraud: Fraud) -> None:
    """The folder holds the files of the version and no others; a link in its place is not followed."""
    elsewhere = judged.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").touch()
    (judged.root / "model").symlink_to("elsewhere")

    ask(judged, fraud, f"/{fraud.register(160)}")

    assert ["mine.txt"] == [path.name for path in elsewhere.iterdir()]
    assert {"predict.py", "data"} == {path.name for path in (judged.root / "model").iterdir()}


@pytest.mark.slow
def test_example__as_a_project_of_mlflow(judged: Project, fraud: Fraud) -> None:
    """`mlflow run` on the example judges a version, and moves the alias."""
    python, version = interpreter(), fraud.register(160)
    assert python is not None
    parameters = ["-P", f"uri=models:/{fraud.name}/{version}", "-P", f"gate={judged.root}"]
    environment = {**os.environ, **judged.environ, "PATH": f"{Path(sys.executable).parent}:{os.defpath}"}

    done = subprocess.run(
        [python, "-m", "mlflow", "run", EXAMPLE, *parameters, "--env-manager", "local"],
        cwd=judged.root, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stderr
    assert f"version {version} holds 'champion'" in done.stdout
    assert version == fraud.champion()


@pytest.mark.parametrize(
    ("which", "said"),
    [("", "names no version"), ("/latest", "names no version"), ("@nobody", "has the alias 'nobody'")],
)
def test_judge_version__no_version(judged: Project, fraud: Fraud, which: str, said: str) -> None:
    with pytest.raises(Misuse, match=said):
        ask(judged, fraud, which)


def test_judge_version__version_that_is_not_there(judged: Project, fraud: Fraud) -> None:
    """The server's own words, and nothing was asked."""
    with pytest.raises(StoreError, match="99"):
        ask(judged, fraud, "/99")

    assert [] == judged.kinds()


def test_judge_version__gate_that_judges_something_else(project: Project, fraud: Fraud) -> None:
    with pytest.raises(Misuse, match="has nothing in 'model'"):
        ask(project, fraud, "/1")


def test_fetch__name_that_leads_out(judged: Project, fraud: Fraud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that names files outside of the folder is not obeyed."""
    monkeypatch.setattr(Connection, "artifacts", lambda *_: [{"path": "a/..", "is_dir": False}])

    with pytest.raises(StoreError, match="names a file"):
        ask(judged, fraud, f"/{fraud.register(160)}")

    assert not Path(judged.root / "model").exists()
