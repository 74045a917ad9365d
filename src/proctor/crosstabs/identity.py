"""
Identity of the rows of a large table in any order, by a digest that every engine computes alike.

A row has a *record*: the first 16 bytes of SHA-256 of its id, and as many of that of its class. Records are sorted and
fall into 4,096 buckets by their first three hexadecimal digits. Each bucket is hashed by SHA-256, and so is the list of
the buckets that are not empty, each by its number and its hash.

Two tables with one digest are a collision of SHA-256, or of its first 16 bytes, which takes 2^64 hashes. Hashes that
are merely added up would need no sorting; but whoever may choose the class of every row, as the author of predictions
does, finds two tables with the same sum of 512 bits by about 2^45 hashes (the generalized birthday problem).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.crosstabs.engine import Bytes, Engine, keep_cells
from proctor.crosstabs.fields import SHOWN, Field, Groups, Strangers, class_names, refuse, refuse_uncounted
from proctor.testset.hashing import cell_codes, row_hashes
from proctor.testset.ranks import N_RANKS
from proctor.testset.sketch import SKETCH_SIZE, Sketch

ROWS, CELLS = "proctor_rows", "proctor_cells"
"""Names of the tables of all rows (``c0``, ``id``), and of their different cells (``c0``, ``times``, ``code``)."""

CODED = f"{ROWS} JOIN {CELLS} ON {ROWS}.c0 IS NOT DISTINCT FROM {CELLS}.c0"  # names of ours
"""All rows with the code of their cell."""

HALF = 16
"""Bytes of a hash that are kept."""


class Identity(NamedTuple):
    """
    Identity of a table of ids and classes.

    Attributes:
        n_rows: Number of rows.
        ids: Digest of the ids: 32 hexadecimal digits.
        rows: Digest of the ids with their classes: 64 hexadecimal digits.
    """

    n_rows: int
    ids: str
    rows: str


class Portrait(NamedTuple):
    """
    Traits by which a table is recognized.

    Attributes:
        sketch: Sketch of its ids, as that of ids in a file.
        is_numbered: True if the ids do nothing but number the rows.
        first: Classes of the first rows, by their numbers if they are numbered, else by their ids.
    """

    sketch: Sketch
    is_numbered: bool
    first: Sequence[str]


def identity(engine: Engine, field: Field, id_column: str) -> Identity:
    """
    The identity of a table.

    Raises:
        DataError: If it is malformed, an id is there more than once, or a row has no class.
    """
    found = _held(engine, field, id_column)
    return _identity(engine, field, class_names(field, found), found)


def mark(engine: Engine, field: Field, id_column: str) -> Identity:
    """
    The identity of a column by which slices are told apart, whose cells are known by what they are compared by.

    Raises:
        DataError: If the table is malformed, an id is there more than once, or the column holds too much.
    """
    found = _held(engine, field, id_column)
    refuse_uncounted(field, found)
    return _identity(engine, field, [f"{code:016x}" for code in cell_codes(found.cells[0]).tolist()], found)


def _identity(engine: Engine, field: Field, names: list[str], cells: Groups) -> Identity:
    """The identity of rows whose *cells* have these names."""
    found = engine.digests(np.array([[*kept(name)] for name in names], np.uint8))
    if found.has_repeats:
        _refuse_repeats(engine, field)
    return Identity(int(cells.times.sum()), found.ids[: 2 * HALF], found.rows)


def portrait(engine: Engine, field: Field, id_column: str) -> Portrait:
    """The portrait of a table that has an identity; reads every id once more."""
    found = _held(engine, field, id_column)
    names, n_rows = class_names(field, found), int(found.times.sum())
    is_numbered = _is_numbered(engine, n_rows)
    by = "CAST(id AS BIGINT), id" if is_numbered else "id"
    codes = engine.rows(f"SELECT code FROM {CODED} ORDER BY {by} LIMIT {N_RANKS}")
    return Portrait(engine.sketch(n_rows), is_numbered, [names[code] for (code,) in codes])


def kept(text: str) -> bytes:
    """The part of a text's hash that goes into a record."""
    return hashlib.sha256(text.encode()).digest()[:HALF]


def _held(engine: Engine, field: Field, id_column: str) -> Groups:
    """The different cells of the rows by their codes, and the number of rows of each."""
    engine.hold(ROWS, field, {"c0": field.name}, id_column)
    return keep_cells(engine, CELLS, ROWS, "c0")


def _refuse_repeats(engine: Engine, field: Field) -> None:
    repeated = f"SELECT id FROM {ROWS} GROUP BY id HAVING count(*) > 1"
    number = engine.rows(f"SELECT count(*) FROM ({repeated}) AS repeated")[0][0]
    some = engine.rows(f"{repeated} ORDER BY id LIMIT {SHOWN}")
    refuse(Strangers(field, (number, [row[0] for row in some])))


def _is_numbered(engine: Engine, n_rows: int) -> bool:
    """True if the ids are consecutive whole numbers."""
    is_other = "translate(id, '0123456789', '') <> '' OR length(id) NOT BETWEEN 1 AND 18"
    if engine.rows(f"SELECT id FROM {ROWS} WHERE {is_other} LIMIT 1"):
        return False
    ends = f"SELECT min(CAST(id AS BIGINT)), max(CAST(id AS BIGINT)) FROM {ROWS}"
    low, high = engine.rows(ends)[0]
    return bool(high - low + 1 == n_rows)


# --- digests ---------------------------------------------------------------------------------------------------------


class Tree:
    """A digest in the making, of records that come in ascending order."""

    def __init__(self) -> None:
        """Begin with no record."""
        self._closed: list[tuple[int, bytes]] = []
        self._bucket = -1
        self._leaf = hashlib.sha256()

    def add(self, records: Bytes) -> None:
        """Add *records*, a row of bytes each, that come behind those before."""
        buckets = records[:, 0].astype(np.int32) << 4 | records[:, 1] >> 4
        edges = [0, *(np.flatnonzero(np.diff(buckets)) + 1).tolist(), len(records)]
        for start, stop in pairwise(edges):
            if buckets[start] != self._bucket:
                self._close()
                self._bucket = int(buckets[start])
            self._leaf.update(records[start:stop].data)

    def hexdigest(self) -> str:
        """The digest of all that was added: 64 hexadecimal digits."""
        self._close()
        return of_buckets(self._closed)

    def _close(self) -> None:
        if self._bucket >= 0:
            self._closed.append((self._bucket, self._leaf.digest()))
        self._bucket, self._leaf = -1, hashlib.sha256()


def of_buckets(buckets: Iterable[tuple[int, bytes]]) -> str:
    """The digest of a table whose buckets are hashed already, each given by its number and hash, ascending."""
    whole = hashlib.sha256(b"proctor table 1\0")
    for number, digest in buckets:
        whole.update(number.to_bytes(2, "big") + digest)
    return whole.hexdigest()


class SketchMaker:
    """A sketch in the making; the marks are those of ids in a file, so that a file and a table know each other."""

    def __init__(self) -> None:
        """Begin with no id."""
        self._marks: NDArray[np.uint64] = np.empty(0, np.uint64)

    def add(self, ids: Sequence[str]) -> None:
        """Add ids, none of which was added before."""
        self.add_marks(marks_of(ids))

    def add_marks(self, marks: NDArray[np.uint64]) -> None:
        """Add the marks of ids."""
        if len(self._marks) == SKETCH_SIZE:
            marks = marks[marks < self._marks[-1]]
        if len(marks):
            self._marks = np.unique(np.concatenate([self._marks, marks]))[:SKETCH_SIZE]

    def made(self, n_rows: int) -> Sketch:
        """The sketch of all *n_rows* ids."""
        return Sketch(n_rows, len(self._marks) if n_rows <= SKETCH_SIZE else n_rows, self._marks)


def marks_of(ids: Sequence[str]) -> NDArray[np.uint64]:
    """Marks of ids, as `proctor.testset.sketch` has them."""
    return row_hashes([list(ids)], len(ids)).view("<u8").reshape(-1, 2)[:, 0] & ~np.uint64(1)
