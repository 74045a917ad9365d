"""What a model consists of: everything that the digest covers is copied, and nothing else is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from proctor.errors import DataError, ModelError
from proctor.models.project import declared, exported, tracked


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a program, a folder, and something outside of it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("4711")
    root = tmp_path / "root"
    (root / "src/good").mkdir(parents=True)
    (root / "src/bad").mkdir()
    for name in ("predict.py", "src/a.py", "src/good/w", "src/bad/w"):
        (root / name).write_text(name)
    return root


def copied(project, folder: Path) -> dict[str, str]:
    """Every file and link of the copy: its content, or an arrow and where it leads."""
    folder.mkdir(exist_ok=True)
    top = project.copy(folder)
    paths = [path for path in (folder / "project").rglob("*") if path.is_symlink() or path.is_file()]
    return {
        os.path.relpath(path, top): f"-> {path.readlink()}" if path.is_symlink() else path.read_text() for path in paths
    }


def git(folder: Path, *words: str) -> None:
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True)


CHANGES = {
    "content": lambda root: (root / "src/a.py").write_text("other"),
    "another file": lambda root: (root / "src/b.py").write_text(""),
    "an empty name": lambda root: (root / "src/a.py").rename(root / "src/c.py"),
    "may be executed": lambda root: (root / "src/a.py").chmod(0o755),
    "a link in place of its file": lambda root: [
        (root / "src/a.py").rename(root / "src/c.py"),
        (root / "src/a.py").symlink_to("c.py"),
    ],
    "a link to a folder leads elsewhere": lambda root: [
        (root / "src/now").unlink(),
        (root / "src/now").symlink_to("bad"),
    ],
    "a stray .pyc": lambda root: (root / "src/a.pyc").write_bytes(b"code"),
    "an ignored file": lambda root: (root / "src/weights.ignored").write_text("1"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_digest__tells_everything_that_is_copied_apart(root, change, tmp_path):
    """Whatever changes in what the program sees, the digest is another one."""
    (root / "src/now").symlink_to("good")
    before = declared("t", root, ["predict.py", "src"])
    seen = copied(before, tmp_path / "one")

    change(root)

    after = declared("t", root, ["predict.py", "src"])
    assert before.digest != after.digest
    assert seen != copied(after, tmp_path / "two") or "executed" in str(change) or after.parts != before.parts


@pytest.mark.parametrize("what", ["__pycache__/a.cpython-311.pyc", ".git/config", ".proctor/ledger.db"])
def test_digest__what_is_not_copied_does_not_count(root, what, tmp_path):
    """Compiled caches, git's own and the gate's own are neither known nor seen."""
    before = declared("t", root, ["src"])
    (root / "src" / what).parent.mkdir()
    (root / "src" / what).write_text("x")

    after = declared("t", root, ["src"])

    assert before.digest == after.digest
    assert not [name for name in copied(after, tmp_path / "copy") if what.split("/")[0] in name]


def test_digest__times_and_other_modes_do_not_count(root):
    """A checkout has other times and another umask, and is the same model."""
    before = declared("t", root, ["src"]).digest
    os.utime(root / "src/a.py", (1, 1))
    (root / "src/a.py").chmod(0o600)

    assert before == declared("t", root, ["src"]).digest


LINKS = {
    "a file, absolute": lambda outside: str(outside / "secret"),
    "a file": lambda _: "../../outside/secret",
    "a folder": lambda _: "../../outside",
    "the root": lambda _: "/",
    "through another": lambda _: "good/../../../outside",
    "the machine's": lambda _: "/proc/self/environ",
    "itself": lambda _: "out",
}


@pytest.mark.parametrize("target", LINKS.values(), ids=LINKS)
def test_copy__links_that_lead_out_are_left_out(root, tmp_path, target):
    """Nothing outside of the project is followed, read or copied, however a link leads there."""
    (root / "src/out").symlink_to(target(tmp_path / "outside"))

    found = copied(declared("t", root, ["predict.py", "src"]), tmp_path / "copy")

    assert {"predict.py", "src/a.py", "src/good/w", "src/bad/w"} == set(found) - {"src/out"}
    assert "4711" not in "".join(found.values())
    assert found.get("src/out", "-> out") == "-> out"


def test_declared__follows_links_that_stay_inside(root, tmp_path):
    """What a link in a declared folder leads to belongs to the model, and the link stays a link."""
    (root / "shared").mkdir()
    (root / "shared/w").write_text("weights")
    (root / "src/w").symlink_to("../shared/w")
    (root / "way").symlink_to("src")

    found = copied(declared("t", root, ["way/w"]), tmp_path / "copy")

    assert {"way": "-> src", "src/w": "-> ../shared/w", "shared/w": "weights"} == found


@pytest.mark.parametrize("name", ["../outside", "link", "link/secret"])
def test_declared__refuses_what_leads_out(root, name):
    """What the gate file itself names is refused, not left out: somebody meant it."""
    (root / "link").symlink_to("../outside")

    with pytest.raises(ModelError, match="leads out"):
        declared("t", root, [name])


def test_copy__leaves_out_what_is_hidden(root, tmp_path):
    """Labels in a declared folder are not copied, whatever is declared."""
    hidden = (root / "src/good",)

    assert "src/good/w" not in copied(declared("t", root, ["src"], hidden), tmp_path / "copy")


def test_tracked__is_what_a_checkout_is(root, tmp_path):
    """Without declared files: all that git tracks, as it lies there; an exported tree of it is the same model."""
    git(root, "init", "-q")
    (root / ".gitignore").write_text("*.ignored\n")
    (root / "src/now").symlink_to("good")
    (root / "dead").symlink_to("nowhere")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    (root / "src/weights.ignored").write_text("1")
    (root / "stray.py").write_text("1")
    here = tracked("t", root / "src")
    tree = tmp_path / "tree"
    subprocess.run(["git", "clone", "-q", str(root), str(tree)], check=True)

    there = exported("t", tree / "src", tree)

    assert here.digest == there.digest
    found = copied(here, tmp_path / "copy")
    assert {"a.py", "now", "good/w", "bad/w", "../predict.py", "../.gitignore", "../dead"} == set(found)


def test_copy__notices_what_changed_since(root, tmp_path):
    """A file that is replaced by a link to something else between digest and copy is not followed."""
    project = declared("t", root, ["predict.py"])
    (root / "predict.py").unlink()
    (root / "predict.py").symlink_to(tmp_path / "outside/secret")
    (tmp_path / "copy").mkdir()

    with pytest.raises(DataError, match="changed while it was judged"):
        project.copy(tmp_path / "copy")
