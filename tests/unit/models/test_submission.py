"""What was submitted: the digest by which a question is known, and models as they were at a revision."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from proctor.errors import DataError, ModelError
from proctor.models.revision import commit_of, export, file_at
from proctor.models.runnable import Command, Model
from proctor.models.submission import project_of

LINE = "python predict.py {features} {predictions}"


def digest(model, root, tree=None):
    """By which the question is known."""
    return project_of(model, root, tree).digest


@pytest.fixture
def git(tmp_path, monkeypatch):
    """A repository with a gate in a folder of it, and a function that runs git there."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.org")
    top = tmp_path / "repo"
    (top / "gate").mkdir(parents=True)

    def _git(*arguments, folder=top):
        return subprocess.run(
            ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    _git("init", "-q", "-b", "main")
    (top / "gate" / "predict.py").write_text("first")
    (top / "gate" / "new.csv").write_text("prediction\n1\n")
    (top / "lib.py").write_text("first")
    _git("add", ".")
    _git("commit", "-q", "-m", "first")
    _git.top, _git.root = top, top / "gate"
    return _git


def test_digest__declared_files(tmp_path):
    """The digest covers the command, the declared files and the files that the command names, and nothing else."""
    (tmp_path / "model").mkdir()
    for name in ("predict.py", "model/weights.bin", "notes.txt"):
        (tmp_path / name).write_text("1")
    command = Command(LINE, ("model",))
    before = digest(command, tmp_path)

    (tmp_path / "notes.txt").write_text("2")
    assert before == digest(command, tmp_path)
    assert before != digest(Command(LINE + " --fast", ("model",)), tmp_path)
    (tmp_path / "predict.py").write_text("2")
    after = digest(command, tmp_path)
    assert before != after
    (tmp_path / "model" / "weights.bin").write_text("2")
    assert after != digest(command, tmp_path)


def test_digest__another_column_is_another_model(tmp_path):
    """A command may write the predictions of several models; the usual names change nothing."""
    (tmp_path / "predict.py").write_text("1")
    found = [
        digest(Command(LINE, ("predict.py",), None, *names), tmp_path)
        for names in ((), ("id", "prediction"), ("id", "b"), ("key",))
    ]

    assert found[0] == found[1]
    assert 3 == len(set(found))


def test_digest__missing_file(tmp_path):
    """A declared file that is not there is named."""
    with pytest.raises(ModelError, match=r"gone\.bin"):
        digest(Command(LINE, ("gone.bin",)), tmp_path)
    with pytest.raises(ModelError, match=r"gone\.joblib"):
        digest(Model("gone.joblib"), tmp_path)


def test_digest__pipe(tmp_path):
    """A pipe is refused, not waited for; so is a device, which may never end."""
    os.mkfifo(tmp_path / "model")
    (tmp_path / "endless").symlink_to("/dev/zero")

    with pytest.raises(ModelError, match="a pipe or a device"):
        digest(Model("model"), tmp_path)
    with pytest.raises(ModelError, match="leads out of"):
        digest(Model("endless"), tmp_path)


def test_digest__nothing_known(tmp_path):
    """A command of which nothing is known is refused: a recorded answer might belong to another model."""
    with pytest.raises(ModelError, match="no files are declared") as caught:
        digest(Command("predict {features} {predictions}"), tmp_path)

    assert "candidate.files" in caught.value.hint


def test_digest__a_submodule_is_not_passed_over(git, tmp_path_factory):
    """What another repository tracks is a part of the candidate that its files must be declared for."""
    other = tmp_path_factory.mktemp("model")
    git("init", "-q", folder=other)
    git("commit", "-q", "--allow-empty", "-m", "weights", folder=other)
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "weights")

    with pytest.raises(ModelError, match="'weights' is a submodule"):
        digest(Command(LINE), git.root)


def test_digest__tracked_files(git):
    """Without declared files, all that git tracks counts, as it lies in the work tree; the gate's own does not."""
    before = digest(Command(LINE), git.root)

    (git.root / "scratch.txt").write_text("untracked")
    (git.root / ".proctor").mkdir()
    (git.root / ".proctor" / "ledger.db").write_text("1")
    git("add", "-f", "gate/.proctor")
    assert before == digest(Command(LINE), git.root)
    (git.top / "lib.py").write_text("edited, not committed")
    assert before != digest(Command(LINE), git.root)


def test_digest__saved_estimator(tmp_path):
    """An estimator is known by its bytes, whatever the trust in it."""
    (tmp_path / "m.joblib").write_bytes(b"1")
    before = digest(Model("m.joblib"), tmp_path)

    assert before == digest(Model("m.joblib", trust=("pickle",)), tmp_path)
    (tmp_path / "m.joblib").write_bytes(b"2")
    assert before != digest(Model("m.joblib"), tmp_path)


@pytest.mark.parametrize("model", [Model("w.bin"), Command(LINE, ("w.bin",)), Command(LINE, (".",))])
def test_digest__pointer(tmp_path, model):
    """A declared file that was never fetched is named: the program might do without it, and worse."""
    (tmp_path / "w.bin").write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 9\n")

    with pytest.raises(DataError, match=r"w\.bin' is a pointer of Git LFS"):
        digest(model, tmp_path)


def test_export__is_the_same_submission(git, tmp_path):
    """A tree exported from a revision has the digest that the work tree had at that commit."""
    first = digest(Command(LINE), git.root)
    (git.root / "predict.py").write_text("second")
    git("commit", "-q", "-a", "-m", "second")
    status, index = git("status", "--porcelain"), (git.top / ".git" / "index").read_bytes()

    found = export(git.root, "HEAD~1", tmp_path)

    assert "first" == (found.root / "predict.py").read_text()
    assert first == digest(Command(LINE), found.root, found.tree)
    assert first != digest(Command(LINE), git.root)
    assert (status, index) == (git("status", "--porcelain"), (git.top / ".git" / "index").read_bytes())
    assert 1 == len(git("worktree", "list").splitlines())


def test_file_at__revision(git):
    """A predictions file is read as it was, from a folder below the top."""
    (git.root / "new.csv").write_text("prediction\n0\n")
    git("commit", "-q", "-a", "-m", "second")
    git("tag", "old", "HEAD~1")

    assert b"prediction\n1\n" == file_at(git.root, "old", "new.csv")
    assert git("rev-parse", "HEAD") == commit_of(git.root, "main")


@pytest.mark.parametrize("revision", ["gone", "--all", "main:gate/new.csv", ""])
def test_commit_of__unknown(git, revision):
    """What names no commit is refused."""
    with pytest.raises(DataError, match=re.escape(f"there is no revision {revision!r}")):
        commit_of(git.root, revision)


def test_file_at__unknown_file(git):
    """A file that the revision does not have is named with it."""
    with pytest.raises(DataError, match=r"no file 'gone\.csv' at the revision 'main'"):
        file_at(git.root, "main", "gone.csv")


def test_commit_of__shallow(git, tmp_path):
    """A shallow clone is told the line that mends it."""
    first = git("rev-parse", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "second")
    git("clone", "-q", "--depth", "1", f"file://{git.top}", str(tmp_path / "shallow"))

    with pytest.raises(DataError, match="shallow clone") as caught:
        commit_of(tmp_path / "shallow", first)

    assert "git fetch --unshallow" in caught.value.hint
    assert "fetch-depth: 0" in caught.value.hint


def test_commit_of__no_repository(tmp_path):
    """Outside a repository the error says so."""
    with pytest.raises(DataError, match="no git repository"):
        commit_of(tmp_path, "main")


def test_export__no_such_folder(git, tmp_path):
    """A revision from before the gate's folder was made is refused."""
    (git.top / "later").mkdir()

    with pytest.raises(DataError, match="no folder 'later/'"):
        export(git.top / "later", "main", tmp_path)
