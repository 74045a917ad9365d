"""Which commit the command line names."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from proctor import cli
from proctor.errors import Misuse
from proctor.loading import commit_named


def git(root: Path, *arguments: str) -> str:
    """One git command, as somebody."""
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, and a tag that points to it."""
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "x")
    git(tmp_path, "tag", "-a", "v1", "-m", "x")
    return tmp_path


def test_commit_named__in_a_repository(repository):
    """Whatever git takes for the commit is recorded by its whole hash."""
    head = git(repository, "rev-parse", "HEAD")

    assert [head] * 4 == [commit_named(name, repository) for name in ("HEAD", "v1", head[:8], head)]


@pytest.mark.parametrize("name", ["nonsense", "c0ffee1", "1f" * 20, "--all", "HEAD^{tree}"])
def test_commit_named__that_is_not_in_the_repository(repository, name):
    """What is no commit there is a misuse, and quoted."""
    with pytest.raises(Misuse) as refused:
        commit_named(name, repository)

    assert f"there is no commit {name!r} in this repository" == refused.value.message


@pytest.mark.parametrize("name", [None, ""])
def test_commit_named__none(tmp_path, name):
    """Nothing named is nothing checked."""
    assert commit_named(name, tmp_path) is None


def test_commit_named__outside_of_a_repository(tmp_path):
    """Where nobody knows the commits, it must look like one."""
    assert ["C0FFEE1", "1f" * 32] == [commit_named(name, tmp_path) for name in ("C0FFEE1", "1f" * 32)]
    for name in ("nonsense", "c0ffee", "1f" * 33, "c0ffee1 "):
        with pytest.raises(Misuse, match="is not a commit"):
            commit_named(name, tmp_path)


def test_check__of_a_commit_that_is_none(repository, monkeypatch, capsys):
    """`proctor check` records nothing for it."""
    (repository / "proctor.yml").write_text(
        "condition: n > 0.8\ntestset: {labels: y.csv}\ncandidate: {predictions: p.csv}\n"
    )
    monkeypatch.chdir(repository)

    assert 2 == cli.run(["check", "--commit", "nonsense"])
    assert "there is no commit 'nonsense'" in capsys.readouterr().err
    assert not (repository / ".proctor").exists()
