"""
Probability of an outcome at least as extreme, at the worst share of disagreements (theory.md §3.2, steps 2 to 4).

The null hypothesis fixes the difference c and leaves the nuisance psi = P(X != 0) open within an interval.
For each outcome ln P(w, l; psi) = w ln(psi + c) + l ln(psi - c) + z ln(1 - psi) + const is concave in psi,
hence at most its tangent at the middle x of a cell.
Summed over the outcomes in question, the tangents give a convex bound, so it is largest at an end of the cell;
and there it is again a trinomial probability, with its chances tilted, times a constant.
The bound exceeds the truth by a factor of about exp(h^2/2) on a cell that reaches h standard errors from its middle:
second order, where bounding the two factors of theory.md's sum separately is first order.
Cells are cut only where they decide.

Which outcomes count as extreme is for :mod:`proctor.stats.score` to say;
what follows from it, for :mod:`proctor.stats.paired`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from proctor.frozen import dataclass
from proctor.stats import score, tails

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEFT_OUT = 1e-8
"""Share of the level that may lie outside the window of discordant examples that is summed; it is added back."""
SHARPNESS = 1e-4
"""A supremum closer than this, relatively, below the level counts as above it: it does not reject."""
_BATCH = 1_000_000
_ROUNDS = 40
_NEVER = -1e5  # a logarithm of zero that survives multiplication by zero


class Bracket(NamedTuple):
    """A supremum lies between *lower* and *upper*; both are certified, rounding included."""

    lower: float
    upper: float


class Chances(NamedTuple):
    """Several trinomial distributions at once: P(X != 0) and, given that, P(X = +1)."""

    discordant: Floats
    win: Floats


@dataclass(frozen=True)
class Extremes:
    """
    The outcomes whose statistic is at least *value*, and their probabilities.

    Args:
        n_examples: Size of the sample; >= 1.
        threshold: Difference c under test, strictly between -1 and 1.
        value: Statistic from which on outcomes count, ties allowed for (see :func:`proctor.stats.score.loosened`).
        span: Smallest and largest nuisance that will be asked for.
        log_level: Natural logarithm of the level that the probabilities will be compared with.
    """

    n_examples: int
    threshold: float
    value: float
    span: tuple[float, float]
    log_level: float

    @cached_property
    def _first(self) -> int:
        return max(0, int(window(self.n_examples, np.array(self.span[:1]), self.log_level)[0][0]) - self._margin)

    @cached_property
    def _margin(self) -> int:
        return 8 + int(2 * math.sqrt(self.n_examples))

    @cached_property
    def _discordant(self) -> Integers:
        last = int(window(self.n_examples, np.array(self.span[1:]), self.log_level)[1][0]) + self._margin
        return np.arange(self._first, min(last, self.n_examples) + 1)

    @cached_property
    def _critical(self) -> Integers:
        return score.critical_wins(self._discordant, self.n_examples, self.threshold, self.value)

    @cached_property
    def _log_ways(self) -> Floats:
        return tails.log_binomial(self._discordant, self.n_examples)

    @cached_property
    def _even_tails(self) -> Floats:
        return wins_tail(self._critical, self._discordant, np.array(0.5))

    def probability(self, chances: Chances) -> tuple[Floats, Floats]:
        """Probability of the extremes under each distribution, and a bound on what its window leaves out."""
        first, last = window(self.n_examples, chances.discordant, self.log_level)
        first = np.clip(first, self._first, self._discordant[-1])
        last = np.clip(last, self._first, self._discordant[-1])
        width = int(np.max(last - first)) + 1
        rows = max(1, _BATCH // width)
        parts = [
            self._summed(first[i : i + rows], width, chances.discordant[i : i + rows], chances.win[i : i + rows])
            for i in range(0, len(first), rows)
        ]
        outside = left_out(
            self.n_examples, first, np.minimum(first + width - 1, self._discordant[-1]), chances.discordant
        )
        return np.concatenate(parts), outside

    def _summed(self, first: Integers, width: int, discordant: Floats, win: Floats) -> Floats:
        index = first[:, None] - self._first + np.arange(width)
        beyond = index >= len(self._discordant)
        index = np.minimum(index, len(self._discordant) - 1)
        m = self._discordant[index]
        mass = np.exp(self._log_ways[index] + log_chances(m, self.n_examples, discordant))
        mass[beyond] = 0.0
        if self.threshold == 0:
            return np.asarray((mass * self._even_tails[index]).sum(axis=1))
        return np.asarray((mass * wins_tail(self._critical[index], m, win[:, None])).sum(axis=1))


def window(n_examples: int, discordant: Floats, log_level: float) -> tuple[Integers, Integers]:
    """Range of the number of discordant examples that leaves out LEFT_OUT of the level, by Bernstein's inequality."""
    depth = math.log(2 / LEFT_OUT) - log_level
    mean, spread = n_examples * discordant, n_examples * discordant * (1 - discordant)
    reach = depth / 3 + np.sqrt(depth * depth / 9 + 2 * spread * depth)
    first = np.maximum(np.floor(mean - reach), 0)
    return first.astype(np.int64), np.minimum(np.ceil(mean + reach), n_examples).astype(np.int64)


def left_out(n_examples: int, first: Integers, last: Integers, discordant: Floats) -> Floats:
    """Probability of a number of discordant examples outside [first, last], by Chernoff's bound."""
    below = tails.chernoff(first - 1, n_examples, discordant, above=False)
    return np.asarray(below + tails.chernoff(last + 1, n_examples, discordant, above=True))


def log_chances(m: Integers, n_examples: int, discordant: Floats) -> Floats:
    """Logarithm of psi^m (1 - psi)^(n - m), a row for each psi."""
    with np.errstate(divide="ignore"):
        log_hit = np.maximum(np.log(discordant), _NEVER)[:, None]
        log_miss = np.maximum(np.log1p(-discordant), _NEVER)[:, None]
    return np.asarray(m * log_hit + (n_examples - m) * log_miss)


def wins_tail(critical: Integers, discordant: Integers, win: Floats) -> Floats:
    """Probability of at least *critical* wins among *discordant* examples."""
    inside = (critical > 0) & (critical <= discordant)
    tail = tails.upper_tails(np.where(inside, critical, 1), np.where(inside, discordant, 1), win)
    return np.asarray(np.where(inside, tail, np.where(critical <= 0, 1.0, 0.0)))


def rounding(n_examples: int) -> float:
    """Relative error allowed for in a sum of probabilities (theory.md §3.2, step 4)."""
    return max(1e-9, 1e-14 * n_examples)


def on_the_boundary(psi: Floats, threshold: float) -> Chances:
    """Distributions whose difference is exactly the threshold."""
    share = np.divide(threshold, psi, out=np.zeros_like(psi), where=psi > 0)  # 0 only where the threshold is
    return Chances(psi, np.clip((1 + share) / 2, 0.0, 1.0))


def decide(extremes: Extremes, limit: float, sharpness: float = SHARPNESS) -> bool:
    """True if the probability is at most *limit* for every nuisance in the span; false where that cannot be decided."""
    bracket = _refined(extremes, lambda _: limit, lambda lower: lower > limit * (1 - sharpness))
    return bracket.upper <= limit


def supremum(extremes: Extremes, precision: float, negligible: float) -> Bracket:
    """Largest probability over the span, to a relative *precision*, or below *negligible*."""
    return _refined(extremes, lambda lower: max(lower * (1 + precision), negligible), lambda _: False)


def _refined(extremes: Extremes, ceiling: Callable[[float], float], is_hopeless: Callable[[float], bool]) -> Bracket:
    """Cut the cells whose bound exceeds the ceiling until there is none, or there is no hope."""
    low, high = _first_cells(extremes)
    error = rounding(extremes.n_examples)
    lower = settled = 0.0
    for _ in range(_ROUNDS):
        inside, outside = extremes.probability(on_the_boundary((low + high) / 2, extremes.threshold))
        lower = max(lower, float(inside.max()) * (1 - error))
        if is_hopeless(lower):
            return Bracket(lower, 1.0)
        upper = _expected_bounds(extremes, low, high, inside)
        worth = upper <= ceiling(lower)  # what is going to be cut needs no bound
        upper[worth] = _cell_bounds(extremes, low[worth], high[worth], (inside + outside)[worth]) * (1 + error)
        opened = ~worth | (upper > ceiling(lower))
        settled = max(settled, float(np.max(upper[~opened], initial=0.0)))
        if not opened.any():
            return Bracket(lower, min(settled, 1.0))
        low, high = _cut(low[opened], high[opened], _pieces(upper[opened], inside[opened], ceiling(lower)))
    return Bracket(lower, 1.0)


def _first_cells(extremes: Extremes) -> tuple[Floats, Floats]:
    """Cells about a standard error wide, on the scale on which the standard error is constant."""
    low, high = np.arcsin(np.sqrt(np.array(extremes.span)))
    count = max(1, math.ceil((high - low) * 2 * math.sqrt(extremes.n_examples)))
    ends = np.sin(np.linspace(low, high, count + 1)) ** 2
    ends[0], ends[-1] = extremes.span
    return ends[:-1], ends[1:]


def _pieces(upper: Floats, middle: Floats, ceiling: float) -> Integers:
    """Number of pieces that each cell needs: the excess of its bound falls with the square of its width."""
    with np.errstate(divide="ignore"):
        excess = np.log(upper) - np.log(middle)
        allowed = math.log(ceiling) - np.log(middle)
    wanted = np.sqrt(np.minimum(excess, 700.0) / np.clip(allowed, SHARPNESS / 10, 700.0))
    return np.asarray(np.clip(np.ceil(1.2 * wanted), 2, 16), dtype=np.int64)


def _cut(low: Floats, high: Floats, pieces: Integers) -> tuple[Floats, Floats]:
    owner = np.repeat(np.arange(len(low)), pieces)
    rank = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    step = (high - low)[owner] / pieces[owner]
    start = low[owner] + rank * step
    last = rank == pieces[owner] - 1
    stop = np.where(last, high[owner], low[owner] + (rank + 1) * step)
    return start, stop


def _expected_bounds(extremes: Extremes, low: Floats, high: Floats, middle: Floats) -> Floats:
    """About what :func:`_cell_bounds` gives (see the module's docstring); certifies nothing."""
    reach = math.sqrt(extremes.n_examples) * (np.arcsin(np.sqrt(high)) - np.arcsin(np.sqrt(low)))
    return np.asarray(middle * np.exp(np.minimum(reach * reach / 2, 700.0)))


def _cell_bounds(extremes: Extremes, low: Floats, high: Floats, middle: Floats) -> Floats:
    """Bound on the probability over each cell: its tangents' sum at both ends (see the module's docstring)."""
    x = (low + high) / 2
    bounds = middle.copy()
    wide = high > low
    if not wide.any():
        return bounds
    for end in (low, high):
        factor, chances = _tilted(x[wide], end[wide], extremes)
        inside, outside = extremes.probability(chances)
        bounds[wide] = np.maximum(bounds[wide], factor * (inside + outside))
    return bounds


def _tilted(x: Floats, end: Floats, extremes: Extremes) -> tuple[Floats, Chances]:
    """Constant and chances of the tangents at x, followed to the end of the cell."""
    # tangent of ln p at x, for p(+1) = (psi + c)/2, p(-1) = (psi - c)/2, p(0) = 1 - psi
    c = extremes.threshold
    step = end - x
    chances = np.array([(x + c) / 2, (x - c) / 2, 1 - x])
    slopes = np.array([1 / (x + c), 1 / (x - c), -1 / (1 - x)])
    grown = chances * np.expm1(slopes * step)
    total = grown.sum(axis=0)
    win, lose, _ = chances + grown
    factor = np.exp(extremes.n_examples * np.log1p(total))
    return factor, Chances(np.minimum((win + lose) / (1 + total), 1.0), win / (win + lose))
