"""
Reading the upload of an untrusted job, as hostile data.

An artifact is a small tree of plain files with a manifest (`Claim`). Nothing is taken on trust: not a name, not a
declared size, not a link, and not the claim itself, which `verify` holds against GitHub's own words.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from proctor.errors import DataError
from proctor.github.event import SHA

MANIFEST = "proctor-artifact.json"
FORMAT = 1
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_MOST_MANIFEST_BYTES = 64 * 1024
_CHUNK = 1024 * 1024
_UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError)


class Limits(NamedTuple):
    """Limits of an artifact, beyond which it is refused."""

    files: int = 64
    file_bytes: int = 512 * 1024 * 1024
    total_bytes: int = 1024 * 1024 * 1024
    depth: int = 4


class Claim(NamedTuple):
    """Claim of the untrusted job about itself, to be verified."""

    pull_request: int
    head_sha: str


class Artifact(NamedTuple):
    """
    A validated artifact.

    Attributes:
        folder: Where it lies.
        claim: What it says of itself.
        files: Its files by path relative to *folder*, the manifest left out.
    """

    folder: Path
    claim: Claim
    files: Mapping[str, Path]


def pack(folder: Path, claim: Claim) -> Path:
    """Write the manifest beside the files in *folder* (the untrusted half); gives its path."""
    names = [name for name in _walk(folder, Limits()) if name != MANIFEST]
    body = {
        "format": FORMAT,
        "pull_request": claim.pull_request,
        "head_sha": claim.head_sha,
        "files": {name: _digest(folder / name) for name in sorted(names)},
    }
    path = folder / MANIFEST
    path.write_text(json.dumps(body, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path


def unpack(archive: Path, folder: Path, limits: Limits | None = None) -> Artifact:
    """
    Unpack the zip file *archive* into the new *folder* and `inspect` it.

    Raises:
        DataError: If anything about it is not as it should be; *folder* is then not to be used.
    """
    limits = limits or Limits()
    if archive.stat().st_size > limits.total_bytes:
        raise DataError("the artifact's zip file is too big")
    folder.mkdir(parents=True, exist_ok=False)
    try:
        with zipfile.ZipFile(archive) as opened:
            left = limits.total_bytes
            for entry in _entries(opened, limits):
                left -= _extract(opened, entry, folder, min(left, limits.file_bytes))
    except _UNREADABLE as error:
        raise DataError(f"the artifact is not a readable zip file ({type(error).__name__})") from error
    return inspect(folder, limits)


def inspect(folder: Path, limits: Limits | None = None) -> Artifact:
    """
    Validate an artifact that lies unpacked in *folder*.

    Raises:
        DataError: If it holds links, special files, strange names, too much, or is not what its manifest lists.
    """
    names = _walk(folder, limits or Limits())
    if MANIFEST not in names:
        raise DataError(f"the artifact has no {MANIFEST}", hint="Did the untrusted job end with `preflight`?")
    claim, listed = _manifest(folder / MANIFEST)
    found = set(names) - {MANIFEST}
    if found != set(listed):
        odd = min(found ^ set(listed))
        raise DataError(f"the artifact's files are not those of its manifest (look at {odd[:80]!r})")
    for name, digest in listed.items():
        if _digest(folder / name) != digest:
            raise DataError(f"the artifact's file {name!r} is not the one of its manifest")
    return Artifact(folder, claim, {name: folder / name for name in sorted(found)})


def verify(claim: Claim, run_sha: str, pull_request: Mapping[str, Any]) -> None:
    """
    Hold the *claim* against what GitHub says.

    Args:
        claim: What the artifact says of itself.
        run_sha: Head of the workflow run that uploaded it (``workflow_run.head_sha``).
        pull_request: The pull request of the claimed number, as GitHub's API describes it.

    Raises:
        DataError: If the artifact speaks of another commit or of somebody else's pull request.
    """
    if claim.head_sha != run_sha:
        raise DataError(f"the artifact claims commit {claim.head_sha}, but its workflow ran for {run_sha}")
    head = pull_request.get("head")
    current = head.get("sha") if isinstance(head, Mapping) else None
    if pull_request.get("number") != claim.pull_request or current != claim.head_sha:
        raise DataError(
            f"pull request {claim.pull_request} does not have {claim.head_sha} as its head",
            hint="It has moved on (the newer commit has a run of its own), or the artifact names another pull request.",
        )


# --- names and sizes -------------------------------------------------------------------------------------------------


def _entries(archive: zipfile.ZipFile, limits: Limits) -> list[zipfile.ZipInfo]:
    """The files of an archive, if all of them are plain, safely named, and not too many or too big."""
    everything = archive.infolist()
    if len(everything) > 4 * limits.files:
        raise DataError(f"the artifact has {len(everything)} entries; at most {limits.files} files are taken")
    entries = [entry for entry in everything if not entry.is_dir()]
    _check_names((entry.filename for entry in everything), limits)
    _check_total([entry.file_size for entry in entries], limits)
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in {0, stat.S_IFREG}:
            raise DataError(f"the artifact's {entry.filename!r} is a link or a special file")
        if entry.flag_bits & 1 or entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise DataError(f"the artifact's {entry.filename!r} is encrypted or packed in an unusual way")
    return entries


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, most: int) -> int:
    """Unpack one file and count its bytes: the size that the archive declares is not believed."""
    target = folder / entry.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, target.open("xb") as file:
        return _copy(source, file, most, entry.filename)


def _copy(source: IO[bytes], file: IO[bytes], most: int, name: str) -> int:
    written = 0
    while chunk := source.read(min(_CHUNK, most - written + 1)):
        written += len(chunk)
        if written > most:
            raise DataError(f"the artifact's {name!r} is too big")
        file.write(chunk)
    return written


def _walk(folder: Path, limits: Limits) -> list[str]:
    """Relative paths of all files under *folder*, if it holds nothing but plain files and folders."""
    names: list[str] = []
    sizes: list[int] = []
    pending = [folder]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                path = Path(entry.path)
                mode = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(mode.st_mode):
                    _check_names([path.relative_to(folder).as_posix()], limits)
                    pending.append(path)
                elif stat.S_ISREG(mode.st_mode):
                    names.append(path.relative_to(folder).as_posix())
                    sizes.append(mode.st_size)
                else:
                    raise DataError(f"the artifact's {entry.name[:80]!r} is a link or a special file")
                if len(names) + len(pending) > 4 * limits.files:
                    raise DataError(f"the artifact has too many files; at most {limits.files} are taken")
    _check_names(names, limits)
    _check_total(sizes, limits)
    return names


def _check_names(names: Iterable[str], limits: Limits) -> None:
    seen: set[str] = set()
    for name in names:
        parts = name.removesuffix("/").split("/")
        if len(parts) > limits.depth or not all(_PART.fullmatch(part) for part in parts):
            raise DataError(
                f"the artifact's {name[:80]!r} is not a plain name",
                hint="Letters, digits, `.`, `_` and `-` are taken; no path may lead out of the artifact.",
            )
        if name.lower() in seen:
            raise DataError(f"the artifact has {name[:80]!r} twice")
        seen.add(name.lower())


def _check_total(sizes: list[int], limits: Limits) -> None:
    if len(sizes) > limits.files:
        raise DataError(f"the artifact has {len(sizes)} files; at most {limits.files} are taken")
    if sum(sizes) > limits.total_bytes or max(sizes, default=0) > limits.file_bytes:
        raise DataError(f"the artifact is too big ({sum(sizes):,} bytes)")


# --- the manifest ----------------------------------------------------------------------------------------------------


def _manifest(path: Path) -> tuple[Claim, dict[str, str]]:
    if path.stat().st_size > _MOST_MANIFEST_BYTES:
        raise DataError(f"{MANIFEST} is too big")
    try:
        body = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DataError(f"{MANIFEST} is not JSON") from error
    if not isinstance(body, dict) or set(body) != {"format", "pull_request", "head_sha", "files"}:
        raise DataError(f"{MANIFEST} does not have the fields format, pull_request, head_sha and files")
    number, sha, listed = body["pull_request"], body["head_sha"], body["files"]
    if body["format"] != FORMAT or type(number) is not int or not 0 < number < 2**31:
        raise DataError(f"{MANIFEST} has an unknown format or no number of a pull request")
    if not isinstance(sha, str) or not SHA.fullmatch(sha):
        raise DataError(f"{MANIFEST} names no commit")
    if not isinstance(listed, dict) or not all(isinstance(value, str) for value in listed.values()):
        raise DataError(f"{MANIFEST} does not list its files with their digests")
    return Claim(number, sha), listed


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
