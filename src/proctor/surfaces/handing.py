"""Predictions that a program has in memory, handed to a gate as the file that its gate file names."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor import service
from proctor.errors import DataError, Misuse
from proctor.gatefile import Gate, PredictionsFile
from proctor.writing import write_whole

Predictions = Mapping[Any, Any] | Iterable[Any]
"""The class of each example, by its id; or all classes, in the order of the test set; or a table with both columns."""


def with_candidate(gate: Gate, candidate: Predictions | str | Path | None) -> Gate:
    """
    *gate* with a candidate: predictions, the path of a file of them, or what it names already.

    Raises:
        Misuse: If predictions are given, and the gate file names no CSV file for them, or they are a table without the
            columns that it names, or no table where conditions name several.
        DataError: If that cannot be written.
    """
    if candidate is None:
        return gate
    if isinstance(candidate, str | os.PathLike):
        return service.with_named(gate, service.Named(candidate=str(candidate)))
    file = gate.candidate
    if not isinstance(file, PredictionsFile) or not file.predictions.endswith(".csv"):
        raise Misuse(
            f"{gate.file} names the candidate {str(file)!r}, and predictions are handed over in a CSV file",
            hint="Say `candidate: {predictions: new.csv}`, or give the path of a file.",
        )
    path = gate.resolve(file.predictions)
    try:
        write_whole(path, _table(file, tuple(gate.columns) or (file.prediction,), candidate), mode=None)
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be written: {error.strerror}", hint="Nothing was asked.") from error
    return gate


def _table(names: PredictionsFile, columns: Sequence[str], predictions: Predictions) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    if hasattr(predictions, "columns"):  # a table of pandas or polars, whose items are its columns
        rows.writerow((names.id, *columns))
        rows.writerows(_columns(predictions, names.id, *columns))
    elif len(columns) > 1:
        raise Misuse(
            f"the conditions read the columns {', '.join(map(repr, columns))}, and one column was handed over",
            hint=f"Give a table that has them and {names.id!r}, or the path of a file.",
        )
    elif hasattr(predictions, "items"):  # a mapping, or a series of pandas
        rows.writerow((names.id, names.prediction))
        rows.writerows(predictions.items())
    else:
        rows.writerow((names.prediction,))
        rows.writerows((value,) for value in predictions)
    return text.getvalue().encode()


def _columns(table: Any, *names: str) -> Iterable[tuple[Any, ...]]:
    """Rows of a *table*, of the columns of these names alone."""
    there = [str(each) for each in table.columns]
    if absent := [name for name in names if name not in there]:
        raise Misuse(
            f"the table of predictions has no column {absent[0]!r}; it has {', '.join(map(repr, there)) or 'none'}",
            hint="Rename its columns, or name them in the gate file; ids in the index become a column by "
            f"`.rename_axis({names[0]!r}).reset_index()`.",
        )
    return zip(*(table[name] for name in names), strict=True)
