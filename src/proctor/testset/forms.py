"""
Forms in which labels are asked for: a table to fill in, or tasks for a program with which people label.

A form says which examples, in the order fixed at registration, and shows what a person needs to label them where the
inputs are open. No prediction is in reach of this module, and none may ever be: people who see one lean to it.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.predictions.tables import Raw, read_table
from proctor.testset.examples import TestSet

Cells = dict[str, Any]


class Form(StrEnum):
    """Form of a request."""

    CSV = "csv"
    JSONL = "jsonl"
    LABEL_STUDIO = "label-studio"

    @property
    def ending(self) -> str:
        """Ending of a file in this form."""
        return ".json" if self is Form.LABEL_STUDIO else f".{self}"


def in_order(testset: TestSet, rows: NDArray[np.intp]) -> list[int]:
    """*rows* in the order fixed at registration, in which they are asked for and used."""
    order: list[int] = testset.order[np.isin(testset.order, rows)].tolist()
    return order


def blank_form(testset: TestSet, rows: list[int], form: Form) -> str:
    """
    A request for the labels of *rows*, to be filled in.

    Raises:
        DataError: If features are to be shown and cannot be read.
    """
    names = testset.names(rows)
    if form is Form.CSV:
        content = io.StringIO(newline="")
        writer = csv.writer(content, lineterminator="\n")
        writer.writerow((testset.example_column, testset.files.label))
        writer.writerows((name, "") for name in names)
        return content.getvalue()
    shown = [
        {testset.example_column: name, **cells} for name, cells in zip(names, _features(testset, rows), strict=True)
    ]
    if form is Form.JSONL:
        return "".join(json.dumps({**each, testset.files.label: None}, ensure_ascii=False) + "\n" for each in shown)
    tasks = [{"data": each, "meta": {"testset": testset.fingerprint}} for each in shown]
    return json.dumps(tasks, indent=1, ensure_ascii=False) + "\n"


def _features(testset: TestSet, rows: list[int]) -> Iterator[Cells]:
    """Cells of the features of each of *rows*; none where the inputs are sealed, and no arrays of several numbers."""
    files = testset.files
    wanted = frozenset(testset.columns) - {testset.example_column, files.label}
    if files.features is None or files.key or not wanted:
        yield from ({} for _ in rows)
        return
    table = read_table(files.features, wanted)
    columns = {name: column for name, column in table.columns.items() if name in wanted and not _is_wide(column)}
    for row in rows:
        yield {name: _plain(column[row]) for name, column in columns.items()}


def _is_wide(column: Raw) -> bool:
    return isinstance(column, np.ndarray) and column.ndim > 1


def _plain(cell: Any) -> Any:
    value = cell.item() if isinstance(cell, np.generic) else cell
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if isinstance(value, float) and not math.isfinite(value) else value
