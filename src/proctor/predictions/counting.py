"""
From aligned predictions and labels to what the statistics need: joint counts, and scores per example.

Private: counts and scores are computed from labels. Only `disagreements` and `needed_rows` look at predictions
alone. All is done in pieces, so that memory-mapped predictions are read once and never copied as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.predictions.columns import Values
from proctor.predictions.labels import Labels, Mask

_CHUNK = 1 << 16

# One byte per example: which of the three are right, and whether candidate and baseline differ.
_CANDIDATE, _BASELINE, _ANCHOR, _DIFFER = 1, 2, 4, 8
# A second byte where the label is not known: which pairs differ.
_CODES = 16


@dataclass(frozen=True)
class Panel:
    """
    Predictions of up to three models on the same examples, in the order of the test set.

    Args:
        candidate: The new model's.
        baseline: The old model's; ``None`` where there is none.
        anchor: The anchor's; ``None`` where it is not asked for.

    """

    candidate: Values
    baseline: Values | None = None
    anchor: Values | None = None

    def __post_init__(self) -> None:
        for other in (self.baseline, self.anchor):
            if other is not None and len(other) != len(self.candidate):
                raise DataError(f"{len(self.candidate)} predictions cannot be compared with {len(other)}")

    def __len__(self) -> int:
        return len(self.candidate)


class Weights(NamedTuple):
    """The linear expression candidate·n + baseline·o + anchor·a + differ·d, one score per example."""

    candidate: float = 0.0
    baseline: float = 0.0
    anchor: float = 0.0
    differ: float = 0.0


@dataclass(frozen=True)
class Counts:
    """
    Joint counts over the examples of a test set; private.

    Args:
        n_examples: Number of examples.
        labeled: Sixteen counts over the labeled examples, by the sum of 1 (candidate right), 2 (baseline right),
            4 (anchor right) and 8 (candidate and baseline differ).
        unlabeled: Eight counts over the others, by the sum of 1 (candidate and baseline differ),
            2 (candidate and anchor differ) and 4 (baseline and anchor differ).

    """

    n_examples: int
    labeled: tuple[int, ...]
    unlabeled: tuple[int, ...]

    @property
    def differ(self) -> int:
        """Examples on which candidate and baseline predict different classes; needs no labels."""
        return self._sum(_DIFFER, 0) + sum(count for code, count in enumerate(self.unlabeled) if code & 1)

    def right(self, variable: str) -> int:
        """
        Examples that the model *variable* (``n``, ``o`` or ``a``) predicts rightly.

        Raises:
            DataError: If an example has no label.

        """
        if sum(self.unlabeled):
            raise DataError(f"{sum(self.unlabeled):,} examples have no label, and the accuracy {variable!r} needs all")
        return self._sum(_bit(variable), 0)

    def wins(self, plus: str, minus: str) -> int:
        """
        Examples that *plus* predicts rightly and *minus* wrongly.

        An example without a label on which the two agree is neither a win nor a loss (theory.md §3.2).

        Raises:
            DataError: If an example on which the two differ has no label.

        """
        pair = {frozenset("no"): 1, frozenset("na"): 2, frozenset("oa"): 4}[frozenset((plus, minus))]
        unknown = sum(count for code, count in enumerate(self.unlabeled) if code & pair)
        if unknown:
            raise DataError(f"{unknown:,} examples on which {plus!r} and {minus!r} differ have no label")
        return self._sum(_bit(plus), _bit(minus))

    def losses(self, plus: str, minus: str) -> int:
        """Examples that *plus* predicts wrongly and *minus* rightly; errors as `wins`."""
        return self.wins(minus, plus)

    def _sum(self, bits: int, without: int) -> int:
        return sum(n for code, n in enumerate(self.labeled) if code & bits == bits and not code & without)


def _bit(variable: str) -> int:
    return {"n": _CANDIDATE, "o": _BASELINE, "a": _ANCHOR}[variable]


def count(panel: Panel, labels: Labels) -> Counts:
    """
    Count what the models got right, jointly.

    A model that is not there is never right, and differs from nothing.

    Raises:
        DataError: If there is not one label, known or not, per example.

    """
    _check_length(panel, labels)
    labeled, unlabeled = np.zeros(_CODES, np.int64), np.zeros(8, np.int64)
    for piece in _pieces(len(panel)):
        codes = _codes(panel, labels, piece)
        if labels.known is not None:
            known = labels.known[piece]
            unlabeled += np.bincount(_pair_codes(panel, piece)[~known], minlength=8)
            codes = codes[known]
        labeled += np.bincount(codes, minlength=_CODES)
    return Counts(len(panel), tuple(labeled.tolist()), tuple(unlabeled.tolist()))


def disagreements(panel: Panel) -> int:
    """Number of examples on which candidate and baseline predict different classes; needs no labels."""
    if panel.baseline is None:
        return 0
    return sum(int(np.count_nonzero(panel.candidate[piece] != panel.baseline[piece])) for piece in _pieces(len(panel)))


def needed_rows(panel: Panel, weights: Weights) -> Mask:
    """
    Examples whose score under *weights* depends on their label; all others need none (theory.md §3.2).

    For a difference of two accuracies these are the examples on which the two models' predictions differ;
    for an accuracy alone, all of them. Computed from predictions alone.
    """
    needed = np.empty(len(panel), np.bool_)
    for piece in _pieces(len(panel)):
        given = [
            (values[piece], weight)
            for values, weight in (
                (panel.candidate, weights.candidate),
                (panel.baseline, weights.baseline),
                (panel.anchor, weights.anchor),
            )
            if values is not None and weight
        ]
        # If the label were this model's prediction, all models that predict the same would be right with it.
        swings = [sum(weight * (values == other) for other, weight in given) for values, _ in given]
        needed[piece] = np.any(np.asarray(swings) != 0, axis=0) if swings else False
    return needed


def scores(panel: Panel, labels: Labels, weights: Weights) -> NDArray[np.float64]:
    """
    Score of every example under *weights*, in the order of the test set.

    Raises:
        DataError: If the score of an example depends on a label that is not known.

    """
    _check_length(panel, labels)
    if labels.known is not None and len(missing := labels.missing(needed_rows(panel, weights))):
        raise DataError(f"{len(missing):,} examples that are needed have no label")
    values = np.empty(len(panel), np.float64)
    table = np.array([_score(code, weights) for code in range(_CODES)])
    for piece in _pieces(len(panel)):
        values[piece] = table[_codes(panel, labels, piece)]
    if labels.known is not None:
        values[~labels.known] = _unlabeled_scores(panel, ~labels.known, weights)
    return values


def _score(code: int, weights: Weights) -> float:
    return (
        weights.candidate * bool(code & _CANDIDATE)
        + weights.baseline * bool(code & _BASELINE)
        + weights.anchor * bool(code & _ANCHOR)
        + weights.differ * bool(code & _DIFFER)
    )


def _unlabeled_scores(panel: Panel, rows: Mask, weights: Weights) -> NDArray[np.float64]:
    """Scores that no label changes: whatever is right, its weights add up to nothing."""
    if panel.baseline is None:
        return np.zeros(int(np.count_nonzero(rows)))
    differ: NDArray[np.float64] = weights.differ * (panel.candidate[rows] != panel.baseline[rows])
    return differ


def _pieces(n_examples: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, n_examples, _CHUNK))


def _codes(panel: Panel, labels: Labels, piece: slice) -> NDArray[np.uint8]:
    truth, candidate = labels.values[piece], panel.candidate[piece]
    codes: NDArray[np.uint8] = (candidate == truth).view(np.uint8).copy()
    if panel.baseline is not None:
        baseline = panel.baseline[piece]
        codes |= _flags(baseline == truth, 1)
        codes |= _flags(candidate != baseline, 3)
    if panel.anchor is not None:
        codes |= _flags(panel.anchor[piece] == truth, 2)
    return codes


def _pair_codes(panel: Panel, piece: slice) -> NDArray[np.uint8]:
    candidate = panel.candidate[piece]
    codes = np.zeros(len(candidate), np.uint8)
    if panel.baseline is not None:
        codes |= _flags(candidate != panel.baseline[piece], 0)
    if panel.anchor is not None:
        codes |= _flags(candidate != panel.anchor[piece], 1)
        if panel.baseline is not None:
            codes |= _flags(panel.baseline[piece] != panel.anchor[piece], 2)
    return codes


def _flags(truths: Any, shift: int) -> NDArray[np.uint8]:
    return np.left_shift(np.asarray(truths).view(np.uint8), np.uint8(shift))


def _check_length(panel: Panel, labels: Labels) -> None:
    if len(labels) != len(panel):
        raise DataError(f"{len(panel):,} predictions do not go with {len(labels):,} labels")
