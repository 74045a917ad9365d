"""Counting on a cluster: the only module that imports Apache Spark, an extra; no row leaves the cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor import spelling
from proctor.crosstabs.addresses import SPARK
from proctor.crosstabs.counting import Counting
from proctor.crosstabs.crosstab import Crosstab
from proctor.crosstabs.engine import PLAIN_ID, Bytes, Digests
from proctor.crosstabs.fields import Field, Groups, refuse_absent, strange_types
from proctor.crosstabs.identity import CODED, ROWS, SketchMaker, of_buckets
from proctor.errors import DataError, MissingExtra
from proctor.predictions.tables import Raw
from proctor.testset import hashing
from proctor.testset.hashing import row_hashes
from proctor.testset.sketch import SKETCH_SIZE, Sketch

try:
    from pyspark import cloudpickle
    from pyspark.errors import PySparkException
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql import functions as F  # noqa: N812  # as everybody calls it
except ImportError as error:
    raise MissingExtra(
        "counting on a cluster needs the package pyspark", hint="Install it with: pip install 'proctor[spark]'"
    ) from error

_WHOLE = {"tinyint": "i1", "smallint": "i2", "int": "i4", "bigint": "i8"}
_NUMBERS = {**_WHOLE, "float": "f4", "double": "f8", "boolean": "?"}


def counting(session: SparkSession | None = None) -> Counting:
    """
    Counting of Parquet at a path that a cluster reads, and of ``spark:NAME``, a table or view.

    Args:
        session: Session on the cluster; left out: that of this process, which is begun if there is none.
    """
    return Counting(partial(_working, session or SparkSession.builder.appName("proctor").getOrCreate()))


def count(session: SparkSession, labels: Field, new: Field, *others: Field | None, **asked: Any) -> Crosstab:
    """Count examples by label and predictions: `Counting.count` of `counting`."""
    return counting(session).count(labels, new, *others, **asked)


@contextlib.contextmanager
def _working(session: SparkSession, purpose: str) -> Iterator[_Cluster]:
    """A cluster, whose own errors become ours."""
    cluster = _Cluster(session)
    try:
        yield cluster
    except PySparkException as error:
        raise DataError(
            f"Spark cannot {purpose} ({type(error).__name__})",
            hint="A table is not there, damaged, or not Parquet",
        ) from None  # its message could quote a label
    finally:
        cluster.forget()


class _Cluster:
    """A session, and the views that were made in it."""

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._names: list[str] = []
        for module in (spelling, hashing):
            cloudpickle.register_pickle_by_value(module)  # workers need not have this package
        # Without Arrow, which workers need not have either.
        self._example_id = F.udf(lambda text: spelling.example_ids([text])[0], "string", useArrow=False)

    def relation(self, field: Field, columns: dict[str, str], id_column: str | None) -> str:
        """A query for *columns* of a table by names of ours, and for ids in their one spelling; see `Engine`."""
        table = self._table(field)
        types = dict(table.dtypes)
        refuse_absent(field, (*columns.values(), id_column), types)
        ids = set() if id_column is None else {types[id_column]}
        cells_of = {types[column] for column in columns.values()}
        if not (ids <= {*_WHOLE, "string"} and cells_of <= {*_NUMBERS, "string"}):
            raise strange_types(field, "text")
        cells = [table[_quoted(column)].alias(ours) for ours, column in columns.items()]
        if id_column is None:
            return self._viewed(table.select(*cells))
        text = F.coalesce(table[_quoted(id_column)].cast("string"), F.lit(""))
        whole = table.select(*cells, text.alias("id"))
        is_plain = F.col("id").rlike(rf"\A{PLAIN_ID}\z")
        names = list(columns)
        others = whole.filter(~is_plain).select(*names, self._example_id("id").alias("id"))
        return self._viewed(whole.filter(is_plain).unionByName(others))

    def keep(self, name: str, query: str) -> None:
        """Make the rows of *query* a table called *name*; it is computed anew if something is to be refused."""
        self._view(name, self._session.sql(query))

    def hold(self, name: str, field: Field, columns: dict[str, str], id_column: str | None) -> None:
        """Make *columns* a table called *name*."""
        self._view(name, self._session.sql(self.relation(field, columns, id_column)))

    def number(self, name: str, numbers: NDArray[np.int64]) -> None:
        """Make a table called *name* with a ``number`` for each ``code`` from 0."""
        self._view(name, self._session.createDataFrame([*enumerate(numbers.tolist())], "code int, number int"))

    def columns(self, field: Field) -> dict[str, bool]:
        """Names of the columns of a table; each is true if its cells can be told apart."""
        return {column: type_ in _NUMBERS or type_ == "string" for column, type_ in self._table(field).dtypes}

    def digests(self, classes: Bytes) -> Digests:
        """Digests of `ROWS`, where *classes* are the kept bytes of each code of `CELLS`."""
        halves = [(code, each.tobytes().hex()) for code, each in enumerate(classes)]
        self._view("proctor_halves", self._session.createDataFrame(halves, "code int, half string"))
        hashed = f"SELECT substr(sha2(id, 256), 1, 32) AS i, half FROM {CODED} JOIN proctor_halves USING (code)"
        listed = ", ".join(
            f"sha2(unhex(array_join(sort_array(collect_list({records})), '')), 256) AS {name}"
            for name, records in (("ids", "i"), ("rows", "concat(i, half)"))
        )
        repeats = "count(*) - size(array_distinct(collect_list(i)))"
        bucket = "substr(i, 1, 3)"
        query = f"SELECT {bucket} AS bucket, {listed}, {repeats} AS repeats FROM ({hashed}) AS h GROUP BY {bucket}"
        found = sorted(self.rows(query))
        ids, rows = (of_buckets((int(row[0], 16), bytes.fromhex(row[at])) for row in found) for at in (1, 2))
        return Digests(ids, rows, any(row[3] for row in found))

    def sketch(self, n_rows: int) -> Sketch:
        """The sketch of the ids of `ROWS`; its marks alone come back."""
        # Half of each mark, which fits into a signed number.
        half = F.udf(lambda text: int(row_hashes([[text]], 1).view("<u8")[0]) >> 1, "bigint", useArrow=False)
        marks = self._session.table(ROWS).select(half("id").alias("mark"))
        made = SketchMaker()
        smallest = marks.orderBy("mark").limit(SKETCH_SIZE).collect()
        made.add_marks(np.array([row.mark for row in smallest], np.uint64) << np.uint64(1))
        return made.made(n_rows)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the answer to *query*."""
        return [tuple(row) for row in self._session.sql(query).collect()]

    def groups(self, query: str, cells: list[str]) -> Groups:
        """The answer to *query* with the columns *cells*, and ``times``."""
        answer = self._session.sql(query)
        types, rows = dict(answer.dtypes), answer.collect()
        found = [_raw([row[cell] for row in rows], types[cell]) for cell in cells]
        return Groups(found, np.array([row["times"] for row in rows], np.int64))

    def forget(self) -> None:
        """Drop the views."""
        for name in self._names:
            self._session.catalog.dropTempView(name)

    def _viewed(self, table: DataFrame) -> str:
        name = f"proctor_{len(self._names)}"
        self._view(name, table)
        return f"SELECT * FROM {name}"

    def _view(self, name: str, table: DataFrame) -> None:
        table.createOrReplaceTempView(name)
        self._names.append(name)

    def _table(self, field: Field) -> DataFrame:
        address = str(field.table)
        if address.startswith(SPARK):
            return self._session.table(address.removeprefix(SPARK))
        return self._session.read.parquet(address)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _raw(cells: list[Any], type_: str) -> Raw:
    """A column as `Raw`: an array of numbers, if none is missing."""
    if type_ in _NUMBERS and None not in cells:
        return np.array(cells, _NUMBERS[type_])
    return cells
