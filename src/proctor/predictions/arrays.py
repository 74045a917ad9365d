"""Arrays in NPY and NPZ, as tables; nothing here can run code: arrays with pickled objects are refused."""

from __future__ import annotations

import contextlib
import io
import math
import sys
import zipfile
import zlib
from collections.abc import Iterator
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.predictions.tables import Raw, Source, Table, refuse_longer

_LONGEST_ROW = 1 << 16
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
"""Errors of NumPy on files that are no arrays, or damaged ones."""


def chunks(source: Source, wanted: frozenset[str] | None, _rows: int | None = None) -> Iterator[Table]:
    """Read an array, or the *wanted* ones of an archive; in one piece, since that is as small as they get."""
    if source.ending == ".npy":
        array = _npy(source)
        yield Table({"": array}, len(array), source)
        return
    with _archive(source) as archive:
        wanted_names = [name for name in archive.files if wanted is None or name in wanted]
        columns: dict[str, Raw] = {name: _member(source, archive, name) for name in wanted_names}
    n_rows = {len(array) if np.ndim(array) else -1 for array in columns.values()} or {0}
    if len(n_rows) != 1 or -1 in n_rows:
        raise DataError(
            f"{source} must hold arrays of one and the same length; it has {sorted(n_rows)}",
            hint="One entry for each example",
        )
    yield Table(columns, n_rows.pop(), source)


def names(source: Source) -> tuple[str, ...]:
    """Names of the arrays of an archive."""
    with _archive(source) as archive:
        return tuple(archive.files)


def refuse_longer_arrays(source: Source, wanted: frozenset[str] | None, most_rows: int) -> None:
    """Refuse by their headers arrays that would unpack to more than rows of a table need."""
    headers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    with _archive(source) as archive:
        for name in archive.files:
            member = f"{name}.npy"
            if (wanted is not None and name not in wanted) or member not in archive.zip.namelist():
                continue
            with archive.zip.open(member) as file:
                read = headers.get(np.lib.format.read_magic(file))
                shape, _, dtype = read(file) if read else ((), False, np.dtype("O"))
            refuse_longer(source, shape[0] if shape else 0, most_rows)
            if dtype.itemsize * math.prod(shape[1:]) > _LONGEST_ROW:
                raise DataError(f"{source}, array {name[:40]!r}: a row takes more than {_LONGEST_ROW:,} bytes")


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
        raise DataError(f"{source} holds several arrays", hint="Name it .npz")
    if array.ndim == 0:
        raise DataError(f"{source} holds a single value, not a column")
    return _of_characters(source, array)


@contextlib.contextmanager
def _archive(source: Source) -> Iterator[Any]:
    try:
        with source.open_bytes() as file, np.load(file, allow_pickle=False) as archive:
            if isinstance(archive, np.ndarray):
                raise DataError(f"{source} holds one array", hint="Name it .npy")
            yield archive
    except NO_ARRAY as error:
        raise _no_array(source, error) from error


def _member(source: Source, archive: Any, name: str) -> np.ndarray:
    array = archive[name]
    if not isinstance(array, np.ndarray):
        raise DataError(f"{source} holds something that is not an array", hint="Write it with numpy.savez")
    return _of_characters(source, array)


def _of_characters(source: Source, array: np.ndarray) -> np.ndarray:
    """*array*, if its text consists of characters; numbers beyond them would break whatever looks at it."""
    if array.dtype.kind == "U" and array.size and array.dtype.itemsize:
        numbers = np.ascontiguousarray(array).view(np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
        if int(numbers.max()) > sys.maxunicode:
            raise DataError(f"{source} holds text whose bytes are not characters", hint="Write it again")
    return array


def _no_array(source: Source, error: Exception) -> DataError:
    hint = "save plain arrays of numbers or text"
    if "allow_pickle" in str(error) or "objects in dtype" in str(error):
        return DataError(f"{source} holds pickled objects, which could run code when they are loaded", hint=hint)
    return DataError(f"{source} is empty, cut short, or not a NumPy file", hint=hint)


def appended(table: Source, added: Source) -> bytes | None:
    """
    The archive *table* with the rows of *added* behind its own; ``None`` if they are the last ones already.

    Raises:
        DataError: If one cannot be read, or their arrays do not go together.
    """
    whole, more = _whole(table), _whole(added)
    if whole.keys() != more.keys() or any(not _go_together(whole[name], more[name]) for name in whole):
        raise DataError(
            f"the arrays of {added} are not those of {table}",
            hint="Give them the same names, types and shapes. Nothing was recorded.",
        )
    n_rows = min(map(len, more.values()))
    is_last = n_rows > 0 and all(np.array_equal(whole[name][-n_rows:], more[name]) for name in whole)
    return None if is_last else _saved({name: np.concatenate([whole[name], more[name]]) for name in whole})


def remaining(table: Source, stays: NDArray[np.bool_]) -> bytes:
    """The archive *table* with those of its rows alone that stay; errors as `chunks`."""
    return _saved({name: array[stays] for name, array in _whole(table).items()})


def _whole(table: Source) -> dict[str, Any]:
    (chunk,) = chunks(table, None)
    return {name: np.asarray(column) for name, column in chunk.columns.items()}


def _go_together(one: Any, other: Any) -> bool:
    return bool(one.dtype.kind == other.dtype.kind and one.shape[1:] == other.shape[1:])


def _saved(arrays: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()
