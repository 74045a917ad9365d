"""
Betting on bounded scores: the exact test of any mean, and with it of any linear expression of accuracies.

STaR-Bets (Voráček & Orabona 2025, arXiv 2505.22422; theory.md §3.3). A gambler who bets against the hypothesis cannot
expect to gain if it is true; a capital of 1/level therefore refutes it, by Ville's inequality, for every distribution
on the interval. The bets aim at exactly that capital at the last example, so they adapt to the variance.

The order of the scores matters and must be fixed before any label is read. The border: scores in, decision or bound
out; where scores come from, and over which range a linear expression moves, is known elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DomainError
from proctor.stats.domain import check_log_stake, log_of_level

Floats = NDArray[np.float64]
Scores = Sequence[float] | Floats

MARGIN = 1e-4
"""Keeps the first variance away from 0 and the largest bet away from ruin."""

ROUNDING = 1e-9
"""Log-capital that a million steps of floating-point arithmetic may invent; it has to be earned on top."""

PIECE = 1 << 14
"""Scores for which the variance is computed at once; a refutation rarely takes more."""

RUNGS = 1_024
"""Rungs of the ladder of means, which is the same for every sample."""

TOGETHER = 1 << 12
"""Scores on which the bets against all rungs are made side by side; few rungs are left then."""

COARSE, FINE, ROUNDS = 16, 8, 7
"""Points of the search for a bound: in the first round, in later ones; number of later rounds (3e-8 of the range)."""


def rejects(scores: Scores, threshold: float, log_level: float, low: float = 0.0, high: float = 1.0) -> bool:
    """
    True if the hypothesis that the scores have a mean of at most *threshold* is refuted at the level.

    Wrong with probability at most the level for every distribution on [low, high], however small the sample
    (theory.md §3.3). Costs one pass over the scores, in the order given.

    Args:
        scores: One score for each example, in an order that was fixed before any of them was known.
        threshold: Hypothetical mean, in the unit of the scores.
        log_level: Natural logarithm of the level; < 0, and ``-inf`` (a spent account) never rejects.
        low: Smallest value that a score can have.
        high: Largest value that a score can have; above *low*.

    Raises:
        DomainError: If an argument lies outside its domain; if a score is NaN or outside [low, high].

    Example:
        32 answers graded by a judge, 0.875 on average, prove a mean above 0.6 at a level of e^-7:

        >>> rejects([0.9, 0.8, 1.0, 0.9, 0.7, 0.9, 1.0, 0.8] * 4, threshold=0.6, log_level=-7.0)
        True
    """
    scaled = _scaled(scores, low, high)
    check_log_stake(log_level)
    if math.isnan(threshold):
        raise DomainError("threshold must be a number, not NaN")
    return log_level > -math.inf and _refutes(scaled, (threshold - low) / (high - low), -log_level)


def lower_bound(scores: Scores, level: float, low: float = 0.0, high: float = 1.0) -> float:
    """
    Lower confidence bound on the mean of bounded scores: every mean tried below it is refuted at the level.

    For the owner's eyes. The means that the test refutes need not form an interval, and between the points of a
    grid of a sixteenth of the range, refined where the bound lies, none are tried; so a verdict tests its own
    threshold with `rejects` and never compares with this bound (theory.md §3.2, last paragraph but one).

    Args:
        scores: One score for each example, in an order that was fixed before any of them was known.
        level: Probability that the bound exceeds the mean; in (0, 1).
        low: Smallest value that a score can have.
        high: Largest value that a score can have; above *low*.

    Raises:
        DomainError: If an argument lies outside its domain; if a score is NaN or outside [low, high].

    Example:
        The same 32 grades prove a mean above 0.6 at 0.1 %, and none above their own:

        >>> 0.6 < lower_bound([0.9, 0.8, 1.0, 0.9, 0.7, 0.9, 1.0, 0.8] * 4, level=0.001) < 0.875
        True
    """
    scaled = _scaled(scores, low, high)
    return low + (high - low) * _first_unrefuted(scaled, -log_of_level(level))


def upper_bound(scores: Scores, level: float, low: float = 0.0, high: float = 1.0) -> float:
    """
    Upper confidence bound on the mean of bounded scores: every mean tried above it is refuted at the level.

    The mirror image of `lower_bound`, with its arguments and errors, and like it for the owner's eyes.

    Example:
        Without a score nothing is known:

        >>> upper_bound([], level=0.01)
        1.0
    """
    mirrored = 1 - _scaled(scores, low, high)
    return high - (high - low) * _first_unrefuted(mirrored, -log_of_level(level))


def surely_above(scores: Scores, log_level: float, low: float = 0.0, high: float = 1.0) -> float:
    """
    A number below the mean, for a verdict that compares it with what else is shown.

    It is the highest rung of a fixed ladder such that it and every one below are refuted, *low* where none is. If it
    were not below the mean, the lowest rung that is not would have been refuted, too: that is one hypothesis, true and
    certain beforehand, so it happens with probability at most the level. (The means that the test refutes need not
    form an interval: the largest refuted one alone would prove nothing.)

    Arguments and errors are those of `rejects`; at a level of 0 (``-inf``, a spent account) it is *low*.
    """
    scaled = _scaled(scores, low, high)
    check_log_stake(log_level)
    if not len(scaled) or log_level == -math.inf:
        return low
    rungs = np.arange(math.ceil(scaled.mean() * RUNGS) + 1) / RUNGS  # ends anywhere: a lower end shows less
    left = np.flatnonzero(~_soon_refuted(scaled, rungs, -log_level))
    kept = (rung for rung in left.tolist() if not _refutes(scaled, rung / RUNGS, -log_level))
    return low + (high - low) * max(next(kept, len(rungs)) - 1, 0) / RUNGS


def surely_below(scores: Scores, log_level: float, low: float = 0.0, high: float = 1.0) -> float:
    """A number above the mean; the mirror image of `surely_above`."""
    return -surely_above(-np.asarray(scores, dtype=np.float64), log_level, -high, -low)


def _first_unrefuted(scaled: Floats, needed: float) -> float:
    """Largest point found such that every point tried up to it is refuted; 0 if none is."""
    left, right, points = 0.0, 1.0, COARSE
    if not _refutes(scaled, left, needed):
        return 0.0
    for _ in range(1 + ROUNDS):
        width = (right - left) / points
        step = next((i for i in range(1, points) if not _refutes(scaled, left + i * width, needed)), points)
        left, right, points = left + (step - 1) * width, left + step * width, FINE
    return left


def _refutes(scaled: Floats, mean: float, needed: float) -> bool:
    """
    True if the capital ever reaches e^needed when betting against *mean*, on scores in [0, 1].

    The bet on each score depends on all scores before it (notation of theory.md §3.3): by the capital, which takes a
    loop over floats, and by the variance, which is known for a whole piece at once.
    """
    if mean < 0:
        return True
    if mean >= 1:
        return False
    capital, target, largest_bet = 0.0, needed + ROUNDING, 1 / (mean + MARGIN)
    sqrt, log1p = math.sqrt, math.log1p
    for gains, half_spreads in _pieces(scaled, mean):
        for gain, half_spread in zip(gains, half_spreads, strict=True):
            bet = sqrt((target - capital) / half_spread)
            capital += log1p((largest_bet if bet > largest_bet else bet) * gain)
            if capital >= target:
                return True
    return False


def _soon_refuted(scaled: Floats, means: Floats, needed: float) -> NDArray[np.bool_]:
    """True of each mean that the bets of `_refutes` refute by the first scores of the sample."""
    refuted, target, n = np.zeros(len(means), np.bool_), needed + ROUNDING, len(scaled)
    at, mean = np.arange(len(means)), means
    capital, squares = np.zeros(len(means)), np.zeros(len(means))
    for seen, score in enumerate(scaled[:TOGETHER].tolist()):
        variance = mean * (1 - mean) + MARGIN
        if seen:
            variance = np.minimum(squares / seen + (mean + MARGIN) * (n / seen**2), variance)
        bet = np.minimum(np.sqrt((target - capital) / (variance * ((n - seen) / 2))), 1 / (mean + MARGIN))
        gain = score - mean
        capital += np.log1p(bet * gain)
        squares += gain * gain
        done = capital >= target
        if done.any():
            refuted[at[done]] = True
            at = at[~done]
            mean, capital, squares = np.stack([mean, capital, squares])[:, ~done]
        if not len(at):
            break
    return refuted


def _pieces(scaled: Floats, mean: float) -> Iterator[tuple[list[float], list[float]]]:
    """Gain of each score over *mean*, and half the spread to come as it looks before that score, in pieces."""
    n, squares = len(scaled), 0.0
    largest = mean * (1 - mean) + MARGIN
    for start in range(0, n, PIECE):
        gains = scaled[start : start + PIECE] - mean
        sums = np.cumsum(np.concatenate([[squares], gains * gains]))  # one by one, as a loop would
        squares = sums[-1]
        seen = np.arange(start, start + len(gains), dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = sums[:-1] / seen + (mean + MARGIN) * n / (seen * seen)
        variance = np.where(seen == 0, largest, np.minimum(variance, largest))
        yield gains.tolist(), ((n - seen) * variance / 2).tolist()


def _scaled(scores: Scores, low: float, high: float) -> Floats:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise DomainError(f"low and high must be finite with low < high, not {low!r} and {high!r}")
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1:
        raise DomainError(f"scores must be one-dimensional, not of shape {values.shape}")
    outside = ~((values >= low) & (values <= high))
    if outside.any():
        at = int(np.argmax(outside))
        raise DomainError(
            f"score {at} is {float(values[at])!r}, outside the declared range [{low!r}, {high!r}]",
            hint="Declare the range that scores can have; it must not be read off the sample.",
        )
    scaled: Floats = np.clip((values - low) / (high - low), 0.0, 1.0)
    return scaled
