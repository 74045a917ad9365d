"""Addresses of tables that are no files of their own."""

from __future__ import annotations

from typing import NamedTuple

SPARK = "spark:"
"""Begins the name of a table or view that a cluster knows."""

_DUCKDB, _SIGN = "duckdb:", "#"


class DatabaseTable(NamedTuple):
    """
    A table in a database of DuckDB: ``duckdb:FILE#TABLE``.

    Attributes:
        file: Path of the database.
        table: Name of the table, after that of its schema if it has one; empty if none is named.
    """

    file: str
    table: str

    def __str__(self) -> str:
        return f"{_DUCKDB}{self.file}{_SIGN}{self.table}"


def in_database(address: str) -> DatabaseTable | None:
    """The table of a database that *address* names; ``None`` if it names something else."""
    if not address.startswith(_DUCKDB):
        return None
    file, _, table = address.removeprefix(_DUCKDB).partition(_SIGN)
    return DatabaseTable(file, table)
