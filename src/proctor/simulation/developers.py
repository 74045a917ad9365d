"""
Developers: who commits what, given every outcome that was released.

`Climber` attacks, as Blum & Hardt (2015) boost: it learns from each outcome whether a random change is lucky on this
very test set, then commits all the lucky ones together. `Repeater` commits the same model again and again with the
noise of training alone. `Slider` gets a little worse at every commit. Where outcomes are withheld, a developer is told
nothing and learns nothing.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol, assert_never

import numpy as np

from proctor.budget import Mode
from proctor.conditions import Variable, variables
from proctor.frozen import dataclass
from proctor.simulation.aims import Aim, Tuner
from proctor.simulation.decisions import Booleans, Floats
from proctor.simulation.worlds import Contest, Models, Switches


class Developer(Protocol):
    """Commits to all lives at once."""

    def begin(self, first: Models) -> Models:
        """Start anew; gives the baseline of the first commit."""

    def commit(self, step: int, contest: Contest, log_levels: Floats) -> Contest:
        """The contest of the next commit: that of the last one with a new candidate."""

    def learn(self, step: int, contest: Contest, proven: Booleans, evaluated: Booleans) -> None:
        """Take in what was released of the lives that were evaluated."""


class Breadth(Enum):
    """Breadth of the changes that a developer who explores makes at once."""

    ONE_BLOCK = "one block"
    """Best where candidate and baseline are compared on the same examples: all that differs is what is asked about."""
    HALF = "half of the blocks"
    """Best where an accuracy stands alone: its error is that of the whole test set."""


@dataclass
class Climber:
    """
    Explores at random at each commit, then makes the baseline unlucky and cashes in on what was lucky.

    Exploring, a candidate is tuned to be proven every other time; the outcome tells whether its change looks better on
    the test set than it is. With a baseline that moves, what was lucky is in the baseline already; so the last commit
    but one is a large true gain that carries in every unlucky choice, and the last one takes the lucky ones instead,
    tuned to fall just short of the condition. (In ``fn-free`` lucky and unlucky change places: the aim is a proven FAIL
    of a model that is good enough.)

    Args:
        tuner: Puts candidates on the right rung.
        breadth: What is changed at once.
        steps: Commits in a life.
        baseline_moves: True if an accepted candidate becomes the baseline.
        random: Source of randomness.
    """

    tuner: Tuner
    breadth: Breadth
    steps: int
    baseline_moves: bool
    random: np.random.Generator

    @property
    def explorations(self) -> int:
        """Commits that explore: as many as leave room for the end."""
        carries = self.baseline_moves and Variable.O in variables(self.tuner.formula)
        return max(0, self.steps - 1 - carries)

    def begin(self, first: Models) -> Models:
        """Nothing is known, so chance decides which changes are held to be lucky; the baseline is the first model."""
        self._votes: Floats = self.random.uniform(-0.5, 0.5, first.changed.shape)
        return first

    def commit(self, step: int, contest: Contest, log_levels: Floats) -> Contest:
        """Explore, carry, or cash in."""
        if step < self.explorations:
            return self._tuned(contest, self._explored(step, contest.baseline.changed), Aim.TALK, log_levels)
        wanted = (self._votes > 0) == (self.tuner.mode is Mode.FP_FREE)
        if step < self.steps - 1:
            return self._tuned(contest, ~wanted, Aim.MOVE, log_levels)
        return self._tuned(contest, wanted, Aim.CASH, log_levels)

    def learn(self, step: int, contest: Contest, proven: Booleans, evaluated: Booleans) -> None:
        """Take a change for lucky if it was proven good (or not proven bad), and for unlucky otherwise."""
        if step >= self.explorations:
            return
        looks_good = proven == (self.tuner.mode is Mode.FP_FREE)
        vote = np.where(contest.candidate.changed == looks_good[:, None], 1.0, -1.0) * evaluated[:, None]
        match self.breadth:
            case Breadth.ONE_BLOCK:
                block = step % vote.shape[1]
                self._votes[:, block] += vote[:, block]
            case Breadth.HALF:
                self._votes += vote
            case _:
                assert_never(self.breadth)

    def _explored(self, step: int, baseline: Switches) -> Switches:
        match self.breadth:
            case Breadth.ONE_BLOCK:
                changed = baseline.copy()
                changed[:, step % changed.shape[1]] ^= True
                return changed
            case Breadth.HALF:
                return self.random.random(baseline.shape) < 0.5
            case _:
                assert_never(self.breadth)

    def _tuned(self, contest: Contest, changed: Switches, aim: Aim, log_levels: Floats) -> Contest:
        candidate = contest.baseline._replace(changed=changed)
        return self.tuner.tuned(contest._replace(candidate=candidate), aim, log_levels)


@dataclass
class Repeater:
    """
    Trains the same model again: other predictions on a random share of the blocks, the same accuracy.

    Args:
        noise: Probability that a run changes a block.
        random: Source of randomness.
    """

    noise: float
    random: np.random.Generator

    def begin(self, first: Models) -> Models:
        """The baseline is one training run of the model."""
        return first._replace(changed=self._run(first))

    def commit(self, step: int, contest: Contest, log_levels: Floats) -> Contest:
        """Another run."""
        return contest._replace(candidate=contest.baseline._replace(changed=self._run(contest.baseline)))

    def learn(self, step: int, contest: Contest, proven: Booleans, evaluated: Booleans) -> None:
        """Nothing: this developer does not adapt."""

    def _run(self, models: Models) -> Switches:
        return self.random.random(models.changed.shape) < self.noise


@dataclass
class Slider:
    """
    Commits a model that is a little worse than the baseline, with the noise of training on top.

    Args:
        noise: Probability that a run changes a block.
        rungs: By how many rungs each commit is worse.
        random: Source of randomness.
    """

    noise: float
    rungs: int
    random: np.random.Generator

    def begin(self, first: Models) -> Models:
        """The baseline is the anchor itself."""
        return first

    def commit(self, step: int, contest: Contest, log_levels: Floats) -> Contest:
        """Worse by the same number of rungs every time."""
        changed = self.random.random(contest.baseline.changed.shape) < self.noise
        return contest._replace(candidate=Models(changed, np.maximum(contest.baseline.rung - self.rungs, 0)))

    def learn(self, step: int, contest: Contest, proven: Booleans, evaluated: Booleans) -> None:
        """Nothing: it slides anyway."""
