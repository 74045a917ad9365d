"""
Population anticipated for a linear expression, and the betting test simulated on it, seeded (theory.md §6).

The anticipated population is the one with most variance among those that the alternative and the anticipated
disagreement allow: on it the betting test needs most examples.
"""

from __future__ import annotations

import math
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.errors import Misuse
from proctor.frozen import dataclass
from proctor.language import Linear
from proctor.methods.sizing import Progress
from proctor.stats import normal
from proctor.stats.bounded import MARGIN

Floats = NDArray[np.float64]

SEED = 20_250_522
"""Plans are repeatable."""

LEAST_RUNS, MOST_RUNS = 1_000, 10_000
SHOWN_MISSES = 10
"""A power is taken from a simulation that expects at least so many misses; beyond, the size is scaled up."""

EXPECTED_ROUNDS = 9
"""Sizes that a search tries, for the progress bar."""

PRECISION = 0.01
"""The simulated size is resolved to one part in a hundred, which is what so many runs can tell."""

WIDTH = 1.15
"""Examples that betting needs over the Gaussian approximation of its own exponent (theory.md §3.3: 2–22 %)."""


class Anticipated(NamedTuple):
    """A population of one expression: its values on the outcomes of an example, and their chances."""

    values: tuple[float, ...]
    chances: tuple[float, ...]


@dataclass(frozen=True)
class Population:
    """
    The populations that an expression can have when candidate and baseline differ on at most a share of the examples.

    An example has one of ten outcomes: candidate, baseline and anchor are right or wrong, and two models that are both
    wrong agree or differ. Where no baseline is spoken of, the anchor takes its place beside the candidate.
    """

    weights: Linear
    disagreement: float

    @cached_property
    def _outcomes(self) -> tuple[Floats, Floats]:
        """Value of the expression and the disagreement it takes, for each outcome."""
        w, outcomes = self.weights, []
        for n, o, a in product((0, 1), repeat=3):
            for d in {0, 1} if n == o == 0 else {int(n != o)}:
                other = n != a if w.o == 0 and w.a != 0 else d
                outcomes.append((w.n * n + w.o * o + w.a * a + w.d * d, float(max(d if w.d else 0, other))))
        values, taken = np.array(sorted(set(outcomes))).T
        return values, taken

    def means(self) -> tuple[float, float]:
        """Lowest and highest mean that the disagreement allows."""
        values, _ = self._outcomes
        solutions = self._vertices(None)
        means = solutions @ values
        return float(means.min()), float(means.max())

    def most_variable(self, mean: float, threshold: float) -> Anticipated:
        """The population with the largest mean square about *threshold* among those with this *mean*."""
        values, _ = self._outcomes
        solutions = self._vertices(mean)
        if not len(solutions):
            raise Misuse(
                f"no population has a mean of {mean:.6g} where `disagreement` is {self.disagreement:g}",
                hint="Change `disagreement` (the share of predictions that you expect to change) or the tolerance.",
            )
        best = solutions[np.argmax(solutions @ (values - threshold) ** 2)]
        kept = best > 0
        return Anticipated(tuple(values[kept].tolist()), tuple((best[kept] / best[kept].sum()).tolist()))

    def _vertices(self, mean: float | None) -> Floats:
        """Every population that some linear objective prefers: chances by outcome, one row each."""
        values, taken = self._outcomes
        rows = [np.append(np.ones_like(values), 0.0), np.append(taken, 1.0)]  # the last column: disagreement not taken
        right = [1.0, self.disagreement]
        if mean is not None:
            rows.append(np.append(values, 0.0))
            right.append(mean)
        return feasible_vertices(np.array(rows), np.array(right))[:, :-1]


def feasible_vertices(matrix: Floats, right: Floats) -> Floats:
    """All basic solutions x >= 0 of matrix · x = right; a handful of unknowns, so every basis is tried."""
    size, unknowns = matrix.shape
    grids = np.meshgrid(*[np.arange(unknowns)] * size, indexing="ij")
    bases = np.stack([grid.ravel() for grid in grids], axis=1)
    bases = bases[(np.diff(bases, axis=1) > 0).all(axis=1)]
    squares = matrix[:, bases].transpose(1, 0, 2)
    regular = np.abs(np.linalg.det(squares)) > 1e-12
    bases, squares = bases[regular], squares[regular]
    solved = np.linalg.solve(squares, np.broadcast_to(right[:, None], (len(squares), size, 1)))[..., 0]
    feasible = (solved >= -1e-9).all(axis=1)
    vertices = np.zeros((int(feasible.sum()), unknowns))
    np.put_along_axis(vertices, bases[feasible], np.maximum(solved[feasible], 0.0), axis=1)
    return vertices


class Scaled(NamedTuple):
    """
    The betting test on values in [0, 1] and the population it will meet.

    Attributes:
        values: Values of the expression, scaled.
        chances: Their probabilities.
        null: Hypothetical mean, scaled.
        log_level: Natural logarithm of the level.
        log_miss: Natural logarithm of the tolerated probability of not rejecting.
    """

    values: tuple[float, ...]
    chances: tuple[float, ...]
    null: float
    log_level: float
    log_miss: float


def approximate_size(test: Scaled, log_miss: float) -> int:
    """Examples by the Gaussian approximation of the test's exponent, widened by what betting is known to need."""
    values, chances = np.array(test.values), np.array(test.chances)
    gain = float(chances @ values) - test.null
    if gain <= 0:
        return 2**40
    square = float(chances @ (values - test.null) ** 2)
    evidence, doubt = deviate(test.log_level), deviate(log_miss)
    # The second term is the price of bets that are limited by ruin (Bernstein's, to first order).
    gaussian = square * ((evidence + doubt) / gain) ** 2 + 2 * -test.log_level * test.null / (3 * gain)
    return math.ceil(WIDTH * gaussian)


def deviate(log_probability: float) -> float:
    """The standard normal deviate that is exceeded with such a probability, at least 0."""
    return max(0.0, -normal.quantile(log_probability))


def sample_size(test: Scaled, bound: int, progress: Progress | None) -> int:
    """
    Smallest size at which the simulated test has its power, to one part in a hundred; at most *bound*.

    Where the tolerated miss probability is too small to be simulated, the size for the smallest one that can be is
    scaled by the ratio of the approximate sizes.
    """
    runs = int(min(MOST_RUNS, max(LEAST_RUNS, SHOWN_MISSES / math.exp(max(test.log_miss, -700.0)))))
    log_shown = max(test.log_miss, math.log(SHOWN_MISSES / runs))
    scale = approximate_size(test, test.log_miss) / approximate_size(test, log_shown)
    high = max(1, math.ceil(bound / scale))
    low, done = 0, 0
    middle = min(high, approximate_size(test, log_shown))
    while high - low > PRECISION * high:
        if misses(test, middle, runs) <= math.exp(log_shown):
            high = middle
        else:
            low = middle
        done += 1
        if progress is not None:
            progress(min(done / EXPECTED_ROUNDS, 1.0))
        middle = math.ceil((low + high) / 2 if low else high * 0.8)
        if middle >= high:
            break
    return min(bound, math.ceil(high * scale))


def misses(test: Scaled, n_examples: int, runs: int) -> float:
    """
    Share of seeded runs in which the betting test does not reject (the recursion of `proctor.stats.bounded`).

    >>> misses(Scaled((0.0, 1.0), (0.2, 0.8), 0.5, -7.0, -7.0), 100, 200) < 0.05
    True
    """
    random = np.random.default_rng(SEED)
    values, edges = np.array(test.values), np.cumsum(test.chances)[:-1]
    needed, mean = -test.log_level, test.null
    largest_bet, largest_variance = 1 / (mean + MARGIN), mean * (1 - mean) + MARGIN
    capital, squares = np.zeros(runs), np.zeros(runs)
    for seen in range(n_examples):
        variance = np.full(len(capital), largest_variance)
        if seen:
            floor = (mean + MARGIN) * n_examples / (seen * seen)
            variance = np.minimum(squares / seen + floor, largest_variance)
        bet = np.minimum(np.sqrt(2 * (needed - capital) / ((n_examples - seen) * variance)), largest_bet)
        gain = values[np.searchsorted(edges, random.random(len(capital)), side="right")] - mean
        capital = capital + np.log1p(bet * gain)
        squares += gain * gain
        running = capital < needed
        if not running.all():
            capital, squares = capital[running], squares[running]
            if not len(capital):
                return 0.0
    return len(capital) / runs
