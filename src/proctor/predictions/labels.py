"""
Labels, which may be there for some of the examples only (theory.md §3.2: labels only on disagreements).

Private: nothing in here may reach anybody but the owner of the test set. The *type* of the labels is public,
so that predictions of the wrong type can be refused.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.frozen import dataclass, replace
from proctor.predictions.columns import Column, Kind, Values, kind_of

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Labels:
    """
    One label per example of the test set, in its order.

    Args:
        values: Classes, or numbers; a filler where the label is not known.
        known: False where there is no label yet; ``None`` if all are known.
        before: The values as proctor 0.1 read them, where that was another spelling; ``None`` elsewhere.
    """

    values: Values
    known: Mask | None = None
    before: Values | None = None

    def __post_init__(self) -> None:
        if self.known is not None and len(self.known) != len(self.values):
            raise DataError(f"{len(self.values)} labels do not go with {len(self.known)} marks of which are known")

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Labels({len(self)} of {self.kind})"  # a label in a traceback would be a label in a log

    @property
    def kind(self) -> Kind:
        """Integers, text or numbers."""
        return kind_of(self.values)

    def plain(self) -> list[int | float | str]:
        """The values one by one; a whole number is the same one whether it is read as a class or as a number."""
        values: list[int | float | str] = self.values.tolist()
        return [int(each) if isinstance(each, float) and each.is_integer() else each for each in values]

    def readings(self) -> tuple[Labels, ...]:
        """These labels, and as an earlier version read them: what was registered then is still recognized."""
        return (self,) if self.before is None else (self, replace(self, values=self.before, before=None))

    @property
    def n_known(self) -> int:
        """Number of examples with a label."""
        return len(self.values) if self.known is None else int(np.count_nonzero(self.known))

    def is_known(self) -> Mask:
        """A mask of the examples with a label."""
        return np.ones(len(self.values), np.bool_) if self.known is None else self.known

    def missing(self, needed: Mask) -> NDArray[np.intp]:
        """Rows that are *needed* and have no label, in order."""
        return np.flatnonzero(needed & ~self.known) if self.known is not None else np.empty(0, np.intp)


def labels_of(column: Column) -> Labels:
    """A column as labels; true and false that are no words are 1 and 0."""
    values = column.values
    return Labels(values.view(np.int8) if values.dtype.kind == "b" else values, column.known, column.before)
