"""
A sealed test set where its key is not: what the ledger says of it is enough for `status` and recorded answers.

It is found by the mark that labels and inputs were sealed with, which anybody can read; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from proctor.errors import KeyFault
from proctor.frozen import dataclass
from proctor.gate.owner_key import LockedSource, OwnerKey
from proctor.ledger import Entry
from proctor.ledger.history import version_of
from proctor.ledger.records import CHANGES, Change, Registered, from_body
from proctor.predictions import Labels
from proctor.testset import ExampleFiles, TestSet
from proctor.testset.metadata import Described


@dataclass(frozen=True, kw_only=True)
class LockedTestSet(TestSet):
    """A test set known by its registration alone, and by what was last added to it or dropped."""

    __test__ = False  # not a test case

    registered: Registered
    changed: Change | None

    @property
    def n_examples(self) -> int:
        """Number of examples, as registered or changed."""
        return (self.changed or self.registered).n_examples

    @cached_property
    def version(self) -> str:
        """Fingerprint of the examples, as registered or changed."""
        return version_of(self.changed or self.registered)

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the test set, as registered."""
        return self.registered.testset

    @property
    def described(self) -> Described:
        """Never shows any columns."""
        raise KeyFault(*_WORDS)

    def read_labels(self) -> Labels:
        """Never reads any."""
        raise KeyFault(*_WORDS)


_WORDS = (
    "the test set is sealed, and its key is not here",
    "Set PROCTOR_KEY, or name the key file: `owner: {key: FILE}`. Nothing was spent.",
)


def recall(entries: Sequence[Entry], owner_key: OwnerKey) -> TestSet | None:
    """The test set that was registered with the same sealed labels; ``None`` if there is none in the books."""
    pair = owner_key.pair
    for entry in entries if pair is not None else ():
        if entry.kind == Registered.kind and entry.body.get("pair") == pair:
            record = from_body(entry.kind, entry.body, entry.number)
            assert isinstance(record, Registered)  # noqa: S101  # its kind says so
            files = ExampleFiles(LockedSource(owner_key.gate.resolve(owner_key.gate.testset.labels), is_private=True))
            changed = _last_change(entries, record.testset)
            hashes = np.zeros(0, "V16")
            return LockedTestSet(files, None, hashes, record.columns, registered=record, changed=changed)
    return None


def _last_change(entries: Sequence[Entry], testset: str) -> Change | None:
    found = [each for each in entries if each.kind in CHANGES and each.body.get("testset") == testset]
    record = from_body(found[-1].kind, found[-1].body, found[-1].number) if found else None
    assert record is None or isinstance(record, Change)  # noqa: S101  # its kind says so
    return record


def refuse_locked(testset: TestSet) -> None:
    """Refuse to go on to what needs the examples themselves, where they are locked away (`KeyFault`)."""
    if isinstance(testset, LockedTestSet):
        raise KeyFault(*_WORDS)
