"""Files that DVC keeps elsewhere: found by path and by revision, without DVC; and never at a commit's word."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gate.project import Project
from proctor.errors import DataError, MissingExtra
from proctor.gate.dvc import REMOTE
from proctor.pointers import output_of
from proctor.release import Verdict

POINTER = "outs:\n- md5: {md5}\n  size: {size}\n  hash: md5\n  path: {name}\n"  # as DVC 3.67 writes it


@pytest.fixture
def remote(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a remote."""
    return tmp_path_factory.mktemp("remote")


def add(project: Project, name: str, remote: Path) -> Path:
    """Do what `dvc add`, `dvc push` and a fresh clone do: the pointer is here, the file in the remote."""
    content = (project.root / name).read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    kept = remote / "files/md5" / md5[:2] / md5[2:]
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)
    pointer = POINTER.format(md5=md5, size=len(content), name=Path(name).name)
    (project.root / f"{name}.dvc").write_text(pointer)
    (project.root / name).unlink()
    return kept


def commit(project: Project, *names: str) -> None:
    git = ["git", "-C", project.root, "-c", "user.name=A", "-c", "user.email=a@example.org"]
    if not (project.root / ".git").exists():
        subprocess.run([*git, "init", "--quiet", "-b", "main"], check=True)
    subprocess.run([*git, "add", *names], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "models"], check=True)


def test_candidate_and_baseline__by_path(project: Project, remote: Path) -> None:
    """The files behind the pointers are judged as if they lay here, and known by what they say: asked again is free."""
    add(project, "new.csv", remote)
    old = add(project, "old.csv", remote)
    project.environ[REMOTE] = str(remote)

    release = project.check()
    shutil.copy(old, project.root / "old.csv")
    again = project.check()

    assert (Verdict.PASS, "new.csv", "old.csv") == (release.verdict, release.candidate, release.baseline)
    assert (True, release.entry) == (again.replayed, again.entry)


def test_baseline__by_revision(project: Project, remote: Path) -> None:
    """The pointer of a revision leads to the file of that revision, whatever the pointer of today says."""
    project.model("new.csv", 160)
    add(project, "new.csv", remote)
    commit(project, "new.csv.dvc")
    project.model("new.csv", 40)
    project.gate(baseline={"revision": "main"})

    with pytest.raises(DataError, match="kept by DVC at commit") as caught:
        project.check()
    assert REMOTE in caught.value.hint

    add(project, "new.csv", remote)
    project.environ[REMOTE] = str(remote)
    assert Verdict.PASS is project.check().verdict


def program(project: Project, n_wrong: int, name: str = "model") -> None:
    """A program in the folder *name* that is wrong so many times."""
    project.model("answers.csv", n_wrong)
    (project.root / name).mkdir(exist_ok=True)
    (project.root / "answers.csv").rename(project.root / name / "answers.csv")
    (project.root / name / "predict.py").write_text(
        f"import shutil, sys\nshutil.copy('{name}/answers.csv', sys.argv[2])\n"
    )


RUN = {"command": "python model/predict.py {features} {predictions}", "files": ["model"]}


def test_testset__all_of_it_by_pointers(project: Project, remote: Path) -> None:
    """Labels, features, sample and parts of the model are brought, and are the ones that are judged."""
    project.features()
    program(project, 40)
    project.gate(candidate=RUN, testset={"labels": "labels.csv", "features": "features.csv", "sample": "sample.csv"})
    for name in ("labels.csv", "features.csv", "model/answers.csv", "old.csv"):
        add(project, name, remote)
    (project.root / "sample.csv").write_text("id,x\ne0,0\n")
    add(project, "sample.csv", remote)

    with pytest.raises(DataError, match=r"there is no file .*features\.csv"):
        project.check()
    project.environ[REMOTE] = str(remote)

    assert Verdict.PASS is project.check().verdict
    assert (project.root / "model/answers.csv").exists()


def test_testset__sealed_labels_by_a_pointer(project: Project, remote: Path) -> None:
    """Labels that are sealed are kept sealed in the remote, brought as they are, and opened with the key."""
    sealed = project.sealed()
    add(sealed, "labels.csv.sealed", remote)
    sealed.environ[REMOTE] = str(remote)

    assert Verdict.PASS is sealed.check().verdict


def test_baseline__model_at_a_revision(project: Project, remote: Path) -> None:
    """The parts of a model that a revision has pointers of are those of that revision."""
    project.features()
    program(project, 160)
    add(project, "model/answers.csv", remote)
    project.gate(
        candidate=RUN, baseline={"revision": "main"}, testset={"labels": "labels.csv", "features": "features.csv"}
    )
    commit(project, "proctor.yml", "model/predict.py", "model/answers.csv.dvc")
    program(project, 40)
    add(project, "model/answers.csv", remote)
    project.environ[REMOTE] = str(remote)

    assert Verdict.PASS is project.check().verdict


def test_bring__follows_the_pointer(project: Project, remote: Path) -> None:
    """What was brought is replaced when the pointer changes; a file that somebody else wrote there is left alone."""
    project.environ[REMOTE] = str(remote)
    add(project, "new.csv", remote)
    project.check()
    first = (project.root / "new.csv").read_bytes()
    pointer = (project.root / "new.csv.dvc").read_text()
    project.model("new.csv", 60)
    add(project, "new.csv", remote)
    (project.root / "new.csv").write_bytes(first)  # as the first check left it

    assert not project.check().replayed
    assert first != (project.root / "new.csv").read_bytes()

    project.model("new.csv", 80)
    mine = (project.root / "new.csv").read_bytes()
    (project.root / "new.csv.dvc").write_text(pointer)
    project.check()
    assert mine == (project.root / "new.csv").read_bytes()


def test_bring__remote_by_its_address(project: Project, remote: Path) -> None:
    """A remote that is no folder is read through the drivers that DVC is installed with; its password is not shown."""
    fsspec = pytest.importorskip("fsspec")
    kept = add(project, "new.csv", remote)
    project.environ[REMOTE] = "memory://ada:secret@store"
    with pytest.raises(DataError, match="is not in 'memory://store'"):
        project.check()

    project.environ[REMOTE] = "memory://store/"
    with fsspec.open(f"memory://store/{kept.relative_to(remote)}", "wb") as file:
        file.write(kept.read_bytes())
    assert Verdict.PASS is project.check().verdict

    (project.root / "new.csv").unlink()
    project.environ[REMOTE] = "s4://store"
    with pytest.raises(MissingExtra, match="s4://") as caught:
        project.check()
    assert "pip install" in caught.value.hint


def test_bring__into_a_folder_that_is_a_link(
    project: Project, remote: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Nothing is written out of the project."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    add(project, "new.csv", remote)
    shutil.move(project.root / "new.csv.dvc", elsewhere / "new.csv.dvc")
    (project.root / "there").symlink_to(elsewhere)
    project.gate(candidate={"predictions": "there/new.csv"})
    project.environ[REMOTE] = str(remote)

    with pytest.raises(DataError, match="leads out of the project"):
        project.check()

    assert ["new.csv.dvc"] == [path.name for path in elsewhere.iterdir()]


def test_candidate__pointer_without_a_remote(project: Project, remote: Path) -> None:
    """Where no folder is named, nothing is looked for: not even in what the repository configures."""
    add(project, "new.csv", remote)
    (project.root / ".dvc").mkdir()
    (project.root / ".dvc/config").write_text(f"[core]\n    remote = r\n['remote \"r\"']\n    url = {remote}\n")

    with pytest.raises(DataError, match="there is no file") as caught:
        project.check()

    assert "dvc pull" in caught.value.hint


def test_candidate__remote_that_does_not_have_it(project: Project, remote: Path) -> None:
    """A file that was not pushed, a remote that is not there, and one in which the file is damaged."""
    kept = add(project, "new.csv", remote)
    for place, said in ((remote / "nowhere", "No such file"), (remote, "is damaged")):
        kept.write_text("id,prediction\n")
        project.environ[REMOTE] = str(place)
        with pytest.raises(DataError, match=said):
            project.check()

    assert [] == project.kinds()


@pytest.mark.parametrize("folder", [False, True], ids=["beside the gate file", "by another name"])
def test_candidate__pointer_to_the_labels(project: Project, remote: Path, folder: bool) -> None:
    """A pointer that names the MD5 of the labels does not make predictions of them."""
    labels = (project.root / "labels.csv").read_bytes()
    add(project, "labels.csv", remote)
    (project.root / "labels.csv").write_bytes(labels)
    name = "new.csv"
    pointer = (project.root / "labels.csv.dvc").read_text().replace("labels.csv", name)
    (project.root / name).unlink()
    (project.root / f"{name}.dvc").write_text(pointer)
    if folder:
        (project.root / "labels.csv.dvc").unlink()
    project.gate(candidate={"predictions": name, "prediction": "label"})
    project.environ[REMOTE] = str(remote)

    with pytest.raises(DataError, match="only the owner and the gate may read"):
        project.check()


def test_candidate__pointer_that_is_a_link_to_elsewhere(project: Project, remote: Path, tmp_path: Path) -> None:
    """A link in the place of the pointer leads nowhere."""
    add(project, "new.csv", remote)
    outside = remote / "pointer"
    shutil.move(project.root / "new.csv.dvc", outside)
    (project.root / "new.csv.dvc").symlink_to(outside)
    project.environ[REMOTE] = str(remote)

    with pytest.raises(DataError, match="leads out of the project"):
        project.check()


@pytest.mark.parametrize(
    "text",
    [
        POINTER.format(md5="0" * 32 + ".dir", size=3, name="new.csv"),
        POINTER.format(md5="../" * 10 + "ab", size=3, name="new.csv"),
        POINTER.format(md5="ab" * 16, size=3, name="other.csv"),
        POINTER.format(md5="ab" * 16, size=3, name="new.csv").replace("  hash: md5\n", ""),
        "outs: []\n",
        "outs: 3\n",
        "- [\n",
        "",
    ],
    ids=["folder", "path", "another name", "before DVC 3", "nothing", "no list", "no YAML", "empty"],
)
def test_output_of__what_is_not_followed(text: str) -> None:
    """Only what names one file by its MD5 leads anywhere."""
    assert output_of(text.encode(), "new.csv") is None


@pytest.mark.slow
def test_candidate__that_dvc_itself_pushed(project: Project, remote: Path) -> None:
    """What DVC itself adds and pushes to a folder is found."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    dvc = Path(os.environ.get("PROCTOR_DVC") or cache / "proctor/dvc-venv/bin/dvc")
    if not dvc.exists():
        pytest.skip("DVC is not installed: .ci/dvc-venv.sh installs it")
    commit(project, "proctor.yml")
    quiet = {**os.environ, "DVC_NO_ANALYTICS": "true", "HOME": str(remote.parent), "PATH": f"{dvc.parent}:{os.defpath}"}
    for words in (["init"], ["remote", "add", "-d", "store", remote], ["add", "new.csv"], ["push"]):
        subprocess.run([dvc, *words, "--quiet"], cwd=project.root, env=quiet, check=True, timeout=120)
    (project.root / "new.csv").unlink()
    project.environ[REMOTE] = str(remote)

    assert Verdict.PASS is project.check().verdict
