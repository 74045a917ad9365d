"""
Formats of saved models: one table, and one file for each that loads it in the child process.

The table is all that the rest of the program knows of a format; no library of a format is imported with it.
The file is named like the format and has one function, ``load(path, trusted)``. It gives an object with ``predict``
and, where the model knows them, ``feature_names_in_`` and ``n_features_in_``, as an estimator of scikit-learn has them.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

from proctor.errors import MissingExtra
from proctor.frozen import dataclass

PICKLE = "pickle"
"""The word of trust without which no pickle is loaded."""


class Trust(Enum):
    """Words that ``trust:`` takes beside a model, by what loading it can run."""

    NONE = "no word: it holds data alone"
    PICKLE = "`pickle`: it runs whatever code is in it"
    TYPES = "names of types: it builds objects of no others"


@dataclass(frozen=True, kw_only=True)
class Format:
    """
    A way to save models, by the *name* of the file here that loads it, and a *title* as people write it.

    Attributes:
        library: Package without which it cannot be loaded.
        extra: Extra of this package that installs the library; ``None`` where it is always installed.
        trust: What the gate file has to say, and can say, before it is loaded.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    library: str
    extra: str | None = None
    trust: Trust = Trust.NONE

    @property
    def loader(self) -> Callable[[Path, tuple[str, ...]], Any]:
        """Function that loads a file; to be called in the child process only."""
        load: Callable[[Path, tuple[str, ...]], Any] = importlib.import_module(f"{__name__}.{self.name}").load
        return load

    def require(self) -> None:
        """Make sure that a file can be loaded here; `MissingExtra` if its library is not installed."""
        if importlib.util.find_spec(self.library) is None:
            raise MissingExtra(
                f"a model saved by {self.title} needs the package {self.library}",
                hint=f"Install it with: pip install 'proctor[{self.extra}]'",
            )

    def problem(self, trusted: tuple[str, ...]) -> str:
        """Say what is wrong with the words of trust beside a file of this format; empty if nothing is."""
        match self.trust:
            case Trust.NONE if trusted:
                return f"`trust` means nothing for {self.title}, whose files hold data alone; leave it out"
            case Trust.PICKLE if trusted != (PICKLE,):
                return (
                    "`trust` must be `pickle` for a model that can run any code when it is loaded: write "
                    "`trust: pickle` beside `model:` if you trust whoever made it, or save it as ONNX or skops"
                )
            case Trust.TYPES if not all("." in name for name in trusted):
                return f"`trust` lists types with their modules for {self.title}, such as `package.module.Type`"
            case _:
                return ""


_JOBLIB = Format(
    name="joblib",
    title="joblib or pickle",
    suffixes=(".joblib", ".pkl", ".pickle"),
    library="joblib",
    trust=Trust.PICKLE,
)
FORMATS = (
    _JOBLIB,
    Format(name="pyfunc", title="MLflow", suffixes=("mlmodel",), library="mlflow", extra="mlflow", trust=Trust.PICKLE),
    Format(name="onnx", title="ONNX", suffixes=(".onnx",), library="onnxruntime", extra="onnx"),
    Format(name="skops", title="skops", suffixes=(".skops",), library="skops", extra="skops", trust=Trust.TYPES),
    Format(name="xgboost", title="XGBoost", suffixes=(".ubj", ".json"), library="xgboost", extra="xgboost"),
    Format(name="lightgbm", title="LightGBM", suffixes=(".lgb", ".txt"), library="lightgbm", extra="lightgbm"),
)
"""Every format; adding one is described in ``proctor docs extending``."""


def problem_of_version(trusted: tuple[str, ...]) -> str:
    """Say what is wrong with the words of trust beside a version that MLflow keeps, whose format is not known yet."""
    if trusted in ((), (PICKLE,)) or all("." in name for name in trusted):
        return ""
    return (
        "`trust` beside a version that MLflow keeps is `pickle`, to load it by pyfunc whatever code it runs, or lists "
        "types with their modules for skops, such as `package.module.Type`"
    )


def format_of(path: str) -> Format:
    """Format of a file by its ending; a file with any other ending is taken for a pickle, which has to be trusted."""
    return next((each for each in FORMATS if path.lower().endswith(each.suffixes)), _JOBLIB)
