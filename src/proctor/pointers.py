"""
Pointers: small texts that stand in git for a file that is kept elsewhere (Git LFS, DVC).

Whoever reads one in place of the file must not take it for data, so it is recognized here and told by name.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from proctor.errors import DataError

MOST_BYTES = 1024
"""A pointer of Git LFS is shorter than this, as its specification says."""

DVC, LOCK, STAGES = ".dvc", "dvc.lock", "dvc.yaml"
"""Ending of a pointer of DVC, the file of those of a pipeline, and the one that declares its stages."""

REMOTE = "PROCTOR_DVC_REMOTE"
"""Variable that names a remote of DVC, by its folder or its URL. It must hold no labels that are not sealed."""

MOST_BYTES_OF_DVC = 1 << 20
"""No pointer of DVC that is longer is read."""

_VERSIONS = (b"version https://git-lfs.github.com/spec/v1\n", b"version https://hawser.github.com/spec/v1\n")
_OID = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
_SIZE = re.compile(rb"^size ([0-9]{1,18})$", re.MULTILINE)
_FOLDER = ".dir"
_MD5_OF_FILE = re.compile("[0-9a-f]{32}")
_MD5 = re.compile(f"{_MD5_OF_FILE.pattern}({re.escape(_FOLDER)})?")
_DVC = re.compile(rb"^(md5: [0-9a-f]{32}\b|outs:\s*$)", re.MULTILINE)


class Pointer(NamedTuple):
    """A pointer of Git LFS: SHA-256 of the file, in hexadecimal, and its number of bytes."""

    oid: str
    size: int

    def path_in(self, store: Path) -> Path:
        """Path of the file in Git LFS's local *store*."""
        return store / "objects" / self.oid[:2] / self.oid[2:4] / self.oid

    def is_of(self, file: Path) -> bool:
        """True if *file* is the one that is meant: its size and its digest are right."""
        try:
            with file.open("rb") as content:
                is_as_long = file.stat().st_size == self.size
                return is_as_long and self.oid == hashlib.file_digest(content, "sha256").hexdigest()
        except OSError:
            return False


class Layout(StrEnum):
    """Folder of a remote of DVC below which files lie by their MD5."""

    THREE = "files/md5"
    OLD = ""
    """As versions before DVC 3 had it; the MD5 of a text is then of its lines without carriage returns."""


class Output(NamedTuple):
    """
    A file that DVC keeps, or a folder.

    Attributes:
        digest: Its MD5; of a folder, that of the list of its files, and `.dir`.
        layout: How the remote is laid out that has it.
    """

    digest: str
    layout: Layout

    @property
    def is_folder(self) -> bool:
        """True if a list of files is what the remote has."""
        return self.digest.endswith(_FOLDER)

    def path_in(self, remote: PurePath) -> PurePath:
        """Path of the file, or of the folder's list, in a *remote*."""
        return remote / self.layout / self.digest[:2] / self.digest[2:]

    def is_of(self, content: bytes) -> bool:
        """True if *content* is the one that is meant."""
        return self.digest.removesuffix(_FOLDER) in digests(content, self.layout)


def pointers_to(path: PurePath, top: PurePath) -> Iterator[PurePath]:
    """Places of pointers of DVC by which *path* can be kept, itself or in a folder; none of them lies out of *top*."""
    for place in (path, *path.parents):
        if place == top or (place != path and not place.is_relative_to(top)):
            return
        yield place.with_name(f"{place.name}{DVC}")
        yield place.with_name(LOCK)


def outputs_of(pointer: PurePath, content: bytes, stages: bytes = b"") -> dict[str, Output]:
    """
    Files and folders that a pointer of DVC stands for, by their paths; none if it cannot be read.

    A pointer is a file `*.dvc`, or a `dvc.lock`; then *stages* is the `dvc.yaml` beside it, which says in what folder a
    stage works.
    """
    found, said = _mapping(content), _mapping(stages)
    locked = _mapping_in(found, "stages")
    pairs = [(_folder_of(found), found), *((_folder_of(_stage(said, name)), locked[name]) for name in locked)]
    return {
        posixpath.normpath(posixpath.join(pointer.parent, folder, path)): output
        for folder, outs in pairs
        for path, output in _outputs(outs)
    }


def _stage(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Declaration of a stage in `dvc.yaml`, or of the many that it is one of."""
    declared = _mapping_in(_mapping_in(said, "stages"), name.partition("@")[0])
    return _mapping_in(declared, "do") or declared


def _folder_of(declared: Mapping[str, Any]) -> str:
    return str(declared.get("wdir", "."))


def _outputs(found: object) -> Iterator[tuple[str, Output]]:
    outs = found.get("outs") if isinstance(found, dict) else None
    for out in outs if isinstance(outs, list) else ():
        path, digest = (out.get("path"), out.get("md5")) if isinstance(out, dict) else (None, None)
        if isinstance(path, str) and _MD5.fullmatch(str(digest)) and out.get("hash", "md5") == "md5":
            yield path, Output(str(digest), Layout.THREE if "hash" in out else Layout.OLD)


def members_of(folder: Output, content: bytes) -> dict[str, Output] | None:
    """Files of a *folder* by their paths in it, as its list has them; ``None`` if one would lie out of the folder."""
    try:
        members = {str(each["relpath"]): Output(str(each["md5"]), folder.layout) for each in json.loads(content)}
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_sound = all(_stays(path) and _MD5_OF_FILE.fullmatch(out.digest) for path, out in members.items())
    return members if is_sound else None


def _stays(path: str) -> bool:
    parts = path.split("/")
    return not {"", ".", "..", ".git"}.intersection(parts) and "\0" not in path and "\\" not in path


def _mapping(content: bytes) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _mapping_in(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = found.get(key)
    return inner if isinstance(inner, dict) else {}


def digests(content: bytes, layout: Layout = Layout.OLD) -> Iterator[str]:
    """MD5 that DVC may know *content* by: where it may have been an old version, that of its lines as well."""
    texts = [content] if layout is Layout.THREE else [content, content.replace(b"\r\n", b"\n")]
    return (hashlib.md5(text, usedforsecurity=False).hexdigest() for text in texts)


def missing(path: Path, top: Path | None = None) -> str:
    """
    Advice about a file or folder that is not there, where DVC keeps it; empty where it does not.

    Without the *top* of the project that it is in, only a pointer beside it is looked for.
    """
    place = Path(os.path.abspath(path))  # noqa: PTH100  # a link is not followed
    for pointer in map(Path, pointers_to(place, place.parent if top is None else top)):
        if _stands_for(pointer, place):
            return f"Run `dvc pull`, or name its remote in {REMOTE}: {pointer.name!r} stands for it."
    return ""


def _stands_for(pointer: Path, path: Path) -> bool:
    """True if a pointer is there, and one of several names *path* or a folder that it is in."""
    if not pointer.is_file() or pointer.name != LOCK:
        return pointer.is_file()
    try:
        with pointer.open("rb") as file:
            outputs = outputs_of(pointer, file.read(MOST_BYTES_OF_DVC))
    except OSError:
        return False
    return any(path.is_relative_to(output) for output in outputs)


def pointer_of(content: bytes) -> Pointer | None:
    """The pointer of Git LFS that *content*, or the beginning of a file, is; ``None`` if it is none."""
    if not content.startswith(_VERSIONS):
        return None
    oid, size = _OID.search(content), _SIZE.search(content)
    return Pointer(oid[1].decode(), int(size[1])) if oid and size else None


def refuse_pointer(name: str, content: bytes) -> None:
    """
    Refuse a pointer in place of the file that it stands for (`DataError`).

    The *content* is its beginning, at least `MOST_BYTES` of it; the *name* is as it is quoted.
    """
    if content.startswith(_VERSIONS):
        raise DataError(f"{name} is a pointer of Git LFS, not the file itself", hint="Run `git lfs pull`.")
    if name.strip("'\"").endswith(".dvc") and _DVC.search(content):
        raise DataError(
            f"{name} is a pointer of DVC, not the file itself", hint="Run `dvc pull`, and name the file without `.dvc`."
        )
