"""
Appending rows to a table as it is written, so that nothing of the rows before changes.

Only text tables can be appended to: there the file with more rows begins with the file as it was.
"""

from __future__ import annotations

import gzip

from proctor.errors import DataError, Misuse
from proctor.predictions.tables import Source

_WITH_HEADER = frozenset({".csv", ".tsv"})
_WITHOUT_HEADER = frozenset({".jsonl", ".ndjson"})
_BOM = b"\xef\xbb\xbf"


def appended(table: Source, added: Source) -> bytes:
    """
    The content of *table* with the rows of *added* behind its own, unless they are the last ones already.

    Raises:
        Misuse: If the tables are of a format that cannot be appended to, or not of the same one.
        DataError: If they cannot be read, or their columns differ.
    """
    if table.suffix not in _WITH_HEADER | _WITHOUT_HEADER:
        raise Misuse(
            f"rows cannot be added to {table}, which is no text table",
            hint="Only CSV, TSV and JSON Lines can grow; the next test set could be one. Nothing was recorded.",
        )
    if added.suffix != table.suffix:
        raise Misuse(f"{added} is not of the same format as {table}", hint=f"Save it as {table.suffix}.")
    whole, rows = _plain(table), _plain(added)
    if table.suffix in _WITH_HEADER:
        header, rows = _split(rows)
        if header != _split(whole)[0]:
            raise DataError(
                f"{added} does not begin with the line of column names of {table}",
                hint="Give it the same columns in the same order, written in the same way. Nothing was recorded.",
            )
    if not rows.strip():
        raise Misuse(f"{added} holds no examples", hint="Nothing was recorded.")
    if not whole.rstrip(b"\r\n").endswith(b"\n" + rows.strip(b"\r\n")):
        whole = whole.rstrip(b"\r\n") + b"\n" + rows
    return gzip.compress(whole, mtime=0) if table.is_packed else whole


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
