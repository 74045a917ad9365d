"""
Dropping the oldest examples of a test set: the same account goes on, with those that stay (theory.md §4.6).

Which examples go is told by their order or by a date, and never by anything else that is known of them. What accepted
models predict on those that stay is noted with the drop, so that they are recognized when they are run again.
First the ledger, then the files, the one that says what the examples are at last: doing it again completes what was
interrupted in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple, assert_never

import numpy as np

from proctor.custody import changes
from proctor.custody.changes import Change
from proctor.custody.recognition import compared
from proctor.errors import DataError, Misuse, ModelError
from proctor.frozen import dataclass, replace
from proctor.gate.books import LedgerView
from proctor.gate.grouping import refuse_other_metadata
from proctor.gate.growth import refuse_reordered
from proctor.gate.needs import more_needed
from proctor.gate.registration import portrait
from proctor.gate.session import Session
from proctor.gate.tables import refuse_table
from proctor.gatefile import Inputs
from proctor.ledger.history import TestSetHistory
from proctor.ledger.records import Dropped
from proctor.predictions import Aligned, Source
from proctor.predictions.columns import text_column
from proctor.predictions.labels import Mask
from proctor.predictions.tables import read_table
from proctor.reports.sentences import count
from proctor.testset import ExampleFiles, TestSet, load
from proctor.testset.appending import remaining


@dataclass(frozen=True)
class Oldest:
    """A rule that drops so many of the first examples of the files."""

    n_examples: int

    def __str__(self) -> str:
        return f"the oldest {count(self.n_examples, 'examples')}"


@dataclass(frozen=True)
class Before:
    """A rule that drops what is older than a day, by a column of dates in the features or the metadata."""

    day: dt.date
    column: str

    def __str__(self) -> str:
        return f"those with {self.column!r} before {self.day.isoformat()}"


Rule = Oldest | Before


class _Shrinking(NamedTuple):
    """The test set as it is, which of its examples stay, and what becomes of its files."""

    before: TestSet
    stays: Mask
    after: TestSet
    contents: Mapping[str, bytes]


def drop(session: Session, rule: Rule, reason: str, *, leaves_too_few: bool = False) -> Change[Dropped]:
    """
    Record that the oldest examples leave the test set, and take them out of its files; the *reason* is public.

    Who *leaves_too_few* may have the next evaluation out of reach.

    Raises:
        Misuse: If the rule fits no examples, all, or more than may go; if it needs what is not there; or if the reason
            is none.
        DataError: If dates cannot be read, or the files are not the registered ones.
        FreshTestSetNeeded: If the test set is over.
        EvaluationPending: If an evaluation has begun and not ended.
    """
    refuse_table(session.gate, "proctor testset drop")
    changes.refuse_no_reason(
        reason, 'Say why they go: --reason "a year old, as agreed in March". Everybody can read it.'
    )
    session = replace(session, takes_any_version=True)
    shrinking = _shrinking(session, rule)
    if not leaves_too_few:
        _refuse_too_few(session, shrinking.after.n_examples)
    predictions: dict[str, Aligned] = {}
    done = session.decide(lambda books: _record(session, books, shrinking, rule, reason, predictions))
    session.registry.settle(done.record.labels)
    store = session.runner_on(shrinking.after).store
    for digest, found in predictions.items():
        store.put(digest, found.values[shrinking.stays])
    return changes.written(session, done, shrinking.contents)


def _refuse_too_few(session: Session, n_left: int) -> None:
    """Refuse to leave so few examples that the next evaluation, which was within reach, is so no more."""
    life = session.life(session.books())
    lacking = more_needed(session.gate, life.account, n_left)
    if lacking is None or more_needed(session.gate, life.account, life.in_use.n_examples) is not None:
        return
    raise Misuse(
        f"{count(n_left, 'examples')} would stay, and the next evaluation takes {n_left + lacking:,}",
        hint="What is dropped never comes back. Drop fewer; or say --yes, and add others by `proctor testset extend` "
        "before the next check. Nothing was recorded.",
    )


# --- what stays ------------------------------------------------------------------------------------------------------


def _shrinking(session: Session, rule: Rule) -> _Shrinking:
    before = session.testset
    stays = _stays(before, rule)
    if stays.all() or not stays.any():
        said = "none" if stays.all() else "every one"
        raise Misuse(
            f"{rule}: that is {said} of the {before.n_examples:,} examples",
            hint="Name a rule by which some go and some stay. Nothing was recorded.",
        )
    changes.refuse_split(before, session.gate.cluster, stays)
    gone = set() if before.ids is None else {before.ids[row] for row in np.flatnonzero(~stays)}
    contents = {"labels": _without(before.files, before.files.labels, gone, stays)}
    if before.files.features is not None:
        contents["inputs"] = _without(before.files, before.files.features, gone, stays)
    after = load(changes.holding(before.files, contents)).seen_through(before.columns)
    if after is None or not np.array_equal(after.hashes, before.hashes[stays]):
        raise DataError(
            "without these examples, the files would not hold the others as they were",
            hint="Save the files as plain CSV. Nothing was recorded.",
        )
    return _Shrinking(before, stays, replace(after, account=before.fingerprint), contents)


def _stays(testset: TestSet, rule: Rule) -> Mask:
    match rule:
        case Oldest(n_examples):
            return np.arange(testset.n_examples) >= n_examples
        case Before(day, column):
            return np.array([each >= day for each in _days(testset, column)])
        case _:
            assert_never(rule)


def _days(testset: TestSet, column: str) -> Iterator[dt.date]:
    """
    The day of each example.

    Dates are only taken from columns that registration fixes: nobody can have changed them since.
    """
    if column not in testset.described.names:
        raise Misuse(
            f"the test set is not known by a column {column!r}, so anybody could have changed the dates in it",
            hint="Name a column of the features or the metadata that was there when it was registered; or drop by "
            "order: --oldest N.",
        )
    table = testset.described.tables({column})[column]
    for row, cell in enumerate(text_column(table, column)):
        try:
            yield dt.datetime.fromisoformat(cell.strip()).date()
        except ValueError:
            said = "" if table.source.is_silent else f": {cell[:40]!r} in {table.place(row)}"
            raise DataError(
                f"{table.source} has dates in {column!r} that cannot be read{said}",
                hint="Write them as 2026-11-23, with or without a time. Nothing was recorded.",
            ) from None


def _without(files: ExampleFiles, table: Source, gone: set[str], stays: Mask) -> bytes:
    """The content of one of the files without the rows that go; of an earlier attempt they may be gone already."""
    names = read_table(table, frozenset({files.id}))
    if gone and files.id in names.columns:
        stays = np.array([name not in gone for name in text_column(names, files.id)])
    elif names.n_rows == np.count_nonzero(stays):
        stays = np.ones(np.count_nonzero(stays), np.bool_)
    return remaining(table, stays)


# --- the entry -------------------------------------------------------------------------------------------------------


def _record(
    session: Session, books: LedgerView, shrinking: _Shrinking, rule: Rule, reason: str, predictions: dict[str, Aligned]
) -> Change[Dropped]:
    """The entry of this drop, appended now or by an earlier attempt; takes up *predictions* of accepted models."""
    life = session.life(books)
    if (done := changes.earlier(life, Dropped, shrinking.after.version)) is not None:
        return done
    changes.refuse_unchangeable(session, life, shrinking.before)
    if isinstance(rule, Before):
        refuse_other_metadata(life, shrinking.before, {rule.column})
    _refuse_in_another_order(shrinking.before, life)
    pins = _pins(session, life, shrinking, predictions)
    register = session.registry.held(life, shrinking.before.hashes, shrinking.before.read_labels)
    found = shrinking.after.read_labels()
    register = register.updated(shrinking.after.hashes, found)
    record = Dropped(
        testset=shrinking.before.fingerprint,
        version=shrinking.after.version,
        rule=str(rule),
        n_dropped=int(np.count_nonzero(~shrinking.stays)),
        reason=reason,
        pins=pins,
        origin=session.origin,
        **portrait(shrinking.after, found, register, life.in_use, cluster=session.gate.cluster),
    )
    session.registry.draft(register)
    entry = session.append(record, books.head)
    return Change(record, entry.number, entry.at)


def _refuse_in_another_order(testset: TestSet, life: TestSetHistory) -> None:
    """Refuse files in which examples that were added later do not come later."""
    cohorts = [life.registered.record, *(taken.record for taken in life.changes)]
    for cohort in reversed(cohorts):
        refuse_reordered(testset, cohort)
        if isinstance(cohort, Dropped):
            return


def _pins(
    session: Session, life: TestSetHistory, shrinking: _Shrinking, predictions: dict[str, Aligned]
) -> dict[str, str]:
    """Marks by which accepted models are recognized on the examples that stay."""
    pins = {}
    models = (session.runner.earlier(submission) for submission in compared(session, life))
    for model in chain.from_iterable(model.each for model in models):
        submission = model.submission
        try:
            session.predicting.refuse_unfaithful(life, model)
            found = session.predicting.of(model)
        except (DataError, ModelError):
            if session.gate.testset.inputs is Inputs.SEALED:
                raise
            continue  # `check` says what to do about a model of which nothing is noted
        predictions[submission.digest] = found
        if life.pin_of(submission) is not None:
            pins[submission.digest] = session.predicting.pin_on(found, shrinking.stays)
    return pins
