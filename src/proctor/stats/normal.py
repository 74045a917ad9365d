"""
The normal distribution in logarithms: where a search begins, and what a forecast says; never a verdict.

`scipy.special` has the same. Loading it takes longer than all the rest of a check of a few thousand examples,
so what every check needs of it is here and in :mod:`.tails`; the tests compare both.
"""

from __future__ import annotations

import math

_ROOT_TWO = math.sqrt(2)
_LOG_ROOT_TWO_PI = 0.5 * math.log(2 * math.pi)
_FAR = -20.0  # from here on outwards the asymptotic series is good to the last digit
_MOST_STEPS = 50


def cdf(deviate: float) -> float:
    """
    Probability that a standard normal variable is at most *deviate*.

    Args:
        deviate: Any number, infinite ones too.
    """
    return 0.5 * math.erfc(-deviate / _ROOT_TWO)


def log_cdf(deviate: float) -> float:
    """
    Natural logarithm of the probability that a standard normal variable is at most *deviate*, at any depth.

    Args:
        deviate: Any number, infinite ones too.
    """
    if deviate > 0:
        return math.log1p(-cdf(-deviate))
    if deviate > _FAR:
        return math.log(cdf(deviate))
    square = deviate * deviate
    series = 1 - (1 - (3 - (15 - 105 / square) / square) / square) / square
    return -square / 2 - _LOG_ROOT_TWO_PI - math.log(-deviate) + math.log(series)


def quantile(log_probability: float) -> float:
    """
    Deviate that a standard normal variable stays below with a probability given by its natural logarithm.

    Args:
        log_probability: At most 0; -inf gives -inf, and 0 gives inf.
    """
    if log_probability >= 0 or log_probability == -math.inf:
        return math.inf if log_probability == 0 else -math.inf if log_probability < 0 else math.nan
    if log_probability > -math.log(2):
        return -quantile(math.log(-math.expm1(log_probability)))
    # too far out; from there Newton's steps on a concave function do not overshoot
    x = -math.sqrt(-2 * log_probability)
    for _ in range(_MOST_STEPS):
        found = log_cdf(x)
        step = (log_probability - found) * math.exp(found + x * x / 2 + _LOG_ROOT_TWO_PI)
        x += step
        if abs(step) <= 1e-14 * max(1.0, -x):
            break
    return x
