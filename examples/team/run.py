"""
Two repositories, one sealed exam, one set of books: a team shares a test set that none of them can read.

The script plays all parts, offline, in a fresh folder. The owner seals 1,300 handwritten digits, labels and images;
the repositories `reader` and `postal` commit the sealed files and ask different questions of them; their jobs have the
owner's key, as a secret, and their developers have not. The ledger is a branch of a bare repository beside them.

    python examples/team/run.py [--folder DIR]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

HERE = Path(__file__).parent
TRAINING_SIZE = 497
BRANCH = "proctor-ledger"

GATE = """\
name: {name}
condition: {condition}
reliability: 0.99
power: 0.8
{more}testset:
  labels: exam/labels.csv.sealed
  features: exam/features.csv.sealed
  sample: exam/sample.csv      # two public digits, on which a candidate is tried first
  inputs: sealed               # the sandboxed candidate sees the images, and nobody else
candidate:
  command: python predict.py {{features}} {{predictions}}
  files: [predict.py, model.json, training.npz]
slot: 8                        # seconds that every run takes, so that its time tells nothing; this one needs two
ledger: git:books/proctor-ledger
"""

READER = GATE.format(
    name="reader",
    condition="n - o > 0 +/- 0.04",
    more="disagreement: 0.15\nbaseline: {revision: origin/main}   # branches are compared with main\n",
)
POSTAL = GATE.format(name="postal", condition="n > 0.9 +/- 0.03", more="first: judge\n")


@dataclass(frozen=True)
class Clone:
    """A clone of a repository, and who works in it."""

    folder: Path
    actor: str
    key: str = ""

    def proctor(self, *arguments: str, shows: bool = True) -> subprocess.CompletedProcess[str]:
        """Run proctor as this person or job; the command and what it says are printed."""
        environ = {name: value for name, value in os.environ.items() if name != "PROCTOR_KEY"}
        environ |= {"PROCTOR_ACTOR": self.actor, "NO_COLOR": "1", "PATH": _path()}
        environ |= {"PROCTOR_KEY": self.key} if self.key else {}
        done = subprocess.run(
            [sys.executable, "-m", "proctor", *arguments],
            cwd=self.folder, env=environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if shows:
            command = " ".join(argument if len(argument) < 40 else argument[:12] for argument in arguments)
            print(f"{self.actor} $ proctor {command}\n{done.stdout}{done.stderr}", flush=True)
        return done

    def commit(self, message: str, **model: Any) -> None:
        """Commit a model."""
        (self.folder / "model.json").write_text(json.dumps(model) + "\n")
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "--quiet", "-m", message)


def main() -> int:
    """Tell the story; 0 if it went as told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to make the repositories; a temporary folder by default")
    folder = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="proctor-team-"))
    folder.mkdir(parents=True, exist_ok=True)
    key = seal_exam(folder)
    git(folder, "init", "--quiet", "--bare", "books.git")
    codes, heads = judge(folder, key)
    answers = ask_without_key(folder)
    tell_who_spent_what(folder)
    verified = check_the_books(folder, heads)
    as_told = (codes, answers, verified) == ([0, 1, 0, 0], [0, 0, 5], [0, 5])
    print("\nall went as told" if as_told else f"not as told: {codes} {answers} {verified}")
    return 0 if as_told else 1


def seal_exam(folder: Path) -> str:
    """The owner seals labels and images, and keeps the key."""
    title("the owner seals the exam")
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    training, exam = order[:TRAINING_SIZE], order[TRAINING_SIZE:]
    np.savez_compressed(folder / "training.npz", images=images[training], labels=labels[training])
    (folder / "exam").mkdir()
    header = ["id", *(f"pixel_{i}" for i in range(images.shape[1]))]
    named = [[f"digit-{i}", *row] for i, row in enumerate(images[exam].astype(int))]
    table(folder / "exam/features.csv", header, named)
    table(folder / "exam/labels.csv", ["id", "label"], ((f"digit-{i}", label) for i, label in enumerate(labels[exam])))
    table(folder / "exam/sample.csv", header, [[f"public-{i}", *images[training[i]].astype(int)] for i in range(2)])
    owner = Clone(folder, "owner")
    done = owner.proctor("testset", "seal", "exam/labels.csv", "--features", "exam/features.csv", shows=False)
    key = next(word for word in done.stdout.split() if word.startswith("proctor-key-1-"))
    print(done.stdout.replace(key, key[:20] + "…"))
    for name in ("features.csv", "labels.csv"):
        (folder / "exam" / name).unlink()
    return key


def judge(folder: Path, key: str) -> tuple[list[int], list[str]]:
    """Two branches of one repository side by side, then another repository; exit codes, and the heads published."""
    title("the repository `reader`: two branches, each compared with main")
    main_branch = repository(folder, "reader", READER, "Compare with the mean of each digit", kind="centroids")
    ann, bob = (clone(main_branch, f"{name}'s job", key) for name in ("ann", "bob"))
    ann.commit("Take the nearest neighbor", kind="neighbors", neighbors=1)
    bob.commit("Ask forty neighbors", kind="neighbors", neighbors=40)
    title("the repository `postal`: another question, the same exam, the same books")
    postal = repository(folder, "postal", POSTAL, "Take the nearest neighbor", kind="neighbors", neighbors=1)
    job = clone(postal, "postal's job", key)
    done = [each.proctor("check") for each in (ann, bob, job)]
    job.commit("Ask three neighbors", kind="neighbors", neighbors=3)
    done.append(job.proctor("check"))
    git(job.folder, "push", "--quiet", "origin", "HEAD:main")
    last = json.loads(job.proctor("check", "--json", shows=False).stdout)
    return [each.returncode for each in done], [last["ledger_head"]]


def ask_without_key(folder: Path) -> list[int]:
    """A developer of `postal`, who has no key: the status and recorded answers, and no new one."""
    title("a developer without the key")
    developer = clone(Clone(folder / "postal", "postal"), "cleo")
    codes = [developer.proctor(command).returncode for command in ("status", "check")]
    developer.commit("Ask five neighbors", kind="neighbors", neighbors=5)
    return [*codes, developer.proctor("check").returncode]


def tell_who_spent_what(folder: Path) -> None:
    """The ledger's entries, as anybody in the team can read them."""
    title("who spent what")
    shown = Clone(folder / "reader", "anybody").proctor("ledger", "show", "--json", shows=False)
    for entry in json.loads(shown.stdout)["entries"]:
        if entry["kind"] == "evaluation":
            body = entry["body"]
            origin, commit = body["origin"], body["candidate"]["commit"][:8]
            print(f"  {entry['number']:>2}  {body['outcome']:<5} {commit}  {origin['actor']:<13} {body['condition']}")


def check_the_books(folder: Path, heads: Sequence[str]) -> list[int]:
    """Verify against the head that was published with a verdict; then somebody cuts the last entry off."""
    title("the books are verified, and then somebody cuts the last entry off")
    against = [argument for head in heads for argument in ("--head", head)]
    verified = [Clone(folder / "reader", "anybody").proctor("ledger", "verify", *against).returncode]
    git(folder, "clone", "--quiet", "--branch", BRANCH, "books.git", "forgery")
    lines = (folder / "forgery/ledger.jsonl").read_text().splitlines(keepends=True)
    (folder / "forgery/ledger.jsonl").write_text("".join(lines[:-1]))
    git(folder / "forgery", "commit", "--quiet", "--all", "-m", "Nothing to see here")
    git(folder / "forgery", "push", "--quiet", "origin", BRANCH)
    fresh = clone(Clone(folder / "reader", "anybody"), "anybody")
    return [*verified, fresh.proctor("ledger", "verify", *against).returncode]


def repository(folder: Path, name: str, gate: str, message: str, **model: Any) -> Clone:
    """A repository with a remote of its own, the sealed exam and a first model."""
    git(folder, "init", "--quiet", "--bare", "--initial-branch", "main", f"{name}.git")
    git(folder, "init", "--quiet", "--initial-branch", "main", name)
    git(folder / name, "remote", "add", "origin", str(folder / f"{name}.git"))
    made = Clone(folder / name, name)
    shutil.copytree(folder / "exam", made.folder / "exam")
    shutil.copy(folder / "training.npz", made.folder)
    shutil.copy(HERE / "predict.py", made.folder)
    (made.folder / "proctor.yml").write_text(gate)
    settle(made)
    made.commit(message, **model)
    git(made.folder, "push", "--quiet", "origin", "main")
    return made


def clone(original: Clone, actor: str, key: str = "") -> Clone:
    """Another clone of the same repository, as a job or a person has it."""
    made = Clone(original.folder.parent / actor, actor, key)
    git(original.folder.parent, "clone", "--quiet", f"{original.folder.name}.git", str(made.folder))
    settle(made)
    return made


def settle(made: Clone) -> None:
    """Name the committer, and the remote that holds the books."""
    git(made.folder, "config", "user.name", made.actor)
    git(made.folder, "config", "user.email", "team@example.org")
    git(made.folder, "remote", "add", "books", str(made.folder.parent / "books.git"))


def table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def git(folder: Path, *arguments: str) -> None:
    """Run git in *folder*, under a name of the script's where the machine has none."""
    identity = ("-c", "user.name=team", "-c", "user.email=team@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def title(text: str) -> None:
    """Print a heading."""
    print(f"── {text} " + "─" * max(0, 96 - len(text)), flush=True)


def _path() -> str:
    """Where `python` is the interpreter that runs this script."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


if __name__ == "__main__":
    raise SystemExit(main())
