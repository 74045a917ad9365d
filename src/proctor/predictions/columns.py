"""
Giving a raw column its type: classes are integers or text, and nothing in between; or all of it is numbers.

A column of classes is one or the other as a whole. In a CSV, where everything is text, a column whose cells all read as
whole numbers is one of integers; a column in which only some do is refused, because the next file of the same
model might then be of the other type. Elsewhere the file itself says what is text: ``"1"`` in JSON is text.
Text is read in one spelling (`proctor.spelling`). True and false where the file itself has them are kept
as such until the labels say whether they are words or the numbers 1 and 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.counting.reading import Numbers
from proctor.errors import DataError
from proctor.predictions.tables import Raw, Table
from proctor.spelling import can_be_kept, class_in, class_name, example_ids, is_nan, written_class

LONGEST_CLASS = 256
"""Characters in the name of a class; longer ones are a mistake, and would cost memory in every row."""

_MISSING = -1
_PIECE = 1 << 16
Values = NDArray[Any]


class Kind(StrEnum):
    """Type of a column; public also for labels."""

    INTEGERS = "integers"
    TEXT = "text"
    NUMBERS = "numbers"
    RANKINGS = "rankings"


class Column(NamedTuple):
    """
    Classes or numbers, one per row.

    Args:
        values: Integers (any width), text, or true and false; or 64-bit floats; a filler where nothing is known.
        known: False where the cell is empty; ``None`` if none is.
        before: The same as proctor 0.1 read it, where that was another spelling; ``None`` elsewhere.
    """

    values: Values
    known: NDArray[np.bool_] | None = None
    before: Values | None = None

    @property
    def kind(self) -> Kind:
        """Integers, text or numbers."""
        return kind_of(self.values)


def kind_of(values: Values) -> Kind:
    """Type of an array of classes, or of numbers."""
    if values.dtype.kind == "f":
        return Kind.NUMBERS
    return Kind.TEXT if values.dtype.kind == "U" else Kind.INTEGERS


def declared_classes(names: Iterable[str]) -> frozenset[str]:
    """Declared classes as `Column` has them: ``1.0`` is 1, ``TRUE`` is True."""
    return frozenset(str(class_in(name)) for name in map(class_name, names))


def distinct(values: Values) -> set[int | str]:
    """The classes that occur."""
    if values.dtype.kind != "U":
        return set(np.unique(values).tolist())
    pieces = (values[start : start + _PIECE].tolist() for start in range(0, len(values), _PIECE))
    return set().union(*map(set, pieces))  # many times faster than sorting text


def respelled(values: Values) -> Values:
    """Classes that an earlier version read, in the spelling of this one."""
    if values.dtype.kind != "U":
        return values
    names = {str(name): str(class_in(class_name(str(name)))) for name in distinct(values)}
    if all(name == now for name, now in names.items()):
        return values
    return np.array([names[name] for name in values.tolist()], "U")


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


def numbers_column(table: Table, name: str, allowed: Numbers) -> Column:
    """
    The column *name* of *table* as numbers, each of them finite.

    Raises:
        DataError: If it holds anything but numbers, or one that is not *allowed*.
    """
    raw = table.columns[name]
    if isinstance(raw, np.ndarray) and raw.dtype.kind in "biuf":
        values = _flat(table, name, raw, "number").astype(np.float64)
    else:
        cells = raw if not isinstance(raw, np.ndarray) else _flat(table, name, raw, "number").tolist()
        values = _numbers(table, name, cells)
    known = ~np.isnan(values)
    bad = np.flatnonzero(known & ~((values >= allowed.low) & (values <= allowed.high) & np.isfinite(values)))
    if len(bad):
        raise _not_allowed(table, name, int(bad[0]), float(values[bad[0]]), allowed)
    return Column(np.where(known, values, 0.0) + 0.0, None if known.all() else known)  # -0.0 is 0


def text_column(table: Table, name: str) -> list[str]:
    """
    The column *name* of *table* as ids: text, whole numbers without a decimal point.

    Raises:
        DataError: If an id is empty.
    """
    raw = table.columns[name]
    if isinstance(raw, np.ndarray) and raw.dtype.kind == "S":
        raw = decoded(table, name, raw)
    cells = raw if not isinstance(raw, np.ndarray) else _flat(table, name, raw).tolist()
    ids = example_ids(cells if is_all_text(table) else [c if isinstance(c, str) else _id_text(c) for c in cells])
    if "" in ids:
        raise DataError(
            f"{table.source}{_at(table, ids.index(''))}: the id is empty",
            hint="Every example needs an id of its own",
        )
    return ids


def _id_text(cell: object) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def is_all_text(table: Table) -> bool:
    """True if everything in the table is text, and what reads as a number is one."""
    return table.source.suffix in {".csv", ".tsv"}


# --- arrays ----------------------------------------------------------------------------------------------------------


def _flat(table: Table, name: str, array: Values, noun: str = "class") -> Values:
    if array.ndim > 1 and set(array.shape[1:]) == {1}:  # a column of its own, as CatBoost gives it
        return array.reshape(-1)
    if array.ndim != 1:
        shape = "x".join(map(str, array.shape))
        raise DataError(
            f"{table.source}{_named(name)} has the shape {shape}, not one {noun} per example",
            hint="Write one array with a row for each example, for example classes.ravel()"
            if array.shape[0] == 1 or noun != "class"
            else "Write the predicted class, for example scores.argmax(axis=1)",
        )
    return array


def _from_array(table: Table, name: str, array: Values) -> Column:
    array = _flat(table, name, array)
    match array.dtype.kind:
        case "b" | "i":
            return Column(array)
        case "u" if array.dtype.itemsize < 8 or not len(array) or int(array.max()) < 2**63:
            return Column(array)
        case "f":
            return _from_floats(table, name, array)
        case "U" | "S":
            return _from_cells(table, name, decoded(table, name, array) if array.dtype.kind == "S" else array)
        case _:
            raise DataError(
                f"{table.source}{_named(name)} has the type {array.dtype}, which cannot be a class",
                hint="Name the classes by whole numbers or by text",
            )


def decoded(table: Table, name: str, array: Values) -> Values:
    """
    The bytes of the column *name* as text.

    Raises:
        DataError: If they are not UTF-8.
    """
    try:
        return np.char.decode(array, "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{table.source}{_named(name)} holds bytes that are not UTF-8", hint="Save classes as text"
        ) from error


def _from_floats(table: Table, name: str, array: Values) -> Column:
    array = array.astype(np.float64) if array.dtype.itemsize < 4 else array  # of 16 bits, they end at 65,504
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
    meanings = _meanings(table, name, cells)
    types = {type(meaning) for meaning in meanings.values() if meaning is not None}
    known = None
    if None in meanings.values():
        known = np.fromiter((meanings[cell] is not None for cell in cells), np.bool_, len(cells))
    if str in types:
        before = {cell: cell.strip() if is_all_text(table) else cell for cell in meanings if cell is not None}
        is_respelled = any(meanings[cell] not in {text, None} for cell, text in before.items())
        return Column(_text(meanings, cells), known, _text(before, cells) if is_respelled else None)
    filler = False if types == {bool} else _MISSING
    found = (filler if (meaning := meanings[cell]) is None else meaning for cell in cells)
    if types == {bool}:
        return Column(np.fromiter(found, np.bool_, len(cells)), known)
    return Column(_smallest(np.fromiter(found, np.int64, len(cells))), known)


def _text(meanings: Mapping[Any, Any], cells: list[Any]) -> Values:
    longest = max((len(text) for text in meanings.values() if text), default=1)
    return np.fromiter((meanings.get(cell) or "" for cell in cells), f"U{longest}", len(cells))


def _meanings(table: Table, name: str, cells: list[Any]) -> dict[Any, Any]:
    """The class that each distinct cell means, ``None`` for an empty one: all of them text, or none."""
    try:
        different = dict.fromkeys(cells)
    except TypeError as error:  # a list or an object inside JSON
        raise DataError(
            f"{table.source}{_named(name)} holds lists or objects, not classes",
            hint="Write one class for each example, for example the argmax of its scores",
        ) from error
    # 1, 1.0 and True are one key in Python and one class here.
    is_written = is_all_text(table)
    meanings = {cell: meaning_of(cell, is_written) for cell in different}
    types = {type(meaning) for meaning in meanings.values() if meaning is not None}
    # Among words, "nan" may be one too; whether it is, the declared classes say.
    are_words = types == {str} and not all(is_nan(meaning) for meaning in meanings.values() if meaning)
    for cell, meaning in meanings.items():
        if not is_class(meaning, are_words):
            raise _not_a_class(table, name, cells.index(cell), cell)
    if str in types and len(types) > 1:
        raise _mixed(table, name, cells, meanings)
    return meanings


def is_class(meaning: object, are_words: bool) -> bool:
    """True for a class; for a mark of what is missing only where it is among words."""
    match meaning:
        case str():
            return len(meaning) <= LONGEST_CLASS and (are_words or not is_nan(meaning))
        case int():
            return -(2**63) <= meaning < 2**63
        case _:
            return meaning is None


def meaning_of(cell: object, is_written: bool) -> int | str | float | None:
    """The class that a cell means: ``None`` for an empty one, a float for what is no class at all."""
    match cell:
        case None | bool() | int():
            return cell
        case float():
            return int(cell) if cell.is_integer() else cell
        case str() if not can_be_kept(cell):
            return math.nan
        case str():
            text = class_name(cell)
            return written_class(text) if is_written else str(class_in(text)) or None
        case _:
            return math.nan


def _numbers(table: Table, name: str, cells: list[Any]) -> NDArray[np.float64]:
    """The numbers in cells; at once where all are plain."""
    try:
        found = np.fromiter(map(float, cells), np.float64, len(cells))
        if "_" not in "".join(cells) and not np.isnan(found).any():
            return found
    except (TypeError, ValueError, OverflowError):
        pass
    return np.fromiter((_number(table, name, row, cell) for row, cell in enumerate(cells)), np.float64, len(cells))


def _number(table: Table, name: str, row: int, cell: object) -> float:
    """The number in a cell; NaN for an empty one."""
    text = cell.strip() if isinstance(cell, str) else cell
    if text is None or text == "":
        return math.nan
    try:
        number = float(text) if isinstance(text, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    is_number = not (math.isnan(number) and not isinstance(text, float)) and not (isinstance(text, str) and "_" in text)
    if not is_number:
        raise DataError(
            f"{table.source}{_named(name)}{_at(table, row)}: {shown_cell(table, cell)} is not a number",
            hint="The condition speaks of numbers: each example needs one, with a decimal point, such as 0.25",
        )
    return number


def _not_allowed(table: Table, name: str, row: int, value: float, allowed: Numbers) -> DataError:
    place = f"{table.source}{_named(name)}{_at(table, row)}: {shown_cell(table, value)}"
    if not math.isfinite(value):
        return DataError(f"{place} is not a finite number", hint="Every example needs one")
    return DataError(
        f"{place} lies outside the range of the condition, {allowed.low:g} to {allowed.high:g}",
        hint="Correct it; probabilities lie between 0 and 1, and the condition declares the range of other scores, as "
        "`mean(n, min=1, max=5)` does",
    )


def _named(name: str) -> str:
    return f", column {name!r}" if name else ""


def place_of(table: Table, name: str, row: int) -> str:
    """Column and row for a message, as far as it may tell them."""
    return _named(name) + _at(table, row)


def _at(table: Table, row: int) -> str:
    return "" if table.source.is_silent else f", {table.place(row)}"


def shown_cell(table: Table, cell: object) -> str:
    """A cell as messages show it, if they may."""
    if table.source.is_private:
        return "a cell that is not shown here"
    return repr(cell) if len(repr(cell)) <= 60 else repr(cell)[:60] + "…"


def _not_a_class(table: Table, name: str, row: int, cell: object) -> DataError:
    return DataError(
        f"{table.source}{_named(name)}{_at(table, row)}: {shown_cell(table, cell)} is not a class",
        hint="Every example needs a class: a whole number, or text of at most 256 characters; scores, NaN and "
        "the measured values of a regression are not classes: ask for `mae(n, max=10) < 3`, say, of these",
    )


def _mixed(table: Table, name: str, cells: Iterable[Any], meanings: dict[Any, Any]) -> DataError:
    examples: dict[type, tuple[int, Any]] = {}
    for row, cell in enumerate(cells):
        if meanings[cell] is not None:
            examples.setdefault(type(meanings[cell]), (row, cell))
    (row, number), (other, text) = examples[int], examples[str]
    found = f": {shown_cell(table, number)} in {table.place(row)}, {shown_cell(table, text)} in {table.place(other)}"
    return DataError(
        f"{table.source}{_named(name)} mixes numbers and text{'' if table.source.is_silent else found}",
        hint="Name the classes all by numbers or all by words",
    )
