"""Features in the form that a saved model takes, and its scores as classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from proctor.errors import ProctorError
from proctor.predictions.tables import Raw, Table, is_index

NO_CATEGORIES = (
    "the model was fitted with categories of a data frame, and which number stands for which is not known here; "
    "let a program predict: `command: python predict.py {features} {predictions}`"
)


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


def as_numbers(features: Any) -> np.ndarray:
    """Rows of numbers; `ProctorError` if there is text among them."""
    try:
        return np.asarray(features, float)
    except ValueError as error:
        raise ProctorError(f"the model takes numbers, and the features hold text: {error}") from error


def class_of_scores(found: np.ndarray) -> np.ndarray:
    """The place of the largest of several scores of each example; anything else as it is, for those who check it."""
    return found.argmax(axis=1) if found.dtype.kind == "f" and found.ndim == 2 and found.shape[1] > 1 else found
