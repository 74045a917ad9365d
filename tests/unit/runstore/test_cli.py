"""The command ``proctor runstore sync``."""

from __future__ import annotations

import json

from click.testing import CliRunner
from reports.samples import make_release

from proctor.cli.runstore import runstore
from proctor.runstore import records
from proctor.runstore.queue import Outbox


def test_sync__nothing_waits(tmp_path):
    """An empty outbox is no failure."""
    result = CliRunner().invoke(runstore, ["sync", "--url", "http://127.0.0.1:9", "--outbox", str(tmp_path)])

    assert (0, "nothing waits\n") == (result.exit_code, result.output)


def test_sync__store_is_down(tmp_path, monkeypatch):
    """What still waits is listed and makes exit code 5; the file stays."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    outbox = Outbox(tmp_path)
    outbox.put(records.describe(make_release()))

    result = CliRunner().invoke(runstore, ["sync", "--url", "http://127.0.0.1:9", "--outbox", str(tmp_path), "--json"])

    assert 5 == result.exit_code
    assert 1 == len(json.loads(result.output)["waiting"])
    assert 1 == len(outbox.waiting())
