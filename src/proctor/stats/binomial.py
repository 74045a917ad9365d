"""
Exact inference for one proportion: accuracies, and how often two models differ (theory.md §3.1).

Clopper and Pearson's bounds and the binomial test, one-sided,
at levels as small as an account of many steps makes them.
What compares two models on the same examples belongs in :mod:`proctor.stats.paired`.
"""

from __future__ import annotations

import math

from proctor.errors import DomainError
from proctor.stats import tails
from proctor.stats.domain import check_log_stake, count, log_of_level


def lower_bound(successes: int, n_examples: int, level: float) -> float:
    """
    Proportion that the true one exceeds, except with probability at most *level*.

    The one-sided bound of Clopper and Pearson (1934); exact for every sample size and every proportion.

    Args:
        successes: Examples with the property; a whole number in [0, n_examples].
        n_examples: Independent examples; >= 0.
        level: Probability that the bound lies above the true proportion; in (0, 1).

    Returns:
        A number in [0, 1]; 0 if nothing was observed.

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        96 of 100 right is 86 % at 99.9 % confidence, not 96 %:

        >>> round(lower_bound(successes=96, n_examples=100, level=0.001), 4)
        0.8598
    """
    return _lower(*_counts(successes, n_examples), level)


def upper_bound(successes: int, n_examples: int, level: float) -> float:
    """
    Proportion that the true one stays below, except with probability at most *level*.

    The mirror image of `lower_bound`, with successes and failures exchanged; 1 if nothing was observed.

    Example:
        No failure in 1,000 examples still allows 0.69 % of them at 99.9 % confidence:

        >>> round(upper_bound(successes=0, n_examples=1000, level=0.001), 4)
        0.0069
    """
    k, n = _counts(successes, n_examples)
    return min(1.0, math.nextafter(1 - _lower(n - k, n, level), 2))  # near 1 the last digit is worth more than a level


def log_p_value(successes: int, n_examples: int, threshold: float, *, above: bool) -> float:
    """
    Natural logarithm of the exact p-value of the hypothesis that the proportion is at most *threshold*.

    With ``above=False``, of the hypothesis that it is at least the threshold.
    Logarithms, because the levels of a long-lived account are below what a float can hold (theory.md §3.6).

    Args:
        successes: Examples with the property; a whole number in [0, n_examples].
        n_examples: Independent examples; >= 0.
        threshold: Proportion to compare with; any finite number.
        above: True if the evidence sought is that the proportion lies above the threshold.

    Returns:
        A number in [-inf, 0]; -inf where the hypothesis is impossible.

    Raises:
        DomainError: If an argument lies outside its domain.
    """
    k, n = _counts(successes, n_examples)
    if not math.isfinite(threshold):
        raise DomainError(f"a threshold must be a finite number, not {threshold!r}")
    if above:
        return -math.inf if threshold < 0 else tails.log_upper_tail(k, n, threshold)
    return -math.inf if threshold > 1 else tails.log_lower_tail(k, n, threshold)


def rejects(successes: int, n_examples: int, threshold: float, log_level: float, above: bool = True) -> bool:
    """
    True if the sample proves that the proportion lies above (or below) *threshold*.

    The probability of a wrong True is at most exp(*log_level*), whatever the true proportion.

    Args:
        successes: Examples with the property; a whole number in [0, n_examples].
        n_examples: Independent examples; >= 0.
        threshold: Proportion to compare with; any finite number.
        log_level: Natural logarithm of the level; < 0, and -inf (a spent account) never rejects.
        above: True tests the hypothesis "at most the threshold", False "at least the threshold".

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        970 of 1,000 prove more than 95 % at a level of 1 %, but not at 0.1 %:

        >>> rejects(970, 1000, 0.95, math.log(0.01)), rejects(970, 1000, 0.95, math.log(0.001))
        (True, False)
    """
    check_log_stake(log_level)
    evidence = log_p_value(successes, n_examples, threshold, above=above)
    return log_level > -math.inf and evidence <= log_level


def _lower(successes: int, n_examples: int, level: float) -> float:
    log_level = log_of_level(level)
    if successes == 0:
        return 0.0
    return math.exp(tails.log_lower_quantile(successes, n_examples, log_level))


def _counts(successes: int, n_examples: int) -> tuple[int, int]:
    n = count("the number of examples", n_examples)
    return count("the number of successes", successes, most=n), n
