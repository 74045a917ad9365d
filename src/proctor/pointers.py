"""
Pointers: small texts that stand in git for a file that is kept elsewhere (Git LFS, DVC).

Whoever reads one in place of the file must not take it for data, so it is recognized here and told by name.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from proctor.errors import DataError

MOST_BYTES = 1024
"""A pointer of Git LFS is shorter than this, as its specification says."""

_VERSIONS = (b"version https://git-lfs.github.com/spec/v1\n", b"version https://hawser.github.com/spec/v1\n")
_OID = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
_SIZE = re.compile(rb"^size ([0-9]{1,18})$", re.MULTILINE)
_MD5 = re.compile("[0-9a-f]{32}")
_DVC = re.compile(rb"^(md5: [0-9a-f]{32}\b|outs:\s*$)", re.MULTILINE)


class Pointer(NamedTuple):
    """
    A pointer of Git LFS.

    Attributes:
        oid: SHA-256 of the file, in hexadecimal.
        size: Its bytes.
    """

    oid: str
    size: int

    def path_in(self, store: Path) -> Path:
        """Path of the file in Git LFS's local *store*."""
        return store / "objects" / self.oid[:2] / self.oid[2:4] / self.oid

    def is_of(self, file: Path) -> bool:
        """True if *file* is the one that is meant: its size and its digest are right."""
        try:
            with file.open("rb") as content:
                return file.stat().st_size == self.size and self.oid == _sha256(content)
        except OSError:
            return False


class Output(NamedTuple):
    """A file that DVC keeps, known by its MD5."""

    md5: str

    def path_in(self, remote: Path) -> Path:
        """Path of the file in the folder of a *remote* of DVC 3."""
        return remote / "files" / "md5" / self.md5[:2] / self.md5[2:]


def output_of(content: bytes, name: str) -> Output | None:
    """The file *name* beside a pointer of DVC; ``None`` if *content* is none of DVC 3 to one file of this name."""
    import yaml

    try:
        outs = yaml.safe_load(content)["outs"]
        (out,) = outs
        is_known = out.get("hash") == "md5" and out.get("path") == name
        md5 = str(out["md5"])
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Output(md5) if is_known and _MD5.fullmatch(md5) else None


def pointer_of(content: bytes) -> Pointer | None:
    """The pointer of Git LFS that *content*, or the beginning of a file, is; ``None`` if it is none."""
    if not content.startswith(_VERSIONS):
        return None
    oid, size = _OID.search(content), _SIZE.search(content)
    return Pointer(oid[1].decode(), int(size[1])) if oid and size else None


def refuse_pointer(name: str, content: bytes) -> None:
    """
    Refuse a pointer in place of the file that it stands for.

    Args:
        name: The file, as it is quoted.
        content: Its beginning, at least `MOST_BYTES` of it.

    Raises:
        DataError: If it is a pointer.
    """
    if content.startswith(_VERSIONS):
        raise DataError(f"{name} is a pointer of Git LFS, not the file itself", hint="Run `git lfs pull`.")
    if name.strip("'\"").endswith(".dvc") and _DVC.search(content):
        raise DataError(
            f"{name} is a pointer of DVC, not the file itself", hint="Run `dvc pull`, and name the file without `.dvc`."
        )


def _sha256(content: object) -> str:
    return hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary reader does
