"""
Reading tables from CSV, JSON Lines, NPY, NPZ and Parquet, without pandas.

This module knows file formats and nothing of labels or predictions: a column comes back *raw* (text cells of a
CSV, JSON values, an array), and `proctor.predictions.columns` gives it a type. Nothing here can run code:
arrays with pickled objects are refused.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tokenize import TokenError
from typing import Any, BinaryIO, TextIO

import numpy as np

from proctor.errors import DataError
from proctor.files import Fence, open_file
from proctor.pointers import MOST_BYTES, refuse_pointer

Raw = list[str] | list[Any] | np.ndarray
"""A column as its file gives it: text cells, JSON values (``None`` where missing), or an array."""

CHUNK_ROWS = 16_384
_LONGEST_CELL = 64 * 1024 * 1024
_SUFFIXES = (".csv", ".jsonl", ".ndjson", ".npy", ".npz", ".parquet", ".pq")


@dataclass(frozen=True)
class Source:
    """
    A table, in a file or already in memory (opened from a sealed file).

    Args:
        path: Its path; the ending names the format.
        content: Its bytes, where they must not be read from the disk.
        is_private: True if no cell of it may appear in a message (labels).
        fence: What its links may not lead out of; ``None`` where nobody else had a hand in the path.

    """

    path: Path
    content: bytes | None = field(default=None, repr=False)
    is_private: bool = False
    fence: Fence | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return repr(str(self.path))

    @property
    def suffix(self) -> str:
        """Ending of the name that tells the format, in lower case; ``.csv`` for ``labels.csv.sealed``."""
        return Path(self.path.name.removesuffix(".sealed")).suffix.lower()

    @property
    def is_sealed(self) -> bool:
        """
        True if it was opened from a sealed file: of its cells nothing is told, neither ids nor numbers nor places.

        Which column holds the ids is for the gate file to say, and any column can be named there.
        """
        return self.is_private and self.content is not None

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
            raise DataError(f"there is no file {self}", hint=_where(self.path)) from error
        except OSError as error:
            raise _unreadable(self, error) from error
        try:
            refuse_pointer(str(self), beginning)
        except DataError:
            file.close()
            raise
        return file

    def open_text(self) -> TextIO:
        """Open for reading as UTF-8, with or without a byte-order mark; errors as `open_bytes`."""
        return io.TextIOWrapper(self.open_bytes(), encoding="utf-8-sig", newline="")


@dataclass(frozen=True)
class Table:
    """
    Columns of equal length.

    Args:
        columns: Raw columns by name, in the order of the file.
        n_rows: Number of rows.
        source: Where it came from.
        first_line: Line of the first row, where rows are lines of a text file; ``None`` elsewhere.

    """

    columns: dict[str, Raw]
    n_rows: int
    source: Source
    first_line: int | None = None

    def place(self, row: int) -> str:
        """Where *row* (from 0) is found by a person: ``line 7``, or ``row 6`` (from 1)."""
        return f"line {row + self.first_line}" if self.first_line is not None else f"row {row + 1}"


def digest(source: Source) -> str:
    """SHA-256 of the bytes of *source*, in hexadecimal; errors as `Source.open_bytes`."""
    with source.open_bytes() as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any binary reader does
        except OSError as error:
            raise _unreadable(source, error) from error


def _where(path: Path) -> str:
    pointer = path.with_name(f"{path.name}.dvc")
    return f"run `dvc pull`: {pointer.name!r} stands for it" if pointer.exists() else "check the path in the gate file"


def _unreadable(source: Source, error: OSError) -> DataError:
    return DataError(f"{source} cannot be read: {error.strerror}", hint="it must be a file that this user may read")


def read_table(source: Source, wanted: frozenset[str] | None = None) -> Table:
    """
    Read a whole table, or of it the columns that are *wanted* and there.

    Raises:
        DataError: If the file is missing, empty, or not a well-formed table.
        MissingExtra: If it is Parquet and pyarrow is not installed.

    """
    chunks = list(read_chunks(source, wanted))
    if len(chunks) == 1:
        return chunks[0]
    columns = {name: _join([chunk.columns[name] for chunk in chunks]) for name in chunks[0].columns}
    return Table(columns, sum(chunk.n_rows for chunk in chunks), source, chunks[0].first_line)


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
    match source.suffix:
        case ".csv":
            yield from _csv_chunks(source, wanted, rows)
        case ".jsonl" | ".ndjson":
            yield from _jsonl_chunks(source, wanted, rows)
        case ".npy":
            yield Table({"": _npy(source)}, len(_npy(source)), source)
        case ".npz":
            yield from _npz_chunks(source, wanted, rows)
        case ".parquet" | ".pq":
            from proctor.predictions import parquet

            yield from parquet.chunks(source, wanted, rows)
        case other:
            source.open_bytes().close()  # if it is missing, or a pointer to another file, that is what is wrong
            raise DataError(
                f"{source} has the ending {other!r}, which names no format that can be read",
                hint=f"use one of {', '.join(_SUFFIXES)}",
            )


def column_names(source: Source) -> tuple[str, ...]:
    """Names of all columns, in the order of the file; errors as `read_table`."""
    return tuple(next(read_chunks(source, None, 1)).columns)


def _join(pieces: Sequence[Raw]) -> Raw:
    arrays = [piece for piece in pieces if isinstance(piece, np.ndarray)]
    if len(arrays) == len(pieces):
        return np.concatenate(arrays)
    return [cell for piece in pieces for cell in piece]


# --- CSV -------------------------------------------------------------------------------------------------------------


def _csv_chunks(source: Source, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    csv.field_size_limit(_LONGEST_CELL)
    with source.open_text() as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, None)
            if not header or not any(name.strip() for name in header):
                raise DataError(
                    f"{source} is empty", hint="its first line must name the columns, for example: id,label"
                )
            yield from _csv_bodies(source, reader, _header(source, header), (wanted, rows))
        except csv.Error as error:
            raise DataError(
                f"{source}, line {reader.line_num}: {error}", hint="a quotation mark that is opened must be closed"
            ) from error
        except UnicodeDecodeError as error:
            raise DataError(f"{source} is not UTF-8 text", hint="save it as CSV in UTF-8") from error


def _header(source: Source, header: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        shown = "a column" if source.is_private else f"the column {twice[0][:40]!r}"
        raise DataError(f"{source} names {shown} twice", hint="its first line must name the columns, each once")
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        shown = "" if source.is_private else f", {names[0][:40]!r}"
        raise DataError(f"{source} has one column{shown}", hint="columns must be separated by commas")
    return names


def _csv_bodies(
    source: Source, reader: Any, names: list[str], selection: tuple[frozenset[str] | None, int]
) -> Iterator[Table]:
    wanted, size = selection
    kept = [i for i, name in enumerate(names) if wanted is None or name in wanted]
    line, blank, given = 2, 0, False
    while True:
        start = reader.line_num
        body = [row for _, row in zip(range(size), reader, strict=False)]
        has_more = len(body) == size
        spans_lines = reader.line_num - start != len(body)
        if blank and any(body):
            raise DataError(f"{source}, line {line - blank} is empty", hint="remove it, or give it its values")
        filled = _without_blank_end(body)
        blank += len(body) - len(filled)
        _check_widths(source, filled, len(names), line)
        if filled or not given:
            columns = list(zip(*filled, strict=True)) if filled else [()] * len(names)
            first = None if spans_lines else line
            yield Table({names[i]: list(columns[i]) for i in kept}, len(filled), source, first)
            given = True
        line += len(body)
        if not has_more:
            return


def _without_blank_end(body: list[list[str]]) -> list[list[str]]:
    end = len(body)
    while end and not body[end - 1]:
        end -= 1
    return body[:end]


def _check_widths(source: Source, body: list[list[str]], width: int, line: int) -> None:
    if set(map(len, body)) <= {width}:
        return
    i, row = next((i, row) for i, row in enumerate(body) if len(row) != width)
    what = "is empty" if not row else f"has {len(row)} cells, but the header has {width}"
    raise DataError(f"{source}, line {line + i} {what}", hint="quote cells that hold a comma, and remove empty lines")


# --- JSON Lines ------------------------------------------------------------------------------------------------------


def _jsonl_chunks(source: Source, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    first, names, records = 1, None, []
    try:
        with source.open_text() as file:
            for number, text in enumerate(file, start=1):
                record = _record(source, number, text)
                names = list(record) if names is None else names
                if record.keys() != set(names):
                    odd = sorted(record.keys() ^ set(names))[0]
                    raise DataError(
                        f"{source}, line {number}: every line must have the same keys"
                        + ("" if source.is_private else f"; {odd!r} is not in all"),
                        hint=_JSONL_HINT,
                    )
                records.append(record)
                if len(records) == rows:
                    yield _jsonl_table(source, names, records, (wanted, first))
                    first, records = number + 1, []
    except UnicodeDecodeError as error:
        raise DataError(f"{source} is not UTF-8 text", hint="save it in UTF-8") from error
    if names is None:
        raise DataError(f"{source} is empty", hint=_JSONL_HINT)
    if records:
        yield _jsonl_table(source, names, records, (wanted, first))


_JSONL_HINT = 'each line is one object, for example: {"id": "a1", "label": 3}'


def _record(source: Source, number: int, text: str) -> dict[str, Any]:
    try:
        record = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{source}, line {number} is not JSON: {error}", hint=_JSONL_HINT) from error
    if not isinstance(record, dict):
        raise DataError(f"{source}, line {number} is not a JSON object", hint=_JSONL_HINT)
    return record


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a value")


def _jsonl_table(
    source: Source, names: list[str], records: list[dict[str, Any]], selection: tuple[frozenset[str] | None, int]
) -> Table:
    wanted, first = selection
    kept = [name for name in names if wanted is None or name in wanted]
    return Table({name: [record[name] for record in records] for name in kept}, len(records), source, first)


# --- arrays ----------------------------------------------------------------------------------------------------------


NO_ARRAY = (
    ValueError,
    EOFError,
    OSError,
    KeyError,
    MemoryError,  # a header that promises more than there is
    NotImplementedError,  # ways of compression and encryption that nobody uses
    RuntimeError,
    SyntaxError,  # a header is a Python literal
    TokenError,
    TypeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What NumPy raises on files that are no arrays, or damaged ones."""


def _npy(source: Source) -> np.ndarray:
    try:
        if source.content is None:
            with source.open_bytes() as file:  # by its descriptor, that what was checked is what is read
                array = np.load(f"/dev/fd/{file.fileno()}", mmap_mode="r", allow_pickle=False)
        else:
            array = np.load(source.open_bytes(), allow_pickle=False)
    except NO_ARRAY as error:
        raise _no_array(source, error) from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{source} holds several arrays", hint="name it .npz")
    if array.ndim == 0:
        raise DataError(f"{source} holds a single value, not a column")
    return array


def _npz_chunks(source: Source, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    del rows  # arrays are as small in one piece as they get
    columns: dict[str, Raw] = {}
    n_rows = set()
    try:
        with source.open_bytes() as file, np.load(file, allow_pickle=False) as archive:
            if isinstance(archive, np.ndarray):
                raise DataError(f"{source} holds one array", hint="name it .npy")
            for name in archive.files:
                array = archive[name]
                if not isinstance(array, np.ndarray):
                    raise DataError(f"{source} holds something that is no array", hint="write it with numpy.savez")
                n_rows.add(len(array) if array.ndim else -1)
                if wanted is None or name in wanted:
                    columns[name] = array
    except NO_ARRAY as error:
        raise _no_array(source, error) from error
    if len(n_rows) != 1 or -1 in n_rows:
        raise DataError(
            f"{source} must hold arrays of one and the same length; it has {sorted(n_rows)}",
            hint="one entry for each example",
        )
    yield Table(columns, n_rows.pop(), source)


def _no_array(source: Source, error: Exception) -> DataError:
    hint = "save plain arrays of numbers or text"
    if "allow_pickle" in str(error) or "objects in dtype" in str(error):
        return DataError(f"{source} holds pickled objects, which could run code when they are loaded", hint=hint)
    return DataError(f"{source} is empty, cut short, or not a NumPy file", hint=hint)
