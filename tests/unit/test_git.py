"""Tests of `proctor.git` on real repositories: which one a folder is of, and that nothing of a commit's is run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor import git
from proctor.errors import GitFault, Misuse
from proctor.ledger import open_ledger
from proctor.runtime import commit_of, is_tracked

Shell = Callable[..., str]


@pytest.fixture
def shell() -> Shell:
    """Runs git as a person does, in a folder."""

    def run(folder: Path, *arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        clean |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        words = ["git", *who, *arguments]
        return subprocess.run(words, cwd=folder, env=clean, check=True, capture_output=True, text=True).stdout.strip()

    return run


@pytest.fixture
def top(tmp_path: Path, shell: Shell) -> Path:
    """A repository with one commit and a gate in a folder of it."""
    top = tmp_path / "repository"
    (top / "gate").mkdir(parents=True)
    (top / "gate" / "new.csv").write_text("prediction\n")
    shell(top, "init", "-q", "-b", "main")
    shell(top, "add", "-A")
    shell(top, "commit", "-q", "-m", "first")
    return top


def plant(folder: Path, config: str) -> None:
    """Plain files that git takes for a bare repository."""
    for name in ("objects", "refs", "hooks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "keep").write_text("")
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(config)


BARE = '[core]\n\tbare = true\n\tfsmonitor = "touch {mark}; false"\n\tsshCommand = "touch {mark}; false"\n'
WORK_TREE = '[core]\n\tbare = false\n\tworktree = ..\n\tfsmonitor = "touch {mark}; false"\n'
REMOTE = '[core]\n\tbare = true\n[remote "origin"]\n\turl = {top}\n\tuploadpack = "touch {mark}; git-upload-pack"\n'


@pytest.mark.parametrize("config", [BARE, WORK_TREE, REMOTE])
@pytest.mark.parametrize("place", ["", "gate", "gate/below"])
def test_find__planted_bare_repository(top: Path, tmp_path: Path, shell: Shell, config: str, place: str):
    """Plain files that look like a repository are none, wherever a commit puts them, and their set-up runs nothing."""
    mark = tmp_path / "ran"
    (top / "gate" / "below").mkdir()
    (top / "gate" / "below" / "keep").write_text("")
    plant(top / place, config.format(mark=mark, top=top))
    shell(top, "add", "-A")
    shell(top, "commit", "-q", "-m", "plant")
    folder = top / "gate" / "below"

    found = git.repository(folder)

    assert (top, "gate/below") == (found.top, str(found.place))
    assert shell(top, "rev-parse", "HEAD") == commit_of(folder, os.environ)
    assert is_tracked(folder / "keep")
    assert 0 == found.run("diff", "--quiet").code
    assert 0 != found.run("fetch", "--", "origin").code
    assert not mark.exists()


def test_find__planted_bare_repository_alone(tmp_path: Path):
    """Where there is no repository at all, a planted one does not become it."""
    plant(tmp_path, BARE.format(mark=tmp_path / "ran"))

    assert git.find(tmp_path) is None
    with pytest.raises(GitFault, match="no git repository"):
        git.repository(tmp_path)


def test_find__pointer_to_a_planted_repository(top: Path, tmp_path: Path):
    """A file `.git` that leads to files of a commit is refused, even if they lead back."""
    mark, gate = tmp_path / "ran", top / "gate"
    evil = gate / "evil"
    plant(evil, BARE.format(mark=mark))
    linked = evil / "worktrees" / "gate"
    linked.mkdir(parents=True)
    for name, text in {"HEAD": "ref: refs/heads/main", "commondir": "../..", "gitdir": str(gate / ".git")}.items():
        (linked / name).write_text(f"{text}\n")

    for target in ("evil", "evil/worktrees/gate", "../gate/evil", "../.git", str(top / ".git"), "nowhere", ""):
        (gate / ".git").write_text(f"gitdir: {target}\n")
        with pytest.raises(GitFault, match="does not lead back"):
            git.find(gate)
        assert commit_of(gate, os.environ) is None
    assert not mark.exists()


def test_find__linked_work_tree(top: Path, tmp_path: Path, shell: Shell):
    """A linked work tree is a repository of git's making, also beside a bare repository."""
    shell(top, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    shell(tmp_path, "clone", "-q", "--bare", str(top), "project/.bare")
    (tmp_path / "project" / ".git").write_text("gitdir: ./.bare\n")
    shell(tmp_path / "project", "worktree", "add", "-q", "main")

    for folder in (tmp_path / "linked", tmp_path / "project" / "main"):
        assert folder == git.repository(folder / "gate").top
        assert shell(top, "rev-parse", "HEAD") == commit_of(folder / "gate", os.environ)


def test_find__submodule_and_repository_kept_elsewhere(top: Path, tmp_path: Path, shell: Shell):
    """So are a submodule, one in it, and a repository whose own folder is kept elsewhere."""
    outer = tmp_path / "outer"
    shell(tmp_path, "init", "-q", "outer")
    shell(outer, "submodule", "--quiet", "add", str(top), "libs/inner")
    shell(tmp_path, "clone", "-q", "--separate-git-dir", str(tmp_path / "kept"), str(top), "apart")

    for folder in (outer / "libs" / "inner", tmp_path / "apart"):
        assert folder == git.repository(folder / "gate").top


def test_find__broken_repository(tmp_path: Path):
    """A folder `.git` with nothing in it is none, as for git."""
    (tmp_path / ".git").mkdir()

    assert git.find(tmp_path) is None


def test_repository__of_somebody_else(top: Path, monkeypatch: pytest.MonkeyPatch):
    """What git says about a checkout of another user's reaches ours, with the line that mends it."""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setattr(git, "_FIXED", {**git._FIXED, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)

    with pytest.raises(GitFault, match="dubious ownership") as caught:
        git.repository(top)

    assert f"safe.directory {top}" in caught.value.hint
    assert is_tracked(top / "gate" / "new.csv")


def test_environment__nothing_of_a_hook_and_no_key():
    """A hook's repository and the gate's own variables stay behind; what reaches a remote goes along."""
    hook = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_CONFIG_PARAMETERS", "GIT_EXTERNAL_DIFF")
    owner = ("PROCTOR_KEY", "PROCTOR_INPUT_KEY", "PROCTOR_ACTOR")
    kept = ("HOME", "PATH", "SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_CONFIG_GLOBAL", "https_proxy")

    found = git.environment(dict.fromkeys([*hook, *owner, *kept], "/x"))

    assert set(kept) == {name for name, value in found.items() if value == "/x"}


@pytest.mark.parametrize(
    "setting", ["core.fsmonitor", "filter.odd.clean", "filter.odd.process", "diff.odd.textconv", "core.pager"]
)
def test_run__runs_nothing_but_git(top: Path, tmp_path: Path, shell: Shell, setting: str):
    """Of what could be run for a commit's files nothing is, although the repository's own set-up has it."""
    mark = tmp_path / "ran"
    (top / ".gitattributes").write_text("* filter=odd diff=odd\n")
    shell(top, "add", "-A")
    shell(top, "commit", "-q", "-m", "attributes")
    shell(top, "config", setting, f"touch {mark}; cat")
    (top / "gate" / "new.csv").write_text("changed\n")
    found = git.repository(top)

    changed = found.run("status", "--porcelain", settings=found.idle_filters()).text
    differs = found.run("diff", "--quiet", "--no-textconv", settings=found.idle_filters()).code

    assert ("M gate/new.csv", 1) == (changed.strip(), differs)
    assert not mark.exists()


def test_environment__relative_paths(top: Path, tmp_path: Path):
    """A program that a commit calls git is not run, however the user looks for programs."""
    (top / "git").write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    (top / "git").chmod(0o755)

    for search in (
        f".{os.pathsep}{os.environ['PATH']}",
        f"{os.pathsep}{os.environ['PATH']}",
        f"gate/..:{os.environ['PATH']}",
    ):
        assert git.repository(top / "gate", {**os.environ, "PATH": search}).top == top
    assert not (tmp_path / "ran").exists()


def test_run__no_hooks(top: Path, tmp_path: Path, shell: Shell):
    """The user's hooks stay out of what we do, and are still found for who installs one."""
    hook = top / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    hook.chmod(0o755)
    found = git.repository(top)

    assert 0 == found.run("update-ref", "refs/proctor/x", "HEAD").code
    assert not (tmp_path / "ran").exists()
    assert top / ".git" / "hooks" / "pre-push" == found.hook("pre-push")
    shell(top, "config", "core.hooksPath", "own")
    assert top / "own" / "pre-push" == found.hook("pre-push")


def test_name_of(top: Path):
    """A name starts at the top, whatever is in it; one that leads out is refused."""
    found = git.repository(top / "gate")

    assert ["gate/new.csv", "gate/:(top)x", "new.csv"] == [
        found.name_of(path) for path in ("./new.csv", ":(top)x", "../new.csv")
    ]
    for path in ("../../x", "/etc/passwd"):
        with pytest.raises(GitFault, match="not in the repository"):
            found.name_of(path)


def test_is_tracked__is_no_pattern(top: Path):
    """A name is a name, not a pattern of git's."""
    assert is_tracked(top / "gate" / "new.csv")
    assert not is_tracked(top / "gate" / "*.csv")
    assert not is_tracked(top / "gate" / ":(top)gate")


def test_repository__without_git(top: Path, tmp_path: Path):
    """Where git is not installed, that is said, and what can do without goes on."""
    environ = {"PATH": str(tmp_path)}

    with pytest.raises(GitFault, match="git cannot be run"):
        git.repository(top, environ)
    with pytest.raises(GitFault, match="null byte"):
        git.repository(top).ask("rev-parse", "main\0")
    assert commit_of(top, environ) is None


@pytest.mark.parametrize(
    "address",
    ["evil#books", "gate/evil.git/books", "./evil#books", "file://{top}/evil#books", "{top}/evil#books", "way#books"],
)
def test_ledger__remote_among_the_files(top: Path, tmp_path: Path, shell: Shell, address: str):
    """An address that leads to a repository among the files is refused: its hooks would run at the first push."""
    for folder in (top / "evil", top / "gate" / "evil.git"):
        shell(top, "init", "-q", "--bare", str(folder))
        (folder / "hooks" / "pre-receive").write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
        (folder / "hooks" / "pre-receive").chmod(0o755)
    (top / "way").symlink_to(tmp_path)

    with pytest.raises(Misuse, match="among the files"):
        open_ledger("git:" + address.format(top=top), top).read()
    assert not (tmp_path / "ran").exists()
