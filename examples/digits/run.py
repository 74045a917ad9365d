"""
A year of a small team, in half a minute: real models of handwritten digits, judged as they are committed.

The script makes a git repository in a fresh folder, sets 1,300 of scikit-learn's digits aside as the exam, trains a
history of models on the other 497 and runs `proctor check` on each commit: improvements pass, changes that make no
difference fail, a commit that is run again gets its recorded answer, and in the end the test set is used up.

    python examples/digits/run.py [--folder DIR]
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

GATE = """\
# Is the new model better than the accepted one? Judged on 1,300 digits that nobody trains on.
condition: n - o > 0 +/- 0.028
reliability: 0.99
power: 0.8
disagreement: 0.15        # about that share of predictions changes from one model to the next
testset:
  labels: exam/labels.csv
  features: exam/features.csv
candidate:
  model: model.joblib
  trust: pickle           # we made these files ourselves
"""

PROCTOR = (sys.executable, "-m", "proctor")
TRAINING_SIZE = 497

PASS, FAIL, FRESH_SET_NEEDED = 0, 1, 4  # what `proctor check` ends with

# What is committed, the model that is trained for it (None: the one before), and what the gate must say.
HISTORY = (
    ("a first model: a shallow tree", DecisionTreeClassifier(max_depth=4, random_state=0), PASS),
    ("another random seed", DecisionTreeClassifier(max_depth=4, random_state=1), FAIL),
    ("a tree of any depth", DecisionTreeClassifier(random_state=0), PASS),
    ("naive Bayes", GaussianNB(var_smoothing=1e-2), PASS),
    ("logistic regression", LogisticRegression(C=0.01, max_iter=500), PASS),
    ("a little less regularization", LogisticRegression(C=0.02, max_iter=500), FAIL),
    ("the same model, committed again", None, FAIL),
    ("a random forest, the fashion of the day", RandomForestClassifier(60, random_state=0), FAIL),
    ("support vectors", SVC(gamma=0.001), PASS),
    ("support vectors, tuned", SVC(gamma=0.0012, C=2), FAIL),
    ("support vectors, tuned again", SVC(gamma=0.0011, C=3), FRESH_SET_NEEDED),
)


def main() -> int:
    """Make the repository, commit the history, judge each commit; 0 if the story went as told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to make the repository; a temporary folder by default")
    folder = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="proctor-digits-"))
    folder.mkdir(parents=True, exist_ok=True)
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    training, exam = order[:TRAINING_SIZE], order[TRAINING_SIZE:]
    make_repository(folder, images[exam].astype(int), labels[exam])
    print(f"repository: {folder}\n\n{GATE}")
    codes = []
    for message, model, due in HISTORY:
        if model is not None:
            joblib.dump(model.fit(images[training], labels[training]), folder / "model.joblib")
        git(folder, "add", "-A")
        git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
        print(f"── {message} " + "─" * max(0, 76 - len(message)), flush=True)
        codes.append(subprocess.run([*PROCTOR, "check"], cwd=folder, stderr=subprocess.STDOUT, check=False).returncode)
        if codes[-1] != due:
            print(f"THE STORY FAILED: {message!r} ended with exit code {codes[-1]}, and {due} is due", file=sys.stderr)
            print(f"  what the gate said stands above; the repository is {folder}", file=sys.stderr)
            return 1
    print("\n── the books at the end " + "─" * 55, flush=True)
    subprocess.run([*PROCTOR, "status"], cwd=folder, check=False)
    passes, fails = codes.count(PASS), codes.count(FAIL)
    free = passes + fails - evaluations(folder)
    print(f"look around:  cd {folder} && {Path(sys.executable).with_name('proctor')} ledger show")
    print("              (or status, testset show, report --html page.html)\n")
    used_up = "yes" if FRESH_SET_NEEDED in codes else "no"
    print(f"passes {passes}, fails {fails}; {free} cost nothing; the test set used up: {used_up}")
    return 0


def evaluations(folder: Path) -> int:
    """How many evaluations were charged to the test set."""
    status = subprocess.run([*PROCTOR, "status", "--json"], cwd=folder, capture_output=True, check=True)
    return int(json.loads(status.stdout)["budget"]["evaluations"])


def make_repository(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """A git repository with the gate file and the exam; the ledger stays out of it."""
    (folder / "exam").mkdir(exist_ok=True)
    ids = [f"digit-{i}" for i in range(len(labels))]
    pixels = [f"pixel_{i}" for i in range(images.shape[1])]
    write_table(
        folder / "exam/features.csv", ["id", *pixels], ([name, *row] for name, row in zip(ids, images, strict=True))
    )
    write_table(folder / "exam/labels.csv", ["id", "label"], zip(ids, labels, strict=True))
    (folder / "proctor.yml").write_text(GATE)
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "The digits team")
    git(folder, "config", "user.email", "digits@example.org")


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def git(folder: Path, *arguments: str) -> None:
    """Run git in *folder*."""
    subprocess.run(["git", *arguments], cwd=folder, check=True)


if __name__ == "__main__":
    raise SystemExit(main())
