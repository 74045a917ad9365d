"""
Appending rows to a table as it is written, and taking rows out of one, so that nothing of the other rows changes.

What stays of a text table is written as it was; NPZ and Parquet are written anew, with the same arrays and columns.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError, Misuse
from proctor.predictions.tables import DELIMITED, TEXTS, Source

_BOM = b"\xef\xbb\xbf"


def appended(table: Source, added: Source) -> bytes | None:
    """
    The content of *table* with the rows of *added* behind its own; ``None`` if they are the last ones already.

    Raises:
        Misuse: If the tables are of a format that cannot be appended to, or not of the same one.
        DataError: If they cannot be read, or their columns differ.
    """
    writer = _writer_of(table)
    if added.suffix != table.suffix:
        raise Misuse(f"{added} is not of the same format as {table}", hint=f"Save it as {table.suffix}.")
    if writer is not None:
        found: bytes | None = writer.appended(table, added)
        return found
    whole, rows = _plain(table), _plain(added)
    if table.suffix in DELIMITED:
        header, rows = _split(rows)
        if header != _split(whole)[0]:
            raise DataError(
                f"{added} does not begin with the line of column names of {table}",
                hint="Give it the same columns in the same order, written in the same way. Nothing was recorded.",
            )
    if not rows.strip():
        raise Misuse(f"{added} holds no examples", hint="Nothing was recorded.")
    whole = whole.rstrip(b"\r\n")
    is_last = (b"\n" + whole).endswith(b"\n" + rows.strip(b"\r\n"))
    return None if is_last else packed(table, whole + b"\n" + rows)


def remaining(table: Source, stays: NDArray[np.bool_]) -> bytes:
    """
    The content of *table* with those of its rows alone that stay.

    Raises:
        Misuse: If the table is of a format that rows cannot be taken out of.
        DataError: If it cannot be read, or its rows cannot be told apart.
    """
    if (writer := _writer_of(table)) is not None:
        found: bytes = writer.remaining(table, stays)
        return found
    header, rows = b"", _plain(table)
    if table.suffix in DELIMITED:
        header, rows = _split(rows)
        header += b"\n"
    records = [each for each in _records(rows, quoted=table.suffix in DELIMITED) if each.strip()]
    if len(records) != len(stays):
        raise DataError(
            f"the rows of {table} cannot be told apart: {len(records):,} instead of {len(stays):,}",
            hint="Save it as plain CSV, with line ends of one kind. Nothing was recorded.",
        )
    return packed(table, header + b"\n".join(each for each, kept in zip(records, stays, strict=True) if kept) + b"\n")


def _writer_of(table: Source) -> ModuleType | None:
    """Module that writes tables like this one anew; ``None`` for a text table, which is changed as it is written."""
    if table.suffix in TEXTS:
        return None
    if table.ending == ".npz":
        from proctor.predictions import arrays

        return arrays
    if table.ending in {".parquet", ".pq"} and not table.is_folder:
        from proctor.predictions import parquet

        return parquet
    raise Misuse(
        f"rows cannot be added to {table}, or taken out",
        hint="CSV, TSV, JSON Lines, NPZ and Parquet in one file can change; the next test set could be one of them. "
        "Nothing was recorded.",
    )


def packed(table: Source, content: bytes) -> bytes:
    """*content* as the file of *table* holds it: packed by gzip, the same at any time, if that one is."""
    return gzip.compress(content, mtime=0) if table.is_packed else content


def _records(rows: bytes, *, quoted: bool) -> Iterator[bytes]:
    """The rows of a text table; a quoted cell may go on over several lines."""
    open_lines: list[bytes] = []
    for line in rows.split(b"\n"):
        open_lines.append(line)
        if not quoted or sum(each.count(b'"') for each in open_lines) % 2 == 0:
            yield b"\n".join(open_lines)
            open_lines = []
    if open_lines:
        yield b"\n".join(open_lines)


def _plain(table: Source) -> bytes:
    with table.open_bytes() as file:
        content = file.read()
    if not table.is_packed:
        return content.removeprefix(_BOM)
    try:
        return gzip.decompress(content).removeprefix(_BOM)
    except (OSError, EOFError) as error:
        raise DataError(f"{table} cannot be unpacked: {error}") from None


def _split(content: bytes) -> tuple[bytes, bytes]:
    """The first line and what follows it."""
    header, _, rows = content.partition(b"\n")
    return header.rstrip(b"\r"), rows
