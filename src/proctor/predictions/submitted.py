"""Reading what one model predicted, as it was submitted: before anything is known of the test set."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from proctor.counting.reading import Numbers, Rankings
from proctor.errors import DataError
from proctor.frozen import dataclass, replace
from proctor.predictions import logs, tables
from proctor.predictions.columns import Column, Kind, Values, classes_column, kind_of, numbers_column, text_column
from proctor.predictions.rankings import rankings_column
from proctor.predictions.tables import Source, Table
from proctor.spelling import shown

_SHOWN, _SHOWN_LETTERS = 8, 40
_MOST_STRANGERS = 1_000
_MOST_REPEATS = 100


class ColumnNames(NamedTuple):
    """
    Columns of a predictions file.

    Args:
        id: Name of the column of example ids; need not be there.
        prediction: Name of the column of predictions.
        numbers: Numbers or rankings that predictions are; ``None`` where they are classes.
    """

    id: str = "id"
    prediction: str = "prediction"
    numbers: Numbers | Rankings | None = None


@dataclass(frozen=True)
class PredictionSet:
    """
    The predictions of one model.

    Args:
        values: One class, or one number, per example.
        ids: Ids of the examples; ``None`` where the file names none.
        digest: `digest` of the file as submitted (or of the model that wrote it).
        source: What was submitted, in the developer's own words.
    """

    values: Values
    ids: tuple[str, ...] | None
    digest: str
    source: str

    def __len__(self) -> int:
        return len(self.values)

    @property
    def kind(self) -> Kind:
        """Integers, text or numbers."""
        return kind_of(self.values)


def digest(source: Source, names: ColumnNames) -> str:
    """
    Digest of a submitted file: 64 hexadecimal digits.

    It is the file's SHA-256, and where its columns have names of their own another one for each choice of them:
    one file may hold the predictions of several models.

    Raises:
        DataError: If the file cannot be read.
    """
    of_file = tables.digest(source)
    if (names.id, names.prediction) == ColumnNames()[:2]:
        return of_file
    return hashlib.sha256(f"proctor columns 1\0{of_file}\0{names.id}\0{names.prediction}".encode()).hexdigest()


def read_predictions(
    path: Path | Source, names: ColumnNames | None = None, n_examples: int | None = None
) -> PredictionSet:
    """
    Read the predictions of one model from CSV, TSV, JSON Lines, NPY, NPZ, Parquet or Arrow.

    Args:
        path: The file.
        names: Its columns; an NPY file has none, an NPZ file with a single array needs none.
        n_examples: Examples of the test set, where known: a file of far more rows is not read to its end.

    Raises:
        DataError: If the file is not a well-formed table of exactly one class, or number, for each of its rows.
        MissingExtra: If it is Parquet or Arrow and pyarrow is not installed.
    """
    source = path if isinstance(path, Source) else Source(path)
    names = names or ColumnNames()
    submitted = digest(source, names)
    name = _prediction_column(source, names)
    numbers = names.numbers
    is_repeated = isinstance(numbers, Numbers) and numbers.is_repeated
    most_rows = (
        None if n_examples is None else (2 * n_examples + _MOST_STRANGERS) * (_MOST_REPEATS if is_repeated else 1)
    )
    table = tables.read_table(source, frozenset((names.id, name)), most_rows)
    if name not in table.columns:
        raise _no_column(source, names)
    if isinstance(numbers, Numbers) and logs.is_log(source):
        table = logs.in_numbers(table, name)
    try:
        column = _column(table, name, numbers)
    except DataError as error:
        if isinstance(numbers, Numbers) and _is_of_words(table.columns[name]):
            raise DataError(error.message, f"{error.hint}{_another_column(source, names)}") from None
        raise
    if not len(column.values):
        raise DataError(f"{source} holds no predictions", hint="It needs one for every example of the test set")
    if column.known is not None:
        raise _no_prediction(table, np.flatnonzero(~column.known))
    ids = tuple(text_column(table, names.id)) if names.id in table.columns else None
    found = PredictionSet(column.values, ids, submitted, str(source.path))
    return averaged(found) if is_repeated else found


def _column(table: Table, name: str, content: Numbers | Rankings | None) -> Column:
    match content:
        case Numbers():
            return numbers_column(table, name, content)
        case Rankings():
            return rankings_column(table, name)
        case _:
            return classes_column(table, name)


def averaged(predictions: PredictionSet) -> PredictionSet:
    """
    One number for each example, the mean of those that it has, whatever their order; as it is without ids.

    Raises:
        DataError: If one example has more than another: which were left out could depend on what they say.
    """
    if predictions.ids is None or len(set(predictions.ids)) == len(predictions.ids):
        return predictions
    values: dict[str, list[float]] = {}
    for name, value in zip(predictions.ids, predictions.values.tolist(), strict=True):
        values.setdefault(name, []).append(value)
    first, n_repeats = next((name, len(each)) for name, each in values.items())
    for name, each in values.items():
        if len(each) != n_repeats:
            raise DataError(
                f"{predictions.source!r} does not have the same number of rows for each example: {n_repeats} for "
                f"{shown(first, _SHOWN_LETTERS)}, {len(each)} for {shown(name, _SHOWN_LETTERS)}",
                hint="Repeat each as often as every other: a run that is left out may be the one that failed",
            )
    means = [min(max(math.fsum(each) / n_repeats, min(each)), max(each)) for each in values.values()]
    return replace(predictions, values=np.array(means), ids=tuple(values))


def _prediction_column(source: Source, names: ColumnNames) -> str:
    """The column that is named; in arrays, the only one there is. An index without a name is never meant."""
    if source.ending not in {".npy", ".npz"}:
        return names.prediction
    found = tables.column_names(source)
    others = [name for name in found if name != names.id]
    if names.prediction in found or len(others) != 1:
        return names.prediction
    return others[0]


def _is_of_words(raw: tables.Raw) -> bool:
    try:
        float(next(iter(raw), 0.0))
    except (TypeError, ValueError):
        return True
    return False


def _another_column(source: Source, names: ColumnNames) -> str:
    """Advice to name another column of the file, where it has one."""
    others = [name for name in tables.column_names(source) if name not in (names.id, names.prediction)]
    if not others:
        return ""
    return f"; if another column holds it, name that beside `predictions` in the gate file: `prediction: {others[0]}`"


def _no_column(source: Source, names: ColumnNames) -> DataError:
    found = tables.column_names(source)
    there = ", ".join(repr(name[:_SHOWN_LETTERS]) for name in found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    hint = f"name the columns {names.id!r} and {names.prediction!r} in its first line"
    if logs.is_log(source):
        hint = "say which score of the log is judged, beside `predictions` in the gate file: `prediction: NAME`"
    return DataError(f"{source} has no column {names.prediction!r}; it has {there}", hint=hint)


def _no_prediction(table: Table, rows: np.ndarray) -> DataError:
    places = ", ".join(table.place(int(row)) for row in rows[:3]) + (", …" if len(rows) > 3 else "")
    return DataError(
        f"{table.source} has no prediction in {len(rows):,} of {table.n_rows:,} rows: {places}",
        hint="Every example of the test set needs one; NaN and empty cells do not count",
    )
