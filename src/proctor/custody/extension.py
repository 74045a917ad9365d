"""
Adding examples to a test set: the same account goes on, and tests use all examples that are in use (theory.md §4.6).

First the ledger, then the register of labels, then the files: doing it again completes what was interrupted in between.
The owner's figures have no part in it, and are neither read nor shown here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from proctor import owner
from proctor.custody import changes
from proctor.custody.changes import Attempt, Change
from proctor.custody.recognition import Remeasuring
from proctor.errors import DataError, Misuse
from proctor.gate.books import LedgerView, traits_in_books
from proctor.gate.owner_key import is_sealed
from proctor.gate.registration import portrait
from proctor.gate.session import Session
from proctor.gate.tables import refuse_table
from proctor.gatefile import Inputs
from proctor.ledger.history import TestSetHistory
from proctor.ledger.records import Extended
from proctor.predictions import Kind, Labels, Source
from proctor.reports.sentences import count
from proctor.spelling import shown
from proctor.testset import (
    Copies,
    Doubtful,
    ExampleFiles,
    LabelRegister,
    Shares,
    TestSet,
    Traits,
    judge,
    load,
)
from proctor.testset.appending import appended
from proctor.testset.label_table import ids_of_checked
from proctor.testset.likeness import told, unlike

_ANOTHER = (
    "If no registered test set has these examples, their owner says so: --another-set REASON, on record. Nothing was "
    "recorded."
)


class _Growth(NamedTuple):
    """The test set as it is, what is added to it (whole, and by files), what it becomes, and its new contents."""

    before: TestSet
    added: TestSet
    parts: tuple[ExampleFiles, ...]
    after: TestSet
    contents: Mapping[str, bytes]


def extend(
    session: Session,
    new_labels: Sequence[Path],
    new_features: Sequence[Path],
    reason: str,
    another: str | None = None,
    refuses: Callable[[TestSet], None] | None = None,
) -> Change[Extended]:
    """
    Record that examples are added to the test set, and add them to its files.

    Args:
        session: The gate, opened by its owner.
        new_labels: Tables of their ids and labels, with the columns of the file of labels; at least one.
        new_features: Tables of their features, where the test set has features; in the same order.
        reason: Why; public.
        another: Why the new examples are none of those whose columns they seem to copy; ``None`` if nobody says so.
        refuses: Raises if the test set may not become what it is handed.

    Raises:
        Misuse: If files are missing or lie where models may see them, or the reason is none.
        DataError: If examples or ids are known, have no label, or have other columns.
        FreshTestSetNeeded: If the test set is over.
        EvaluationPending: If an evaluation has begun and not ended.
    """
    _refuse_unusable(session, new_labels, new_features, reason)
    if another is not None:
        changes.refuse_no_reason(another, "Say what makes the columns look alike. Everybody can read it.")
    session = replace(session, takes_any_version=True, another=another)
    growth = _growth(session, new_labels, new_features)
    models = Remeasuring(session, growth.after)
    done, register = session.decide(lambda books: _record(session, books, growth, models, reason, refuses))
    if done.attempt is Attempt.REPEATED:
        return changes.written(session, done, {})
    _remark_on_likeness(session, growth)
    session.registry.write(register)
    session.registry.discard(register.commitment)
    models.keep()
    return changes.written(session, done, growth.contents)


def _remark_on_likeness(session: Session, growth: _Growth) -> None:
    """Warn of new examples that were not drawn as the others; of sealed ones in the owner's record alone."""
    found = unlike(growth.added, growth.before)
    if not found:
        return
    if session.gate.testset.inputs is Inputs.SEALED:
        about = {"at": session.runtime.now(), "testset": growth.before.fingerprint}
        owner.append(session.owners_file, {**about, "unlike": [str(each) for each in found]})
        return
    session.runtime.remark(
        f"the new examples do not look like those of before: {told(found)}; verdicts are about both together from here "
        "on, and those that are no longer of use go by `proctor testset drop`"
    )


def _refuse_unusable(session: Session, new_labels: Sequence[Path], new_features: Sequence[Path], reason: str) -> None:
    testset = session.gate.testset
    refuse_table(session.gate, "proctor testset extend")
    for files, own in ((new_labels, testset.labels), (new_features, testset.features)):
        _refuse_named_amiss(files, None if own is None else session.gate.resolve(own))
    if (testset.features is None) == bool(new_features):
        missing = "has features, and those of the new examples are not named" if testset.features else "has no features"
        hint = "Name them: --features FILE." if testset.features else "Leave --features out."
        raise Misuse(f"the test set {missing}", hint=hint)
    if testset.inputs is Inputs.SEALED:
        _refuse_in_sight(session, (*new_labels, *new_features))
    changes.refuse_no_reason(
        reason, 'Say why the examples come now: --reason "those that arrived in March". Everybody can read it.'
    )


def _refuse_named_amiss(files: Sequence[Path], own: Path | None) -> None:
    """Refuse a file that was named twice, or is the one of the test set's *own* that it would be added to."""
    real = [path.resolve() for path in files]
    for path, here in zip(files, real, strict=True):
        if real.count(here) > 1:
            raise Misuse(f"{str(path)!r} is named twice", hint="Name each file once. Nothing was recorded.")
        if own is not None and here == own.resolve():
            raise Misuse(
                f"{str(path)!r} is the test set's own file",
                hint="Name files of the new examples alone: they are added to it. Nothing was recorded.",
            )


def _refuse_in_sight(session: Session, files: Iterable[Path]) -> None:
    """Refuse new examples in the open where the inputs are sealed and models run that could look for them."""
    for path in files:
        if path.resolve().is_relative_to(session.gate.fence.project) and not is_sealed(path):
            raise Misuse(
                f"the inputs are sealed, and {str(path)!r} lies in the open in the project, where models may see it",
                hint="Keep it outside, or seal it with the key of the test set: `proctor testset seal --help`. "
                "Nothing was recorded.",
            )


def _growth(session: Session, new_labels: Sequence[Path], new_features: Sequence[Path]) -> _Growth:
    before = session.testset
    files = before.files
    _refuse_unpaired(new_labels, new_features)
    tables = [session.owner_key.opened(path, "labels") for path in new_labels]
    _refuse_malformed(files, tables)
    inputs = [session.owner_key.opened(path, "inputs") for path in new_features]
    parts = _parts(files, tables, inputs)
    added = replace(files, labels=_together(tables))
    contents = {"labels": appended(files.labels, added.labels)}
    if files.features is not None:
        added = replace(added, features=_together(inputs))
        assert added.features is not None  # noqa: S101  # it has just been named
        contents["inputs"] = appended(files.features, added.features)
    news = {what: content for what, content in contents.items() if content is not None}
    new = _seen_alike(added, before)
    _refuse_known_ids(before, new, parts, is_labeled="labels" not in news)
    new.read_labels()  # whatever is wrong with the new files is said before anything that they may be taken for
    after = replace(_seen_alike(changes.holding(files, news), before), account=before.fingerprint)
    return _Growth(before, new, parts, after, news)


def _parts(files: ExampleFiles, tables: Sequence[Source], inputs: Sequence[Source]) -> tuple[ExampleFiles, ...]:
    """The new files, each with the features beside it; none where nobody can tell which belong together."""
    if files.features is None:
        return tuple(replace(files, labels=table) for table in tables)
    pairs = zip(tables, inputs, strict=True) if len(tables) == len(inputs) else ()
    return tuple(replace(files, labels=labels, features=features) for labels, features in pairs)


def _holders(parts: Sequence[ExampleFiles], before: TestSet, is_known: Callable[[TestSet], bool]) -> str:
    """Words that name those of several new files that hold known examples; none where there is but one."""
    found = [part for part in parts if is_known(_seen_alike(part, before))] if len(parts) > 1 else []
    return f" ({', '.join(str(part.features or part.labels) for part in found)})" if found else ""


def _refuse_unpaired(new_labels: Sequence[Path], new_features: Sequence[Path]) -> None:
    """Refuse sealed labels that were sealed with other features than those beside them."""
    for labels, features in zip(new_labels, new_features, strict=False):
        if is_sealed(labels) and is_sealed(features):
            from proctor.testset.sealing import check_pair

            check_pair(labels, features)


def _refuse_malformed(files: ExampleFiles, tables: Sequence[Source]) -> None:
    """Refuse labels that are not well formed by the name of their own file: together, they have that of the first."""
    if len(tables) == 1:
        return
    known: dict[str, Source] = {}
    for table in tables:
        for name in ids_of_checked(replace(files, labels=table)):
            if (other := known.setdefault(name, table)) is not table:
                said = "an id" if table.is_silent or other.is_silent else f"the id {shown(name)!r}"
                raise DataError(
                    f"{table} gives {said} that {other} gives, too",
                    hint="Name each example once. Nothing was recorded.",
                )


def _together(tables: Sequence[Source]) -> Source:
    """One table of all rows, in order."""
    first, *others = tables
    for other in others:
        if (content := appended(first, other)) is None:
            raise DataError(
                f"{other} holds examples that another one of the new files has too",
                hint="Name each example once. Nothing was recorded.",
            )
        first = replace(first, content=content)
    return first


def _refuse_known_ids(before: TestSet, added: TestSet, parts: Sequence[ExampleFiles], *, is_labeled: bool) -> None:
    """Refuse ids that the test set has; those of its last rows, if so *labeled* there, an earlier attempt has added."""
    known = set(before.ids or ()) & set(added.ids or ())
    if known and not (is_labeled and (before.ids or ())[-added.n_examples :] == added.ids):
        where = _holders(parts, before, lambda part: not known.isdisjoint(part.ids or ()))
        raise DataError(
            f"{count(len(known), 'ids')} of the new examples{where} {'stands' if len(known) == 1 else 'stand'} in the "
            "test set already",
            hint="Give the new examples alone; a label is changed by `proctor testset correct`. Nothing was recorded.",
        )


def _seen_alike(files: ExampleFiles, before: TestSet) -> TestSet:
    """The examples of *files*, known by the columns that those *before* are known by."""
    found = load(files).seen_through(before.columns)
    if found is None or (found.ids is None) != (before.ids is None):
        raise DataError(
            "the new examples have other columns than the test set", hint="Give them the same. Nothing was recorded."
        )
    return found


def _record(
    session: Session,
    books: LedgerView,
    growth: _Growth,
    models: Remeasuring,
    reason: str,
    refuses: Callable[[TestSet], None] | None,
) -> tuple[Change[Extended], LabelRegister]:
    """The entry of this extension, appended now or by an earlier attempt, and the register of labels that it makes."""
    life = session.life(books)
    done = changes.earlier(life, Extended, growth.after.version)
    if done is not None and done.record.n_added == growth.added.n_examples:
        register = session.registry.held(life, growth.after.hashes, growth.after.read_labels)
        return done if growth.contents else done._replace(attempt=Attempt.REPEATED), register
    changes.refuse_unchangeable(session, life, growth.before)
    _refuse_changed(growth)
    changes.refuse_split(
        growth.after, session.gate.cluster, np.arange(growth.after.n_examples) < growth.before.n_examples
    )
    labels = _all_labels(growth, is_pool=not life.in_use.is_labeled)
    _refuse_other_classes(labels, growth.before.n_examples)
    for other in books.lives.values():
        _refuse_known(growth, other, is_own=other is life, is_another=session.another is not None)
    if refuses is not None:
        refuses(growth.after)
    register = session.registry.held(life, growth.before.hashes, growth.before.read_labels)
    register = register.updated(growth.after.hashes, labels)
    record = Extended(
        testset=growth.after.fingerprint,
        version=growth.after.version,
        n_added=growth.after.n_examples - growth.before.n_examples,
        pins=models.marks(life) if session.gate.testset.inputs is Inputs.SEALED else {},
        another=session.another,
        reason=reason,
        origin=session.origin,
        **portrait(growth.after, labels, register, life.in_use, cluster=session.gate.cluster),
    )
    session.registry.draft(register)
    entry = session.append(record, books.head)
    return Change(record, entry.number, entry.at), register


def _refuse_changed(growth: _Growth) -> None:
    before, after = growth.before, growth.after
    n_old = before.n_examples
    if after.n_examples <= n_old:
        raise Misuse("these examples are the last ones of the test set already", hint="Nothing was recorded.")
    if not np.array_equal(after.hashes[:n_old], before.hashes):
        raise DataError("with these columns, examples of the test set would change", hint="Nothing was recorded.")


def _refuse_known(growth: _Growth, life: TestSetHistory, *, is_own: bool, is_another: bool) -> None:
    """Refuse examples that are in the books already, in this test set or in another; what only looks so may be said."""
    added, name = growth.added, f"test set {life.registered.record.testset[:12]}"
    for known in traits_in_books(life, added):
        match judge(known, added.traits):
            case Shares(common, by):
                where = _holders(growth.parts, growth.before, partial(_shares, known))
                said = f"{common} of the {added.n_examples:,} new examples{where} are in {name} already, by their {by}"
                raise DataError(said, hint="Add examples that no registered test set has. Nothing was recorded.")
            case Copies() as copies if not is_another:
                said = f"{copies} in {name}, and the new features look like a copy"
                raise DataError(said, hint=f"A column that is balanced by design looks so, too. {_ANOTHER}")
            case Doubtful() if not (is_own or is_another):
                said = f"nothing tells the new examples from those of {name}: their ids are row numbers"
                raise DataError(said, hint=_ANOTHER)
            case _:
                continue


def _shares(known: Traits, part: TestSet) -> bool:
    return isinstance(judge(known, part.traits), Shares)


def _all_labels(growth: _Growth, *, is_pool: bool) -> Labels:
    """Labels of all examples that will be in use; where not all were labeled before, new ones may lack theirs."""
    found = growth.after.read_labels()
    if is_pool:
        return found
    missing = int(np.count_nonzero(~found.is_known()[growth.before.n_examples :]))
    if missing:
        raise DataError(
            f"{missing:,} of the new examples {'has' if missing == 1 else 'have'} no label",
            hint="Label them first. Nothing was recorded.",
        )
    return found


def _refuse_other_classes(labels: Labels, n_before: int) -> None:
    """Refuse new labels of which none is a class of those before: they are another task's, or spelled otherwise."""
    values, known = labels.values, labels.is_known()
    before, new = (set(values[part][known[part]].tolist()) for part in (slice(n_before), slice(n_before, None)))
    if labels.kind is Kind.TEXT and before and new and before.isdisjoint(new):
        raise DataError(
            "none of the new labels is a class of the test set",
            hint="Give labels of the same task, spelled as those of before. Nothing was recorded.",
        )
