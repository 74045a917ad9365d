"""The gate for everybody who calls it from Python: load, check, deliver, status."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from gate.project import Project
from pytest_httpserver import HTTPServer
from runstore.tracking import Store

import proctor
from proctor import service
from proctor.budget import Adaptive
from proctor.custody.retirement import retire
from proctor.errors import GateFileError, Misuse, ProctorError, TestSetRetired
from proctor.runtime import Runtime

ONCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}


@pytest.fixture
def nobody() -> str:
    """An address of this machine where nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def runtime(project: Project) -> tuple[Runtime, list[str]]:
    """Runtime, and what is remarked in them."""
    remarks: list[str] = []
    return Runtime({**project.environ, **ONCE}, remark=remarks.append), remarks


def load(project: Project) -> proctor.Gate:
    return service.load_gate(str(project.root))


def test_check__from_python_tells_the_run_store(project: Project, httpserver: HTTPServer) -> None:
    """`proctor.check` judges and delivers: the verdict is in the store as one whole run, and nothing waits."""
    store = Store(httpserver)
    project.gate(runstore=httpserver.url_for("").rstrip("/"))
    world, remarks = runtime(project)

    release = proctor.check(load(project), world)

    (run,) = store.runs.values()
    tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
    assert ("pass", release.ledger_head) == (tags["proctor.verdict"], tags["proctor.ledger_head"])
    assert "runs_update" in store.requests
    assert [] == [remark for remark in remarks if "run store" in remark]
    assert [] == list((project.root / ".proctor/outbox").glob("*.json"))


def test_check__store_that_is_down_changes_nothing(project: Project, nobody: str) -> None:
    """The verdict, its entry and its budget are those of a gate without a store; the result waits, and that is said."""
    project.gate(runstore=nobody)
    world, remarks = runtime(project)

    release = service.check(load(project), world)

    assert (proctor.Verdict.PASS, 0, 1) == (release.verdict, release.exit_code, release.step)
    assert ["registration", "evaluation"] == project.kinds()
    assert 1 == len(list((project.root / ".proctor/outbox").glob("*.json")))
    assert 1 == len(remarks)
    assert "waits for the run store" in remarks[0]
    assert "proctor runstore sync" in remarks[0]


def test_check__recorded_answer_is_sent_once_the_store_is_back(
    project: Project, nobody: str, httpserver: HTTPServer
) -> None:
    """What an outage held up goes out with the next answer, as the same evaluation."""
    store, world = Store(httpserver), runtime(project)[0]
    first = service.check(load(project.gate(runstore=nobody)), world)
    gate = load(project.gate(runstore=httpserver.url_for("").rstrip("/")))

    service.deliver(first, gate, world)

    assert 1 == len(store.runs)
    assert [] == list((project.root / ".proctor/outbox").glob("*.json"))


def test_deliver__store_that_breaks_off_is_remarked(project: Project, httpserver: HTTPServer) -> None:
    """Whatever a server answers becomes a remark, and never an error."""
    httpserver.expect_request("/", method="GET").respond_with_data("no MLflow here")
    project.gate(runstore=httpserver.url_for("").rstrip("/"))
    world, remarks = runtime(project)

    release = service.check(load(project), world)

    assert proctor.Verdict.PASS is release.verdict
    assert 1 == len(remarks)


def test_deliver__without_a_store_says_nothing(project: Project) -> None:
    """No store is named: nothing waits, nothing is said."""
    world, remarks = runtime(project)

    service.check(load(project), world)

    assert [] == remarks
    assert not (project.root / ".proctor/outbox").exists()


def test_judge__delivers_to_nobody(project: Project, nobody: str) -> None:
    """Whoever judges without delivering leaves nothing in the outbox."""
    project.gate(runstore=nobody)
    world, remarks = runtime(project)

    assert proctor.Verdict.PASS is service.judge(load(project), world).verdict
    assert [] == remarks
    assert not (project.root / ".proctor/outbox").exists()


def test_check__error_tells_nobody(project: Project, nobody: str) -> None:
    """What was refused is no result: the store hears nothing of it."""
    project.gate(runstore=nobody).check()
    retire(project.session(), "published")
    project.model("new.csv", 30)
    world, remarks = runtime(project)

    with pytest.raises(TestSetRetired):
        service.check(load(project), world)

    assert [] == remarks
    assert not (project.root / ".proctor/outbox").exists()


def test_check__owners_file_where_candidates_could_read_it(project: Project) -> None:
    """A file of private figures that a later candidate could read is cautioned against."""
    (project.root / "predict.py").write_text("import shutil, sys\nshutil.copy('new.csv', sys.argv[2])\n")
    project.features().gate(
        testset={"labels": "labels.csv", "features": "features.csv"},
        candidate={"command": "python predict.py {features} {predictions}", "files": ["predict.py", "new.csv"]},
        sandbox="none",
    )
    world, remarks = runtime(project)

    service.check(load(project), world, owner_record=project.root / "mine.jsonl")

    assert 1 == sum("lies where models run" in remark for remark in remarks)


def test_status__is_what_the_last_check_has_left(project: Project) -> None:
    """Status and glance show the budget that the release has shown."""
    world, _ = runtime(project)
    release = service.check(load(project), world, stake=0.5)

    for shown in (service.status(load(project), world), service.glance(load(project), world)):
        assert (release.budget, release.ledger_head) == (shown.budget, shown.ledger_head)


def test_load_gate__names_files_in_place_of_the_gate_files(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths that a caller names are seen from the present folder."""
    monkeypatch.chdir(project.root)
    project.model("better.csv", 20)

    release = service.check(service.load_gate(".", service.Named(candidate="better.csv")), runtime(project)[0])

    assert "better.csv" == release.candidate


def test_load_gate__that_is_none(tmp_path: Path) -> None:
    """A file that is no gate file is refused with its place."""
    (tmp_path / "proctor.yml").write_text(json.dumps({"condition": "n >"}))

    with pytest.raises(GateFileError, match=r"proctor\.yml:1"):
        service.load_gate(str(tmp_path))


def test_plan__of_a_text_is_that_of_the_gate_file() -> None:
    """Keys of a gate file go by their names, and give the figures that `Request` gives."""
    text = "n - o > 0.02 +/- 0.02"
    request = proctor.Request(proctor.Contract(0.99), Adaptive(), power=0.9, disagreement=0.1, examples=4_000)

    named = proctor.plan(text, reliability=0.99, power=0.9, disagreement=0.1, examples=4_000)

    assert proctor.plan(proctor.normalize(proctor.parse(text)), request) == named == proctor.plan(text, request)


@pytest.mark.parametrize(
    ("arguments", "keys", "error", "problem"),
    [
        (("n > 0.8 +/- 0.02",), {"sureness": 0.99}, Misuse, r"a plan takes no 'sureness'"),
        (("n > 0.8 +/- 0.02",), {"reliability": 2}, GateFileError, r"`reliability` must be at least 0\.5"),
        (("n > ",), {}, GateFileError, r"something is missing behind `>`"),
        (("n > 0.8 +/- 0.02", 0.99), {}, Misuse, r"takes a `Request`, or keys of a gate file by name"),
        ((proctor.normalize(proctor.parse("n > 0.8 +/- 0.02")),), {}, Misuse, r"takes its condition as text"),
    ],
)
def test_plan__says_what_it_takes(
    arguments: tuple[Any, ...], keys: dict[str, Any], error: type[ProctorError], problem: str
) -> None:
    """No bare TypeError: the message names what is wrong, and the hint has an example to copy."""
    with pytest.raises(error, match=problem) as refused:
        proctor.plan(*arguments, **keys)

    assert isinstance(refused.value, GateFileError) or 'plan("n - o > 0.02 +/- 0.02"' in refused.value.hint
