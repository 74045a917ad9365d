"""Candidate and baseline by URI in a gate file, kept by a real MLflow server: fetched, run as data, and remembered."""

from __future__ import annotations

import importlib.util
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from gate.project import LABELS, N_EXAMPLES, Project
from onnx import TensorProto, helper

import proctor
from proctor import gatefile
from proctor.errors import ContractError, DataError, MissingExtra, Misuse, ModelError, StoreError
from proctor.gate.check import How
from proctor.gate.check import check as judge
from proctor.ledger.records import Evaluated
from proctor.loading import Named, with_named
from proctor.release import Release, Verdict
from proctor.runstore import artifacts
from proctor.runtime import Runtime

from .fraud import Fraud
from .mlflow import interpreter

PACKAGE = Path(proctor.__file__).parent
LOGS = Path(__file__).with_name("log_model.py")

FLAVORS = {"python_function": {"loader_module": "mlflow.onnx"}, "onnx": {"data": "model.onnx"}}


def logged(n_wrong: int, uuid: str = "") -> dict[str, bytes]:
    """The files of a table of answers that is wrong so many times, logged on some day."""
    values = LABELS.copy()
    values[:n_wrong] = (values[:n_wrong] + 1) % 10
    nodes = [
        helper.make_node("Cast", ["x"], ["row"], to=TensorProto.INT64),
        helper.make_node("Gather", ["answers", "row"], ["answer"]),
    ]
    answers = helper.make_tensor("answers", TensorProto.INT64, [N_EXAMPLES], values)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1])
    answer = helper.make_tensor_value_info("answer", TensorProto.INT64, [None, 1])
    graph = helper.make_graph(nodes, "answers", [x], [answer], [answers])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    note = yaml.safe_dump({"flavors": FLAVORS, "model_uuid": uuid})
    return {"MLmodel": note.encode(), "model.onnx": model.SerializeToString()}


@pytest.fixture
def gated(project: Project, fraud: Fraud) -> Project:
    """A gate of ten lines: the challenger against the champion."""
    project.features()
    project.environ["MLFLOW_TRACKING_URI"] = fraud.url
    return project.gate(
        disagreement=0.5,
        testset={"labels": "labels.csv", "features": "features.csv"},
        candidate={"model": f"models:/{fraud.name}@challenger"},
        baseline={"model": f"models:/{fraud.name}@champion"},
    )


def named(project: Project, candidate: str, baseline: str | None = None, runtime: Runtime | None = None) -> Release:
    """Verdict on what the command line names."""
    gate = with_named(gatefile.load(project.root), Named(candidate=candidate, baseline=baseline))
    return judge(gate, runtime or Runtime(dict(project.environ)), How())


def test_check__challenger_against_champion(gated: Project, fraud: Fraud) -> None:
    """The verdict names the versions that the aliases were at; asked again, it is recorded, wherever they are then."""
    champion, challenger = fraud.register_files(logged(160)), fraud.register_files(logged(20))
    fraud.set_alias(champion)
    fraud.set_alias(challenger, "challenger")

    release = gated.check()

    assert Verdict.PASS is release.verdict
    assert [f"models:/{fraud.name}/{each}" for each in (challenger, champion)] == [release.candidate, release.baseline]
    asked = gated.records(Evaluated)[0]
    assert (release.candidate, release.baseline) == (asked.candidate.source, asked.baseline.source)
    assert champion == fraud.champion()  # no alias is moved by a check

    fraud.set_alias(challenger)
    again = gated.check()
    assert (True, release.entry) == (again.replayed, again.entry)


def test_check__same_files_under_another_number(gated: Project, fraud: Fraud) -> None:
    """A version is known by what the model is: logged once more it is the same, and that is said."""
    old, new = (fraud.register_files(logged(n_wrong)) for n_wrong in (160, 20))
    twin, old_twin = fraud.register_files(logged(20, "logged again")), fraud.register_files(logged(160, "too"))
    uri = f"models:/{fraud.name}/"
    first = named(gated, uri + new, uri + old)
    said: list[str] = []

    again = named(gated, uri + twin, uri + old_twin, Runtime(dict(gated.environ), remark=said.append))

    assert (True, first.entry) == (again.replayed, again.entry)
    assert [f"{uri}{twin} has the files of {uri}{new}, whose recorded answer it gets"] == said


def test_check__alias_moved_meanwhile(gated: Project, fraud: Fraud, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alias is looked up once: whoever moves it while the files come moves no question."""
    champion, challenger, worse = (fraud.register_files(logged(n_wrong)) for n_wrong in (160, 20, 170))
    fraud.set_alias(champion)
    fraud.set_alias(challenger, "challenger")
    fetch = artifacts.fetch
    monkeypatch.setattr(artifacts, "fetch", lambda *given: (fraud.set_alias(worse, "challenger"), fetch(*given))[1])

    release = gated.check()

    assert (Verdict.PASS, f"models:/{fraud.name}/{challenger}") == (release.verdict, release.candidate)


def test_check__accepted_version_is_fetched_again(gated: Project, fraud: Fraud) -> None:
    """Where its predictions are not kept, the accepted version is run again; only if its files are still the same."""
    gated.gate(
        testset={"labels": "labels.csv", "features": "features.csv"},
        candidate={"model": f"models:/{fraud.name}@challenger"},
        baseline=None,
        disagreement=0.5,
    )
    first, then = fraud.register_files(logged(160)), fraud.register_files(logged(20))
    named(gated, f"models:/{fraud.name}/{first}")
    for file in (gated.root / ".proctor/store").iterdir():
        file.unlink()

    assert Verdict.PASS is named(gated, f"models:/{fraud.name}/{then}").verdict

    for file in (gated.root / ".proctor/store").iterdir():
        file.unlink()
    source = fraud.get("model-versions/get", version=then)["model_version"]["source"]
    fraud.put(source, logged(30))
    with pytest.raises(DataError, match="not what was submitted then"):
        named(gated, f"models:/{fraud.name}/{fraud.register_files(logged(0))}")


def test_check__predictions_against_a_version_of_a_run(gated: Project, fraud: Fraud) -> None:
    """A candidate that is a file of predictions can be compared with a model of a run."""
    run = fraud.run()
    fraud.put(f"{run['artifact_uri']}/model", logged(160))

    release = named(gated, str(gated.root / "new.csv"), f"runs:/{run['run_id']}/model")

    assert (Verdict.PASS, f"runs:/{run['run_id']}/model") == (release.verdict, release.baseline)


def test_check__baseline_is_the_owners(gated: Project, fraud: Fraud) -> None:
    """A commit cannot name another version to be compared with once the test set is registered."""
    old, new = fraud.register_files(logged(160)), fraud.register_files(logged(20))
    fraud.set_alias(old)
    fraud.set_alias(new, "challenger")
    gated.check()

    gated.gate(
        testset={"labels": "labels.csv", "features": "features.csv"},
        candidate={"model": f"models:/{fraud.name}@challenger"},
        baseline={"model": f"models:/{fraud.name}/{new}"},
    )
    with pytest.raises(ContractError, match="`baseline` is 'model: models:/"):
        gated.check()


@pytest.mark.parametrize(
    ("files", "error", "said"),
    [
        ({}, StoreError, "has no files"),
        ({"model.onnx": b""}, DataError, "no file 'MLmodel'"),
        ({"MLmodel": logged(0)["MLmodel"]}, DataError, "'model.onnx', which is not among its files"),
        ({**logged(0), "model.onnx": b"half"}, ModelError, "models:/.*ended with exit code"),
        ({"MLmodel": b"flavors: {sklearn: {pickled_model: m.pkl}}", "m.pkl": b""}, Misuse, "'m.pkl'.*any code"),
    ],
)
def test_check__version_that_cannot_be_used(
    gated: Project, fraud: Fraud, files: dict[str, bytes], error: type[Exception], said: str
) -> None:
    """Half written, damaged, or code that is not trusted: each is named, and nothing is spent."""
    fraud.set_alias(fraud.register_files(logged(160)))
    fraud.set_alias(fraud.register_files(files), "challenger")

    with pytest.raises(error, match=said):
        gated.check()

    assert [] == gated.kinds()


def test_check__models_that_mlflow_logs(gated: Project, fraud: Fraud, tmp_path: Path) -> None:
    """What MLflow's own client logs now is run as data where it is data, and by pyfunc where it is code."""
    python, rows = interpreter(), tmp_path / "rows.csv"
    assert python is not None
    rows.write_text("x,label\n" + "".join(f"{x},{label}\n" for x, label in enumerate(LABELS)))
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "MLFLOW_DISABLE_TELEMETRY": "true"}
    log = [python, "-P", LOGS, fraud.url, fraud.name, rows]
    subprocess.run(log, env=environment, capture_output=True, check=True, timeout=240)

    release = named(gated, f"models:/{fraud.name}@data", str(gated.root / "old.csv"))
    assert (Verdict.PASS, f"models:/{fraud.name}/1") == (release.verdict, release.candidate)
    with pytest.raises(Misuse, match=r"'model\.pkl'.*any code"):
        named(gated, f"models:/{fraud.name}@code", str(gated.root / "old.csv"))

    files, out = tmp_path / "model", tmp_path / "out.npz"
    with artifacts.connected(fraud.url, Runtime({})) as connection:
        artifacts.fetch(connection, artifacts.resolve(connection, f"models:/{fraud.name}@code"), files)
    child = [python, "-P", PACKAGE / "models/formats/child.py"]
    arguments = [files / "MLmodel", gated.root / "features.csv", out, "id", "pickle"]
    subprocess.run([*child, *arguments], env=environment, capture_output=True, check=True, timeout=240)
    assert LABELS.tolist() == np.load(out)["prediction"].tolist()


def test_check__pyfunc_that_is_not_installed(gated: Project, fraud: Fraud, monkeypatch: pytest.MonkeyPatch) -> None:
    """What installs MLflow is said before anything is asked or run."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    fraud.set_alias(fraud.register_files(logged(160)), "challenger")
    gated.gate(
        testset={"labels": "labels.csv", "features": "features.csv"},
        candidate={"model": f"models:/{fraud.name}@challenger", "trust": "pickle"},
    )

    with pytest.raises(MissingExtra, match="MLflow needs the package mlflow") as caught:
        gated.check()

    assert "pip install 'proctor[mlflow]'" in caught.value.hint
    assert [] == gated.kinds()


@pytest.mark.parametrize(
    ("which", "environ", "error", "said"),
    [
        ("/99", {}, StoreError, "version=99"),
        ("@nobody", {}, Misuse, "has the alias 'nobody'"),
        ("-2/1", {}, StoreError, "404"),
        ("/1", {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}, StoreError, "does not answer"),
        ("/1", {"MLFLOW_TRACKING_URI": ""}, Misuse, "no server of MLflow is named"),
        ("/1", {"MLFLOW_TRACKING_URI": "mlruns"}, Misuse, "MLFLOW_TRACKING_URI is not the address of a server"),
    ],
)
def test_check__version_that_is_not_to_be_had(
    gated: Project, fraud: Fraud, which: str, environ: dict[str, str], error: type[Exception], said: str
) -> None:
    """Unknown, or a server that is down, or none: clear words, an exit code, and nothing spent."""
    gated.environ |= {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", **environ}

    with pytest.raises(error, match=said) as caught:
        named(gated, f"models:/{fraud.name}{which}")

    assert caught.value.hint
    assert "gate file" not in caught.value.message
    assert [] == gated.kinds()


def test_check__wrong_credentials(gated: Project, guarded_store: str) -> None:
    """A server that knows the user by another password is asked nothing, and the variables are named."""
    gated.environ |= {
        "MLFLOW_TRACKING_URI": guarded_store, "MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": "wrong"
    }  # fmt: skip

    with pytest.raises(StoreError, match="401") as caught:
        gated.check()

    assert "MLFLOW_TRACKING_PASSWORD" in caught.value.hint
