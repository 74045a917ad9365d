"""
What no model of a project may see: labels, books, keys and private figures of every gate of the project, not only its
own. Several gates in a repository have test sets of their own, and the program of one could read the labels of another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from proctor import gatefile
from proctor.errors import ProctorError
from proctor.gatefile import Gate, Inputs
from proctor.ledger import address
from proctor.surroundings import OWN_FOLDER

_SUFFIXES = (".yml", ".yaml")
_MOST_BYTES = 1 << 20
_NOT_OURS = {".git", "node_modules", "__pycache__", ".venv", "venv", OWN_FOLDER}


def hidden_paths(gate: Gate) -> tuple[Path, ...]:
    """
    Absolute paths of everything that is for the gates of a project alone; they need not be there.

    Gate files are found by what stands in them, whatever they are called; one that cannot be read hides nothing, and
    judges nothing either.
    """
    found = {os.path.abspath(gate.file): gate}  # noqa: PTH100  # a path as people write it
    found |= {str(file): other for file, other in _gates_below(gate.fence.project) if str(file) not in found}
    return tuple(sorted({path for each in found.values() for path in _own(each)}))


def _own(gate: Gate) -> Iterator[Path]:
    """What belongs to one gate."""
    testset = gate.testset
    places = address.parse(gate.ledger)
    books = [places.path] if isinstance(places, address.FileAddress) else []
    inputs = [testset.features] if testset.features and testset.inputs is Inputs.SEALED else []
    for name in (testset.labels, gate.owner.record, gate.owner.key, *books, *inputs, OWN_FOLDER):
        if name:
            yield Path(os.path.abspath(gate.root / Path(name).expanduser()))  # noqa: PTH100  # a link is hidden itself


def _gates_below(top: Path) -> Iterator[tuple[Path, Gate]]:
    for folder, below, names in os.walk(top):
        below[:] = [name for name in below if name not in _NOT_OURS]
        for name in names:
            if name.endswith(_SUFFIXES) and (found := _gate_in(Path(folder, name))) is not None:
                yield Path(folder, name), found


def _gate_in(file: Path) -> Gate | None:
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > _MOST_BYTES:
            return None
        text = file.read_text("utf-8-sig")
        if "testset" not in text or "condition" not in text:
            return None
        return gatefile.load(file)
    except (OSError, ValueError, ProctorError):
        return None
