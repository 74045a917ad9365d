"""
How long `proctor check` takes on each metric, as a ratio to the same on accuracy: whole processes, processor time.

Prints one line per figure. Run it as a script: ``python tests/benchmarks/bench_metrics.py [ROUNDS]``.
Predictions of 5,000 examples lie in CSV files; the ledger is fresh in every run, and runs take turns.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from bench_check import write_column
from coldimport import PROCTOR, compiled_modules, cost
from figures import figure

N_EXAMPLES = 5_000
UNIT = "n > 0.7 +/- 0.05"
CLASSES = {
    "difference of accuracies": "n - o > -0.02 +/- 0.05",
    "precision": 'precision(n, "1") > 0.6 +/- 0.1',
    "recall": 'recall(n, "1") > 0.6 +/- 0.1',
    "F1": 'f1(n, "1") > 0.6 +/- 0.1',
    "difference of F1": 'f1(n, "1") - f1(o, "1") > -0.1 +/- 0.1',
    "balanced accuracy": 'balanced_accuracy(n, "1") > 0.6 +/- 0.1',
}
SCORES = {
    "AUC": 'auc(n, "1") > 0.7 +/- 0.1',
    "Brier score": 'brier(n, "1") < 0.25 +/- 0.1',
    "log loss": 'logloss(n, "1", max=5) < 0.8 +/- 0.2',
    "mean of a score": "mean(n, min=0, max=1) > 0.3 +/- 0.1",
    "quantile": "quantile(n, 0.5) < 0.9 +/- 0.1",
    "mean absolute error": "mae(n, max=1) < 0.5 +/- 0.1",
    "mean squared error": "mse(n, max=1) < 0.5 +/- 0.1",
}


def write_gate(folder: Path, condition: str, *, scores: bool) -> Path:
    """A gate on two classes, and on models that are right on about 80 % or have scores of about that worth."""
    folder.mkdir()
    rng = np.random.default_rng(20_261_128)
    labels = rng.integers(0, 2, N_EXAMPLES)
    write_column(folder / "labels.csv", "label", labels, "e")
    for name in ("new.csv", "old.csv"):
        said = np.where(rng.random(N_EXAMPLES) < 0.2, 1 - labels, labels)
        values = np.round((said + rng.random(N_EXAMPLES)) / 2, 6) if scores else said
        write_column(folder / name, "prediction", values, "e")
    gate = f"condition: {condition}\nreliability: 0.99\nsteps: 1\ntestset:\n  labels: labels.csv\n"
    gate += "candidate:\n  predictions: new.csv\nbaseline:\n  predictions: old.csv\n"
    (folder / "proctor.yml").write_text(gate)
    return folder


def check(folder: Path, environment: dict[str, str]) -> float:
    shutil.rmtree(folder / ".proctor", ignore_errors=True)
    return cost([*PROCTOR, "check"], folder, environment).cpu_s


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as name, compiled_modules() as environment:
        unit = write_gate(Path(name) / "unit", UNIT, scores=False)
        gates = [(what, text, False) for what, text in CLASSES.items()] + [(w, t, True) for w, t in SCORES.items()]
        for what, condition, scores in (("accuracy itself", UNIT, False), *gates):
            folder = write_gate(Path(name) / what.replace(" ", "-"), condition, scores=scores)
            done = subprocess.run(
                [*PROCTOR, "check"], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode not in (0, 1):
                sys.exit(f"{condition}: {done.stdout}{done.stderr}")
            pairs = [(check(folder, environment), check(unit, environment)) for _ in range(rounds)]
            ratio = statistics.median(metric / accuracy for metric, accuracy in pairs)
            figure(f"`proctor check` on {what} / on accuracy, 5,000 examples", ratio, most=1.3)


if __name__ == "__main__":
    main()
