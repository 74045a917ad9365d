"""What `proctor check` leaves for other readers: JUnit, SARIF, JSON by its schema, and runs in a real MLflow server."""

from __future__ import annotations

import json
import shutil
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import requests
from runner import mlflow

API = "/api/2.0/mlflow/"
QUICK = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_TRACKING_USERNAME": "", "MLFLOW_TRACKING_TOKEN": ""}
NOBODY = "http://127.0.0.1:9"


def sarif_of(workshop, name="out.sarif"):
    (run,) = json.loads((workshop.root / name).read_text())["runs"]
    return run


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wrong", "code", "kind"), [(160, 0, None), (390, 1, "failure")], ids=["pass", "fail"])
def test_check__writes_junit_and_sarif(ready, wrong, code, kind):
    """A verdict becomes one test case and, if it is a fail, one alert on the condition's line."""
    ready.predictions("new.csv", range(wrong, 400) if code == 0 else range(wrong))

    ran = ready.proctor("check", "--junit", "reports/junit.xml", "--sarif", "out.sarif")

    assert code == ran.code
    (case,) = ET.parse(ready.root / "reports/junit.xml").iter("testcase")
    assert ([kind] if kind else []) == [child.tag for child in case]
    results = sarif_of(ready)["results"]
    assert code == len(results)
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        assert ("proctor.yml", 1) == (place["artifactLocation"]["uri"], place["region"]["startLine"])


def test_check__sarif_points_into_the_repository(ready):
    """The alert stands on the condition's line, by the gate file's path in the repository."""
    (ready.root / ".git").mkdir()
    folder = ready.root / "gates"
    folder.mkdir()
    gate = (ready.root / "proctor.yml").read_text().replace("exam/", "../exam/")
    gate = gate.replace("new.csv", "../worse.csv").replace("old.csv", "../old.csv")
    (folder / "spam.yml").write_text(f"# spam\n\n{gate}")
    ready.predictions("worse.csv", range(390))

    assert 1 == ready.proctor("check", "gates/spam.yml", "--sarif", "out.sarif").code

    place = sarif_of(ready)["results"][0]["locations"][0]["physicalLocation"]
    assert ("gates/spam.yml", 3) == (place["artifactLocation"]["uri"], place["region"]["startLine"])


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"nonsense": 1}, 2, "nonsense"),
        ({"condition": "n - o > 0.02 +/- 0.001"}, 4, "fresh test set"),
        ({"candidate": {"predictions": "nowhere.csv"}}, 5, "nowhere.csv"),
    ],
    ids=["gate file", "out of reach", "no candidate"],
)
def test_check__refusals_are_errors_in_junit_and_sarif(ready, change, code, word):
    """A refusal is an error, never a failed test, with the message and the exit code that were printed."""
    ready.gate(**change)

    ran = ready.proctor("check", "--junit", "junit.xml", "--sarif", "out.sarif")

    assert code == ran.code
    (case,) = ET.parse(ready.root / "junit.xml").iter("testcase")
    assert [("error", f"exit code {code}")] == [(child.tag, child.get("type")) for child in case]
    assert word in case[0].get("message")
    run = sarif_of(ready)
    assert (False, code) == (run["invocations"][0]["executionSuccessful"], run["properties"]["exitCode"])
    assert word in run["results"][0]["message"]["text"]


def test_check__unwritable_report_is_refused_before_anything_is_spent(ready):
    """A report that cannot be written is found out first: no entry, no model, no label."""
    (ready.root / "file").write_text("")

    ran = ready.proctor("check", "--junit", "file/junit.xml")

    assert 2 == ran.code
    assert not (ready.root / ".proctor").exists()


def test_schema__real_outputs_validate(ready):
    """What `check --json` and `status --json` print is what `proctor schema` says, to the last field."""
    releases = [ready.proctor("check", "--json").json for _ in range(2)]
    shutil.rmtree(ready.root / ".proctor")
    ready.gate(adaptivity="none", steps=5)
    releases.append(ready.proctor("check", "--json").json)
    statuses = [ready.proctor("status", "--json").json]
    shutil.rmtree(ready.root / ".proctor")
    ready.gate(baseline=None)
    statuses.append(ready.proctor("status", "--json").json)
    releases.append(ready.proctor("check", "--json").json)

    for name, found in (("release", releases), ("status", statuses)):
        schema = ready.proctor("schema", name).json
        jsonschema.Draft202012Validator.check_schema(schema)
        for value in found:
            jsonschema.validate(value, schema)
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate({**value, "estimate": 0.5}, schema)


# --- run store -------------------------------------------------------------------------------------------------------


def test_check__store_that_is_down_changes_nothing(ready):
    """Same report, same exit code; the result waits in the outbox, and one line on standard error says so."""
    with_store = ready.gate(runstore=NOBODY).proctor("check", "--json", env=QUICK)

    assert (0, "pass") == (with_store.code, with_store.json["verdict"])
    assert "waits for the run store" in with_store.err
    assert "proctor runstore sync" in with_store.err
    assert 1 == len(with_store.err.strip().splitlines())
    (waiting,) = (ready.root / ".proctor/outbox").iterdir()
    record = json.loads(waiting.read_text())
    assert (2, "pass") == (record["entry"], record["tags"]["proctor.verdict"])
    assert {"report.json", "report.md"} == record["artifacts"].keys()


def test_check__outbox_that_cannot_be_made_changes_nothing(ready):
    """Not even a file in the outbox's place changes the verdict."""
    (ready.root / ".proctor").mkdir()
    (ready.root / ".proctor/outbox").write_text("")

    ran = ready.gate(runstore=NOBODY).proctor("check", env=QUICK)

    assert 0 == ran.code
    assert "could not be queued" in ran.err


def test_check__recorded_answer_is_queued_as_it_was_first_given(ready):
    """Asking again mends a machine lost with its outbox: the same record, with the budget of its day."""
    ready.gate(runstore=NOBODY)
    ready.proctor("check", env=QUICK)
    (first,) = (ready.root / ".proctor/outbox").glob("*-*.json")
    before = json.loads(first.read_text())
    ready.predictions("other.csv", range(390))
    ready.proctor("check", "--candidate", "other.csv", env=QUICK)
    for path in (ready.root / ".proctor/outbox").iterdir():
        path.unlink()

    assert ready.proctor("check", "--json", env=QUICK).json["replayed"]

    (again,) = (ready.root / ".proctor/outbox").glob("*-*.json")
    after = json.loads(again.read_text())
    assert before["metrics"] == after["metrics"]
    assert before["tags"]["proctor.ledger_head"] == after["tags"]["proctor.ledger_head"]


def test_check__nothing_private_waits_in_the_outbox(ready):
    """What is queued for everybody is the same whatever the hidden labels are, times and hashes apart."""
    ready.gate(runstore={"url": NOBODY, "owner_experiment": "private"})

    ran = ready.proctor("check", env=QUICK)

    assert 0 == ran.code
    (waiting,) = (ready.root / ".proctor/outbox").iterdir()
    assert "wins" not in waiting.read_text()
    assert "owner's experiment was not told" in ran.err
    assert '"wins": 160' in (ready.root / ".proctor/owner.jsonl").read_text()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A real MLflow server with SQLite; skipped where MLflow is not installed."""
    folder = tmp_path_factory.mktemp("mlflow")
    with mlflow.server(folder, f"sqlite:///{folder}/mlflow.db") as url:
        yield url


def runs_in(store, experiment):
    """Runs of an experiment, oldest step first, each as one mapping of params, tags and metrics."""
    found = requests.get(
        f"{store}{API}experiments/get-by-name", params={"experiment_name": experiment}, timeout=10
    ).json()
    body = {"experiment_ids": [found["experiment"]["experiment_id"]]}
    runs = requests.post(f"{store}{API}runs/search", json=body, timeout=10).json().get("runs", [])
    flat = [
        {pair["key"]: pair["value"] for kind in ("params", "tags", "metrics") for pair in run["data"].get(kind, [])}
        for run in runs
    ]
    return sorted(flat, key=lambda run: int(run["step"]))


@pytest.mark.slow
def test_check__runs_in_a_real_store(store, ready):
    """Verdicts become runs; a replay adds none; after an outage `runstore sync` sends what waited; nothing is lost."""
    target = {"url": store, "experiment": "team"}
    ready.gate(runstore=target)
    assert "" == ready.proctor("check").err
    assert "" == ready.proctor("check").err  # the recorded answer
    ready.predictions("other.csv", range(390))
    ready.gate(runstore=target | {"url": NOBODY}).accept_settings()
    down = ready.proctor("check", "--candidate", "other.csv", env=QUICK)
    assert (1, True) == (down.code, "this result waits" in down.err)
    assert [1] == [int(run["step"]) for run in runs_in(store, "team")]

    assert 5 == ready.proctor("runstore", "sync", env=QUICK).code
    ready.gate(runstore=target).accept_settings()
    synced = ready.proctor("runstore", "sync", "--json")

    assert (0, 1, 0) == (synced.code, len(synced.json["sent"]), len(synced.json["waiting"]))
    first, second = runs_in(store, "team")
    assert ("pass", "fail") == (first["proctor.verdict"], second["proctor.verdict"])
    assert first["condition"] == "n - o > 0.02 +/- 0.02"
    assert second["leakage_bits"] > first["leakage_bits"] > 0
    assert ready.proctor("status", "--json").json["budget"]["leakage_bits"] == pytest.approx(second["leakage_bits"])
    assert not any("wins" in key for run in (first, second) for key in run)


@pytest.mark.slow
def test_check__owner_figures_in_a_real_store(store, ready):
    """Private figures go to the owner's experiment alone, once, and only if somebody has made it."""
    ready.gate(runstore={"url": store, "experiment": "everybody", "owner_experiment": "owner"})
    assert "there is no experiment 'owner'" in ready.proctor("check").err
    requests.post(f"{store}{API}experiments/create", json={"name": "owner"}, timeout=10).raise_for_status()

    for _ in range(2):
        assert "" == ready.proctor("check").err

    (private,), (public,) = runs_in(store, "owner"), runs_in(store, "everybody")
    assert (160.0, "pass") == (private["clauses.1.counts.wins"], private["outcome"])
    assert 0.08 == pytest.approx(private["clauses.1.estimate"])
    assert not any("wins" in key or "estimate" in key for key in public)
