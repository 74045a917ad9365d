"""Tests of `proctor.pointers`: a pointer in place of a file is never taken for data."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor.errors import DataError
from proctor.pointers import Pointer, pointer_of
from proctor.predictions import Source, read_predictions
from proctor.predictions.tables import read_table

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "ab" * 32 + "\nsize 12345\n"
DVC = "outs:\n- md5: " + "ab" * 16 + "\n  size: 12345\n  hash: md5\n  path: new.csv\n"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".npy", ".npz", ".txt"])
@pytest.mark.parametrize("is_private", [True, False])
def test_read_table__pointer_of_lfs(tmp_path: Path, suffix: str, is_private: bool):
    """A pointer of Git LFS is called one, in whatever format the file should be, on the disk or out of git."""
    path = tmp_path / f"new{suffix}"
    path.write_text(LFS)

    for source in (Source(path, is_private=is_private), Source(path, LFS.encode(), is_private)):
        with pytest.raises(DataError, match=r"new\.\w+' is a pointer of Git LFS") as caught:
            read_table(source)
        assert "git lfs pull" in caught.value.hint


def test_read_predictions__pointer_of_dvc(tmp_path: Path):
    """So is a pointer of DVC, and where the file is missing that it stands for, that is said."""
    (tmp_path / "new.csv.dvc").write_text(DVC)

    with pytest.raises(DataError, match="is a pointer of DVC"):
        read_predictions(Source(tmp_path / "new.csv.dvc"))
    with pytest.raises(DataError, match="there is no file") as caught:
        read_predictions(Source(tmp_path / "new.csv"))
    assert "dvc pull" in caught.value.hint


def test_pointer_of():
    """Only what has the version, the digest and the size is a pointer."""
    assert Pointer("ab" * 32, 12345) == pointer_of(LFS.encode())
    assert pointer_of(b"id,prediction\n") is None
    assert pointer_of(LFS.encode().replace(b"sha256", b"sha512")) is None
