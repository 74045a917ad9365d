"""
A checkpoint: what a ledger said up to one entry, in short, so that a later look at it may begin there.

Reading a ledger verifies and decodes every entry, which takes a second where there are tens of thousands. Of most
evaluations only what they did to the account is ever shown again, so a checkpoint keeps the account and the last
verdicts. It saves time and proves nothing: whoever decides or publishes anything reads every entry.

Pure: lives in, text out, and back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from proctor import codec
from proctor.budget import Account
from proctor.ledger.entries import Entry, from_line
from proctor.ledger.history import Recorded, TestSetHistory
from proctor.ledger.records import Evaluated

VERDICTS = 100
"""Number of last verdicts that are kept of each test set."""

_FORM = 3


class Checkpoint(NamedTuple):
    """
    Summary of a ledger up to one entry.

    Args:
        entries: Registrations, extensions, drops, retirements, evaluations that have begun and the last verdicts of
            every test set, and the last entry of all, in the ledger's order.
        accounts: What each test set had left before the first of its verdicts in *entries*.
    """

    entries: tuple[Entry, ...]
    accounts: Mapping[str, Account]

    @property
    def last(self) -> Entry:
        """The entry that a later reading continues."""
        return self.entries[-1]


def checkpoint_of(lives: Mapping[str, TestSetHistory], last: Entry) -> Checkpoint:
    """The checkpoint at the *last* entry of a ledger with these *lives*."""
    kept = {last.number: last}
    accounts = {}
    for fingerprint, life in lives.items():
        shown = life.verdicts[-VERDICTS:]
        rest = sum(taken.entry.kind == Evaluated.kind for taken in life.verdicts[: len(life.verdicts) - len(shown)])
        accounts[fingerprint] = life.earlier.after_all(life.steps[:rest])
        others: tuple[Recorded[Any] | None, ...] = (
            *(life.registered, life.retired, life.open_pending),
            *(*life.changes, *life.acceptances),
        )
        kept.update((taken.entry.number, taken.entry) for taken in (*others, *shown) if taken is not None)
    return Checkpoint(tuple(kept[number] for number in sorted(kept)), accounts)


def to_text(checkpoint: Checkpoint, version: str) -> str:
    """*checkpoint* as text with its own checksum, for `from_text` of the same *version* of the program."""
    accounts = {name: codec.to_json(account) for name, account in checkpoint.accounts.items()}
    content = "\n".join([json.dumps(accounts), *(entry.to_line() for entry in checkpoint.entries)])
    return f"{_head(content, version)}\n{content}"


def from_text(text: str, version: str) -> Checkpoint | None:
    """The checkpoint that `to_text` wrote; ``None`` for anything else, which costs no more than a whole reading."""
    head, _, content = text.partition("\n")
    first, *lines = content.split("\n")
    if head != _head(content, version) or not lines:
        return None
    accounts = {name: codec.from_json(Account, each) for name, each in json.loads(first).items()}
    return Checkpoint(tuple(from_line(line) for line in lines), accounts)


def _head(content: str, version: str) -> str:
    """First line; the checksum is against damage, not against malice: who can write the file can write this too."""
    return f"proctor checkpoint {_FORM} {version} {hashlib.sha256(content.encode()).hexdigest()}"
