"""
Tables in CSV and TSV, piece by piece.

What a table is, and how it is asked for, stands in `proctor.predictions.tables`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from typing import Any

from proctor.errors import DataError
from proctor.predictions.lines import lines
from proctor.predictions.tables import Source, Table

_LONGEST_CELL = 64 * 1024 * 1024
_MOST_CELLS = 1 << 22
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_WAYS = {
    ";": "save it with commas (pandas: to_csv(…, sep=','))",
    "\t": "name it .tsv, or save it with commas",
    "|": "save it with commas (pandas: to_csv(…, sep=','))",
    ",": "name it .csv, or save it with tabs",
}


def chunks(source: Source, wanted: frozenset[str] | None, rows: int) -> Iterator[Table]:
    """
    Read the *wanted* columns of a table piece by piece; at least one piece, perhaps without rows.

    Raises:
        DataError: If the file is missing, empty, or not well formed.
    """
    csv.field_size_limit(_LONGEST_CELL)
    with source.open_text() as file:
        reader = csv.reader(lines(source, file), delimiter=separator(source), strict=True)
        try:
            header = next(reader, None)
            if not header or not any(name.strip() for name in header):
                raise DataError(
                    f"{source} is empty", hint="Its first line must name the columns, for example: id,label"
                )
            names = _header(source, header)
            yield from _bodies(source, reader, names, (wanted, min(rows, max(1, _MOST_CELLS // len(names)))))
        except csv.Error as error:
            raise DataError(
                f"{source}, line {reader.line_num}: {error}", hint="A quotation mark that is opened must be closed"
            ) from error
        except UnicodeDecodeError as error:
            raise DataError(f"{source} is not UTF-8 text", hint="Save it as CSV in UTF-8") from error


def separator(source: Source) -> str:
    """Separator of the cells of *source*."""
    return "\t" if source.suffix == ".tsv" else ","


def _header(source: Source, header: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    mark = separator(source)
    if names[0].lower().startswith("sep=") and len("".join(names)) <= len("sep=;"):
        raise DataError(
            f"{source} begins with a line for Excel, {names[0]!r}",
            hint=f"Remove that line, and separate columns by {_SEPARATORS[mark]}; its first line must name the columns",
        )
    others = [other for other in _SEPARATORS if other != mark and other in names[0]]
    if len(names) == 1 and others:
        shown = "" if source.is_private else f", {names[0][:40]!r}"
        raise DataError(
            f"{source} has one column{shown}: its columns must be separated by {_SEPARATORS[mark]}, and seem to be by "
            f"{_SEPARATORS[others[0]]}",
            hint=_WAYS[others[0]],
        )
    twice = sorted(name for name, times in Counter(names).items() if times > 1 and name)
    if twice:
        shown = "a column" if source.is_private else f"the column {twice[0][:40]!r}"
        raise DataError(f"{source} names {shown} twice", hint="Its first line must name the columns, each once")
    return names


def _bodies(
    source: Source, reader: Any, names: list[str], selection: tuple[frozenset[str] | None, int]
) -> Iterator[Table]:
    wanted, size = selection
    kept = {name: i for i, name in reversed(list(enumerate(names))) if wanted is None or name in wanted}
    kept = dict(reversed(kept.items()))
    line, blank, given = 2, 0, False
    while True:
        start = reader.line_num
        body = [row for _, row in zip(range(size), reader, strict=False)]
        has_more = len(body) == size
        spans_lines = reader.line_num - start != len(body)
        filled = body[: _end_of(body, len(names))]
        if blank and filled:
            raise DataError(f"{source}, line {line - blank} is empty", hint="Remove it, or give it its values")
        blank += len(body) - len(filled)
        _check_widths(source, filled, len(names), line)
        if filled or not given:
            columns = list(zip(*filled, strict=True)) if filled else [()] * len(names)
            first = None if spans_lines else line
            yield Table({name: list(columns[i]) for name, i in kept.items()}, len(filled), source, first)
            given = True
        line += len(body)
        if not has_more:
            return


def _end_of(body: list[list[str]], width: int) -> int:
    """Number of rows before the last ones that are empty, or of blanks where a row has several cells."""
    end = len(body)
    while end and (not body[end - 1] or (len(body[end - 1]) == 1 < width and not body[end - 1][0].strip())):
        end -= 1
    return end


def _check_widths(source: Source, body: list[list[str]], width: int, line: int) -> None:
    if set(map(len, body)) <= {width}:
        return
    i, row = next((i, row) for i, row in enumerate(body) if len(row) != width)
    what = "is empty" if not row else f"has {len(row)} cells, but the header has {width}"
    raise DataError(
        f"{source}, line {line + i} {what}", hint="Quote cells that hold the separator, and remove empty lines"
    )
