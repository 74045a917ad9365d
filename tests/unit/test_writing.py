"""Tests of `proctor.writing`: a file is there whole, or it is not there."""

from __future__ import annotations

import os

import pytest

from proctor.writing import write_hint, write_whole

EACH = pytest.mark.parametrize("write", [write_whole, write_hint])


@EACH
def test_write__replaces_and_leaves_nothing_else(tmp_path, write):
    """What was there is replaced, and no draft is left."""
    path = tmp_path / "file"

    write(path, b"first")
    write(path, b"second")

    assert b"second" == path.read_bytes()
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize(("mode", "found"), [(0o600, 0o600), (0o644, 0o644), (0o755, 0o755), (None, 0o640)])
def test_write_whole__permissions(tmp_path, mode, found):
    """A mode that is named holds whatever the user's mask is; without one, the mask decides."""
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "file", b"", mode)
    finally:
        os.umask(before)

    assert found == (tmp_path / "file").stat().st_mode & 0o777


@EACH
def test_write__follows_no_link(tmp_path, write):
    """A link in the place of the file or of its draft is replaced, and what it leads to stays."""
    other = tmp_path / "other"
    other.write_bytes(b"kept")
    for name in ("file", f".file.{os.getpid()}"):
        (tmp_path / name).symlink_to(other)

    write(tmp_path / "file", b"new")

    assert (b"kept", b"new") == (other.read_bytes(), (tmp_path / "file").read_bytes())
    assert not (tmp_path / "file").is_symlink()


@EACH
def test_write__fails_whole(tmp_path, write):
    """Where it cannot be written, what was there is there still, and no draft is left."""
    (tmp_path / "file").mkdir()

    with pytest.raises(OSError, match="directory"):
        write(tmp_path / "file", b"new")

    assert [tmp_path / "file"] == list(tmp_path.iterdir())
