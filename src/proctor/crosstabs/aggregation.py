"""The one aggregation that every engine is sent, in SQL that all of them understand."""

from __future__ import annotations

from typing import Any, Protocol

from proctor.crosstabs.fields import (
    MOST_COMBINATIONS,
    SHOWN,
    Field,
    Fields,
    Groups,
    Strangers,
    empty_id,
    no_examples,
    refuse,
)
from proctor.errors import DataError

EXAMPLES = "proctor_examples"
"""Name of the table that has a row for each id."""

PLAIN_ID = "[!-~]([ -~]*[!-~])?"
"""Ids that `proctor.spelling.example_ids` leaves as they are; all others are given to it."""


class Engine(Protocol):
    """A program that runs SQL on tables."""

    def relation(self, field: Field, columns: dict[str, str], id_column: str | None) -> str:
        """
        A query for *columns* of the table of *field*, by names of ours, and for ids in their one spelling as ``id``.

        Raises:
            DataError: If the table has no such column, or of a type that cannot be counted.
        """

    def keep(self, name: str, query: str) -> None:
        """Make the rows of *query* a table called *name*; it may be asked several times."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the answer to *query*."""

    def groups(self, query: str, cells: list[str]) -> Groups:
        """The answer to *query* with the columns *cells*, and ``times``."""


def groups(engine: Engine, asked: Fields) -> Groups:
    """
    Count the examples that agree in every raw cell.

    Raises:
        DataError: If tables are malformed, or do not have the same ids, each of them once.
    """
    cells = [f"c{place}" for place in range(len(asked.given))]
    if asked.id is None:
        named = {cell: field.name for cell, field in zip(cells, asked.given, strict=True)}
        return engine.groups(_grouped(engine.relation(asked.labels, named, None), cells), cells)
    engine.keep(EXAMPLES, _examples(engine, asked, asked.id, cells))
    odd = " OR ".join(["id = ''", *(f"n{place} <> 1" for place in range(len(cells)))])
    columns = [*cells, "is_odd"]
    found = engine.groups(_grouped(f"SELECT *, ({odd}) AS is_odd FROM {EXAMPLES}", columns), columns)
    *values, are_odd = found.cells
    if any(are_odd):
        _refuse(engine, asked)
    return Groups(values, found.times)


def _examples(engine: Engine, asked: Fields, id_column: str, cells: list[str]) -> str:
    """A row for each id: its cell in each table, and how often each table has it."""
    parts = []
    for place, (cell, field) in enumerate(zip(cells, asked.given, strict=True)):
        relation = engine.relation(field, {cell: field.name}, id_column)
        all_cells = ", ".join(cell if cell == other else f"NULL AS {other}" for other in cells)
        parts.append(f"SELECT id, {all_cells}, {place} AS part FROM ({relation}) AS t{place}")
    values = [f"max({cell}) AS {cell}" for cell in cells]  # the only one, where each table has the id once
    times = [f"count_if(part = {place}) AS n{place}" for place in range(len(cells))]
    return f"SELECT id, {', '.join(values + times)} FROM ({' UNION ALL '.join(parts)}) AS parts GROUP BY id"


def _grouped(relation: str, names: list[str]) -> str:
    listed = ", ".join(names)
    most = MOST_COMBINATIONS + 1
    return f"SELECT {listed}, count(*) AS times FROM ({relation}) AS whole GROUP BY {listed} LIMIT {most}"


def _refuse(engine: Engine, asked: Fields) -> None:
    """Refuse the first table whose ids are not those of the labels."""
    if not _ids(engine, "n0 > 0")[0]:
        raise no_examples(asked.labels)
    for place, field in enumerate(asked.given):
        if _ids(engine, f"id = '' AND n{place} > 0")[0]:
            raise empty_id(field)
        twice = _ids(engine, f"n{place} > 1")
        missing = _ids(engine, f"n{place} = 0 AND n0 > 0")
        extra = _ids(engine, f"n{place} > 0 AND n0 = 0")
        refuse(Strangers(field, twice, missing, extra))
    raise DataError("the tables do not have the same ids, each of them once")


def _ids(engine: Engine, condition: str) -> tuple[int, list[str]]:
    """Number of the ids of which a *condition* is true, and the first of them."""
    number = engine.rows(f"SELECT count(*) FROM {EXAMPLES} WHERE {condition}")[0][0]
    some = engine.rows(f"SELECT id FROM {EXAMPLES} WHERE {condition} ORDER BY id LIMIT {SHOWN}")
    return number, [row[0] for row in some]
