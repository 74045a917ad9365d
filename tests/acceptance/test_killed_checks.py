"""
Checks that are killed: the ledger verifies, nothing was said that is not in it, and a re-run says the same.

Killed by SIGKILL at random moments, and at every effect that a check has on the disk: a small program around the real
command line ends its own process, as a power cut would, just before or just after the n-th of them.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time

import pytest
from command_line import here

from proctor.ledger import open_ledger, verify

KILLED = 9

# Ends the process at the n-th call of a function that leaves something behind: before it, or right after it.
PROGRAM = """
import os, sys
from proctor import cli, owner
from proctor.gate import prediction_store
from proctor.ledger import sqlite, store

point, when, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
places = {
    "append": (store.Ledger, "append"),
    "write": (sqlite.SqliteStore, "write"),
    "insert": (sqlite.SqliteStore, "_insert"),
    "create": (sqlite.SqliteStore, "_create"),
    "keep": (prediction_store.PredictionStore, "put"),
    "owner": (owner, "write"),
    "record": (owner, "append"),
}
home, name = places[point]
real = getattr(home, name)
left = count

def ending(*arguments, **named):
    global left
    left -= 1
    if left == 0 and when == "before":
        os._exit(9)
    value = real(*arguments, **named)
    if left == 0:
        os._exit(9)
    return value

setattr(home, name, ending)
sys.exit(cli.run(["check", "--json"]))
"""

POINTS = [
    ("owner", "after", 1),
    ("create", "before", 1),
    ("create", "after", 1),
    ("keep", "after", 1),
    ("keep", "after", 2),
    ("append", "after", 1),
    ("insert", "after", 1),
    ("write", "after", 1),
    ("append", "before", 2),
    ("insert", "after", 2),
    ("write", "after", 2),
    ("append", "after", 2),
]


@pytest.fixture
def small(workshop):
    """A test set of 500 examples and a candidate that passes."""
    workshop.testset(500).predictions("old.csv", range(100)).predictions("new.csv", range(30, 100))
    return workshop.gate(condition="n - o > 0.02 +/- 0.08")


def recorded(workshop) -> list[str]:
    """Kinds of the ledger's entries; the ledger verifies."""
    with open_ledger(".proctor/ledger.db", workshop.root) as ledger:
        entries = ledger.read()
    assert verify(entries) == ()
    return [entry.kind for entry in entries]


def rerun(workshop):
    said = here(workshop.root, "check", "--json")
    assert 0 == said.code, said.out + said.err
    return json.loads(said.out)


@pytest.mark.slow
@pytest.mark.parametrize(("point", "when", "count"), POINTS, ids=str)
def test_check__killed_at_each_effect(small, point, when, count):
    """Wherever it ended, nothing was printed, the ledger is whole, and a re-run gives the one answer there is."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, point, when, str(count)],
        cwd=small.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (KILLED, "") == (done.returncode, done.stdout), done.stderr
    before = recorded(small)
    assert ["registration", "evaluation"][: len(before)] == before
    report = rerun(small)
    assert ("pass", 1, len(before) == 2) == (report["verdict"], report["step"], report["replayed"])
    assert ["registration", "evaluation"] == recorded(small)


@pytest.mark.parametrize("when", ["before", "after"])
def test_check__killed_at_the_owners_record(small, when):
    """Under none, the entry of a check that died around the owner's record is repeated, and its line completed."""
    small.gate(condition="n - o > 0.02 +/- 0.08", adaptivity="none", steps=4)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "record", when, "1"],
        cwd=small.root,
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert (KILLED, b"") == (done.returncode, done.stdout)
    assert ("withheld", 1) == tuple(rerun(small)[key] for key in ("verdict", "step"))
    with open_ledger(".proctor/ledger.db", small.root) as ledger:
        private = ledger.read()[-1].body["private"]
    lines = map(json.loads, (small.root / ".proctor/owner.jsonl").read_text().splitlines())
    assert {private} == {line["private"] for line in lines}


def test_check__killed_before_the_entry_has_told_its_owner_nothing(small):
    """Figures that were not paid for can be read by nobody: not in the owner's record, and not beside it."""
    small.gate(condition="n - o > 0.02 +/- 0.08", adaptivity="none", steps=4)
    done = subprocess.run([sys.executable, "-c", PROGRAM, "append", "before", "2"], cwd=small.root, check=False)

    assert KILLED == done.returncode
    assert ["registration"] == recorded(small)
    left = [path.read_bytes() for path in (small.root / ".proctor").glob("*owner.jsonl*")]
    assert 2 == len(left)
    assert not any(b"wins" in content or b"pass" in content for content in left)
    assert ("withheld", 1) == tuple(rerun(small)[key] for key in ("verdict", "step"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_check__killed_at_random(small, seed):
    """SIGKILL at a random moment (seeded): what was printed is in the ledger, and what is in the ledger is repeated."""
    process = subprocess.Popen(
        [sys.executable, "-m", "proctor", "check", "--json"],
        cwd=small.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    time.sleep(random.Random(seed).uniform(0.2, 1.2))
    process.send_signal(signal.SIGKILL)
    out = process.communicate(timeout=30)[0]

    before = recorded(small)
    if out:
        assert json.loads(out)["ledger_head"]
        assert ["registration", "evaluation"] == before
    assert ["registration", "evaluation"][: len(before)] == before
    again = rerun(small)
    assert ("pass", 1, len(before) == 2) == (again["verdict"], again["step"], again["replayed"])
