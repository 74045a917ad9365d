"""
Labels that a test is expected to read, if it stops early (theory.md §3.10): a seeded simulation, for plans.

Nothing here decides anything. The border: a design and a true difference in; out, what to expect, with its standard
error. Every example on which the models differ is a win or a loss here; where both can be wrong, each in its own way,
as many more labels are read as there are such examples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from proctor.stats import normal, score
from proctor.stats.sequential import Answer, Outcomes, SequentialTest
from proctor.stats.unconditional import check_alternative

PATHS = 1_000
"""Test sets that are drawn, unless another number is asked for."""

_FEWEST_MISSES = 50  # drawn misses from which on a probability of a miss can be told from its neighbors
_NEVER = 1e6  # a loss that no capital has


class Expectation(NamedTuple):
    """
    Labels that are read until a decision.

    Args:
        labels: Expected number.
        error: Its standard error.
        proven: Share of the drawn test sets that prove.
        most: Largest number among them.
    """

    labels: float
    error: float
    proven: float
    most: int


class _Sketch(SequentialTest):
    """The same test with a normal approximation at its end."""

    @cached_property
    def proves_at_the_end(self) -> Callable[[int, int], bool]:
        n, c, least = self.n_examples, self.threshold, -normal.quantile(self.at_the_end.log_level)
        return lambda wins, losses: bool(score.statistic(wins, losses, n, c) >= least)


def sketched(test: SequentialTest) -> SequentialTest:
    """
    The test with an approximate end, for plans of large sets: a hundred times quicker, and no test to judge by.

    Args:
        test: The design.
    """
    if abs(test.threshold) >= 1 or test.at_the_end.foregone is not None:
        return test  # decided without data
    return _Sketch(**{each.name: getattr(test, each.name) for each in fields(test)})


def expectation(test: SequentialTest, difference: float, n_paths: int = PATHS, seed: int = 0) -> Expectation:
    """
    Labels to expect at a true difference and at the disagreement that the test anticipates.

    Args:
        test: The design.
        difference: True difference of the accuracies.
        n_paths: Number of test sets to draw.
        seed: Seed of the draws.

    Raises:
        DomainError: If no population is like that.

    Example:
        Candidates that change nothing are turned down after a fraction of the labels:

        >>> test = SequentialTest(
        ...     n_examples=2_000, threshold=0.0, log_level=math.log(0.001), log_miss=math.log(0.1), disagreement=0.1
        ... )
        >>> expectation(test, 0.0, n_paths=50).labels < 100
        True
    """
    labels, proven = [], 0
    for outcomes in _drawn(test, difference, n_paths, seed):
        reading = test.read(outcomes, outcomes != 0)
        labels.append(int(np.count_nonzero(outcomes[: reading.n_examples])))
        proven += reading.answer is Answer.PROVEN
    error = float(np.std(labels)) / math.sqrt(n_paths)
    return Expectation(float(np.mean(labels)), error, proven / n_paths, max(labels))


def with_power(test: SequentialTest, difference: float, n_paths: int = PATHS, seed: int = 1) -> SequentialTest | None:
    """
    The test that gives up at the smallest loss that leaves the power asked for; ``None`` if none leaves it.

    That loss is a quantile, over drawn test sets that prove, of the largest loss on the way there. Where so few test
    sets cannot tell the power, the test gives up where Wald (1945) would.

    Args:
        test: The design; its own `futility` does not matter.
        difference: True difference of the accuracies at which the power is asked for.
        n_paths: Number of test sets to draw.
        seed: Seed of the draws.

    Raises:
        DomainError: If no population is like that.
    """
    miss = math.exp(test.log_miss)
    if miss * n_paths < _FEWEST_MISSES:
        return replace(test, futility=None)
    stubborn, losses = replace(test, futility=_NEVER), []
    for outcomes in _drawn(test, difference, n_paths, seed):
        reading = stubborn.read(outcomes, outcomes != 0)
        if reading.answer is Answer.PROVEN:
            capital = stubborn.log_capital(outcomes[: reading.n_examples])
            losses.append(-float(capital.min(initial=0.0)))
    needed = math.ceil((1 - miss) * n_paths)
    if len(losses) < needed:
        return None
    return replace(test, futility=math.nextafter(max(sorted(losses)[needed - 1], 1e-9), math.inf))


def _drawn(test: SequentialTest, difference: float, n_paths: int, seed: int) -> Iterator[Outcomes]:
    """Outcomes of whole test sets, again and again."""
    check_alternative(difference, test.disagreement)
    rng = np.random.default_rng(seed)
    win = (test.disagreement + difference) / 2
    for _ in range(n_paths):
        u = rng.random(test.n_examples)
        yield (u < win).astype(np.int8) - ((u >= win) & (u < test.disagreement)).astype(np.int8)
