"""Sizes of the betting test of balanced accuracy: groups, so many as there are examples of the rarer kind."""

from __future__ import annotations

import math
from itertools import product

from proctor.frozen import dataclass
from proctor.language import MeanFScore, value_range
from proctor.methods.sizes.betting import BettingSizing
from proctor.methods.sizes.share import check_alternative
from proctor.methods.sizes.simulation import Scaled


@dataclass(frozen=True)
class BalancedSizing(BettingSizing):
    """Betting on groups of one example of each kind, on which models are equally good."""

    @property
    def reason(self) -> str:
        """Reason for this test, how it was sized, and which examples count."""
        return (
            "each example of the class goes with one of another; the test set must hold so many of either, and more of "
            f"one help too; sized by {self.sized}"
        )

    def check(self) -> None:
        """Refuse a value that is impossible, or that the anticipated disagreement rules out."""
        low, high = value_range(self.clause.quantity)
        check_alternative(self.share, low, high)
        if self._is_difference:
            check_alternative(self.share, -self.share.disagreement, self.share.disagreement, "disagreement")

    @property
    def room(self) -> float:
        """Largest tolerance whose alternative is possible, or agrees with the anticipated disagreement."""
        most = self.share.disagreement_on_part
        return self.share.room(-most, most) if self._is_difference else self.share.room(0.0, 1.0)

    def test(self, tolerance: float, n_examples: int) -> Scaled:
        """The bets on the mean of two examples, one of each kind."""
        low, high = value_range(self.clause.quantity)
        one = self._one_example(self.share.alternative(tolerance))
        chances: dict[float, float] = {}
        for (some, chance), (other, as_well) in product(one.items(), repeat=2):
            shown = ((some + other) / 2 - low) / (high - low)
            value = shown if self.share.above else 1 - shown
            chances[value] = chances.get(value, 0.0) + chance * as_well
        null = (self.clause.threshold - low) / (high - low)
        return Scaled(
            tuple(chances),
            tuple(chances.values()),
            null if self.share.above else 1 - null,
            self.log_level,
            self.share.log_miss,
        )

    def _one_example(self, truth: float) -> dict[float, float]:
        """Chance of each score of one example, whose mean is *truth*."""
        if not self._is_difference:
            return {1.0: truth, 0.0: 1 - truth}
        d = max(self.share.disagreement_on_part, math.fabs(truth))
        return {1.0: (d + truth) / 2, -1.0: (d - truth) / 2, 0.0: 1 - d}

    @property
    def _is_difference(self) -> bool:
        return value_range(self.clause.quantity)[0] < 0


@dataclass(frozen=True)
class MacroSizing(BalancedSizing):
    """Betting on groups of one example that counts for each class, as if there were two; more scatter less."""

    @property
    def reason(self) -> str:
        """Reason for this test, how it was sized, and which examples count."""
        return (
            f"an example that counts for each class makes a group; so many must {self._count}, sized for two "
            f"classes, and fewer do where there are more; sized by {self.sized}"
        )

    @property
    def _count(self) -> str:
        quantity = self.clause.quantity
        is_precision = isinstance(quantity, MeanFScore) and not quantity.beta
        return "be called the rarest" if is_precision else "count for the rarest, mostly about as many as are of it"


@dataclass(frozen=True)
class MeanRecallSizing(BalancedSizing):
    """Betting on groups of one example of each class, as if there were two; the mean of more scatters less."""

    @property
    def reason(self) -> str:
        """Reason for this test, how it was sized, and which examples count."""
        return (
            "an example of each class makes a group; the test set must hold so many of the rarest, sized for two "
            f"classes, and fewer do where there are more; sized by {self.sized}"
        )
