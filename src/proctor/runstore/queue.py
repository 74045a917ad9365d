"""
Outbox of what could not be sent yet: one file per evaluation, so that a store that is down loses nothing.

The outbox knows files; sending is passed in. Files are written whole or not at all, and removed only after the store
has the run; sending twice is harmless (`mlflow.send`), so being killed at any moment is too.
A file that came with a commit was not put there by the gate, and is not sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from proctor.errors import DataError, StoreError
from proctor.frozen import dataclass
from proctor.runstore import records
from proctor.runstore.records import Record
from proctor.runtime import is_tracked
from proctor.writing import write_whole


@dataclass(frozen=True)
class Sent:
    """A record that is now in the store."""

    entry: int
    evaluation: str
    url: str


@dataclass(frozen=True)
class Kept:
    """A record that still waits, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Outbox:
    """A folder of records that wait to be sent."""

    folder: Path

    def put(self, record: Record) -> Path:
        """Add *record*; the same evaluation replaces itself. Durable when this returns."""
        path = self.folder / _name(record)
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, records.to_json(record).encode(), None)
        return path

    def waiting(self) -> tuple[Path, ...]:
        """Files in the order of the ledger."""
        return tuple(sorted(self.folder.glob("*.json")))

    def remove(self, path: Path) -> None:
        """Forget a record that has been sent, by us or by somebody who was faster."""
        path.unlink(missing_ok=True)


def sync(outbox: Outbox, send: Callable[[Record], str]) -> tuple[Sent | Kept, ...]:
    """
    Send what waits, in the order of the ledger; remove what the store has taken.

    A record that the store refuses is kept and does not hold up the others;
    at the first sign that the store does not answer, the rest is kept without trying.

    Args:
        outbox: What waits.
        send: Sends one record and gives the address of its run; raises `StoreError`.
    """
    from proctor.runstore.rest import StoreUnreachable

    results: list[Sent | Kept] = []
    outage = ""
    for path in outbox.waiting():
        if outage:
            results.append(Kept(path.name, outage))
            continue
        if is_tracked(path):
            results.append(Kept(path.name, "it came with a commit, and anybody may have made it: delete it"))
            continue
        try:
            record = records.from_json(path.read_text(encoding="utf-8"))
            results.append(Sent(record.entry, record.evaluation, send(record)))
        except FileNotFoundError:
            continue  # another process was faster
        except StoreUnreachable as error:
            outage = error.message
            results.append(Kept(path.name, outage))
            continue
        except (StoreError, DataError, UnicodeDecodeError) as error:
            results.append(Kept(path.name, str(error)))
            continue
        outbox.remove(path)
    return tuple(results)


def _name(record: Record) -> str:
    """Sorts by the ledger's entry; the digest keeps several test sets apart whatever their names hold."""
    digest = hashlib.sha256(record.evaluation.encode()).hexdigest()[:16]
    return f"{record.entry:012d}-{digest}.json"
