"""Books of which a part is lost for good: the owner's word that they go on without, which is recorded."""

from __future__ import annotations

from typing import NamedTuple

from proctor import owner
from proctor.errors import KeyFault
from proctor.gate.books import LedgerView
from proctor.gate.session import Session
from proctor.ledger.marks import Mark
from proctor.ledger.records import LossAccepted


class Loss(NamedTuple):
    """
    Loss of entries that were known, the last of them by its *mark*.

    Attributes:
        left: Number of entries that are left.
        entry: Entry that records it; ``None`` if there are no books left to record it in.
    """

    mark: Mark
    left: int
    entry: int | None = None


def loss(session: Session) -> Loss | None:
    """Loss of entries that the marks know and the books lack; ``None`` if nothing is lost."""
    entries = session.ledger.read()
    found = [mark for mark, _ in session.owner_key.marks.lost(entries, session.testset.fingerprint)]
    return Loss(max(found, key=lambda mark: mark.number), len(entries)) if found else None


def accept_loss(session: Session, reason: str) -> Loss | None:
    """
    Go on with what is left of the books, and record that; ``None`` if nothing is lost.

    Raises:
        KeyFault: If the owner's key vouched for the lost entries, and is not here.
    """
    found = loss(session)
    if found is None:
        return None
    if found.mark.mac is not None and session.owner_key.key is None:
        raise KeyFault(
            "a mark that the owner of the test set signed says that entries are lost, and the key is not here",
            hint="Set PROCTOR_KEY, or name the key file: `owner: {key: FILE}`. Nothing was recorded.",
        )
    mark = found.mark
    note = {"at": session.runtime.now(), "lost": {"number": mark.number, "hash": mark.hash}, "reason": reason}
    owner.append(session.owners_file, note)
    lost = session.owner_key.marks.lost(session.ledger.read(), session.testset.fingerprint)
    entry = session.decide(lambda books: _record(session, books, mark, reason))
    if entry is None:
        session.owner_key.marks.forget(lost)
    return Loss(mark, found.left, entry)


def _record(session: Session, books: LedgerView, mark: Mark, reason: str) -> int | None:
    """The entry, in the life of this test set or of another one in the books; ``None`` if there are none."""
    fingerprint = session.testset.fingerprint if books.life is not None else next(iter(books.lives), None)
    if fingerprint is None:
        return None
    return session.append(LossAccepted(fingerprint, mark.number, mark.hash, reason, session.origin), books.head).number
