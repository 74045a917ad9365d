"""
Predictions of models: read as submitted and aligned with the test set; and its labels.

Nothing here knows of conditions, levels or verdicts.
"""

from proctor.counting.panel import Panel
from proctor.predictions.alignment import Aligned, Sheet, align, prediction_digest, refuse_respelled
from proctor.predictions.columns import Kind
from proctor.predictions.labels import Labels
from proctor.predictions.submitted import ColumnNames, PredictionSet, digest, read_predictions
from proctor.predictions.tables import Source
