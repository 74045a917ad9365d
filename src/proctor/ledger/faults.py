"""
SQLite's result codes in words: which of our errors each is, and what a person can do about it.

Only what SQLite itself calls damage is called damage; whoever restores a sound ledger from an old copy loses entries.
A code that the table does not know is quoted, and no cause is guessed.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from proctor.errors import LedgerCorrupt, LedgerError, LedgerLocked, LedgerUnreachable, LedgerUnwritable


class Fault(NamedTuple):
    """One kind of trouble: the error it becomes, what happened (after the name of the ledger), and what to do next."""

    kind: type[LedgerError]
    sentence: str
    hint: str


_DAMAGED = Fault(
    LedgerCorrupt, "is damaged, or is not a ledger", "Restore it from a copy that `proctor ledger verify` accepts."
)
_FOREIGN = Fault(
    LedgerCorrupt, "is a database, but not a ledger", "Name the ledger's own file, or restore it from a copy."
)
_LOCKED = Fault(
    LedgerLocked,
    "is locked by others",
    "Run it again; if no proctor is running, see with `fuser` or `lsof` who holds the file.",
)
_UNWRITABLE = Fault(LedgerUnwritable, "cannot be written", "Check free space and permissions of its folder.")
_UNOPENED = Fault(LedgerUnwritable, "cannot be opened", "It must be a file, in a folder that this user may write to.")
_SHARED = Fault(
    LedgerUnreachable,
    "cannot be locked where it lies, as on a network share",
    "The file is not damaged. Put it on a local disk of one machine, or let several share `ledger: postgresql://…` or "
    "`ledger: git:origin/proctor-ledger`.",
)
_TOO_LARGE = Fault(
    LedgerUnwritable,
    "is larger than this system can open",
    "The file is not damaged. Open it on a system with large files.",
)
_NO_MEMORY = Fault(
    LedgerUnreachable,
    "cannot be read, since this machine is out of memory",
    "The file is not damaged. Run it again with more memory.",
)
_UNKNOWN = Fault(
    LedgerError,
    "cannot be used",
    "Look at it with `proctor ledger verify`; if it is on a network share, move it to a local disk.",
)

FAULTS = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: _UNWRITABLE,
    sqlite3.SQLITE_IOERR: _UNWRITABLE,
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: _UNOPENED,
    sqlite3.SQLITE_AUTH: _UNOPENED,
    sqlite3.SQLITE_PROTOCOL: _SHARED,
    sqlite3.SQLITE_IOERR_LOCK: _SHARED,
    sqlite3.SQLITE_IOERR_RDLOCK: _SHARED,
    sqlite3.SQLITE_IOERR_UNLOCK: _SHARED,
    sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK: _SHARED,
    sqlite3.SQLITE_IOERR_SHMOPEN: _SHARED,
    sqlite3.SQLITE_IOERR_SHMLOCK: _SHARED,
    sqlite3.SQLITE_IOERR_SHMMAP: _SHARED,
    sqlite3.SQLITE_NOLFS: _TOO_LARGE,
    sqlite3.SQLITE_NOMEM: _NO_MEMORY,
    sqlite3.SQLITE_IOERR_NOMEM: _NO_MEMORY,
    sqlite3.SQLITE_ERROR: _FOREIGN,  # our own statements are right: a table or a column of theirs is missing
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_IOERR_SHORT_READ: _DAMAGED,
    sqlite3.SQLITE_IOERR_CORRUPTFS: _DAMAGED,
    sqlite3.SQLITE_IOERR_DATA: _DAMAGED,
}
"""By extended code where that says more than its kind, which is its last eight bits."""


def code_of(error: Exception) -> int:
    """
    SQLite's extended code of an error.

    The driver tells of missing memory by an exception of Python's own, and gives no code where it cannot decode what
    it was handed: text of ours is always UTF-8, so that is damage.
    """
    if isinstance(error, MemoryError):
        return sqlite3.SQLITE_NOMEM
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)


def kind_of(error: Exception) -> int:
    """SQLite's primary code of an error."""
    return code_of(error) & 0xFF


def named(error: Exception, ledger: str) -> LedgerError:
    """The error of our own tree that a person can act on; *ledger* is what the ledger is called in messages."""
    code = code_of(error)
    fault = FAULTS.get(code) or FAULTS.get(code & 0xFF, _UNKNOWN)
    return fault.kind(f"{ledger} {fault.sentence}: {str(error) or 'out of memory'}", hint=fault.hint)
