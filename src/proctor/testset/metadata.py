"""
Columns by which slices and clusters tell examples apart: of the features, and of a metadata file beside them.

Metadata are found by id and shown to no model. The file may speak of more examples than the test set has, so that it
stays as it is when examples are dropped, and has its new rows before others are added.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError, Misuse
from proctor.predictions.columns import text_column
from proctor.predictions.tables import Raw, Source, Table, column_names, is_index, read_table
from proctor.testset.hashing import fingerprint, natural_order, row_hashes
from proctor.testset.label_table import unique_ids


class Metadata(NamedTuple):
    """
    A file of columns beside the features.

    Args:
        id: Name of its column of ids.
        columns: Its other columns, in natural order; never that of the labels.
        ids: Ids of the examples, in their order; the file may have more.
    """

    source: Source
    id: str
    columns: tuple[str, ...]
    ids: tuple[str, ...]

    def table(self, names: Set[str]) -> Table:
        """
        Columns of these *names*, a row for each example.

        Raises:
            DataError: If an id is given twice, or an example has no row.
        """
        whole = read_table(self.source, self.source.columns_asked({*names, self.id}))
        row_of = {name: row for row, name in enumerate(unique_ids(self.source, text_column(whole, self.id)))}
        missing = [name for name in self.ids if name not in row_of]
        if missing:
            which = f"{len(missing):,} of the {len(self.ids):,} examples, first for {missing[0][:40]!r}"
            raise DataError(
                f"{self.source} has no row for {'every example' if self.source.is_silent else which}",
                hint="Give it one row for each example, by its id; further rows are left alone.",
            )
        rows = np.fromiter(map(row_of.__getitem__, self.ids), np.intp, len(self.ids))
        columns = {name: _taken(whole.columns[name], rows) for name in names}
        return Table(columns, len(rows), self.source, whole.first_line, rows)

    def tables(self, names: Set[str]) -> dict[str, Table]:
        """The table in which each of these *names* stands; errors as `table`."""
        return dict.fromkeys(names, self.table(names))

    def marks(self, names: Set[str], key: bytes) -> dict[str, str]:
        """Digest of each column of these *names*, with the ids, in any order; errors as `table`."""
        columns = self.table(names).columns if names else {}
        return {
            name: fingerprint(row_hashes([list(self.ids), columns[name]], len(self.ids), key))
            for name in natural_order(names)
        }


def find_metadata(source: Source, id_column: str, label: str, shown: Set[str], ids: tuple[str, ...] | None) -> Metadata:
    """
    The metadata of examples with these *ids*, if they have any; *shown* are the columns of features.

    Raises:
        Misuse: If a column is one of the features, too.
        DataError: If there are no ids, or no other columns.
    """
    found = column_names(source)
    if ids is None or id_column not in found:
        who = "the examples have no ids" if ids is None else f"it has no column {id_column!r}"
        raise DataError(
            f"{source} says nothing of any example: {who}", hint="Metadata are found by id: give both files one"
        )
    names = [name for place, name in enumerate(found) if name not in (id_column, label) and not is_index(name, place)]
    if not names:
        raise DataError(f"{source} has no columns of metadata", hint="It needs more than ids")
    if both := [name for name in names if name in shown]:
        raise Misuse(
            f"the column {both[0]!r} stands in the metadata and in the features, and a slice could mean either",
            hint=f"Take it out of {source}; slices may speak of features, too.",
        )
    return Metadata(source, id_column, tuple(natural_order(names)), ids)


class Beside(Protocol):
    """Columns beside the features: those of `Metadata`, or of a table that an engine counts."""

    @property
    def source(self) -> Source:
        """The table."""

    @property
    def columns(self) -> Sequence[str]:
        """Their names."""

    def tables(self, names: Set[str]) -> dict[str, Table]:
        """The table in which each of these *names* stands."""


class Described(NamedTuple):
    """
    Columns that slices and clusters may speak of, and where they stand.

    Args:
        features: The features; ``None`` if the test set has none.
        columns: Those by which the test set is known; of others a slice could be changed after registration.
        metadata: Those beside the features; ``None`` if there are none.
    """

    features: Source | None
    columns: Sequence[str]
    metadata: Beside | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all of them."""
        return (*self.columns, *(self.metadata.columns if self.metadata else ()))

    def tables(self, names: Set[str]) -> dict[str, Table]:
        """The table in which each of these *names* stands, its rows in the order of the examples."""
        found: dict[str, Table] = {}
        of_features = frozenset(names) & set(self.columns)
        if self.features is not None and of_features:
            table = read_table(self.features, self.features.columns_asked(of_features))
            found |= dict.fromkeys(of_features, table)
        if self.metadata is not None and (others := frozenset(names) - of_features):
            found |= self.metadata.tables(others)
        return found


def _taken(raw: Raw, rows: NDArray[np.intp]) -> Raw:
    return raw[rows] if isinstance(raw, np.ndarray) else [raw[row] for row in rows.tolist()]
