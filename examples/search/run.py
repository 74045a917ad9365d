"""
A search that asks the gate after every candidate, beside one that looks at the test set itself.

The models are linear classifiers of points in 1,000 dimensions, whose true accuracy is a formula. Three searches start
from the same model, and each tries 500 candidates:

naive    changes the model at random, and keeps what scores better on the test set.
greedy   makes the same kind of changes, and keeps what `proctor.keep` says to keep.
honest   trains on more and more data of its own, and keeps what `proctor.keep` says to keep.

What a search reports is compared with what is true: gain.svg shows both.

    python examples/search/run.py [--folder DIR] [--questions N]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from math import erf, sqrt
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

import proctor
from proctor import charts

GATE = """\
# Is the candidate better than the model that was kept last, by two points at least?
condition: n - o > 0.02 +/- 0.05
reliability: 0.99
power: 0.8
disagreement: 0.2
testset:
  labels: labels.csv
candidate:
  predictions: new.csv
"""
PROVEN_BY_A_PASS = 0.02

N_DIMENSIONS, N_EXAMPLES = 1_000, 1_000
CENTER = np.zeros(N_DIMENSIONS)
CENTER[0] = 1.3  # the two classes lie around this point and its mirror image
STEP = 0.3
MOST = 2_000
"""Points that the honest search trains on in all: with more questions there would be none for each."""


class Told(NamedTuple):
    """Gains of one search after each of its questions, and how it ended."""

    reported: list[float]
    true: list[float]
    end: str


def main() -> int:
    """Let the three searches run, draw what they report and what is true; 0 if the story went as told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the searches work; a temporary folder by default")
    parser.add_argument("--questions", type=number, default=500, help=f"candidates of each search, 1 to {MOST:,}")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="proctor-search-"))
    print(f"folder: {folder}\n\n{GATE}", flush=True)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        gated = {name: pool.submit(search, folder / name, name, options.questions) for name in ("greedy", "honest")}
        told = {"naive": naive(options.questions), **{name: search.result() for name, search in gated.items()}}
    for name, gains in told.items():
        print(f"{name}: reports {points(gains.reported[-1])}, truly {points(gains.true[-1])}; {gains.end}")
    (folder / "gain.svg").write_text(drawn(told), encoding="utf-8")
    print(f"drawn: {folder / 'gain.svg'}")
    is_deceived = told["naive"].reported[-1] - told["naive"].true[-1] > PROVEN_BY_A_PASS
    is_true = all(said <= true for name in gated for said, true in zip(*told[name][:2], strict=True))
    return 0 if is_deceived and is_true and told["honest"].reported[-1] > 0 else 1


def number(text: str) -> int:
    """A number of questions."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MOST:,}")
    return int(text)


def search(folder: Path, name: str, questions: int) -> Told:
    """A search through the gate, with a test set and books of its own."""
    features, labels = exam()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "proctor.yml").write_text(GATE)
    (folder / "labels.csv").write_text(
        "".join(["id,label\n", *(f"{number},{label}\n" for number, label in enumerate(labels))])
    )
    kept = first_model()
    proctor.keep(predictions(kept, features), folder)  # the first one is accepted as it is
    start, reported, gains = true_accuracy(kept), 0.0, Told([], [], "")
    trained = training(MOST // questions) if name == "honest" else None
    changes = np.random.default_rng(1)
    for asked in range(1, questions + 1):
        candidate = changed(kept, changes) if trained is None else next(trained)
        match proctor.keep(predictions(candidate, features), folder):
            case proctor.Kept():
                kept, reported = candidate, reported + PROVEN_BY_A_PASS
            case proctor.Exhausted(reason):
                return gains._replace(end=f"ended at question {asked}: {reason}")
        gains.reported.append(reported)
        gains.true.append(true_accuracy(kept) - start)
    return gains._replace(end=f"{questions} questions, {round(reported / PROVEN_BY_A_PASS)} passes")


def naive(questions: int) -> Told:
    """The search that everybody writes first: it keeps whatever scores better on the test set."""
    features, labels = exam()
    kept = first_model()
    start, first = true_accuracy(kept), score(kept, features, labels)
    best, gains, changes = first, Told([], [], f"{questions} looks at the test set"), np.random.default_rng(1)
    for _ in range(questions):
        candidate = changed(kept, changes)
        if (scored := score(candidate, features, labels)) > best:
            kept, best = candidate, scored
        gains.reported.append(best - first)
        gains.true.append(true_accuracy(kept) - start)
    return gains


# --- models of which the truth is known ------------------------------------------------------------------------------


def exam() -> tuple[np.ndarray, np.ndarray]:
    """The test set: points, and the class of each."""
    return drawn_points(np.random.default_rng(0), N_EXAMPLES)


def drawn_points(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Random points around one center or the other."""
    labels = rng.integers(0, 2, count)
    return rng.normal(size=(count, N_DIMENSIONS)) + np.outer(2 * labels - 1, CENTER), labels


def first_model() -> np.ndarray:
    """A weak model, a little better than chance."""
    aside = np.random.default_rng(2).normal(size=N_DIMENSIONS)
    aside[0] = 0
    return 0.25 * CENTER / np.linalg.norm(CENTER) + sqrt(1 - 0.25**2) * aside / np.linalg.norm(aside)


def changed(model: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The model with a random change."""
    change = rng.normal(size=N_DIMENSIONS)
    found = model + STEP * change / np.linalg.norm(change)
    return found / np.linalg.norm(found)


def training(more: int) -> Iterator[np.ndarray]:
    """Models trained on data that is not the test set, of which there is more for each."""
    rng, total = np.random.default_rng(3), np.zeros(N_DIMENSIONS)
    while True:
        features, labels = drawn_points(rng, more)
        total = total + (2 * labels - 1) @ features
        yield total / np.linalg.norm(total)


def true_accuracy(model: np.ndarray) -> float:
    """Share of all points there could be that the model gets right."""
    return 0.5 * (1 + erf(float(model @ CENTER) / float(np.linalg.norm(model)) / sqrt(2)))


def predictions(model: np.ndarray, features: np.ndarray) -> np.ndarray:
    """The class of each example, in order; what has ids of its own is handed over as a mapping."""
    return (features @ model > 0).astype(int)


def score(model: np.ndarray, features: np.ndarray, labels: np.ndarray) -> float:
    """Share of the test set that the model gets right."""
    return float(np.mean(predictions(model, features) == labels))


# --- what is shown ---------------------------------------------------------------------------------------------------


def drawn(told: dict[str, Told]) -> str:
    """The gains of each search, reported and true, as SVG."""
    return charts.document([charts.Chart(name, "question", "gain in accuracy", lines(of)) for name, of in told.items()])


def lines(gains: Told) -> tuple[charts.Line, ...]:
    """Reported gain, dashed, and true gain."""
    return (
        charts.Line(curve(gains.reported), "reported", charts.Look.DASHED, 3),
        charts.Line(curve(gains.true), "true", charts.Look.PLAIN, 0),
    )


def curve(gains: list[float]) -> tuple[charts.Point, ...]:
    """One point for each question."""
    return tuple(charts.Point(asked, gain) for asked, gain in enumerate([0.0, *gains]))


def points(gain: float) -> str:
    """A gain in points of accuracy."""
    return f"{100 * gain:+.1f} points"


if __name__ == "__main__":
    raise SystemExit(main())
