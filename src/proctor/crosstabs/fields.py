"""Columns to be counted, and counts of their raw cells as an engine brings them back."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.counting.panel import Mask, Panel
from proctor.crosstabs.crosstab import Crosstab
from proctor.errors import DataError, Misuse
from proctor.files import Fence
from proctor.language.tree import Slice
from proctor.predictions import Labels, PredictionSet, Sheet, align
from proctor.predictions.columns import Values, classes_column, declared_classes
from proctor.predictions.labels import labels_of
from proctor.predictions.tables import Raw, Source, Table
from proctor.spelling import shown
from proctor.testset.label_table import check_declared

MOST_COMBINATIONS = 1 << 21
"""Combinations of cells that are brought back; more of them are no classes."""

SHOWN = 3


class Field(NamedTuple):
    """
    A column of a table.

    Attributes:
        table: Path of a file, or the engine's own name of a table.
        name: Name of the column.
        is_private: True if no cell of it may appear in a message (labels).
        fence: What its links may not lead out of; ``None`` where nobody else had a hand in the path.
    """

    table: str | Path
    name: str
    is_private: bool = False
    fence: Fence | None = None

    @property
    def source(self) -> Source:
        """The table, as messages name it."""
        return Source(Path(self.table), is_private=self.is_private, fence=self.fence)


class Fields(NamedTuple):
    """
    Columns that are brought together.

    Attributes:
        labels: Labels, one for each example; empty where there is none yet.
        models: Predictions of candidate, baseline and anchor; the last two may be ``None``.
        id: Name of the column of ids in each table; ``None`` where one table has all columns.
    """

    labels: Field
    models: tuple[Field, Field | None, Field | None]
    id: str | None

    @property
    def given(self) -> tuple[Field, ...]:
        """Labels, then the predictions that there are."""
        return (self.labels, *filter(None, self.models))


class Groups(NamedTuple):
    """
    Examples that agree in every raw cell, counted.

    Attributes:
        cells: A column for each of the fields that are given, with a row for each combination.
        times: Number of examples of each combination.
    """

    cells: Sequence[Raw]
    times: NDArray[np.int64]


class Strangers(NamedTuple):
    """
    Ids that keep tables from being brought together, of one table.

    Attributes:
        field: The column whose table it is.
        twice: Number of ids that are given more than once, and some of them.
        missing: The same of ids of the test set that are not given.
        extra: The same of ids that the test set does not have.
        lacks: Word for what the table does not have of a missing id.
    """

    field: Field
    twice: tuple[int, Sequence[str]] = (0, ())
    missing: tuple[int, Sequence[str]] = (0, ())
    extra: tuple[int, Sequence[str]] = (0, ())
    lacks: str = "prediction"


class Distinct(Table):
    """Different cells, or combinations of them, which have no place in a file."""

    __slots__ = ()

    def place(self, row: int) -> str:
        """A place, in words."""
        return "some row"


def fields(labels: Field, models: tuple[Field, Field | None, Field | None], id_column: str | None) -> Fields:
    """
    Columns that can be brought together.

    Raises:
        Misuse: If they are columns of several tables, and no column of ids is named.
    """
    found = Fields(labels._replace(is_private=True), models, id_column)
    if id_column is None and len({str(field.table) for field in found.given}) > 1:
        raise Misuse(
            "several tables are brought together by ids: a database keeps no order of rows",
            hint="Name the column of ids that all of them have, or write all columns into one table.",
        )
    return found


def crosstab(
    asked: Fields, groups: Groups, classes: frozenset[str] | None, slices: Mapping[Slice, Mask] | None = None
) -> Crosstab:
    """
    Give the cells of each combination their meaning, as `proctor.predictions` does for whole files.

    Args:
        asked: The columns.
        groups: Combinations of their cells, counted.
        classes: Declared classes, as text; ``None`` if none are declared.
        slices: Masks of the combinations in each slice that is asked.

    Raises:
        DataError: If there is no example, a cell is no class, a prediction is missing or not declared, or predictions
            and labels are of different types.
    """
    n_rows = _counted(asked.labels, groups)
    declared = None if classes is None else declared_classes(classes)
    table = Distinct({asked.labels.name: groups.cells[0]}, n_rows, asked.labels.source)
    labels = labels_of(classes_column(table, asked.labels.name))
    check_declared(declared, table, labels)
    cells = iter(groups.cells[1:])
    sheet = Sheet(n_rows, None, labels.kind if labels.n_known else None, declared)
    found = [None if field is None else _predictions(field, next(cells), groups, sheet) for field in asked.models]
    candidate, baseline, anchor = found
    assert candidate is not None  # noqa: S101  # there is always one
    return Crosstab(Panel(candidate, baseline, anchor), Labels(labels.values, labels.known), groups.times, slices or {})


def class_names(field: Field, groups: Groups) -> list[str]:
    """
    The class that each cell of one column means, as text.

    Raises:
        DataError: If there is no row, a cell is no class, or a row has none.
    """
    table = Distinct({field.name: groups.cells[0]}, _counted(field, groups), field.source)
    column = classes_column(table, field.name)
    if column.known is not None and field.is_private:
        raise DataError(
            f"{field.source} has rows without a label",
            hint="Every example of a table that is counted by an engine needs one.",
        )
    _refuse_unpredicted(field, column.known, groups)
    return list(map(str, (labels_of(column).values if field.is_private else column.values).tolist()))


def refuse(strangers: Strangers) -> None:
    """
    Refuse a table whose ids are not those of the examples, if there is anything to refuse.

    Raises:
        DataError: If an id is given twice, missing, or unknown.
    """
    field, twice, missing, extra, lacks = strangers
    if twice[0] and field.is_private:
        raise DataError(f"{field.source} gives ids more than once", hint="Every example needs an id of its own")
    if twice[0]:
        raise DataError(f"{field.source} gives {_some(twice)} more than once", hint=f"Each example has one {lacks}")
    if missing[0]:
        raise DataError(
            f"{field.source} has no {lacks} for {_some(missing)} of the test set",
            hint=f"Every example needs a {lacks}; leaving some out is refused, whichever they are",
        )
    if extra[0]:
        raise DataError(f"{field.source} has {_some(extra)} that the test set does not have", hint="Remove them")


def no_examples(field: Field) -> DataError:
    """The refusal of a table of labels without rows."""
    return DataError(f"{field.source} holds no examples", hint="It needs a line for each example")


def empty_id(field: Field) -> DataError:
    """The refusal of a table with an empty id."""
    return DataError(f"{field.source}: the id is empty", hint="Every example needs an id of its own")


def refuse_absent(field: Field, wanted: Iterable[str | None], present: Container[str]) -> None:
    """
    Refuse a table without a *wanted* column, if one is named; its own names are not shown, since they may be labels.

    Raises:
        DataError: If it has not.
    """
    for name in wanted:
        if name is not None and name not in present:
            raise DataError(f"{field.source} has no column {name!r}", hint="Its first line must name the columns")


def strange_types(field: Field, text: str) -> DataError:
    """The refusal of a table with ids or classes of a strange type; *text* is what its engine calls text."""
    return DataError(
        f"{str(field.table)!r} has ids or classes of a type that is no class",
        hint=f"Cast ids to {text} or whole numbers, and classes too",
    )


def refuse_uncounted(field: Field, cells: Groups) -> None:
    """
    Refuse a column by which no slice is told apart, of which *cells* are the different ones.

    Raises:
        DataError: If there is none, or there are too many.
    """
    if not len(cells.times):
        raise no_examples(field)
    if len(cells.times) > MOST_COMBINATIONS:
        raise too_many_cells(field.source, field.name)


def too_many_cells(source: Source, column: str) -> DataError:
    """The refusal of a column that holds too much to be counted."""
    return DataError(
        f"the column {column!r} of {source} holds more than {MOST_COMBINATIONS:,} values",
        hint="Classes are counted, and slices group examples; ids, scores and measured values do neither: for slices, "
        "name a table without it in `testset.metadata`",
    )


def too_many() -> DataError:
    """The refusal of columns that hold anything but classes."""
    return DataError(
        f"there are more than {MOST_COMBINATIONS:,} combinations of labels and predictions",
        hint="Classes are counted; scores and measured values are not classes",
    )


def _some(ids: tuple[int, Sequence[str]]) -> str:
    number, some = ids
    listed = ", ".join(map(shown, some[:SHOWN])) + (", …" if number > SHOWN else "")
    return f"{number:,} id{'s' if number != 1 else ''} ({listed})"


def _predictions(field: Field, cells: Raw, groups: Groups, sheet: Sheet) -> Values:
    table = Distinct({field.name: cells}, len(groups.times), field.source)
    column = classes_column(table, field.name)
    _refuse_unpredicted(field, column.known, groups)
    return align(sheet, PredictionSet(column.values, None, "", str(field.table))).values


def _counted(field: Field, groups: Groups) -> int:
    """Number of combinations, if there are some and they can be of classes."""
    if not len(groups.times):
        raise no_examples(field)
    if len(groups.times) > MOST_COMBINATIONS:
        raise too_many()
    return len(groups.times)


def _refuse_unpredicted(field: Field, known: NDArray[np.bool_] | None, groups: Groups) -> None:
    if known is None:
        return
    missing = int(groups.times[~known].sum())
    raise DataError(
        f"{field.source} has no prediction in {missing:,} of {int(groups.times.sum()):,} rows",
        hint="Every example of the test set needs one; NaN and empty cells do not count",
    )
