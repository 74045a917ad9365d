"""Programs that run SQL on tables, and what all of them are asked."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from proctor.crosstabs.fields import MOST_COMBINATIONS, Field, Groups
from proctor.testset.sketch import Sketch

PLAIN_ID = "[!-~]([ -~]*[!-~])?"
"""Ids that `proctor.spelling.example_ids` leaves as they are; all others are given to it."""

Bytes = NDArray[np.uint8]


class Digests(NamedTuple):
    """
    Digests of a table.

    Attributes:
        ids: That of the ids alone: 64 hexadecimal digits.
        rows: That of the ids with their classes.
        has_repeats: True if an id is there more than once.
    """

    ids: str
    rows: str
    has_repeats: bool


class Engine(Protocol):
    """A program that runs SQL on tables."""

    def relation(self, field: Field, columns: dict[str, str], id_column: str | None) -> str:
        """
        A query for *columns* of the table of *field*, by names of ours, and for ids in their one spelling as ``id``.

        Raises:
            DataError: If the table has no such column, or of a type that cannot be counted.
        """

    def hold(self, name: str, field: Field, columns: dict[str, str], id_column: str | None) -> None:
        """Make what `relation` asks for a table called *name*; it may be asked several times."""

    def keep(self, name: str, query: str) -> None:
        """Make the rows of *query* a table called *name*; it may be asked several times."""

    def number(self, name: str, numbers: NDArray[np.int64]) -> None:
        """Make a table called *name* with a ``number`` for each ``code`` from 0."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the answer to *query*."""

    def groups(self, query: str, cells: list[str]) -> Groups:
        """The answer to *query* with the columns *cells*, and ``times``."""

    def columns(self, field: Field) -> dict[str, bool]:
        """Names of the columns of a table; each is true if its cells can be told apart."""

    def digests(self, classes: Bytes) -> Digests:
        """Digests of `proctor.crosstabs.identity:ROWS`, by the kept *classes* of each code of `CELLS`."""

    def sketch(self, n_rows: int) -> Sketch:
        """The sketch of the ids of these rows."""


def keep_cells(engine: Engine, name: str, rows: str, cell: str) -> Groups:
    """Make the different cells of a column of *rows* a table called *name*, with ``times`` and ``code``; gives them."""
    grouped = f"SELECT {cell}, count(*) AS times FROM {rows} GROUP BY {cell} LIMIT {MOST_COMBINATIONS + 1}"
    codes = f"row_number() OVER (ORDER BY {cell}) - 1 AS code"
    engine.keep(name, f"SELECT {cell}, times, {codes} FROM ({grouped}) AS cells")
    return engine.groups(f"SELECT {cell}, times FROM {name} ORDER BY code", [cell])


def grouped(relation: str, names: list[str]) -> str:
    """A query for the combinations of the columns *names* in a *relation*, counted."""
    listed = ", ".join(names)
    most = MOST_COMBINATIONS + 1
    return f"SELECT {listed}, count(*) AS times FROM ({relation}) AS whole GROUP BY {listed} LIMIT {most}"
