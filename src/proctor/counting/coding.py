"""
One small integer for each example, by the events that happen on it; private: computed from labels.

Counts of few events follow from counts of more: `recoded` says which code of the few each code of the many has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.counting.engine import NUMPY, Codes, Engine
from proctor.counting.events import JOINT, Event
from proctor.counting.panel import Labeled, Mask, Panel, pieces
from proctor.errors import DataError

EVERYTHING = np.array([[code >> bit & 1 for bit in range(len(JOINT))] for code in range(1 << len(JOINT))], np.bool_)
"""Which of the `JOINT` events happen under each of their codes, shape (16, 4)."""


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


def joint_counts(panel: Panel, labels: Labeled, mask: Mask | None = None, engine: Engine = NUMPY) -> tuple[int, ...]:
    """Number of examples, of all or of those under *mask*, with each code of the `JOINT` events."""
    return engine.count(coded(panel, labels, JOINT), 1 << len(JOINT), mask)


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
