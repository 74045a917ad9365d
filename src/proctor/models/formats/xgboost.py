"""Native files of XGBoost, in UBJSON or JSON: trees and numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from proctor.errors import ProctorError
from proctor.models.formats.features import NO_CATEGORIES, as_numbers, class_of_scores

_HALF = {"binary:logistic": 0.5, "binary:logitraw": 0.0}
"""Above this one of two classes is the likelier, by what a booster puts out."""


def load(path: Path, _trusted: tuple[str, ...]) -> Trees:
    """Load what ``save_model`` has written."""
    return Trees(xgboost.Booster(model_file=path))


class Trees:
    """Boosted trees as an estimator; its classes are 0, 1, …, in the order in which it was fitted."""

    def __init__(self, booster: xgboost.Booster) -> None:
        if "c" in (booster.feature_types or ()):
            raise ProctorError(NO_CATEGORIES)
        self._booster = booster
        self._objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
        self.n_features_in_ = booster.num_features()
        if booster.feature_names:
            self.feature_names_in_ = booster.feature_names

    def predict(self, features: Any) -> np.ndarray:
        """Give a class for each row of *features*."""
        table = xgboost.DMatrix(as_numbers(features), feature_names=self._booster.feature_names)
        found = self._booster.predict(table)
        half = _HALF.get(self._objective)
        return class_of_scores(found) if half is None else (found > half).astype(int)
