"""Tests of `proctor.ledger.store`: addresses, and a ledger's memory."""

import dataclasses
import sys
from pathlib import Path

import pytest

from proctor.errors import LedgerCorrupt, MissingExtra, Misuse
from proctor.ledger import GENESIS, Entry, Ledger, open_ledger

from .places import chain_of, draft


class InMemory:
    """A store that a test can tamper with."""

    description = "the ledger in memory"

    def __init__(self):
        self.entries: list[Entry] = []
        self.fetched = 0

    def fetch(self, after: int) -> list[Entry]:
        self.fetched += len(self.entries[after:])
        return self.entries[after:]

    def write(self, entries: list[Entry]) -> None:
        self.entries += entries

    def close(self) -> None:
        pass


def test_read__again_fetches_only_what_is_new():
    """A long ledger is verified once; afterwards reading costs what was added, and the last known entry."""
    store = InMemory()
    store.entries = chain_of(100)
    ledger = Ledger(store)
    ledger.read()
    store.fetched = 0

    ledger.append(draft(i=101), ledger.head())
    assert len(ledger.read()) == 101
    assert store.fetched == 2


@pytest.mark.parametrize("length", [0, 5])
def test_read__notices_a_ledger_that_was_shortened_while_in_use(length: int):
    """Entries that this process has verified do not disappear unnoticed."""
    store = InMemory()
    store.entries = chain_of(10)
    ledger = Ledger(store)
    ledger.read()

    store.entries = store.entries[:length]

    with pytest.raises(LedgerCorrupt, match=r"entry 10 .* no longer"):
        ledger.read()


def test_publish__needs_a_place_for_files():
    """Files can be shown on a branch only."""
    ledger = Ledger(InMemory())

    assert not ledger.publishes
    with pytest.raises(Misuse, match="no room"):
        ledger.publish({"badge.svg": b""}, "Show the badge")


@pytest.mark.parametrize("location", ["", "  ", "mysql://host/db", "https://host/books"])
def test_open_ledger__refuses_unknown_addresses(location: str, tmp_path: Path):
    """An address of no known kind is a misuse that says which kinds there are."""
    with pytest.raises(Misuse) as caught:
        open_ledger(location, tmp_path)

    assert caught.value.hint


def test_open_ledger__names_the_extra_of_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Without psycopg the error says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "proctor.ledger.postgresql", raising=False)

    with pytest.raises(MissingExtra, match="psycopg") as caught:
        open_ledger("postgresql://host/db", tmp_path)

    assert caught.value.hint == "Install it with: pip install 'proctor[postgresql]'"


def test_open_ledger__takes_absolute_and_home_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A path is relative to the gate file's folder unless it says otherwise."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    for location in (str(tmp_path / "absolute.db"), "~/books.db", "sub folder/bücher%?.db"):
        open_ledger(location, tmp_path / "root").append(draft(i=1), GENESIS)

    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.db")}
    assert found == {"absolute.db", "home/books.db", "root/sub folder/bücher%?.db"}


def test_read_after__gives_what_follows_an_entry_that_is_there():
    """Nothing before it is read: that is what it is for."""
    store = InMemory()
    store.entries = chain_of(10)
    assert Ledger(store).read_after(store.entries[6]) == tuple(store.entries[7:])
    assert store.fetched == 4
    assert Ledger(store).read_after(store.entries[9]) == ()


def test_read_after__knows_a_ledger_that_is_another():
    """Shortened, rewritten, damaged behind the entry, or signed by nobody: a whole reading has to say what is wrong."""
    store, key = InMemory(), b"k" * 32
    store.entries = chain_of(10)
    last = store.entries[6]
    assert Ledger(store, key).read_after(last) is None
    assert Ledger(store, key).read_after(store.entries[9]) is None

    whole = store.entries
    store.entries = whole[:6]
    assert Ledger(store).read_after(last) is None
    store.entries = [*whole[:8], *whole[9:]]
    assert Ledger(store).read_after(last) is None
    store.entries = [*whole[:6], dataclasses.replace(whole[6], at="2026-11-23T21:43:01Z"), *whole[7:]]
    assert Ledger(store).read_after(last) is None
    store.entries = [*whole[:8], dataclasses.replace(whole[8], text="{}"), whole[9]]
    assert Ledger(store).read_after(last) is None
