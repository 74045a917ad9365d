"""The share of examples that a model gets right: the long spelling of ``n``, ``o`` and ``a``."""

from __future__ import annotations

from proctor.methods.metric import Metric, model_of

ACCURACY = Metric("accuracy", "the share of examples that a model gets right", model_of, ("acc", "accuracy_score"))
