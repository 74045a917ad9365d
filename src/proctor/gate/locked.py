"""
A sealed test set where its key is not: what the ledger says of it is enough for `status` and recorded answers.

It is found by the mark that labels and inputs were sealed with, which anybody can read; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from proctor.errors import KeyFault
from proctor.gate.safe import LockedSource, Safe
from proctor.ledger import Entry
from proctor.ledger.records import Registered, from_body
from proctor.predictions import Labels
from proctor.testset import ExamFiles, TestSet


@dataclass(frozen=True)
class LockedTestSet(TestSet):
    """
    A test set known by its registration alone.

    Args:
        registered: Its registration.
    """

    __test__ = False  # not a test case

    registered: Registered | None = None

    @property
    def n_examples(self) -> int:
        """Number of examples, as registered."""
        return self.registered.n_examples if self.registered else 0

    @cached_property
    def fingerprint(self) -> str:
        """What the test set is, as registered."""
        return self.registered.testset if self.registered else ""

    def read_labels(self) -> Labels:
        """Never reads any."""
        raise KeyFault(*_WORDS)


_WORDS = (
    "the test set is sealed, and its key is not here",
    "Set PROCTOR_KEY, or name the key file: `owner: {key: FILE}`. Nothing was spent.",
)


def recall(entries: Sequence[Entry], safe: Safe) -> TestSet | None:
    """The test set that was registered with the same sealed labels; ``None`` if there is none in the books."""
    pair = safe.pair
    for entry in entries if pair is not None else ():
        if entry.kind == Registered.kind and entry.body.get("pair") == pair:
            record = from_body(entry.kind, entry.body, entry.number)
            assert isinstance(record, Registered)  # noqa: S101  # its kind says so
            files = ExamFiles(LockedSource(safe.gate.resolve(safe.gate.testset.labels), is_private=True))
            return LockedTestSet(files, None, np.zeros(0, "V16"), record.columns, record)
    return None


def refuse_locked(exam: TestSet) -> None:
    """
    Refuse to go on to what needs the examples themselves.

    Raises:
        KeyFault: If *exam* is known by its registration alone.
    """
    if isinstance(exam, LockedTestSet):
        raise KeyFault(*_WORDS)
