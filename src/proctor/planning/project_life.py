"""
One simulated project with informed stakes on a growing test set (theory.md §4.5, §4.6).

Results on test and development examples are normal draws, independent between evaluations: this sizes a plan, and no
verdict rests on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from proctor.budget import Account, Adaptive, Step, open_account
from proctor.budget.guard import STAKE_UNITS
from proctor.budget.informed import DevelopmentResult, Forecaster
from proctor.conditions import Clause
from proctor.planning.terms import Request
from proctor.stats import normal

Need = Callable[[float], float]
"""Labeled examples that a level takes, by its natural logarithm."""

_LIKELY_STAKE = 0.75  # q* of a growing set under informed stakes
_SEED = 20_261_128
_STAKES = Adaptive()


class ProjectLife(NamedTuple):
    """
    One project.

    Args:
        clause: The condition: a gain over the baseline.
        request: What a plan of one set is asked for.
        pass_rate: Share of the commits that are better by the threshold and two tolerances; the others change nothing.
        development: Number of development examples.
        need: Examples that a level takes.
    """

    clause: Clause
    request: Request
    pass_rate: float
    development: int
    need: Need

    def sizes(self, releases: int, number: int) -> list[int]:
        """Size of the test set at each of so many passes, in the life of this *number*."""
        rng = np.random.default_rng([_SEED, number])
        forecaster, account = Forecaster(), open_account(self.request.contract)
        size, found = 0, list[int]()
        while len(found) < releases:
            size = max(size, math.ceil(self.need(account.log_budget + math.log(_LIKELY_STAKE))))
            gain = self._gain if rng.random() < self.pass_rate else 0.0
            result = self._developed(rng, gain, size)
            stake = forecaster.stake(result, partial(_level, account))
            log_level = _level(account, stake / STAKE_UNITS)
            is_pass = bool(rng.random() < self._power(gain, size, log_level))
            forecaster = forecaster.after(result, log_level, is_pass)
            account = account.after(Step(proven=is_pass, stakes=_STAKES, stake=stake))
            found += [size] if is_pass else []
        return found

    @property
    def _gain(self) -> float:
        return self.clause.threshold + 2 * (self.clause.tolerance or 0.0)

    @property
    def _changed(self) -> float:
        """Share of examples on which one model alone is right."""
        return max(self.request.disagreement or 1.0, abs(self._gain))

    def _developed(self, rng: np.random.Generator, gain: float, size: int) -> DevelopmentResult:
        n, changed = self.development, self._changed
        seen = gain + rng.standard_normal() * math.sqrt((changed - gain**2) / n)
        wins = min(max(round(n * (changed + seen) / 2), 0), n)
        losses = min(max(round(n * (changed - seen) / 2), 0), n - wins)
        return DevelopmentResult(wins, losses, n, size, self.clause.threshold)

    def _power(self, gain: float, size: int, log_level: float) -> float:
        away = (gain - self.clause.threshold) / math.sqrt((self._changed - gain**2) / size)
        return normal.cdf(away + normal.quantile(log_level))


def _level(account: Account, share: float) -> float:
    return account.next_log_level(_STAKES, round(share * STAKE_UNITS))
