"""
Functions of the owner of the test set, which score predictions against labels: metrics of the owner's own.

Such a function sees labels, so it is the owner's and never the candidate's: an entry point of an installed
distribution, known by its version and the content of its files. Registration pins these, and a commit that brings
others is refused before anything of them is run.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from proctor.counting.scoring import Scoring
from proctor.errors import DataError
from proctor.methods.kinds import OWN

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint, PackagePath

GROUP = "proctor.metrics"
"""Group of the entry points of a distribution."""

_COMPILED = frozenset({".pyc", ".pyo"})


class _Found(NamedTuple):
    """A function that is declared and installed, the distribution that has it, and the files of that by name."""

    name: str
    entry: EntryPoint
    holder: Distribution
    files: Mapping[str, Path]

    @property
    def identity(self) -> str:
        """Text that it is known by: distribution, version, place, and digest of all files."""
        whole = hashlib.sha256(b"proctor functions 1\0")
        for name in sorted(self.files):
            try:
                content = hashlib.sha256(self.files[name].read_bytes()).digest()
            except OSError as error:
                message = f"`{name}`, which `{OWN}{self.name}` may depend on, cannot be read: {error.strerror}"
                raise _unusable(self.name, message) from None
            whole.update(name.encode() + b"\0" + content)
        return f"{self.holder.metadata['Name']} {self.holder.version}, {self.entry.value}, sha256 {whole.hexdigest()}"


def identities(declared: Sequence[tuple[str, str]]) -> dict[str, str]:
    """
    Identity of each function, by its name, with its distribution *declared*; nothing of it is run.

    Raises:
        DataError: If one is not installed.
    """
    return {name: _found(name, holder).identity for name, holder in declared}


def written(found: Mapping[str, str]) -> str | None:
    """Identities of functions as one text; ``None`` if there are none."""
    return json.dumps(found, sort_keys=True) if found else None


def read(text: str | None) -> dict[str, str]:
    """Identities of functions, from the text."""
    found: dict[str, str] = json.loads(text or "{}")
    return found


def loaded(declared: Sequence[tuple[str, str]], wanted: frozenset[str]) -> dict[str, Scoring]:
    """
    The *wanted* functions of those declared, by their names in conditions.

    Raises:
        DataError: If one is not installed, or what would be imported is not a file of its distribution.
    """
    return {OWN + name: _imported(_found(name, holder)) for name, holder in declared if OWN + name in wanted}


def _found(name: str, holder: str) -> _Found:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution(holder)
    except PackageNotFoundError:
        raise _unusable(name, f"the distribution `{holder}`, which has `{OWN}{name}`, is not installed here") from None
    points = found.entry_points.select(group=GROUP, name=name)
    if not points:
        known = ", ".join(f"`{each}`" for each in sorted(found.entry_points.select(group=GROUP).names)) or "none"
        raise _unusable(name, f"`{holder}` has no entry point `{name}` in the group `{GROUP}`; it has {known}")
    files = {path.as_posix(): Path(str(found.locate_file(path))) for path in found.files or () if _is_content(path)}
    entry = next(iter(points))
    if _file_of(entry.module, files) is None:
        message = f"`{holder}` does not list the file of `{entry.module}` among its own, so it cannot be known again"
        raise _unusable(name, f"{message}; an editable install does not")
    return _Found(name, entry, found, files)


def _is_content(path: PackagePath) -> bool:
    """True for a file that the same version has on every machine."""
    first = path.parts[0]
    return first != ".." and not first.endswith(".dist-info") and path.suffix not in _COMPILED


def _file_of(module: str, files: Mapping[str, Path]) -> Path | None:
    """The file of a module of Python."""
    stem = module.replace(".", "/")
    return next((files[name] for name in (f"{stem}.py", f"{stem}/__init__.py") if name in files), None)


def _imported(found: _Found) -> Scoring:
    """The function, from the files of its distribution and no others of the same name."""
    module, outermost = found.entry.module, found.entry.module.partition(".")[0]
    spec = importlib.util.find_spec(outermost)
    if not _is_same(spec.origin if spec else None, _file_of(outermost, found.files)):
        raise _unusable(found.name, f"another module `{outermost}` than that of its distribution would be imported")
    try:
        there = importlib.import_module(module)
        function = found.entry.load()
    except Exception as error:  # noqa: BLE001  # it is somebody's code
        raise _unusable(found.name, f"`{module}` cannot be imported: {type(error).__name__}: {error}") from None
    if not _is_same(there.__file__, _file_of(module, found.files)):
        raise _unusable(found.name, f"another module `{module}` than that of its distribution is imported")
    if not callable(function):
        raise _unusable(found.name, f"`{found.entry.value}` is no function")
    scoring: Scoring = function
    return scoring


def _is_same(one: str | None, other: Path | None) -> bool:
    return one is not None and other is not None and os.path.realpath(one) == os.path.realpath(other)


def _unusable(name: str, message: str) -> DataError:
    return DataError(
        f"{message}; nothing was spent",
        hint=f"Install the distribution that the gate file names in `metrics`, by `pip install NAME==VERSION`; its "
        f'`pyproject.toml` says `[project.entry-points."{GROUP}"]` and `{name} = "MODULE:FUNCTION"`.',
    )
