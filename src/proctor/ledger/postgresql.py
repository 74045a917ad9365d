"""
Entries in a PostgreSQL database: one ledger for a team, and many jobs at once.

An append is a single statement: primary key, uniqueness of ``previous`` and a trigger let it through only if it
continues the last entry, so no lock is held across a round trip. Passwords stay out of every message.
The only module that imports psycopg (3).
"""

from __future__ import annotations

import contextlib
import re
import weakref
from collections.abc import Iterator, Sequence
from typing import Any, LiteralString

from proctor.errors import (
    LedgerCorrupt,
    LedgerError,
    LedgerLocked,
    LedgerMoved,
    LedgerTooNew,
    LedgerUnreachable,
    LedgerUnwritable,
    MissingExtra,
    Misuse,
)
from proctor.ledger import statements
from proctor.ledger.entries import Entry

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
except ImportError as error:
    raise MissingExtra(
        "a ledger in PostgreSQL needs the package psycopg",
        hint="Install it with: pip install 'proctor[postgresql]'",
    ) from error

SCHEMA_VERSION = 1
CONNECT_TIMEOUT_S = 10
TIMEOUT_S = 30

_SQL = statements.load("postgresql")

_MOVED_STATES = {"PR001", "23505", "40001", "40P01"}  # ours, unique violation, serialization failure, deadlock
_LOCKED_STATES = {"55P03", "57014"}  # lock not available, statement canceled by its timeout
_DAMAGED_CLASSES = {"42", "23", "XX", "22"}  # no such table or column, constraint, corrupted, not UTF-8


class PostgresqlStore:
    """
    A `Store` in two tables of a PostgreSQL database, created by the first write.

    Args:
        address: ``postgresql://USER@HOST/DATABASE`` with libpq's parameters; the password may be left to
            ``PGPASSWORD`` or ``~/.pgpass``.

    Raises:
        Misuse: If libpq cannot read the address.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._was_created = False
        try:
            self._parts = conninfo_to_dict(address)
        except psycopg.Error:
            raise Misuse(
                f"{_without_user(address)} is not an address of PostgreSQL",
                hint="Write postgresql://USER@HOST:PORT/DATABASE, with %-escapes in user names and passwords.",
            ) from None

    @property
    def description(self) -> str:
        """Host and database; no user, no password."""
        host = self._parts.get("host") or "localhost"
        return f"the ledger in PostgreSQL database {self._parts.get('dbname') or 'default'} at {host}"

    def fetch(self, after: int) -> list[Entry]:
        """See `Store.fetch`."""
        with self._named_errors():
            if not self._is_created():
                return []
            return [Entry.of_row(row) for row in self._run("fetch", {"after": after})]

    def write(self, entries: Sequence[Entry]) -> None:
        """See `Store.write`."""
        try:
            with self._named_errors():
                if not self._is_created():
                    self._create()
                self._insert(entries)
        except LedgerUnreachable:
            # The connection broke; whether before or after the commit, only the server knows.
            if not self._has_arrived(entries[-1]):
                raise

    def close(self) -> None:
        """See `Store.close`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _insert(self, entries: Sequence[Entry]) -> None:
        rows = [entry.row for entry in entries]
        if len(rows) == 1:
            self._run("insert", rows[0])
            return
        with self._connected().transaction(), self._connected().cursor() as cursor:
            cursor.executemany(_statement("insert"), rows)

    def _is_created(self) -> bool:
        if self._was_created:  # nothing that we allow removes the tables: asked once
            return True
        (exists,) = self._run("exists")[0]
        if exists:
            (version,) = self._run("version")[0]
            if version != SCHEMA_VERSION:
                kind, what = (LedgerCorrupt, "no") if version is None else (LedgerTooNew, f"version {version} of its")
                raise kind(
                    f"{self.description} has {what} schema, this proctor knows version {SCHEMA_VERSION}",
                    hint="Install the version of proctor that the others use.",
                )
        self._was_created = bool(exists)
        return self._was_created

    def _create(self) -> None:
        with self._connected().transaction():
            self._run("guard")
            if not self._is_created():  # not remembered as created before the commit: the next write asks
                self._run("create")

    def _has_arrived(self, entry: Entry) -> bool:
        self.close()
        try:
            with self._named_errors():
                return bool(self._run("holds", (entry.number, entry.hash))[0][0])
        except LedgerError:
            return False

    # --- the connection --------------------------------------------------------------------------------------------

    def _run(self, name: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        cursor = self._connected().execute(_statement(name), parameters)
        return cursor.fetchall() if cursor.description else []

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        # libpq's own parameters win, so that an address can set them otherwise.
        defaults: dict[str, Any] = {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "tcp_user_timeout": TIMEOUT_S * 1000,
            "application_name": "proctor",
            "client_encoding": "utf-8",
        }
        parameters = {name: value for name, value in defaults.items() if name not in self._parts}
        # A pooler between us and the server does not know prepared statements of other sessions.
        connection = psycopg.connect(self._address, autocommit=True, prepare_threshold=None, **parameters)
        weakref.finalize(self, connection.close)
        connection.execute(f"SET statement_timeout = '{TIMEOUT_S}s'")
        connection.execute(_statement("session"))
        return connection

    @contextlib.contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._named(error) from None  # psycopg's own text may quote the address

    def _named(self, error: psycopg.Error) -> LedgerError:
        """The error of our own tree that a person can act on."""
        state = error.sqlstate or ""
        reason = self._without_password(error)
        if state in _MOVED_STATES:
            return LedgerMoved(f"somebody appended to {self.description} first: read again and decide again")
        if state in _LOCKED_STATES:
            return LedgerLocked(
                f"{self.description} was locked for {TIMEOUT_S} seconds: {reason}", hint="Run it again."
            )
        if state in ("42501", "25006", "PR002") or state.startswith("53"):  # privilege, read-only, resources
            return LedgerUnwritable(
                f"{self.description} refuses: {reason}",
                hint="Its user needs SELECT and INSERT on proctor_entry and proctor_ledger (CREATE at first use).",
            )
        if state[:2] in _DAMAGED_CLASSES:
            return LedgerCorrupt(
                f"{self.description} is damaged, or is not a ledger: {reason}", hint="Restore it from a backup."
            )
        return LedgerUnreachable(
            f"{self.description} does not answer: {reason}",
            hint="Check address, network and password; nothing is released before the ledger has it.",
        )

    def _without_password(self, error: psycopg.Error) -> str:
        text = " ".join(str(error).split()) or type(error).__name__
        password = self._parts.get("password")
        return text.replace(password, "***") if isinstance(password, str) and password else text


def _statement(name: str) -> LiteralString:
    # The text comes from a file of this package and no value is ever put into it.
    return _SQL[name]


def _without_user(address: str) -> str:
    """An address that may be malformed, without anything that may be a user name, password or parameter."""
    return re.sub(r"//.*@", "//***@", address.partition("?")[0], flags=re.DOTALL)
