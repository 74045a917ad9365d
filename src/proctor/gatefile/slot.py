"""Time that a model gets on sealed inputs, and what the moment at which the outcome appears may say."""

from __future__ import annotations

import math
from typing import NamedTuple

DEFAULT_SLOT_S = 20.0
DEFAULT_TIMEOUT_S = 600.0

_WHOLE = (
    "inputs are sealed: each model that is run takes {seconds:g} s and a moment, whatever it does; the time until an "
    "outcome would tell something about them. Predictions that are kept take no time"
)
_SLOTS = (
    "inputs are sealed: a model that is run may take up to {most} slots of {seconds:g} s, and the outcome appears when "
    "its slot ends, at {first:.2g} bits for the first slot and {last:.3g} bits for the last; `slot: SECONDS` costs none"
)


class Slot(NamedTuple):
    """
    The time that each run of a model takes on sealed inputs, whatever the model does with it (theory.md §4.3.4).

    With more than one slot, the one that a model ends in is a message, and charged at its declared probability:
    each slot that has been reached is the last one with the same *chance* (theory.md §4.3.2).

    Attributes:
        seconds: Length of one slot; > 0.
        most: Slots after which the model is stopped; at least 1.
        chance: Declared probability that a model that has reached a slot ends in it; in (0, 1).
    """

    seconds: float = DEFAULT_SLOT_S
    most: int = 1
    chance: float = 0.5

    @property
    def longest_s(self) -> float:
        """Seconds after which the model is stopped."""
        return self.seconds * self.most

    @property
    def most_bits(self) -> float:
        """The most that the time of one run costs."""
        return -self.log_probability(self.most) / math.log(2)

    @property
    def notes(self) -> tuple[str, ...]:
        """The price of the slot in time, and in bits where some of it may be saved."""
        if self.most == 1:
            return (_WHOLE.format(seconds=self.longest_s),)
        first = -self.log_probability(1) / math.log(2)
        return (_SLOTS.format(most=self.most, seconds=self.seconds, first=first, last=self.most_bits),)

    def log_probability(self, number: int) -> float:
        """Natural logarithm of the declared probability that a run ends in the slot of this *number*, from 1."""
        if self.most == 1:
            return 0.0
        return math.log(self.chance) + (number - 1) * math.log1p(-self.chance)
