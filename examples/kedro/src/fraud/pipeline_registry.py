"""The pipeline: a model predicts, the gate judges, and only then is anything published."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node, pipeline

from proctor.surfaces.kedro import TAG, judging


def predict(transactions: dict[str, float], limit: float) -> dict[str, str]:
    """The model: large transactions are fraud."""
    return {name: "fraud" if amount > limit else "fair" for name, amount in transactions.items()}


def publish(verdict: dict[str, object]) -> str:
    """What comes after the gate: reached by candidates that pass."""
    return f"published: {verdict['meaning']}"


def register_pipelines() -> dict[str, Pipeline]:
    """The one pipeline of this project."""
    whole = pipeline(
        [
            node(predict, ["transactions", "params:limit"], "predictions"),
            node(judging("."), "predictions", "verdict", name="judge", tags=TAG),
            node(publish, "verdict", "published"),
        ]
    )
    return {"__default__": whole}
