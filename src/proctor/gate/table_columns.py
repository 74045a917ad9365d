"""Columns by which slices of a test set that an engine counts are told apart, as registration fixed them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from functools import cached_property

import numpy as np

from proctor.crosstabs import Combinations, Field
from proctor.crosstabs.counting import Counting
from proctor.errors import DataError, Misuse
from proctor.frozen import dataclass, field
from proctor.gate.table_files import Read
from proctor.language import Slice
from proctor.predictions.tables import Source, is_index
from proctor.testset.hashing import natural_order
from proctor.testset.slices import groups_of, refuse_unknown


@dataclass(frozen=True, kw_only=True)
class TableColumns:
    """
    Metadata of a test set that an engine counts.

    Attributes:
        table: The table, with no column named, as it was read.
        label: Name of the column of labels, by which no slice is told apart.
        ids: Digest of the ids of the test set, which are those of this table.
    """

    engine: Counting
    table: Read
    id: str
    label: str
    ids: str
    _marks: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _counted: dict[frozenset[Slice], Combinations] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of which slices can speak, in natural order."""
        return tuple(natural_order(name for name, is_told in self._columns.items() if is_told))

    @cached_property
    def _columns(self) -> dict[str, bool]:
        found = self.engine.columns(self.table.field)
        if self.id not in found:
            raise DataError(
                f"{self._source} has no column {self.id!r}",
                hint="Rows of labels and metadata find each other by ids, and both tables call them alike.",
            )
        others = enumerate(found.items())
        return {
            name: is_told
            for place, (name, is_told) in others
            if name not in (self.id, self.label) and not is_index(name, place)
        }

    def marks(self, names: Set[str] | None) -> dict[str, str]:
        """
        Digests of these columns, with the ids; of all if none are named.

        Raises:
            DataError: If the table has other ids than the labels, or a column holds too much.
        """
        wanted = [name for name in self.names if names is None or name in names]
        for name in wanted:
            if name not in self._marks:
                self._marks[name] = self._mark(name)
        return {name: self._marks[name] for name in wanted}

    def _mark(self, name: str) -> str:
        found = self.engine.mark(self._field(name), id=self.id)
        self.table.refuse_rewritten()
        if found.ids != self.ids:
            raise DataError(
                f"{self._source} does not have the ids of the labels, each of them once",
                hint="Give it a row for each example, and no others. Nothing was spent.",
            )
        return found.rows

    def fields(self, slices: Iterable[Slice]) -> tuple[Field, ...]:
        """
        The columns that slices speak of.

        Raises:
            Misuse: If there is none of this name, or it is of a type that cannot be compared.
        """
        asked = {each.column for slice_ in slices for each in slice_.filters}
        asked |= {slice_.every for slice_ in slices if slice_.every is not None}
        for name in sorted(asked):
            if self._columns.get(name) is False:
                raise Misuse(
                    f"the column {name!r} of {self._source} is of a type by which no slice is told apart",
                    hint="Cast it to text, a number, or true and false; the test set is registered with that column.",
                )
        refuse_unknown(Combinations(self._source, self.names, {}, np.empty(0, np.int64)).described, asked)
        return tuple(map(self._field, natural_order(asked)))

    def _field(self, name: str) -> Field:
        return self.table.field._replace(name=name)

    @property
    def _source(self) -> Source:
        return self.table.field.source

    def counted(self, slices: Iterable[Slice]) -> Combinations:
        """Contents of the columns of these slices, counted once; errors as `fields`."""
        wanted = frozenset(slices)
        if wanted not in self._counted:
            found = self.engine.combinations(self.fields(wanted), tuple(wanted), self.names, id=self.id)
            self._counted[wanted] = found
        return self._counted[wanted]

    def groups(self, asked: Slice) -> tuple[Slice, ...]:
        """Slices that a slice with a column stands for; errors as `fields`."""
        return groups_of(self.counted([asked]).described, asked)

    def sizes(self, slices: Sequence[Slice]) -> dict[Slice | None, int]:
        """
        Number of examples in each slice; errors as `fields`.

        Raises:
            DataError: If one is empty.
        """
        if not slices:
            return {}
        found = self.counted(slices)
        return {each: int(found.times[mask].sum()) for each, mask in found.masks(slices).items()}
