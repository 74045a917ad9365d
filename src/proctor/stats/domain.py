"""
The domains of the arguments that statistics share: counts, levels and their logarithms.

Counts come from anywhere: lists, NumPy arrays of few bits, files read as floats. Here they become Python's integers,
which neither wrap around nor lose digits, or a :class:`DomainError` that quotes them. Nothing heavier than `math` is
imported, because a plan by the paper's bounds must start fast.
"""

from __future__ import annotations

import math
import operator
from typing import SupportsIndex, cast

from proctor.errors import DomainError

LARGEST_COUNT = 2**53
"""Beyond it floats no longer tell neighboring whole numbers apart."""

LARGEST_SAMPLE = 10**9
"""Larger samples are neither tested nor searched for where a test costs memory that grows with them."""


def count(name: str, value: object, most: int = LARGEST_COUNT) -> int:
    """
    A count as an integer.

    Args:
        name: What is counted, for the message.
        value: A whole number in [0, most]; NumPy's integers and floats without a fraction are whole numbers too.
        most: Largest value allowed.

    Raises:
        DomainError: If *value* is none.

    Example:
        >>> count("the number of wins", 12.0)
        12
    """
    try:
        is_whole = isinstance(value, float) and value.is_integer()
        whole = int(cast("float", value)) if is_whole else int(operator.index(cast("SupportsIndex", value)))
    except TypeError:
        whole = -1
    if not 0 <= whole <= most:
        limits = "from 0 up" if most == LARGEST_COUNT and whole < 0 else f"from 0 to {most:,}"
        raise DomainError(f"{name} must be a whole number {limits}, not {value!r}")
    return whole


def too_many(most: int) -> DomainError:
    """The error of a search for a sample size that has come to its end."""
    return DomainError(f"more than {most:,} examples would be needed", hint="Ask for a wider tolerance.")


def log_of_level(level: float) -> float:
    """Natural logarithm of a level in (0, 1)."""
    if not 0 < level < 1:
        raise DomainError(f"a level must lie between 0 and 1, not {level!r}")
    return math.log(level)


def check_log_level(log_level: float) -> None:
    """Refuse what is not the natural logarithm of a level in (0, 1)."""
    if not -math.inf < log_level < 0:
        raise DomainError(f"the logarithm of a level must be negative and finite, not {log_level!r}")


def check_log_stake(log_level: float) -> None:
    """Refuse what is not the natural logarithm of a level in [0, 1); that of 0, a spent account, is -inf."""
    if not log_level < 0:
        raise DomainError(f"the logarithm of a level must be negative, not {log_level!r}")


def check_positive(name: str, value: float) -> None:
    """Refuse a value that is not a finite number above 0."""
    if not 0 < value < math.inf:
        raise DomainError(f"{name} must be a finite number above 0, not {value!r}")
