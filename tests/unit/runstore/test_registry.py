"""Versions of a registered model, on a real MLflow server: fetched, judged, tagged, and the alias moved or not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gate.project import Project

from proctor.errors import DataError, Misuse, StoreError
from proctor.ledger.records import Evaluated
from proctor.release import Verdict
from proctor.runstore.rest import Connection, StoreUnreachable
from proctor.runtime import Runtime
from proctor.surfaces import registry
from proctor.surfaces.registry import Judged, judge_version

from .fraud import Fraud
from .mlflow import interpreter

EXAMPLE = Path(__file__).parents[3] / "examples/mlflow"


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


def ask(project: Project, fraud: Fraud, which: str, baseline: str | None = None) -> Judged:
    """The verdict on a version, for the alias ``champion``."""
    runtime, named = Runtime(dict(project.environ)), baseline and f"models:/{fraud.name}{baseline}"
    uri = f"models:/{fraud.name}{which}"
    return judge_version(uri, "champion", project.root, runtime, baseline=named, makes_alias=True)


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


def test_judge_version__alias_that_nobody_has(judged: Project, fraud: Fraud) -> None:
    """A misspelled alias is not made in passing, and nothing is asked."""
    uri, runtime = f"models:/{fraud.name}/{fraud.register(160)}", Runtime(dict(judged.environ))

    with pytest.raises(Misuse, match="has the alias 'chamipon'") as caught:
        judge_version(uri, "chamipon", judged.root, runtime)

    assert "--new-alias" in caught.value.hint
    assert [] == judged.kinds()


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


def test_judge_version__baseline_by_uri(judged: Project, fraud: Fraud) -> None:
    """A version that no gate has accepted is the baseline, by its files: the alias moves from it, and only from it."""
    old, worse, better = (fraud.register(n_wrong) for n_wrong in (160, 170, 20))
    fraud.set_alias(old)

    refused = ask(judged, fraud, f"/{worse}", baseline="@champion")
    assert (Verdict.FAIL, old) == (refused.release.verdict, fraud.champion())
    assert ask(judged, fraud, f"/{better}", baseline=f"/{old}").holds
    assert better == fraud.champion()

    with pytest.raises(Misuse, match=f"held by version {better}, and the baseline is models:/{fraud.name}/{old}"):
        ask(judged, fraud, f"/{fraud.register(5)}", baseline=f"/{old}")


def test_judge_version__alias_of_the_baseline_is_looked_up_once(
    judged: Project, fraud: Fraud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alias that is to move, named as the baseline, too, is one version throughout, whoever moves it meanwhile."""
    old, better = (fraud.register(n_wrong) for n_wrong in (160, 20))
    fraud.set_alias(old)
    found, holder = [], registry.artifacts.holder
    monkeypatch.setattr(registry.artifacts, "holder", lambda *given: (found.append(holder(*given)), found[-1])[1])

    assert ask(judged, fraud, f"/{better}", baseline="@champion").holds
    assert [old, old, better] == found  # before it is judged, before the alias is moved, and afterwards


def test_judge_version__baseline_is_known_by_its_files(judged: Project, fraud: Fraud) -> None:
    """The same files under another number are the same baseline: the question is the same, and free."""
    old, better = fraud.register(160), fraud.register(20)
    first = ask(judged, fraud, f"/{better}", baseline=f"/{old}")

    fraud.set_alias(same := fraud.register(160))
    again = ask(judged, fraud, f"/{better}", baseline=f"/{same}")

    assert (True, first.release.entry) == (again.release.replayed, again.release.entry)
    assert better == fraud.champion()

    ask(judged, fraud, f"/{fraud.register(0)}", baseline=f"/{better}")
    first_asked, then_asked = judged.records(Evaluated)
    assert first_asked.candidate.digest == then_asked.baseline.digest


@pytest.mark.parametrize("beside_the_run", [False, True])
def test_judge_version__of_a_run(judged: Project, fraud: Fraud, beside_the_run: bool) -> None:
    """A model that is not registered yet is judged by the URI of its run, and the run is tagged."""
    old = fraud.register(160)
    uri = fraud.log(20, beside_the_run=beside_the_run)
    runtime = Runtime(dict(judged.environ))

    found = judge_version(uri, None, judged.root, runtime, baseline=f"models:/{fraud.name}/{old}")

    assert found.holds
    tags = fraud.get("runs/get", run_id=found.version)["run"]["data"]["tags"]
    assert {"key": "proctor.verdict", "value": "pass"} in tags
    again = judge_version(f"models:/{fraud.name}/{old}", None, judged.root, runtime, baseline=uri)
    assert Verdict.FAIL is again.release.verdict
    with pytest.raises(Misuse, match="no registered version"):
        judge_version(uri, "champion", judged.root, runtime)


@pytest.mark.parametrize("role", ["candidate", "baseline"])
def test_judge_version__files_that_are_missing(judged: Project, fraud: Fraud, role: str) -> None:
    """A version whose files are gone is refused, what was fetched before stays, and nothing was asked."""
    whole, empty = fraud.register(20), fraud.register(None)
    (judged.root / "model").mkdir()
    (judged.root / "model/mine.txt").touch()

    which, baseline = (f"/{empty}", None) if role == "candidate" else (f"/{whole}", f"/{empty}")

    with pytest.raises(StoreError, match=f"{fraud.name}/{empty} has no files"):
        ask(judged, fraud, which, baseline)

    assert [] == judged.kinds()
    assert (role == "candidate") is (judged.root / "model/mine.txt").exists()


def test_judge_version__baseline_that_lacks_a_part(judged: Project, fraud: Fraud) -> None:
    """What the candidate is declared to consist of is not all there in the baseline: it is named as that."""
    judged.gate(
        testset={"labels": "labels.csv", "features": "features.csv"},
        candidate={"command": "python model/predict.py {features} {predictions}", "files": ["model/new.py", "model"]},
    )
    uri, old = fraud.run(), fraud.register(160)
    place = f"{uri['artifact_uri']}/model"
    fraud.store(place, 20)
    name = f"{fraud.url}/api/2.0/mlflow-artifacts/artifacts/{place.removeprefix('mlflow-artifacts:/')}/new.py"
    fraud.session.put(name, data=b"", timeout=30).raise_for_status()

    with pytest.raises(DataError, match=r"the baseline is models:.*new\.py"):
        judge_version(
            f"runs:/{uri['run_id']}/model", None, judged.root, Runtime(dict(judged.environ)),
            baseline=f"models:/{fraud.name}/{old}",
        )  # fmt: skip

    assert [] == judged.kinds()


def test_judge_version__server_that_is_down(judged: Project, fraud: Fraud) -> None:
    """What becomes of the question is said: before it is asked nothing was spent."""
    judged.environ |= {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}

    with pytest.raises(StoreError, match="does not answer") as caught:
        ask(judged, fraud, "/1")

    assert "Nothing was spent" in caught.value.hint
    assert [] == judged.kinds()


def test_judge_version__server_that_goes_down(judged: Project, fraud: Fraud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it was asked, the verdict stands, and the same command is free when the server is back."""
    first = fraud.register(160)
    post = Connection.post
    monkeypatch.setattr(
        Connection, "post", lambda *_: (_ for _ in ()).throw(StoreUnreachable("it did not take the result"))
    )

    with pytest.raises(StoreError, match="does not answer") as caught:
        ask(judged, fraud, f"/{first}")
    assert "verdict stands" in caught.value.hint
    entries = judged.kinds()

    monkeypatch.setattr(Connection, "post", post)
    assert ask(judged, fraud, f"/{first}").holds
    assert entries == judged.kinds()


def test_judge_version__wrong_credentials(judged: Project, guarded_store: str) -> None:
    """A server that knows the user by another password is asked nothing, and the variables are named."""
    judged.environ |= {
        "MLFLOW_TRACKING_URI": guarded_store, "MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": "wrong"
    }  # fmt: skip

    with pytest.raises(StoreError, match="401") as caught:
        judge_version("models:/fraud@champion", None, judged.root, Runtime(dict(judged.environ)))

    assert "MLFLOW_TRACKING_PASSWORD" in caught.value.hint
    assert "wrong" not in str(caught.value)
    assert [] == judged.kinds()


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
    fraud.set_alias(version)
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
