"""The one aggregation that every engine is sent, in SQL that all of them understand."""

from __future__ import annotations

from typing import NamedTuple

from proctor.crosstabs.crosstab import Crosstab
from proctor.crosstabs.engine import Engine, grouped
from proctor.crosstabs.fields import SHOWN, Field, Fields, Groups, Strangers, crosstab, empty_id, no_examples, refuse
from proctor.crosstabs.slicing import Held, Slicing, hold
from proctor.errors import DataError

EXAMPLES = "proctor_examples"
"""Name of the table that has a row for each id."""


def count(engine: Engine, asked: Fields, slicing: Slicing, classes: frozenset[str] | None) -> Crosstab:
    """
    Count examples by label and predictions, and by the slices that they are in.

    Raises:
        DataError: If tables are malformed, or do not have the same ids, each of them once; or if a slice is empty.
    """
    cells = {f"c{place}": field.name for place, field in enumerate(asked.given)}
    if not slicing.slices:
        return crosstab(asked, _groups(engine, asked, list(cells), None), classes)
    held = hold(engine, slicing, cells if asked.id is None else {}, asked.id)
    found = _groups(engine, asked, list(cells), held)
    return crosstab(asked, found, classes, held.combinations(found).masks(slicing.slices))


def _groups(engine: Engine, asked: Fields, cells: list[str], held: Held | None) -> Groups:
    """Count the examples that agree in every raw cell, and in the numbers of those that slices speak of."""
    names = [*cells, *(held.slicing.numbers if held else ())]
    if asked.id is None:
        of_cells = dict(zip(cells, (field.name for field in asked.given), strict=True))
        whole = held.numbered(cells) if held else engine.relation(asked.labels, of_cells, None)
        return engine.groups(grouped(whole, names), names)
    parts = [
        _Part(field, (cell,), engine.relation(field, {cell: field.name}, asked.id))
        for cell, field in zip(cells, asked.given, strict=True)
    ]
    if held is not None:
        parts.append(_Part(held.slicing.fields[0], tuple(held.slicing.numbers), held.numbered(["id"]), "row"))
    engine.keep(EXAMPLES, _examples(parts))
    odd = " OR ".join(["id = ''", *(f"n{place} <> 1" for place in range(len(parts)))])
    columns = [*names, "is_odd"]
    found = engine.groups(grouped(f"SELECT *, ({odd}) AS is_odd FROM {EXAMPLES}", columns), columns)
    *values, are_odd = found.cells
    if any(are_odd):
        _refuse(engine, parts)
    return Groups(values, found.times)


class _Part(NamedTuple):
    """
    One of the tables that are brought together.

    Attributes:
        field: A column of it.
        names: Our names of all columns that it brings.
        relation: A query for them, and for ids.
        brings: Word for what it has of each example.
    """

    field: Field
    names: tuple[str, ...]
    relation: str
    brings: str = "prediction"


def _examples(parts: list[_Part]) -> str:
    """A row for each id: what stands there in each table, and how often each table has it."""
    names = [name for part in parts for name in part.names]
    rows = []
    for place, part in enumerate(parts):
        listed = ", ".join(name if name in part.names else f"NULL AS {name}" for name in names)
        rows.append(f"SELECT id, {listed}, {place} AS part FROM ({part.relation}) AS t{place}")
    values = [f"max({name}) AS {name}" for name in names]  # the only one, where each table has the id once
    times = [f"count_if(part = {place}) AS n{place}" for place in range(len(parts))]
    return f"SELECT id, {', '.join(values + times)} FROM ({' UNION ALL '.join(rows)}) AS parts GROUP BY id"


def _refuse(engine: Engine, parts: list[_Part]) -> None:
    """Refuse the first table whose ids are not those of the labels, which come first."""
    if not _ids(engine, "n0 > 0")[0]:
        raise no_examples(parts[0].field)
    for place, part in enumerate(parts):
        if _ids(engine, f"id = '' AND n{place} > 0")[0]:
            raise empty_id(part.field)
        twice = _ids(engine, f"n{place} > 1")
        missing = _ids(engine, f"n{place} = 0 AND n0 > 0")
        extra = _ids(engine, f"n{place} > 0 AND n0 = 0")
        refuse(Strangers(part.field, twice, missing, extra, part.brings))
    raise DataError("the tables do not have the same ids, each of them once")


def _ids(engine: Engine, condition: str) -> tuple[int, list[str]]:
    """Number of the ids of which a *condition* is true, and the first of them."""
    number = engine.rows(f"SELECT count(*) FROM {EXAMPLES} WHERE {condition}")[0][0]
    some = engine.rows(f"SELECT id FROM {EXAMPLES} WHERE {condition} ORDER BY id LIMIT {SHOWN}")
    return number, [row[0] for row in some]
