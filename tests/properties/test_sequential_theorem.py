"""
Labels one at a time (theory.md §3.10): exact probabilities of a wrong proof, and what happens where a rule is broken.

Every sequence of few examples is read, and every path of many where the state of a path is two numbers; probabilities
are fractions. Nothing here is drawn at random but the order that the last test breaks.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from proctor.stats.sequential import SHARE_OF_BETS, UNKNOWN, Answer, SequentialShare, SequentialTest

SMALL = 6
THRESHOLDS = [Fraction(0), Fraction(1, 10), Fraction(1, 2), Fraction(-1, 10), Fraction(-1, 2)]
LONG = [(Fraction(1, 5), 0.001), (Fraction(1, 2), 0.1)]
"""Threshold and miss: 60 disagreements spend four fifths and three quarters of the level."""


def sequential(n, c, level, miss, disagreement, futility=None):
    """A test at a level."""
    return SequentialTest(
        n_examples=n,
        threshold=float(c),
        log_level=math.log(level),
        log_miss=math.log(miss),
        disagreement=disagreement,
        futility=futility,
    )


def small_proofs(test):
    """Number of sequences that prove, for every number of wins and losses."""
    found = Counter()
    for sequence in itertools.product((-1, 0, 1), repeat=test.n_examples):
        outcomes = np.array(sequence, np.int8)
        reading = test.read(outcomes, outcomes != 0)
        assert reading.answer is not Answer.OPEN
        found[sequence.count(1), sequence.count(-1)] += reading.answer is Answer.PROVEN
    return found


def boundary(c):
    """Chances of a win and of a loss at the boundary, for shares of discordant examples from the least to 1."""
    least = abs(c)
    for step in range(9):
        psi = least + (1 - least) * Fraction(step, 8)
        yield (psi + c) / 2, (psi - c) / 2


@pytest.mark.parametrize("c", THRESHOLDS)
@pytest.mark.parametrize("level", [0.05, 0.3])
def test_read__short(c, level):
    """A wrong proof has at most the level for its chance, at every population on the boundary."""
    n = SMALL
    proofs = small_proofs(sequential(n, c, level, 0.1, 0.5))
    for win, lose in boundary(c):
        wrong = sum(k * win**w * lose**m * (1 - win - lose) ** (n - w - m) for (w, m), k in proofs.items())
        assert wrong <= Fraction(level)


def long_chance(test, c):
    """Chance of a proof at the boundary where the models differ on every example."""
    return chance_of_proof(test, (1 + c) / 2, -1)


def chance_of_proof(test, win, otherwise):
    """
    Chance of a proof where every example is won, or comes out *otherwise*.

    The bet is always the same then, so the number of wins is all that matters of a path that is still open.
    """
    n = test.n_examples
    everywhere = np.ones(n, np.bool_)
    alive, proven = {0: (Fraction(1), ())}, Fraction(0)
    for t in range(1, n + 1):
        grown = {}
        for wins, (mass, path) in alive.items():
            for outcome, chance in ((1, win), (otherwise, 1 - win)):
                k = wins + (outcome == 1)
                before, known = grown.get(k, (Fraction(0), (*path, outcome)))
                grown[k] = before + mass * chance, known
        alive = {}
        for k, (mass, path) in grown.items():
            answer = test.read(np.array([*path, *[UNKNOWN] * (n - t)], np.int8), everywhere).answer
            if answer is Answer.OPEN:
                alive[k] = mass, path
            proven += mass * (answer is Answer.PROVEN)
    assert not alive
    return proven


@pytest.mark.parametrize(("c", "miss"), LONG)
def test_read__long(c, miss):
    """A wrong proof has at most the level for its chance, even where nobody ever gives up."""
    for futility in (None, 30.0):
        assert long_chance(sequential(60, c, 0.05, miss, 1.0, futility), c) <= Fraction(0.05)


@pytest.mark.parametrize(("c", "miss"), LONG)
@pytest.mark.parametrize("factor", [1.5, 2.0])
def test_read__level_too_large(c, miss, factor):
    """A level that is half as large again breaks the promise: the chance above is no slack that hides mistakes."""
    assert long_chance(sequential(60, c, 0.05 * factor, miss, 1.0, 30.0), c) > Fraction(0.05)


@pytest.mark.parametrize(("c", "n"), [(Fraction(0), 72), (Fraction(1, 5), 77), (Fraction(1, 2), 63)])
def test_end__spends_its_share(c, n):
    """The test at the end spends its share of the level, and would spend more at a level half as large again."""
    share = (1 - Fraction(SHARE_OF_BETS)) * Fraction(0.05)
    assert end_chance(sequential(n, c, 0.05, 0.1, 1.0), c) <= share
    assert end_chance(sequential(n, c, 0.05 * 1.5, 0.1, 1.0), c) > share


def end_chance(test, c):
    """Chance that the test at the end proves, at the boundary where the models differ on every example."""
    n, win = test.n_examples, (1 + c) / 2
    proofs = (k for k in range(n + 1) if test.proves_at_the_end(k, n - k))
    return sum(math.comb(n, k) * win**k * (1 - win) ** (n - k) for k in proofs)


def share(n, c, level, *, is_above):
    """A test of a proportion, which never gives up."""
    log_level, log_miss = math.log(level), math.log(0.1)
    return SequentialShare(
        n_examples=n, threshold=c, log_level=log_level, log_miss=log_miss, futility=30.0, is_above=is_above
    )


@pytest.mark.parametrize("is_above", [True, False])
@pytest.mark.parametrize("c", [0.05, 0.5, 0.85])
def test_read__share(c, is_above):
    """A wrong proof of a proportion has at most the level for its chance."""
    boundary = Fraction(c) if is_above else 1 - Fraction(c)
    assert chance_of_proof(share(60, c, 0.05, is_above=is_above), boundary, 0) <= Fraction(0.05)


@pytest.mark.parametrize(("c", "is_above", "factor"), [(0.85, True, 1.5), (0.5, True, 2.0), (0.5, False, 2.0)])
def test_read__share_at_a_level_too_large(c, is_above, factor):
    """A larger level breaks the promise: 60 examples spend three quarters of it at 0.85, and half of it at 0.5."""
    boundary = Fraction(c) if is_above else 1 - Fraction(c)
    assert chance_of_proof(share(60, c, 0.05 * factor, is_above=is_above), boundary, 0) > Fraction(0.05)


def test_read__what_is_there_first():
    """
    Labels that are there, read before their turn, prove what is false.

    The labels of an earlier candidate were read until it passed; its wins are there. The next one differs from the
    baseline there and on as many other examples, where it loses: no gain at all.
    In 200 sets a correct test at a level of 0.001 proves twice or more with a probability of 2 %, nine times never
    (below 1e-15).
    """
    rng = np.random.default_rng(0)
    n = 600
    test = sequential(n, 0, 0.001, 0.1, 0.2)
    in_order = there_first = 0
    for _ in range(200):
        outcomes = rng.permutation(np.repeat(np.array([1, -1, 0], np.int8), [60, 60, n - 120]))
        is_there = outcomes == 1
        early = np.concatenate([outcomes[is_there], outcomes[~is_there]])
        in_order += test.read(outcomes, outcomes != 0).answer is Answer.PROVEN
        there_first += test.read(early, early != 0).answer is Answer.PROVEN
    assert in_order < 9
    assert there_first == 200
