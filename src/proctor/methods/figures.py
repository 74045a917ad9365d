"""Figures of a method: shares of examples, and numbers in plain words."""

from __future__ import annotations

import math
from decimal import Decimal
from enum import StrEnum

from proctor.language import Clause, Variable
from proctor.language.tree import decimal_text

MODELS = {Variable.N: "new", Variable.O: "old", Variable.A: "the anchor"}
"""Models as sentences name them."""


class Unit(StrEnum):
    """Unit in which people are told a tolerance."""

    POINTS = "points"
    """Hundredths, of a quantity that is a share."""
    OWN = "own"
    """That of the quantity itself."""


def share(count: int, n_examples: int) -> float:
    """*count* as a share of the examples; NaN without examples."""
    return count / n_examples if n_examples else math.nan


def ahead(clause: Clause, subject: str, more: str, less: str, than: str, by: str = " by") -> str:
    """Words that say that a subject is ahead of another, or not too far behind, and by how many points."""
    margin = points(abs(clause.threshold))
    if not clause.above:
        more, less = less, more
    towards = clause.threshold if clause.above else -clause.threshold
    if towards < 0:
        return f"{subject} at most {margin} {less} {than}"
    return f"{subject} {more} {than}" + (f"{by} more than {margin}" if towards else "")


def figure(value: float) -> str:
    """
    Plain number of at most twelve digits.

    >>> figure(100 * 0.07)  # not 7.000000000000001
    '7'
    """
    return decimal_text(Decimal(format(value, ".12g")))


def percent(value: float) -> str:
    """A share in per cent."""
    return f"{figure(100 * value)} %"


def points(value: float) -> str:
    """A difference of shares in points; 1 point is 0.01."""
    number = figure(100 * value)
    return f"{number} point" if number == "1" else f"{number} points"
