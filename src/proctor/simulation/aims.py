"""
Tuning a candidate to a known population: accurate enough to be promising, or just short of true.

The most dangerous candidate is the one that is false by a hair, and the most talkative the one that passes every other
time; both are found by climbing the ladder of the world. Only the population is looked at, never a test set.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import numpy as np

from proctor.budget import Mode
from proctor.conditions import Formula
from proctor.frozen import dataclass
from proctor.simulation.decisions import Floats, evidence, holds
from proctor.simulation.worlds import Contest, Counts, SimulatedSets

_COARSE = 96
_NEVER = 1e6
_CERTAIN = 8.0  # a candidate that moves is unlucky on purpose, by half of this
_SAFE = 4.0  # standard errors by which a clause on d is to be out of danger


class Aim(Enum):
    """Aim of a candidate."""

    TALK = "talk"
    """True, and proven every other time: its outcome says most about the sample."""
    MOVE = "move"
    """Surely accepted: it moves the baseline."""
    CASH = "cash"
    """False by as little as possible in what a proof of it would claim."""


@dataclass(frozen=True)
class Tuner:
    """Puts candidates on the right rung."""

    formula: Formula
    mode: Mode
    population: SimulatedSets
    n_examples: int

    def tuned(self, contest: Contest, aim: Aim, log_levels: Floats) -> Contest:
        """The contest with every candidate moved to the rung that serves *aim* best at its life's level."""
        needed = _needed(log_levels)
        on_blocks = self.population.on_blocks(contest)
        others = [contest.baseline.rung, contest.anchor.rung]
        asked = np.column_stack([on_blocks, *others, np.round(needed * 1e6).astype(np.int64)])
        rows, first, back = np.unique(asked, axis=0, return_index=True, return_inverse=True)
        case = _Case(rows[:, :16], rows[:, 16], rows[:, 17], needed[first])
        rung = self._best(case, aim)[back.ravel()]
        return contest._replace(candidate=contest.candidate._replace(rung=rung))

    def is_served(self, contest: Contest, aim: Aim, log_levels: Floats) -> bool:
        """True if a candidate for *aim* exists at all, in every life."""
        events = self.population.events(self.tuned(contest, aim, log_levels))
        return bool((self._merit(events, aim, _needed(log_levels)) > -1.5).all())

    def _best(self, case: _Case, aim: Aim) -> Counts:
        """The best rung of each case: on a coarse grid, then around the best of it on every rung."""
        rungs = self.population.ladder.shape[1] - 1
        grid = np.unique(np.linspace(0, rungs, _COARSE).round().astype(np.int64))
        best = self._best_of(case, np.broadcast_to(grid, (len(case.needed), len(grid))), aim)
        reach = int(np.diff(grid).max(initial=1))
        around = np.clip(best[:, None] + np.arange(-reach, reach + 1), 0, rungs)
        return self._best_of(case, around, aim)

    def _best_of(self, case: _Case, grid: Counts, aim: Aim) -> Counts:
        shape = grid.shape
        baseline, anchor = (np.broadcast_to(r[:, None], shape).ravel() for r in (case.baseline, case.anchor))
        events = self.population.on_ladder(grid.ravel(), baseline, anchor).reshape(*shape, 16)
        events = events + case.on_blocks[:, None, :]
        merit = self._merit(events.reshape(-1, 16), aim, np.repeat(case.needed, shape[1])).reshape(shape)
        return np.take_along_axis(grid, merit.argmax(axis=1)[:, None], axis=1)[:, 0]

    def _merit(self, events: Counts, aim: Aim, needed: Floats) -> Floats:
        """Score of candidates for the aim; above -1.5 if they serve it."""
        is_fp_free = self.mode is Mode.FP_FREE
        shown = evidence(self.formula, events, self.n_examples, _SAFE) * (1 if is_fp_free else -1)
        claim = holds(self.formula, events) == is_fp_free
        match aim:
            case Aim.TALK:
                return np.where(claim, -np.abs(shown - needed), -_NEVER - np.abs(shown))
            case Aim.MOVE:
                target = needed + (_CERTAIN if is_fp_free else -_CERTAIN / 2)
                return np.asarray(-np.abs(shown - target) / 2)
            case Aim.CASH:
                return np.where(claim, -_NEVER - np.abs(shown), -np.abs(shown))


class _Case(NamedTuple):
    """Input of a tuning: events on the blocks, rungs of baseline and anchor, standard errors needed."""

    on_blocks: Counts
    baseline: Counts
    anchor: Counts
    needed: Floats


def _needed(log_levels: Floats) -> Floats:
    from scipy.special import ndtri_exp

    return np.asarray(-ndtri_exp(log_levels))
