"""
Slices of a test set: the examples that pass the filters of a condition.

A cell is compared as it is hashed (`proctor.testset.hashing`): ``"1"``, ``1`` and ``1.0`` are one, blanks around text
do not count. So files that are one test set have the same slices. An empty cell passes no filter.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Set
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError, Misuse
from proctor.language.tree import Filter, Relation, Slice
from proctor.predictions.tables import Raw, Table
from proctor.testset.hashing import cell_codes, fixed_order, row_hashes
from proctor.testset.metadata import Described

Mask = NDArray[np.bool_]
_LONGEST = 40

MOST_SHOWN = 8
"""Most values of a column that a message lists."""

MOST_GROUPS = 100
"""Most values of a column of which each is a slice."""

_COMPARISONS = {
    Relation.BELOW: np.less,
    Relation.AT_MOST: np.less_equal,
    Relation.ABOVE: np.greater,
    Relation.AT_LEAST: np.greater_equal,
}


def groups_of(described: Described, asked: Slice) -> tuple[Slice, ...]:
    """
    The slices that a slice with a column stands for: one for each value among the examples that pass its filters.

    Given who is in which slice, the examples of each are drawn independently, so the values may be read off them.

    Raises:
        Misuse: If there is no such column, or it holds more than `MOST_GROUPS` values, or some that cannot be shown.
        DataError: If no example has a value.
    """
    assert asked.every is not None  # noqa: S101  # the caller has checked
    tables = _tables(described, {asked.every, *(each.column for each in asked.filters)})
    raw = _column(asked.every, tables)
    codes = cell_codes(raw)
    told = codes != cell_codes([None])
    for each in asked.filters:
        told &= passes(each, _column(each.column, tables), tables[each.column])
    rows = np.flatnonzero(told)
    firsts = rows[np.unique(codes[rows], return_index=True)[1]]
    if not 1 <= len(firsts) <= MOST_GROUPS:
        raise Misuse(
            f"the column {asked.every!r} of `{asked}` holds {len(firsts):,} values, and each would be a slice",
            hint=f"Name a column that groups the examples, by at most {MOST_GROUPS} values.",
        )
    found = sorted((_value(raw[row], asked.every) for row in firsts.tolist()), key=str)
    return tuple(Slice((*asked.filters, Filter(asked.every, Relation.EQUAL, (value,)))) for value in found)


def _value(cell: Any, column: str) -> str | Decimal:
    """A cell as a constant of the language."""
    if isinstance(cell, bool | np.bool_):
        return Decimal(int(cell))
    text = unicodedata.normalize("NFC", str(cell).strip())  # of spellings that are one, whichever comes first
    number = _number(text)
    if number is not None and np.isfinite(number):
        return Decimal(text)
    if not text.isprintable() or "`" in text or {'"', "'"} <= set(text) or len(text) > _LONGEST:
        raise Misuse(
            f"the column {column!r} holds values that cannot be the name of a slice",
            hint=f"Name a column of short printable words, of at most {_LONGEST} characters.",
        )
    return text


def masks_of(described: Described, slices: Iterable[Slice]) -> dict[Slice, Mask]:
    """
    Masks of the examples in each slice, in the order of the examples.

    Raises:
        Misuse: If there is no such column, or it holds more than one value for each example.
        DataError: If a slice is empty, or what is compared with a number is none.
    """
    wanted = tuple(slices)
    names = {each.column for slice_ in wanted for each in slice_.filters}
    if not names:
        return {}
    tables = _tables(described, names)
    return {slice_: _mask(slice_, tables) for slice_ in wanted}


def clusters_of(described: Described, name: str, key: bytes = b"") -> NDArray[np.intp]:
    """
    Number of the cluster of each example, in the order of the examples.

    Clusters are numbered by the hash of what stands in the column, and by nothing else: an order in which large ones,
    or those of some kind, tend to come first would bring about a bet's gain.

    Args:
        described: Columns that may tell it.
        name: The column that tells whose each example is.
        key: Secret key of the hashes; empty where the inputs are open.

    Raises:
        Misuse: If there is no such column, or it holds more than one value for each example.
        DataError: If an example has no value, or all have the same.
    """
    tables = _tables(described, {name}, "`testset.cluster` names")
    raw, table = _column(name, tables), tables[name]
    cells = cell_codes(raw)
    if (empty := np.flatnonzero(cells == cell_codes([None]))).size:
        raise DataError(
            f"{table.source} does not say whose {len(empty):,} of {table.n_rows:,} examples are: the column {name!r} "
            f"of `testset.cluster` is empty, first in {table.place(int(empty[0]))}",
            hint="Fill it in; an example that is nobody else's has a value of its own.",
        )
    names, whose = np.unique(cells, return_inverse=True)
    if len(names) == 1:
        raise DataError(
            f"all examples are of one cluster: the column {name!r} of `testset.cluster` has one value",
            hint="Nothing can be shown by one observation: name the column that tells whose each example is.",
        )
    numbers = np.argsort(fixed_order(row_hashes([names], len(names), key)))
    return numbers[whose]


def _tables(described: Described, names: Set[str], speaker: str = "the condition speaks of") -> dict[str, Table]:
    """The tables of the columns that are asked for, if registration fixes them."""
    refuse_unknown(described, names, speaker)
    return described.tables(names)


def refuse_unknown(described: Described, names: Set[str], speaker: str = "the condition speaks of") -> None:
    """Refuse columns of these *names* that registration does not fix (`Misuse`)."""
    name, columns = min(names - set(described.names), default=None), described.names
    if name is None:
        return
    if not columns:
        raise Misuse(
            f"{speaker} the column {name!r}, and the test set is known by its ids alone",
            hint="Name the file that has the column, one row for each example: `testset.metadata`, or "
            "`testset.features`, which models are shown.",
        )
    from difflib import get_close_matches

    close = get_close_matches(name, columns, n=1)
    meant = f"Did you mean {close[0]!r}? " if close else ""
    shown = ", ".join(map(repr, columns[:MOST_SHOWN])) + (", …" if len(columns) > MOST_SHOWN else "")
    none = ["no feature that the test set is known by"] if described.columns else []
    none += [f"no column of {described.metadata.source}"] if described.metadata is not None else []
    raise Misuse(
        f"{speaker} the column {name!r}, and {' and '.join(none)} has this name", hint=f"{meant}There are {shown}."
    )


def _mask(slice_: Slice, tables: Mapping[str, Table]) -> Mask:
    mask = np.ones(tables[slice_.filters[0].column].n_rows, np.bool_)
    for each in slice_.filters:
        mask &= passes(each, _column(each.column, tables), tables[each.column])
    if not mask.any():
        raise DataError(
            f"no example of the test set is in the slice `{slice_}`; nothing was judged",
            hint=f"{_values_of(slice_, tables)}Text is compared letter by letter.",
        )
    return mask


def _column(name: str, tables: Mapping[str, Table]) -> Raw:
    raw = tables[name].columns[name]
    if isinstance(raw, np.ndarray) and raw.ndim != 1:
        raise Misuse(f"the column {name!r} holds more than one value for each example", hint="Name another.")
    return raw


def passes(asked: Filter, raw: Raw, table: Table) -> Mask:
    """
    Mask of the cells of a column that pass a filter; its table is for messages.

    Raises:
        DataError: If it compares with a number what is none.
    """
    if asked.relation.is_of_numbers:
        constant = asked.constants[0]
        assert isinstance(constant, Decimal)  # noqa: S101  # the parser has seen to it
        (bound,) = _coarse(np.array([float(constant)]))
        return np.asarray(_COMPARISONS[asked.relation](_numbers(asked, raw, table), bound))
    codes, missing = cell_codes(raw), cell_codes([None])
    wanted = cell_codes([str(constant) for constant in asked.constants])
    is_one = np.isin(codes, wanted)
    found: Mask = (~is_one if asked.relation is Relation.NOT_EQUAL else is_one) & (codes != missing)
    return found


def _coarse(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers as precise as they are hashed; NaN for an empty cell, which passes no comparison."""
    return cell_codes(numbers).view(np.float64)


def _numbers(asked: Filter, raw: Raw, table: Table) -> NDArray[np.float64]:
    if isinstance(raw, np.ndarray) and raw.dtype.kind in "biuf":
        return _coarse(raw.astype(np.float64))
    cells: list[Any] = raw.tolist() if isinstance(raw, np.ndarray) else raw
    found = np.empty(len(cells), np.float64)
    for row, cell in enumerate(cells):
        number = _number(cell)
        if number is None:
            raise DataError(
                f"{table.source}, column {asked.column!r}, {table.place(row)}: {str(cell)[:40]!r} is no number, and "
                f"`{asked}` compares numbers",
                hint="Compare text by `==`, `!=` or `in`.",
            )
        found[row] = number
    return _coarse(found)


def _number(cell: Any) -> float | None:
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return np.nan
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return None


def _values_of(slice_: Slice, tables: Mapping[str, Table]) -> str:
    """Values of a column that holds few of them, for the message about a filter that asks for another."""
    if len(slice_.filters) != 1 or slice_.filters[0].relation.is_of_numbers:
        return ""
    name = slice_.filters[0].column
    if not tables[name].has_all_cells:
        return ""
    raw = _column(name, tables)
    values = sorted({str(cell) for cell in (raw.tolist() if isinstance(raw, np.ndarray) else raw)})
    if len(values) > MOST_SHOWN or any(len(value) > 40 for value in values):
        return ""
    return f"The column {name!r} holds {', '.join(map(repr, values))}. "
