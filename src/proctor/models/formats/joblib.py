"""Pickles of joblib and pickle: loading one runs whatever code is in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import joblib


def load(path: Path, _trusted: tuple[str, ...]) -> Any:
    """Load what joblib or pickle has saved: many a ``.pkl`` was written by joblib, which reads both."""
    sys.path.insert(0, str(Path.cwd()))  # modules of the project that the estimator was made with
    return joblib.load(path)
