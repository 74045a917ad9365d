"""
Reading tables from CSV, TSV, JSON Lines, NPY, NPZ, Parquet and Arrow, without pandas.

This module knows file formats and nothing of labels or predictions: a column comes back *raw* (text cells of a
CSV, JSON values, an array), and `proctor.predictions.columns` gives it a type. Nothing here can run code:
arrays with pickled objects are refused.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator, Sequence, Set
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.files import Fence, open_file
from proctor.frozen import dataclass, field, replace
from proctor.pointers import MOST_BYTES, missing, refuse_pointer

Raw = list[str] | list[Any] | np.ndarray
"""A column as its file gives it: text cells, JSON values (``None`` where missing), or an array."""

CHUNK_ROWS = 16_384
DELIMITED = (".csv", ".tsv")
"""Endings of text tables with a line of column names."""
JSON_LINES = (".jsonl", ".ndjson")
"""Endings of text tables with an object in each line."""
TEXTS = (*DELIMITED, *JSON_LINES)
_READERS = {
    **dict.fromkeys(DELIMITED, "delimited"),
    **dict.fromkeys(JSON_LINES, "jsonlines"),
    **dict.fromkeys((".npy", ".npz"), "arrays"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".arrow", ".feather"), "arrow"),
}
"""Module of this package that reads tables, by their endings; each is loaded when the first such table is met."""
_PACKED = ".gz"
_INDEX = re.compile(r"|Unnamed: \d+(\.\d+)*|__index_level_\d+__")


@dataclass(frozen=True)
class Source:
    """
    A table, in a file or already in memory (opened from a sealed file).

    Args:
        path: Its path; the ending names the format.
        content: Its bytes, where they must not be read from the disk.
        is_private: True if no cell of it may appear in a message (labels).
        fence: What its links may not lead out of; ``None`` where nobody else had a hand in the path.
        is_owners: True if its owner asks, who may be told ids and places of a private table.
    """

    path: Path
    content: bytes | None = field(default=None, repr=False)
    is_private: bool = False
    fence: Fence | None = field(default=None, repr=False, compare=False)
    is_owners: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return repr(str(self.path))

    @property
    def suffix(self) -> str:
        """Ending of the name that tells the format, in lower case; ``.csv`` for ``labels.csv.gz.sealed``."""
        return Path(self._name.removesuffix(_PACKED)).suffix

    def columns_asked(self, names: Set[str]) -> frozenset[str] | None:
        """Columns to be asked for where these are needed: of JSON Lines all, so that a key of a later line is found."""
        return None if self.suffix in JSON_LINES else frozenset(names)

    @property
    def ending(self) -> str:
        """Ending of the name with that of packing: ``.csv.gz`` for ``labels.csv.gz.sealed``."""
        return self.suffix + (_PACKED if self.is_packed else "")

    @property
    def is_packed(self) -> bool:
        """True if it is packed by gzip, as its name says."""
        return self._name.endswith(_PACKED)

    @property
    def is_folder(self) -> bool:
        """True if it is a folder of Parquet files, which together are one table."""
        return self.content is None and self.suffix in {"", ".parquet", ".pq"} and self.path.is_dir()

    @property
    def _name(self) -> str:
        return self.path.name.lower().removesuffix(".sealed")

    @property
    def is_silent(self) -> bool:
        """
        True if nothing is told of its cells, neither ids nor numbers nor places: labels, unless their owner asks.

        Which column holds the ids is for the gate file to say, and any column can be named there.
        """
        return self.is_private and not (self.is_owners and self.content is None)

    def open_bytes(self) -> BinaryIO:
        """
        Open for reading.

        Raises:
            DataError: If there is no such file, it is none (a pipe, a device), it leads out of the fence, it is a
                pointer of Git LFS or DVC, or it cannot be read.
        """
        if self.content is not None:
            refuse_pointer(str(self), self.content[:MOST_BYTES])
            return io.BytesIO(self.content)
        try:
            file = open_file(self.path, self.fence)
            beginning = file.read(MOST_BYTES)
            file.seek(0)
        except FileNotFoundError as error:
            hint = missing(self.path, self.fence.project if self.fence else None) or "Check the path in the gate file."
            raise DataError(f"there is no file {self}", hint) from error
        except OSError as error:
            raise _unreadable(self, error) from error
        try:
            refuse_pointer(str(self), beginning)
        except DataError:
            file.close()
            raise
        return file

    def open_text(self) -> TextIO:
        """
        Open for reading as UTF-8, with or without a byte-order mark, unpacked.

        Raises:
            DataError: As `open_bytes`; or if it is plainly no UTF-8.
        """
        from proctor.predictions import lines

        return lines.text_of(self, self.open_bytes())


class Table(NamedTuple):
    """
    Columns of equal length.

    Args:
        columns: Raw columns by name, in the order of the file.
        n_rows: Number of rows.
        source: Where it came from.
        first_line: Line of the first row, where rows are lines of a text file; ``None`` elsewhere.
        rows: Number of each row in the file, where they are in another order; ``None`` elsewhere.
    """

    columns: dict[str, Raw]
    n_rows: int
    source: Source
    first_line: int | None = None
    rows: NDArray[np.intp] | None = None

    @property
    def has_all_cells(self) -> bool:
        """True if whatever stands in a column stands here."""
        return True

    def place(self, row: int) -> str:
        """Place of *row* (from 0) in the file as a person counts: ``line 7``, or ``row 6`` (from 1)."""
        row = row if self.rows is None else int(self.rows[row])
        return f"line {row + self.first_line}" if self.first_line is not None else f"row {row + 1}"


def digest(source: Source) -> str:
    """SHA-256 of the bytes of *source* (of a folder: of its parts), in hexadecimal; errors as `Source.open_bytes`."""
    if source.is_folder:
        whole = hashlib.sha256(b"proctor folder 1")
        for part in parts(source):
            whole.update(f"\0{part.path.relative_to(source.path).as_posix()}\0{digest(part)}".encode())
        return whole.hexdigest()
    with source.open_bytes() as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary reader does
        except OSError as error:
            raise _unreadable(source, error) from error


def parts(folder: Source) -> tuple[Source, ...]:
    """
    The Parquet files of a folder, in the order of their names; those that Spark and others hide are left out.

    Raises:
        DataError: If there is none.
    """
    if folder.fence is not None:
        folder.fence.real(folder.path)
    found = []
    for place, folders, names in os.walk(folder.path):
        folders[:] = [name for name in folders if name[0] not in "._"]
        found += [Path(place) / name for name in names if name[0] not in "._" and name.endswith((".parquet", ".pq"))]
    if not found:
        raise DataError(f"{folder} is a folder without Parquet files", hint="Name a file, or a folder of .parquet")
    return tuple(replace(folder, path=path) for path in sorted(found, key=lambda path: path.parts))


def _unreadable(source: Source, error: OSError) -> DataError:
    return DataError(f"{source} cannot be read: {error.strerror}", hint="It must be a file that this user may read")


def read_table(source: Source, wanted: frozenset[str] | None = None, most_rows: int | None = None) -> Table:
    """
    Read a whole table, or only those of the *wanted* columns that it has.

    Args:
        source: The table.
        wanted: Names of columns; ``None`` for all.
        most_rows: Where it is certain to be refused if it has more, it is not read further.

    Raises:
        DataError: If the file is missing, empty, not a well-formed table, or longer than *most_rows*.
        MissingExtra: If it is Parquet or Arrow and pyarrow is not installed.
    """
    if most_rows is not None and source.ending == ".npz":
        from proctor.predictions import arrays

        arrays.refuse_longer_arrays(source, wanted, most_rows)
    chunks, n_rows = [], 0
    for chunk in read_chunks(source, wanted):
        chunks.append(chunk)
        n_rows += chunk.n_rows
        refuse_longer(source, n_rows, most_rows)
    if len(chunks) == 1:
        return chunks[0]
    columns = {name: _join([chunk.columns[name] for chunk in chunks]) for name in chunks[0].columns}
    return Table(columns, sum(chunk.n_rows for chunk in chunks), source, chunks[0].first_line)


def refuse_longer(source: Source, n_rows: int, most_rows: int | None) -> None:
    """Refuse a table of more than *most_rows*, if that is a number."""
    if most_rows is not None and n_rows > most_rows:
        raise DataError(
            f"{source} has more than {most_rows:,} rows, far more than the test set has examples; "
            "the rest was not read",
            hint="Give one row for each example of the test set, and no others; scores of several runs are averaged "
            "where the gate file says `testset: {repeats: average}`",
        )


def read_chunks(source: Source, wanted: frozenset[str] | None = None, rows: int = CHUNK_ROWS) -> Iterator[Table]:
    """
    Read a table piece by piece, so that memory stays bounded; at least one piece, perhaps without rows.

    A CSV or JSON Lines file is never held whole. Errors as `read_table`.
    """
    try:
        yield from _chunks(source, wanted, rows)
    except OSError as error:  # a file that opens and then cannot be read
        raise _unreadable(source, error) from error


def _chunks(source: Source, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    from proctor.predictions import logs

    ending = ".parquet" if source.is_folder else source.suffix if source.suffix in TEXTS else source.ending
    if logs.is_log(source):
        yield logs.read_log(source).table(source, wanted)
    elif ending in _READERS:
        yield from import_module(f"proctor.predictions.{_READERS[ending]}").chunks(source, wanted, rows)
    else:
        source.open_bytes().close()  # if it is missing, or a pointer to another file, that is what is wrong
        raise DataError(
            f"{source} has the ending {ending!r}, which is not a format that proctor reads",
            hint=f"Use one of {', '.join([*_READERS, '.eval', '.json'])}; of these {', '.join(TEXTS)} may be packed: "
            ".csv.gz",
        )


def is_index(name: str, place: int) -> bool:
    """
    True if a column is named as pandas names the row numbers that it saves beside a table.

    Args:
        name: Its name.
        place: Its place among the columns, from 0; ``index`` alone could be anything further on.
    """
    return bool(_INDEX.fullmatch(name)) or (place == 0 and name in {"index", "level_0"})


def column_names(source: Source) -> tuple[str, ...]:
    """Names of all columns, in the order of the file; errors as `read_table`."""
    if source.ending == ".npz":
        from proctor.predictions import arrays

        return arrays.names(source)
    return tuple(next(read_chunks(source, None, 1)).columns)


def _join(pieces: Sequence[Raw]) -> Raw:
    arrays = [piece for piece in pieces if isinstance(piece, np.ndarray)]
    if len(arrays) == len(pieces):
        return np.concatenate(arrays)
    return [cell for piece in pieces for cell in (piece.tolist() if isinstance(piece, np.ndarray) else piece)]
