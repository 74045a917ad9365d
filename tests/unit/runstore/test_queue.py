"""The outbox: nothing is lost, nothing is sent out of order."""

from __future__ import annotations

import subprocess
import sys

from reports.samples import make_release

from proctor.runstore import records
from proctor.runstore.queue import Kept, Outbox, Sent, sync
from proctor.runstore.rest import StoreRefused, StoreUnreachable


def waiting(tmp_path, *entries):
    outbox = Outbox(tmp_path / "outbox")
    for entry in entries:
        outbox.put(records.describe(make_release(entry=entry)))
    return outbox


def test_sync__order_of_the_ledger(tmp_path):
    """Entries go out by number, not by the time they were put."""
    sent = []

    results = sync(waiting(tmp_path, 10, 9, 100), lambda record: sent.append(record.entry) or "url")

    assert [9, 10, 100] == sent
    assert all(isinstance(result, Sent) for result in results)
    assert () == Outbox(tmp_path / "outbox").waiting()


def test_put__twice_is_once(tmp_path):
    """The same evaluation waits once."""
    assert 1 == len(waiting(tmp_path, 9, 9).waiting())


def test_sync__an_outage_keeps_the_rest_in_order(tmp_path):
    """After the first sign of an outage nothing further is tried and nothing is removed."""
    outbox = waiting(tmp_path, 1, 2, 3)
    tried = []

    def send(record):
        tried.append(record.entry)
        if record.entry == 2:
            raise StoreUnreachable
        return "url"

    results = sync(outbox, send)

    assert [1, 2] == tried
    assert [Sent, Kept, Kept] == [type(result) for result in results]
    assert 2 == len(outbox.waiting())


def test_sync__one_refused_record_does_not_hold_up_the_others(tmp_path):
    """What the store refuses, and a file that is not a record, stays; the rest goes out."""
    outbox = waiting(tmp_path, 1, 2)
    (outbox.folder / "000000000000-broken.json").write_text("{")

    def send(record):
        if record.entry == 1:
            raise StoreRefused("no")
        return "url"

    results = sync(outbox, send)

    assert [Kept, Kept, Sent] == [type(result) for result in results]
    assert 2 == len(outbox.waiting())


def test_sync__what_came_with_a_commit_is_not_sent(tmp_path):
    """A result that a pull request brings along was not made by the gate: it stays, and is named."""
    outbox = waiting(tmp_path, 1, 2)
    forged, _ = outbox.waiting()
    for words in (["init", "--quiet"], ["add", "--force", str(forged)]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)

    results = sync(outbox, lambda _: "url")

    assert [Kept, Sent] == [type(result) for result in results]
    assert "came with a commit" in results[0].reason


def test_sync__nothing_there(tmp_path):
    """A folder that does not exist is an empty outbox."""
    assert () == sync(Outbox(tmp_path / "none"), lambda record: "url")


def test_put__killed_while_writing_leaves_no_half_file(tmp_path):
    """A process that dies before the rename leaves a draft that nobody sends."""
    program = (
        "import os, sys, pathlib; from proctor.runstore import queue, records;"
        "pathlib.Path.replace = lambda *a: os._exit(9);"
        "record = records.Record(evaluation='f:1', entry=1, name='n', at_ms=0);"
        f"queue.Outbox(pathlib.Path({str(tmp_path)!r})).put(record)"
    )

    process = subprocess.run([sys.executable, "-c", program], check=False)

    assert 9 == process.returncode
    assert 1 == len(list(tmp_path.iterdir()))
    assert () == Outbox(tmp_path).waiting()
