"""
What the `check` action takes beside `proctor check` alone, as whole processes.

    python tests/benchmarks/bench_action.py

Both judge the same 5,000 predictions, the first time each: the command with a ledger in a file; the action's program
with the ledger on a branch of a git remote, badges beside it, and a GitHub on loopback that takes a comment, a status
and a check run. Installing is left out, and so is the runner.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench_check import write_files
from coldimport import PROCTOR, compiled_modules, cost
from figures import figure

ROUNDS = 9
TARGET = 3.0


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


def repository(folder: Path) -> str:
    """A repository with one commit of what *folder* holds, and a remote beside it; gives the commit."""
    remote = folder.with_name("origin.git")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "init", "--quiet", "--bare", str(remote))
    git(folder, "remote", "add", "origin", str(remote))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    return git(folder, "rev-parse", "HEAD").strip()


def runner(folder: Path, sha: str, port: int) -> dict[str, str]:
    """What the runner and the action set, for a pull request of this repository."""
    event = folder.with_name("event.json")
    head = {"sha": sha, "ref": "topic", "repo": {"full_name": "o/r"}}
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": head, "base": {"sha": sha, "ref": "main"}}}))
    return {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_API_URL": f"http://127.0.0.1:{port}",
        "GITHUB_OUTPUT": str(folder.with_name("output")),
        "GITHUB_STEP_SUMMARY": str(folder.with_name("summary")),
        "PROCTOR_INPUT_TOKEN": "token",
    }


def forget(folder: Path) -> None:
    """Take away both ledgers."""
    shutil.rmtree(folder / ".proctor", ignore_errors=True)
    subprocess.run(
        ["git", "push", "--quiet", "origin", ":proctor-ledger"], cwd=folder, capture_output=True, check=False
    )
    for ref in git(folder, "for-each-ref", "--format=%(refname)", "refs/proctor").split():
        git(folder, "update-ref", "-d", ref)


def main() -> None:
    """Print the ratio beside its target."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), GitHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name, compiled_modules() as environment:
        folder = Path(name) / "work"
        folder.mkdir()
        write_files(folder)
        job = {**os.environ, **environment, **runner(folder, repository(folder), server.server_port)}
        ratios = []
        for _ in range(ROUNDS + 1):  # the first one compiles
            forget(folder)
            alone = cost([*PROCTOR, "check"], folder, environment)
            forget(folder)
            whole = cost([*PROCTOR, "github", "check"], folder, job)
            ratios.append(whole.wall_s / alone.wall_s)
        said = folder.with_name("summary").read_text()
    server.shutdown()
    assert ROUNDS + 1 == said.count("PASS"), said  # a quick refusal would look fast
    figure("the `check` action, installation apart / `proctor check`", statistics.median(ratios[1:]), most=TARGET)


if __name__ == "__main__":
    main()
