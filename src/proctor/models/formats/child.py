"""
The child process that loads a saved model and lets it predict; the one place where a model's library is imported.

Run as a script: ``python -P child.py MODEL FEATURES PREDICTIONS ID_COLUMN [TRUSTED …]``. It is given features and
never labels. Loading a pickle runs whatever code is in it, which is why it happens here and nowhere else.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from proctor.errors import ProctorError
from proctor.models.formats import format_of
from proctor.models.formats.features import features_for
from proctor.predictions.columns import text_column
from proctor.predictions.tables import Source, read_table


def main(arguments: list[str]) -> int:
    """Load, predict, write; exit code 1 with one line on standard error if model or features do not fit."""
    model, features, target, id_column, *trusted = arguments
    try:
        table = read_table(Source(Path(features)))
        estimator = format_of(model).loader(Path(model), tuple(trusted))
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


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
