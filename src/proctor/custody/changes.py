"""Changes of the examples of a test set whose account goes on: the parts that adding and dropping share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, auto
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from proctor.custody.corrections import put_in_place
from proctor.errors import AccountHandedOn, BudgetSpent, DataError, Misuse, TestSetRetired
from proctor.gate import labels
from proctor.gate.books import refuse_outgrown, refuse_pending
from proctor.gate.grouping import refuse_other_metadata
from proctor.gate.session import Session
from proctor.ledger.history import TestSetHistory
from proctor.ledger.records import Dropped, Extended
from proctor.predictions.columns import distinct
from proctor.predictions.labels import Mask
from proctor.reports.sentences import count
from proctor.testset import ExampleFiles, TestSet

Record = TypeVar("Record", Extended, Dropped)

_LONGEST_REASON = 200


class Attempt(Enum):
    """Place of an act among those that did the same: the books may have the change already, and the files, too."""

    FIRST = auto()
    COMPLETING = auto()
    REPEATED = auto()


class Change(NamedTuple, Generic[Record]):
    """
    A change of the examples that is in the books, by an entry with this number and time, and in the files.

    Attributes:
        files: The files that hold the examples now.
        attempt: The first one, or one that completes another, or one that finds everything done.
    """

    record: Record
    entry: int
    at: str
    files: tuple[Path, ...] = ()
    attempt: Attempt = Attempt.FIRST

    @property
    def aside(self) -> str:
        """Words behind what was done, about an earlier attempt."""
        return " (recorded before; completed now)" if self.attempt is Attempt.COMPLETING else ""


def earlier(life: TestSetHistory, kind: type[Record], version: str) -> Change[Record] | None:
    """The change that made the examples this *version*, if it is of the kind and the last one that was recorded."""
    last = life.changes[-1] if life.changes else None
    if last is None or life.version != version or not isinstance(last.record, kind):
        return None
    return Change(last.record, last.entry.number, last.entry.at, attempt=Attempt.COMPLETING)


def refuse_no_reason(reason: str, hint: str = "") -> None:
    """Refuse a reason that is none, or more than one line (`Misuse`); the *hint* says what to write."""
    if not reason.strip() or not reason.isprintable() or len(reason) > _LONGEST_REASON:
        said = f"the reason must be one line of at most {_LONGEST_REASON} characters, not {reason[:60]!r}"
        raise Misuse(said, hint=hint)


def refuse_split(whole: TestSet, cluster: str | None, mask: Mask) -> None:
    """
    Refuse to part the examples of one cluster (`DataError`): it is one observation, in use as a whole or not at all.

    The *whole* is all examples, those that come or go included; the *mask* those on one side.
    """
    if cluster is None:
        return
    numbers = whole.clusters(cluster)
    if n_split := len(distinct(numbers[mask]) & distinct(numbers[~mask])):
        raise DataError(
            f"{count(n_split, 'clusters')} by {cluster!r} would be parted: a part of the examples of each is in use, "
            "and another comes or goes",
            hint="A cluster is one observation: add or drop all of its examples at once. Nothing was recorded.",
        )


def refuse_unchangeable(session: Session, life: TestSetHistory, before: TestSet) -> None:
    """
    Refuse to change a test set that judges no more, that is being asked, or that is not as registered.

    Raises:
        FreshTestSetNeeded: If it is retired or spent, or has handed on what it had left.
        EvaluationPending: If an evaluation has begun and not ended.
        DataError: If its examples or labels are not the registered ones.
    """
    refuse_outgrown(before, life)
    _refuse_over(life)
    refuse_pending(life)
    refuse_other_metadata(life, before, frozenset(life.in_use.metadata or ()))
    labels.refuse_corrected(session, life)


def _refuse_over(life: TestSetHistory) -> None:
    name = life.registered.record.testset[:12]
    if life.retired is not None:
        raise TestSetRetired(
            f"test set {name} is retired, and no longer changes", hint="Register a fresh one: `proctor testset renew`."
        )
    if life.heir is not None:
        raise AccountHandedOn(
            f"what test set {name} had left was handed on to {life.heir.record.testset[:12]}",
            hint="Name that one in the gate file.",
        )
    if life.account.is_spent:
        raise BudgetSpent(
            f"test set {name} has spent its whole budget, which no example brings back",
            hint="Register a fresh one: `proctor testset renew`.",
        )


def holding(files: ExampleFiles, contents: Mapping[str, bytes]) -> ExampleFiles:
    """The files, of which some have new *contents*, by what they hold."""
    if "labels" in contents:
        files = replace(files, labels=replace(files.labels, content=contents["labels"]))
    if files.features is not None and "inputs" in contents:
        files = replace(files, features=replace(files.features, content=contents["inputs"]))
    return files


def written(session: Session, done: Change[Record], contents: Mapping[str, bytes]) -> Change[Record]:
    """The change with its files; those with *contents*, of labels or inputs, are put in place, as by `put_in_place`."""
    testset = session.gate.testset
    named = {"labels": testset.labels, "inputs": testset.features}
    files = {what: session.gate.resolve(name) for what, name in named.items() if name is not None}
    for what, content in contents.items():
        put_in_place(session, content, files[what], what)
    return done._replace(files=tuple(files.values()))
