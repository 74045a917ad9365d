"""A repository whose workflows are executed by `act`, offline and without Docker, against a GitHub on loopback."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

PROJECT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TOKEN = "ghs_token"
REPOSITORY = "o/r"
PINS = {
    name: re.search(rf"actions/{name}-artifact@([0-9a-f]{{40}})", (PROJECT / "examples/github" / file).read_text())[1]
    for name, file in (("upload", "predict.yml"), ("download", "judge.yml"))
}


def _of_unit_tests(file: str) -> ModuleType:
    """A helper of the unit tests, which live in a folder of their own."""
    path = PROJECT / "tests/unit" / file
    spec = importlib.util.spec_from_file_location(f"unit_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _pull(hub: Any, number: str, request: Any, body: dict[str, Any]) -> Any:
    found = hub.pulls.get(int(number))
    return fake.problem(404, "Not Found") if found is None else fake.answer(found)


fake = _of_unit_tests("github/fake.py")
fake.ROUTES.append((r"GET pulls/(\d+)", "", _pull))
mlflow = _of_unit_tests("runstore/mlflow.py")


@dataclass(frozen=True)
class Run:
    """How one run of a workflow ended; *commands* are those that the runner understood: level, title, text."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str]
    commands: list[tuple[str, str, str]]

    @property
    def verdict(self) -> str:
        return self.outputs["verdict"]


class Repository:
    """A user's project in git, with a remote that takes pushes, and a GitHub for its events."""

    def __init__(self, root: Path, place: Path, hub: Any) -> None:
        self.root = root
        self.place = place
        self.hub = hub
        self.hub.pulls = {}
        self.default_branch = "main"
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("init", "--quiet", "--bare", str(place / "origin.git"))
        self.git("remote", "add", "origin", str(place / "origin.git"))
        # Only what an action's checkout needs here: proctor itself is installed already.
        shutil.copytree(PROJECT / "actions", place / "product/actions")
        self.actions = {f"owner/proctor@{name}": place / "product" for name in ("v1",)}
        for name in ("upload", "download"):
            self.actions |= self._artifact_action(name)

    def _artifact_action(self, name: str) -> dict[str, Path]:
        """Stands in for GitHub's own: artifacts are folders in one place."""
        folder = self.place / name
        folder.mkdir()
        kept = f'"{self.place}/artifacts/$NAME"'
        copy = f'mkdir -p {kept} && cp -r "$FROM"/. {kept}' if name == "upload" else f'cp -r {kept} "$FROM"'
        lines = ["name: x", "inputs: {name: {}, path: {}, retention-days: {}, run-id: {}, github-token: {}}"]
        lines += ["runs:", "  using: composite", "  steps:", "    - shell: bash", "      env:"]
        lines += [
            "        NAME: ${{ inputs.name }}",
            "        FROM: ${{ inputs.path }}",
            f"      run: |\n        {copy}",
        ]
        (folder / "action.yml").write_text("\n".join(lines) + "\n")
        return {f"actions/{name}-artifact@{PINS[name]}": folder}

    def git(self, *arguments: str) -> str:
        """One git command, as somebody."""
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *who, *arguments], cwd=self.root, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr
        return done.stdout.strip()

    def commit(self, message: str = "Change the model") -> str:
        """Commit everything, push it, and tell GitHub of it."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        self.git("push", "--quiet", "--force", "origin", "HEAD")
        sha = self.git("rev-parse", "HEAD")
        self.hub.commits.add(sha)
        return sha

    def workflow(self, text: str, name: str = "gate.yml") -> Repository:
        """Write a workflow."""
        path = self.root / ".github/workflows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return self

    def push(self, name: str = "gate.yml", **settings: Any) -> Run:
        """A push of the present commit to the present branch."""
        branch = self.git("rev-parse", "--abbrev-ref", "HEAD")
        return self.run("push", {"ref": f"refs/heads/{branch}", "before": "0" * 40}, name, **settings)

    def pull_request(self, sha: str, base: str, name: str = "gate.yml", **settings: Any) -> Run:
        """A pull request 7 of the commit *sha* into *base*."""
        head = {
            "sha": sha,
            "ref": settings.pop("ref", "topic"),
            "repo": {"full_name": settings.pop("head", REPOSITORY)},
        }
        request = {"number": 7, "head": head, "base": {"sha": base, "ref": "main"}}
        self.hub.pulls[7] = request
        return self.run("pull_request", {"pull_request": request, "number": 7}, name, **settings)

    def run(
        self,
        event: str,
        payload: dict[str, Any],
        name: str,
        env: dict[str, str] | None = None,
        secrets: dict[str, str] | None = None,
    ) -> Run:
        """Run the workflow *name* for an event."""
        repository = {"full_name": REPOSITORY, "default_branch": self.default_branch}
        file = self.place / "event.json"
        file.write_text(json.dumps({"repository": repository, **payload}))
        variables = {
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "PROCTOR_PYTHON": sys.executable,
            **(env or {}),
        }
        options = [f"--local-repository={ref}={path}" for ref, path in self.actions.items()]
        options += [f"--env={key}={value}" for key, value in variables.items()]
        options += [f"--secret={key}={value}" for key, value in {"GITHUB_TOKEN": TOKEN, **(secrets or {})}.items()]
        done = subprocess.run(
            [
                str(BIN / "act"),
                event,
                f"--workflows=.github/workflows/{name}",
                "--platform=ubuntu-latest=-self-hosted",
                f"--eventpath={file}",
                "--action-offline-mode",
                "--json",
                *options,
            ],
            cwd=self.root,
            env={**os.environ, "HOME": str(self.place / "home"), "XDG_CACHE_HOME": str(self.place / "cache")},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return _read(done.returncode, done.stdout + done.stderr)

    def published(self) -> dict[str, str]:
        """Files on the ledger's branch, by name."""
        self.git("fetch", "--quiet", "origin", "proctor-ledger")
        names = self.git("ls-tree", "--name-only", "FETCH_HEAD").split("\n")
        return {name: self.git("show", f"FETCH_HEAD:{name}") for name in names}


def _read(code: int, text: str) -> Run:
    lines: list[str] = []
    outputs: dict[str, str] = {}
    commands: list[tuple[str, str, str]] = []
    summary = ""
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            entry = {"msg": line}
        match entry.get("command"):
            case "set-output" if len(entry["stepID"]) == 1:
                outputs[entry["name"]] = entry["arg"]
            case "summary" if len(entry["stepID"]) == 2:
                summary += entry["content"]
            case "error" | "warning" | "notice" as level:
                commands.append((level, entry["kvPairs"].get("title", ""), entry["arg"]))
        lines.append(str(entry.get("raw") or entry.get("msg", "")))
    return Run(code, "\n".join(lines), summary, outputs, commands)
