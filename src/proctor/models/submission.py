"""
What was submitted: kinds of runnable models, and the digest by which a question is known.

A question is known by what was submitted, never by what a model did on the examples (theory.md §4.3.3). So the
digest covers everything the answer may depend on that we can see: the model's file; or the command, the files it
names and those that are declared for it, and where none are declared every file that git tracks.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from proctor import git
from proctor.errors import GitFault, Misuse, ModelError
from proctor.predictions.submitted import ColumnNames
from proctor.surroundings import OWN_FOLDER

FEATURES, PREDICTIONS = "{features}", "{predictions}"


@dataclass(frozen=True)
class Command:
    """
    A program in any language that reads a file of features and writes a CSV of predictions.

    Args:
        line: Its command line, with ``{features}`` and ``{predictions}`` for the two files. No shell reads it.
        files: Files and folders that it consists of, below the gate file's folder; none: all that git tracks.
        names: Columns of what it writes.

    """

    line: str
    files: tuple[str, ...] = ()
    names: ColumnNames = field(default_factory=ColumnNames)

    def __str__(self) -> str:
        return self.line

    def words(self) -> list[str]:
        """
        The line as words, its placeholders still in it.

        Raises:
            Misuse: If it cannot be read as words, or names no file for the predictions.

        """
        try:
            words = shlex.split(self.line)
        except ValueError as error:
            raise Misuse(f"the command {self.line!r} cannot be read: {error}", hint="close every quote") from error
        if not words or not any(PREDICTIONS in word for word in words):
            raise Misuse(
                f"the command {self.line!r} does not say where its predictions go",
                hint="use both placeholders, for example: python predict.py {features} {predictions}",
            )
        return words


@dataclass(frozen=True)
class SavedEstimator:
    """
    A scikit-learn estimator, or anything else with ``predict``, saved with joblib or pickle.

    Args:
        path: Its file, below the gate file's folder.
        trusts_pickle: Whether the gate file says ``trust: pickle``: loading one runs whatever code is in it.
        id: Name of the column of ids in the features.

    """

    path: str
    trusts_pickle: bool = False
    id: str = "id"

    def __str__(self) -> str:
        return self.path


Runnable = Command | SavedEstimator

_SUBMODULE = b"160000 "  # the mode that git gives to a commit of another repository


def digest(model: Runnable, root: Path, tree: Path | None = None) -> str:
    """
    Digest of what *model* is: 64 hexadecimal digits; the same for the same artifacts in any checkout.

    Another column of what a command writes is another model.

    Args:
        model: The model.
        root: Folder of the gate file.
        tree: Top of the exported tree that *root* lies in; ``None`` in a working copy.

    Raises:
        ModelError: If a file of it is missing, or it is a command that neither declares files nor lies in git.

    """
    match model:
        case SavedEstimator(path):
            return _files_digest("estimator", root, [root / path])
        case Command(line, files, names):
            kind = f"command {line}" if names == ColumnNames() else f"command {line}\0{names.id}\0{names.prediction}"
            named = [root / word for word in model.words() if _is_file_below(root, word)]
            if files:
                return _files_digest(kind, root, _expanded(root / name for name in files) + named)
            return _files_digest(kind, root, (_expanded([tree]) if tree else _tracked(root)) + named)


def _is_file_below(root: Path, word: str) -> bool:
    try:
        return (root / word).is_file() and (root / word).resolve().is_relative_to(root.resolve())
    except (OSError, ValueError):  # a word may be too long for a name, or hold a NUL
        return False


def _expanded(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise ModelError(f"there is no file {str(path)!r}, which is declared as part of the candidate")
        found += [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    return [path for path in found if "__pycache__" not in path.parts]


def _tracked(root: Path) -> list[Path]:
    """
    Every file that git tracks in the repository of *root*.

    Raises:
        ModelError: If there is no repository, or a part of it is a submodule, whose files another one tracks.

    """
    try:
        repository = git.repository(root)
        listed = [line.partition(b"\t") for line in repository.output("ls-files", "--stage", "-z").split(b"\0") if line]
    except GitFault as error:
        raise ModelError(
            f"what the candidate consists of is not known: no files are declared, and {error.message}",
            hint=f"{error.hint} Or declare them in the gate file: `candidate.files: [predict.py, model.bin]`",
        ) from error
    names = {name.decode("utf-8", "surrogateescape"): facts for facts, _, name in listed}
    if modules := [name for name, facts in names.items() if facts.startswith(_SUBMODULE)]:
        raise ModelError(
            f"what the candidate consists of is not known: {modules[0]!r} is a submodule, and no files are declared",
            hint="declare them in the gate file: `candidate.files: [predict.py, model.bin]`",
        )
    paths = [repository.top / name for name in names]
    return [path for path in paths if OWN_FOLDER not in path.parts and path.is_file()]


def _files_digest(kind: str, root: Path, paths: Iterable[Path]) -> str:
    whole = hashlib.sha256(f"proctor submission 1\0{kind}\0".encode())
    for name, path in sorted({os.path.relpath(path, root): path for path in paths}.items()):
        if path.exists() and not path.is_file():
            raise ModelError(
                f"{str(path)!r}, a part of the candidate, is a folder, a pipe or a device", hint="Name a file."
            )
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
        except OSError as error:
            raise ModelError(f"{str(path)!r}, a part of the candidate, cannot be read: {error.strerror}") from error
        whole.update(name.encode("utf-8", "surrogateescape") + b"\0" + content)
    return whole.hexdigest()
