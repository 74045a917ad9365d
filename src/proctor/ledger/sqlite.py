"""
Entries in an SQLite file: the embedded default, for one machine with as many processes as one likes.

A file comes into being whole (built beside its place, then linked into it), so that a half-made or emptied file is
never taken for an empty ledger. Writers wait for each other for up to `TIMEOUT_S`.
A write-ahead log needs shared memory: the file belongs on a local disk, not on a network share.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from proctor.errors import (
    LedgerCorrupt,
    LedgerMoved,
    LedgerTooNew,
    LedgerUnreachable,
    LedgerUnwritable,
)
from proctor.ledger import faults, statements
from proctor.ledger.entries import GENESIS, Entry
from proctor.writing import sync_folder

TIMEOUT_S = 30.0
_TURN_S = 0.5
SCHEMA_VERSION = 1
APPLICATION_ID = 0x70726F63  # "proc": tells a ledger from any other database

_SQL = statements.load("sqlite")


class SqliteStore:
    """
    A `Store` in one file.

    Args:
        path: The file; it and its folder are created by the first write.
        timeout_s: How long to wait for other writers.
    """

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None

    @property
    def description(self) -> str:
        """The path, as it was given."""
        return f"the ledger {self._path}"

    def fetch(self, after: int) -> list[Entry]:
        """See `Store.fetch`."""
        if not self._exists():
            return []
        with self._named_errors():
            return [Entry.of_row(row) for row in self._run("fetch", {"after": after})]

    def write(self, entries: Sequence[Entry]) -> None:
        """See `Store.write`."""
        if not self._exists():
            self._create()
        with self._named_errors():
            self._run("begin")
            try:
                self._insert(entries)
                self._run("commit")
            except BaseException:
                self._undo()
                raise

    def close(self) -> None:
        """See `Store.close`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _insert(self, entries: Sequence[Entry]) -> None:
        last = next(iter(self._run("last")), (0, GENESIS))
        if last != (entries[0].number - 1, entries[0].previous):
            raise LedgerMoved(f"somebody appended to {self.description} first: read again and decide again")
        for entry in entries:
            self._run("insert", entry.row)

    def _undo(self) -> None:
        # A full disk may have rolled back already, and a second error would hide the first.
        with contextlib.suppress(sqlite3.Error):
            if self._connection is not None and self._connection.in_transaction:
                self._run("rollback")

    def _run(self, name: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """Run one statement; waits for others in short turns, so that a Ctrl-C is heard between them."""
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                return self._connected().execute(_SQL[name], parameters).fetchall()
            except sqlite3.OperationalError as error:
                if faults.kind_of(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise

    # --- the file and the connection -------------------------------------------------------------------------------

    def _exists(self) -> bool:
        try:
            return self._path.stat() is not None
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: OSError) -> LedgerUnreachable:
        return LedgerUnreachable(
            f"{self.description} cannot be reached: {error.strerror}",
            hint="It must be a file, in a folder that this user may write to.",
        )

    def _connected(self) -> sqlite3.Connection:
        """The connection to the file that is at the path now: a replaced file must not go on being written to."""
        status = self._path.stat()
        identity = (status.st_dev, status.st_ino)
        if self._connection is None or identity != self._identity:
            self.close()
            self._connection = self._open()
            self._identity = identity
        return self._connection

    def _open(self) -> sqlite3.Connection:
        try:
            return self._open_as("mode=rw")
        except sqlite3.OperationalError as error:
            # In a folder that cannot be written to, a ledger without a log can still be read.
            is_refused = faults.kind_of(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
            if not is_refused or not self._path.is_file() or Path(f"{self._path}-wal").exists():
                raise
            return self._open_as("mode=ro&immutable=1")

    def _open_as(self, mode: str) -> sqlite3.Connection:
        address = f"file:{quote(str(self._path.absolute()))}?{mode}"
        patience = min(self._timeout_s, _TURN_S)
        # It is used by one thread, and may be closed by another: by the one in which garbage is collected.
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=patience, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            self._check_schema(connection)
        except BaseException:
            connection.close()
            raise
        weakref.finalize(self, connection.close)
        return connection

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            is_empty = self._path.stat().st_size == 0
            what = "is an empty file, and no ledger ever is" if is_empty else "is not a ledger of proctor"
            raise LedgerCorrupt(f"{self._path} {what}", hint="Name another file, or restore the ledger from a copy.")
        if version > SCHEMA_VERSION:
            raise LedgerTooNew(
                f"{self.description} has schema version {version}, this proctor knows {SCHEMA_VERSION}",
                hint="Install the version of proctor that the others use.",
            )

    def _create(self) -> None:
        """Put a new, empty ledger at the path, unless somebody else does so first."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{self._path.name}-", dir=self._path.parent) as folder:
                new = Path(folder) / "new"
                _build(new)
                _put_in_place(new, self._path)
            sync_folder(self._path.parent)
        except (sqlite3.Error, MemoryError) as error:
            raise faults.named(error, self.description) from error
        except OSError as error:
            raise LedgerUnwritable(
                f"{self.description} cannot be created: {error.strerror or error}",
                hint="Check permissions and free space of the folder, or name another place in the gate file.",
            ) from None

    @contextlib.contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, MemoryError) as error:
            raise faults.named(error, self.description) from error
        except OSError as error:
            raise self._unreachable(error) from None


def _build(path: Path) -> None:
    """Make a ledger that nobody sees yet, and have it on the disk as a whole at the end, not step by step."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.executescript(_SQL["create"])
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _put_in_place(new: Path, path: Path) -> None:
    """Atomic, and never over a ledger that another process has just made."""
    try:
        os.link(new, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links: not atomic, and still never over another
        with contextlib.suppress(FileExistsError), path.open("xb") as file:
            file.write(new.read_bytes())
            file.flush()
            os.fsync(file.fileno())
