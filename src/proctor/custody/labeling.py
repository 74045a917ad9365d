"""
Labels that were asked for, taken back from the people who label into the file of labels, once and for all.

First the receipts, then the file of labels: doing it again completes what was interrupted in between. Nothing goes
into the ledger, where everybody could count how many labels came, and when. A label that is in its file is there for
every evaluation to come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from proctor.counting.reading import Content
from proctor.custody.answers import Answer, read_answers
from proctor.custody.corrections import LABELS, put_in_place
from proctor.custody.receipts import Receipt, Receipts
from proctor.errors import DataError, Misuse, TestSetRetired
from proctor.gate.books import LedgerView
from proctor.gate.collecting import Waiting, note_of, reader_of, sample_of, waitings_of
from proctor.gate.labels import refuse_corrected, requests_of
from proctor.gate.session import Session
from proctor.gate.tables import refuse_table
from proctor.gatefile import Accepted
from proctor.predictions import Kind
from proctor.reports.sentences import count
from proctor.spelling import shown
from proctor.testset import ExampleFiles, TestSet
from proctor.testset.filling import filled
from proctor.testset.label_table import is_declared

_NOTHING = "Nothing was taken in."


class Holdings(NamedTuple):
    """
    Labels of a test set as they stand; for the owner alone.

    Attributes:
        labels: The file of labels.
        n_wanted: Number of examples of the last request that have none.
        received: Number of labels that were taken in, by who gave them.
    """

    labels: Path
    n_examples: int
    n_labels: int
    n_wanted: int
    received: Mapping[str, int]


def holdings(session: Session) -> Holdings:
    """Count the labels that are there."""
    refuse_table(session.gate, "proctor labels")
    return Holdings(
        labels=session.gate.resolve(session.gate.testset.labels),
        n_examples=session.testset.n_examples,
        n_labels=session.labels.n_known,
        n_wanted=len(wanted(session)),
        received=Counter(each.by for each in Receipts(session).read()),
    )


def wanted(session: Session) -> list[int]:
    """Rows of the last request that have no label yet, in its order."""
    known = session.labels.is_known()
    return [row for row in requests_of(session).last() if not known[row]]


class Collecting(NamedTuple):
    """
    A question whose labels are bought batch by batch.

    Attributes:
        candidate: The developer's words for the new model.
        is_collected: True if the labels are there, so that the next check of it judges.
    """

    candidate: str
    condition: str
    is_collected: bool


def collect(session: Session, batch: int) -> list[Collecting]:
    """
    Read the labels of every question that waits, in order, and ask for the next where they do not decide it yet.

    For each, a *batch* of so many labels is asked for. Questions that nobody can ask any more are left out.

    Raises:
        DataError: If labels are not those of registration, or predictions are not here any more.
        TestSetRetired: If the test set is retired.
    """
    _refuse_unfit(session)
    books, waitings = session.books(), waitings_of(session)
    rows: list[int] = []
    found: list[Collecting] = []
    for waiting in waitings.all():
        if waiting.gate != session.gate.name:
            continue
        if _is_of_the_past(session, books, waiting):
            waitings.remove(waiting)
            continue
        reader = reader_of(session, books, waiting, sample_of(session, waiting))
        needed = reader.still_needed[:batch].tolist()
        rows += needed
        if not needed:
            waitings.put(replace(waiting, collected=note_of(session, waiting, reader)))
        found.append(Collecting(waiting.candidate.source, waiting.condition, not needed))
    if rows:
        requests_of(session).write(np.array(rows))
    return found


def _is_of_the_past(session: Session, books: LedgerView, waiting: Waiting) -> bool:
    """True if another baseline was accepted since the question was asked: it will be asked about that one."""
    accepted = books.life.accepted(waiting.gate) if books.life is not None else None
    if not isinstance(session.gate.baseline, Accepted) or accepted is None:
        return False
    return waiting.baseline is not None and waiting.baseline.digest != accepted.record.candidate.digest


def take_in(
    session: Session,
    files: Sequence[Path],
    *,
    by: str | None = None,
    requests: Sequence[Path] = (),
    is_new_only: bool = False,
) -> int:
    """
    Take labels that were asked for into the file of labels; all of them, or none.

    Args:
        session: The gate, opened by its owner.
        files: Tables that were filled in, or exports of Label Studio.
        by: Who labeled, where a file does not say it; left out: who asks.
        requests: Requests that the files answer, where they were written on another machine.
        is_new_only: True if labels that are there already, and agree, are passed over.

    Returns:
        Number of new labels; none only where all are passed over.

    Raises:
        DataError: If labels were not asked for, are of no example or class that there is, contradict each other or
            those that are there, or are there already.
        Misuse: If there is no label in them, or the file of labels is no text table.
        TestSetRetired: If the test set is retired.
    """
    _refuse_unfit(session)
    given = [each for file in files for each in _answers(session, file) if each.label]
    _refuse_strange(session.testset, given)
    _refuse_repeated(given)
    _refuse_contradicting(session, given, Receipts(session).read())
    new = _new(session, given, passes_over=is_new_only)
    if given and not new:
        return 0
    if not new:
        raise Misuse(f"no new label is in {', '.join(repr(str(file)) for file in files)}", hint=_NOTHING)
    _refuse_unasked(session, new, requests)
    content = _content(session, {each.example: str(each.label) for each in new})
    who = by or session.origin.actor or "unknown"
    Receipts(session).add(
        Receipt(each.example, str(each.label), each.by or who, each.at or session.runtime.now(), each.place)
        for each in new
    )
    put_in_place(session, content, session.gate.resolve(session.gate.testset.labels), LABELS)
    return len(new)


def _refuse_unfit(session: Session) -> None:
    """Refuse a test set that takes no labels, and labels that are not those of its registration."""
    refuse_table(session.gate, "proctor labels")
    life = session.books().life
    if life is not None and life.retired is not None:
        raise TestSetRetired(f"test set {session.testset.fingerprint[:12]} is retired; its labels stand as they are")
    if life is not None:
        refuse_corrected(session, life)


def _answers(session: Session, file: Path) -> list[Answer]:
    return read_answers(session.owner_key.opened(file, LABELS), session.testset)


def _refuse_if_any(found: Sequence[Answer], what: str, hint: str) -> None:
    """Refuse answers that are *found* to be wrong: how many, and the first of them."""
    if found:
        first = f"{shown(found[0].example)!r} ({found[0].place})"
        many = first if len(found) == 1 else f"{first} and {count(len(found) - 1, 'others')}"
        raise DataError(f"{what}: {many}", hint=f"{hint} {_NOTHING}")


def _refuse_strange(testset: TestSet, given: Sequence[Answer]) -> None:
    """Refuse labels of examples or classes that there are not."""
    _refuse_if_any(
        [each for each in given if each.example not in testset.row_of],
        "there are labels of examples that the test set does not have",
        f"Leave the column {testset.example_column!r} as it was in the request.",
    )
    _refuse_if_any(
        [each for each in given if not _is_class(str(each.label), testset.files)],
        "there are labels of unknown classes",
        "`testset.classes` of the gate file declares which there are.",
    )


def _is_class(label: str, files: ExampleFiles) -> bool:
    classes = None if files.reading.labels is Content.NUMBERS else files.declared
    return is_declared(int(label) if label in ("0", "1") else label, classes)


def _refuse_repeated(given: Sequence[Answer]) -> None:
    """Refuse two labels of one example, whether they agree or not."""
    first: dict[str, Answer] = {}
    again = [each for each in given if first.setdefault(each.example, each) is not each]
    _refuse_if_any(
        [each for each in again if each.label != first[each.example].label],
        "there are labels that contradict each other",
        "Settle which is right, and leave one of them.",
    )
    _refuse_if_any(again, "there are labels that are given twice", "Leave one of them.")


def _new(session: Session, given: Sequence[Answer], *, passes_over: bool) -> list[Answer]:
    """Labels of *given* whose example has no label yet; others are refused, unless they are passed over."""
    known = session.labels.is_known()
    there = {each.example for each in given if known[session.testset.row_of[each.example]]}
    if not passes_over:
        _refuse_if_any(
            [each for each in given if each.example in there],
            "there are labels that the test set has already, imported twice",
            "Leave them out; or pass over them: --new-only.",
        )
    return [each for each in given if each.example not in there]


def _refuse_contradicting(session: Session, given: Sequence[Answer], receipts: Iterable[Receipt]) -> None:
    """Refuse another label than the one in the file of labels, or else on an earlier receipt."""
    testset, labels = session.testset, session.labels.plain()
    known = session.labels.is_known()
    received = {each.example: each.label for each in receipts}

    def contradicts(answer: Answer) -> bool:
        row = testset.row_of[answer.example]
        if known[row]:
            return answer.label not in _spellings(labels[row])
        return received.get(answer.example, answer.label) != answer.label

    _refuse_if_any(
        [each for each in given if contradicts(each)],
        "there are labels that contradict those of the test set",
        "A label that is wrong is corrected on record: `proctor testset correct`.",
    )


def _spellings(value: int | float | str) -> set[str]:
    """Texts that mean the class *value*: of 1, True too."""
    return {str(value), str(bool(value))} if value in (0, 1) else {str(value)}


def _refuse_unasked(session: Session, given: Sequence[Answer], requests: Sequence[Path]) -> None:
    asked = {*requests_of(session).asked(), *(each.example for file in requests for each in _answers(session, file))}
    _refuse_if_any(
        [each for each in given if each.example not in asked],
        "there are labels that were not asked for",
        "`proctor check` asks for those that it needs; a request that was written on another machine is named with "
        "--request FILE.",
    )


def _content(session: Session, given: Mapping[str, str]) -> bytes:
    """The file of labels with those that are *given*, read once more to see that it is that and nothing else."""
    testset, before = session.testset, session.labels
    files = testset.files
    kind = Kind.NUMBERS if files.reading.labels is Content.NUMBERS else before.kind if before.n_known else None
    content = filled(testset, given, kind)
    after = replace(testset, files=replace(files, labels=replace(files.labels, content=content))).read_labels()
    labels = after.plain()
    known, rows = before.is_known(), [testset.row_of[name] for name in given]
    is_whole = np.array_equal(before.values[known], after.values[known]) and after.n_known == before.n_known + len(rows)
    if not is_whole or any(text not in _spellings(labels[testset.row_of[name]]) for name, text in given.items()):
        raise DataError(
            f"these labels do not go with those in {files.labels}, which are {before.kind}",
            hint=f"Name the classes all by numbers or all by words. {_NOTHING}",
        )
    return content
