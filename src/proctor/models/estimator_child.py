"""
The child process that loads a saved estimator and lets it predict; the one file in which scikit-learn is imported.

Run as a script: ``python -P estimator_child.py MODEL FEATURES PREDICTIONS ID_COLUMN``. It is given features and never
labels. Loading the model runs whatever code is in it, which is why it happens here and nowhere else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from proctor.errors import ProctorError
from proctor.predictions.columns import text_column
from proctor.predictions.tables import Raw, Source, Table, is_index, read_table


def main(arguments: list[str]) -> int:
    """Load, predict, write; exit code 1 with one line on standard error if the features do not fit."""
    model_path, features_path, target, id_column = arguments
    sys.path.insert(0, str(Path.cwd()))  # modules of the project that the estimator was made with
    try:
        table = read_table(Source(Path(features_path)))
        estimator = _load(Path(model_path))
        ids = text_column(table, id_column) if id_column in table.columns else None
        predicted = np.asarray(estimator.predict(features_for(estimator, table, id_column)))
    except ProctorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if predicted.dtype == object:
        predicted = np.array(predicted.tolist())
    columns: dict[str, Any] = {"prediction": predicted} | ({} if ids is None else {id_column: np.array(ids)})
    np.savez(target, **columns)
    return 0


def _load(path: Path) -> Any:
    """What joblib or pickle has saved: many a ``.pkl`` was written by joblib, which reads both."""
    import joblib

    return joblib.load(path)


def features_for(estimator: Any, table: Table, id_column: str) -> Any:
    """
    The features in the form that *estimator* was fitted with.

    By name where it knows names (a data frame if pandas is installed); else all columns but the ids and an index, in
    the order of the file: one array of numbers, or the texts of a single column.
    """
    wanted = getattr(estimator, "feature_names_in_", None)
    names = _unnamed(estimator, table, id_column) if wanted is None else list(map(str, wanted))
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise ProctorError(f"the features have no column {missing[0]!r}, which the model was fitted with")
    columns = [_typed(table.columns[name]) for name in names]
    if wanted is not None and (frame := _frame(names, columns)) is not None:
        return frame
    if len(columns) == 1 and (columns[0].dtype.kind == "U" or columns[0].ndim > 1):
        return columns[0].tolist() if columns[0].dtype.kind == "U" else columns[0]
    if any(column.dtype.kind == "U" for column in columns):
        return np.column_stack([column.astype(object) for column in columns])
    return np.column_stack([column.reshape(len(column), -1) for column in columns])


def _unnamed(estimator: Any, table: Table, id_column: str) -> list[str]:
    """All columns but the ids; an index only if *estimator* was fitted with as many columns as there are with it."""
    names = [name for name in table.columns if name != id_column]
    without = [name for place, name in enumerate(names) if not is_index(name, place)]
    is_array = table.source.suffix == ".npy"
    return names if is_array or not without or getattr(estimator, "n_features_in_", None) == len(names) else without


def _typed(raw: Raw) -> np.ndarray:
    """Numbers where every cell is one; an empty cell among numbers is NaN; else text."""
    if isinstance(raw, np.ndarray):
        return raw
    kinds = (int, float) if all(isinstance(cell, str) for cell in raw) else (float,)
    for kind in kinds:
        try:
            return np.array([float("nan") if cell in (None, "") else kind(cell) for cell in raw])
        except (TypeError, ValueError):
            continue
    return np.array(["" if cell is None else str(cell) for cell in raw])


def _frame(names: list[str], columns: list[np.ndarray]) -> Any:
    try:
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]  # optional, and not ours to install
    except ImportError:
        return None
    return pd.DataFrame(dict(zip(names, columns, strict=True)))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
