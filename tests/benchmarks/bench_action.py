"""
What the `check` action takes beside `proctor check` alone, as whole processes.

    python tests/benchmarks/bench_action.py

The first time each: the command with a ledger in a file; the action's program with the ledger on a branch of a git
remote, badges beside it, and a GitHub on loopback that takes a comment, a status and a check run. Installing is left
out, and so is the runner. Judged are two commits of the digits example, whose models are loaded and run, and 5,000
predictions in CSV files. A runner has kept nothing of the commit before, so the action runs that model as well; the
command alone is timed both ways.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench_check import write_files
from coldimport import PROCTOR, compiled_modules, cost
from figures import figure

ROUNDS = 9
TARGET = 3.0
STORY = Path(__file__).parents[2] / "examples/digits"


class GitHub(BaseHTTPRequestHandler):
    """Takes everything, lists nothing."""

    def do_GET(self) -> None:
        """An empty list."""
        self._answer([])

    def do_POST(self) -> None:
        """Something was made."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"id": 1, "number": 1})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def git(folder: Path, *arguments: str) -> str:
    """One git command, as somebody."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def commit(folder: Path, message: str) -> str:
    """Commit what *folder* holds; gives the commit."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", f"--message={message}")
    return git(folder, "rev-parse", "HEAD").strip()


def repository(folder: Path) -> None:
    """A repository in *folder*, and a remote beside it."""
    remote = folder.with_name("origin.git")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "init", "--quiet", "--bare", str(remote))
    git(folder, "remote", "add", "origin", str(remote))


def digits(folder: Path) -> tuple[str, str]:
    """The digits example at two of its commits: a tree, and the logistic regression that replaces it."""
    sys.path.insert(0, str(STORY))
    import joblib
    import numpy as np
    import run as story
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    training, testset = order[: story.TRAINING_SIZE], order[story.TRAINING_SIZE :]
    repository(folder)
    story.make_repository(folder, images[testset].astype(int), labels[testset])
    commits = []
    for message, model in (story.HISTORY[2], story.HISTORY[4]):
        joblib.dump(model.fit(images[training], labels[training]), folder / "model.joblib")
        commits.append(commit(folder, message))
    return commits[0], commits[1]


def predictions(folder: Path) -> tuple[str, str]:
    """Predictions in files, the baseline's among them: one commit is enough."""
    repository(folder)
    write_files(folder)
    only = commit(folder, "first")
    return only, only


def runner(folder: Path, base: str, head: str, port: int) -> dict[str, str]:
    """What the runner and the action set, for a pull request of this repository."""
    event = folder.with_name("event.json")
    described = {"sha": head, "ref": "topic", "repo": {"full_name": "o/r"}}
    request = {"number": 7, "head": described, "base": {"sha": base, "ref": "main"}}
    event.write_text(json.dumps({"pull_request": request}))
    return {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_SHA": head,
        "GITHUB_API_URL": f"http://127.0.0.1:{port}",
        "GITHUB_OUTPUT": str(folder.with_name("output")),
        "GITHUB_STEP_SUMMARY": str(folder.with_name("summary")),
        "PROCTOR_INPUT_TOKEN": "token",
    }


def forget(folder: Path) -> None:
    """Take away both ledgers, and predictions that were kept."""
    shutil.rmtree(folder / ".proctor", ignore_errors=True)
    subprocess.run(
        ["git", "push", "--quiet", "origin", ":proctor-ledger"], cwd=folder, capture_output=True, check=False
    )
    for ref in git(folder, "for-each-ref", "--format=%(refname)", "refs/proctor").split():
        git(folder, "update-ref", "-d", ref)


def ratios(make: Callable[[Path], tuple[str, str]], port: int) -> tuple[float, float]:
    """The action in runs of the command alone, of the same question: with nothing kept, and with the baseline kept."""
    found = []
    with tempfile.TemporaryDirectory() as name, compiled_modules() as environment:
        folder = Path(name) / "work"
        folder.mkdir()
        base, head = make(folder)
        job = {**os.environ, **environment, **runner(folder, base, head, port)}
        gate = (folder / "proctor.yml").read_text()
        afresh = gate if "baseline:" in gate else f"{gate}baseline: {{revision: {base}}}\n"
        for _ in range(ROUNDS + 1):  # the first one compiles
            forget(folder)
            (folder / "proctor.yml").write_text(afresh)
            alone = cost([*PROCTOR, "check"], folder, environment)
            forget(folder)
            git(folder, "checkout", "--quiet", "--force", base)
            cost([*PROCTOR, "check"], folder, environment)
            git(folder, "checkout", "--quiet", "--force", head)
            with_kept = cost([*PROCTOR, "check"], folder, environment)
            forget(folder)
            whole = cost([*PROCTOR, "github", "check"], folder, job)
            found.append((whole.wall_s / alone.wall_s, whole.wall_s / with_kept.wall_s))
        said = folder.with_name("summary").read_text()
    assert ROUNDS + 1 == said.count("PASS"), said  # a quick refusal would look fast
    same, kept = zip(*found[1:], strict=True)
    return statistics.median(same), statistics.median(kept)


def main() -> None:
    """Print the ratios beside their target."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), GitHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    same, kept = ratios(digits, server.server_port)
    figure("the `check` action on digits, installation apart / `proctor check`", same, most=TARGET)
    figure("the same / `proctor check` that has kept the baseline's predictions", kept, most=TARGET)
    same, _ = ratios(predictions, server.server_port)
    figure("the `check` action on 5,000 predictions from CSV / `proctor check`", same, most=TARGET)
    server.shutdown()


if __name__ == "__main__":
    main()
