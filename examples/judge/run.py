"""
Two language models compared by a judge's scores, where the prompts of one conversation are one observation.

The script draws 700 conversations of 1 to 20 prompts, and scores from 0 to 1 that a judge gives to the answers of three
models; every prompt is answered twice. As the scores are drawn, the story can say what is true of each model: `lucky`
is no better than the model in production, and `better` is, by six points.

How good an answer is hangs on the conversation more than on the prompt, so ten prompts of one conversation say hardly
more than one. First the script asks, on 200 test sets, how often `lucky` is taken for better if prompts are counted,
and if conversations are; then it asks the gate about both models, on the first test set on which prompts are deceived.

    python examples/judge/run.py [--folder DIR]
"""

from __future__ import annotations

import argparse
import csv
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from proctor.stats import bounded

GATE = """\
# Are conversations answered better than by the model in production?
condition: mean(n, sd=0.12) - mean(o, sd=0.12) > 0 +/- 0.025
reliability: 0.99
power: 0.8
testset:
  labels: exam/prompts.csv
  features: exam/prompts.csv
  cluster: conversation     # all prompts of one conversation are one observation, and each counts once
  repeats: average          # every prompt was answered twice, and its score is the mean
candidate:
  predictions: new.csv
  prediction: score
baseline:
  predictions: old.csv
  prediction: score
"""

PROCTOR = (sys.executable, "-m", "proctor")
CONVERSATIONS, LONGEST, EPOCHS = 700, 20, 2
GAINS = {"lucky": 0.0, "better": 0.06}
TEST_SETS, LEVEL = 200, 0.002
PASS, FAIL = 0, 1  # what `proctor check` ends with


class Exam(NamedTuple):
    """Conversation of each prompt, and by model the scores of its answers, a column for each epoch."""

    conversation: np.ndarray
    scores: dict[str, np.ndarray]


def main() -> int:
    """Tell the story; 0 if it went as told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the team works; a temporary folder by default")
    folder = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="proctor-judge-"))
    print(f"folder: {folder}\n\n{GATE}", flush=True)
    exams = [drawn(seed) for seed in range(TEST_SETS)]
    wrong = {
        name: sum(map(passes, exams)) for name, passes in (("prompts", by_prompts), ("conversations", by_clusters))
    }
    for name, count in wrong.items():
        print(f"`lucky` is no better; counted by {name}, it passes on {count} of {TEST_SETS} test sets")
    print(f"at a level of {LEVEL:g} that may be {LEVEL * TEST_SETS:g}, on average\n", flush=True)
    exam = next(filter(by_prompts, exams))
    write_exam(folder, exam)
    ends = {name: ask(folder, exam, name) for name in GAINS}
    went = ends == {"lucky": FAIL, "better": PASS} and wrong["conversations"] <= 3 < 10 < wrong["prompts"]
    print(f"as told: {'yes' if went else 'no'}")
    return 0 if went else 1


# --- data ------------------------------------------------------------------------------------------------------------


def drawn(seed: int) -> Exam:
    """A test set: who is served well hangs on conversation and model, and a little on the answer."""
    rng = np.random.default_rng([2026, seed])
    prompts = rng.integers(1, LONGEST + 1, CONVERSATIONS)
    conversation = np.repeat(np.arange(CONVERSATIONS), prompts)
    difficulty = rng.normal(0.6, 0.1, CONVERSATIONS)
    scores = {}
    for name in ("old", *GAINS):
        liked = difficulty + GAINS.get(name, 0.0) + rng.normal(0, 0.12, CONVERSATIONS)
        answers = liked[conversation][:, None] + rng.normal(0, 0.05, (len(conversation), EPOCHS))
        scores[name] = np.round(np.clip(answers, 0, 1), 3)
    return Exam(conversation, scores)


def by_prompts(exam: Exam) -> bool:
    """Take every prompt for an observation of its own, as nobody should."""
    return proves(gains(exam))


def by_clusters(exam: Exam) -> bool:
    """Take every conversation for one, as the gate does."""
    return proves(np.bincount(exam.conversation, gains(exam)) / np.bincount(exam.conversation))


def gains(exam: Exam) -> np.ndarray:
    """How much higher `lucky` scores than the model in production, for each prompt."""
    return (exam.scores["lucky"] - exam.scores["old"]).mean(axis=1)


def proves(values: np.ndarray) -> bool:
    """The gate's own test: is the mean above 0?"""
    return bounded.rejects(values, 0.0, math.log(LEVEL), -1.0, 1.0)


# --- the gate --------------------------------------------------------------------------------------------------------


def write_exam(folder: Path, exam: Exam) -> None:
    """The gate file, the prompts and whose they are, and the scores of the model in production."""
    (folder / "exam").mkdir(parents=True, exist_ok=True)
    (folder / "proctor.yml").write_text(GATE)
    prompts = [(f"p{number}", f"c{one}") for number, one in enumerate(exam.conversation)]
    write(folder / "exam/prompts.csv", ("id", "conversation"), prompts)
    write_scores(folder / "old.csv", exam.scores["old"])


def write_scores(file: Path, scores: np.ndarray) -> None:
    """One row for each answer."""
    write(file, ("id", "score"), [(f"p{number}", score) for number, row in enumerate(scores) for score in row])


def write(file: Path, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """A table."""
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([head, *rows])


def ask(folder: Path, exam: Exam, name: str) -> int:
    """Ask the gate about a model; gives what it ended with."""
    print(f"── {name}, which gains {100 * GAINS[name]:g} points in truth {'─' * 40}", flush=True)
    write_scores(folder / "new.csv", exam.scores[name])
    return subprocess.run([*PROCTOR, "check"], cwd=folder, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
