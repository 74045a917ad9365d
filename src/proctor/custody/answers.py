"""
Labels as they come back from people: a table that was filled in, or an export of Label Studio.

Rows that nobody filled in are no answers. Labels of people who were shown what a model predicts are refused: they lean
to it, and the test set would be on that model's side.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from proctor.errors import DataError
from proctor.predictions.columns import text_column
from proctor.predictions.tables import Source, column_names, read_table
from proctor.spelling import class_name, example_ids
from proctor.testset import TestSet
from proctor.testset.label_table import labels_in

Json = dict[str, Any]

_EXPORT = "Export the project from Label Studio as JSON, not as JSON-MIN, CSV or anything else."
_GIVEN = ("choices", "number", "rating")
"""Keys under which Label Studio exports what a person gave."""


class Answer(NamedTuple):
    """
    One example of a file of answers, by its name: the id, or the row from 1 where there are no ids.

    Attributes:
        label: Its class, in the one spelling; ``None`` if nobody labeled it.
        by: Who labeled it, where the file says so.
        at: When, likewise.
    """

    example: str
    label: str | None
    by: str | None
    at: str | None
    place: str


def read_answers(source: Source, testset: TestSet) -> list[Answer]:
    """
    Every example of a file that came back, in its order.

    Raises:
        DataError: If it cannot be read, names no examples, or people were shown predictions.
    """
    return list((_of_label_studio if source.suffix == ".json" else _of_table)(source, testset))


def _of_table(source: Source, testset: TestSet) -> Iterator[Answer]:
    names = (testset.example_column, testset.files.label)
    table = read_table(source, frozenset(names))
    lacking = [name for name in names if name not in table.columns]
    if lacking:
        raise DataError(
            f"{source} has no column {lacking[0]!r} among its {len(column_names(source))}",
            hint=f"Labels come back as they were asked for: in the columns {names[0]!r} and {names[1]!r}.",
        )
    labels = labels_in(table, names[1], testset.files.reading.labels)
    known = labels.is_known().tolist()
    for row, (name, label) in enumerate(zip(text_column(table, names[0]), labels.plain(), strict=True)):
        yield Answer(name, str(label) if known[row] else None, None, None, f"{source}, {table.place(row)}")


def _of_label_studio(source: Source, testset: TestSet) -> Iterator[Answer]:
    for number, task in enumerate(_tasks(source), 1):
        place = f"{source}, task {number}"
        data = task.get("data")
        name = data.get(testset.example_column) if isinstance(data, dict) else None
        if isinstance(name, bool) or not isinstance(name, str | int):
            raise DataError(f"{place} names no example: `data.{testset.example_column}` is not there", hint=_EXPORT)
        _refuse_other_testset(task, testset, place)
        annotations = [each for each in _list(task, "annotations", place) if not each.get("was_cancelled")]
        if task.get("predictions") or any(a.get("prediction") or a.get("parent_prediction") for a in annotations):
            raise DataError(
                f"{place} was shown with a model's prediction, which sways whoever sees it",
                hint="Turn predictions off in the project's settings, and have these examples labeled anew.",
            )
        yield _answer(example_ids([str(name)])[0], annotations, place)


def _tasks(source: Source) -> list[Json]:
    try:
        with source.open_text() as file:
            found = json.load(file)
    except (ValueError, RecursionError):
        raise DataError(f"{source} is not JSON", hint=_EXPORT) from None
    if not isinstance(found, list) or not all(isinstance(task, dict) for task in found):
        raise DataError(f"{source} is not a list of tasks", hint=_EXPORT)
    return found


def _refuse_other_testset(task: Json, testset: TestSet, place: str) -> None:
    meta = task.get("meta")
    asked_of = meta.get("testset") if isinstance(meta, dict) else None
    if asked_of not in (None, testset.fingerprint):
        raise DataError(
            f"{place} was asked for test set {str(asked_of)[:12]!r}, and this is {testset.fingerprint[:12]}"
        )


def _answer(name: str, annotations: Sequence[Json], place: str) -> Answer:
    """The label on which all who labeled a task agree, with who they are and when the last of them was done."""
    chosen = [(choice, each) for each in annotations if (choice := _choice(each, place)) is not None]
    labels = {choice for choice, _ in chosen}
    if len(labels) > 1:
        raise DataError(
            f"{place} has labels that contradict each other: the people who labeled it do not agree",
            hint="Settle it in Label Studio, leave one annotation (or agreeing ones), and export again.",
        )
    people = list(dict.fromkeys(by for _, each in chosen if (by := _annotator(each)) is not None))
    times = [time for _, each in chosen if isinstance(time := each.get("updated_at") or each.get("created_at"), str)]
    label = labels.pop() if labels else None
    return Answer(name, label, ", ".join(people) or None, max(times, default=None), place)


def _choice(annotation: Json, place: str) -> str | None:
    """The one class that was chosen in an annotation, or the one number that was given; ``None`` if there is none."""
    values = [each.get("value") for each in _list(annotation, "result", place)]
    given = [value[key] for value in values if isinstance(value, dict) for key in _GIVEN if key in value]
    if not given:
        return None
    found = given[0][0] if isinstance(given[0], list) and len(given[0]) == 1 else given[0]
    if len(given) > 1 or not isinstance(found, str | int | float):
        raise DataError(
            f"{place} does not hold exactly one choice", hint='Ask for one choice: `<Choices choice="single" …>`.'
        )
    is_whole = isinstance(found, float) and found.is_integer()
    return class_name(str(int(found) if is_whole else found)) or None


def _annotator(annotation: Json) -> str | None:
    found = annotation.get("completed_by")
    if isinstance(found, dict):
        found = next((found[key] for key in ("email", "username", "id") if found.get(key)), None)
    return None if found is None else str(found)


def _list(of: Json, key: str, place: str) -> list[Json]:
    found = of.get(key) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise DataError(f"{place}: `{key}` is not a list of objects", hint=_EXPORT)
    return found
