"""What the checkout of a pull request holds is data: no link and no planted repository in it turns the gate."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import alone
from sealed import Project

if not sys.platform.startswith("linux"):
    pytest.skip("the sandbox is Linux's", allow_module_level=True)

SECRET = "hush-7f3a9c21"
TELL = "import sys; sys.exit(open(sys.argv[1], errors='replace').read()[:4000])\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A judged project with sealed labels and open inputs."""
    found = Project(tmp_path / "project", inputs="open").testset().candidate().gate()
    found.way = alone  # the key is in the environment with which a process begins
    found.check(0)
    return found


LINKS = (
    ("public/sample.csv", "/proc/self/environ"),
    ("public/sample.csv", f"/proc/{os.getpid()}/environ"),
    ("public/sample.csv", "{outside}/sample.csv"),
    ("public", "{outside}"),
    ("public/sample.csv", "../.git/config"),
    ("public", ".git"),
)


def test_sample__link_to_what_is_nobodys_business(project: Project, tmp_path: Path):
    """A sample that became a link shows a candidate nothing: not the key, not the machine, not git's credentials."""
    for secret in (tmp_path / "outside/sample.csv", project.root / ".git/sample.csv", project.root / ".git/config"):
        secret.parent.mkdir(exist_ok=True)
        secret.write_text(f"id,x,text\ne1,1,{SECRET}\n")
    sealed = {"labels": "exam/labels.csv.sealed", "features": "exam/features.csv"}
    project.gate(testset={**sealed, "sample": "public/sample.csv"})
    (project.root / "predict.py").write_text(TELL)
    before = project.entries()

    for name, target in LINKS:
        link = project.root / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(target.format(outside=tmp_path / "outside"))
        ran = project.proctor("check", code=5)
        assert SECRET not in ran.out + ran.err, (name, target)
        assert project.key not in ran.out + ran.err, (name, target)
        link.unlink()
        if name != "public":
            link.parent.rmdir()
    assert before == project.entries()


def test_predictions__link_to_the_owners_files(project: Project):
    """Predictions that are, by a link within the project, one of the owner's files are refused in one sentence."""
    for name in ("owner.key", "record.jsonl"):
        (project.root / name).write_text(project.key)
    project.gate(candidate={"predictions": "new.csv"}, owner={"key": "owner.key", "record": "record.jsonl"})
    project.proctor("testset", "settings", "--accept", "--yes", code=0)

    for name in ("exam/labels.csv.sealed", "record.jsonl", "owner.key"):
        (project.root / "new.csv").symlink_to(name)
        ran = project.proctor("check", code=5)
        assert "new.csv' is one of the files that only the owner and the gate may read" in ran.err
        (project.root / "new.csv").unlink()


def test_environment__while_a_candidate_runs(project: Project):
    """The key is in the environment of no process of a running gate, as the kernel shows it."""
    project.candidate(wrong=1, before="import time; time.sleep(1)")
    gate = project.start("check", key=project.key)
    seen = {}
    while gate.poll() is None:
        for pid in _family(gate.pid):
            try:
                seen[pid] = Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:  # gone, or not ours to read
                continue
        time.sleep(0.02)
    gate.communicate()

    assert 0 == gate.returncode
    assert len(seen) > 1
    assert [] == [pid for pid, environ in seen.items() if project.key.encode() in environ]


BARE = """
[core]
    bare = true
    sshCommand = "env > {mark}; false"
    fsmonitor = "env > {mark}; false"
[remote "origin"]
    url = {origin}
    uploadpack = "env > {mark}; git-upload-pack"
"""
WORK_TREE = '[core]\n\tbare = false\n\tworktree = ../..\n\tfsmonitor = "env > {mark}; false"\n'


@pytest.mark.parametrize("config", [BARE, WORK_TREE], ids=["bare", "with a work tree"])
@pytest.mark.parametrize("place", ["models/spam", "models"])
def test_planted_repository__is_not_taken_for_one(tmp_path: Path, config: str, place: str):
    """Plain files that git takes for a repository run nothing, and the ledger's remote is the right one."""
    mark, origin, top = tmp_path / "ran", tmp_path / "origin.git", tmp_path / "top"
    project = Project(top / "models" / "spam", inputs="open").testset().candidate()
    shell("init", "-q", "--bare", "-b", "main", str(origin), folder=tmp_path)
    shell("init", "-q", "-b", "main", folder=top)
    shell("remote", "add", "origin", str(origin), folder=top)
    project.gate(ledger="git:origin/books", baseline={"revision": "main"})
    for name in ("objects", "refs"):
        (top / place / name).mkdir()
        (top / place / name / "keep").write_text("")
    (top / place / "HEAD").write_text("ref: refs/heads/main\n")
    (top / place / "config").write_text(config.format(mark=mark, origin=origin))
    shell("add", "-A", folder=top)
    shell("commit", "-q", "-m", "plant", folder=top)

    codes = [project.proctor(*words.split()).code for words in ("check", "check --if-changed", "status", "preflight")]

    assert not mark.exists()
    assert [0, 0, 0, 0] == codes
    assert "books" in shell("branch", "--list", folder=origin)


def shell(*arguments: str, folder: Path) -> str:
    """Git, as a person runs it."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "safe.bareRepository=all")
    return subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def _family(pid: int) -> list[int]:
    """A process and all that came from it."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found
