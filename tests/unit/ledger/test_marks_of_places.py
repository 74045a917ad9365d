"""Marks beside real books of every kind: what is refused with the owner's key, and what without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from proctor import gatefile
from proctor.errors import LedgerCorrupt
from proctor.gate.marks import Marks
from proctor.gatefile import Gate
from proctor.ledger import Draft, Entry
from proctor.runtime import Runtime

from .places import AT, Place, chain_of, git

KEY = b"k" * 32
FINGERPRINT = "f" * 64


def gate_of(place: Place) -> Gate:
    text = (
        f"condition: n > 0.8\ntestset: {{labels: y.csv}}\ncandidate: {{predictions: n.csv}}\nledger: {place.location}"
    )
    return gatefile.loads(text, str(place.root / "proctor.yml"), place.root)


class Machine:
    """A machine with a state folder, and what it is told."""

    def __init__(self, state: Path, place: Place, key: bytes | None) -> None:
        self.remarks: list[str] = []
        environ = {**os.environ, "XDG_STATE_HOME": str(state)}
        self.runtime = Runtime(environ=environ, remark=self.remarks.append)
        self.place, self.key = place, key

    @property
    def marks(self) -> Marks:
        """As a new process has them."""
        return Marks(gate_of(self.place), self.runtime, self.key)


@pytest.fixture(params=[KEY, None], ids=["key", "no key"])
def machine(request: pytest.FixtureRequest, place: Place, tmp_path: Path) -> Machine:
    return Machine(tmp_path / "state", place, request.param)


def written(machine: Machine, n_entries: int = 5) -> list[Entry]:
    """Real books of so many entries, with a mark after each."""
    ledger = machine.place.open(machine.key)
    for entry in chain_of(n_entries):
        machine.marks.put(ledger.append(Draft(entry.kind, entry.body, entry.at), ledger.head()), FINGERPRINT)
    return list(machine.place.open(machine.key).read())


def test_refuse_cut_back__whole_books_and_longer_ones_are_right(machine: Machine) -> None:
    entries = written(machine)

    machine.marks.refuse_cut_back(entries, FINGERPRINT)
    machine.place.open(machine.key).append(Draft(entries[0].kind, entries[0].body, AT), entries[-1].hash)
    machine.marks.refuse_cut_back(machine.place.open(machine.key).read(), FINGERPRINT)
    assert [] == machine.remarks


@pytest.mark.parametrize("left", [0, 1, 4])
def test_refuse_cut_back__shorter_ones_are_refused(machine: Machine, left: int) -> None:
    entries = written(machine)

    with pytest.raises(LedgerCorrupt, match=r"cut back.*entry 5"):
        machine.marks.refuse_cut_back(entries[:left], FINGERPRINT)


@pytest.mark.parametrize("other", ["other.db", "sub/other.db"])
def test_refuse_cut_back__another_ledger_in_the_gate_file_is_no_fresh_budget(machine: Machine, other: str) -> None:
    written(machine)
    machine.place = replace(machine.place, location=other)

    with pytest.raises(LedgerCorrupt, match="the one that the gate file names has none"):
        machine.marks.refuse_cut_back([], FINGERPRINT)


def forget_project(place: Place) -> None:
    for file in (place.root / ".proctor/owner/marks").iterdir():
        file.unlink()


def test_refuse_cut_back__without_the_project_s_folder(machine: Machine) -> None:
    """With the key the other places refuse; without it a user begins again, and is told so once."""
    entries = written(machine)
    forget_project(machine.place)
    marks = machine.marks

    if machine.key is not None:
        with pytest.raises(LedgerCorrupt, match="signed with the owner's key"):
            marks.refuse_cut_back([], FINGERPRINT)
        return
    marks.refuse_cut_back([], FINGERPRINT)
    assert 1 == len(machine.remarks)
    assert "begins again" in machine.remarks[0]
    marks.put(entries[0], FINGERPRINT)
    machine.marks.refuse_cut_back(entries[:1], FINGERPRINT)
    assert 1 == len(machine.remarks)


def test_refuse_cut_back__of_a_fresh_clone_by_a_ref_of_the_remote(place: Place, tmp_path: Path) -> None:
    """On a runner that remembers nothing, the remote still knows how far a ledger on a branch went."""
    if place.kind != "git":
        pytest.skip("only a ledger on a branch has a remote")
    written(Machine(tmp_path / "state", place, KEY))
    git(tmp_path, "clone", "-q", "remote.git", "fresh")
    fresh = Machine(tmp_path / "nothing", replace(place, root=tmp_path / "fresh"), KEY)

    with pytest.raises(LedgerCorrupt, match="signed with the owner's key"):
        fresh.marks.refuse_cut_back([], FINGERPRINT)


def test_refuse_cut_back__marks_of_another_key_or_of_nobody_say_nothing(place: Place, tmp_path: Path) -> None:
    """Who forges a mark without the key stops nobody who has it, outside of the project."""
    written(Machine(tmp_path / "state", place, b"x" * 32))
    forget_project(place)

    Machine(tmp_path / "state", place, KEY).marks.refuse_cut_back([], FINGERPRINT)


def test_put__never_lowers_a_mark(machine: Machine) -> None:
    """A job that was overtaken writes its lower mark last; the higher one stays."""
    entries = written(machine)

    machine.marks.put(entries[1], FINGERPRINT)

    with pytest.raises(LedgerCorrupt, match="entry 5"):
        machine.marks.refuse_cut_back(entries[:3], FINGERPRINT)


@pytest.mark.parametrize("text", ["", "{", "[1]", "\0", "x" * 10_000])
def test_put__over_a_damaged_mark(machine: Machine, text: str) -> None:
    entries = written(machine, 2)
    for file in (machine.place.root / ".proctor/owner/marks").iterdir():
        if file.name != ".lock":
            file.write_text(text)

    machine.marks.refuse_cut_back(entries, FINGERPRINT)
    machine.marks.put(entries[-1], FINGERPRINT)

    with pytest.raises(LedgerCorrupt):
        machine.marks.refuse_cut_back(entries[:1], FINGERPRINT)


WRITER = """
import sys
from pathlib import Path
from proctor import gatefile
from proctor.gate.marks import Marks
from proctor.ledger.entries import Draft, GENESIS, seal
from proctor.runtime import Runtime
root, start = Path(sys.argv[1]), int(sys.argv[2])
gate = gatefile.loads("{condition: n > 0.8, testset: {labels: y.csv}, candidate: {predictions: n.csv}}", "g.yml", root)
marks = Marks(gate, Runtime(environ={}), b"k" * 32)
entries = []
for number in range(1, 400):
    draft = Draft("evaluation", {"i": number}, "2026-11-23T21:43:00Z")
    entries.append(seal(draft, number, entries[-1].hash if entries else GENESIS))
print(flush=True)
for entry in entries[start::3]:
    marks.put(entry, "f" * 64)
"""


def test_put__at_once_and_killed_leaves_the_highest_mark_whole(tmp_path: Path) -> None:
    """Writers that are killed at any moment leave a mark that can be read, and none that is lower than one before."""
    place = Place("sqlite", ".proctor/ledger.db", tmp_path)
    marks = Marks(gate_of(place), Runtime(environ={}), KEY)
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(n)], stdout=subprocess.PIPE)
        for n in range(3)
    ]
    seen = []
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    for writer in writers:
        for _ in range(20):
            found = [mark.number for mark, _ in marks.lost([], FINGERPRINT)]
            seen.append(max(found, default=0))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()

    assert sorted(seen) == seen
    assert seen[-1] > 0
    assert all(mark.number >= seen[-1] for mark, _ in marks.lost([], FINGERPRINT) if mark.subject.startswith("testset"))


def test_put__where_nothing_can_be_written_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / ".proctor").write_text("a file in the folder's place")
    remarks: list[str] = []
    marks = Marks(gate_of(Place("sqlite", "books.db", tmp_path)), Runtime(environ={}, remark=remarks.append), None)

    marks.put(chain_of(1)[0], FINGERPRINT)

    assert 1 == len(remarks)


def test_refuse_cut_back__somebody_appended_since_the_books_were_read(machine: Machine) -> None:
    """Whoever checks at the same moment marks entries that this reading does not have; they are in the books."""
    entries = written(machine)

    machine.marks.refuse_cut_back(entries[:3], FINGERPRINT, machine.place.open(machine.key).read)
    with pytest.raises(LedgerCorrupt, match=r"cut back.*entry 5"):
        machine.marks.refuse_cut_back(entries[:2], FINGERPRINT, lambda: entries[:3])
    assert [] == machine.remarks
