"""
Files that DVC keeps elsewhere, found by the pointers that stand for them; DVC itself need not be installed.

Only the remote is looked into that the environment names. The repository's own configuration of DVC is not asked: a
commit could name any folder or server in it, and have what lies there read with the credentials of this machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from proctor.errors import DataError, MissingExtra
from proctor.files import Fence, open_file
from proctor.gatefile import Gate, PredictionsFile
from proctor.pointers import MOST_BYTES, Output, output_of
from proctor.runtime import OWN_FOLDER
from proctor.writing import write_hint, write_whole

REMOTE = "PROCTOR_DVC_REMOTE"
"""Variable that names a remote of DVC, by its folder or its URL. It must hold no labels that are not sealed."""
_BROUGHT = f"{OWN_FOLDER}/dvc.json"
_POINTER = ".dvc"


class Named(NamedTuple):
    """A file or folder that a gate file names to be read, and what it may not be."""

    name: str
    fence: Fence


def of_data(gate: Gate) -> Iterator[Named]:
    """Files of examples that *gate* names; the labels first, so that nothing else is taken for them."""
    testset = gate.testset
    yield Named(testset.labels, gate.fence)
    if testset.features is not None:
        yield Named(testset.features, gate.guard_of_features)
    yield from (
        Named(name, gate.guard) for name in (testset.metadata, testset.sample, *(gate.development or ())) if name
    )


def of_models(gate: Gate) -> Iterator[Named]:
    """Files of the candidate and the baseline that *gate* names."""
    if isinstance(gate.baseline, PredictionsFile) and gate.baseline.revision is None:
        yield Named(gate.baseline.predictions, gate.guard)
    candidate = gate.candidate
    names = (candidate.predictions,) if isinstance(candidate, PredictionsFile) else candidate.parts
    yield from (Named(name, gate.guard) for name in names)


def bring(gate: Gate, environ: Mapping[str, str], files: Iterable[Named]) -> None:
    """
    Put *files* of a gate into the places where only their pointers are, as `dvc pull` does.

    What was brought for an earlier pointer is replaced; any other file that lies there is left alone.

    Raises:
        DataError: If one is not in the remote, is damaged there, or is not for others to see.
        MissingExtra: If the remote is a URL, and its driver is not installed.
    """
    if not _remote_in(environ):
        return
    record = gate.resolve(_BROUGHT)
    brought = before = _recorded(record)
    for name, fence in files:
        brought = {**brought, **Dvc(gate.root, fence, environ).bring(gate.resolve(name), brought)}
    if brought != before:
        with contextlib.suppress(OSError):
            record.parent.mkdir(exist_ok=True)
            write_hint(record, json.dumps(brought).encode())


def _recorded(record: Path) -> dict[str, str]:
    try:
        found = json.loads(record.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): str(md5) for name, md5 in found.items()} if isinstance(found, dict) else {}


def _remote_in(environ: Mapping[str, str]) -> str:
    return environ.get(REMOTE, "").strip()


@dataclass(frozen=True)
class Dvc:
    """
    Files of a project, of which DVC may keep some.

    Attributes:
        root: Folder of the gate file, or the same in an exported tree.
        fence: What a commit's paths may not lead out of, and the files that it may not name.
        environ: Environment variables.
    """

    root: Path
    fence: Fence
    environ: Mapping[str, str]

    def bring(self, path: Path, before: Mapping[str, str]) -> dict[str, str]:
        """
        Put the file at *path*, or those below a folder, into the place where only a pointer is.

        Args:
            path: The file or folder.
            before: MD5 of each file that was brought, by its path from the root.

        Returns:
            The same of those that were brought now.
        """
        brought = {}
        for pointer in _pointers_of(path) if _remote_in(self.environ) else ():
            target, name = pointer.with_suffix(""), os.path.relpath(pointer.with_suffix(""), self.root)
            with _reading(pointer):
                output = self._output(_read(pointer, self.fence), target)
            if os.path.lexists(target) and (output.md5 == before.get(name) or not _is(target, before.get(name))):
                continue
            content = self._content(output, target)
            self.fence.real(target)
            try:
                write_whole(target, content, mode=None)
            except OSError as error:
                raise DataError(
                    f"{str(target)!r} cannot be written: {error.strerror}", hint="Run `dvc pull`."
                ) from None
            brought[name] = output.md5
        return brought

    def at(self, commit: str, path: str) -> bytes:
        """
        Content of the file *path*, below the folder of the gate file, at a *commit*.

        Raises:
            NotThere: If neither it nor a pointer is there.
            DataError: If what a pointer stands for is not in the remote, or is damaged.
        """
        from proctor.models.revision import NotThere, file_at

        try:
            return file_at(self.root, commit, path)
        except NotThere as error:
            absent = error
        try:
            pointer = file_at(self.root, commit, f"{path}{_POINTER}")
        except NotThere:
            raise absent from None
        if not _remote_in(self.environ):
            raise DataError(
                f"{path!r} is kept by DVC at commit {commit[:12]}",
                hint=f"Name its remote in the variable {REMOTE}; or name a file, and `dvc pull` it.",
            )
        return self._content(self._output(pointer, Path(path)), Path(path))

    def _output(self, pointer: bytes, path: Path) -> Output:
        output = output_of(pointer, path.name)
        if output is None:
            raise DataError(
                f"the pointer that stands for {str(path)!r} is none of DVC 3 to one file",
                hint="Run `dvc pull`; pointers to folders, and those of versions before DVC 3, are not followed.",
            )
        return output

    def _content(self, output: Output, path: Path) -> bytes:
        remote = _remote_in(self.environ)
        try:
            content = _of_url(remote, output) if "://" in remote else _read(output.path_in(Path(remote).absolute()))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise DataError(
                f"{str(path)!r} is kept by DVC, and is not in {_shown(remote)}: {reason}",
                hint=f"Run `dvc push`; and see that {REMOTE} names the remote.",
            ) from error
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != output.md5:
            raise DataError(f"{str(path)!r} is damaged in {_shown(remote)}", hint="Run `dvc push` once more.")
        self.fence.refuse_copy(path, content)
        return content


def _pointers_of(path: Path) -> Iterator[Path]:
    """The pointer that stands for a file, or those of the files in a folder."""
    pointer = path.with_name(f"{path.name}{_POINTER}")
    if os.path.lexists(pointer):
        yield pointer
    elif path.is_dir() and not path.is_symlink():
        yield from sorted(each for each in path.rglob(f"?*{_POINTER}") if not each.is_dir())


def _is(path: Path, md5: str | None) -> bool:
    """True if a file is the one of this MD5."""
    try:
        return md5 is not None and hashlib.md5(_read(path), usedforsecurity=False).hexdigest() == md5
    except OSError:
        return False


def _shown(remote: str) -> str:
    """A remote as it is quoted: an address without a password that it may hold."""
    return repr(re.sub("//[^/]*@", "//", remote))


@contextlib.contextmanager
def _reading(pointer: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"{str(pointer)!r} cannot be read: {error.strerror}", hint="Run `dvc pull`.") from error


def _read(path: Path, fence: Fence | None = None) -> bytes:
    with open_file(path, fence) as file:
        return file.read() if fence is None else file.read(MOST_BYTES)


def _of_url(remote: str, output: Output) -> bytes:
    """A file in a remote that is no folder, through the drivers that DVC is installed with."""
    scheme = remote.partition("://")[0]
    try:
        import fsspec

        with fsspec.open(f"{remote.rstrip('/')}{output.path_in(Path('/')).as_posix()}", "rb") as file:
            content: bytes = file.read()
    except (ImportError, ValueError) as error:  # what it says of a scheme without a driver
        raise MissingExtra(
            f"the remote of DVC is at {scheme}://, and the driver for it is not installed",
            hint=f"Install it with: pip install 'dvc[{scheme}]'",
        ) from error
    return content
