"""
The files of a project that no model may see: labels, books, keys and private figures, of every gate that is there.

Several gates in a repository have test sets of their own, and the program of one could read the labels of another.
A checkout of an earlier day is held to the gates of that day: a commit that says today that a file is a gate's labels
takes nothing away from the model that it is compared with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from proctor import gatefile
from proctor.errors import ProctorError
from proctor.gatefile import Gate, Inputs
from proctor.ledger import address
from proctor.runtime import OWN_FOLDER

_SUFFIXES = (".yml", ".yaml")
_MOST_BYTES = 1 << 20
_NOT_OURS = {".git", "node_modules", "__pycache__", ".venv", "venv", OWN_FOLDER}


def hidden_paths(gate: Gate, root: Path | None = None, top: Path | None = None) -> tuple[Path, ...]:
    """
    Absolute paths of everything that is for the gates of a project alone; they need not be there.

    Gate files are found by what stands in them, whatever they are called; one that cannot be read hides nothing, and
    judges nothing either. In a checkout, *root* is the gate's folder, and *top* the checkout's.
    """
    root, top = root or gate.root, top or gate.fence.project
    return tuple({*own_paths(gate, root), *(path for other in _gates_below(top) for path in own_paths(other))})


def own_paths(gate: Gate, root: Path | None = None) -> tuple[Path, ...]:
    """The same of one gate alone, with its folder at *root*."""
    testset, places, folder = gate.testset, address.parse(gate.ledger), root or gate.root
    books = places.path if isinstance(places, address.FileAddress) else None
    inputs = (testset.features, testset.metadata) if testset.inputs is Inputs.SEALED else ()
    names = filter(None, (testset.labels, gate.owner.record, gate.owner.key, books, *inputs, OWN_FOLDER))
    paths = (folder / Path(name).expanduser() for name in names)
    return tuple(Path(os.path.abspath(path)) for path in paths)  # noqa: PTH100  # a link is hidden itself


def _gates_below(top: Path) -> Iterator[Gate]:
    for folder, below, names in os.walk(top):
        below[:] = [name for name in below if name not in _NOT_OURS]
        for name in names:
            if name.endswith(_SUFFIXES) and (found := _gate_in(Path(folder, name))) is not None:
                yield found


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
