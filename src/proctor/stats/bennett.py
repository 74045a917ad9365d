"""
Bennett's inequality as ease.ml/ci uses it: the sizes of ``bound: bennett``, for comparison and compatibility.

It profits from a bound p on the second moment, which for a difference of accuracies is the share of changed
predictions. Source: Bennett 1962; theory.md §3.4. The border is that of `proctor.stats.hoeffding`.
"""

from __future__ import annotations

import math

from proctor.errors import DomainError
from proctor.stats.domain import check_log_level, check_positive, count, log_of_level
from proctor.stats.hoeffding import whole_examples


def sample_size(tolerance: float, level: float, variance: float) -> int:
    """
    Smallest n for which a mean of n independent values differs from its expectation by less than *tolerance*.

    Two-sided, as the paper has it: ln(2/level) / (p·h(tolerance/p)) with h(u) = (1 + u) ln(1 + u) − u and p the
    *variance* (Bennett 1962; theory.md §3.4). The values deviate from their expectation by at most 1 upwards.

    Args:
        tolerance: Tolerated error, in the unit of the values; > 0.
        level: Probability of a larger error on either side; in (0, 1).
        variance: Bound on the mean square of the values; in (0, 1]. For ``n - o`` a bound on ``d``.

    Returns:
        Number of examples, rounded up.

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        The first query on SemEval-2019 Task 3, where any two commits differ on at most a tenth:

        >>> sample_size(tolerance=0.02, level=0.002 / 7, variance=0.1)
        4713
    """
    return log_level_sample_size(tolerance, log_of_level(level), variance)


def log_level_sample_size(tolerance: float, log_level: float, variance: float) -> int:
    """`sample_size` at a level given by its natural logarithm, for levels that a float cannot hold."""
    check_positive("tolerance", tolerance)
    _check_variance(variance)
    check_log_level(log_level)
    return whole_examples((math.log(2) - log_level) / _exponent(tolerance, variance))


def tolerance_reached(n_examples: int, log_level: float, variance: float) -> float:
    """
    Tolerance that *n_examples* reach, the inverse of `log_level_sample_size`; infinite for no example.

    >>> round(tolerance_reached(4713, math.log(0.002 / 7), 0.1), 5)
    0.02
    """
    _check_variance(variance)
    check_log_level(log_level)
    if count("the number of examples", n_examples) == 0:
        return math.inf
    needed = (math.log(2) - log_level) / n_examples
    low, high = 0.0, 1.0
    while _exponent(high, variance) < needed:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _exponent(middle, variance) < needed else (low, middle)
    return high


def _exponent(tolerance: float, variance: float) -> float:
    """p·h(ε/p), the exponent by which each example lowers the error probability."""
    u = tolerance / variance
    # (1 + u) ln(1 + u) − u loses half its digits to cancellation for small u; its series does not.
    h = u * u / 2 * (1 - u / 3 + u * u / 6) if u < 1e-4 else (1 + u) * math.log1p(u) - u
    return variance * h


def _check_variance(variance: float) -> None:
    if not 0 < variance <= 1:
        raise DomainError(f"variance must lie in (0, 1], not {variance!r}")
