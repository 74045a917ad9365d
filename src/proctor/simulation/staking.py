"""
Teams that stake on one test set: what passes of what is truly better, and what it costs (theory.md §4.5, §4.6).

Levels, stakes and forecasts are those of the gate. Results on test and development examples are normal draws that are
independent between commits: whether a test set can be climbed is what an attack shows, and not this.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from proctor.budget import STAKE_UNITS, Account, Adaptive, Adaptivity, Contract, Mode, Step, open_account
from proctor.budget.informed import DevelopmentResult, Forecaster
from proctor.conditions import Clause, Formula
from proctor.errors import Misuse
from proctor.frozen import dataclass, field, replace
from proctor.methods import is_gain
from proctor.methods.sizing import Progress
from proctor.reports.simulation import Tally
from proctor.stats import binomial, normal

_STAKES = Adaptive()
_HIGH = 0.95
_MISS = 0.025


@dataclass(frozen=True)
class Asked:
    """
    An evaluation that is about to be made.

    Attributes:
        stake: What is staked, in units; ``None`` if nothing is.
        log_level: Natural logarithm of its level.
        result: Results on development data; ``None`` where there are none.
    """

    stake: int | None
    log_level: float
    result: DevelopmentResult | None


@dataclass(frozen=True)
class Standing:
    """
    State of one test set: its account, and the experts who make stakes.

    Attributes:
        account: What it has left.
        forecaster: The experts, taught by every outcome.
    """

    account: Account
    forecaster: Forecaster = field(default_factory=Forecaster)

    def asked(self, habit: Habit, result: DevelopmentResult | None) -> Asked:
        """The next evaluation, staked as somebody is in the habit of."""
        stake = habit(self, result)
        return Asked(stake, self.account.next_log_level(_STAKES, stake), result)

    def after(self, asked: Asked, passed: bool) -> Standing:
        """The same once the outcome is released."""
        return Standing(
            self.account.after(Step(passed, _STAKES, stake=asked.stake)),
            self.forecaster.after(asked.result, asked.log_level, passed),
        )

    def log_level(self, share: float) -> float:
        """Natural logarithm of the level of the next evaluation under a stake."""
        return self.account.next_log_level(_STAKES, round(share * STAKE_UNITS))


Habit = Callable[[Standing, DevelopmentResult | None], int | None]


def nothing(_standing: Standing, _result: DevelopmentResult | None) -> None:
    """Stake nothing: the account's own code decides."""


def informed(standing: Standing, result: DevelopmentResult | None) -> int | None:
    """Stake what the experts make of development results."""
    return None if result is None else standing.forecaster.stake(result, standing.log_level)


def always_high(_standing: Standing, _result: DevelopmentResult | None) -> int:
    """Stake the most on every commit, whatever it is worth."""
    return round(_HIGH * STAKE_UNITS)


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """
    Prospects of a team.

    Attributes:
        contract: The promise of the test set.
        examples: Its size at first.
        commits: Commits in its life.
        threshold: What a gain must exceed.
        gain: True gain of an improvement; every other commit gains the threshold and no more.
        pass_rate: Share of the commits that are improvements.
        changed: Share of the predictions that a commit changes.
    """

    contract: Contract
    examples: int = 10_000
    commits: int = 200
    threshold: float = 0.0
    gain: float = 0.02
    pass_rate: float = 1 / 3
    changed: float = 0.1

    def deviation(self, gain: float) -> float:
        """Standard deviation of the difference on one example."""
        return math.sqrt(max(self.changed - gain**2, 1e-12))


@dataclass(frozen=True, kw_only=True)
class Team:
    """
    A team, and what it does on its test set.

    Attributes:
        name: In words.
        habit: How it stakes.
        development: Number of its development examples; 0 if it has none.
        flattery: By how much they make a commit look better than it is.
        extensions: How often as many examples as at first are added, evenly over the life.
    """

    name: str
    habit: Habit
    development: int = 0
    flattery: float = 0.0
    extensions: int = 0


class PlayedLife(NamedTuple):
    """
    Life of one test set with one team.

    Attributes:
        improvements: Improvements that were committed.
        found: Those of them that passed.
        false_at: Commits that passed and were none, by their place from 0.
        bits: Description length of the transcript.
    """

    improvements: int
    found: int
    false_at: tuple[int, ...]
    bits: float


def live(prospect: Prospect, team: Team, rng: np.random.Generator) -> PlayedLife:
    """Play one life; the same commits come for every team that is given the same randomness."""
    standing, improvements, found, false_at = Standing(open_account(prospect.contract)), 0, 0, list[int]()
    for commit in range(prospect.commits):
        is_better = bool(rng.random() < prospect.pass_rate)
        gain = prospect.gain if is_better else prospect.threshold
        shown, seen = rng.standard_normal(2)
        size = prospect.examples * (1 + commit * (team.extensions + 1) // prospect.commits)
        asked = standing.asked(team.habit, _developed(prospect, team, gain, size, float(seen)))
        passed = _passes(prospect, gain, size, asked.log_level, float(shown))
        standing = standing.after(asked, passed)
        improvements, found = improvements + is_better, found + (passed and is_better)
        false_at += [commit] if passed and not is_better else []
    return PlayedLife(improvements, found, tuple(false_at), standing.account.leakage_bits)


def _passes(prospect: Prospect, gain: float, size: int, log_level: float, shown: float) -> bool:
    away = (gain - prospect.threshold) * math.sqrt(size) / prospect.deviation(gain)
    return shown + away > -normal.quantile(log_level)


def _developed(prospect: Prospect, team: Team, gain: float, size: int, seen: float) -> DevelopmentResult | None:
    """Wins and losses on development examples."""
    n = team.development
    if not n:
        return None
    changed = round(prospect.changed * n)
    difference = gain + team.flattery + seen * prospect.deviation(gain) / math.sqrt(n)
    wins = min(max(round((changed + difference * n) / 2), 0), changed)
    return DevelopmentResult(wins, changed - wins, n, size, prospect.threshold)


def teams(examples: int) -> tuple[Team, ...]:
    """The teams that are put side by side, on a test set of so many examples."""
    honest = Team(name="informed stakes", habit=informed, development=examples)
    return (
        Team(name="no stakes", habit=nothing),
        replace(honest, name="informed, development of a quarter", development=max(examples // 4, 1)),
        honest,
        replace(honest, name="informed, 2 points flattered", flattery=0.02),
        replace(honest, name="informed, test set extended twice", extensions=2),
        Team(name="always stakes 0.95", habit=always_high),
    )


def prospect_of(formula: Formula, contract: Contract, examples: int, commits: int, changed: float) -> Prospect:
    """
    The prospect that a condition opens to a team: improvements lie two tolerances above the threshold.

    Raises:
        Misuse: If it is not one gain over the baseline with a tolerance, or the contract knows no stakes.
    """
    if contract.adaptivity is not Adaptivity.RECYCLING or contract.mode is not Mode.FP_FREE:
        raise Misuse(
            "stakes are simulated under `adaptivity: recycling` and `mode: fp-free` alone",
            hint="Leave --adaptivity and --protect out.",
        )
    if not isinstance(formula, Clause) or not is_gain(formula) or formula.tolerance is None:
        raise Misuse(
            f"stakes are simulated for one gain over the baseline with its tolerance, not for {str(formula)!r}",
            hint="Ask for example --condition 'n - o > 0 +/- 0.01'.",
        )
    gain = formula.threshold + 2 * formula.tolerance
    if not abs(gain) < changed <= 1:
        raise Misuse(
            f"a gain of {gain:g} cannot come of {changed:g} of the predictions changing",
            hint="Give a larger --disagreement, or a smaller tolerance.",
        )
    return Prospect(
        contract=contract, examples=examples, commits=commits, threshold=formula.threshold, gain=gain, changed=changed
    )


def side_by_side(
    prospect: Prospect, condition: str, lives: int, seed: int, progress: Progress | None
) -> tuple[Tally, ...]:
    """Lives of every team, counted; the same commits come for each."""
    found, tallies = teams(prospect.examples), list[Tally]()
    for done, team in enumerate(found):
        played = []
        for number in range(lives):
            played.append(live(prospect, team, np.random.default_rng([seed, number])))
            if progress is not None:
                progress((done + (number + 1) / lives) / len(found))
        tallies.append(_tally(prospect, team, condition, played))
    return tuple(tallies)


def _tally(prospect: Prospect, team: Team, condition: str, lives: list[PlayedLife]) -> Tally:
    first_false = [life.false_at[0] for life in lives if life.false_at]
    false, total = len(first_false), len(lives)
    improvements = sum(life.found for life in lives) / total
    return Tally(
        gate=team.name,
        condition=condition,
        is_ours=True,
        lives=total,
        false_lives=false,
        interval=(binomial.lower_bound(false, total, _MISS), binomial.upper_bound(false, total, _MISS)),
        commits=float(prospect.commits),
        passes=improvements + sum(len(life.false_at) for life in lives) / total,
        leakage_bits=sum(life.bits for life in lives) / total,
        improvements=(improvements, sum(life.improvements for life in lives) / total),
        false_by_commit=tuple(sum(first <= step for first in first_false) for step in range(prospect.commits)),
    )
