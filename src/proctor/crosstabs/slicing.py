"""
Slices of a table: cells that all filters treat alike are one, so that few combinations are left to be counted.

An engine gives the different cells of each column. Which of them pass is decided by the code that reads whole files
(`proctor.testset.slices`), so every engine has the same slices as these, whatever its own comparisons are.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.crosstabs.engine import Engine, grouped, keep_cells
from proctor.crosstabs.fields import Distinct, Field, Groups, refuse_uncounted
from proctor.language.tree import Slice
from proctor.predictions.tables import Raw, Source, Table
from proctor.testset.hashing import cell_codes
from proctor.testset.metadata import Described
from proctor.testset.slices import MOST_SHOWN, Mask, masks_of, passes

DESCRIBED, CELLS, NUMBERS, ALIKE = "proctor_described", "proctor_cells", "proctor_numbers", "proctor_alike"
"""Names of tables: of all rows (``s0``, ``s1`` and so on); of a column's cells; of their numbers; of both."""


class Slicing(NamedTuple):
    """
    Slices that are asked.

    Attributes:
        fields: Columns that they speak of, all of one table.
        slices: The slices.
    """

    fields: tuple[Field, ...]
    slices: tuple[Slice, ...]

    @property
    def cells(self) -> dict[str, str]:
        """Columns by names of ours."""
        return {f"s{place}": field.name for place, field in enumerate(self.fields)}

    @property
    def numbers(self) -> list[str]:
        """Names of ours for the numbers that stand for their cells."""
        return [f"p{place}" for place in range(len(self.fields))]


class Combinations(NamedTuple):
    """
    Combinations of cells, in the place of metadata with a row for each example.

    Attributes:
        source: The table.
        columns: Names of all its columns of which slices may speak.
        named: A table for each column that is asked, by its name, with a row for each combination.
        times: Number of examples of each combination.
    """

    source: Source
    columns: tuple[str, ...]
    named: dict[str, Table]
    times: NDArray[np.int64]

    def tables(self, names: Set[str]) -> dict[str, Table]:
        """The tables of these columns."""
        return {name: self.named[name] for name in names}

    @property
    def described(self) -> Described:
        """The same for `proctor.testset.slices`."""
        return Described(None, (), self)

    def masks(self, slices: Sequence[Slice]) -> dict[Slice, Mask]:
        """Masks of the combinations in each slice; errors as `proctor.testset.slices.masks_of`."""
        return masks_of(self.described, slices)


class _Picked(Distinct):
    """A cell of each kind that is asked for, of a column that holds others."""

    __slots__ = ()

    @property
    def has_all_cells(self) -> bool:
        """False: each kind has one."""
        return False


class _Kinds(NamedTuple):
    """One cell of each kind; those of a kind pass the same filters."""

    cells: Raw
    are_all: bool


class Held(NamedTuple):
    """
    Tables of an engine in which the cells of each column that slices speak of have a number.

    Attributes:
        slicing: The slices.
        kinds: For each column one cell of each number.
    """

    slicing: Slicing
    kinds: Sequence[_Kinds]

    def numbered(self, others: list[str]) -> str:
        """A query for the columns *others* and the number of what stands in each column, ``p0``, ``p1`` and so on."""
        listed = ", ".join([*others, *self.slicing.numbers])
        joins = [
            f"JOIN {ALIKE}{place} ON {DESCRIBED}.{cell} IS NOT DISTINCT FROM {ALIKE}{place}.{cell}"
            for place, cell in enumerate(self.slicing.cells)
        ]
        return f"SELECT {listed} FROM {DESCRIBED} {' '.join(joins)}"

    def combinations(self, groups: Groups, columns: Sequence[str] = ()) -> Combinations:
        """Combinations of cells, from *groups* whose last columns are their numbers."""
        fields = self.slicing.fields
        named: dict[str, Table] = {}
        of_cells = groups.cells[len(groups.cells) - len(fields) :]
        for field, numbers, kinds in zip(fields, of_cells, self.kinds, strict=True):
            raw = _taken(kinds.cells, np.asarray(numbers, np.int64))
            of_kind = Distinct if kinds.are_all else _Picked
            named[field.name] = of_kind({field.name: raw}, len(groups.times), field.source)
        return Combinations(fields[0].source, tuple(columns) or tuple(named), named, groups.times)


def hold(engine: Engine, slicing: Slicing, others: dict[str, str], id_column: str | None) -> Held:
    """
    Give the cells of each column that slices speak of a number; *others* are further columns that are held.

    Raises:
        DataError: If there is no row, a column holds too much, or what is compared with a number is none.
    """
    engine.hold(DESCRIBED, slicing.fields[0], others | slicing.cells, id_column)
    kinds = []
    for place, (cell, field) in enumerate(zip(slicing.cells, slicing.fields, strict=True)):
        found = keep_cells(engine, f"{CELLS}{place}", DESCRIBED, cell)
        refuse_uncounted(field, found)
        raw = found.cells[0]
        numbers, firsts = _kinds(field, raw, len(found.times), slicing.slices)
        engine.number(f"{NUMBERS}{place}", numbers)
        query = f"SELECT {cell}, number AS p{place} FROM {CELLS}{place} JOIN {NUMBERS}{place} USING (code)"
        engine.keep(f"{ALIKE}{place}", query)
        kinds.append(_Kinds(_taken(raw, firsts), len(found.times) <= MOST_SHOWN))
    return Held(slicing, kinds)


def combinations(engine: Engine, slicing: Slicing, id_column: str, columns: Sequence[str]) -> Combinations:
    """Combinations of cells in a table alone, which has *columns*; errors as `hold`."""
    held = hold(engine, slicing, {}, id_column)
    return held.combinations(engine.groups(grouped(held.numbered([]), slicing.numbers), slicing.numbers), columns)


def _kinds(
    field: Field, raw: Raw, n_cells: int, slices: Sequence[Slice]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The number of each cell, and a cell with each number; few cells are told apart even if no filter does."""
    table = Distinct({field.name: raw}, n_cells, field.source)
    asked = {each for slice_ in slices for each in slice_.filters if each.column == field.name}
    traits = [passes(each, raw, table).astype(np.uint64) for each in asked]
    if n_cells <= MOST_SHOWN or any(slice_.every == field.name for slice_ in slices):
        traits.append(cell_codes(raw))
    _, firsts, numbers = np.unique(np.stack(traits, axis=1), axis=0, return_index=True, return_inverse=True)
    return numbers.reshape(-1).astype(np.int64), firsts.astype(np.int64)


def _taken(raw: Raw, rows: NDArray[np.int64]) -> Raw:
    return raw[rows] if isinstance(raw, np.ndarray) else [raw[row] for row in rows.tolist()]
