"""Books of which a part is lost for good: the owner's word that they go on without, which is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from proctor import owner
from proctor.custody.desk import Desk
from proctor.errors import KeyFault
from proctor.gate.books import Books
from proctor.ledger.marks import Mark
from proctor.ledger.records import LossAccepted


@dataclass(frozen=True)
class Loss:
    """
    What is lost.

    Attributes:
        mark: The last entry that was known.
        left: Number of entries that are left.
        entry: Entry that records it; ``None`` if there are no books left to record it in.
    """

    mark: Mark
    left: int
    entry: int | None = None


def loss(desk: Desk) -> Loss | None:
    """What the marks say that the books lack; ``None`` if nothing."""
    entries = desk.ledger.read()
    found = [mark for mark, _ in desk.safe.marks.lost(entries, desk.exam.fingerprint)]
    return Loss(max(found, key=lambda mark: mark.number), len(entries)) if found else None


def accept_loss(desk: Desk, reason: str) -> Loss | None:
    """
    Go on with what is left of the books, and record that; ``None`` if nothing is lost.

    Raises:
        KeyFault: If the owner's key vouched for the lost entries, and is not here.
    """
    found = loss(desk)
    if found is None:
        return None
    if found.mark.mac is not None and desk.safe.key is None:
        raise KeyFault(
            "a mark that the owner of the test set signed says that entries are lost, and the key is not here",
            hint="Set PROCTOR_KEY, or name the key file: `owner: {key: FILE}`. Nothing was recorded.",
        )
    mark = found.mark
    note = {"at": desk.surroundings.now(), "lost": {"number": mark.number, "hash": mark.hash}, "reason": reason}
    owner.append(desk.owner_record, note)
    lost = desk.safe.marks.lost(desk.ledger.read(), desk.exam.fingerprint)
    entry = desk.decide(lambda books: _record(desk, books, mark, reason))
    if entry is None:
        desk.safe.marks.forget(lost)
    return Loss(mark, found.left, entry)


def _record(desk: Desk, books: Books, mark: Mark, reason: str) -> int | None:
    """The entry, in the life of this test set or of another one in the books; ``None`` if there are none."""
    fingerprint = desk.exam.fingerprint if books.life is not None else next(iter(books.lives), None)
    if fingerprint is None:
        return None
    return desk.append(LossAccepted(fingerprint, mark.number, mark.hash, reason, desk.origin), books.head).number
