"""
A model that predicts how long deliveries take: smaller errors than before, and nearly all of them small.

The script draws deliveries whose times it knows, sets 6,000 of them aside as the exam, trains models on the others and
asks the gate in `proctor.yml` about each. A model can be better on average and worse where it is late; as the data are
drawn, the story can say what is true of each.

    python examples/regression/run.py [--folder DIR]
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

HERE = Path(__file__).parent
PROCTOR = (sys.executable, "-m", "proctor")
TRAINING, EXAM, TRUTH = 6_000, 6_000, 40_000
PASS, FAIL = 0, 1  # what `proctor check` ends with


class Deliveries(NamedTuple):
    """Deliveries, what is known of each beforehand, and the minutes that they took."""

    shown: np.ndarray
    minutes: np.ndarray


class Step(NamedTuple):
    """One model of the story, and what the gate must say of it."""

    message: str
    train: Callable[[Deliveries], Callable[[np.ndarray], np.ndarray]]
    due: int


def main() -> int:
    """Draw deliveries, train and judge the models; 0 if the story went as told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the exam will lie, a new one; a temporary folder by default")
    folder: Path = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="proctor-regression-"))
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / ".proctor").exists():
        parser.error(f"the story was told in {str(folder)!r} before, and its books go on: name another folder")
    rng = np.random.default_rng(0)
    training, exam, truth = (drawn(rng, count) for count in (TRAINING, EXAM, TRUTH))
    shutil.copy(HERE / "proctor.yml", folder)
    table(folder / "labels.csv", label=exam.minutes)
    print(f"folder: {folder}\n\n{(folder / 'proctor.yml').read_text()}", flush=True)
    codes = []
    for step in STORY:
        model = step.train(training)
        table(folder / "new.csv", prediction=model(exam.shown))
        print(f"── {step.message} ─────\n   truly: {told(truth, model)}", flush=True)
        codes.append(subprocess.run([*PROCTOR, "check"], cwd=folder, check=False).returncode)
    return 0 if [step.due for step in STORY] == codes else 1


# --- deliveries of which the truth is known --------------------------------------------------------------------------


def drawn(rng: np.random.Generator, count: int) -> Deliveries:
    """Deliveries: they take longer far away, in the evening, and much longer when it rains on hills."""
    distance, hour = rng.gamma(3, 1.5, count), rng.uniform(9, 21, count)
    hills, rain = rng.integers(0, 2, count), rng.random(count) < 0.25
    evening = np.exp(-((hour - 18.5) ** 2) / 3)
    minutes = 12 + 3.2 * distance + 20 * evening + (14 + 2 * distance) * hills * rain + rng.normal(0, 4, count)
    return Deliveries(np.column_stack([distance, hour, hills, rain]), minutes.round(1))


def told(deliveries: Deliveries, model: Callable[[np.ndarray], np.ndarray]) -> str:
    """What is true of a model, in minutes."""
    errors = abs(model(deliveries.shown) - deliveries.minutes)
    return f"mean absolute error {errors.mean():.2f}, nine in ten within {np.quantile(errors, 0.9):.1f} minutes"


# --- models ----------------------------------------------------------------------------------------------------------


def linear(deliveries: Deliveries) -> Callable[[np.ndarray], np.ndarray]:
    """Longer with each kilometer, and with each hour."""
    return LinearRegression().fit(*deliveries).predict


def tree(deliveries: Deliveries, leaf: int = 20) -> Callable[[np.ndarray], np.ndarray]:
    """A decision tree, which finds the evening, and the hills when it rains."""
    return DecisionTreeRegressor(min_samples_leaf=leaf, random_state=0).fit(*deliveries).predict


def without_rain(deliveries: Deliveries) -> Callable[[np.ndarray], np.ndarray]:
    """The same of a dry month: better on average than a linear model, and very late on hills when it rains."""
    dry = deliveries.shown[:, 3] == 0
    return tree(Deliveries(*(column[dry] for column in deliveries)))


def guess(deliveries: Deliveries) -> Callable[[np.ndarray], np.ndarray]:
    """The same number of minutes for everybody."""
    return lambda shown: np.full(len(shown), deliveries.minutes.mean())


STORY = (
    Step("the average", guess, FAIL),
    Step("a linear model", linear, PASS),
    Step("a decision tree, trained on a dry month", without_rain, FAIL),
    Step("a decision tree, trained on all of it", tree, PASS),
    Step("a tree with larger leaves", lambda deliveries: tree(deliveries, leaf=40), FAIL),
)


def table(path: Path, **columns: np.ndarray) -> None:
    """Write a CSV file, with the number of each delivery as its id."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *columns])
        writer.writerows([number, *cells] for number, cells in enumerate(zip(*columns.values(), strict=True)))


if __name__ == "__main__":
    raise SystemExit(main())
