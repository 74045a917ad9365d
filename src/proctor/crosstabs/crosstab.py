"""Numbers of examples by label and predictions; private: computed from labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from proctor.conditions import Slice
from proctor.counting.coding import coded
from proctor.counting.events import Coding
from proctor.counting.panel import Mask, Panel, mask_of
from proctor.errors import DataError
from proctor.frozen import dataclass, field, replace
from proctor.methods import Valuing
from proctor.predictions import Labels


@dataclass(frozen=True)
class Crosstab:
    """
    Combinations of label and predictions with the number of examples of each; fulfills `proctor.methods.Outcomes`.

    Counts are all that it knows: examples have no order here, so methods that read them one by one are refused.

    Args:
        panel: Predictions of candidate, baseline and anchor: a row for each combination.
        labels: The label of each combination.
        times: Number of its examples.
        slices: Masks of the combinations in each slice that can be asked.
        mask: Combinations that it is about; ``None`` for all.
    """

    panel: Panel
    labels: Labels
    times: NDArray[np.int64]
    slices: Mapping[Slice, Mask] = field(default_factory=dict)
    mask: Mask | None = None

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return int(self._times.sum())

    def counts(self, coding: Coding) -> list[int]:
        """
        Number of examples with each code of *coding*.

        Raises:
            DataError: If an example on which the label matters has none.
        """
        n_missing = int(self._times[self.labels.missing(coding.needs_label(self.panel))].sum())
        if n_missing:
            raise DataError(f"{n_missing:,} examples that are needed have no label")
        found = np.zeros(1 << len(coding.events), np.int64)
        np.add.at(found, np.concatenate([*coded(self.panel, self.labels, coding.events)]), self._times)
        return found.tolist()

    def codes(self, coding: Coding) -> NoReturn:
        """Refuse: a sequential test reads examples in an order that counts have lost."""
        raise _no_order()

    def values(self, valuing: Valuing) -> NoReturn:
        """Refuse: a test of bounded values reads examples in an order that counts have lost."""
        raise _no_order()

    def on(self, slice_: Slice) -> Crosstab:
        """
        The examples in a slice.

        Raises:
            DataError: If it is empty, or not known which examples are in it.
        """
        return replace(self, mask=mask_of(self.slices, slice_))

    @property
    def _times(self) -> NDArray[np.int64]:
        return self.times if self.mask is None else np.where(self.mask, self.times, 0)


def _no_order() -> DataError:
    return DataError(
        "this condition is judged example by example, in a fixed order, and counts have none; nothing was judged",
        hint="`proctor check` reads the files themselves",
    )
