"""
Stakes from development data: how likely a PASS looks before the test set is asked (theory.md §4.5).

Results on development data flatter, because models are chosen on them, and nobody knows by how much. So several experts
each take another optimism off, one goes by earlier outcomes alone, and the outcomes show whom to believe. Everything
here is public, and nothing of it matters for validity: a bad forecast costs bits, and the guard bounds how many.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proctor.budget.guard import HIGHEST_STAKE, STAKE_UNITS
from proctor.errors import DomainError
from proctor.frozen import dataclass, replace
from proctor.stats import normal

_OPTIMISMS = np.array([0.0, 0.0025, 0.005, 0.01, 0.02, 0.03])
_PRIOR = np.array([0.5, 0.08, 0.08, 0.08, 0.08, 0.08, 0.1])  # the last expert goes by earlier outcomes
LOWEST_CHANCE = 1 / 512
"""Least chance of a pass that a forecast gives; the highest is the highest stake."""
_FORGETS = 0.005
_GRID = np.geomspace(LOWEST_CHANCE, HIGHEST_STAKE, 128)
_PASS_IS_WORTH_NATS = 1.0

LevelOf = Callable[[float], float]
"""Logarithm of the level that the next evaluation has under a stake."""


@dataclass(frozen=True)
class DevelopmentResult:
    """
    Results of candidate and baseline on development data, and the question that the test set is asked.

    Args:
        wins: Examples on which only the candidate is right.
        losses: Examples on which only the baseline is right.
        n_development: Number of development examples; at least 1.
        n_test: Number of examples of the test set; at least 1.
        threshold: What the difference must exceed.
    """

    wins: int
    losses: int
    n_development: int
    n_test: int
    threshold: float

    def __post_init__(self) -> None:
        if min(self.wins, self.losses) < 0 or self.wins + self.losses > self.n_development:
            raise DomainError(
                f"{self.wins} wins and {self.losses} losses do not fit into {self.n_development} development examples"
            )
        if min(self.n_development, self.n_test) < 1:
            raise DomainError("a forecast needs at least one development example and one test example")

    def chances(self, log_level: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Chance of a PASS by each expert's optimism.

        Args:
            log_level: Logarithm of the level, or of several, shape (levels,).

        Returns:
            Chances, shape (6,) or (levels, 6).
        """
        n = self.n_development
        discordant = (self.wins + self.losses + 1) / (n + 1)
        gain = (self.wins - self.losses) / n
        variance = max(discordant - gain**2, discordant / 4, 1 / n)
        of_test, of_development = variance / self.n_test, variance / n
        needed = self.threshold - _each(normal.quantile, log_level) * math.sqrt(of_test)
        away = gain - _OPTIMISMS - needed[..., np.newaxis]
        found = _each(normal.cdf, away / math.sqrt(of_test + of_development))
        return found.clip(LOWEST_CHANCE, HIGHEST_STAKE)


@dataclass(frozen=True)
class Forecaster:
    """
    The experts, as far as the outcomes so far have shown whom to believe.

    Attributes:
        weights: One for each expert, summing to 1.
        proofs: Number of proven outcomes so far.
        evaluations: Number of evaluations so far.
    """

    weights: tuple[float, ...] = tuple(_PRIOR.tolist())
    proofs: int = 0
    evaluations: int = 0

    def chance(self, result: DevelopmentResult, log_level: float) -> float:
        """Chance of a PASS at a level, by all experts."""
        return float(np.dot(self.weights, self._chances(result, log_level)))

    def stake(self, result: DevelopmentResult, level_of: LevelOf) -> int:
        """
        The stake, in units, that promises most where a pass is worth one nat.

        Args:
            result: Development results of the candidate that is to be judged.
            level_of: Level of the evaluation under each stake; it grows with the stake.
        """
        chances = self._chances(result, np.array([level_of(q) for q in _GRID.tolist()])) @ np.asarray(self.weights)
        worth = chances * (_PASS_IS_WORTH_NATS + np.log(_GRID)) + (1 - chances) * np.log1p(-_GRID)
        return round(float(_GRID[int(np.argmax(worth))]) * STAKE_UNITS)

    def after(self, result: DevelopmentResult | None, log_level: float, proven: bool) -> Forecaster:
        """
        The experts once an outcome is known.

        Args:
            result: What the stake was made of; ``None`` if it was not made of development data: nothing is learned.
            log_level: Logarithm of the level at which the evaluation was made.
            proven: Whether the outcome was the one that must be proven.
        """
        counted = replace(self, proofs=self.proofs + proven, evaluations=self.evaluations + 1)
        if result is None:
            return counted
        chances = self._chances(result, log_level)
        believed = np.asarray(self.weights) * (chances if proven else 1 - chances)
        mixed = (1 - _FORGETS) * believed / believed.sum() + _FORGETS * _PRIOR
        return replace(counted, weights=tuple(mixed.tolist()))

    def _chances(self, result: DevelopmentResult, log_level: float | NDArray[np.float64]) -> NDArray[np.float64]:
        found = result.chances(log_level)
        earlier = np.full((*found.shape[:-1], 1), (self.proofs + 1) / (self.evaluations + 5))
        return np.concatenate([found, earlier], axis=-1)


def _each(function: Callable[[float], float], values: float | NDArray[np.float64]) -> NDArray[np.float64]:
    given = np.asarray(values)
    return np.array([function(value) for value in given.ravel().tolist()]).reshape(given.shape)
