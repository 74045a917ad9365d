"""What is asked of tables, whatever program counts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from proctor.crosstabs import aggregation, identity, slicing
from proctor.crosstabs.crosstab import Crosstab
from proctor.crosstabs.engine import Engine
from proctor.crosstabs.fields import Field, fields
from proctor.crosstabs.identity import Identity, Portrait
from proctor.crosstabs.slicing import Combinations, Slicing
from proctor.frozen import dataclass
from proctor.language.tree import Slice


@dataclass(frozen=True)
class Counting:
    """
    Questions about tables, each answered in an engine that is opened for it.

    Attributes:
        opened: Opens an engine for a purpose, such as ``read labels.parquet``, which its errors name.
    """

    opened: Callable[[str], AbstractContextManager[Engine]]

    def count(
        self,
        labels: Field,
        new: Field,
        old: Field | None = None,
        anchor: Field | None = None,
        *,
        id: str | None = "id",  # noqa: A002  # the word of the gate file
        classes: frozenset[str] | None = None,
        described: Sequence[Field] = (),
        slices: Sequence[Slice] = (),
    ) -> Crosstab:
        """
        Count examples by label and predictions.

        Args:
            labels: Labels: a column of a table that the engine reads.
            new: Predictions of the candidate.
            old: Predictions of the baseline; ``None`` if there is none.
            anchor: Predictions of the anchor; ``None`` if there is none.
            id: Name of the column of ids in each table; ``None`` where one table has all columns, a row for each
                example.
            classes: Declared classes, as text; ``None`` if none are declared.
            described: Columns that slices speak of, all of one table with the same ids.
            slices: Slices that will be asked.

        Raises:
            DataError: If tables are malformed, or do not have the same ids, each of them once; or if a slice is empty.
            Misuse: If there are several tables and no column of ids.
        """
        asked = fields(labels, (new, old, anchor), id)
        with self.opened(f"count {asked.labels.source} and the predictions") as engine:
            return aggregation.count(engine, asked, Slicing(tuple(described), tuple(slices)), classes)

    def identity(self, field: Field, *, id: str = "id") -> Identity:  # noqa: A002  # as above
        """
        Identity of a table of ids and classes; arguments are as for `count`.

        Raises:
            DataError: If the table is malformed, an id is there more than once, or a row has no class.
        """
        with self.opened(f"read {field.source}") as engine:
            return identity.identity(engine, field, id)

    def portrait(self, field: Field, *, id: str = "id") -> Portrait:  # noqa: A002  # as above
        """Portrait of a table of ids and classes; arguments and errors are as for `identity`."""
        with self.opened(f"read {field.source}") as engine:
            return identity.portrait(engine, field, id)

    def columns(self, table: Field) -> dict[str, bool]:
        """Names of the columns of the table of a field; each is true if slices can speak of it."""
        with self.opened(f"read {table.source}") as engine:
            return engine.columns(table)

    def mark(self, field: Field, *, id: str = "id") -> Identity:  # noqa: A002  # as above
        """
        Identity of a column that slices speak of, with the ids; arguments are as for `count`.

        Raises:
            DataError: If the table is malformed, an id is there more than once, or the column holds too much.
        """
        with self.opened(f"read {field.source}") as engine:
            return identity.mark(engine, field, id)

    def combinations(
        self,
        described: Sequence[Field],
        slices: Sequence[Slice],
        columns: Sequence[str],
        *,
        id: str = "id",  # noqa: A002  # as above
    ) -> Combinations:
        """
        Contents of the columns that slices speak of, counted.

        Args:
            described: These columns, all of one table.
            slices: The slices.
            columns: Names of all columns of which slices may speak.
            id: As for `count`.

        Raises:
            DataError: If the table is malformed, or a column holds too much or what cannot be compared.
        """
        with self.opened(f"read {described[0].source}") as engine:
            return slicing.combinations(engine, Slicing(tuple(described), tuple(slices)), id, columns)
