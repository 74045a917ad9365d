"""The key `feedback`: what is released beside the verdict."""

from __future__ import annotations

import math
from decimal import Decimal
from enum import StrEnum
from typing import Any

from proctor.frozen import dataclass
from proctor.gatefile.kinds import Choice, ListOf, Number, Text
from proctor.gatefile.sections import Key, Made, Section, WordOrMap


@dataclass(frozen=True)
class VerdictOnly:
    """Nothing is released but the verdict."""

    most_bits = 0.0


@dataclass(frozen=True)
class ThreeWay:
    """“Cannot tell” is told apart from “no”, at the price of a bit."""

    most_bits = 1.0


@dataclass(frozen=True)
class Estimate:
    """
    An estimate, rounded to a declared grid, is released at its code length (theory.md §4.3.2).

    Attributes:
        of: The expression that is estimated.
        low: First point of the grid.
        high: Last point of the grid.
        step: Distance of its points.
        probabilities: Declared probability of each point; ``None`` for equal ones.
    """

    of: str
    low: float
    high: float
    step: float
    probabilities: tuple[float, ...] | None = None

    @property
    def points(self) -> tuple[float, ...]:
        """The grid, both ends included, each the decimal number nearest to it."""
        first, step = Decimal(repr(self.low)), Decimal(repr(self.step))
        count = (Decimal(repr(self.high)) - first) / step
        return tuple(float(first + step * k) for k in range(int(count) + 1))

    @property
    def chances(self) -> tuple[float, ...]:
        """Declared probability of each point of the grid; equal ones if none are declared."""
        points = self.points
        return self.probabilities or (1 / len(points),) * len(points)

    @property
    def most_bits(self) -> float:
        """The most that one evaluation's feedback costs beside its verdict."""
        return -math.log2(min(self.chances))


Feedback = VerdictOnly | ThreeWay | Estimate


class _FeedbackWord(StrEnum):
    NONE = "none"
    THREE_WAY = "three-way"


def _feedback_word(word: _FeedbackWord) -> VerdictOnly | ThreeWay:
    return VerdictOnly() if word is _FeedbackWord.NONE else ThreeWay()


def _estimate(estimate: dict[str, Any]) -> Estimate:
    return Estimate(estimate["of"], estimate["from"], estimate["to"], estimate["step"], estimate.get("probabilities"))


_GRID = Number(-10, 10)
FEEDBACK = WordOrMap(
    Made(Choice(_FeedbackWord, "{estimate: …}"), _feedback_word),
    Section(
        (
            Key(
                "estimate",
                Section(
                    (
                        Key("of", Text(), "Expression to estimate, such as n - o.", required=True),
                        Key("from", _GRID, "First point of the grid.", required=True),
                        Key("to", _GRID, "Last point of the grid.", required=True),
                        Key("step", Number(0, 10, low_excluded=True), "Distance of the points.", required=True),
                        Key(
                            "probabilities",
                            ListOf(Number(0, 1, low_excluded=True)),
                            "Declared probability of each point; left out: equal ones.",
                        ),
                    )
                ),
                "An estimate rounded to a declared grid.",
                required=True,
            ),
        ),
        _estimate,
    ),
)
