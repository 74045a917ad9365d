"""
Delivery of a released verdict to the run store, whatever state the store is in: the one call that the service makes.

Nothing here raises because of the store: a result is queued durably, sent if possible, and otherwise reported as kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from proctor.errors import ProctorError
from proctor.frozen import dataclass
from proctor.runstore.queue import Kept, Outbox, Sent, sync
from proctor.runstore.records import Record

OUTBOX = Path(".proctor") / "outbox"
"""Folder of waiting results, relative to the gate file's."""


@dataclass(frozen=True)
class Target:
    """A tracking server by its address (which may hold credentials), and the experiment."""

    url: str
    experiment: str = ""

    def __repr__(self) -> str:
        return f"Target(experiment={self.experiment!r})"


def deliver(record: Record, target: Target, outbox: Outbox, environ: Mapping[str, str]) -> tuple[Sent | Kept, ...]:
    """
    Queue *record*, then send everything that waits, in the order of the ledger.

    Args:
        record: What `records.describe` made of the release.
        target: Where to.
        outbox: What waits.
        environ: MLflow's variables are read from it.

    Returns:
        What was sent and what still waits, with the reason; `proctor runstore sync` sends the latter.
    """
    try:
        outbox.put(record)
    except OSError as error:
        return (Kept(f"entry {record.entry}", f"could not be queued in {outbox.folder}: {error.strerror}"),)
    return send_waiting(target, outbox, environ)


def send_waiting(target: Target, outbox: Outbox, environ: Mapping[str, str]) -> tuple[Sent | Kept, ...]:
    """Send everything that waits in *outbox*; what cannot be sent is kept, with the reason."""
    if not outbox.waiting():
        return ()
    import requests

    from proctor.runstore import mlflow, settings

    try:
        found = settings.from_environ(target.url, environ, target.experiment)
    except ProctorError as error:
        return tuple(Kept(path.name, error.message) for path in outbox.waiting())
    with requests.Session() as session:
        return sync(outbox, lambda record: mlflow.send(record, found, session).url)
