"""How long a model gets on sealed inputs, and what the moment at which the outcome appears may say."""

from __future__ import annotations

import math
from dataclasses import dataclass

DEFAULT_SLOT_S = 20.0
DEFAULT_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Slot:
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

    def log_probability(self, number: int) -> float:
        """Natural logarithm of the declared probability that a run ends in the slot of this *number*, from 1."""
        if self.most == 1:
            return 0.0
        return math.log(self.chance) + (number - 1) * math.log1p(-self.chance)
