"""Native files of LightGBM, in text: trees and numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from proctor.errors import ProctorError
from proctor.models.formats.features import NO_CATEGORIES, as_numbers, class_of_scores

_HALF = 0.5


def load(path: Path, _trusted: tuple[str, ...]) -> Trees:
    """Load what ``save_model`` has written."""
    return Trees(lightgbm.Booster(model_file=path))


class Trees:
    """Boosted trees as an estimator; its classes are 0, 1, …, in the order in which it was fitted."""

    def __init__(self, booster: lightgbm.Booster) -> None:
        if booster.pandas_categorical:
            raise ProctorError(NO_CATEGORIES)
        self._booster = booster
        self.n_features_in_ = booster.num_feature()
        names = booster.feature_name()
        if names != [f"Column_{place}" for place in range(len(names))]:
            self.feature_names_in_ = names

    def predict(self, features: Any) -> np.ndarray:
        """Give a class for each row of *features*."""
        found = np.asarray(self._booster.predict(as_numbers(features)))
        objective = str(self._booster.dump_model(num_iteration=1).get("objective", ""))
        return (found > _HALF).astype(int) if objective.startswith("binary") else class_of_scores(found)
