"""
Tables in Arrow's own format, in a file (which Feather is, too) or as a stream; pyarrow, an extra, comes with `parquet`.

What a table is, and how it is asked for, stands in `proctor.predictions.tables`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from proctor.errors import DataError, MissingExtra
from proctor.predictions.parquet import raw, refuse_twice
from proctor.predictions.tables import Source, Table

try:
    import pyarrow as pa
except ImportError as error:
    raise MissingExtra(
        "a table in Arrow needs the package pyarrow", hint="Install it with: pip install 'proctor[parquet]'"
    ) from error

_MAGIC = b"ARROW1"
_DAMAGED = (pa.ArrowException, OSError, ValueError, OverflowError)


def chunks(source: Source, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    """
    Read the *wanted* columns of a table piece by piece; at least one piece, perhaps without rows.

    Raises:
        DataError: If the file is missing, empty, or not in Arrow's format.
    """
    with source.open_bytes() as file:
        try:
            yield from _tables(source, file, wanted, rows)
        except _DAMAGED as error:
            raise DataError(f"{source} is empty, cut short, or not an Arrow file", hint="Write it again") from error


def names(file: Path) -> tuple[str, ...]:
    """Names of the columns of *file*; none if it is not in Arrow's format."""
    try:
        with file.open("rb") as opened:
            return tuple(_reader(opened, None).schema.names)
    except _DAMAGED:
        return ()


def write_without(source: Source, column: str, target: Path) -> None:
    """Write the table of *source*, which has been read before, to *target*, without one *column*."""
    with source.open_bytes() as file:
        table = _reader(file, None).read_all().drop_columns([column])
    with pa.ipc.new_file(target, table.schema) as writer:
        writer.write_table(table)


def _tables(source: Source, file: BinaryIO, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    everything = _reader(file, None).schema.names
    refuse_twice(source, everything, wanted)
    found = [place for place, name in enumerate(everything) if wanted is None or name in wanted]
    file.seek(0)
    columns = [everything[place] for place in found]
    given = False
    for batch in _batches(_reader(file, found)):
        batch.validate(full=True)  # what is not checked here could make the process read what is not its own
        for start in range(0, batch.num_rows, rows):
            piece = batch.slice(start, rows)
            yield Table({name: raw(piece.column(name)) for name in columns}, len(piece), source)
            given = True
    if not given:
        yield Table({name: [] for name in columns}, 0, source)


def _reader(file: BinaryIO, columns: list[int] | None) -> Any:
    is_file = file.read(len(_MAGIC)) == _MAGIC
    file.seek(0)
    options = pa.ipc.IpcReadOptions(included_fields=columns)
    return (pa.ipc.open_file if is_file else pa.ipc.open_stream)(file, options=options)


def _batches(reader: Any) -> Iterator[Any]:
    if isinstance(reader, pa.ipc.RecordBatchFileReader):
        return (reader.get_batch(number) for number in range(reader.num_record_batches))
    return iter(reader)
