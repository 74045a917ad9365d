"""
Growing test sets (theory.md §4.6, Theorem B1) by exact enumeration of every sample, and what breaks the theorem.

An example is one of four kinds, equally often. A candidate is right on two of them, so that its accuracy is ½ and the
condition n > ½ is false: every PASS is a false one. A developer chooses, for every transcript, a candidate; whoever
plans, how many of the six examples on the tape are in use. All 4,096 tapes are gone through, and counted.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache

import pytest

TAPE, DEPTH = 6, 4
TAPES = tuple(itertools.product(range(4), repeat=TAPE))
CANDIDATES = tuple(frozenset(pair) for pair in itertools.combinations(range(4), 2))
DELTA = Fraction(1, 2)
HALF = Fraction(1, 2)

Plan = Callable[[str], tuple[frozenset[int], slice]]
"""Candidate and examples in use for a transcript."""


@cache
def passes(right: int, examples: int, level: Fraction) -> bool:
    """The exact test of n > ½ on so many examples at a level."""
    tail = sum(math.comb(examples, k) for k in range(right, examples + 1))
    return Fraction(tail, 2**examples) <= level


def count(tape: Sequence[int], candidate: frozenset[int], examples: int) -> int:
    return sum(kind in candidate for kind in tape[:examples])


def passes_on(tape: Sequence[int], candidate: frozenset[int], level: Fraction) -> bool:
    return passes(count(tape, candidate, len(tape)), len(tape), level)


def has_false_pass(tape: Sequence[int], plan: Plan, stake_of: Callable[[str], Fraction] = lambda _s: HALF) -> bool:
    """Play one life; unless something else is staked, the code gives PASS and FAIL one half each."""
    transcript, budget = "", DELTA
    while len(transcript) < DEPTH:
        candidate, examples = plan(transcript)
        level = budget * stake_of(transcript)
        if passes_on(tape[examples], candidate, level):
            return True
        transcript, budget = transcript + "f", budget - level
    return False


def share(happens: Callable[[Sequence[int]], bool]) -> Fraction:
    return Fraction(sum(map(happens, TAPES)), len(TAPES))


def growing(seed: int) -> Plan:
    """Any candidate and any number of examples for each transcript; more or fewer than before."""

    @cache
    def plan(transcript: str) -> tuple[frozenset[int], slice]:
        rng = random.Random(f"{seed} {transcript}")
        return rng.choice(CANDIDATES), slice(rng.randint(2, TAPE))

    return plan


def appended(candidate: frozenset[int]) -> Plan:
    """One candidate again and again, with one example more each time."""
    return lambda transcript: (candidate, slice(2 + len(transcript)))


def window(seed: int) -> Plan:
    """Any candidate, and examples that come and go: the oldest are dropped, and new ones are added."""

    @cache
    def plan(transcript: str) -> tuple[frozenset[int], slice]:
        rng = random.Random(f"{seed} {transcript}")
        oldest = rng.randint(0, len(transcript))
        return rng.choice(CANDIDATES), slice(oldest, min(TAPE, oldest + rng.randint(2, 4)))

    return plan


PLANS = {
    **{f"any {seed}": growing(seed) for seed in range(40)},
    **{f"window {seed}": window(seed) for seed in range(8)},
    "one more each time": appended(CANDIDATES[0]),
}


@pytest.mark.parametrize("name", PLANS)
def test_growth__no_life_exceeds_delta(name: str) -> None:
    """(T) §4.6, B1: whatever the transcript adds to or takes from the examples in use, false passes stay within δ."""
    assert 0 < share(lambda tape: has_false_pass(tape, PLANS[name])) <= DELTA


def stakes_of(seed: int) -> Callable[[str], Fraction]:
    """A stake for every transcript."""

    @cache
    def stake_of(transcript: str) -> Fraction:
        return Fraction(random.Random(f"{seed} stake {transcript}").randint(1, 19), 20)

    return stake_of


def planned(seed: int) -> Plan:
    """Any candidate, and so many examples that the test can pass at all at what is staked: the plan N(s)."""
    stake_of = stakes_of(seed)

    @cache
    def plan(transcript: str) -> tuple[frozenset[int], slice]:
        budget = DELTA
        for end in range(len(transcript)):
            budget *= 1 - stake_of(transcript[:end])
        needed = next((n for n in range(1, TAPE) if Fraction(1, 2**n) <= budget * stake_of(transcript)), TAPE)
        return random.Random(f"{seed} {transcript}").choice(CANDIDATES), slice(needed)

    return plan


@pytest.mark.parametrize("seed", range(8))
def test_growth__planned_from_the_transcript_under_declared_stakes(seed: int) -> None:
    """(T) §4.5, §4.6: with stakes on a random tree, and as many examples as the plan asks for at each."""
    plan, stake_of = planned(seed), stakes_of(seed)

    assert 0 < share(lambda tape: has_false_pass(tape, plan, stake_of)) <= DELTA


def test_growth__stake_raised_where_the_test_passes_breaks_the_promise() -> None:
    """A stake that follows the outcome makes fails free, on a growing set as on any other."""

    def has_one(tape: Sequence[int]) -> bool:
        return any(passes_on(tape[:n], candidate, DELTA * HALF) for n in range(3, TAPE + 1) for candidate in CANDIDATES)

    assert share(has_one) > DELTA


def test_growth__extension_decided_from_a_p_value_breaks_the_promise() -> None:
    """An owner who looks, and adds examples until the test passes, gives a PASS more often than its level says."""
    level, candidate = Fraction(1, 4), CANDIDATES[0]

    def passes_in_the_end(tape: Sequence[int]) -> bool:
        return any(passes(count(tape, candidate, n), n, level) for n in range(2, TAPE + 1))

    assert all(
        share(lambda tape, n=n: passes(count(tape, candidate, n), n, level)) <= level for n in range(2, TAPE + 1)
    )
    assert share(passes_in_the_end) > level


def test_growth__drop_by_content_breaks_the_promise() -> None:
    """An owner who drops one example that the candidate got wrong turns fails into passes."""
    level, candidate = Fraction(1, 4), CANDIDATES[0]

    def without_a_mistake(tape: Sequence[int]) -> Sequence[int]:
        mistakes = [row for row, kind in enumerate(tape) if kind not in candidate]
        return [*tape[: mistakes[0]], *tape[mistakes[0] + 1 :]] if mistakes else tape

    assert share(lambda tape: passes_on(tape[1:], candidate, level)) <= level
    assert share(lambda tape: passes_on(without_a_mistake(tape), candidate, level)) > level


def test_growth__account_reset_with_old_examples_in_use_breaks_the_promise() -> None:
    """A budget that is whole again because examples were added, with the old ones still in use, is spent twice."""
    delta = Fraction(1, 16)

    def has_one(tape: Sequence[int]) -> bool:
        return any(passes(count(tape, candidate, n), n, delta) for candidate in CANDIDATES for n in (4, 5))

    assert share(has_one) > delta
