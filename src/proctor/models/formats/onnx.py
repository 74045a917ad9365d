"""Models in ONNX, whichever library they come from: graphs of operators that onnxruntime knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as state

from proctor.errors import ProctorError
from proctor.models.formats.features import class_of_scores

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}

_NOT_LOADED = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented)


def load(path: Path, _trusted: tuple[str, ...]) -> Graph:
    """Load a graph, never with a library of operators of its own; `ProctorError` if onnxruntime cannot run it."""
    try:
        return Graph(onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]))
    except _NOT_LOADED as error:
        reason = str(error).replace(str(path), path.name)
        raise ProctorError(f"onnxruntime {onnxruntime.__version__} cannot run {path.name}: {reason}") from error


class Graph:
    """
    A graph as an estimator.

    One input takes all columns at once; of several, each takes the column of its name.
    The first output is the prediction: classes as they are, and of scores of several classes the best one's place.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._inputs = session.get_inputs()
        if len(self._inputs) > 1:
            self.feature_names_in_ = [each.name for each in self._inputs]
        elif isinstance(width := self._inputs[0].shape[-1], int):
            self.n_features_in_ = width

    def predict(self, features: Any) -> np.ndarray:
        """Give a class for each row of *features*."""
        table = np.asarray(features)
        columns = [table] if len(self._inputs) == 1 else np.split(table, table.shape[1], axis=1)
        given = {each.name: _fitted(each, column) for each, column in zip(self._inputs, columns, strict=True)}
        return class_of_scores(np.asarray(self._session.run(None, given)[0]))


def _fitted(wanted: Any, values: np.ndarray) -> np.ndarray:
    """*values* in the type and with the number of dimensions that an input takes."""
    if wanted.type not in _TYPES:
        raise ProctorError(f"the model takes {wanted.type!r} as {wanted.name!r}, which is not a type of features")
    dtype = _TYPES[wanted.type]
    if values.dtype.kind in "UO" and dtype is not np.object_:
        _refuse_texts(values, wanted.name)
    if dtype is np.object_:
        values = values.astype(str)
    typed: np.ndarray = values.astype(dtype)
    return typed.reshape(-1) if len(wanted.shape) == 1 else typed.reshape(len(typed), *(typed.shape[1:] or (1,)))


def _refuse_texts(values: np.ndarray, name: str) -> None:
    try:
        values.astype(float)
    except ValueError as error:
        raise ProctorError(f"the model takes numbers as {name!r}, and the features hold text: {error}") from error
