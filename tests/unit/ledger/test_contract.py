"""The contract of a ledger, the same for each place where one can live (`proctor.ledger.store.Store`)."""

import os
import signal
from pathlib import Path

import pytest

from proctor.errors import KeyFault, LedgerCorrupt, LedgerMoved, Misuse
from proctor.ledger import GENESIS, Draft, verify

from .places import AT, Place, chain_of, draft

KEY = b"the owner's key"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_read__of_nothing_is_empty_and_creates_nothing(place: Place):
    """Reading a ledger that does not exist gives no entries and leaves no file behind."""
    before = files(place.root)

    with place.open() as ledger:
        assert ledger.read() == ()
        assert ledger.head() == GENESIS

    assert files(place.root) == before


def test_append__is_read_by_others(place: Place):
    """What one process has appended, another reads, in order and unchanged."""
    with place.open() as mine:
        first = mine.append(draft(i=1), GENESIS)
        second = mine.append(draft(i=2), first.hash)

    with place.open() as others:
        assert others.read() == (first, second)
        assert [entry.body for entry in others.read()] == [{"i": 1}, {"i": 2}]
        assert [entry.number for entry in others.read()] == [1, 2]


def test_append__keeps_any_text(place: Place):
    """Quotes, new lines, zero characters, other scripts and large numbers come back as they went in."""
    body = {
        "text": "a \"b\" 'c'\r\n\0\u2028 ü 漢 🎓 \\",
        "big": 2**70,
        "tiny": 5e-324,
        "deep": [{"a": [None, True, -0.0]}],
    }

    with place.open() as ledger:
        ledger.append(Draft("evaluation", body, AT), GENESIS)

    with place.open() as ledger:
        assert ledger.read()[0].body == body


def test_append__on_another_head_writes_nothing(place: Place):
    """An append that expects a head which is not the last is refused, and leaves the ledger as it was."""
    with place.open() as ledger:
        first = ledger.append(draft(i=1), GENESIS)

        with pytest.raises(LedgerMoved, match="read again"):
            ledger.append(draft(i=2), GENESIS)
        with pytest.raises(LedgerMoved):
            ledger.append(draft(i=2), "f" * 64)

        assert ledger.read() == (first,)


def test_append__of_two_that_saw_the_same_head_takes_one(place: Place):
    """Of two callers with the same head, the slower gets LedgerMoved; it reads, decides again and succeeds."""
    with place.open() as fast, place.open() as slow:
        assert slow.head() == fast.head() == GENESIS
        won = fast.append(draft(who="fast"), GENESIS)

        with pytest.raises(LedgerMoved):
            slow.append(draft(who="slow"), GENESIS)
        late = slow.append(draft(who="slow"), slow.head())

        assert fast.read() == (won, late)


def test_append__works_after_close(place: Place):
    """A closed ledger opens again by itself."""
    with place.open() as ledger:
        first = ledger.append(draft(i=1), GENESIS)
        ledger.close()
        second = ledger.append(draft(i=2), first.hash)
        ledger.close()

        assert ledger.read() == (first, second)


def test_write__of_a_chain_with_a_wrong_beginning_writes_nothing(place: Place):
    """Several entries are written together or not at all."""
    chain = chain_of(5)
    store = place.store()
    store.write(chain[:1])

    with pytest.raises(LedgerMoved):
        store.write(chain[2:])

    assert store.fetch(0) == chain[:1]
    store.write(chain[1:])
    assert store.fetch(0) == chain
    assert store.fetch(3) == chain[3:]
    store.close()


def test_adopt__moves_a_ledger_whole(place: Place):
    """An empty ledger takes the entries of another in one step and has the same head."""
    chain = chain_of(20)
    with place.open() as ledger:
        ledger.adopt(chain)
        ledger.append(draft(i=21), chain[-1].hash)

    with place.open() as ledger:
        assert ledger.read()[:20] == tuple(chain)
        assert verify(ledger.read(), known_heads=[chain[-1].hash]) == ()


def test_adopt__refuses_a_ledger_in_use_and_a_broken_chain(place: Place):
    """Nothing is overwritten, and nothing that does not verify comes in."""
    chain = chain_of(3)
    with place.open() as ledger:
        with pytest.raises(LedgerCorrupt):
            ledger.adopt([chain[0], chain[2]])
        assert ledger.read() == ()

        ledger.adopt(chain[:1])
        with pytest.raises(Misuse, match="already holds 1 entries"):
            ledger.adopt(chain)


def test_append__with_a_key_signs(place: Place):
    """With the owner's key every entry is signed; another key is found out, and no key can only read."""
    with place.open(KEY) as ledger:
        first = ledger.append(draft(i=1), GENESIS)

    with place.open(KEY) as ledger:
        assert ledger.examine()[1] == ()
    with place.open(b"another key") as ledger, pytest.raises(LedgerCorrupt, match="another key"):
        ledger.read()
    with place.open() as ledger:
        assert ledger.read() == (first,)
        with pytest.raises(KeyFault, match="signed"):
            ledger.append(draft(i=2), first.hash)


def test_read__with_a_key_refuses_unsigned_entries(place: Place):
    """Where the owner has a key, an unsigned entry is as good as forged; moving the ledger signs it."""
    with place.open() as ledger:
        ledger.append(draft(i=1), GENESIS)

    with place.open(KEY) as ledger, pytest.raises(KeyFault, match="entry 1 is not signed"):
        ledger.read()


class Killed:
    """Counts the steps of a store and kills the process before or after one of them."""

    def __init__(self, step: int, *, after: bool):
        self.steps_left, self.after = step, after

    def watch(self, store: object, name: str) -> None:
        original = getattr(store, name)

        def watched(*arguments: object, **options: object) -> object:
            self.steps_left -= 1
            if self.steps_left == 0 and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = original(*arguments, **options)
            if self.steps_left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(store, name, watched)


def append_and_die(place: Place, step: int, *, after: bool) -> bool:
    """Append in a child that is killed at a step; true if it lived to the end."""
    child = os.fork()
    if child == 0:
        try:
            store = place.store()
            entries = store.fetch(0)
            Killed(step, after=after).watch(*place.steps(store))
            store.write(chain_of(len(entries) + 1)[-1:])
        except BaseException:  # noqa: BLE001
            os._exit(1)
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended in (0, -signal.SIGKILL), "the child failed by itself"
    return ended == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_write__killed_at_every_step_is_whole_or_not_there(place: Place, after: bool):
    """Whichever statement or command a process is killed at, the ledger verifies and the next append works."""
    chain = chain_of(40)
    step, lived, length = 0, False, 0
    while not lived:
        step += 1
        lived = append_and_die(place, step, after=after)

        with place.open() as ledger:
            entries = ledger.read()
            assert len(entries) in (length, length + 1)
            assert entries == tuple(chain[: len(entries)])
            length = len(entries)
    assert step > 1
    assert length >= 1
