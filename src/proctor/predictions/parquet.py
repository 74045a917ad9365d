"""
Tables in Parquet: the only module that imports pyarrow, an extra; it is loaded when the first such file is met.

What a table is, and how it is asked for, stands in `proctor.predictions.tables`.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from proctor.errors import DataError, MissingExtra
from proctor.predictions.tables import Raw, Source, Table, parts

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

    A folder of files is one table, in the order of their names; what their folders' names say (``day=3``) are columns.

    Raises:
        DataError: If the file is missing, empty, or no Parquet.

    """
    for part in parts(source) if source.is_folder else (source,):
        try:
            with part.open_bytes() as file:
                yield from _batches(part, pq.ParquetFile(file), _named_by_folders(source, part), (wanted, rows))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DataError(f"{part} is empty, cut short, or not a Parquet file", hint="write it again") from error


def write_without(source: Source, column: str, target: Path) -> None:
    """Write the table of *source*, which has been read before, to *target*, in one file and without one *column*."""
    whole: list[Any] = []
    for part in parts(source) if source.is_folder else (source,):
        with part.open_bytes() as file:
            table = pq.read_table(io.BytesIO(file.read()), partitioning=None)
        for name, value in _named_by_folders(source, part).items():
            table = table.append_column(name, pa.array([value] * len(table), pa.string()))
        whole.append(table.drop_columns([column] if column in table.column_names else []))
    pq.write_table(pa.concat_tables(whole), target)


def names(file: Path) -> tuple[str, ...]:
    """Names of the columns of *file*; none if it is no Parquet."""
    try:
        return tuple(pq.read_schema(parts(Source(file))[0].path if file.is_dir() else file).names)
    except (pa.ArrowException, DataError):
        return ()


def _named_by_folders(source: Source, part: Source) -> dict[str, str]:
    """What Hive, Spark and others write into the names of folders, as text."""
    if part is source:
        return {}
    pairs = (name.partition("=") for name in part.path.parent.relative_to(source.path).parts)
    return {unquote(name): unquote(value) for name, sign, value in pairs if sign}


def _batches(
    part: Source, file: pq.ParquetFile, constant: dict[str, str], selection: tuple[frozenset[str] | None, int]
) -> Iterator[Table]:
    wanted, rows = selection
    everything = file.schema_arrow.names
    twice = [name for name, times in Counter(everything).items() if times > 1 and (wanted is None or name in wanted)]
    if twice:
        shown = "a column" if part.is_private else f"the column {twice[0][:40]!r}"
        raise DataError(f"{part} names {shown} twice", hint="name each column once")
    found = [name for name in everything if wanted is None or name in wanted]
    given = False
    for batch in file.iter_batches(batch_size=min(rows, _MOST_ROWS), columns=found):
        columns = {name: _raw(batch.column(name)) for name in found}
        yield Table(columns | _repeated(constant, wanted, batch.num_rows), batch.num_rows, part)
        given = True
    if not given:
        yield Table({name: [] for name in found} | _repeated(constant, wanted, 0), 0, part)


def _repeated(constant: dict[str, str], wanted: frozenset[str] | None, times: int) -> dict[str, Raw]:
    return {name: [value] * times for name, value in constant.items() if wanted is None or name in wanted}


def _raw(column: Any) -> Raw:
    is_numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    is_numeric = is_numeric or pa.types.is_boolean(column.type)
    if is_numeric and column.null_count == 0:
        return column.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow has no types
    cells: list[Any] = column.to_pylist()
    return cells
