"""Finding the same ids in another order, without an object for each of them."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_PIECE = 1 << 16


def positions(wanted: Sequence[str], given: Sequence[str]) -> NDArray[np.intp] | None:
    """
    Find the row in *given* of each id in *wanted*; ``None`` unless both are the same ids, each of them once.

    Ids are sorted by their hashes, which Python keeps with each of them, and then compared letter by letter. So a
    collision of hashes can only hide a match (at 10 million ids with a probability of 3e-6), never make one up.
    """
    if len(wanted) != len(given):
        return None
    mine, yours = _hashes(wanted), _hashes(given)
    my_order, your_order = np.argsort(mine), np.argsort(yours)
    mine = mine[my_order]
    if not np.array_equal(mine, yours[your_order]) or (mine[1:] == mine[:-1]).any():
        return None
    rows = np.empty(len(given), np.intp)
    rows[my_order] = your_order
    for start in range(0, len(rows), _PIECE):
        found = map(given.__getitem__, rows[start : start + _PIECE].tolist())
        if not all(map(operator.eq, wanted[start : start + _PIECE], found)):
            return None
    return rows


def _hashes(ids: Sequence[str]) -> NDArray[np.int64]:
    return np.fromiter(map(hash, ids), np.int64, len(ids))
