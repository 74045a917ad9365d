"""
Test sets whose labels and predictions are tables that an engine counts, of any size.

No row is held here: an engine says which rows a table has, by a digest, and how many of each kind there are. To the
owner's register, such a test set is one example, whose label is the digest of all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from proctor.crosstabs.counting import Counting
from proctor.crosstabs.identity import Identity, Portrait
from proctor.errors import Misuse
from proctor.frozen import dataclass
from proctor.gate.owner_key import OwnerKey, is_sealed
from proctor.gate.table_columns import TableColumns
from proctor.gate.table_files import Read, labels_of, metadata_of, read
from proctor.gatefile import Engine, Gate
from proctor.language import Slice
from proctor.predictions import Labels, Source
from proctor.testset import ExampleFiles, Sketch, TestSet, Traits


def engine_of(gate: Gate) -> Counting:
    """The engine that a gate file names; `MissingExtra` if its packages are not installed."""
    match gate.testset.engine:
        case Engine.DUCKDB:
            from proctor.crosstabs import duckdb

            return duckdb.counting()
        case Engine.SPARK:
            from proctor.crosstabs import spark

            return spark.counting()
        case None:
            raise AssertionError("the gate file names no engine")
        case _:
            assert_never(gate.testset.engine)


@dataclass(frozen=True, kw_only=True)
class TableTestSet(TestSet):
    """
    A test set that an engine counts.

    Attributes:
        table: The table of labels, as it was read.
        described_by: Columns by which slices are told apart; ``None`` if there are none.
    """

    __test__ = False  # not a test case

    engine: Counting
    table: Read
    identity: Identity
    described_by: TableColumns | None = None

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

    def groups(self, asked: Slice) -> tuple[Slice, ...]:
        """Slices that a slice with a column stands for; errors as `sizes`."""
        return self._columns.groups(asked)

    def sizes(self, slices: Iterable[Slice]) -> dict[Slice | None, int]:
        """Number of examples in each slice; errors as `TableColumns.sizes`."""
        return self._columns.sizes(tuple(slices))

    def metadata_marks(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """Digests of columns by which slices are told apart, of all if none are named."""
        if self.described_by is None:
            return {}
        return self.described_by.marks(None if names is None else frozenset(names))

    @property
    def _columns(self) -> TableColumns:
        assert self.described_by is not None  # noqa: S101  # a gate file with slices names a table for them
        return self.described_by

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
    columns = _columns_of(gate, engine, identity)
    return TableTestSet(files, None, hashes, engine=engine, table=table, identity=identity, described_by=columns)


def _columns_of(gate: Gate, engine: Counting, identity: Identity) -> TableColumns | None:
    field, testset = metadata_of(gate), gate.testset
    if field is None:
        return None
    return TableColumns(engine=engine, table=read(field), id=testset.id, label=testset.label, ids=identity.ids)


CHANGES_ARE_RENEWALS = "A test set that has to change is renewed: `proctor testset renew`. Nothing was changed."


def refuse_table(gate: Gate, act: str, hint: str = CHANGES_ARE_RENEWALS) -> None:
    """Refuse a command, *act*, that looks at single examples, where an engine counts the test set (`Misuse`)."""
    if gate.testset.engine is not None:
        raise Misuse(
            f"`{act}` looks at single examples, and an engine counts this test set as a whole (`testset.engine`)",
            hint=hint,
        )
