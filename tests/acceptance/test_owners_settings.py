"""A hostile commit that would choose its own judge: store, books, labels, opponent. Whole processes, real servers."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sealed
from workshop import Workshop

PASSWORD = {
    "MLFLOW_TRACKING_USERNAME": "ada",
    "MLFLOW_TRACKING_PASSWORD": "hush",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
}


class Listener:
    """A server of the attacker's, which writes down whatever it is sent."""

    def __init__(self) -> None:
        heard: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.append(f"{self.command} {self.path} {self.headers}")
                self.send_error(500)

            do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815  # the names of the base class

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        self.heard = heard
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def entries(workshop: Workshop) -> list[str]:
    return [entry["kind"] for entry in workshop.proctor("ledger", "show", "--json").json["entries"]]


def test_run_store__of_a_commit_gets_no_password(ready: Workshop, listener: Listener) -> None:
    """A commit that names its own server has nothing sent there, by `check` or by `runstore sync`, until accepted."""
    assert 0 == ready.proctor("check").code
    ready.gate(runstore=listener.url).predictions("new.csv", range(100))

    checked = ready.proctor("check", env=PASSWORD)
    synced = ready.proctor("runstore", "sync", env=PASSWORD)

    assert (2, 2) == (checked.code, synced.code)
    assert "`proctor testset settings --accept`" in checked.err
    assert ([], ["registration", "evaluation"]) == (listener.heard, entries(ready))
    assert 0 == ready.proctor("testset", "settings", "--accept", "--yes").code
    assert 0 == ready.proctor("check", env=PASSWORD).code
    assert any("Authorization: Basic" in request for request in listener.heard)  # the attack is real


def test_settings__need_a_person_or_yes(ready: Workshop) -> None:
    ready.proctor("check")
    ready.gate(sandbox="none")

    ran = ready.proctor("testset", "settings", "--accept")

    assert (2, True) == (ran.code, "say --yes" in ran.err)
    assert "`sandbox` is 'none', and 'auto' is registered" in ready.proctor("testset", "settings").out


@pytest.mark.parametrize("what", ["path", "column", "renamed gate", "another set"])
def test_labels__of_a_commit_judge_nothing(ready: Workshop, what: str) -> None:
    """Labels on which the candidate is perfect, under whatever name, are not those that judge it."""
    ready.proctor("check")
    ready.predictions("new.csv", range(2_000))
    rows = [line.split(",") for line in (ready.root / "new.csv").read_text().splitlines()[1:]]
    testset = {"labels": "exam/labels.csv", "features": "exam/features.csv"}
    more: dict[str, Any] = {}
    match what:
        case "path":
            ready.table("mine.csv", ("id", "label"), rows)
            testset["labels"] = "mine.csv"
        case "column":
            ready.table("exam/labels.csv", ("id", "label", "mine"), [(i, v, v) for i, v in rows])
            testset["label"] = "mine"
        case _:
            ready.table("mine.csv", ("id", "label"), [(f"m{i}", v) for i, v in rows])
            ready.table("new.csv", ("id", "prediction"), [(f"m{i}", v) for i, v in rows])
            testset = {"labels": "mine.csv"}
            more = {"name": "other"} if what == "renamed gate" else {}
    ready.gate(testset=testset, condition="n > 0.5 +/- 0.05", baseline=None, first="judge", **more)

    ran = ready.proctor("check")

    assert (2 if what == "column" else 5) == ran.code, ran.out + ran.err
    assert ["registration", "evaluation"] == entries(ready)


def test_baseline__random_predictions_in_its_place(ready: Workshop) -> None:
    """A bad file in the baseline's place made a candidate pass that is no better; the owner's word is needed."""
    ready.proctor("check")
    ready.predictions("old.csv", range(1_000)).predictions("new.csv", range(390))

    refused = ready.proctor("check")

    assert 2 == refused.code, refused.out
    assert "`proctor testset baseline old.csv`" in refused.err
    assert ["registration", "evaluation"] == entries(ready)
    assert 0 == ready.proctor("testset", "baseline", "old.csv").code
    assert 0 == ready.proctor("check").code


def test_ledger__a_copy_of_signed_books_is_not_the_books(tmp_path: Path) -> None:
    """An earlier copy of the books, brought by a commit, gives nothing back: signed books know their place."""
    project = sealed.Project(tmp_path / "p", inputs="open")
    project.root.mkdir()
    project.testset().gate().candidate(0)
    project.check(0)
    shutil.copy(project.root / ".proctor/ledger.db", project.root / "books.db")
    project.candidate(20).gate(ledger="books.db")

    ran = project.proctor("check", code=2)

    assert "`ledger` is 'books.db'" in ran.err


def test_labels__of_another_gate_are_no_part_of_a_program(workshop: Workshop) -> None:
    """A program that consists of all that git tracks is shown neither its own labels nor those of a gate beside it."""
    ready = workshop.testset(400)
    (ready.root / "predict.py").write_text(
        "import csv, os, sys\n"
        "seen = [name for name in ('ham/secret.csv', 'exam/labels.csv', 'ham/notes.txt') if os.path.exists(name)]\n"
        "rows = list(csv.DictReader(open(sys.argv[1])))\n"
        "with open(sys.argv[2], 'w') as file:\n"
        "    file.write('id,prediction\\n')\n"
        "    file.writelines(f\"{row['id']},{len(seen)}\\n\" for row in rows)\n"
    )
    (ready.root / "ham").mkdir()
    ready.table("ham/secret.csv", ("id", "label"), [("h1", 1)])
    (ready.root / "ham/notes.txt").write_text("for everybody\n")
    ready.write_labels(ready.labels * 0 + 1)  # right is a program that sees the notes alone
    (ready.root / "ham/gate.yml").write_text(
        "condition: n > 0.8\ntestset: {labels: secret.csv}\ncandidate: {predictions: new.csv}\n"
    )
    ready.gate(
        condition="n > 0.8 +/- 0.1",
        candidate={"command": f"{sys.executable} predict.py {{features}} {{predictions}}"},
        baseline=None,
        first="judge",
    )
    for words in (("init", "-q"), ("add", "-A"), ("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x")):
        subprocess.run(["git", *words], cwd=ready.root, check=True)

    ran = ready.proctor("check")

    assert 0 == ran.code, ran.out + ran.err
