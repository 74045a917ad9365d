"""Tests of `proctor.ledger.faults`: what SQLite says, and what a person is told."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctor.errors import (
    LedgerCorrupt,
    LedgerError,
    LedgerLocked,
    LedgerUnreachable,
    LedgerUnwritable,
)
from proctor.ledger import Ledger, faults, open_ledger
from proctor.ledger.sqlite import SqliteStore

from .places import chain_of

DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_CORRUPTFS,
    sqlite3.SQLITE_IOERR_DATA,
}


def error_of(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("as SQLite puts it")
    error.sqlite_errorcode = code
    return error


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of 50 entries."""
    with open_ledger("ledger.db", tmp_path) as ledger:
        ledger.adopt(chain_of(50))
    return tmp_path / "ledger.db"


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (sqlite3.SQLITE_BUSY, LedgerLocked, "locked by others"),
        (sqlite3.SQLITE_BUSY_RECOVERY, LedgerLocked, "locked by others"),
        (sqlite3.SQLITE_FULL, LedgerUnwritable, "cannot be written"),
        (sqlite3.SQLITE_READONLY_DBMOVED, LedgerUnwritable, "cannot be written"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, LedgerUnwritable, "cannot be opened"),
        (sqlite3.SQLITE_PROTOCOL, LedgerUnreachable, "network share"),
        (sqlite3.SQLITE_IOERR_SHMMAP, LedgerUnreachable, "network share"),
        (sqlite3.SQLITE_IOERR_LOCK, LedgerUnreachable, "network share"),
        (sqlite3.SQLITE_IOERR_FSYNC, LedgerUnwritable, "cannot be written"),
        (sqlite3.SQLITE_NOMEM, LedgerUnreachable, "out of memory"),
        (sqlite3.SQLITE_NOLFS, LedgerUnwritable, "larger than this system"),
        (sqlite3.SQLITE_NOTADB, LedgerCorrupt, "damaged"),
        (sqlite3.SQLITE_CORRUPT_INDEX, LedgerCorrupt, "damaged"),
        (sqlite3.SQLITE_MISUSE, LedgerError, "cannot be used"),
    ],
)
def test_named__says_what_it_is(code: int, kind: type[LedgerError], said: str):
    """Every code has its own name, SQLite's words beside it, and something to do."""
    found = faults.named(error_of(code), "the ledger books.db")

    assert kind is type(found)
    assert said in found.message
    assert found.message.startswith("the ledger books.db ")
    assert "as SQLite puts it" in found.message
    assert found.hint


# Our own statements are right: where SQLite finds an error in one (1), a table of the ledger's is missing.
@pytest.mark.parametrize("code", sorted({*range(2, 29), *faults.FAULTS} - DAMAGE - {sqlite3.SQLITE_ERROR}))
def test_named__calls_nothing_damaged_that_is_not(code: int):
    """Only damage is called so: a sound ledger must not be replaced by an older copy."""
    found = faults.named(error_of(code), "the ledger books.db")

    assert not isinstance(found, LedgerCorrupt)
    assert "is damaged" not in found.message
    assert "Restore" not in (found.hint or "")


@pytest.fixture
def locks_that_fail(path: Path) -> Iterator[None]:
    """
    Another process that holds all locks of readers and lets nobody know why, as shares do whose locks go wrong.

    The bytes 123 to 127 of the index are those locks (SQLite's documentation of the WAL-index, section 2.3).
    """
    holder = sqlite3.connect(path)
    holder.execute("SELECT count(*) FROM entry").fetchone()
    script = (
        "import fcntl, sys; index = open(sys.argv[1] + '-shm', 'r+b'); fcntl.lockf(index, fcntl.LOCK_EX, 5, 123); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield
        other.stdin.close()
    holder.close()


@pytest.mark.skipif(sys.platform != "linux", reason="needs the locks of Linux")
def test_read__where_locks_do_not_work(path: Path, locks_that_fail: None):
    """SQLite gives up after ten seconds; the message names the network share, and no damage."""
    with pytest.raises(LedgerUnreachable, match=r"network share: locking protocol") as caught:
        Ledger(SqliteStore(path, timeout_s=0.1)).read()

    assert "not damaged" in (caught.value.hint or "")
    assert "postgresql" in (caught.value.hint or "")


def test_read__without_memory(path: Path):
    """A machine out of memory has no damaged ledger."""
    script = """
import contextlib, sqlite3, sys
from pathlib import Path
from proctor.errors import LedgerError
from proctor.ledger import open_ledger
place = Path(sys.argv[1])
ledger = open_ledger(place.name, place.parent)
ledger.read()
with contextlib.suppress(MemoryError):  # the statement itself is the first to find none
    sqlite3.connect(":memory:").execute("PRAGMA hard_heap_limit = 1000")
try:
    ledger.read()
except LedgerError as error:
    print(type(error).__name__, error.message)
"""

    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("LedgerUnreachable")
    assert done.stdout.endswith("since this machine is out of memory: out of memory\n")


def test_read__of_text_that_is_none(path: Path):
    """Bytes that are no text are damage; the driver, which gives no code for them, does not end in a crash."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("UPDATE entry SET body = CAST(x'ff' AS TEXT) WHERE number = 3")
    connection.close()

    with pytest.raises(LedgerCorrupt, match="damaged"):
        Ledger(SqliteStore(path, timeout_s=0.1)).read()
