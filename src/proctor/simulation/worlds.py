"""
Populations whose every accuracy is known, models that live in them, and test sets drawn from them.

A population is a finite number of kinds of examples, all equally likely. Some lie in *blocks*: a model either leaves a
block as the first model has it or changes it, which wins some examples and loses others. The rest form a *ladder* of
examples: a model is right on the lowest rungs, up to its own. So a model is a row of switches and one number, any
accuracy can be had, and all that happens between candidate, baseline and anchor is counted from cells, however large
test set and population are. Lives are simulated side by side: the first axis of every array is the life.

No statistics here, and no strategy.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Switches = NDArray[np.bool_]

EVENTS = np.array(list(product((0, 1), repeat=4)), np.int64)
"""The sixteen things that can happen on an example: right of candidate, baseline and anchor, and whether the first two
differ; in the columns n, o, a, d."""

_RIGHT = np.array(list(product((0, 1), repeat=3)), np.int64)


class World(NamedTuple):
    """
    A population.

    Attributes:
        wins: Examples of each block that a change turns from wrong to right, shape (blocks,).
        losses: Those that it turns from right to wrong.
        neutral: Those that it turns from one wrong answer to another.
        rungs: Length of the ladder.
        start: Rung of the first model.
    """

    wins: Counts
    losses: Counts
    neutral: Counts
    rungs: int
    start: int

    @property
    def size(self) -> int:
        """Number of kinds of examples."""
        return int(self.wins.sum() + self.losses.sum() + self.neutral.sum()) + self.rungs

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return len(self.wins)

    def population(self) -> SimulatedSets:
        """The population as a test set that holds every kind once."""
        ladder = np.arange(self.rungs + 1, dtype=np.int64)[None]
        return SimulatedSets(self.wins[None], self.losses[None], self.neutral[None], ladder)

    def first_models(self, lives: int) -> Models:
        """The model of the day of registration, once for each life."""
        return Models(np.zeros((lives, self.n_blocks), np.bool_), np.full(lives, self.start))

    def draw(self, n_examples: int, lives: int, random: np.random.Generator, in_order: bool = False) -> SimulatedSets:
        """
        One test set for each life: independent examples.

        Args:
            n_examples: Examples in each.
            lives: Number of test sets.
            random: Source of randomness.
            in_order: True if the order of the examples is kept: tests by betting need it.
        """
        kinds = np.concatenate([self.wins, self.losses, self.neutral, np.ones(self.rungs, np.int64)])
        blocks, order = self.n_blocks, None
        if in_order:
            drawn = np.repeat(np.arange(len(kinds)), kinds)[random.integers(self.size, size=(lives, n_examples))]
            counts = np.stack([np.bincount(life, minlength=len(kinds)) for life in drawn])
            order = drawn
        else:
            counts = random.multinomial(n_examples, kinds / self.size, size=lives)
        ladder = np.concatenate([np.zeros((lives, 1), np.int64), counts[:, 3 * blocks :].cumsum(axis=1)], axis=1)
        wins, losses, neutral = (counts[:, i * blocks : (i + 1) * blocks] for i in range(3))
        return SimulatedSets(wins, losses, neutral, ladder, order)


class Models(NamedTuple):
    """One model for each life: which blocks it changes, shape (lives, blocks), and its rung, shape (lives,)."""

    changed: Switches
    rung: Counts

    def where(self, chosen: NDArray[np.bool_], other: Models) -> Models:
        """These models in the lives that are *chosen*, those of *other* elsewhere."""
        return Models(np.where(chosen[:, None], self.changed, other.changed), np.where(chosen, self.rung, other.rung))

    def take(self, lives: NDArray[np.int64] | NDArray[np.bool_]) -> Models:
        """The models of some lives."""
        return Models(self.changed[lives], self.rung[lives])


class Contest(NamedTuple):
    """Candidate, baseline and anchor of each life."""

    candidate: Models
    baseline: Models
    anchor: Models

    def take(self, lives: NDArray[np.int64] | NDArray[np.bool_]) -> Contest:
        """The contests of some lives."""
        return Contest(self.candidate.take(lives), self.baseline.take(lives), self.anchor.take(lives))


class SimulatedSets(NamedTuple):
    """
    Test sets, one for each life: how many of their examples are of which kind.

    Attributes:
        wins: Examples in each block's winning part, shape (lives, blocks).
        losses: Those in its losing part.
        neutral: Those in its neutral part.
        ladder: Examples below each rung, shape (lives, rungs + 1).
        order: Kind of every example in the order fixed at registration, shape (lives, examples); ``None`` if not kept.
    """

    wins: Counts
    losses: Counts
    neutral: Counts
    ladder: Counts
    order: Counts | None = None

    def take(self, lives: NDArray[np.int64] | NDArray[np.bool_]) -> SimulatedSets:
        """The test sets of some lives."""
        order = None if self.order is None else self.order[lives]
        return SimulatedSets(self.wins[lives], self.losses[lives], self.neutral[lives], self.ladder[lives], order)

    def repeated(self, times: int) -> SimulatedSets:
        """The test sets in which each example stands so many times, one behind the other."""
        order = None if self.order is None else self.order.repeat(times, axis=1)
        wins, losses, neutral, ladder = (times * each for each in (self.wins, self.losses, self.neutral, self.ladder))
        return SimulatedSets(wins, losses, neutral, ladder, order)

    def events(self, contest: Contest) -> Counts:
        """Number of times that each of `EVENTS` happens, shape (lives, 16)."""
        found = self.on_ladder(contest.candidate.rung, contest.baseline.rung, contest.anchor.rung)
        found += self.on_blocks(contest)
        return found

    def on_blocks(self, contest: Contest) -> Counts:
        """The same on the examples in blocks alone."""
        lives, blocks = contest.candidate.changed.shape
        state = _pattern(contest)
        cell = state + 8 * np.arange(lives)[:, None]
        found = np.zeros((lives, 16), np.int64)
        for part, target in zip((self.wins, self.losses, self.neutral), _block_events(), strict=True):
            weights = np.broadcast_to(part, (lives, blocks)).ravel()
            summed = np.bincount(cell.ravel(), weights, minlength=8 * lives).reshape(lives, 8)
            for pattern in range(8):
                found[:, target[pattern]] += summed[:, pattern].astype(np.int64)
        return found

    def on_ladder(self, candidate: Counts, baseline: Counts, anchor: Counts) -> Counts:
        """The same on the ladder alone."""
        rungs = np.stack([candidate, baseline, anchor], axis=-1)
        below = np.take_along_axis(np.broadcast_to(self.ladder, (len(rungs), self.ladder.shape[1])), rungs, axis=1)
        found = np.zeros((len(rungs), 16), np.int64)
        total = np.broadcast_to(self.ladder[:, -1:], (len(rungs), 1))
        for right in _RIGHT:
            event = int(_event(*right[:, None])[0])
            above_all_wrong = np.where(right == 0, below, 0).max(axis=1)
            below_all_right = np.where(right == 1, below, total).min(axis=1)
            found[:, event] += np.maximum(below_all_right - above_all_wrong, 0)
        return found

    def events_in_order(self, contest: Contest) -> NDArray[np.int64]:
        """The one of `EVENTS` that happens on each example, in order, shape (lives, examples)."""
        assert self.order is not None  # noqa: S101  # draw(in_order=True)
        blocks = self.wins.shape[1]
        targets = np.stack(_block_events())
        of_block = targets[:, _pattern(contest)].transpose(1, 0, 2).reshape(len(self.order), 3 * blocks)
        rung = np.arange(self.ladder.shape[1] - 1)
        n, o, a = (
            (rung < m.rung[:, None]).astype(np.int64) for m in (contest.candidate, contest.baseline, contest.anchor)
        )
        of_kind = np.concatenate([of_block, _event(n, o, a)], axis=1)
        return np.take_along_axis(of_kind, self.order, axis=1)


def accuracy(testset: SimulatedSets, models: Models) -> NDArray[np.float64]:
    """Accuracy of each life's model on its test set, or in the population."""
    lives = len(models.rung)
    right = np.where(models.changed, testset.wins, testset.losses).sum(axis=1)
    ladder = np.broadcast_to(testset.ladder, (lives, testset.ladder.shape[1]))
    right = right + np.take_along_axis(ladder, models.rung[:, None], axis=1)[:, 0]
    size = (testset.wins + testset.losses + testset.neutral).sum(axis=1) + testset.ladder[:, -1]
    return np.asarray(right / size)


def _pattern(contest: Contest) -> Counts:
    """Pattern of candidate, baseline and anchor that change each block, as a number below 8, shape (lives, blocks)."""
    n, o, a = (m.changed.astype(np.int64) for m in (contest.candidate, contest.baseline, contest.anchor))
    return 4 * n + 2 * o + a


def _block_events() -> tuple[Counts, Counts, Counts]:
    """Event on the winning, losing and neutral part of a block, by the pattern of changes."""
    n, o, a = _RIGHT.T
    wrong = np.zeros_like(n)
    return (
        _event(n, o, a),
        _event(1 - n, 1 - o, 1 - a),
        8 * wrong + (n != o),
    )


def _event(n: Counts, o: Counts, a: Counts) -> Counts:
    """Number of the event where one of two models that differ is right."""
    return np.asarray(8 * n + 4 * o + 2 * a + (n != o))
