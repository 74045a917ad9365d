"""
Tables in JSON Lines, piece by piece.

What a table is, and how it is asked for, stands in `proctor.predictions.tables`. A key that nobody asked for does no
harm, whatever it holds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from proctor.errors import DataError
from proctor.predictions.lines import lines
from proctor.predictions.tables import Source, Table

_HINT = 'each line is one object, for example: {"id": "a1", "label": 3}'

Record = dict[str, Any]


class _Ambiguous(dict[str, Any]):
    """An object in which keys were given more than once: the names of those."""


def chunks(source: Source, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    """
    Read the *wanted* keys of a table piece by piece; at least one piece.

    Raises:
        DataError: If the file is missing, empty, or not well formed; or if keys that are wanted are in some lines only.
    """
    first, names, records = 1, None, []
    try:
        for number, record in _records(source, wanted):
            names = list(record) if names is None else names
            if record.keys() != set(names):
                odd = min(record.keys() ^ set(names))
                raise DataError(
                    f"{source}, line {number}: every line must have the same keys"
                    + ("" if source.is_private else f"; {odd[:40]!r} is not in all"),
                    hint=_HINT,
                )
            records.append(record)
            if len(records) == rows:
                yield _table(source, names, records, first)
                first, records = number + 1, []
    except UnicodeDecodeError as error:
        raise DataError(f"{source} is not UTF-8 text", hint="Save it in UTF-8") from error
    if names is None:
        raise DataError(f"{source} is empty", hint=_HINT)
    if records:
        yield _table(source, names, records, first)


def _records(source: Source, wanted: frozenset[str] | None) -> Iterator[tuple[int, Record]]:
    """Number and content of every line, of it what is *wanted*; blank lines at the end are none."""
    blank = 0
    with source.open_text() as file:
        for number, text in enumerate(lines(source, file), start=1):
            if not text.strip():
                blank = blank or number
                continue
            if blank:
                raise DataError(f"{source}, line {blank} is empty", hint="Remove it")
            record = _record(source, number, text)
            if isinstance(record, _Ambiguous):
                _refuse_ambiguous(source, number, text, wanted)
            yield number, record if wanted is None else {name: record[name] for name in record if name in wanted}


def _record(source: Source, number: int, text: str) -> Record:
    try:
        record = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or "it is nested too deeply, or a number in it is too long"
        raise DataError(f"{source}, line {number} is not JSON: {reason}", hint=_HINT) from error
    if not isinstance(record, dict):
        raise DataError(f"{source}, line {number} is not a JSON object", hint=_HINT)
    return record


def _object(pairs: list[tuple[str, Any]]) -> Record:
    record = dict(pairs)
    return record if len(record) == len(pairs) else _Ambiguous(record)


def _refuse_ambiguous(source: Source, number: int, text: str, wanted: frozenset[str] | None) -> None:
    names = Counter(name for name, _ in json.loads(text, object_pairs_hook=list))
    twice = [name for name, times in names.items() if times > 1 and (wanted is None or name in wanted)]
    if twice:
        shown = "a key" if source.is_private else f"the key {twice[0][:40]!r}"
        raise DataError(f"{source}, line {number} gives {shown} twice", hint="Write each key once")


def _table(source: Source, names: list[str], records: list[Record], first: int) -> Table:
    return Table({name: [record[name] for record in records] for name in names}, len(records), source, first)
