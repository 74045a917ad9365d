"""
Heirs (theory.md §4.6, Theorem B2) by exact enumeration: two lives under one δ, and what breaks that.

The second life starts with what the first has left, wherever the owner ends that. As in `test_budget_theorem` a
developer is an assignment of good and bad to transcripts, over both lives; the worst one is found by recursion.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction
from itertools import product

import pytest

from proctor.budget import STAKE_UNITS, Account, Adaptive, Contract, Step, inherit, open_account

DELTA = Fraction(1, 20)
SHARE, FLOW = Fraction(1, 4), Fraction(1, 100)
LONGEST = 5
"""Most evaluations in each life."""

Ends = Callable[[str], bool]
StakeOf = Callable[[str], int | None]


def _some(seed: int, chance: float) -> Ends:
    return lambda s: bool(s) and random.Random(f"{seed} {s}").random() < chance


ENDS: dict[str, Ends] = {
    "at the first pass": lambda s: s.endswith("P"),
    "after three evaluations": lambda s: len(s) == 3,
    "at once": lambda _s: True,
    **{f"anywhere {seed}": _some(seed, 0.3) for seed in range(4)},
}


def stakes_of(seed: int) -> StakeOf:
    """Now and then a stake, over both lives."""

    def stake_of(transcript: str) -> int | None:
        rng = random.Random(f"{seed} {transcript}")
        return rng.choice([None, rng.randrange(1, STAKE_UNITS * 95 // 100)])

    return stake_of


STAKES: dict[str, StakeOf] = {"none": lambda _s: None, **{f"some {seed}": stakes_of(seed) for seed in range(3)}}


class TwoLives:
    """Levels of both lives in fractions, straight from the formulas; ``|`` in a transcript is where the heir begins."""

    def __init__(self, ends: Ends, stake_of: StakeOf, *, longest: int = LONGEST, goes_on: bool = False) -> None:
        self.ends, self.stake_of, self.longest, self.goes_on = ends, stake_of, longest, goes_on
        self.levels: dict[str, Fraction] = {}

    def worst(self) -> Fraction:
        """Largest sum of the levels at which a first false proof can happen."""
        return self._worst("", "", DELTA, Fraction(0), False)

    def _worst(self, past: str, s: str, automatic: Fraction, declared: Fraction, is_split: bool) -> Fraction:
        if past or not self.ends(s):
            return self._evaluated(past, s, automatic, declared, is_split)
        heirs = self._worst(f"{s}|", "", automatic, declared, is_split)
        return heirs + self._evaluated(past, s, automatic, declared, is_split) if self.goes_on else heirs

    def _evaluated(self, past: str, s: str, automatic: Fraction, declared: Fraction, is_split: bool) -> Fraction:
        if len(s) >= self.longest:
            return Fraction(0)
        stake = self.stake_of(past + s)
        if stake is not None and not is_split:
            automatic, declared, is_split = automatic * SHARE, automatic * (1 - SHARE), True
        own = Fraction(s.count("P") + 1, len(s) + 5)
        q = own if stake is None else Fraction(stake, STAKE_UNITS)
        flow = FLOW if is_split else Fraction(0)

        def after(outcome: str, a: Fraction, d: Fraction) -> Fraction:
            return self._worst(past, s + outcome, (1 - flow) * a + flow * d, (1 - flow) * d + flow * a, is_split)

        failed = after("f", automatic * (1 - own), declared * (1 - q))
        level = self.levels[past + s] = automatic * own + declared * q
        return failed + max(level, after("P", automatic * own, declared * q))


@pytest.mark.parametrize("stakes", STAKES)
@pytest.mark.parametrize("ends", ENDS)
def test_heirs__no_strategy_exceeds_delta(ends: str, stakes: str) -> None:
    """(T) §4.6, B2: over both lives the worst sum is at most δ, wherever the first ends and whatever is staked."""
    assert TwoLives(ENDS[ends], STAKES[stakes]).worst() <= DELTA


@pytest.mark.parametrize("ends", ["after three evaluations", "anywhere 0", "anywhere 3"])
def test_heirs__account_handed_on_while_old_examples_stay_in_use(ends: str) -> None:
    """If the old set is used on beside its heir, what was left is spent twice, and the sum is above δ."""
    assert TwoLives(ENDS[ends], STAKES["none"], longest=7, goes_on=True).worst() > DELTA
    assert TwoLives(ENDS[ends], STAKES["none"], longest=7).worst() <= DELTA


def levels_of(account: Account, stake_of: StakeOf, past: str) -> dict[str, float]:
    """Level at every transcript of at most four outcomes that follow *past*."""
    found = {}
    for length in range(4):
        for outcomes in product("Pf", repeat=length):
            s = "".join(outcomes)
            now = account.after_all(Step(o == "P", Adaptive(), stake=stake_of(past + s[:i])) for i, o in enumerate(s))
            found[past + s] = math.exp(now.next_log_level(Adaptive(), stake_of(past + s)))
    return found


@pytest.mark.parametrize("stakes", STAKES)
@pytest.mark.parametrize("life", ["P", "ffP", "fPfPf"])
def test_inherit__agrees_with_the_formulas(life: str, stakes: str) -> None:
    """The heir's account is the one of the enumeration: a fresh code on both balances that were left."""
    stake_of, contract = STAKES[stakes], Contract(0.95)
    steps = [Step(o == "P", Adaptive(), stake=stake_of(life[:i])) for i, o in enumerate(life)]
    heir = inherit(contract, open_account(contract).after_all(steps))
    lives = TwoLives(lambda s: s == life, stake_of)
    lives.worst()

    exact = {s: float(a) for s, a in lives.levels.items() if s.startswith(f"{life}|") and len(s) < len(life) + 5}
    assert levels_of(heir, stake_of, f"{life}|") == pytest.approx(exact, rel=1e-12)
