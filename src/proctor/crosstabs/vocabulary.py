"""Small numbers in place of raw cells, for files that an engine does not read by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.predictions.tables import Raw

Codes = NDArray[np.int32]


class Vocabulary:
    """
    The different cells of a column, in the order in which they came.

    As in `proctor.predictions.columns`, 1, 1.0 and true are one cell; and so are all NaN of an array.
    """

    def __init__(self) -> None:
        self._code_of: dict[Any, int] = {}
        self._cells: list[Any] = []
        self._types: set[np.dtype[Any] | None] = set()

    def __len__(self) -> int:
        return len(self._cells)

    def codes(self, raw: Raw) -> Codes:
        """
        The code of each cell.

        Raises:
            TypeError: If a cell is a list or an object.
        """
        if not isinstance(raw, np.ndarray):
            self._types.add(None)
            return np.fromiter(map(self._code, raw), np.int32, len(raw))
        self._types.add(raw.dtype)
        values, inverse = np.unique(raw, return_inverse=True)
        of_values = np.fromiter(map(self._code, values.tolist()), np.int32, len(values))
        found: Codes = of_values[inverse]
        return found

    def cells(self, codes: Codes) -> Raw:
        """The cells with these codes: an array, if all came from arrays of one type."""
        if len(self._types) == 1 and (dtype := next(iter(self._types))) is not None:
            return np.array(self._cells, dtype)[codes]
        return [self._cells[code] for code in codes.tolist()]

    def _code(self, cell: Any) -> int:
        key = _NAN if isinstance(cell, float) and cell != cell else cell
        code = self._code_of.setdefault(key, len(self._cells))
        if code == len(self._cells):
            self._cells.append(cell)
        return code


_NAN = object()
