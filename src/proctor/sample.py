"""
The sample that an evaluation looks at: aligned predictions and labels, counted when they are asked for.

Private: everything here is computed from labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.conditions import Formula, Slice, clauses
from proctor.counting.coding import coded, counted, joint_counts, marginal
from proctor.counting.events import JOINT, Coding
from proctor.counting.panel import Mask, Panel, mask_of
from proctor.errors import DataError
from proctor.frozen import dataclass, field, replace
from proctor.methods import Valuing, method_of
from proctor.predictions import Labels


@dataclass(frozen=True)
class Sample:
    """
    Examples as they came out; fulfills `proctor.methods.Outcomes`.

    Args:
        panel: Predictions of candidate, baseline and anchor, in the order of the test set.
        labels: Labels, in the same order.
        order: Permutation that was fixed at registration, before any label was read; shape (n_examples,).
        slices: Masks of the slices that can be asked, in the order of the test set.
        mask: Examples that it is about; ``None`` for all.
        clusters: Number of the cluster of each example, in the order of the test set, by which clusters are read;
            ``None`` where examples are judged one by one.
    """

    panel: Panel
    labels: Labels
    order: NDArray[Any]
    slices: Mapping[Slice, Mask] = field(default_factory=dict)
    mask: Mask | None = None
    clusters: NDArray[np.intp] | None = None

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return len(self.panel) if self.mask is None else int(np.count_nonzero(self.mask))

    def on(self, slice_: Slice) -> Sample:
        """
        The examples in a slice.

        Raises:
            DataError: If it is empty, or not known which examples are in it.
        """
        return replace(self, mask=mask_of(self.slices, slice_))

    def counts(self, coding: Coding) -> list[int]:
        """
        Number of examples with each code of *coding*.

        Raises:
            DataError: If an example on which the label matters has none, or examples are no observations of their own.
        """
        self._refuse_clusters()
        self._refuse_missing(coding)
        if set(coding.events) <= set(JOINT):  # counted once for all of them
            return marginal(self._joint, coding.events)
        codes = coded(self.panel, self.labels, coding.events)
        return counted(codes, 1 << len(coding.events), self.mask)

    def codes(self, coding: Coding) -> NDArray[np.uint8]:
        """The code of each example, in the order fixed at registration; errors as `counts`."""
        self._refuse_clusters()
        self._refuse_missing(coding)
        codes: NDArray[np.uint8] = np.concatenate([*coded(self.panel, self.labels, coding.events)])[self._order]
        return codes

    def values(self, valuing: Valuing) -> NDArray[np.float64]:
        """The value of each example, in the order fixed at registration; errors as `counts`."""
        self._refuse_clusters()
        self._refuse_missing(valuing)
        values: NDArray[np.float64] = valuing.values_of(self.panel, self.labels)[self._order]
        return values

    def cluster_means(self, valuing: Valuing) -> NDArray[np.float64]:
        """The mean value of each cluster, in an order fixed at registration; errors as `counts`."""
        assert self.clusters is not None  # noqa: S101  # a gate with clusters asks for nothing else, and no other does
        self._refuse_missing(valuing)
        values = valuing.values_of(self.panel, self.labels)
        rows = slice(None) if self.mask is None else self.mask
        totals, sizes = (np.bincount(self.clusters[rows], weights) for weights in (values[rows], None))
        means: NDArray[np.float64] = totals[sizes > 0] / sizes[sizes > 0]
        return means

    def rows_to_label(self, formula: Formula) -> Mask:
        """
        Mask of the examples whose label the formula depends on, from predictions alone (theory.md §3.2).

        Where only differences of accuracies are asked, these are the disagreements.
        """
        needed = np.zeros(len(self.panel), np.bool_)
        for clause in clauses(formula):
            of_clause = method_of(clause.quantity).needs_label(self.panel)
            needed |= of_clause if clause.slice is None else of_clause & self.slices[clause.slice]
        return needed

    @property
    def _order(self) -> NDArray[Any]:
        return self.order if self.mask is None else self.order[self.mask[self.order]]

    @cached_property
    def _joint(self) -> list[int]:
        return joint_counts(self.panel, self.labels, self.mask)

    def _refuse_clusters(self) -> None:
        """Refuse to count one by one what depends on each other: a test that does would prove too much."""
        if self.clusters is not None:
            raise DataError("these examples are judged by clusters, and not one by one; nothing was judged")

    def _refuse_missing(self, coding: Coding | Valuing) -> None:
        if self.labels.known is None:
            return
        needed = coding.needs_label(self.panel)
        n_missing = len(self.labels.missing(needed if self.mask is None else needed & self.mask))
        if n_missing:
            raise DataError(f"{n_missing:,} examples that are needed have no label")
