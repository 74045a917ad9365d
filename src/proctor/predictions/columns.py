"""
Giving a raw column its type: classes are integers or text, and nothing in between.

A column is one or the other as a whole. In a CSV, where everything is text, a column whose cells all read as
whole numbers is one of integers; a column in which only some do is refused, because the next file of the same
model might then be of the other type. Elsewhere the file itself says what is text: ``"1"`` in JSON is text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.predictions.tables import Raw, Table

LONGEST_CLASS = 256
"""Characters in the name of a class; longer ones are a mistake, and would cost memory in every row."""

_MISSING = -1
Values = NDArray[Any]


class Kind(StrEnum):
    """Type of a column of classes; public also for labels."""

    INTEGERS = "integers"
    TEXT = "text"


@dataclass(frozen=True)
class Column:
    """
    Classes, one per row.

    Args:
        values: Integers (any width) or text; a filler where nothing is known.
        known: False where the cell is empty; ``None`` if none is.

    """

    values: Values
    known: NDArray[np.bool_] | None = None

    @property
    def kind(self) -> Kind:
        """Integers or text."""
        return kind_of(self.values)


@dataclass(frozen=True)
class _Parsed:
    """What the distinct cells of a column mean; ``None`` is an empty one."""

    meanings: dict[Any, int | str | None]
    kind: Kind


def kind_of(values: Values) -> Kind:
    """Type of an array of classes."""
    return Kind.TEXT if values.dtype.kind == "U" else Kind.INTEGERS


def classes_column(table: Table, name: str) -> Column:
    """
    The column *name* of *table* as classes.

    Raises:
        DataError: If it holds scores instead of classes, text beside numbers, NaN, or anything that is no class.

    """
    raw = table.columns[name]
    if isinstance(raw, np.ndarray):
        return _from_array(table, name, raw)
    return _from_cells(table, name, raw)


def text_column(table: Table, name: str) -> list[str]:
    """
    The column *name* of *table* as ids: text, whole numbers without a decimal point.

    Raises:
        DataError: If an id is empty.

    """
    raw = table.columns[name]
    cells = raw if not isinstance(raw, np.ndarray) else _flat(table, name, raw).tolist()
    is_text = table.source.suffix == ".csv"
    ids = cells if is_text else [cell if isinstance(cell, str) else _id_text(cell) for cell in cells]
    if "" in ids:
        raise DataError(
            f"{table.source}, {table.place(ids.index(''))}: the id is empty",
            hint="every example needs an id of its own",
        )
    return ids


def _id_text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


# --- arrays ----------------------------------------------------------------------------------------------------------


def _flat(table: Table, name: str, array: Values) -> Values:
    if array.ndim != 1:
        shape = "x".join(map(str, array.shape))
        raise DataError(
            f"{table.source}{_named(name)} has the shape {shape}, not one class per example",
            hint="write the predicted class, for example scores.argmax(axis=1)",
        )
    return array


def _from_array(table: Table, name: str, array: Values) -> Column:
    array = _flat(table, name, array)
    match array.dtype.kind:
        case "b":
            return Column(array.view(np.int8))
        case "i":
            return Column(array)
        case "u" if array.dtype.itemsize < 8 or not len(array) or int(array.max()) < 2**63:
            return Column(array)
        case "f":
            return _from_floats(table, name, array)
        case "U" | "S":
            return _from_cells(table, name, _decoded(table, name, array) if array.dtype.kind == "S" else array)
        case _:
            raise DataError(
                f"{table.source}{_named(name)} has the type {array.dtype}, which is no type of a class",
                hint="name the classes by whole numbers or by text",
            )


def _decoded(table: Table, name: str, array: Values) -> Values:
    try:
        return np.char.decode(array, "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{table.source}{_named(name)} holds bytes that are not UTF-8", hint="save classes as text"
        ) from error


def _from_floats(table: Table, name: str, array: Values) -> Column:
    known = ~np.isnan(array)
    whole = np.where(known, array, _MISSING)
    bad = np.flatnonzero((whole != np.floor(whole)) | (np.abs(whole) > 2.0**53))
    if len(bad):
        raise _not_a_class(table, name, int(bad[0]), float(array[bad[0]]))
    return Column(_smallest(whole.astype(np.int64)), None if known.all() else known)


def _smallest(values: NDArray[np.int64]) -> Values:
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    fits = next(width for width in (8, 16, 32, 64) if -(2 ** (width - 1)) <= low and high < 2 ** (width - 1))
    return values.astype(f"i{fits // 8}")


# --- cells -----------------------------------------------------------------------------------------------------------


def _from_cells(table: Table, name: str, raw: Raw) -> Column:
    cells: list[Any] = raw.tolist() if isinstance(raw, np.ndarray) else raw
    is_csv = table.source.suffix == ".csv"
    parsed = _parse(table, name, cells, is_csv)
    filler: int | str = "" if parsed.kind is Kind.TEXT else _MISSING
    meanings = {cell: filler if meaning is None else meaning for cell, meaning in parsed.meanings.items()}
    found = map(meanings.__getitem__, cells)
    known = None
    if None in parsed.meanings.values():
        known = np.fromiter((parsed.meanings[cell] is not None for cell in cells), np.bool_, len(cells))
    if parsed.kind is Kind.TEXT:
        longest = max((len(str(meaning)) for meaning in meanings.values()), default=1)
        return Column(np.fromiter(found, f"U{max(longest, 1)}", len(cells)), known)
    return Column(_smallest(np.fromiter(found, np.int64, len(cells))), known)


def _parse(table: Table, name: str, cells: list[Any], is_csv: bool) -> _Parsed:
    try:
        distinct = dict.fromkeys(cells)
    except TypeError as error:  # a list or an object inside JSON
        raise DataError(
            f"{table.source}{_named(name)} holds lists or objects, not classes",
            hint="write one class for each example, for example the argmax of its scores",
        ) from error
    # 1, 1.0 and True are one key in Python and one class here.
    meanings = {cell: _meaning(cell, is_csv) for cell in distinct}
    kinds = {type(meaning) for meaning in meanings.values() if meaning is not None}
    for cell, meaning in meanings.items():
        if isinstance(meaning, float) or (isinstance(meaning, str) and len(meaning) > LONGEST_CLASS):
            raise _not_a_class(table, name, cells.index(cell), cell)
        if isinstance(meaning, int) and not -(2**63) <= meaning < 2**63:
            raise _not_a_class(table, name, cells.index(cell), cell)
    if len(kinds) > 1:
        raise _mixed(table, name, cells, meanings)
    classes = {cell: meaning for cell, meaning in meanings.items() if not isinstance(meaning, float)}
    return _Parsed(classes, Kind.TEXT if kinds == {str} else Kind.INTEGERS)


def _meaning(cell: object, is_csv: bool) -> int | str | float | None:
    """The class that a cell means: ``None`` for an empty one, a float for what is no class at all."""
    match cell:
        case None | "":
            return None
        case bool() | int():
            return int(cell)
        case float():
            return int(cell) if cell.is_integer() else cell
        case str() if "\0" in cell:  # NumPy would drop it at the end of a text
            return math.nan
        case str() if is_csv:
            return _csv_meaning(cell.strip())
        case str():
            return math.nan if cell.strip().lower() == "nan" else cell
        case _:
            return math.nan


def _csv_meaning(text: str) -> int | str | float | None:
    if not text:
        return None
    if text.lower() in {"nan", "+nan", "-nan"}:
        return math.nan
    # "007" and "1_000" are names, not numbers; "1.0" is what other tools write for 1.
    if not text.removeprefix("-")[:1].isdecimal() or "_" in text or not text.isascii() or _is_padded(text):
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if text.removeprefix("-").isdecimal():
        return int(text) if len(text) <= _LONGEST_NUMBER else number
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


_LONGEST_NUMBER = 20
"""Digits of 2**63 and a sign; Python refuses to read numbers of thousands of digits."""


def _is_padded(text: str) -> bool:
    digits = text.removeprefix("-")
    return len(digits) > 1 and digits[0] == "0" and digits[1].isdecimal()


def _named(name: str) -> str:
    return f", column {name!r}" if name else ""


def _shown(table: Table, cell: object) -> str:
    if table.source.is_private:
        return "a cell that is not shown here"
    return repr(cell) if len(repr(cell)) <= 60 else repr(cell)[:60] + "…"


def _not_a_class(table: Table, name: str, row: int, cell: object) -> DataError:
    return DataError(
        f"{table.source}{_named(name)}, {table.place(row)}: {_shown(table, cell)} is not a class",
        hint="every example needs a class: a whole number, or text of at most 256 characters; scores, NaN and "
        "the measured values of a regression are none",
    )


def _mixed(table: Table, name: str, cells: Iterable[Any], meanings: dict[Any, Any]) -> DataError:
    examples: dict[type, tuple[int, Any]] = {}
    for row, cell in enumerate(cells):
        if meanings[cell] is not None:
            examples.setdefault(type(meanings[cell]), (row, cell))
    (row, number), (other, text) = examples[int], examples[str]
    return DataError(
        f"{table.source}{_named(name)} mixes numbers and text: {_shown(table, number)} in "
        f"{table.place(row)}, {_shown(table, text)} in {table.place(other)}",
        hint="name the classes all by numbers or all by words",
    )
