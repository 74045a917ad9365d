"""
Many processes on one ledger, and processes that are killed at any moment.

The processes are real ones, forked from the test; each place is real, too.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proctor.errors import LedgerMoved
from proctor.ledger import GENESIS, Ledger, verify

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))  # the places are shared with the ledger's unit tests

from ledger.places import KINDS, Place, draft, make_place, running_postgresql

PROCESSES = 50
PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A running PostgreSQL."""
    with running_postgresql() as address:
        yield address


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of place in turn."""
    address = request.getfixturevalue("server") if request.param == "postgresql" else ""
    return make_place(request.param, tmp_path, address)


def start(work: Callable[[], None]) -> int:
    """Run *work* in a child; its exit code is 0 if nothing was raised."""
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException as error:  # noqa: BLE001  # a child must never run the parent's tests
        os.write(2, f"{error!r}\n".encode())
        os._exit(1)
    os._exit(0)


def append_until_taken(ledger: Ledger, who: int, pause_s: float) -> None:
    """What a gate does: read, decide, append; on LedgerMoved again, after a pause that grows and is never the same."""
    generator = random.Random(who)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        entries = ledger.read()
        decision = draft(who=who, seen=len(entries))
        try:
            ledger.append(decision, entries[-1].hash if entries else GENESIS)
        except LedgerMoved:
            assert time.monotonic() < deadline, "never got a turn"
            time.sleep(generator.uniform(0, pause_s))
            pause_s = min(2 * pause_s, 2.0)
        else:
            return


@pytest.mark.parametrize("place", ["sqlite", "postgresql", pytest.param("git", marks=pytest.mark.slow)], indirect=True)
def test_append__from_fifty_processes_is_one_sequence(place: Place):
    """Fifty processes decide and append at once: each exactly once, each on the head that it had really seen."""
    pause_s = 0.5 if place.kind == "git" else 0.005

    def work(who: int) -> None:
        with place.open() as ledger:
            append_until_taken(ledger, who, pause_s)

    children = [start(lambda who=who: work(who)) for who in range(PROCESSES)]
    codes = [os.waitpid(child, 0)[1] for child in children]

    assert codes == [0] * PROCESSES
    with place.open() as ledger:
        entries = ledger.read()
        assert sorted(entry.body["who"] for entry in entries) == list(range(PROCESSES))
        assert [entry.body["seen"] for entry in entries] == list(range(PROCESSES))
        assert verify(entries) == ()


@pytest.mark.parametrize("seed", range(4))
def test_append__killed_at_random_is_never_torn(place: Place, seed: int):
    """
    SIGKILL at a random moment leaves a ledger that verifies.

    All that was acknowledged is in it, and at most the one entry that was on its way beside.
    """
    reading, writing = os.pipe()

    def work() -> None:
        with place.open() as ledger:
            while True:
                entry = ledger.append(draft(seed=seed), ledger.head())
                os.write(writing, entry.hash.encode())

    child = start(work)
    time.sleep(random.Random(seed).uniform(0.02, 0.4))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read().decode()
    acknowledged = [told[i : i + 64] for i in range(0, len(told), 64)]

    with place.open() as ledger:
        entries = ledger.read()
        assert acknowledged == [entry.hash for entry in entries][: len(acknowledged)]
        assert len(entries) - len(acknowledged) in (0, 1)
        append_until_taken(ledger, -1, 0.1)
        assert verify(ledger.read(), known_heads=acknowledged) == ()
