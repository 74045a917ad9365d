"""Logs and registers two real models of scikit-learn, by MLflow's own client; run by the interpreter that has it."""

from __future__ import annotations

import sys

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow import MlflowClient
from sklearn.neighbors import KNeighborsClassifier

server, name, answers = sys.argv[1:]
mlflow.set_tracking_uri(server)
rows = pd.read_csv(answers)
model = KNeighborsClassifier(1, algorithm="brute").fit(rows[["x"]], rows["label"])
for alias, saved_as in (("data", "skops"), ("code", "cloudpickle")):
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name=name,
            serialization_format=saved_as,
            input_example=rows[["x"]][:2],
        )
    MlflowClient().set_registered_model_alias(name, alias, logged.registered_model_version)
