"""Tests of `proctor.models.revision`: the model at a revision is the checkout of that revision."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from proctor.errors import DataError
from proctor.models.revision import NotThere, commit_of, export, file_at

WEIGHTS = b"\x00weights\r\n"


class Repository:
    """A repository made for a test; its work tree and `commit`."""

    def __init__(self, top: Path) -> None:
        self.top = top
        top.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, **environ: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", *who, *arguments],
            cwd=self.top,
            env={**clean, **environ},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def commit(self, **files: bytes) -> str:
        for name, content in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "more")
        return self.git("rev-parse", "HEAD").strip()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository."""
    return Repository(tmp_path / "repository")


@pytest.fixture
def exported(repository: Repository, tmp_path: Path) -> Callable[..., Path]:
    """The tree of HEAD, written afresh."""

    def write(*parts: str) -> Path:
        folder = tmp_path / f"export-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return export(repository.top, "HEAD", folder, parts).tree

    return write


def pointer(content: bytes) -> bytes:
    oid = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n".encode()


def stored(repository: Repository, content: bytes) -> Path:
    """The file that Git LFS would keep for *content*."""
    oid = hashlib.sha256(content).hexdigest()
    path = repository.top / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("attribute", ["export-ignore", "export-subst"])
def test_export__attributes_of_archives(repository, exported, attribute):
    """What is kept out of archives, or changed in them, is part of a checkout as it is."""
    repository.commit(**{".gitattributes": f"* {attribute}\n".encode(), "a/weights": b"$Format:%H$\n"})

    assert b"$Format:%H$\n" == (exported() / "a" / "weights").read_bytes()


def test_export__line_ends_and_encodings(repository, exported):
    """Line ends, encodings and keywords are what git writes into a work tree, by the attributes of that revision."""
    attributes = b"*.crlf text eol=crlf\n*.utf16 text working-tree-encoding=UTF-16LE\n*.bin -text\n*.id ident\n"
    names = {"a.crlf": b"1\n", "a.utf16": "1\n".encode("utf-16-le"), "a.bin": b"\r\n", "a.id": b"$Id$"}
    repository.commit(**{".gitattributes": attributes, **names})
    repository.git("rm", "-q", "--cached", "-r", ".")
    repository.git("reset", "-q", "--hard")
    there = {path.name: path.read_bytes() for path in repository.top.iterdir() if path.is_file()}
    (repository.top / ".gitattributes").write_text("* -text\n")

    tree = exported()

    assert there == {path.name: path.read_bytes() for path in tree.iterdir()}
    assert b"1\r\n" == there["a.crlf"] == file_at(repository.top, "HEAD", "a.crlf")
    assert there["a.id"].startswith(b"$Id: ")


def test_export__modes(repository, exported):
    """A program stays one."""
    (repository.top / "run").write_text("#!/bin/sh\n")
    (repository.top / "run").chmod(0o755)
    repository.commit(data=b"1")

    assert [True, False] == [os.access(exported() / name, os.X_OK) for name in ("run", "data")]


def test_export__links(repository, exported, tmp_path):
    """Links stay as they are; those that lead out of the tree, on whatever way, are left out."""
    (tmp_path / "secret").write_text("secret")
    links = {
        "inside": "a/data",
        "a/back": "../a/data",
        "dangling": "a/nothing",
        "up": "../secret",
        "deep/up": "../../secret",
        "absolute": "/etc",
        "home": str(repository.top / "a"),
        "winding": "a/../../secret",
        "by": "a/top/../../secret",
        "a/top": "..",
        "loop": "loop",
    }
    for name, target in links.items():
        (repository.top / name).parent.mkdir(exist_ok=True)
        (repository.top / name).symlink_to(target)
    repository.commit(**{"a/data": b"1"})

    tree = exported()

    kept = {str(path.relative_to(tree)): str(path.readlink()) for path in tree.rglob("*") if path.is_symlink()}
    assert {name: links[name] for name in ("inside", "a/back", "dangling", "a/top", "loop")} == kept


def test_file_at__link(repository):
    """A file that is a link is what it leads to; one that leads out is not there."""
    (repository.top / "new.csv").symlink_to("runs/last/new.csv")
    (repository.top / "out.csv").symlink_to("/etc/passwd")
    (repository.top / "runs").mkdir()
    (repository.top / "runs" / "last").symlink_to("7")
    repository.commit(**{"runs/7/new.csv": b"prediction\n"})

    assert b"prediction\n" == file_at(repository.top, "HEAD", "new.csv")
    with pytest.raises(NotThere, match=r"out\.csv"):
        file_at(repository.top, "HEAD", "out.csv")


def test_file_at__environment_of_a_hook(repository, monkeypatch):
    """In a hook of a linked work tree the file is still the one in the gate's folder, not its namesake at the top."""
    repository.commit(**{"gate/new.csv": b"gate", "new.csv": b"top"})
    repository.git("worktree", "add", "-q", "-b", "work", "../linked")
    linked = repository.top.parent / "linked"
    for name, value in {
        "GIT_DIR": repository.top / ".git/worktrees/linked",
        "GIT_INDEX_FILE": "x",
        "GIT_PREFIX": "x/",
    }.items():
        monkeypatch.setenv(name, str(value))

    assert b"gate" == file_at(linked / "gate", "main", "new.csv")
    assert b"gate" == file_at(repository.top / "gate", "work", "new.csv")


def test_export__large_files(repository, exported):
    """A file of Git LFS comes from the local store, with its mode; one that was committed whole is left as it is."""
    stored(repository, WEIGHTS)
    repository.commit(**{".gitattributes": b"*.bin filter=lfs -text\n", "w.bin": pointer(WEIGHTS), "small.bin": b"1\n"})

    tree = exported()

    assert WEIGHTS == (tree / "w.bin").read_bytes() == file_at(repository.top, "HEAD", "w.bin")
    assert b"1\n" == (tree / "small.bin").read_bytes()


@pytest.mark.parametrize("content", [None, b"\x00WEIGHTS\r\n", b"longer than it should be"])
def test_export__large_file_not_here(repository, exported, content):
    """Without its bytes, or with others, a model that needs it is refused by name, and one that does not goes on."""
    if content is not None:
        stored(repository, WEIGHTS).write_bytes(content)
    repository.commit(**{".gitattributes": b"*.bin filter=lfs\n", "m/w.bin": pointer(WEIGHTS), "p.py": b"1"})

    for parts in ((), ("m",), ("p.py", "m/w.bin"), (".",)):
        with pytest.raises(DataError, match=r"'m/w\.bin' .*Git LFS") as caught:
            exported(*parts)
        assert "git lfs f" in caught.value.hint
    assert not (exported("p.py") / "m" / "w.bin").exists()


def test_export__large_file_behind_a_link(repository, exported):
    """A link to a file that is not here does not hide that the model needs it."""
    (repository.top / "assets").mkdir()
    (repository.top / "assets" / "w").symlink_to("../big/w.bin")
    repository.commit(**{".gitattributes": b"*.bin filter=lfs\n", "big/w.bin": pointer(WEIGHTS)})

    with pytest.raises(DataError, match="big/w"):
        exported("assets")


def test_export__file_of_git_annex(repository, exported):
    """A file that git-annex keeps is refused by name where the model needs it."""
    (repository.top / "w.bin").symlink_to(".git/annex/objects/Xx/Yy/key/key")
    repository.commit(**{"p.py": b"1"})

    with pytest.raises(DataError, match=r"'w\.bin' is kept by git-annex"):
        exported("w.bin")
    assert {"p.py"} == {path.name for path in exported("p.py").iterdir()}


def test_export__runs_no_filter(repository, exported, tmp_path):
    """A filter that is set up here is refused by name where the model needs it; whatever it is called, none runs."""
    mark = tmp_path / "ran"
    stored(repository, WEIGHTS)
    repository.commit(**{"a.veil": b"1", "a.long": b"2", "a.bin": pointer(WEIGHTS), "p.py": b"3"})
    repository.commit(**{".gitattributes": b"*.veil filter=veil\n*.long filter=long\n*.bin filter=lfs\n"})
    for name, way in (("veil", "smudge"), ("lfs", "smudge"), ("long", "process")):
        repository.git("config", f"filter.{name}.{way}", f"touch {mark}; cat")
        repository.git("config", f"filter.{name}.required", "true")

    for part in ("a.veil", "a.long"):
        with pytest.raises(DataError, match=f"'{part}' is made by the filter '{part[2:]}'"):
            exported(part)
    tree = exported("p.py", "a.bin")

    assert {".gitattributes", "a.bin", "p.py"} == {path.name for path in tree.iterdir()}
    assert not mark.exists()


def test_export__filter_without_effect(repository, exported):
    """A filter that only tidies what is committed, or is not set up here, changes nothing in a checkout."""
    repository.commit(
        **{".gitattributes": b"*.ipynb filter=strip\n*.x filter=unknown\n", "a.ipynb": b"{}", "a.x": b"1"}
    )
    repository.git("config", "filter.strip.clean", "false")
    repository.git("config", "filter.strip.smudge", "cat")

    assert {".gitattributes", "a.ipynb", "a.x"} == {path.name for path in exported().iterdir()}


def test_export__submodule(repository, exported, tmp_path):
    """A submodule's files are in another repository: refused where the model needs them, left out elsewhere."""
    other = Repository(tmp_path / "other")
    other.commit(data=b"1")
    repository.git("submodule", "--quiet", "add", str(other.top), "sub")
    repository.commit(**{"p.py": b"1"})

    with pytest.raises(DataError, match="'sub' is a submodule"):
        exported()
    assert (exported("p.py") / "p.py").is_file()


def test_export__replaced_objects(repository, exported):
    """Refs that have git show another object in place of a commit's are not followed."""
    first = repository.commit(data=b"first")
    second = repository.commit(data=b"second")
    repository.git("replace", second, first)

    assert b"second" == (exported() / "data").read_bytes()


@pytest.mark.parametrize("name", ["main", "short hash"])
def test_commit_of__name_that_a_tag_hides(repository, name):
    """Git prefers a tag to a branch of the same name, and to a shortened hash; the gate takes neither."""
    first = repository.commit(data=b"first")
    repository.commit(data=b"second")
    name = first[:12] if name == "short hash" else name
    repository.git("tag", name, "main")
    repository.git("tag", first, "main")

    with pytest.raises(DataError, match="stands for more than one thing"):
        commit_of(repository.top, name)
    assert first == commit_of(repository.top, first)


def test_export__sparse(repository, exported):
    """A sparse checkout of the user's does not leave holes in the tree."""
    repository.commit(**{"a/one": b"1", "b/two": b"2"})
    repository.git("sparse-checkout", "set", "a")
    assert not (repository.top / "b").exists()

    assert b"2" == (exported() / "b" / "two").read_bytes()


def test_export__object_that_is_not_here(repository, exported):
    """What a clone has left with its remote, or lost, is said, and is no fault of ours."""
    (repository.top / "link").symlink_to("somewhere-else-in-the-tree")
    repository.commit(data=b"1")
    oid = repository.git("rev-parse", "HEAD:link").strip()
    (repository.top / ".git" / "objects" / oid[:2] / oid[2:]).unlink()

    with pytest.raises(DataError, match="'link' is not in this clone"):
        exported()
