"""
Tables in Parquet, by pyarrow, an extra; this module is loaded when the first such file, or one of Arrow, is met.

What a table is, and how it is asked for, stands in `proctor.predictions.tables`.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError, MissingExtra
from proctor.predictions.tables import Raw, Source, Table, parts
from proctor.spelling import written_class

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise MissingExtra(
        "a table in Parquet or Arrow needs the package pyarrow", hint="Install it with: pip install 'proctor[parquet]'"
    ) from error

_MOST_ROWS = 1 << 20
_NOTHING = "__HIVE_DEFAULT_PARTITION__"


def chunks(source: Source, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    """
    Read the *wanted* columns of a table piece by piece; at least one piece, perhaps without rows.

    A folder of files is one table, in the order of their names; what their folders' names say (``day=3``) are columns.

    Raises:
        DataError: If the file is missing, empty, or no Parquet.
    """
    names: set[str] | None = None
    for part, constant in _parts(source):
        try:
            with part.open_bytes() as file:
                for batch in _batches(part, pq.ParquetFile(file), constant, (wanted, rows)):
                    names = batch.columns.keys() | set() if names is None else names
                    _check_same(source, names, batch)
                    yield batch
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DataError(f"{part} is empty, cut short, or not a Parquet file", hint="Write it again") from error


def write_without(source: Source, column: str, target: Path) -> None:
    """
    Write the table of *source*, which has been read before, to *target*, in one file and without one *column*.

    Raises:
        DataError: If its parts have columns of types that do not go together.
    """
    whole: list[Any] = []
    for part, constant in _parts(source):
        with part.open_bytes() as file:
            table = pq.read_table(io.BytesIO(file.read()), partitioning=None)
        for name, value in constant.items():
            table = table.append_column(name, pa.array([value] * len(table)))
        whole.append(table.drop_columns([column] if column in table.column_names else []))
    try:
        pq.write_table(pa.concat_tables(whole, promote_options="permissive"), target)
    except pa.ArrowException as error:
        raise DataError(f"the parts of {source} do not make one table", hint="Write it in one file") from error


def names(file: Path) -> tuple[str, ...]:
    """Names of the columns of *file*; none if it is no Parquet."""
    try:
        return tuple(pq.read_schema(parts(Source(file))[0].path if file.is_dir() else file).names)
    except (pa.ArrowException, DataError):
        return ()


def _parts(source: Source) -> list[tuple[Source, dict[str, Any]]]:
    """The files of a table, each with what the names of its folders say: numbers, if they all are."""
    if not source.is_folder:
        return [(source, {})]
    found = [(part, _named_by_folders(source.path, part.path)) for part in parts(source)]
    values: dict[str, list[str | None]] = {}
    for _, named in found:
        for name, value in named.items():
            values.setdefault(name, []).append(value)
    numbers = {name for name, all_of in values.items() if all(isinstance(written_class(v or ""), int) for v in all_of)}
    return [(part, {n: int(v or 0) if n in numbers else v for n, v in named.items()}) for part, named in found]


def _named_by_folders(folder: Path, part: Path) -> dict[str, str | None]:
    """Values that Hive, Spark and others write into the names of folders, as text."""
    pairs = (name.partition("=") for name in part.parent.relative_to(folder).parts)
    return {unquote(name): None if value == _NOTHING else unquote(value) for name, sign, value in pairs if sign}


def _check_same(source: Source, names: set[str], batch: Table) -> None:
    odd = sorted(batch.columns.keys() ^ names)
    if odd:
        shown = "" if source.is_private else f": {odd[0][:40]!r} is not in all"
        raise DataError(f"{batch.source} has other columns than the parts before it{shown}", hint="Write them alike")


def _batches(
    part: Source, file: pq.ParquetFile, constant: dict[str, Any], selection: tuple[frozenset[str] | None, int]
) -> Iterator[Table]:
    wanted, rows = selection
    everything = file.schema_arrow.names
    refuse_twice(part, everything, wanted)
    found = [name for name in everything if wanted is None or name in wanted]
    given = False
    for batch in file.iter_batches(batch_size=min(rows, _MOST_ROWS), columns=found):
        columns = {name: raw(batch.column(name)) for name in found}
        yield Table(columns | _repeated(constant, wanted, batch.num_rows), batch.num_rows, part)
        given = True
    if not given:
        yield Table({name: [] for name in found} | _repeated(constant, wanted, 0), 0, part)


def refuse_twice(source: Source, everything: Sequence[str], wanted: frozenset[str] | None) -> None:
    """
    Refuse a table in which two columns have one name that is asked for.

    Raises:
        DataError: If there are two.
    """
    twice = [name for name, times in Counter(everything).items() if times > 1 and (wanted is None or name in wanted)]
    if twice:
        shown = "a column" if source.is_private else f"the column {twice[0][:40]!r}"
        raise DataError(f"{source} names {shown} twice", hint="Name each column once")


def _repeated(constant: dict[str, Any], wanted: frozenset[str] | None, times: int) -> dict[str, Raw]:
    return {name: [value] * times for name, value in constant.items() if wanted is None or name in wanted}


def raw(column: Any) -> Raw:
    """A column of Arrow as `Raw`: an array of numbers, if none is missing."""
    is_numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    is_numeric = is_numeric or pa.types.is_boolean(column.type)
    if is_numeric and column.null_count == 0:
        return column.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow has no types
    cells: list[Any] = column.to_pylist()
    return cells


def appended(table: Source, added: Source) -> bytes | None:
    """
    The table *table* with the rows of *added* behind its own; ``None`` if they are the last ones already.

    Raises:
        DataError: If one cannot be read, or their columns differ.
    """
    whole, more = _whole(table), _whole(added)
    if not whole.schema.equals(more.schema):
        raise DataError(
            f"the columns of {added} are not those of {table}",
            hint="Give them the same names and types, in the same order. Nothing was recorded.",
        )
    is_last = len(more) > 0 and whole.slice(max(len(whole) - len(more), 0)).equals(more)
    return None if is_last else _saved(pa.concat_tables([whole, more]))


def remaining(table: Source, stays: NDArray[np.bool_]) -> bytes:
    """The table with those of its rows alone that stay; errors as `appended`."""
    return _saved(_whole(table).filter(pa.array(stays)))


def _whole(source: Source) -> Any:
    try:
        with source.open_bytes() as file:
            return pq.read_table(io.BytesIO(file.read()), partitioning=None)
    except pa.ArrowException as error:
        raise DataError(f"{source} is empty, cut short, or not a Parquet file", hint="Write it again") from error


def _saved(table: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()
