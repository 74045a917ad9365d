"""
The copy of the features that a model is given: no labels in it, and nothing beside it.

A model is never pointed at the folder where the test set lies, because the labels may lie there too.
"""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from proctor.errors import DataError
from proctor.predictions.delimited import separator
from proctor.predictions.tables import Source, column_names, read_chunks, read_table
from proctor.testset.examples import ExampleFiles


def write_features(files: ExampleFiles, folder: Path) -> Path:
    """
    Write the features into *folder*, in the format they have, without the column of labels.

    Raises:
        DataError: If there are no features, or they cannot be read or written.
    """
    features = files.features
    if features is None:
        raise DataError("a model cannot be run without features", hint="Name `testset.features` in the gate file")
    target = folder / f"features{'.parquet' if features.is_folder else features.ending}"
    has_labels = features.suffix != ".npy" and files.label in column_names(features)
    try:
        if has_labels or features.is_folder:
            _write_without(features, files.label, target)
        elif features.content is not None:
            target.write_bytes(features.content)
        else:
            with features.open_bytes() as file, target.open("wb") as copy:
                shutil.copyfileobj(file, copy)
    except OSError as error:
        raise DataError(f"the features cannot be copied to {str(folder)!r}: {error.strerror}") from error
    return target


def _write_without(features: Source, label: str, target: Path) -> None:
    match "folder" if features.is_folder else features.suffix:
        case ".csv" | ".tsv":
            _write_cells(features, label, target)
        case ".jsonl" | ".ndjson":
            with _open_text(target) as copy:
                for chunk in read_chunks(features):
                    names = [name for name in chunk.columns if name != label]
                    rows = zip(*(chunk.columns[name] for name in names), strict=True)
                    copy.writelines(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)
        case ".npz":
            table = read_table(features)
            arrays: dict[str, Any] = {name: np.asarray(array) for name, array in table.columns.items() if name != label}
            np.savez(target, **arrays)
        case ".arrow" | ".feather":
            from proctor.predictions import arrow

            arrow.write_without(features, label, target)
        case _:
            from proctor.predictions import parquet

            parquet.write_without(features, label, target)


def _write_cells(features: Source, label: str, target: Path) -> None:
    mark = separator(features)
    with features.open_text() as file, _open_text(target) as copy:
        reader = csv.reader(file, delimiter=mark, strict=True)
        writer = csv.writer(copy, delimiter=mark, lineterminator="\n")
        header = next(reader)
        out = [name.strip() for name in header].index(label)
        writer.writerow(header[:out] + header[out + 1 :])
        writer.writerows(row[:out] + row[out + 1 :] for row in reader if len(row) == len(header))


def _open_text(target: Path) -> TextIO:
    if target.suffix == ".gz":
        return gzip.open(target, "wt", encoding="utf-8", newline="")
    return target.open("w", encoding="utf-8", newline="")
