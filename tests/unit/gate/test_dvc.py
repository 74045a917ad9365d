"""Files that DVC keeps elsewhere: found by path and by revision, without DVC; and never at a commit's word."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path, PurePath

import pytest
import yaml

from gate.project import Project
from proctor.errors import DataError, MissingExtra, ModelError
from proctor.gate.dvc import REMOTE
from proctor.pointers import Layout, Output, members_of, outputs_of
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
    with pytest.raises(DataError, match=r"revision 'main': 'model/answers\.csv' is kept by DVC") as unnamed:
        project.check()
    assert REMOTE in unnamed.value.hint

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


def test_bring__text_with_carriage_returns(project: Project, remote: Path) -> None:
    """A text is known again as what was brought where DVC did not count its carriage returns, and is replaced."""
    project.environ[REMOTE] = str(remote)

    def push(n_wrong: int) -> bytes:
        project.model("new.csv", n_wrong)
        text = b"\r\n".join((project.root / "new.csv").read_bytes().splitlines())
        write_pointer(project, "new.csv", keep(remote, text, Layout.OLD), Layout.OLD)
        return text

    push(40)
    (project.root / "new.csv").unlink()
    assert Verdict.PASS is project.check().verdict
    brought = (project.root / "new.csv").read_bytes()

    text = push(160)
    (project.root / "new.csv").write_bytes(brought)
    assert Verdict.FAIL is project.check().verdict
    assert text == (project.root / "new.csv").read_bytes()


def test_bring__remote_by_its_address(project: Project, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    with pytest.raises(DataError, match="there is no s4://") as unknown:
        project.check()
    assert "s3://, gs://" in unknown.value.hint

    monkeypatch.setitem(sys.modules, "fsspec", None)  # as where it is not installed
    project.environ[REMOTE] = "s3://store"
    with pytest.raises(MissingExtra, match="s3://") as missing:
        project.check()
    assert "pip install 'dvc[s3]'" in missing.value.hint


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
        POINTER.format(md5="../" * 10 + "ab", size=3, name="new.csv"),
        POINTER.format(md5="ab" * 16, size=3, name="new.csv").replace("hash: md5", "hash: etag"),
        "outs: []\n",
        "outs: 3\n",
        "outs: [3]\n",
        "stages: {a: 3}\n",
        "- [\n",
        "",
    ],
    ids=["path", "no MD5", "nothing", "no list", "no output", "no stage", "no YAML", "empty"],
)
def test_outputs_of__what_is_not_followed(text: str) -> None:
    """Only what names a file or folder by its MD5 leads anywhere."""
    assert {} == outputs_of(PurePath("/p/new.csv.dvc"), text.encode())


def test_outputs_of__stage_in_a_folder_of_its_own() -> None:
    """The outputs of a stage lie where `dvc.yaml` says that it works; those of one among many, too."""
    out = f"{{outs: [{{path: m.bin, hash: md5, md5: {'ab' * 16}}}]}}"
    locked = f"stages: {{train: {out}, each@a: {out}, plain: {out}}}"
    said = "stages: {train: {wdir: sub}, each: {foreach: [a], do: {wdir: ../other}}}"

    found = outputs_of(PurePath("/p/q/dvc.lock"), locked.encode(), said.encode())

    assert ["/p/other/m.bin", "/p/q/m.bin", "/p/q/sub/m.bin"] == sorted(found)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "a//x", "", ".", ".git/hooks/x", "a\\\\..\\\\x"])
def test_members_of__file_out_of_the_folder(path: str) -> None:
    """A list with a path that leads out of its folder is refused as a whole."""
    md5, folder = "ab" * 16, Output("cd" * 16 + ".dir", Layout.THREE)
    fine = f'{{"md5": "{md5}", "relpath": "a/x"}}'

    assert {"a/x": Output(md5, Layout.THREE)} == members_of(folder, f"[{fine}]".encode())
    assert members_of(folder, f'[{fine}, {{"md5": "{md5}", "relpath": "{path}"}}]'.encode()) is None


def keep(remote: Path, content: bytes, layout: Layout = Layout.THREE, ending: str = "") -> str:
    """Put *content* into the remote; gives its digest. Before DVC 3, carriage returns of a text did not count."""
    said = content.replace(b"\r\n", b"\n") if layout is Layout.OLD else content
    digest = hashlib.md5(said, usedforsecurity=False).hexdigest() + ending
    kept = Path(Output(digest, layout).path_in(remote))
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)
    return digest


def add_folder(project: Project, name: str, remote: Path, layout: Layout = Layout.THREE, lock: bool = False) -> None:
    """Do for a folder what `dvc add` or `dvc repro`, `dvc push` and a fresh clone do."""
    folder = project.root / name
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    listed = [
        {"md5": keep(remote, each.read_bytes(), layout), "relpath": each.relative_to(folder).as_posix()}
        for each in files
    ]
    write_pointer(project, name, keep(remote, json.dumps(listed).encode(), layout, ".dir"), layout, lock)
    shutil.rmtree(folder)


def write_pointer(project: Project, name: str, md5: str, layout: Layout = Layout.THREE, lock: bool = False) -> None:
    out = {"path": name, "md5": md5, **({"hash": "md5"} if layout is Layout.THREE else {})}
    said = {"schema": "2.0", "stages": {"train": {"cmd": "true", "outs": [out]}}} if lock else {"outs": [out]}
    (project.root / ("dvc.lock" if lock else f"{name}.dvc")).write_text(yaml.safe_dump(said))


def into(project: Project, folder: str, *names: str) -> None:
    """Move files of the project into a folder of it."""
    for name in names:
        (project.root / folder / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).rename(project.root / folder / name)


@pytest.mark.parametrize("lock", [False, True], ids=["added", "made by a stage"])
@pytest.mark.parametrize("layout", Layout)
def test_folder__files_by_path(project: Project, remote: Path, layout: Layout, lock: bool) -> None:
    """Files in a folder that DVC keeps as a whole are brought by their own paths, and nothing else of it is."""
    into(project, "data/sets", "labels.csv", "new.csv", "old.csv")
    (project.root / "data/large.bin").write_bytes(b"large")
    add_folder(project, "data", remote, layout, lock)
    project.gate(
        testset={"labels": "data/sets/labels.csv"},
        candidate={"predictions": "data/sets/new.csv"},
        baseline={"predictions": "data/sets/old.csv"},
    )
    with pytest.raises(DataError, match="there is no file") as caught:
        project.check()
    assert REMOTE in caught.value.hint

    project.environ[REMOTE] = str(remote)
    assert Verdict.PASS is project.check().verdict
    assert project.check().replayed
    assert ["sets"] == [each.name for each in (project.root / "data").iterdir()]


@pytest.mark.parametrize("lock", [False, True], ids=["added", "made by a stage"])
def test_folder__baseline_by_revision(project: Project, remote: Path, lock: bool) -> None:
    """The pointer of a revision leads to the folder of that revision, and to the file in it."""
    project.gate(candidate={"predictions": "out/new.csv"}, baseline={"revision": "main"})
    project.model("new.csv", 160)
    into(project, "out", "new.csv")
    add_folder(project, "out", remote, lock=lock)
    commit(project, "proctor.yml", "dvc.lock" if lock else "out.dvc")
    project.model("new.csv", 40)
    into(project, "out", "new.csv")

    with pytest.raises(DataError, match=r"'out/new\.csv' is kept by DVC at commit"):
        project.check()
    add_folder(project, "out", remote, lock=lock)
    project.environ[REMOTE] = str(remote)

    assert Verdict.PASS is project.check().verdict


def test_folder__of_a_model(project: Project, remote: Path) -> None:
    """A model that is a folder is whole, today's and that of a revision, and what today's has no more is taken away."""
    project.features()
    program(project, 160)
    (project.root / "model/gone.txt").write_text("of the first model only\n")
    add_folder(project, "model", remote)
    project.gate(
        candidate=RUN, baseline={"revision": "main"}, testset={"labels": "labels.csv", "features": "features.csv"}
    )
    commit(project, "proctor.yml", "model.dvc")
    with pytest.raises(ModelError, match="declared as part of the candidate") as caught:
        project.check()
    assert REMOTE in caught.value.hint

    project.environ[REMOTE] = str(remote)
    assert Verdict.FAIL is project.check().verdict
    assert (project.root / "model/gone.txt").exists()

    shutil.copytree(project.root / "model", project.root / "was")
    program(project, 40)
    (project.root / "model/gone.txt").unlink()
    add_folder(project, "model", remote)
    (project.root / "was").rename(project.root / "model")  # as the first check left it

    assert Verdict.PASS is project.check().verdict
    assert ["answers.csv", "predict.py"] == sorted(each.name for each in (project.root / "model").iterdir())


def test_folder__list_that_leads_out(project: Project, remote: Path) -> None:
    """Nothing is written where a list leads out of its folder, or a pointer into the folders of git and the gate."""
    md5 = keep(remote, b"id,prediction\n")
    for path in ("../new.csv", "/tmp/new.csv"):
        listed = json.dumps([{"md5": md5, "relpath": "new.csv"}, {"md5": md5, "relpath": path}]).encode()
        write_pointer(project, "out", keep(remote, listed, ending=".dir"))
        project.gate(candidate={"predictions": "out/new.csv"})
        project.environ[REMOTE] = str(remote)
        with pytest.raises(DataError, match="file outside of the folder"):
            project.check()
    (project.root / "out.dvc").unlink()
    write_pointer(project, ".git/hooks", md5, lock=True)
    project.features()
    project.gate(candidate={**RUN, "files": ["."]}, testset={"labels": "labels.csv", "features": "features.csv"})
    with pytest.raises(DataError, match="where nothing may be put"):
        project.check()

    assert not (project.root / "out").exists()
    assert not (project.root / ".git/hooks").exists()


def test_revision__names_no_scratch_folder(project: Project, remote: Path) -> None:
    """What is wrong with a pointer at a revision is told by the name that the gate file has for it."""
    project.features()
    program(project, 160)
    add(project, "model/answers.csv", remote).write_text("damaged")
    project.gate(
        candidate=RUN, baseline={"revision": "main"}, testset={"labels": "labels.csv", "features": "features.csv"}
    )
    commit(project, "proctor.yml", "model/predict.py", "model/answers.csv.dvc")
    (project.root / "model/answers.csv").write_text("mine")
    project.environ[REMOTE] = str(remote)

    with pytest.raises(DataError, match=r"revision 'main': 'model/answers\.csv' is damaged") as caught:
        project.check()
    assert "proctor-scratch" not in str(caught.value)


@pytest.mark.slow
def test_candidate__that_dvc_itself_pushed(project: Project, remote: Path) -> None:
    """What DVC itself adds and pushes to a folder is found; so is a file in a folder that it keeps whole."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    dvc = Path(os.environ.get("PROCTOR_DVC") or cache / "proctor/dvc-venv/bin/dvc")
    if not dvc.exists():
        pytest.skip("DVC is not installed: .ci/dvc-venv.sh installs it")
    commit(project, "proctor.yml")
    quiet = {**os.environ, "DVC_NO_ANALYTICS": "true", "HOME": str(remote.parent), "PATH": f"{dvc.parent}:{os.defpath}"}
    into(project, "data", "old.csv")
    adding = (["add", "new.csv", "data"], ["push"])
    for words in (["init"], ["remote", "add", "-d", "store", remote], *adding):
        subprocess.run([dvc, *words, "--quiet"], cwd=project.root, env=quiet, check=True, timeout=120)
    (project.root / "new.csv").unlink()
    shutil.rmtree(project.root / "data")
    project.gate(baseline={"predictions": "data/old.csv"})
    project.environ[REMOTE] = str(remote)

    assert Verdict.PASS is project.check().verdict
