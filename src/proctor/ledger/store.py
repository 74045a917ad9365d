"""
The contract of a place where entries are kept, and the ledger that is the same over every such place.

A `Store` moves entries and decides nothing; sealing, checking and remembering are here, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

from proctor.errors import KeyFault, LedgerCorrupt, LedgerMoved, Misuse
from proctor.files import Fence
from proctor.ledger import address, chain
from proctor.ledger.entries import GENESIS, Draft, Entry, seal


class Store(Protocol):
    """
    A place where entries are kept.

    Promises, whoever else reads and writes at the same time, and wherever a process is killed:

    - **Order.** Entries come back as they were written, in one sequence that is the same for everybody.
    - **Compare and set.** `write` succeeds only if the store's last entry is the one that the first new entry
      continues; of several writers that saw the same head, one succeeds and the others get `LedgerMoved`.
    - **Whole or not at all.** All of the new entries are there, or none.
    - **Durable.** When `write` returns, a crash of the machine that keeps the entries does not lose them.
    - **Append only.** Nothing that `write` or `fetch` does changes an entry, and the place refuses such changes
      as far as it can.
    - Reading what does not exist gives no entries, and creates nothing.

    If `write` raises anything but `LedgerMoved`, the entries may be in or not: read again.
    A store belongs to one thread of one process.
    """

    @property
    def description(self) -> str:
        """The place in a message, without secrets."""

    def fetch(self, after: int) -> list[Entry]:
        """
        All entries as they are stored, those up to number *after* left out; unverified.

        Raises:
            LedgerCorrupt: If what is there is no ledger, or is damaged.
            LedgerTooNew: If a later version wrote it.
            LedgerLocked: If others kept it locked for too long.
            LedgerUnreachable: If the place does not answer.
        """

    def write(self, entries: Sequence[Entry]) -> None:
        """
        Add *entries*, a chain of at least one, behind the entry that the first of them continues.

        Raises:
            LedgerMoved: If the last entry is another; nothing was written.
            LedgerUnwritable: If the place does not take entries: permissions, a full disk, a protected branch.
            LedgerError: Whatever `fetch` raises.
        """

    def close(self) -> None:
        """Give back connections; the store can be used again and opens new ones."""


@runtime_checkable
class Publishing(Protocol):
    """A store that can show files beside its entries, such as a badge on the ledger's branch."""

    def publish(self, files: Mapping[str, bytes], message: str) -> None:
        """Put *files* (names without folders) beside the entries, replacing those of the same name."""


class Ledger:
    """
    A ledger, wherever it is kept.

    It remembers what it has verified: reading again costs only what was added since, and whoever rewrites the past of
    a ledger that is being used is found out. With the owner's *key*, every entry must be signed and every new one is.
    """

    def __init__(self, store: Store, key: bytes | None = None) -> None:
        self._store = store
        self._key = key
        self._verified: list[Entry] = []

    @property
    def description(self) -> str:
        """Place of the ledger, for messages."""
        return self._store.description

    @property
    def publishes(self) -> bool:
        """True if files can be published beside the entries."""
        return isinstance(self._store, Publishing)

    def read(self) -> tuple[Entry, ...]:
        """
        All entries, verified; empty if there is no ledger yet.

        Raises:
            LedgerCorrupt: If the chain does not verify, or is not the one that was read before.
            KeyFault: If there is a key and an entry is not signed.
            LedgerError: If the place cannot be read, see `Store.fetch`.
        """
        known = self._verified
        new = self._store.fetch(max(0, len(known) - 1))
        if known:
            if not new or new[0] != known[-1]:
                raise LedgerCorrupt(
                    f"entry {known[-1].number} of {self.description} is no longer the one that was there a moment ago",
                    hint="Somebody replaced or shortened it: run `proctor ledger verify --head` with a published head.",
                )
            new = new[1:]
        chain.check(new, before=known, key=self._key)
        known.extend(new)
        return tuple(known)

    def read_after(self, last: Entry) -> tuple[Entry, ...] | None:
        """
        Entries after *last*, verified as its continuation; ``None`` if *last* is not there or what follows has a fault.

        What came before is neither read nor verified: nothing may be decided on it.

        Raises:
            LedgerError: If the place cannot be read, see `Store.fetch`.
        """
        found = self._store.fetch(last.number - 1)
        if not found or found[0] != last or not chain.continues(found[1:], last, self._key):
            return None
        return tuple(found[1:])

    def head(self) -> str:
        """Hash of the last entry as of now; `GENESIS` for an empty ledger."""
        return _head_of(self.read())

    def append(self, draft: Draft, expected_head: str) -> Entry:
        """
        Record *draft* if the head is still *expected_head*; durable when it returns.

        Raises:
            LedgerMoved: If somebody appended first: read again, decide again.
            KeyFault: If the ledger is signed and there is no key.
            LedgerUnwritable: If the place takes no entries.
            LedgerError: See `Store`; the entry may then be in or not.
        """
        if _head_of(self._verified) != expected_head and _head_of(self.read()) != expected_head:
            raise LedgerMoved(f"{self.description} moved on from {expected_head[:12]}: read again and decide again")
        last = self._verified[-1] if self._verified else None
        if last is not None and last.mac is not None and self._key is None:
            raise KeyFault(
                f"the entries of {self.description} are signed, and there is no key to sign the next one",
                hint="Set PROCTOR_KEY to the key of the test set's owner, or name its file: `owner: {key: FILE}`.",
            )
        entry = seal(draft, len(self._verified) + 1, expected_head, self._key)
        self._store.write([entry])
        self._verified.append(entry)
        return entry

    def adopt(self, entries: Sequence[Entry]) -> None:
        """
        Fill an empty ledger with the verified *entries* of another, in one step; with a key, sign them.

        Raises:
            Misuse: If this ledger is not empty.
            LedgerCorrupt: If *entries* do not verify.
        """
        chain.check(entries)
        if self.read():
            raise Misuse(
                f"{self.description} already holds {len(self._verified)} entries",
                hint="Import into a ledger that does not exist yet, and name it with --ledger.",
            )
        signed = [entry.signed(self._key) for entry in entries] if self._key is not None else list(entries)
        if signed:
            self._store.write(signed)
        self._verified = signed

    def examine(self, known_heads: Iterable[str] = ()) -> tuple[list[Entry], tuple[chain.Finding, ...]]:
        """The entries as they are stored now, and everything that is wrong with them (`chain.verify`)."""
        entries = self._store.fetch(0)
        return entries, chain.verify(entries, known_heads=known_heads, key=self._key)

    def publish(self, files: Mapping[str, bytes], message: str) -> None:
        """Show *files* beside the entries; `Misuse` if this kind of ledger has no room for files, see `publishes`."""
        if not isinstance(self._store, Publishing):
            raise Misuse(
                f"{self.description} has no room for files", hint="One on a git branch has: git:REMOTE/BRANCH."
            )
        self._store.publish(files, message)

    def close(self) -> None:
        """Give back connections."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _head_of(entries: Sequence[Entry]) -> str:
    return entries[-1].hash if entries else GENESIS


def open_ledger(location: str, root: Path, key: bytes | None = None) -> Ledger:
    """
    The ledger at an address; nothing is read, created or connected to before it is used.

    Args:
        location: A path (SQLite), ``postgresql://…`` or ``git:REMOTE/BRANCH``.
        root: The folder that relative paths and git remotes belong to.
        key: The owner's ledger key, if there is one.

    Raises:
        Misuse: If the address is of no known kind.
        MissingExtra: If the kind needs a package that is not installed.
        DataError: If a link of the project leads out of it there.
    """
    match address.parse(location):
        case address.ServerAddress(url):
            from proctor.ledger.postgresql import PostgresqlStore

            return Ledger(PostgresqlStore(url), key)
        case address.BranchAddress(branch):
            from proctor.ledger.git import GitStore

            return Ledger(GitStore(branch, root), key)
        case address.FileAddress() as file:
            from proctor.ledger.sqlite import SqliteStore

            Fence.around(root).resolve(file.path)  # no link that a commit brings leads to other books
            return Ledger(SqliteStore(file.at(root)), key)
