"""
Filling labels into the table of labels: cells that were empty, and rows that were not there.

Every other cell keeps its content. Only text tables can be filled in.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from proctor.errors import DataError, Misuse
from proctor.predictions import Kind
from proctor.predictions.columns import text_column
from proctor.predictions.delimited import separator
from proctor.predictions.tables import DELIMITED, TEXTS, Source, read_table
from proctor.spelling import class_in
from proctor.testset.appending import packed
from proctor.testset.examples import TestSet


def filled(testset: TestSet, labels: Mapping[str, str], kind: Kind | None) -> bytes:
    """
    The content of the file of labels with *labels* in it, by the names of the examples.

    The *kind* is that of the labels; ``None`` where it is not known, since there are none.

    Raises:
        Misuse: If the file is no text table.
        DataError: If it cannot be read, or lacks the row of an example and cannot name it.
    """
    source, id_column = testset.files.labels, testset.files.id
    if source.suffix not in TEXTS:
        raise Misuse(
            f"labels cannot be filled into {source}, which is no text table",
            hint="Keep the labels of a pool as CSV, TSV or JSON Lines, and name that file in `testset.labels`.",
        )
    table = read_table(source, frozenset({id_column}))
    has_ids = testset.ids is not None and id_column in table.columns
    names = text_column(table, id_column) if has_ids else testset.names(range(table.n_rows))
    there = set(names)
    added = [name for name in labels if name not in there]
    if added and not has_ids:
        raise DataError(f"{source} has no rows for {len(added):,} examples, and no column {id_column!r} to name them")
    if source.suffix in DELIMITED:
        content = _table(
            source, [labels.get(name) for name in names], [(name, labels[name]) for name in added], testset
        )
    else:
        values = {name: _value(label, kind) for name, label in labels.items()}
        content = _objects(
            source, [values.get(name) for name in names], [(name, values[name]) for name in added], testset
        )
    return packed(source, content.encode())


def _value(label: str, kind: Kind | None) -> str | int | float:
    """A label as JSON has it, where numbers are not text."""
    found = label if kind is Kind.TEXT else class_in(label)
    return float(found) if kind is Kind.NUMBERS and isinstance(found, str) else found


def _table(source: Source, given: list[str | None], added: list[tuple[str, str]], testset: TestSet) -> str:
    """The table with a label in each row to which one is *given*, and with the rows that are *added*."""
    mark, out = separator(source), io.StringIO(newline="")
    with source.open_text() as file:
        header, *rows = csv.reader(file, delimiter=mark, strict=True)
    columns = [name.strip() for name in header]
    place = columns.index(testset.files.label)
    rows = rows[: len(given)]  # behind them are empty lines only
    for row, label in zip(rows, given, strict=True):
        row[place] = row[place] if label is None else label
    for name, label in added:
        cells = {testset.files.id: name, testset.files.label: label}
        rows.append([cells.get(column, "") for column in columns])
    csv.writer(out, delimiter=mark, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def _objects(source: Source, given: list[Any], added: list[tuple[str, Any]], testset: TestSet) -> str:
    """The same of a table with one object for each line; a line that gets no label stays as it is."""
    with source.open_text() as file:
        lines = [line.rstrip("\r\n") for line in file if line.strip()]
    keys = list(json.loads(lines[0]))
    for number, label in enumerate(given):
        if label is not None:
            lines[number] = json.dumps({**json.loads(lines[number]), testset.files.label: label}, ensure_ascii=False)
    for name, label in added:
        cells = {testset.files.id: name, testset.files.label: label}
        lines.append(json.dumps({key: cells.get(key) for key in keys}, ensure_ascii=False))
    return "".join(line + "\n" for line in lines)
