"""
Counting out of core on one machine: the only module that imports DuckDB, an extra.

Parquet and tables of a database are read by DuckDB itself; other files are read by `proctor.predictions`, piece by
piece, and handed over.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from proctor.crosstabs.addresses import DatabaseTable, in_database
from proctor.crosstabs.counting import Counting
from proctor.crosstabs.crosstab import Crosstab
from proctor.crosstabs.engine import PLAIN_ID, Bytes, Digests
from proctor.crosstabs.fields import (
    MOST_COMBINATIONS,
    Field,
    Groups,
    refuse_absent,
    strange_types,
    too_many_cells,
)
from proctor.crosstabs.identity import CODED, ROWS, SketchMaker, Tree
from proctor.crosstabs.vocabulary import Vocabulary
from proctor.errors import DataError, MissingExtra, ProctorError
from proctor.predictions.columns import classes_column, text_column
from proctor.predictions.tables import Raw, Source, Table, column_names, read_chunks
from proctor.spelling import example_ids
from proctor.testset.sketch import Sketch

try:
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    from proctor.predictions.parquet import raw
except ImportError as error:
    raise MissingExtra(
        "counting out of core needs the packages duckdb and pyarrow",
        hint="Install them with: pip install 'proctor[duckdb]'",
    ) from error

_BATCH = 1 << 17
_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
_IDS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "VARCHAR"}
_CELLS = {*_IDS, "BOOLEAN", "FLOAT", "DOUBLE"}


def counting(memory: str = "2GB") -> Counting:
    """
    Counting of files, and of ``duckdb:FILE#TABLE``, a table in a database of DuckDB.

    Args:
        memory: Memory that DuckDB may take, in its own words; what does not fit goes to a temporary folder.
    """
    return Counting(partial(_opened, memory))


def count(labels: Field, new: Field, *others: Field | None, memory: str = "2GB", **asked: Any) -> Crosstab:
    """Count examples by label and predictions: `Counting.count` of `counting`."""
    return counting(memory).count(labels, new, *others, **asked)


@contextlib.contextmanager
def _opened(memory: str, purpose: str) -> Iterator[_Session]:
    """A session, whose own errors become ours."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        config: Any = {**_CONFIG, "memory_limit": memory, "temp_directory": folder}
        session = _Session(stack.enter_context(duckdb.connect(":memory:", config=config)), stack)
        try:
            yield session
        except duckdb.Error as error:
            if session.failed is not None:
                raise session.failed from None
            raise DataError(
                f"DuckDB cannot {purpose} ({type(error).__name__})",
                hint="A file is damaged, or there is no room for what does not fit into memory",
            ) from None  # its message could quote a label


class _Session:
    """A connection, and what has to stay open while it is used."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, stack: contextlib.ExitStack) -> None:
        self.failed: ProctorError | None = None
        self._connection = connection
        self._stack = stack
        self._vocabularies: dict[str, Vocabulary] = {}
        self._databases: dict[str, str] = {}
        self._n_relations = 0
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET enable_progress_bar = false")  # where it finds no script, it writes one to the output
        make: Any = connection.create_function  # typed as if types could not go by name
        make("example_id", lambda text: example_ids([text])[0], ["VARCHAR"], "VARCHAR")

    def keep(self, name: str, query: str) -> None:
        """Make the rows of *query* a table called *name*; it may be asked several times."""
        self._connection.execute(f"CREATE TEMP TABLE {name} AS {query}")

    def hold(self, name: str, field: Field, columns: dict[str, str], id_column: str | None) -> None:
        """Make *columns* a table called *name*; what DuckDB does not read by itself is copied: it is read once."""
        query = self.relation(field, columns, id_column)
        kind = "TABLE" if self._vocabularies.keys() & columns.keys() else "VIEW"
        self._connection.execute(f"CREATE TEMP {kind} {name} AS {query}")

    def number(self, name: str, numbers: np.ndarray) -> None:
        """Make a table called *name* with a ``number`` for each ``code`` from 0."""
        self._connection.register(name, pa.table({"code": np.arange(len(numbers)), "number": numbers}))

    def digests(self, classes: Bytes) -> Digests:
        """Digests of `ROWS`, where *classes* are the kept bytes of each code of `CELLS`."""
        halves = ", ".join(f"CAST('0x' || h[{at}:{at + 15}] AS UBIGINT) AS half{at}" for at in (1, 17))
        hashed = f"SELECT sha256(id) AS h, code FROM {CODED}"
        ids, rows, has_repeats, last = Tree(), Tree(), False, b""
        for batch in self._batches_of(f"SELECT {halves}, code FROM ({hashed}) ORDER BY half1, half17"):
            columns = [batch.column(place).to_numpy() for place in (0, 1)]
            records = np.stack(columns, axis=1).astype(">u8").view(np.uint8)
            ids.add(records)
            rows.add(np.hstack([records, classes[batch.column(2).to_numpy()]]))
            has_repeats |= last == records[0].tobytes() or bool((records[1:] == records[:-1]).all(axis=1).any())
            last = records[-1].tobytes()
        return Digests(ids.hexdigest(), rows.hexdigest(), has_repeats)

    def sketch(self, n_rows: int) -> Sketch:
        """The sketch of the ids of `ROWS`."""
        made = SketchMaker()
        for batch in self._batches_of(f"SELECT id FROM {ROWS}"):
            made.add(batch.column(0).to_pylist())
        return made.made(n_rows)

    def _batches_of(self, query: str) -> Iterator[Any]:
        return (batch for batch in self._connection.sql(query).to_arrow_reader(_BATCH) if batch.num_rows)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the answer to *query*."""
        return self._connection.execute(query).fetchall()

    def groups(self, query: str, cells: list[str]) -> Groups:
        """The answer to *query* with the columns *cells*, and ``times``."""
        found = self._connection.sql(query).to_arrow_table().combine_chunks()
        return Groups([self._decoded(cell, found[cell]) for cell in cells], found["times"].to_numpy())

    def _decoded(self, cell: str, column: Any) -> Raw:
        vocabulary = self._vocabularies.get(cell)
        if vocabulary is None or column.null_count:  # an id that is not in all tables, which is refused
            return raw(column)
        return vocabulary.cells(column.to_numpy())

    # --- tables ---

    def relation(self, field: Field, columns: dict[str, str], id_column: str | None) -> str:
        """A query for *columns* of a table by names of ours, and for ids in their one spelling; see `Engine`."""
        wanted = [*columns.values(), *([] if id_column is None else [id_column])]
        name, database = self._name(field), in_database(str(field.table))
        if name is not None and self._is_native(field, name, list(columns.values()), id_column):
            ids = [] if id_column is None else [f"{_one_spelling(id_column)} AS id"]
            cells = [f"{_quoted(column)} AS {ours}" for ours, column in columns.items()]
            return f"SELECT {', '.join(cells + ids)} FROM {name}"
        if database:
            raise strange_types(field, "VARCHAR")
        return self._streamed(field, columns, id_column, frozenset(wanted))

    def columns(self, field: Field) -> dict[str, bool]:
        """Names of the columns of a table; each is true if its cells can be told apart."""
        name = self._name(field)
        if name is None:
            return dict.fromkeys(column_names(field.source), True)
        return {column: type_ in _CELLS for column, type_ in self._types(name).items()}

    def _name(self, field: Field) -> str | None:
        """Name of a table that DuckDB reads by itself; ``None`` if it does not."""
        database = in_database(str(field.table))
        return self._attached(database, str(field.table)) if database else self._parquet(field.source)

    def _types(self, name: str) -> dict[str, str]:
        rows = self._connection.execute(f"DESCRIBE SELECT * FROM {name}").fetchall()
        return {row[0]: row[1] for row in rows}

    def _attached(self, database: DatabaseTable, address: str) -> str:
        file, table = database
        if not table or not Path(file).is_file():
            raise DataError(f"{address!r} is no table in a database of DuckDB", hint="Write duckdb:FILE#TABLE")
        if file not in self._databases:
            self._databases[file] = f"database{len(self._databases)}"
            path = file.replace("'", "''")
            self._connection.execute(f"ATTACH '{path}' AS {self._databases[file]} (READ_ONLY)")
        self._refuse_view(address, self._databases[file], table.rpartition(".")[2])
        return ".".join([self._databases[file], *map(_quoted, table.split("."))])

    def _refuse_view(self, address: str, database: str, name: str) -> None:
        """Whoever makes a view decides which files are read: those of the labels, for example."""
        views = "SELECT 1 FROM duckdb_views() WHERE database_name = ? AND view_name = ?"
        if self._connection.execute(views, [database, name]).fetchone() is not None:
            raise DataError(f"{address!r} is a view", hint="Name a table: `CREATE TABLE … AS` makes one of it")

    def _parquet(self, source: Source) -> str | None:
        """The file by its descriptor: what was checked is what is read, and no name of a file is a pattern."""
        if source.is_folder or source.ending not in {".parquet", ".pq"}:
            return None
        file = self._stack.enter_context(source.open_bytes())
        try:
            names = pq.read_schema(file).names
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DataError(f"{source} is empty, cut short, or not a Parquet file", hint="Write it again") from error
        if len({name.casefold() for name in names}) < len(names):  # two of them are one to DuckDB
            return None
        return f"read_parquet('/dev/fd/{file.fileno()}', hive_partitioning = false)"

    def _is_native(self, field: Field, name: str, columns: list[str], id_column: str | None) -> bool:
        """True if the columns are of types that DuckDB and `proctor.predictions` read alike."""
        types = self._types(name)
        refuse_absent(field, (*columns, id_column), types)
        return {types[column] for column in columns} <= _CELLS and (id_column is None or types[id_column] in _IDS)

    def _streamed(self, field: Field, columns: dict[str, str], id_column: str | None, wanted: frozenset[str]) -> str:
        schema = [(ours, pa.int32()) for ours in columns] + ([] if id_column is None else [("id", pa.string())])
        self._vocabularies |= {ours: Vocabulary() for ours in columns}
        batches = self._batches(field, columns, id_column, wanted)
        name, self._n_relations = f"streamed{self._n_relations}", self._n_relations + 1
        self._connection.register(name, pa.RecordBatchReader.from_batches(pa.schema(schema), batches))
        return f"SELECT * FROM {name}"

    def _batches(
        self, field: Field, columns: dict[str, str], id_column: str | None, wanted: frozenset[str]
    ) -> Iterator[Any]:
        """The table piece by piece; errors are kept, since they do not come through DuckDB."""
        try:
            for chunk in read_chunks(field.source, wanted):
                refuse_absent(field, (*columns.values(), id_column), chunk.columns)
                coded = {ours: pa.array(self._coded(ours, chunk, column)) for ours, column in columns.items()}
                ids = {} if id_column is None else {"id": pa.array(text_column(chunk, id_column), pa.string())}
                yield pa.record_batch(coded | ids)
        except ProctorError as error:
            self.failed = error
            raise

    def _coded(self, ours: str, chunk: Table, column: str) -> np.ndarray:
        vocabulary, cells = self._vocabularies[ours], chunk.columns[column]
        if isinstance(cells, np.ndarray) and cells.ndim > 1:
            cells = classes_column(chunk, column).values
        try:
            found = vocabulary.codes(cells)
        except TypeError:  # lists or objects
            classes_column(chunk, column)
            raise
        if len(vocabulary) > MOST_COMBINATIONS:
            raise too_many_cells(chunk.source, column)
        return found


def _one_spelling(column: str) -> str:
    text = f"coalesce(CAST({_quoted(column)} AS VARCHAR), '')"
    return f"CASE WHEN regexp_full_match({text}, '{PLAIN_ID}') THEN {text} ELSE example_id({text}) END"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
