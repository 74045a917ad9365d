"""Engines that count codes: what is coded, and why, they do not know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]


class Engine(Protocol):
    """A way of counting codes."""

    def count(self, codes: Iterable[Codes], n_codes: int, mask: NDArray[np.bool_] | None = None) -> tuple[int, ...]:
        """
        Count how often each code occurs.

        Args:
            codes: One code for each example, below *n_codes*, in pieces.
            n_codes: Number of codes.
            mask: Examples that count, over all pieces together; ``None`` for all.
        """


class NumpyEngine:
    """Counts in this process, piece by piece."""

    def count(self, codes: Iterable[Codes], n_codes: int, mask: NDArray[np.bool_] | None = None) -> tuple[int, ...]:
        """Count by `numpy.bincount`."""
        found, start = np.zeros(n_codes, np.int64), 0
        for piece in codes:
            chosen = piece if mask is None else piece[mask[start : start + len(piece)]]
            found += np.bincount(chosen, minlength=n_codes)
            start += len(piece)
        return tuple(found.tolist())


NUMPY = NumpyEngine()
"""The engine for everything that fits into this machine."""
