"""
A year of two hundred commits on one growing test set, beside the same year under fresh test sets.

A team labels examples from one stream. Every commit changes 8 % of the predictions, and one in twelve is better by four
points. Both years see the same commits, and each passes if it is shown to be better than the model in production.

pool     one test set, on one account: with 99.9 %, no pass of the year is wrong. Development data make the stakes, so
         that a pass that was expected costs little; where the gate says that the test set is too small for what is
         asked, labels are bought and added.
fresh    where the gate says so, a fresh test set is bought; each has an account of its own, and so 99.9 % is the
         promise of each set, and not of the year.

year.svg shows what passed, and how many labels were paid for it.

    python examples/pool/run.py [--folder DIR] [--commits N]
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

import proctor
from proctor import charts

POOL = """\
# Is the commit better than the model in production?
condition: n - o > 0 +/- 0.02
power: 0.8
disagreement: 0.08
stakes: informed
testset:
  labels: exam/labels.csv
development:                  # labeled examples that everybody may look at
  labels: development/labels.csv
  candidate: development/new.csv
  baseline: development/old.csv
candidate:
  predictions: new.csv
baseline:
  predictions: old.csv
"""
FRESH = "".join(line for line in POOL.splitlines(keepends=True) if "stakes" not in line)
FRESH = FRESH[: FRESH.index("development:")] + FRESH[FRESH.index("candidate:\n") :]

GAIN, CHANGED, SHARE = 0.04, 0.08, 0.08
FIRST_ACCURACY = 0.3
FIRST, BATCH, FRESH_SIZE = 1_200, 300, 2_000
DEVELOPMENT = 1_200
TAPE = 40_000


class Year(NamedTuple):
    """Year of a team: improvements in production and labels paid by each commit, and what happened to the test set."""

    shipped: list[int]
    labels: list[int]
    false: int
    events: list[str]


def main() -> int:
    """Play both years, and draw them; 0 if the story went as told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the teams work; a temporary folder by default")
    parser.add_argument("--commits", type=int, default=200, help="commits of the year")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="proctor-pool-"))
    print(f"folder: {folder}\n\n{POOL}", flush=True)
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        played = {name: processes.submit(play, folder / name, name, options.commits) for name in ("pool", "fresh")}
        years = {name: year.result() for name, year in played.items()}
    for name, year in years.items():
        print("\n".join(f"{name}: {event}" for event in year.events))
        print(f"{name}: {year.shipped[-1]} improvements shipped, {year.false} wrong, {year.labels[-1]:,} labels paid\n")
    (folder / "year.svg").write_text(drawn(years), encoding="utf-8")
    print(f"drawn: {folder / 'year.svg'}")
    pool, fresh = years["pool"], years["fresh"]
    is_cheaper = pool.labels[-1] * fresh.shipped[-1] < fresh.labels[-1] * pool.shipped[-1]
    return 0 if is_cheaper and not pool.false + fresh.false else 1


def play(folder: Path, name: str, commits: int) -> Year:
    """One year of one team."""
    team = Team(folder, is_growing=name == "pool")
    year = Year([], [], 0, [])
    shipped = false = 0
    rng = np.random.default_rng(1)
    for number in range(1, commits + 1):
        is_better = bool(rng.random() < SHARE)
        passed = team.commit(np.random.default_rng([2, number]), GAIN if is_better else 0.0, number, year.events)
        shipped, false = shipped + (passed and is_better), false + (passed and not is_better)
        year.shipped.append(shipped)
        year.labels.append(team.paid)
    return year._replace(false=false)


# --- a team and its repository ---------------------------------------------------------------------------------------


class Team:
    """A team: the model in production, the test set, and what was paid for its labels."""

    def __init__(self, folder: Path, *, is_growing: bool) -> None:
        self.folder, self.is_growing = folder, is_growing
        rng = np.random.default_rng(0)
        self.truth = rng.integers(0, 10, TAPE)
        self.right = rng.random(TAPE) < FIRST_ACCURACY
        self.in_use = range(DEVELOPMENT, DEVELOPMENT + (FIRST if is_growing else FRESH_SIZE))
        for part in ("exam", "development"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / "proctor.yml").write_text(POOL if is_growing else FRESH)
        self.write("development/labels.csv", "label", self.truth, range(DEVELOPMENT))
        self.write("exam/labels.csv", "label", self.truth, self.in_use)
        self.put("old", self.right)

    @property
    def paid(self) -> int:
        """Labels of test sets that were paid for so far."""
        return self.in_use.stop - DEVELOPMENT

    def commit(self, rng: np.random.Generator, gain: float, number: int, events: list[str]) -> bool:
        """Commit a change of the model in production; True if it passed, and is in production now."""
        candidate = changed(self.right, rng, gain)
        self.put("new", candidate)
        while (passed := self.check(number)) is None:
            said = self.extend() if self.is_growing else self.renew(len(events))
            events.append(f"commit {number}: {said}")
            self.put("new", candidate)
        if passed:
            self.right = candidate
            self.put("old", candidate)
        return passed

    def check(self, number: int) -> bool | None:
        """Ask the gate; ``None`` if the test set is too small for what is asked, which costs nothing."""
        try:
            return proctor.check(proctor.load_gate(self.folder), commit=f"{number:040x}").verdict == "pass"
        except proctor.errors.FreshTestSetNeeded:
            return None

    def extend(self) -> str:
        """Buy labels, and add them to the test set; the model in production predicts the new examples, too."""
        more = range(self.in_use.stop, self.in_use.stop + BATCH)
        self.write("more.csv", "label", self.truth, more)
        said = self.proctor("testset", "extend", "more.csv", "--reason", "the next batch, as the gate asked")
        self.in_use = range(self.in_use.start, more.stop)
        self.put("old", self.right)
        self.proctor("testset", "baseline", "old.csv")
        return said

    def renew(self, number: int) -> str:
        """Buy a fresh test set, with an account of its own."""
        self.in_use = range(self.in_use.stop, self.in_use.stop + FRESH_SIZE)
        labels = f"exam/labels-{number}.csv"
        self.write(labels, "label", self.truth, self.in_use)
        file = self.folder / "proctor.yml"
        file.write_text("".join(
            f"  labels: {labels}\n" if line.startswith("  labels: exam/") else line
            for line in file.read_text().splitlines(keepends=True)
        ))  # fmt: skip
        self.put("old", self.right)
        return self.proctor("testset", "renew", "--reliability", "0.999")

    def put(self, name: str, right: np.ndarray) -> None:
        """Write what a model predicts on test and development examples."""
        predicted = np.where(right, self.truth, (self.truth + 1) % 10)
        self.write(f"{name}.csv", "prediction", predicted, self.in_use)
        if self.is_growing:
            self.write(f"development/{name}.csv", "prediction", predicted, range(DEVELOPMENT))

    def write(self, name: str, column: str, values: np.ndarray, rows: range) -> None:
        """Write a table with the ids and one column."""
        with (self.folder / name).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", column])
            writer.writerows((f"x{row}", values[row]) for row in rows)

    def proctor(self, *arguments: str) -> str:
        """Do something as the owner of the test set; gives the first line of what is said."""
        done = subprocess.run(
            [sys.executable, "-m", "proctor", *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        return done.stdout.splitlines()[0]


def changed(right: np.ndarray, rng: np.random.Generator, gain: float) -> np.ndarray:
    """What a model gets right after a change that gains so much in truth."""
    accuracy = right.mean()
    better, worse = (CHANGED + gain) / 2 / (1 - accuracy), (CHANGED - gain) / 2 / accuracy
    return np.where(rng.random(TAPE) < np.where(right, worse, better), ~right, right)


# --- what is shown ---------------------------------------------------------------------------------------------------


def drawn(years: dict[str, Year]) -> str:
    """Improvements and labels over the year, as SVG."""
    shipped = {name: year.shipped for name, year in years.items()}
    labels = {name: year.labels for name, year in years.items()}
    return charts.document([
        charts.Chart("improvements in production", "commit", "improvements", tuple(lines(shipped))),
        charts.Chart("labels paid", "commit", "labels", tuple(lines(labels))),
    ])  # fmt: skip


def lines(found: dict[str, list[int]]) -> Iterator[charts.Line]:
    """One line for each year."""
    for color, (name, values) in enumerate(found.items()):
        yield charts.Line(curve(values), name, charts.Look.PLAIN, color)


def curve(values: Sequence[int]) -> tuple[charts.Point, ...]:
    """One point for each commit."""
    return tuple(charts.Point(number, value) for number, value in enumerate(values, 1))


if __name__ == "__main__":
    raise SystemExit(main())
