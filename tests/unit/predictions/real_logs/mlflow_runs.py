"""
Make evaluation tables of MLflow: ``python mlflow_runs.py FOLDER``.

Runs in an environment of its own, that has the package ``mlflow``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mlflow
from mlflow.genai.scorers import scorer


@scorer
def exact(outputs: str, expectations: dict[str, str]) -> bool:
    return outputs == expectations["expected_response"]


def main(folder: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{folder.absolute()}/mlflow.db")
    for name, n_right in (("new", 6), ("old", 3)):
        data = [
            {
                "inputs": {"question": f"What is {i} + {i}?"},
                "expectations": {"expected_response": str(2 * i)},
                "outputs": str(2 * i) if i < n_right else "7",
            }
            for i in range(8)
        ]
        result = mlflow.genai.evaluate(data=data, scorers=[exact])
        table = result.result_df.drop(columns=["trace", "spans", "assessments", "trace_metadata", "tags"])
        table.to_json(folder / f"{name}.json", orient="split", default_handler=str)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
