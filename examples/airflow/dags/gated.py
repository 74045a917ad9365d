"""A DAG that publishes a model only if it passes the gate."""

from __future__ import annotations

import csv
from pathlib import Path

from airflow.sdk import dag, task

from proctor.surfaces.airflow import ProctorCheckOperator, passed

PROJECT = Path(__file__).parents[1]


@task
def predict(limit: str) -> str:
    """The model: large transactions are fraud."""
    with (PROJECT / "data/transactions.csv").open(newline="") as file:
        rows = [(row["id"], "fraud" if float(row["amount"]) > float(limit) else "fair") for row in csv.DictReader(file)]
    path = PROJECT / f"data/predictions-{limit}.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("id", "prediction"), *rows])
    return str(path)


decide = task.short_circuit(passed, task_id="decide")


@task
def publish(candidate: str) -> None:
    """What comes after the gate: reached by candidates that pass."""
    (PROJECT / "data/published.txt").write_text(candidate)


@dag(schedule=None, params={"limit": 50})
def gated() -> None:
    """Predict, judge, and publish what passes."""
    candidate = predict("{{ params.limit }}")
    judge = ProctorCheckOperator(task_id="judge", gate=str(PROJECT / "proctor.yml"), candidate=candidate, retries=2)
    decide(judge.output) >> publish(candidate)


gated()
