"""Models as MLflow saves them, through pyfunc: in whatever format, and with whatever code, they were logged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proctor.errors import MissingExtra, ProctorError

try:
    import mlflow.pyfunc
    from mlflow.models import Model
    from mlflow.version import VERSION
except ImportError as error:
    raise MissingExtra(
        "a model saved by MLflow needs the package mlflow", hint="Install it with: pip install 'proctor[mlflow]'"
    ) from error


def load(path: Path, _trusted: tuple[str, ...]) -> Any:
    """
    Load the model whose ``MLmodel`` is at *path*; whatever code is in it runs.

    Raises:
        ProctorError: If a later MLflow than the one that is installed has logged it.
    """
    logged_by = str(Model.load(str(path)).mlflow_version or VERSION)
    if _major(logged_by) > _major(VERSION):
        raise ProctorError(
            f"it was logged by MLflow {logged_by}, and {VERSION} is installed here",
            hint=f"Install what it needs: pip install 'mlflow>={logged_by}'",
        )
    return Pyfunc(mlflow.pyfunc.load_model(str(path.parent)))


def _major(version: str) -> int:
    """The first number of a version; 0 where there is none."""
    number = version.partition(".")[0]
    return int(number) if number.isdecimal() else 0


class Pyfunc:
    """A model of MLflow as an estimator; it knows the names of its columns if it was logged with a signature."""

    def __init__(self, model: Any) -> None:
        self._model = model
        schema = model.metadata.get_input_schema()
        if schema is not None and schema.has_input_names():
            self.feature_names_in_ = schema.input_names()

    def predict(self, features: Any) -> Any:
        """Give what the model predicts for each row of *features*."""
        return self._model.predict(features)
