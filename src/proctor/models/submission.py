"""
Submissions: kinds of runnable models, and what of the project each of them consists of.

A question is known by what was submitted, never by what a model did on the examples (theory.md §4.3.3): by the
model's file and what is declared beside it; or by the command, the files it names and those that are declared for it,
and where none are declared by every file that git tracks. `proctor.models.project` says what that comes to.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from proctor.models import project
from proctor.models.environments import environment_of
from proctor.models.project import Project
from proctor.models.runnable import Command, Model, Runnable


def project_of(model: Runnable, root: Path, tree: Path | None = None, hidden: Iterable[Path] = ()) -> Project:
    """
    Parts of *model*: those that its digest covers, and all of the project that it sees.

    Another column of what a command writes is another model.

    The *tree* is the top of the exported one that *root*, the gate file's folder, lies in; ``None`` in a working copy.
    What is *hidden* no model may see, whatever it is declared to consist of: labels, ledger, keys.

    Raises:
        ModelError: If a file of it is missing, or it is a command that neither declares files nor lies in git.
    """
    match model:
        case Model(path, files=files):
            return project.declared(f"estimator {path}", root, (path, *files), hidden)
        case Command(files=files):
            title = _title(model)
            named = [word for word in model.words() if _is_part(root, word)]
            if files:
                return project.declared(title, root, (*files, *named), hidden)
            if tree is not None:
                return project.exported(title, root, tree, hidden)
            return project.tracked(title, root, named, hidden)


def needed_by(model: Runnable) -> tuple[str, ...]:
    """Files that must be whole for a model to run: its parts, and what its command line may name."""
    parts = model.parts
    words = model.command.split() if parts and isinstance(model, Command) else []
    return (*parts, *(word for word in words if word[0] not in "/{-" and ".." not in word))


def _title(command: Command) -> str:
    """Line of a *command*, and what its columns are called where that is not the usual."""
    columns = (command.id, command.prediction)
    return "\0".join([f"command {command.command}", *(columns if columns != ("id", "prediction") else ())])


def _is_part(root: Path, word: str) -> bool:
    """True if a word of the command is a file of the project; an environment's interpreter belongs to the machine."""
    try:
        path = root / word
        return path.is_file() and path.resolve().is_relative_to(root.resolve()) and environment_of(path) is None
    except (OSError, ValueError):  # a word may be too long for a name, or hold a NUL
        return False


# --- as earlier versions had it --------------------------------------------------------------------------------------


def former_digest(model: Runnable, root: Path, tree: Path) -> str | None:
    """
    Digest that the first version gave to *model* in an exported *tree*; ``None`` where it would have given none.

    Ledgers hold it: a model that was accepted then is recognized by it when it is run again. It covers less than
    today's, so no new question is known by it.
    """
    match model:
        case Model(path):
            return _former("estimator", root, [root / path])
        case Command(files=files):
            named = [root / word for word in model.words() if _is_part(root, word)]
            parts = [root / name for name in files] if files else [tree]
            return _former(_title(model), root, [file for part in parts for file in _files_in(part)] + named)


def _files_in(path: Path) -> list[Path]:
    found = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
    return [path for path in found if "__pycache__" not in path.parts]


def _former(kind: str, root: Path, paths: Iterable[Path]) -> str | None:
    whole = hashlib.sha256(f"proctor submission 1\0{kind}\0".encode())
    try:
        for name, path in sorted({os.path.relpath(path, root): path for path in paths}.items()):
            content = hashlib.sha256(path.read_bytes()).digest()
            whole.update(name.encode("utf-8", "surrogateescape") + b"\0" + content)
    except OSError:
        return None
    return whole.hexdigest()
