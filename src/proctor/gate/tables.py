"""
Test sets whose labels and predictions are tables that an engine counts, of any size.

No row is held here: an engine says which rows a table has, by a digest, and how many of each kind there are. To the
owner's register, such a test set is one example, whose label is the digest of all of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from proctor.crosstabs import Crosstab, Field
from proctor.crosstabs.addresses import SPARK, in_database
from proctor.crosstabs.identity import Identity, Portrait
from proctor.errors import DataError, Misuse
from proctor.files import Fence, open_file
from proctor.gate.owner_key import OwnerKey, is_sealed
from proctor.gatefile import Engine, Gate, PredictionsFile
from proctor.predictions import Labels, Source
from proctor.predictions.tables import parts
from proctor.testset import ExampleFiles, Sketch, TestSet, Traits


class TableEngine(Protocol):
    """A program that counts tables; see `proctor.crosstabs.duckdb`."""

    def identity(self, field: Field, *, id: str) -> Identity:  # noqa: A002  # the word of the gate file
        """Identity of a table."""

    def portrait(self, field: Field, *, id: str) -> Portrait:  # noqa: A002  # as above
        """Portrait of a table."""

    def count(
        self,
        labels: Field,
        new: Field,
        old: Field | None = None,
        *,
        id: str | None,  # noqa: A002  # as above
        classes: frozenset[str] | None,
    ) -> Crosstab:
        """Count examples by label and predictions."""


def engine_of(gate: Gate) -> TableEngine:
    """
    The engine that a gate file names.

    Raises:
        MissingExtra: If its packages are not installed.
    """
    match gate.testset.engine:
        case Engine.DUCKDB:
            from proctor.crosstabs import duckdb

            return duckdb
        case Engine.SPARK:
            from proctor.crosstabs import spark

            return spark.here()
        case None:
            raise AssertionError("the gate file names no engine")
        case _:
            assert_never(gate.testset.engine)


@dataclass(frozen=True, kw_only=True)
class TableTestSet(TestSet):
    """
    A test set that an engine counts.

    Args:
        engine: The engine.
        table: The table of labels, as it was read.
        identity: Its identity.
    """

    __test__ = False  # not a test case

    engine: TableEngine
    table: Read
    identity: Identity

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return self.identity.n_rows

    @property
    def places(self) -> str:
        """Examples are their ids, and have no other place."""
        return self.version

    @property
    def sketch(self) -> Sketch:
        """A note by which files and tables with some of the same ids are recognized."""
        return self._portrait.sketch

    @property
    def is_numbered(self) -> bool:
        """True if the ids do nothing but number the rows."""
        return self._portrait.is_numbered

    @property
    def traits(self) -> Traits:
        """Traits by which it is recognized."""
        return Traits(
            n_examples=self.n_examples,
            rows=self.sketch,
            has_features=False,
            ids=self.sketch,
            is_numbered=self.is_numbered,
            columns=(),
        )

    def seen_through(self, columns: Sequence[str]) -> TestSet | None:
        """Itself, as it is known by its ids alone."""
        return None if columns else self

    def ranked(self, labels: Labels) -> tuple[Labels, NDArray[np.intp]]:
        """Labels of the first rows, in their order; *labels* is the digest of all."""
        first = self._portrait.first
        return Labels(np.array(first, "U")), np.arange(len(first))

    def read_labels(self) -> Labels:
        """The one label of the whole: the digest of all labels."""
        return Labels(np.array([self.identity.rows]))

    @cached_property
    def _portrait(self) -> Portrait:
        return self.engine.portrait(self.table.field, id=self.files.id)


def load(owner_key: OwnerKey) -> TableTestSet:
    """
    The test set of a gate file that names an engine.

    Raises:
        Misuse: If the labels are sealed.
        DataError: If they are no table of ids and classes, each id once.
    """
    gate = owner_key.gate
    if is_sealed(gate.resolve(gate.testset.labels)):
        raise Misuse(
            f"{gate.testset.labels!r} is sealed, and an engine counts tables that lie in the open",
            hint="Name the open table of labels, kept where only the owner and the gate can read it; or leave "
            "`testset.engine` out. Nothing was spent.",
        )
    engine, table = engine_of(gate), read(labels_of(gate))
    owner_key.runtime.progress(f"reading {gate.testset.labels}")
    identity = engine.identity(table.field, id=gate.testset.id)
    files = ExampleFiles(
        Source(Path(table.field.table), is_private=True),
        id=gate.testset.id,
        label=gate.testset.label,
        classes=frozenset(gate.testset.classes) if gate.testset.classes else None,
    )
    hashes = np.frombuffer(bytes.fromhex(identity.ids), "V16")
    return TableTestSet(files, None, hashes, engine=engine, table=table, identity=identity)


CHANGES_ARE_RENEWALS = "A test set that has to change is renewed: `proctor testset renew`. Nothing was changed."


def refuse_table(gate: Gate, act: str, hint: str = CHANGES_ARE_RENEWALS) -> None:
    """
    Refuse a command, *act*, that looks at single examples.

    Raises:
        Misuse: If an engine counts the test set.
    """
    if gate.testset.engine is not None:
        raise Misuse(
            f"`{act}` looks at single examples, and an engine counts this test set as a whole (`testset.engine`)",
            hint=hint,
        )


# --- tables of the gate file -----------------------------------------------------------------------------------------


class Read(NamedTuple):
    """
    A table that was read.

    Attributes:
        field: The table and its column.
        facts: Facts of its files that change if anything is written to them.
    """

    field: Field
    facts: tuple[tuple[int, ...], ...]

    def refuse_rewritten(self) -> None:
        """
        Refuse a table that was written to since: what is counted may not be what it is known by.

        Raises:
            DataError: If it was.
        """
        if self.facts != _facts(self.field):
            raise DataError(f"{self.field.source} was changed while it was read", hint="Nothing was spent. Try again.")


def read(field: Field) -> Read:
    """
    A table that is about to be read.

    Raises:
        DataError: If its file is not here.
    """
    return Read(field, _facts(field))


def labels_of(gate: Gate) -> Field:
    """The table of labels; errors as `predictions_of`."""
    return _table(gate, gate.testset.labels, gate.testset.label, gate.fence, is_private=True)


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
