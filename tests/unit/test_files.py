"""Tests of `proctor.files`: what a commit names is not followed out of the project, and what is checked is read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from proctor.errors import DataError
from proctor.files import Fence, open_file, refuse_to_write_out
from proctor.gatefile import load, loads
from proctor.ledger import open_ledger


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a gate in a folder of it, beside what is nobody's business."""
    top = tmp_path / "project"
    for name in ("project/gate/data", "project/other", "outside", "outside/deep"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name / "a.csv").write_text(name)
    subprocess.run(["git", "init", "-q", str(top)], check=True)
    return top


@pytest.fixture
def gate(project: Path) -> Path:
    """The folder of the gate file."""
    return project / "gate"


def read(gate: Path, name: str) -> str:
    fence = Fence.around(gate)
    with open_file(fence.resolve(name), fence) as file:
        return file.read().decode()


LINKS = {
    "the file": ("data/link.csv", "../../../outside/a.csv", "data/link.csv"),
    "absolute": ("data/link.csv", "{outside}/a.csv", "data/link.csv"),
    "a folder": ("way", "../../outside", "way/a.csv"),
    "a folder above": ("../way", "{outside}", "../way/deep/a.csv"),
    "a folder and back up": ("way", "{outside}/deep", "way/../a.csv"),
    "a way over another link": ("data/link.csv", "../hop/a.csv", "data/link.csv"),
    "the environment": ("data/link.csv", "/proc/self/environ", "data/link.csv"),
    "an open file": ("data/link.csv", "/dev/fd/0", "data/link.csv"),
    "a device": ("data/link.csv", "/dev/zero", "data/link.csv"),
    "nothing": ("data/link.csv", "{outside}/not-there.csv", "data/link.csv"),
}


@pytest.mark.parametrize(("link", "target", "named"), LINKS.values(), ids=LINKS)
def test_resolve__link_out_of_the_project(
    project: Path, gate: Path, tmp_path: Path, link: str, target: str, named: str
):
    """A link that leads out is refused, wherever on the way it stands; of what is there, nothing is said."""
    (gate / "hop").symlink_to(tmp_path / "outside")
    (gate / link).symlink_to(target.format(outside=tmp_path / "outside"))

    for name in (named, str(gate / named)):
        with pytest.raises(DataError, match="leads out of the project"):
            Fence.around(gate).resolve(name)


def test_open_file__link_within_the_project(project: Path, gate: Path):
    """Links from one place of the project to another are the project's own business."""
    (gate / "link.csv").symlink_to("../other/a.csv")
    (gate / "way").symlink_to(project / "other")

    assert ["project/other"] * 3 == [read(gate, name) for name in ("link.csv", "way/a.csv", "way/../gate/link.csv")]


def test_open_file__path_out_of_the_project(gate: Path, tmp_path: Path):
    """What the gate file itself names elsewhere is read, through whatever links stand there."""
    (tmp_path / "outside" / "link.csv").symlink_to("deep/a.csv")

    assert "outside" == read(gate, "../../outside/a.csv")
    assert "outside/deep" == read(gate, str(tmp_path / "outside" / "link.csv"))


def test_fence__without_a_repository(tmp_path: Path):
    """Where there is no repository, the project is the gate's folder; how that is reached makes no difference."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.csv").write_text("a")
    (tmp_path / "there" / "link.csv").symlink_to("../secret")
    (tmp_path / "here").symlink_to("there")

    assert "a" == read(tmp_path / "here", "a.csv")
    with pytest.raises(DataError, match="leads out"):
        read(tmp_path / "here", "link.csv")


@pytest.mark.parametrize(
    "name", ["/proc/self/environ", "/proc/self/cwd/a.csv", "/sys/kernel/mm", "/dev/null", "/dev/zero"]
)
def test_resolve__the_system(gate: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    """What the kernel shows as files is never data, even if the gate file names it."""
    monkeypatch.chdir(gate / "data")
    if name == "/proc/self/cwd/a.csv":  # a magic way to an ordinary file
        assert "project/gate/data" == read(gate, name)
        return
    with pytest.raises(DataError, match="is a pipe or a device"):
        read(gate, name)


def test_open_file__pipe(gate: Path):
    """A pipe is refused at once, without waiting for its writer."""
    os.mkfifo(gate / "pipe.csv")

    with pytest.raises(DataError, match="is a pipe or a device"):
        read(gate, "pipe.csv")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_open_file__link_put_there_meanwhile(gate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str):
    """A link that takes the place of what was checked is not followed."""
    fence = Fence.around(gate)
    real = Fence.real

    def check(self: Fence, path: Path) -> Path:
        found = real(self, path)
        name = gate / "data" / "a.csv" if kind == "file" else gate / "data"
        name.rename(gate / "moved")
        name.symlink_to(tmp_path / "outside" / ("a.csv" if kind == "file" else ""))
        return found

    monkeypatch.setattr(Fence, "real", check)

    with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
        open_file(gate / "data" / "a.csv", fence)


@pytest.mark.parametrize("way", ["named", "link", "hard link", "another spelling"])
@pytest.mark.parametrize("own", ["exam/labels.csv", "owner.key", "own/record.jsonl", "exam/features.csv"])
def test_guard__owners_file_by_another_name(gate: Path, own: str, way: str):
    """Labels, key, record and the plain twin of sealed features are predictions, features or sample by no name."""
    secret = gate / own
    secret.parent.mkdir(exist_ok=True)
    secret.write_text("id,prediction\n")
    name = {"named": own, "another spelling": f"data/../{own}"}.get(way, "new.csv")
    if way == "link":
        (gate / name).symlink_to(own)
    if way == "hard link":
        os.link(secret, gate / name)
    declared = loads(
        "{condition: n > 0.8, testset: {labels: exam/labels.csv, features: exam/features.csv.sealed},"
        " candidate: {predictions: new.csv}, owner: {key: owner.key, record: own/record.jsonl}}",
        root=gate,
    )

    with pytest.raises(DataError, match="only the owner and the gate may read"):
        open_file(declared.resolve(name), declared.guard)


@pytest.mark.parametrize("place", [".git/config", ".proctor/owner/record", "gate/.proctor/ledger.db"])
def test_guard__closed_folders(project: Path, gate: Path, place: str):
    """What git and the gate keep is shown to nobody, though it lies in the project: there may be credentials in it."""
    (project / place).parent.mkdir(parents=True, exist_ok=True)
    (project / place).write_text("secret")
    (gate / "new.csv").symlink_to(project / place)
    declared = loads("{condition: n > 0.8, testset: {labels: y.csv}, candidate: {predictions: new.csv}}", root=gate)

    with pytest.raises(DataError, match="only the owner and the gate may read"):
        open_file(declared.resolve("new.csv"), declared.guard)


def test_guard__file_of_git_annex(project: Path, gate: Path):
    """What git-annex keeps is the project's data like any other, unless it is the labels."""
    kept = project / ".git/annex/objects/Xx/Yy/key"
    kept.mkdir(parents=True)
    for name in ("new", "labels"):
        (kept / name).write_text(name)
        (gate / f"{name}.csv").symlink_to(f"../.git/annex/objects/Xx/Yy/key/{name}")
    (gate / "guess.csv").symlink_to("../.git/annex/objects/Xx/Yy/key/labels")
    declared = loads("{condition: n > 0.8, testset: {labels: labels.csv}, candidate: {predictions: a}}", root=gate)

    open_file(declared.resolve("new.csv"), declared.guard).close()
    with pytest.raises(DataError, match="only the owner"):
        open_file(declared.resolve("guess.csv"), declared.guard)


def test_guard_of_features__declared_to_be_the_labels(gate: Path):
    """One file may hold features and labels if the gate file says so; predictions may still not be that file."""
    (gate / "all.csv").write_text("id,x,label\n")
    (gate / "same.csv").symlink_to("all.csv")
    text = "{condition: n > 0.8, testset: {labels: all.csv, features: %s}, candidate: {model: m, trust: pickle}}"
    same, other = (loads(text % name, root=gate) for name in ("all.csv", "same.csv"))

    open_file(same.resolve("all.csv"), same.guard_of_features).close()
    for declared, name in ((same, "all.csv"), (other, "same.csv")):
        guard = declared.guard if declared is same else declared.guard_of_features
        with pytest.raises(DataError, match="only the owner"):
            open_file(declared.resolve(name), guard)


def test_load__gate_file_that_is_a_link(project: Path, gate: Path, tmp_path: Path):
    """A gate file that leads out of the project is not read: what is wrong with it would be quoted."""
    (tmp_path / "secret").write_text("secret: [")
    (gate / "proctor.yml").symlink_to(tmp_path / "secret")

    for path in (gate, gate / "proctor.yml"):
        with pytest.raises(DataError, match="leads out of the project"):
            load(path)


@pytest.mark.parametrize("link", [".proctor", ".proctor/ledger.db"])
def test_ledger__that_a_link_leads_away(gate: Path, tmp_path: Path, link: str):
    """A link in the place of the books or their folder does not open other books."""
    (gate / link).parent.mkdir(exist_ok=True)
    (gate / link).symlink_to(tmp_path / "outside" / Path(link).name)

    with pytest.raises(DataError, match="leads out of the project"):
        open_ledger(".proctor/ledger.db", gate)


def test_refuse_to_write_out(project: Path, gate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A report is not written through a link of the project's; where the user names another place, it is."""
    (gate / "report.html").symlink_to(tmp_path / "outside" / "a.csv")
    (gate / "new").symlink_to(tmp_path / "not-there")
    monkeypatch.chdir(gate)

    for name in ("report.html", "new", "new/report.html"):
        with pytest.raises(DataError, match="leads out of the project"):
            refuse_to_write_out(Path(name))
    for name in ("data/report.html", str(tmp_path / "outside" / "a.csv"), "/dev/stdout"):
        refuse_to_write_out(Path(name))
