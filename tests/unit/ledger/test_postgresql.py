"""Tests of `proctor.ledger.postgresql` beyond the contract, on a real server."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from proctor.errors import (
    LedgerCorrupt,
    LedgerError,
    LedgerLocked,
    LedgerTooNew,
    LedgerUnreachable,
    LedgerUnwritable,
    Misuse,
)
from proctor.ledger import GENESIS, open_ledger
from proctor.ledger import postgresql as module
from proctor.ledger.postgresql import PostgresqlStore

from .places import Place, chain_of, draft, make_place


@pytest.fixture
def place(server: str, tmp_path: Path) -> Place:
    """An empty schema."""
    return make_place("postgresql", tmp_path, server)


@pytest.fixture
def books(place: Place) -> Place:
    """A ledger of ten entries."""
    with place.open() as ledger:
        ledger.adopt(chain_of(10))
    return place


def execute(place: Place, *statements: str) -> None:
    with psycopg.connect(place.location, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proctor_entry SET body = '{}' WHERE number = 3",
        "DELETE FROM proctor_entry WHERE number = 10",
        "TRUNCATE proctor_entry",
        f"INSERT INTO proctor_entry VALUES (12, '{'a' * 64}', 'x', '{{}}', 'now', '{'b' * 64}', NULL, 1)",
        f"INSERT INTO proctor_entry VALUES (11, '{'a' * 64}', 'x', '{{}}', 'now', '{'b' * 64}', NULL, 1)",
    ],
)
def test_schema__is_append_only(books: Place, statement: str):
    """The database itself refuses changes, removals and entries that do not continue the chain."""
    with pytest.raises(psycopg.Error, match=r"append-only|continue the last"):
        execute(books, statement)

    with books.open() as ledger:
        assert ledger.read() == tuple(chain_of(10))


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        ("UPDATE proctor_entry SET body = '{\"i\":7}' WHERE number = 3", "entry 3 was edited"),
        ("DELETE FROM proctor_entry WHERE number = 4", "entry 4 was removed"),
        ("UPDATE proctor_entry SET format = 9 WHERE number = 10", "format 9"),
    ],
)
def test_read__finds_tampering_behind_the_triggers(books: Place, tampering: str, finding: str):
    """Whoever disables the triggers and changes rows is found out, and the entry is named."""
    execute(books, "ALTER TABLE proctor_entry DISABLE TRIGGER ALL", tampering)

    with books.open() as ledger, pytest.raises(LedgerError, match=finding):
        ledger.read()


def test_read__of_a_later_or_broken_schema(books: Place):
    """Tables of a later version, or without a version, are left alone."""
    execute(books, "UPDATE proctor_ledger SET version = 2")
    with books.open() as ledger, pytest.raises(LedgerTooNew, match="version 2"):
        ledger.read()

    execute(books, "DELETE FROM proctor_ledger")
    with books.open() as ledger, pytest.raises(LedgerCorrupt):
        ledger.append(draft(), GENESIS)

    execute(books, "DROP TABLE proctor_ledger")
    with books.open() as ledger, pytest.raises(LedgerCorrupt):
        ledger.read()


def test_append__without_the_right_to(books: Place):
    """A user who may only read can read; an append names the rights that are missing."""
    schema = books.location.rpartition("%3D")[2]
    execute(
        books,
        f"DROP ROLE IF EXISTS reader_{schema}",
        f"CREATE ROLE reader_{schema} LOGIN",
        f"GRANT USAGE ON SCHEMA {schema} TO reader_{schema}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader_{schema}",
    )
    location = books.location.replace("//postgres:@", f"//reader_{schema}:@")

    with open_ledger(location, books.root) as ledger:
        head = ledger.head()
        assert len(ledger.read()) == 10
        with pytest.raises(LedgerUnwritable, match="denied") as caught:
            ledger.append(draft(), head)

    assert "INSERT" in caught.value.hint


def test_append__behind_a_lock(books: Place, monkeypatch: pytest.MonkeyPatch):
    """A table that somebody keeps locked ends in a clear error after a time limit."""
    monkeypatch.setattr(module, "TIMEOUT_S", 1)
    with books.open() as ledger, psycopg.connect(books.location) as other:
        head = ledger.head()
        other.execute("LOCK TABLE proctor_entry")

        with pytest.raises(LedgerLocked):
            ledger.append(draft(), head)


def test_append__beside_another_first_one(place: Place):
    """Of two that find no tables at the same moment, one creates them; the other waits, and finds them."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(place.location) as creator, place.open() as ledger, ThreadPoolExecutor() as pool:
        creator.execute(module._statement("guard"))
        appended = pool.submit(ledger.append, draft(), GENESIS)
        while creator.execute(waiting).fetchone() == (0,):
            assert not appended.done()
        creator.execute(module._statement("create"))
        creator.commit()

        assert 1 == appended.result(timeout=30).number


def test_append__after_the_server_dropped_the_connection(books: Place):
    """A connection that was cut shows as unreachable, and the ledger is connected again by the next call."""
    with books.open() as ledger:
        head = ledger.head()
        execute(books, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'proctor'")

        with pytest.raises(LedgerUnreachable):
            ledger.append(draft(), head)
        assert ledger.append(draft(), head).number == 11


def test_append__whose_answer_was_lost_is_found(books: Place):
    """If the connection breaks after the commit, the entry is found to be there and the append has succeeded."""
    with books.open() as ledger:
        head = ledger.head()
        store = ledger._store
        insert = store._insert

        def insert_and_lose(entries: list) -> None:
            insert(entries)
            raise psycopg.OperationalError("the connection was lost")

        store._insert = insert_and_lose
        entry = ledger.append(draft(i="lost"), head)

    with books.open() as ledger:
        assert ledger.head() == entry.hash


def test_open__nowhere_hides_the_password(tmp_path: Path):
    """A server that does not answer is named; the password is not."""
    store = PostgresqlStore("postgresql://someone:hunter2@127.0.0.1:1/books")

    with pytest.raises(LedgerUnreachable, match="books") as caught:
        store.fetch(0)

    assert "hunter2" not in str(caught.value) + store.description + repr(caught.value.__cause__)


def test_open__refuses_a_malformed_address_without_the_password(tmp_path: Path):
    """An address that libpq cannot read is quoted without what may be secret."""
    with pytest.raises(Misuse, match="not an address") as caught:
        open_ledger("postgresql://u:hunter2@ho st:abc/x?password=hunter2&y", tmp_path)

    assert "hunter2" not in str(caught.value)


def test_session__is_durable_even_where_the_server_is_not(books: Place):
    """A server whose default is to lose the last moments in a crash is asked to keep ours."""
    store = PostgresqlStore(f"{books.location}%20-csynchronous_commit%3Doff")

    assert len(store.fetch(0)) == 10
    assert store._connected().execute("SHOW synchronous_commit").fetchone() == ("on",)
    store.close()
