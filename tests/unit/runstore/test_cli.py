"""The command ``proctor runstore sync``, and delivery to a store in any state."""

from __future__ import annotations

import json

import pytest
from reports.samples import make_release

from proctor.cli import runstore as command
from proctor.errors import Misuse
from proctor.runstore import delivery, records
from proctor.runstore.delivery import Target, deliver
from proctor.runstore.queue import Kept, Outbox

NOBODY = Target("http://user:s3cret@127.0.0.1:9")
ONCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
GATE = """
condition: n > 0.5 +/- 0.1
reliability: 0.99
testset:
  labels: labels.csv
candidate:
  predictions: new.csv
runstore: http://127.0.0.1:9
"""


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """A folder with a gate file whose store is down."""
    (tmp_path / "proctor.yml").write_text(GATE)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return tmp_path


def run(*arguments):
    return command.runstore.main(["sync", *map(str, arguments)], standalone_mode=False)


def test_sync__nothing_waits(gate, capsys):
    """An empty outbox is no failure, and no connection is tried."""
    assert 0 == run(gate)
    assert "nothing waits\n" == capsys.readouterr().out


def test_sync__store_is_down(gate, capsys):
    """What still waits is listed and makes exit code 5; the file stays."""
    outbox = Outbox(gate / delivery.OUTBOX)
    outbox.put(records.describe(make_release()))

    assert 5 == run(gate, "--json")
    assert 1 == len(json.loads(capsys.readouterr().out)["waiting"])
    assert 1 == len(outbox.waiting())


def test_sync__no_store_named(gate):
    """A gate file without a run store says which line is missing."""
    (gate / "proctor.yml").write_text(GATE.replace("runstore: http://127.0.0.1:9\n", ""))

    with pytest.raises(Misuse, match="names no run store"):
        run(gate)


def test_deliver__a_store_that_is_down_changes_nothing(tmp_path):
    """The result waits; nothing is raised; no password is in what is said."""
    outbox = Outbox(tmp_path / "outbox")

    results = deliver(records.describe(make_release()), NOBODY, outbox, ONCE)

    assert [Kept] == [type(result) for result in results]
    assert 1 == len(outbox.waiting())
    assert "s3cret" not in repr(results) + repr(NOBODY)


def test_deliver__settings_that_cannot_be_meant(tmp_path):
    """A wrong setting is told, and keeps the result, but raises nothing."""
    outbox = Outbox(tmp_path / "outbox")

    (kept,) = deliver(records.describe(make_release()), Target("ftp://h"), outbox, {})

    assert "must be that of an MLflow server" in kept.reason
    assert 1 == len(outbox.waiting())


def test_deliver__outbox_that_cannot_be_made(tmp_path):
    """Where a file stands in the way of the outbox the reason is told."""
    (tmp_path / "file").write_text("")

    (kept,) = deliver(records.describe(make_release()), NOBODY, Outbox(tmp_path / "file" / "outbox"), ONCE)

    assert "could not be queued" in kept.reason
