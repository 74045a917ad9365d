"""Tables that a gate file names for an engine, and what would show that one was written to while it was read."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple

from proctor.crosstabs import Field
from proctor.crosstabs.addresses import SPARK, in_database
from proctor.errors import DataError
from proctor.files import Fence, open_file
from proctor.gatefile import Engine, Gate, PredictionsFile
from proctor.predictions import Source
from proctor.predictions.tables import parts


class Read(NamedTuple):
    """A table that was read, and facts of its files that change if anything is written to them."""

    field: Field
    facts: tuple[tuple[int, ...], ...]

    def refuse_rewritten(self) -> None:
        """Refuse a table that was written to since (`DataError`): what is counted may not be what it is known by."""
        if self.facts != _facts(self.field):
            raise DataError(f"{self.field.source} was changed while it was read", hint="Nothing was spent. Try again.")


def read(field: Field) -> Read:
    """A table that is about to be read; `DataError` if its file is not here."""
    return Read(field, _facts(field))


def labels_of(gate: Gate) -> Field:
    """The table of labels; errors as `predictions_of`."""
    return _table(gate, gate.testset.labels, gate.testset.label, gate.fence, is_private=True)


def metadata_of(gate: Gate) -> Field | None:
    """
    The table of metadata, with no column named, which may be that of the labels; ``None`` if there is none.

    Raises:
        DataError: If it is not here, leads out of the project, or is another file of the owner's.
    """
    testset = gate.testset
    if testset.metadata is None:
        return None
    return _table(gate, testset.metadata, "", gate.fence if testset.metadata == testset.labels else gate.guard)


def predictions_of(gate: Gate, model: PredictionsFile) -> Field:
    """
    The table of a model's predictions.

    Raises:
        DataError: If it is not here, leads out of the project, or is not for others to see, as labels are.
    """
    found, labels = _table(gate, model.predictions, model.prediction, gate.guard), labels_of(gate)
    is_same_file = _name_in_file(found) == _name_in_file(labels) and _facts(found) == _facts(labels) != ()
    if is_same_file or str(found.table).casefold() == str(labels.table).casefold():
        raise DataError(f"{model.predictions!r} is the table of labels", hint="Name a table of predictions.")
    return found


def _table(gate: Gate, name: str, column: str, fence: Fence, *, is_private: bool = False) -> Field:
    if gate.testset.engine is Engine.SPARK:
        if _is_on_cluster(name):
            return Field(name, column, is_private)
        source = Source(gate.resolve(name), fence=fence)
        for part in parts(source) if source.is_folder else (source,):  # Spark opens it by its name
            part.open_bytes().close()
        return Field(source.path, column, is_private)
    database = in_database(name)
    if database is None:
        return Field(gate.resolve(name), column, is_private, fence)
    path = gate.resolve(database.file)
    with contextlib.suppress(OSError):  # the engine says so
        open_file(path, fence).close()
    return Field(str(database._replace(file=str(path))), column, is_private)


def _file(table: Field) -> Path:
    database = in_database(str(table.table))
    return Path(table.table if database is None else database.file)


def _name_in_file(table: Field) -> str:
    database = in_database(str(table.table))
    if database is None:
        return ""
    return database.table.rpartition("#")[2].rpartition(".")[2].casefold()  # schemas are left out


def _is_on_cluster(name: str) -> bool:
    return name.startswith(SPARK) or "://" in name


def _facts(table: Field) -> tuple[tuple[int, ...], ...]:
    if _is_on_cluster(str(table.table)):  # where nobody but the cluster looks
        return ()
    source = Source(_file(table))
    files = [each.path for each in parts(source)] if source.is_folder else [source.path]
    try:
        stats = [path.stat() for path in files]
    except OSError as error:
        raise DataError(f"{source} cannot be read: {error.strerror}", hint="Name a table that is here.") from None
    return tuple((each.st_dev, each.st_ino, each.st_size, each.st_mtime_ns, each.st_ctime_ns) for each in stats)
