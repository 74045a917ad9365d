"""
Runs of the example and questions to its operator, in an environment of Airflow: prints what came of each, as JSON.

    python airflow_calls.py      in a copy of the example
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from airflow.__main__ import main as airflow
from airflow.sdk.exceptions import AirflowException

from proctor.surfaces.airflow import ProctorCheckOperator, passed


def publishes(*words: str) -> bool:
    """True if `airflow dags test gated` publishes the candidate; it ends well in any case."""
    published = Path("data/published.txt")
    published.unlink(missing_ok=True)
    sys.argv = ["airflow", "dags", "test", "gated", *words]
    airflow()
    return published.exists()


def ask(**how: Any) -> dict[str, Any]:
    """Result of a task, or the class and the words of its error."""
    try:
        released = ProctorCheckOperator(task_id="judge", **how).execute({})
    except AirflowException as error:
        return {"error": type(error).__name__, "says": str(error)}
    return {**released, "passed": passed(released)}


def gate(name: str, condition: str) -> str:
    """Another gate file for the same test set."""
    text = Path("proctor.yml").read_text(encoding="utf-8")
    Path(name).write_text(text.replace("n > 0.8 +/- 0.05", condition), encoding="utf-8")
    return name


def predictions(name: str) -> str:
    """Predictions that nobody has asked about."""
    lines = Path("data/predictions-5.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    Path(name).write_text("".join(lines).replace("fraud", "fair"), encoding="utf-8")
    return name


def main() -> None:
    """Run the DAG with a model that passes and with one that fails, then ask."""
    good, bad = "data/predictions-50.csv", "data/predictions-5.csv"
    answers = {
        "published": [publishes(), publishes("--conf", '{"limit": 5}')],
        "again": ask(candidate=good),
        "bad": ask(candidate=bad),
        "bad and strict": ask(candidate=bad, fails_task=True),
        "no file": ask(candidate="data/none.csv"),
        "no gate": ask(gate="nowhere.yml"),
        "no server": ask(gate=gate("down.yml", "n > 0.8 +/- 0.05\nledger: postgresql://nobody@127.0.0.1:1/books")),
        "too fine": ask(gate=gate("fine.yml", "n > 0.8 +/- 0.001"), candidate=predictions("fair.csv")),
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
