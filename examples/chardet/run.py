"""
Ten releases of chardet, a published classifier, judged as the commits of one project that depends on it.

chardet guesses the encoding of a byte string. The script makes 2,000 byte strings whose encoding it knows, a git
repository in a fresh folder with one commit for each release, and runs `proctor check` on each commit: upgrades that
help pass, those that do harm or make no difference that could be shown fail, and a release that answers exactly as
the accepted one gets the recorded verdict and costs nothing.

    python examples/chardet/releases.py     (once: installs the releases)
    python examples/chardet/run.py [--folder DIR]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from exam import make_exam
from releases import RELEASES, default_folder, missing

GATE = """\
# Does upgrading chardet help? Judged on 2,000 byte strings whose encoding we know.
condition: n - o > 0 +/- 0.02
reliability: 0.99
power: 0.8
disagreement: 0.1         # about that share of the answers changes with a release
testset:
  labels: exam/labels.csv
  features: exam/features.csv
candidate:
  predictions: new.csv    # written by the release that requirements.txt names
"""

N_EXAMPLES = 2_000
PROCTOR = (sys.executable, "-m", "proctor")


def main() -> int:
    """Make the repository, let each release answer, judge each commit; 0 if the story went as told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to make the repository; a temporary folder by default")
    folder = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="proctor-chardet-"))
    if absent := missing(default_folder()):
        print(f"not installed: chardet {', '.join(absent)}\nRun: python {Path(__file__).with_name('releases.py')}")
        return 5
    make_repository(folder)
    print(f"repository: {folder}\n\n{GATE}")
    with tempfile.TemporaryDirectory() as answers, ThreadPoolExecutor(os.cpu_count()) as pool:
        files = pool.map(lambda release: answer(release, folder / "exam/features.csv", Path(answers)), RELEASES)
        codes = [judge(folder, release, file) for release, file in zip(RELEASES, files, strict=True)]
    subprocess.run([*PROCTOR, "status"], cwd=folder, check=False)
    charged = evaluations(folder)
    print(f"passes {codes.count(0)}, fails {codes.count(1)}; {len(codes) - charged} of {len(codes)} cost nothing")
    return 0 if set(codes) == {0, 1} and charged < len(codes) - 1 else 1


def answer(release: str, features: Path, folder: Path) -> Path:
    """The answers of one release, from a process that sees this release and no other."""
    predictions = folder / f"{release}.csv"
    environment = {**os.environ, "PYTHONPATH": str(default_folder() / release)}
    script = Path(__file__).with_name("detect.py")
    subprocess.run([sys.executable, script, features, predictions], env=environment, check=True)
    return predictions


def judge(folder: Path, release: str, answers: Path) -> int:
    """Commit the upgrade and ask the gate."""
    (folder / "requirements.txt").write_text(f"chardet=={release}\n")
    (folder / "new.csv").write_bytes(answers.read_bytes())
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", f"chardet {release}")
    print(f"── chardet {release} " + "─" * 60, flush=True)
    return subprocess.run([*PROCTOR, "check"], cwd=folder, check=False).returncode


def evaluations(folder: Path) -> int:
    """How many evaluations were charged to the test set."""
    done = subprocess.run([*PROCTOR, "status", "--json"], cwd=folder, check=True, capture_output=True)
    return int(json.loads(done.stdout)["budget"]["evaluations"])


def make_repository(folder: Path) -> None:
    """A git repository with the gate file and the exam; the ledger stays out of it."""
    (folder / "exam").mkdir(parents=True, exist_ok=True)
    exam = list(make_exam(N_EXAMPLES).items())
    write_table(folder / "exam/features.csv", ["id", "bytes"], ((i, data.hex()) for i, (data, _) in enumerate(exam)))
    write_table(folder / "exam/labels.csv", ["id", "label"], ((i, codec) for i, (_, codec) in enumerate(exam)))
    (folder / "proctor.yml").write_text(GATE)
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "A project that reads old files")
    git(folder, "config", "user.email", "team@example.org")


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
