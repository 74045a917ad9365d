"""
Predictions of models: read as submitted, aligned with the test set, compared with each other and with labels.

Nothing here knows of conditions, levels or verdicts; what is computed from labels is private to the gate.
"""

from proctor.predictions.alignment import Aligned, Sheet, align, prediction_digest, refuse_respelled
from proctor.predictions.columns import Kind
from proctor.predictions.counting import Counts, Panel, Weights, count, disagreements, needed_rows, scores
from proctor.predictions.labels import Labels
from proctor.predictions.submitted import ColumnNames, PredictionSet, digest, read_predictions
from proctor.predictions.tables import Source

__all__ = [
    "Aligned",
    "ColumnNames",
    "Counts",
    "Kind",
    "Labels",
    "Panel",
    "PredictionSet",
    "Sheet",
    "Source",
    "Weights",
    "align",
    "count",
    "digest",
    "disagreements",
    "needed_rows",
    "prediction_digest",
    "read_predictions",
    "refuse_respelled",
    "scores",
]
