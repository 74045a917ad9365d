"""
Files and folders that DVC keeps elsewhere, found by the pointers that stand for them; DVC need not be installed.

Only the remote is looked into that the environment names. The repository's own configuration of DVC is not asked: a
commit could name any folder or server in it, and have what lies there read with the credentials of this machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from proctor.errors import DataError
from proctor.files import Fence, open_file
from proctor.frozen import dataclass, replace
from proctor.gate.remote import Remote
from proctor.gatefile import Gate, PredictionsFile
from proctor.pointers import (
    DVC,
    LOCK,
    MOST_BYTES_OF_DVC,
    REMOTE,
    STAGES,
    Output,
    digests,
    members_of,
    outputs_of,
    pointers_to,
)
from proctor.runtime import OWN_FOLDER
from proctor.writing import write_hint, write_whole

_BROUGHT = f"{OWN_FOLDER}/dvc.json"
_CLOSED = {OWN_FOLDER, ".git"}


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
    if testset.metadata not in (None, testset.labels):  # where an engine counts, both may be in one table
        yield Named(testset.metadata, gate.guard)
    yield from (Named(name, gate.guard) for name in (testset.sample, *(gate.development or ())) if name)


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
    if not Remote.of(environ).is_named:
        return
    record = gate.resolve(_BROUGHT)
    brought = before = _recorded(record)
    for name, fence in files:
        brought = Dvc.around(gate.root, fence, environ).bring(gate.resolve(name), brought)
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


@dataclass(frozen=True)
class Dvc:
    """
    Files of a project, of which DVC may keep some.

    Attributes:
        root: Folder of the gate file, or the same in an exported tree.
        top: Top of the project, or of that tree.
        fence: What a commit's paths may not lead out of, and the files that it may not name.
    """

    root: Path
    top: Path
    fence: Fence
    remote: Remote

    @classmethod
    def around(cls, root: Path, fence: Fence, environ: Mapping[str, str]) -> Dvc:
        """Those of the project that the folder *root* is in, whatever link that folder was reached by."""
        climb = os.path.relpath(fence.project, os.path.realpath(root))
        return cls(root, _absolute(root / climb), fence, Remote.of(environ))

    def bring(self, path: Path, before: Mapping[str, str]) -> dict[str, str]:
        """
        Put the file or folder at *path* into the place where only a pointer is, or what of it is in such places.

        The MD5 of each file that was brought *before*, by its path from the root, is given back with those brought now.
        """
        record, path = dict(before), _absolute(path)
        if not self.remote.is_named or (path.is_file() and self._name(path) not in before):
            return record
        outputs = self._outputs(path)
        files = self._files(outputs, path)
        for target, output in files.items():
            name = self._name(target)
            known = record.get(name)
            if os.path.lexists(target) and (output.digest == known or not _is(target, known)):
                continue
            self._write(target, self._content(output, target))
            record[name] = output.digest
        for target in self._left_over(record, outputs, files, path):
            self.fence.real(target).unlink()
            del record[self._name(target)]
        return record

    def _write(self, target: Path, content: bytes) -> None:
        real, top = self.fence.real(target), Path(os.path.realpath(self.top))
        if real.is_relative_to(top) and _CLOSED.intersection(part.casefold() for part in real.relative_to(top).parts):
            raise DataError(
                f"a pointer of DVC stands for {self._name(target)!r}, where nothing may be put",
                hint="Have DVC keep nothing in the folders of git and of the gate.",
            )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, content, mode=None)
        except OSError as error:
            raise DataError(
                f"{self._name(target)!r} cannot be written: {error.strerror}", hint="Run `dvc pull`."
            ) from None

    def _left_over(
        self, record: Mapping[str, str], outputs: Mapping[Path, Output], files: Mapping[Path, Output], path: Path
    ) -> list[Path]:
        """Files at or below *path* that were brought into a folder which does not have them any more."""
        folders = [target for target, output in outputs.items() if output.is_folder]
        brought = ((_absolute(self.root / name), md5) for name, md5 in record.items())
        return [
            each
            for each, md5 in brought
            if each not in files and each.is_relative_to(path) and _is(each, md5)
            if any(each.is_relative_to(folder) for folder in folders)
        ]

    def at(self, commit: str, path: str) -> bytes:
        """
        Content of the file *path*, below the folder of the gate file, at a *commit*.

        Raises:
            NotThere: If neither it nor a pointer is there.
            DataError: If what a pointer stands for is not in the remote, or is damaged.
        """
        from proctor.models.revision import NotThere, export, file_at

        try:
            return file_at(self.root, commit, path)
        except NotThere as error:
            absent = error
        wanted = [*pointers_to(_absolute(self.root / path), self.top)]
        wanted += [each.with_name(STAGES) for each in wanted if each.name == LOCK]
        names = [os.path.relpath(each, _absolute(self.root)) for each in wanted]
        with tempfile.TemporaryDirectory(prefix="proctor-file-") as folder:
            there = export(self.root, commit, Path(folder), names, only=True)
            found = replace(self, root=there.root, top=there.tree).behind(_absolute(there.root / path), commit)
        if found is None:
            raise absent
        return found

    def behind(self, path: Path, commit: str) -> bytes | None:
        """Content of the file at *path* that a pointer stands for in the exported tree of a *commit*, if one does."""
        self.refuse_unnamed(path, commit)
        output = self._files(self._outputs(path), path).get(path)
        return None if output is None else self._content(output, path)

    def refuse_unnamed(self, path: Path, commit: str) -> None:
        """Refuse a file or folder that the tree of a *commit* has only pointers of, if no remote is named."""
        if self.remote.is_named:
            return
        for target in self._outputs(path):
            if not os.path.lexists(target):
                raise DataError(
                    f"{self._name(path if path.is_relative_to(target) else target)!r} is kept by DVC at commit "
                    f"{commit[:12]}",
                    hint=f"Name its remote in the variable {REMOTE}; or name a file, and `dvc pull` it.",
                )

    def _outputs(self, path: Path) -> dict[Path, Output]:
        """Files and folders that DVC keeps, of those which *path* is, lies in or contains."""
        pointers = [Path(each) for each in pointers_to(path, self.top) if os.path.lexists(each)]
        if path.is_dir() and not path.is_symlink():
            below = (each for each in path.rglob("*") if each.suffix == DVC or each.name == LOCK)
            pointers += sorted(each for each in below if not each.is_dir())
        found = {target: output for each in pointers for target, output in self._said_by(each).items()}
        return {each: out for each, out in found.items() if path.is_relative_to(each) or each.is_relative_to(path)}

    def _said_by(self, pointer: Path) -> dict[Path, Output]:
        stages = pointer.with_name(STAGES)
        try:
            said = _read(stages, self.fence) if pointer.name == LOCK and os.path.lexists(stages) else b""
            found = outputs_of(pointer, _read(pointer, self.fence), said)
        except OSError as error:
            message = f"{self._name(pointer)!r} cannot be read: {error.strerror}"
            raise DataError(message, hint="Run `dvc pull`.") from error
        if not found and pointer.suffix == DVC:
            raise DataError(
                f"the pointer {self._name(pointer)!r} is not one of DVC's to files or folders by their MD5",
                hint="Run `dvc pull`, and leave the pointer out of what is declared.",
            )
        return {Path(name): output for name, output in found.items()}

    def _files(self, outputs: Mapping[Path, Output], path: Path) -> dict[Path, Output]:
        """Files at or below *path*; the folders among *outputs* are looked into."""
        found = {}
        for target, output in outputs.items():
            found.update(self._members(output, target) if output.is_folder else {target: output})
        return {target: output for target, output in found.items() if target.is_relative_to(path)}

    def _members(self, folder: Output, target: Path) -> dict[Path, Output]:
        members = members_of(folder, self._content(folder, target))
        if members is None:
            raise DataError(
                f"the list of files of the folder {self._name(target)!r} in {self.remote} is not one of DVC's, or "
                "names a file outside of the folder",
                hint="Run `dvc add` and `dvc push` once more.",
            )
        return {target / name: output for name, output in members.items()}

    def _content(self, output: Output, path: Path) -> bytes:
        try:
            content = self.remote.read(output)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            lacks = "is not in" if isinstance(error, FileNotFoundError) else "cannot be read from"
            raise DataError(
                f"{self._name(path)!r} is kept by DVC, and {lacks} {self.remote}: {reason}",
                hint=f"Run `dvc push`; and see that {REMOTE} names the remote, and that it may be read from here.",
            ) from error
        if not output.is_of(content):
            raise DataError(f"{self._name(path)!r} is damaged in {self.remote}", hint="Run `dvc push` once more.")
        self.fence.refuse_copy(Path(self._name(path)), content)
        return content

    def _name(self, path: Path) -> str:
        """A path as the gate file would name it: an exported tree is nothing that a user knows."""
        return os.path.relpath(path, _absolute(self.root))


def _absolute(path: Path) -> Path:
    """*path* without `..`; links stay, for the fence to judge them."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def _is(path: Path, md5: str | None) -> bool:
    """True if a file is the one of this MD5."""
    try:
        with open_file(path) as file:
            return md5 is not None and md5 in digests(file.read())
    except OSError:
        return False


def _read(path: Path, fence: Fence) -> bytes:
    with open_file(path, fence) as file:
        return file.read(MOST_BYTES_OF_DVC)
