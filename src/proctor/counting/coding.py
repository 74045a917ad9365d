"""
One small integer for each example, by the events that happen on it; private: computed from labels.

Counts of few events follow from counts of more: `recoded` says which code of the few each code of the many has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.counting.events import JOINT, Event
from proctor.counting.panel import Labeled, Mask, Panel, pieces
from proctor.errors import DataError

Codes = NDArray[np.uint8]

EVERYTHING = np.array([[code >> bit & 1 for bit in range(len(JOINT))] for code in range(1 << len(JOINT))], np.bool_)
"""Truth of each of the `JOINT` events under each of their codes, shape (16, 4)."""


def coded(panel: Panel, labels: Labeled, events: Sequence[Event]) -> Iterator[Codes]:
    """
    Code of every example, in the order of the test set, in pieces.

    Raises:
        DataError: If there is not one label, known or not, for each example.
    """
    if len(labels.values) != len(panel):
        raise DataError(f"{len(panel):,} predictions do not go with {len(labels.values):,} labels")
    for piece in pieces(len(panel)):
        codes = np.zeros(len(panel.candidate[piece]), np.uint8)
        for bit, event in enumerate(events):
            happens = event.happens(panel, labels, piece)
            if happens is not None:
                codes |= np.left_shift(happens.view(np.uint8), np.uint8(bit))
        yield codes


def counted(codes: Iterable[Codes], n_codes: int, mask: Mask | None = None) -> list[int]:
    """
    Number of times that each code occurs.

    Args:
        codes: One code for each example, below *n_codes*, in pieces.
        n_codes: Number of codes.
        mask: Examples that count, over all pieces together; ``None`` for all.
    """
    found, start = np.zeros(n_codes, np.int64), 0
    for piece in codes:
        chosen = piece if mask is None else piece[mask[start : start + len(piece)]]
        found += np.bincount(chosen, minlength=n_codes)
        start += len(piece)
    return found.tolist()


def joint_counts(panel: Panel, labels: Labeled, mask: Mask | None = None) -> list[int]:
    """Number of examples, of all or of those under *mask*, with each code of the `JOINT` events."""
    return counted(coded(panel, labels, JOINT), 1 << len(JOINT), mask)


def recoded(events: Sequence[Event], happens: NDArray[Any] = EVERYTHING) -> NDArray[np.intp]:
    """
    Code by *events* of every case in which it is known which of the `JOINT` events happen.

    Args:
        events: Some of the `JOINT` events.
        happens: A row for each case and a column for each of the `JOINT` events.
    """
    columns = happens[:, [JOINT.index(event) for event in events]].astype(np.intp)
    codes: NDArray[np.intp] = columns @ (1 << np.arange(len(events)))
    return codes


def marginal(counts: Sequence[int], events: Sequence[Event]) -> list[int]:
    """Counts by *events* from counts by the `JOINT` events."""
    found = [0] * (1 << len(events))
    for code, count in zip(recoded(events).tolist(), counts, strict=True):
        found[code] += count
    return found
