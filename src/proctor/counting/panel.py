"""
Predictions of several models side by side, and what can be said of them without a label.

All is done in pieces, so that memory-mapped predictions are read once and never copied as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.frozen import dataclass, field
from proctor.language import Slice, Variable

Values = NDArray[Any]
Mask = NDArray[np.bool_]

_PIECE = 1 << 16


@dataclass(frozen=True)
class Panel:
    """
    Predictions of up to three models on the same examples, in the order of the test set.

    Args:
        candidate: The new model's.
        baseline: The old model's; ``None`` where there is none.
        anchor: The anchor's; ``None`` where it is not asked for.
        functions: Functions of the owner of the test set by name: a number for each example, by label and prediction.
        draws: Random numbers in [0, 1), one for each example, by which examples are drawn for labeling; ``None`` where
            none are.
    """

    candidate: Values
    baseline: Values | None = None
    anchor: Values | None = None
    functions: Mapping[str, Callable[[Values, Values], object]] = field(default_factory=dict, kw_only=True)
    draws: NDArray[np.float64] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for other in (self.baseline, self.anchor):
            if other is not None and len(other) != len(self.candidate):
                raise DataError(f"{len(self.candidate)} predictions cannot be compared with {len(other)}")

    def __len__(self) -> int:
        return len(self.candidate)

    def at(self, rows: NDArray[np.intp]) -> Panel:
        """Predictions on the examples at these *rows*, as often as each is named."""
        others = (None if values is None else values[rows] for values in (self.baseline, self.anchor))
        draws = None if self.draws is None else self.draws[rows]
        return Panel(self.candidate[rows], *others, functions=self.functions, draws=draws)

    def drawn(self, share: float, piece: slice = slice(None)) -> Mask:
        """
        Mask of the examples of a piece that are drawn for labeling, a *share* of all.

        Raises:
            DataError: If there are no draws.
        """
        if self.draws is None:
            raise DataError("no example was drawn for labeling; nothing was judged")
        drawn: Mask = self.draws[piece] < share
        return drawn

    def of(self, model: Variable) -> Values | None:
        """Predictions of *model*; ``None`` where there are none."""
        return {Variable.N: self.candidate, Variable.O: self.baseline, Variable.A: self.anchor}[model]


class Labeled(Protocol):
    """Labels, as far as they are known: `proctor.predictions.Labels`."""

    @property
    def values(self) -> Values:
        """Classes; a filler where the label is not known."""

    @property
    def known(self) -> Mask | None:
        """False where there is no label; ``None`` if all are known."""


def disagreements(panel: Panel) -> int:
    """Number of examples on which candidate and baseline predict different classes; needs no labels."""
    old = panel.baseline
    if old is None:
        return 0
    return sum(int(np.count_nonzero(panel.candidate[piece] != old[piece])) for piece in pieces(len(panel)))


def needed_rows(panel: Panel, weights: Sequence[float]) -> Mask:
    """
    Examples on which a linear expression depends on the label; all others need none (theory.md §3.2).

    For a difference of two accuracies these are the examples on which the two models' predictions differ;
    for an accuracy alone, all of them. Computed from predictions alone.

    Args:
        panel: The predictions.
        weights: Coefficients of n, o, a and d.
    """
    models = [panel.of(model) for model in (Variable.N, Variable.O, Variable.A)]
    given = [(values, weight) for values, weight in zip(models, weights[:3], strict=True) if values is not None]
    needed = np.zeros(len(panel), np.bool_)
    for piece in pieces(len(panel)):
        there = [(values[piece], weight) for values, weight in given if weight]
        # If the label were this model's prediction, all models that predict the same would be right with it.
        swings = [sum(weight * (values == other) for other, weight in there) for values, _ in there]
        needed[piece] = np.any(np.asarray(swings) != 0, axis=0) if swings else False
    return needed


def mask_of(slices: Mapping[Slice, Mask], asked: Slice) -> Mask:
    """
    Mask of the slice that is *asked*, of those that can be.

    Raises:
        DataError: If it is empty, or not known what is in it.
    """
    mask = slices.get(asked)
    if mask is None or not mask.any():
        raise DataError(f"no example is known to be in the slice `{asked}`; nothing was judged")
    return mask


def pieces(n_examples: int) -> Iterator[slice]:
    """The examples in pieces that fit into a processor's cache."""
    return (slice(start, start + _PIECE) for start in range(0, n_examples, _PIECE))
