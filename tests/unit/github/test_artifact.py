"""Artifacts from people who mean harm."""

from __future__ import annotations

import json
import os
import stat
import struct
import zipfile

import pytest

from proctor.errors import DataError
from proctor.github import artifact
from proctor.github.artifact import MANIFEST, Claim, Limits

SHA = "a" * 40
CLAIM = Claim(7, SHA)
SMALL = Limits(files=4, file_bytes=10_000, total_bytes=20_000)


@pytest.fixture
def good(tmp_path):
    """A folder that the untrusted half packed."""
    folder = tmp_path / "good"
    (folder / "model").mkdir(parents=True)
    (folder / "predictions.csv").write_text("id,prediction\n1,a\n")
    (folder / "model" / "weights.bin").write_bytes(b"\0\1")
    artifact.pack(folder, CLAIM)
    return folder


def zipped(tmp_path, folder=None, extra=()):
    path = tmp_path / "artifact.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")) if folder else ():
            archive.write(file, file.relative_to(folder).as_posix())
        for name, content in extra:
            archive.writestr(name, content)
    return path


def test_unpack__what_was_packed(tmp_path, good):
    """An honest artifact comes out with its claim and its files."""
    got = artifact.unpack(zipped(tmp_path, good), tmp_path / "out")

    assert CLAIM == got.claim
    assert ["model/weights.bin", "predictions.csv"] == list(got.files)
    assert b"\0\1" == got.files["model/weights.bin"].read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "a/../../evil",
        "..\\evil",
        "C:evil",
        "a//b",
        ".git/config",
        "a\nb",
        "é",
        "a/b/c/d/e",
        "-rf",
    ],
)
def test_unpack__names_that_lead_out(tmp_path, good, name):
    """No name leads out of the folder, hides, or looks like an option; nothing is written."""
    with pytest.raises(DataError):
        artifact.unpack(zipped(tmp_path, good, [(name, "x")]), tmp_path / "out")

    assert [] == list((tmp_path / "out").iterdir())
    assert not (tmp_path / "evil").exists()


def test_unpack__symbolic_link(tmp_path, good):
    """A link in a zip file is refused."""
    link = zipfile.ZipInfo("predictions2.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    with pytest.raises(DataError, match="link"):
        artifact.unpack(zipped(tmp_path, good, [(link, "/etc/passwd")]), tmp_path / "out")


def test_unpack__bomb(tmp_path, good):
    """A file that unpacks to more than is allowed is refused by its declared size."""
    with pytest.raises(DataError, match="too big"):
        artifact.unpack(zipped(tmp_path, good, [("big", bytes(50_000))]), tmp_path / "out", SMALL)


def test_unpack__bomb_that_lies_about_its_size(tmp_path, good):
    """A declared size is not believed: no more than the limit is ever written."""
    path = zipped(tmp_path, good, [("big", bytes(5_000_000))])
    content = path.read_bytes().replace(struct.pack("<I", 5_000_000), struct.pack("<I", 100))
    path.write_bytes(content)

    with pytest.raises(DataError):
        artifact.unpack(path, tmp_path / "out", SMALL)

    assert sum(file.stat().st_size for file in (tmp_path / "out").rglob("*") if file.is_file()) <= 20_000


def test_unpack__too_many(tmp_path, good):
    """A swarm of small files is refused before any is written."""
    with pytest.raises(DataError, match="at most 4"):
        artifact.unpack(zipped(tmp_path, good, [(f"f{i}", "") for i in range(99)]), tmp_path / "out", SMALL)


@pytest.mark.filterwarnings("ignore:Duplicate name")  # zipfile warns of what this test needs
@pytest.mark.parametrize("name", ["predictions.csv", "PREDICTIONS.csv"])
def test_unpack__same_name_twice(tmp_path, good, name):
    """One name cannot stand for two files, in upper or lower case."""
    with pytest.raises(DataError, match="twice"):
        artifact.unpack(zipped(tmp_path, good, [(name, "x")]), tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip" * 100])
def test_unpack__no_zip(tmp_path, content):
    """What is no zip file is refused by name."""
    (tmp_path / "x.zip").write_bytes(content)

    with pytest.raises(DataError, match="zip"):
        artifact.unpack(tmp_path / "x.zip", tmp_path / "out")


def test_unpack__damaged(tmp_path, good):
    """A flipped bit anywhere ends in a DataError or in the same files, never in something else."""
    whole = zipped(tmp_path, good).read_bytes()
    for position in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[position] ^= 0x55
        path = tmp_path / "damaged.zip"
        path.write_bytes(damaged)
        try:
            got = artifact.unpack(path, tmp_path / f"out-{position}")
        except DataError:
            continue
        assert "id,prediction\n1,a\n" == got.files["predictions.csv"].read_text()


@pytest.mark.parametrize("kind", ["link", "folder link", "fifo", "extra", "missing", "changed"])
def test_inspect__folder_that_is_not_its_manifest(good, kind):
    """Links, special files, and files that are not those of the manifest are refused."""
    target = good / "predictions.csv"
    match kind:
        case "link":
            target.unlink()
            target.symlink_to("/etc/passwd")
        case "folder link":
            (good / "more").symlink_to("/etc")
        case "fifo":
            os.mkfifo(good / "pipe")
        case "extra":
            (good / "extra.csv").write_text("x")
        case "missing":
            target.unlink()
        case "changed":
            target.write_text("id,prediction\n1,b\n")

    with pytest.raises(DataError):
        artifact.inspect(good)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"pull_request": "7"},
        {"pull_request": True},
        {"pull_request": -1},
        {"head_sha": "main"},
        {"head_sha": None},
        {"files": []},
        {"files": {"predictions.csv": 1}},
        {"files": {"../x": "0"}},
        {"extra": 1},
    ],
    ids=str,
)
def test_inspect__manifest_of_another_shape(good, change):
    """A manifest has its four fields, each of its kind, and nothing else."""
    body = json.loads((good / MANIFEST).read_text()) | change
    (good / MANIFEST).write_text(json.dumps(body))

    with pytest.raises(DataError):
        artifact.inspect(good)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 30_000, '"' + "x" * 70_000 + '"', "\xff"])
def test_inspect__manifest_that_is_none(good, text):
    """Anything that is not such a JSON object is refused, however deep or long."""
    (good / MANIFEST).write_bytes(text.encode("latin-1"))

    with pytest.raises(DataError):
        artifact.inspect(good)


def test_inspect__no_manifest(tmp_path):
    """A folder without a manifest is no artifact."""
    with pytest.raises(DataError, match="has no"):
        artifact.inspect(tmp_path)


def test_verify__the_claim_against_github():
    """Only the head of the claimed pull request, uploaded by a run of that commit, is believed."""
    pull = {"number": 7, "head": {"sha": SHA}}

    artifact.verify(CLAIM, SHA, pull)

    for sha, wrong in (
        ("b" * 40, pull),
        (SHA, {"number": 8, "head": {"sha": SHA}}),
        (SHA, {"number": 7, "head": {"sha": "b" * 40}}),
        (SHA, {"number": 7, "head": None}),
        (SHA, {}),
    ):
        with pytest.raises(DataError):
            artifact.verify(CLAIM, sha, wrong)
