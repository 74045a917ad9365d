"""
Rankings: several classes for each example, the likeliest first, kept as one text with a sign between them.

In text a cell is ``cat|dog|fox``; JSON Lines and Parquet may have lists, and an array a row for each example.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from proctor.counting.reading import RANK_SIGN
from proctor.errors import DataError
from proctor.predictions.columns import Column, decoded, is_all_text, is_class, meaning_of, place_of, shown_cell
from proctor.predictions.tables import Table

LONGEST = 1_024
"""Letters of a ranking; longer ones would cost memory in every row."""


def rankings_column(table: Table, name: str) -> Column:
    """
    The column *name* of *table* as rankings.

    Raises:
        DataError: If a cell holds anything but classes.
    """
    raw = table.columns[name]
    if isinstance(raw, np.ndarray) and raw.dtype.kind == "S":
        raw = decoded(table, name, raw)
    cells: Sequence[Any] = raw.tolist() if isinstance(raw, np.ndarray) else raw
    texts = [_ranking(table, name, row, cell) for row, cell in enumerate(cells)]
    known = np.array([bool(each) for each in texts], np.bool_)
    return Column(np.array(texts, "U"), None if known.all() else known)


def _ranking(table: Table, name: str, row: int, cell: object) -> str:
    """One ranking as text; empty if there is none."""
    parts = cell if isinstance(cell, list | tuple) else cell.split(RANK_SIGN) if isinstance(cell, str) else [cell]
    found = [meaning_of(part, is_all_text(table)) for part in parts]
    if len(found) <= 1 and all(each is None for each in found):
        return ""
    are_classes = all(each is not None and is_class(each, are_words=False) for each in found)
    texts = [str(each) for each in found]
    whole = RANK_SIGN.join(texts)
    if not are_classes or len(whole) > LONGEST or whole.count(RANK_SIGN) >= len(texts):
        raise DataError(
            f"{table.source}{place_of(table, name, row)}: {shown_cell(table, cell)} is not a ranking of classes",
            hint=f"Write the classes themselves, the likeliest first: `cat{RANK_SIGN}dog{RANK_SIGN}fox`, a list, or a "
            "row of an array, for example classes[np.argsort(-scores)[:, :5]]; "
            f"at most {LONGEST:,} letters in all, and no class has `{RANK_SIGN}` in its name",
        )
    return whole
