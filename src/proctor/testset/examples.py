"""
A test set as it lies in its files: what its examples are, and their labels when they are asked for.

What the examples are is known by their features where there are any, else by their ids; no label has a part in it.
Labels are read by `TestSet.read_labels` alone, so that whoever must refuse before reading them can.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from proctor.counting.reading import CLASSES, Numbers, Rankings, Reading
from proctor.errors import DataError
from proctor.frozen import dataclass, field, replace
from proctor.language import Slice
from proctor.predictions.alignment import Sheet
from proctor.predictions.columns import Kind, declared_classes, text_column
from proctor.predictions.labels import Labels, Mask
from proctor.predictions.tables import Raw, Source, Table, column_names, is_index, read_chunks, read_table
from proctor.testset.alike import Column, ColumnMaker, is_row_numbers
from proctor.testset.hashing import Hashes, fingerprint, fixed_order, natural_order, row_hashes
from proctor.testset.identity import Traits
from proctor.testset.label_table import private, read_labels, unique_ids
from proctor.testset.metadata import Described, Metadata, find_metadata
from proctor.testset.ranks import ranks_of
from proctor.testset.sketch import Sketch, sketch
from proctor.testset.slices import clusters_of, groups_of, masks_of

_MOST_COLUMNS = 64
_VALUES = 2048  # kept of all columns together, about


@dataclass(frozen=True)
class ExampleFiles:
    """
    Files of a test set.

    Args:
        labels: Table of ids and labels.
        features: Table of what a model is shown; ``None`` if predictions come as files.
        metadata: Table of columns for slices and clusters that no model is shown; ``None`` if there is none.
        id: Name of the column of ids, in all of them.
        label: Name of the column of labels; never shown to a model, should the features have it too.
        classes: Declared classes, as text; ``None`` if none are declared.
        key: Secret key of the row hashes; empty where the inputs are open.
    """

    labels: Source
    features: Source | None = None
    id: str = "id"
    label: str = "label"
    classes: frozenset[str] | None = None
    key: bytes = b""
    reading: Reading = CLASSES
    metadata: Source | None = None
    name: str = "the test set"

    @property
    def declared(self) -> frozenset[str] | None:
        """The declared classes in the spelling in which classes are read; ``None`` if none are declared."""
        return None if self.classes is None else declared_classes(self.classes)


@dataclass(frozen=True)
class TestSet:
    """
    Examples, in the order of their file.

    Args:
        ids: Their ids; ``None`` if they have none.
        hashes: What each of them is.
        columns: Names of the feature columns that were hashed, in natural order; empty if ids were.
        account: Name under which it is in the books, where its examples were changed since it was registered.
        metadata: Columns beside the features; ``None`` if there are none.
    """

    __test__ = False  # not a test case

    files: ExampleFiles
    ids: tuple[str, ...] | None
    hashes: Hashes
    columns: tuple[str, ...] = ()
    account: str | None = None
    metadata: Metadata | None = None
    _masks: dict[Slice, Mask] = field(default_factory=dict, init=False, repr=False, compare=False)
    _groups: dict[Slice, tuple[Slice, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _clusters: dict[str, NDArray[np.intp]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return len(self.hashes)

    @property
    def fingerprint(self) -> str:
        """Name of the test set in the books: what its examples were when it was registered."""
        return self.account or self.version

    @cached_property
    def version(self) -> str:
        """Identity of these examples, whatever their file is called and in whatever order: 32 hexadecimal digits."""
        return fingerprint(self.hashes)

    @property
    def example_column(self) -> str:
        """Name of the column that says which example a row is about: of the ids, or ``row`` where there are none."""
        return self.files.id if self.ids is not None else "row"

    def names(self, rows: Iterable[int]) -> list[str]:
        """Ids of the examples in *rows*; without ids, their numbers from 1."""
        return [self.ids[row] if self.ids is not None else str(row + 1) for row in rows]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row of each example, by its name."""
        return {name: row for row, name in enumerate(self.names(range(self.n_examples)))}

    @property
    def is_sealed(self) -> bool:
        """True if its inputs are: nothing that is computed from them is told, beyond what registration made public."""
        return bool(self.files.key)

    @property
    def is_changed(self) -> bool:
        """True if examples were added or dropped since it was registered."""
        return self.account is not None

    @cached_property
    def places(self) -> str:
        """Digest of the pairs of example and id (without ids: row), in any order: 32 hexadecimal digits."""
        names = self.ids if self.ids is not None else map(str, range(self.n_examples))
        examples = [each.tobytes().hex() for each in self.hashes]
        return fingerprint(row_hashes([list(names), examples], self.n_examples, self.files.key))

    @cached_property
    def sketch(self) -> Sketch:
        """A note by which other versions of this test set are recognized."""
        return sketch(self.hashes)

    @cached_property
    def traits(self) -> Traits:
        """Traits by which it is recognized if its files come back in another form; reads the features once more."""
        return Traits(
            n_examples=self.n_examples,
            rows=self.sketch,
            has_features=bool(self.columns),
            ids=None if self.ids is None else sketch(self._hashes_of(self.ids)),
            is_numbered=self.is_numbered,
            columns=_read_columns(self.files, self.files.features) if self.files.features is not None else (),
        )

    def _hashes_of(self, ids: Sequence[str]) -> Hashes:
        """Hash the ids alone; without features they are what the examples are known by already."""
        return row_hashes([list(ids)], len(ids), self.files.key) if self.columns else self.hashes

    @property
    def is_numbered(self) -> bool:
        """True if there are no ids, or they do nothing but number the rows."""
        return self.ids is None or is_row_numbers(self.ids)

    @property
    def ranks(self) -> NDArray[np.intp]:
        """The first rows, in an order that shuffling a numbered file does not change."""
        return ranks_of(self.ids, self.n_examples, is_numbered=self.ids is not None and self.is_numbered)

    def ranked(self, labels: Labels) -> tuple[Labels, NDArray[np.intp]]:
        """The *labels*, and the rows of them by whose labels the test set is told from others."""
        return labels, self.ranks

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """The order in which a sequential test reads the examples; fixed by their content."""
        return fixed_order(self.hashes)

    def seen_through(self, columns: Sequence[str]) -> TestSet | None:
        """
        The same examples, known by *columns* alone, or by their ids if there are none; ``None`` if one is missing.

        A registered set to which columns were added is recognized by the columns it was registered with, and so is
        one of whose columns another is now declared to be the id or the label.
        """
        if tuple(columns) == self.columns:
            return self
        if not columns and self.ids is not None:
            return replace(self, hashes=self._hashes_of(self.ids), columns=())
        if self.files.features is None or not columns or not set(columns) <= set(column_names(self.files.features)):
            return None
        ids, hashes = _read_features(self.files, self.files.features, tuple(columns))
        return replace(self, ids=ids or self.ids, hashes=hashes, columns=tuple(columns))

    def masks(self, slices: Iterable[Slice]) -> dict[Slice, Mask]:
        """Masks of the examples in each slice; each is found once, errors as `proctor.testset.slices.masks_of`."""
        wanted = tuple(slices)
        self._masks.update(masks_of(self.described, [each for each in wanted if each not in self._masks]))
        return {each: self._masks[each] for each in wanted}

    def sizes(self, slices: Iterable[Slice]) -> dict[Slice | None, int]:
        """Number of examples in each slice; errors as `masks`."""
        return {each: int(mask.sum()) for each, mask in self.masks(slices).items()}

    def clusters(self, column: str) -> NDArray[np.intp]:
        """Number of the cluster of each example; found once, errors as `proctor.testset.slices.clusters_of`."""
        if column not in self._clusters:
            self._clusters[column] = clusters_of(self.described, column, self.files.key)
        return self._clusters[column]

    def n_clusters(self, column: str, mask: Mask | None = None) -> int:
        """Number of clusters of which an example is there, or in *mask*; errors as `clusters`."""
        found = self.clusters(column)
        return len(np.unique(found if mask is None else found[mask]))

    def groups(self, asked: Slice) -> tuple[Slice, ...]:
        """Slices that a slice with a column stands for, one for each of its values; found once, errors as `masks`."""
        if asked not in self._groups:
            self._groups[asked] = groups_of(self.described, asked)
        return self._groups[asked]

    @property
    def described(self) -> Described:
        """Columns that registration fixes, of features and metadata."""
        return Described(self.files.features, self.columns, self.metadata)

    def metadata_marks(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """Digests of columns of the metadata, of all if none are named; it has no others."""
        if self.metadata is None:
            return {}
        known = frozenset(self.metadata.columns)
        return self.metadata.marks(known if names is None else known & set(names), self.files.key)

    def sheet(self, labels: Labels | None = None, reading: Reading | None = None) -> Sheet:
        """Facts that predictions must match, of a *reading* of their own; with *labels*, their type too."""
        kind = labels.kind if labels is not None and labels.n_known else None
        match (reading or self.files.reading).predictions:
            case Numbers():
                kind = Kind.NUMBERS
            case Rankings():
                kind = Kind.RANKINGS
        return Sheet(self.n_examples, self.ids, kind, self.files.declared, self.files.name)

    def read_labels(self) -> Labels:
        """The labels, in the order of the examples; private, errors as `proctor.testset.label_table.read_labels`."""
        return read_labels(self)


def load(files: ExampleFiles) -> TestSet:
    """
    Read what the examples are; of the file of labels no more than the ids.

    Raises:
        DataError: If files are missing or malformed, ids are given twice, or there are neither features nor ids.
        Misuse: If a column is in the metadata and in the features.
        MissingExtra: If a file is Parquet and pyarrow is not installed.
    """
    found = _load(files)
    if files.metadata is None:
        return found
    shown = frozenset(column_names(files.features) if files.features is not None else ())
    return replace(found, metadata=find_metadata(files.metadata, files.id, files.label, shown, found.ids))


def _load(files: ExampleFiles) -> TestSet:
    if files.features is None:
        ids = _label_ids(files)
        if ids is None:
            raise DataError(
                f"{files.labels} has no column {files.id!r}, and there are no features",
                hint="A test set is known by its examples: give them ids, or name `testset.features` in the gate file",
            )
        return TestSet(files, ids, row_hashes([list(ids)], len(ids), files.key))
    names = _feature_columns(files, files.features)
    ids, hashes = _read_features(files, files.features, names)
    if ids is None and (of_labels := _label_ids(files)) is not None and len(of_labels) == len(hashes):
        ids = of_labels
    return TestSet(files, ids, hashes, names)


def _label_ids(files: ExampleFiles) -> tuple[str, ...] | None:
    table = read_table(private(files.labels), frozenset({files.id}))
    if files.id not in table.columns or (files.features is not None and not table.n_rows):
        return None
    return unique_ids(private(files.labels), text_column(table, files.id))


# --- features --------------------------------------------------------------------------------------------------------


def _feature_columns(files: ExampleFiles, features: Source) -> tuple[str, ...]:
    """
    Columns that make an example what it is: neither ids nor labels, nor the row numbers of whoever saved the table.

    Should there be nothing but row numbers, they are what there is.
    """
    found = [name for name in column_names(features) if name not in (files.id, files.label)]
    names = [name for place, name in enumerate(found) if features.suffix == ".npy" or not is_index(name, place)]
    if not found:
        raise DataError(f"{features} has no columns of features", hint="It needs more than ids and labels")
    return tuple(natural_order(names or found))


def _read_features(
    files: ExampleFiles, features: Source, names: tuple[str, ...]
) -> tuple[tuple[str, ...] | None, Hashes]:
    ids: list[str] = []
    hashes = []
    has_ids = False
    for chunk in read_chunks(features, features.columns_asked({*names, files.id})):
        has_ids = files.id in chunk.columns
        ids += text_column(chunk, files.id) if has_ids else []
        hashes.append(row_hashes(_columns(chunk, names), chunk.n_rows, files.key))
    whole = np.concatenate(hashes)
    if not len(whole):
        raise DataError(f"{features} holds no examples", hint="It needs a line for each example")
    return (unique_ids(features, ids) if has_ids else None), whole


def _columns(chunk: Table, names: tuple[str, ...]) -> list[Raw]:
    columns = [chunk.columns[name] for name in names]
    for name, column in zip(names, columns, strict=True):
        if isinstance(column, np.ndarray) and column.dtype.kind not in "biufUS":
            raise DataError(f"{chunk.source}, column {name!r} has the type {column.dtype}, which cannot be read")
        if isinstance(column, np.ndarray) and 0 in column.shape[1:]:
            raise DataError(f"{chunk.source}, column {name!r} is empty: it has the shape {column.shape}")
    return columns


def _read_columns(files: ExampleFiles, features: Source) -> tuple[Column, ...]:
    """Records of the columns of features; of a wide table, of some of them."""
    columns = _feature_columns(files, features)
    lots = {name: hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest() for name in columns}
    names = sorted(columns, key=lots.__getitem__)[:_MOST_COLUMNS]
    makers = {name: ColumnMaker(max(48, min(1024, _VALUES // len(names)))) for name in natural_order(names)}
    for chunk in read_chunks(features, features.columns_asked(set(names))):
        for name, maker in makers.items():
            maker.add(chunk.columns[name])
    return tuple(maker.made()._replace(name=name) for name, maker in makers.items())
