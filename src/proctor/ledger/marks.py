"""
High-water marks: how far a ledger was known to go, kept elsewhere, so that books that were cut back are found out.

A chain of hashes shows that entries were changed, and not that the last ones are gone, or all of them. A mark says:
entry 17 of these books has this hash. Whatever ledger claims to be these books must contain it; a mark that is behind
is no fault, since a machine may die between an entry and its mark. With the owner's key a mark is signed.

Pure: marks and entries in, facts out.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Sequence

from proctor import codec
from proctor.frozen import dataclass, replace
from proctor.ledger.entries import Entry
from proctor.ledger.records import LossAccepted

_DOMAIN = b"proctor mark\n"
_HASH = re.compile(r"[0-9a-f]{64}")
_MOST_DIGITS = 15


@dataclass(frozen=True, kw_only=True)
class Mark:
    """
    The last entry that was known, by its number, hash and time.

    Attributes:
        subject: What the books are about: a test set, sealed labels, or a place of books.
        ledger: Where they were kept, for people.
        mac: Code of the owner's key over all of it; ``None`` if there was no key.
    """

    subject: str
    ledger: str
    number: int
    hash: str
    at: str
    mac: str | None = None

    def signed(self, key: bytes | None) -> Mark:
        """The same mark with the code of *key*, if there is one."""
        return replace(self, mac=None if key is None else self._code(key))

    def is_signed_by(self, key: bytes | None) -> bool:
        """True if the code is that of *key*."""
        return key is not None and self.mac is not None and hmac.compare_digest(self.mac, self._code(key))

    def _code(self, key: bytes) -> str:
        content = json.dumps({**codec.to_json(self), "mac": None}, sort_keys=True)
        return hmac.digest(key, _DOMAIN + content.encode(), "sha256").hex()

    def to_text(self) -> str:
        """The mark as one line of JSON."""
        return json.dumps(codec.to_json(self), sort_keys=True) + "\n"


def from_text(text: str, subject: str) -> Mark | None:
    """The mark of *subject* that `Mark.to_text` wrote; ``None`` for anything else: it marks nothing."""
    try:
        mark = codec.from_json(Mark, json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return None
    if mark.subject != subject or not 0 < mark.number < 10**_MOST_DIGITS:
        return None
    return mark if all(_HASH.fullmatch(each) for each in (mark.hash, mark.mac or mark.hash)) else None


def mark_of(entry: Entry, subject: str, ledger: str, key: bytes | None) -> Mark:
    """The mark of the last *entry* of the books of a subject."""
    return Mark(subject=subject, ledger=ledger, number=entry.number, hash=entry.hash, at=entry.at).signed(key)


def is_lost(mark: Mark, entries: Sequence[Entry]) -> bool:
    """
    True if books with these *entries*, all or the last ones and some before, are not those of the mark.

    A loss that the owner has accepted excuses the marks of its day: what came later must be there again.
    """
    if entries and entries[-1].number >= mark.number:
        there = _numbered(mark.number, entries)
        if there is None or there.hash == mark.hash:
            return False
    losses = [entry for entry in entries if entry.kind == LossAccepted.kind and mark.at <= entry.at]
    numbers = (entry.body.get("number") for entry in losses)
    return not any(isinstance(number, int) and mark.number <= number for number in numbers)


def _numbered(number: int, entries: Sequence[Entry]) -> Entry | None:
    if number <= len(entries) and entries[number - 1].number == number:
        return entries[number - 1]
    return next((entry for entry in entries if entry.number == number), None)
