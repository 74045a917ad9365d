"""
Exact inference for the difference of two accuracies measured on the same examples (theory.md §3.2).

Per example the candidate wins (it alone is right), loses (the baseline alone is right) or ties;
wins, losses and the number of examples are all that counts,
so only examples on which the predictions differ need a label.
How outcomes are ordered, how the worst case is certified and how a region is found are in modules of their own;
single accuracies belong in :mod:`proctor.stats.binomial`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from proctor.stats import normal
from proctor.stats.domain import log_of_level
from proctor.stats.resolution import Demand, reachable_tolerance, sample_size
from proctor.stats.unconditional import PairedTest

__all__ = ["Demand", "PairedTest", "lower_bound", "p_value", "reachable_tolerance", "sample_size", "upper_bound"]

_MARGIN = 0.01  # a bound gives away 1 % of its level, a tenth of a hundredth of its width, for speed
_CLEAR = 8.0  # evidence this much (over the root of the discordant examples) to spare is beyond the lattice's jitter


def p_value(wins: int, losses: int, n_examples: int, threshold: float, level: float) -> float:
    """
    P-value of the hypothesis that the candidate is better than the baseline by at most *threshold*.

    One-sided, exact for every sample size and population, certified: never below the true supremum.
    It is valid against *level* alone, because the nuisance's interval depends on the level (Berger & Boos 1994);
    where it is at most the level it lies within 5 % of the exact value, elsewhere any valid value may be given.

    Args:
        wins: Examples on which the candidate alone is right; a whole number.
        losses: Examples on which the baseline alone is right; a whole number.
        n_examples: Size of the sample, ties included; at least wins + losses.
        threshold: Difference of the two accuracies; any finite number, negative for non-inferiority.
        level: The level that the p-value will be compared with; in (0, 1).

    Returns:
        A number in [0, 1].

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        60 wins against 25 losses in 1,000 examples are proof of progress at 0.1 %, whatever the share of disagreements:

        >>> p_value(60, 25, 1000, threshold=0.0, level=0.001) <= 0.001
        True
    """
    return PairedTest(n_examples, threshold, log_of_level(level)).p_value(wins, losses)


def lower_bound(wins: int, losses: int, n_examples: int, level: float) -> float:
    """
    Difference of accuracies that the true one exceeds, except with probability at most *level*.

    Every threshold up to the bound is rejected at the level:
    found by bisection, then checked downwards in steps of 1 / (4 n_examples) until the evidence is clear.
    Between these steps it is not certified (the rejected thresholds need not form an interval),
    so a verdict must use :class:`PairedTest` at its own threshold.

    Args:
        wins: Examples on which the candidate alone is right; a whole number.
        losses: Examples on which the baseline alone is right; a whole number.
        n_examples: Size of the sample, ties included; at least wins + losses.
        level: Probability that the bound lies above the true difference; in (0, 1).

    Returns:
        A number in [-1, 1]; -1 if nothing was observed.

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        60 wins against 25 losses in 1,000 examples: 3.5 points better, surely more than half a point:

        >>> lower_bound(60, 25, 1000, level=0.001) > 0.005
        True
    """
    log_level = log_of_level(level)
    anything = PairedTest(n_examples, -1.0, log_level)
    n, (wins, losses) = anything.n_examples, anything.counts(wins, losses)
    if not anything.rejects(wins, losses):  # nothing was observed, or nothing but losses
        return -1.0

    def is_rejected(threshold: float, margin: float = _MARGIN) -> bool:
        return PairedTest(n, threshold, log_level).rejects_clearly(wins, losses, margin)

    found = _bisected(is_rejected, wins, losses, n, log_level)
    step = 1 / (4 * n)
    clear = _CLEAR / math.sqrt(wins + losses + 1)
    checked = found
    while checked > -1 and not is_rejected(checked, clear):
        if not is_rejected(checked):
            found = max(checked - step, -1.0)
        checked -= step
    return found


def upper_bound(wins: int, losses: int, n_examples: int, level: float) -> float:
    """
    Difference of accuracies that the true one stays below, except with probability at most *level*.

    The mirror image of :func:`lower_bound`, with wins and losses exchanged; 1 if nothing was observed.

    Example:
        No difference on 10,000 examples: the candidate is better by less than a tenth of a point, at 99.9 %:

        >>> upper_bound(0, 0, 10_000, level=0.001) < 0.001
        True
    """
    return -lower_bound(losses, wins, n_examples, level)


def _bisected(is_rejected: Callable[[float], bool], wins: int, losses: int, n_examples: int, log_level: float) -> float:
    """Threshold that is rejected, close below one that is not; -1 is rejected by assumption."""
    estimate = (wins - losses) / n_examples
    reach = max(-normal.quantile(log_level), 1.0) * math.sqrt(wins + losses + 1) / n_examples
    low, high = -1.0, min(1.0, estimate + reach)
    for guess in (estimate - 1.2 * reach, estimate - 0.9 * reach):
        if low < guess < high:
            low, high = (guess, high) if is_rejected(guess) else (low, guess)
    while high - low > 1 / (8 * n_examples):
        middle = (low + high) / 2
        low, high = (middle, high) if is_rejected(middle) else (low, middle)
    return low
