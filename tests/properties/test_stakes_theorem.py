"""
Declared stakes (theory.md §4.5) by exact enumeration: whatever is declared, false proofs have probability at most δ.

The account works with logarithms; here the same rule is written once more with fractions, straight from the formulas,
and the account must agree with it to the last digits. What the rule forbids is tried, too, and must break the promise.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from fractions import Fraction

import pytest

from proctor.budget import STAKE_UNITS, Adaptive, Contract, Step, open_account

DELTA = Fraction(1, 20)
SHARE, FLOW = Fraction(1, 4), Fraction(1, 100)
DEPTH = 7

StakeOf = Callable[[str], int | None]


def random_stakes(seed: int) -> StakeOf:
    """A stake for every transcript, or none; seeded, and the same each time it is asked."""

    def stake_of(transcript: str) -> int | None:
        rng = random.Random(f"{seed} {transcript}")
        return rng.choice([None, rng.randrange(1, STAKE_UNITS * 95 // 100)])

    return stake_of


STAKES: dict[str, StakeOf] = {
    "always the highest": lambda _s: STAKE_UNITS * 95 // 100,
    "always the lowest": lambda _s: 1,
    "from the third evaluation on": lambda s: STAKE_UNITS // 2 if len(s) > 2 else None,
    **{f"random {seed}": random_stakes(seed) for seed in range(6)},
}


def exact_levels(stake_of: StakeOf) -> dict[str, Fraction]:
    """Level at every transcript of at most `DEPTH` outcomes, from the formulas of the section."""
    found: dict[str, Fraction] = {}

    def visit(s: str, automatic: Fraction, declared: Fraction, is_split: bool) -> None:
        if len(s) >= DEPTH:
            return
        own = Fraction(s.count("P") + 1, len(s) + 5)
        stake = stake_of(s)
        if stake is not None and not is_split:
            automatic, declared, is_split = automatic * SHARE, automatic * (1 - SHARE), True
        q = own if stake is None else Fraction(stake, STAKE_UNITS)
        found[s] = automatic * own + declared * q
        for outcome, a, d in (("P", automatic * own, declared * q), ("f", automatic * (1 - own), declared * (1 - q))):
            flow = FLOW if is_split else Fraction(0)
            visit(s + outcome, (1 - flow) * a + flow * d, (1 - flow) * d + flow * a, is_split)

    visit("", DELTA, Fraction(0), False)
    return found


def account_levels(stake_of: StakeOf) -> dict[str, float]:
    """The same from the account."""
    account = open_account(Contract(0.95))
    levels = {}
    for length in range(DEPTH):
        for outcomes in itertools.product("Pf", repeat=length):
            s = "".join(outcomes)
            now = account.after_all(Step(o == "P", Adaptive(), stake=stake_of(s[:i])) for i, o in enumerate(s))
            levels[s] = math.exp(now.next_log_level(Adaptive(), stake_of(s)))
    return levels


def worst_case(level_of: dict[str, Fraction]) -> Fraction:
    """Largest probability of a false proof over all assignments of good and bad to transcripts (theory.md §4.1)."""

    def best(s: str) -> Fraction:
        if s not in level_of:
            return Fraction(0)
        return best(s + "f") + max(level_of[s], best(s + "P"))

    return best("")


@pytest.mark.parametrize("name", STAKES)
def test_stakes__no_strategy_exceeds_delta(name: str) -> None:
    """(T) §4.5, Theorem A: the worst sum is at most δ, in exact fractions, for every way to stake."""
    assert worst_case(exact_levels(STAKES[name])) <= DELTA


@pytest.mark.parametrize("name", STAKES)
def test_account__agrees_with_the_formulas(name: str) -> None:
    """The account's levels are those of the section, at all 127 transcripts."""
    exact = exact_levels(STAKES[name])

    assert account_levels(STAKES[name]) == {s: pytest.approx(float(level), rel=1e-12) for s, level in exact.items()}


@pytest.mark.parametrize("name", STAKES)
def test_guard__leaves_a_share_of_the_adaptive_level(name: str) -> None:
    """(T) §4.5: whatever is declared, the level is at least ¼ · 0.99^h of the one without stakes."""
    plain = exact_levels(lambda _s: None)

    staked = exact_levels(STAKES[name])

    assert all(staked[s] >= SHARE * (1 - FLOW) ** len(s) * plain[s] for s in plain)


def test_stake__changed_after_the_outcome_breaks_the_promise() -> None:
    """A stake that is high where the test will pass and low where it fails is no code: the sum is far above δ."""
    high, low = STAKE_UNITS * 95 // 100, 1
    declared = exact_levels(lambda _s: high)[""]

    def sum_of_levels(s: str, automatic: Fraction, unspent: Fraction) -> Fraction:
        """Every candidate bad: at each transcript the level of the high stake is tried, and a FAIL pays the low one."""
        if len(s) >= 32:
            return Fraction(0)
        own = Fraction(1, len(s) + 5)
        level = automatic * own + unspent * Fraction(high, STAKE_UNITS)
        return level + sum_of_levels(s + "f", automatic * (1 - own), unspent * (1 - Fraction(low, STAKE_UNITS)))

    assert declared < DELTA
    assert sum_of_levels("", DELTA * SHARE, DELTA * (1 - SHARE)) > 20 * DELTA
