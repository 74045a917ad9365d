"""
A model as it was at a git revision: its predictions file, or the whole tree exported to a folder of its own.

Nothing of the user's is touched: not the index, the work tree, the stash or the list of linked work trees.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from proctor.errors import DataError


@dataclass(frozen=True)
class Export:
    """
    An exported tree.

    Attributes:
        tree: Its top.
        root: The gate file's folder in it.

    """

    tree: Path
    root: Path


def commit_of(root: Path, revision: str) -> str:
    """
    The full hash of the commit that *revision* names in the repository of *root*.

    Raises:
        DataError: If there is no repository, or it does not have the revision; a shallow clone is told how to mend it.

    """
    try:
        return (
            _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
            .decode()
            .strip()
        )
    except subprocess.CalledProcessError as error:
        raise _unknown(root, revision) from error
    except OSError as error:
        raise DataError(f"the revision {revision!r} needs git, which was not found", hint="install git") from error


def file_at(root: Path, revision: str, path: str) -> bytes:
    """
    Content of the file *path* (below *root*) at *revision*.

    Raises:
        DataError: If the revision or the file in it does not exist.

    """
    commit = commit_of(root, revision)
    try:
        return _git(root, "show", f"{commit}:./{path}")
    except subprocess.CalledProcessError as error:
        raise DataError(
            f"there is no file {path!r} at the revision {revision!r}",
            hint="name a revision that has it, or a file: `baseline: {predictions: old.csv}`",
        ) from error


def export(root: Path, revision: str, folder: Path) -> Export:
    """
    Write the whole tree of *revision* below *folder*.

    Raises:
        DataError: If the revision does not exist, or its tree cannot be written.

    """
    commit = commit_of(root, revision)
    top = Path(_git(root, "rev-parse", "--show-toplevel").decode().removesuffix("\n"))
    prefix = _git(root, "rev-parse", "--show-prefix").decode().removesuffix("\n")
    tree = folder / "tree"
    try:
        tree.mkdir()
        with tarfile.open(fileobj=io.BytesIO(_git(top, "archive", "--format=tar", commit))) as archive:
            archive.extractall(tree, members=_members(archive), filter="data")
    except (OSError, subprocess.CalledProcessError, tarfile.TarError) as error:
        raise DataError(f"the tree of the revision {revision!r} cannot be exported") from error
    if not (tree / prefix).is_dir():
        raise DataError(f"there is no folder {prefix!r} at the revision {revision!r}")
    return Export(tree, tree / prefix)


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    # A link out of the tree would be refused by the filter with an error; left out, only who needs it notices.
    return (member for member in archive if not (member.issym() and Path(member.linkname).is_absolute()))


def _unknown(root: Path, revision: str) -> DataError:
    try:
        is_shallow = _git(root, "rev-parse", "--is-shallow-repository").strip() == b"true"
    except subprocess.CalledProcessError:
        return DataError(
            f"the revision {revision!r} cannot be looked up: {str(root)!r} is in no git repository that may be read",
            hint="run the gate inside the repository, or name a file: `baseline: {predictions: old.csv}`",
        )
    if is_shallow:
        return DataError(
            f"this shallow clone does not have the revision {revision!r}",
            hint="run `git fetch --unshallow`, or set `fetch-depth: 0` of actions/checkout",
        )
    return DataError(
        f"there is no revision {revision!r}", hint="see `git branch --all` and `git tag` for what there is"
    )


def _git(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True).stdout
