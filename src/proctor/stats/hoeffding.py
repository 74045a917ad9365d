"""
Hoeffding's inequality as ease.ml/ci uses it: the sizes of ``bound: hoeffding``, for comparison and compatibility.

It knows nothing of variances, so it asks for many times the examples of the exact tests beside it; no verdict under
``bound: exact`` comes from here. Source: Hoeffding 1963, Theorem 2; theory.md §3.4. The border: numbers in, numbers
out, and nothing heavier than `math`, because a plan by the paper's bounds must start fast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from proctor.errors import DomainError
from proctor.stats.domain import LARGEST_COUNT, check_log_level, check_positive, count, log_of_level, too_many


def sample_size(tolerance: float, level: float, span: float = 1.0) -> int:
    """
    Smallest n for which a mean of n independent values exceeds its expectation by less than *tolerance*.

    The bound is one-sided and holds for every distribution on an interval of length *span*:
    the probability of a larger error is at most *level* (Hoeffding 1963, Theorem 2; theory.md §3.4).

    Args:
        tolerance: Tolerated error, in the unit of the values; > 0.
        level: Probability of exceeding the tolerance; in (0, 1).
        span: Length of the interval holding every value; 1 for accuracies, 2 for differences of them.

    Returns:
        Number of examples, rounded up.

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        One point of accuracy at 99.9 % confidence needs 34,539 labels:

        >>> sample_size(tolerance=0.01, level=0.001)
        34539
    """
    return log_level_sample_size(tolerance, log_of_level(level), span)


def log_level_sample_size(tolerance: float, log_level: float, span: float = 1.0) -> int:
    """
    `sample_size` at a level given by its natural logarithm, for levels that a float cannot hold.

    >>> log_level_sample_size(0.05, -1000.0)
    200000
    """
    check_positive("tolerance", tolerance)
    check_positive("span", span)
    check_log_level(log_level)
    return whole_examples(span * span * -log_level / (2 * tolerance * tolerance))


def composite_log_level_sample_size(tolerance: float, log_level: float, coefficients: Sequence[float]) -> int:
    """
    Smallest n at which a sum of separately estimated accuracies errs by less than *tolerance*.

    Tolerance and level are split over the m variables as the paper does; the best split needs
    (Σ|c|)² ln(m/level) / (2 tolerance²) examples, each variable lying in [0, 1] (theory.md §3.4).

    Args:
        tolerance: Tolerated error of the whole expression; > 0.
        log_level: Natural logarithm of the probability of exceeding the tolerance; below 0.
        coefficients: One for each variable, none of them 0.

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        >>> composite_log_level_sample_size(0.02, math.log(0.002 / 7), [1, -1])
        44269
    """
    check_log_level(log_level)
    return log_level_sample_size(tolerance, log_level - math.log(len(coefficients)), _weight(coefficients))


def composite_tolerance(n_examples: int, log_level: float, coefficients: Sequence[float]) -> float:
    """
    Tolerance that *n_examples* reach, the inverse of `composite_log_level_sample_size`; infinite for no example.

    >>> round(composite_tolerance(44269, math.log(0.002 / 7), [1, -1]), 6)
    0.02
    """
    check_log_level(log_level)
    if count("the number of examples", n_examples) == 0:
        return math.inf
    return _weight(coefficients) * math.sqrt((math.log(len(coefficients)) - log_level) / (2 * n_examples))


def _weight(coefficients: Sequence[float]) -> float:
    if len(coefficients) == 0 or not all(c != 0 and math.isfinite(c) for c in coefficients):
        raise DomainError(f"coefficients must be finite numbers other than 0, at least one, not {list(coefficients)!r}")
    return sum(abs(c) for c in coefficients)


# --- what Bennett's inequality shares --------------------------------------------------------------------------------


def whole_examples(size: float) -> int:
    """*size* rounded up to a number of examples; the last bits of a float never cost an example."""
    if not size <= LARGEST_COUNT:
        raise too_many(LARGEST_COUNT)
    return max(1, math.ceil(size * (1 - 1e-13)))
