"""
Tables in Parquet: the only module that imports pyarrow, an extra; it is loaded when the first such file is met.

What a table is, and how it is asked for, stands in `proctor.predictions.tables`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proctor.errors import DataError, MissingExtra
from proctor.predictions.tables import Raw, Source, Table

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise MissingExtra(
        "a table in Parquet needs the package pyarrow", hint="install it with: pip install 'proctor[parquet]'"
    ) from error

_MOST_ROWS = 1 << 20


def chunks(source: Source, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    """
    The table piece by piece, of it the columns that are *wanted*; at least one piece, perhaps without rows.

    Raises:
        DataError: If the file is missing, empty, or no Parquet.

    """
    try:
        with source.open_bytes() as file:
            yield from _batches(source, pq.ParquetFile(file), wanted, rows)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{source} is empty, cut short, or not a Parquet file", hint="write it again") from error


def write_without(source: Source, column: str, target: Path) -> None:
    """Write the table of *source*, which has been read before, to *target*, without one *column*."""
    with source.open_bytes() as file:
        table = pq.read_table(io.BytesIO(file.read()))
    pq.write_table(table.drop_columns([column]), target)


def names(file: Path) -> tuple[str, ...]:
    """Names of the columns of *file*; none if it is no Parquet."""
    try:
        return tuple(pq.read_schema(file).names)
    except pa.ArrowException:
        return ()


def _batches(source: Source, file: pq.ParquetFile, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    found = [name for name in file.schema_arrow.names if wanted is None or name in wanted]
    given = False
    for batch in file.iter_batches(batch_size=min(rows, _MOST_ROWS), columns=found):
        yield Table({name: _raw(batch.column(name)) for name in found}, batch.num_rows, source)
        given = True
    if not given:
        yield Table({name: [] for name in found}, 0, source)


def _raw(column: Any) -> Raw:
    is_numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if is_numeric and column.null_count == 0:
        return column.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow has no types
    cells: list[Any] = column.to_pylist()
    return cells
