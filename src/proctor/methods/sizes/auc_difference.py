"""
Sizes of averaged bets on a difference of two areas under ROC curves: examples of the rarer kind (theory.md §3.5, §6).

How much the averaging helps depends on how scores scatter, which is not known before there are any: a plan is made as
if it did not help, so it is large enough for all scores, and about one and a half times too large for most.
"""

from __future__ import annotations

import math
from functools import partial
from typing import ClassVar

from proctor.frozen import dataclass
from proctor.methods.sizes.betting import FINE
from proctor.methods.sizes.share import SizedByShare, check_alternative
from proctor.methods.sizes.simulated import smallest
from proctor.methods.sizes.simulation import deviate
from proctor.methods.sizing import ComputedAnew

_WIDTH = 1.03
"""Examples that bets need whose variance has to be learned, over those that know it; by simulation."""


@dataclass(frozen=True)
class AucDifferenceSizing(SizedByShare, ComputedAnew):
    """Averaged bets on pairs; `disagreement` is taken to be the share of pairs that the models order differently."""

    method: ClassVar[str] = "averaged bets on pairs"

    @property
    def reason(self) -> str:
        """Reason for this test, and which examples count."""
        share = self.share.disagreement_on_part
        said = f"the models are expected to order {100 * share:.4g} % of pairs differently"
        worst = "nothing is said of `disagreement`, so they may order every pair differently"
        return (
            "both models on pairs of an example of the class and another; the test set must hold so many of either; "
            f"{said if share < 1 else worst}"
        )

    @property
    def label_share(self) -> float:
        """Every example needs its label."""
        return 1.0

    def check(self) -> None:
        """Refuse a difference that is impossible, or that the anticipated disagreement rules out."""
        check_alternative(self.share, -1.0, 1.0)
        check_alternative(self.share, -self.share.disagreement_on_part, self.share.disagreement_on_part, "disagreement")

    def sample_size(self) -> int:
        """Examples of the rarer kind."""
        return self._size(self.share.asked)

    def tolerance(self, n_examples: int) -> float | None:
        """Smallest tolerance that so many examples of either kind reach."""
        if self.log_level == -math.inf or n_examples < 1:
            return None
        room = (self.share.disagreement_on_part - self.share.towards) / 2
        return smallest(partial(self._works, n_examples), room, FINE)

    def resolves(self, n_examples: int) -> bool:
        """True if so many examples of either kind reach the clause's own tolerance, or can prove anything."""
        if self.clause.tolerance is None:
            return self.tolerance(n_examples) is not None
        return self.log_level > -math.inf and n_examples >= 1 and self._works(n_examples, self.clause.tolerance)

    def _works(self, n_examples: int, tolerance: float) -> bool:
        return self._size(tolerance) <= n_examples

    def _size(self, tolerance: float) -> int:
        """Examples whose bets come to 1/level: by a normal approximation, and what bounded bets need beyond it."""
        null, gain, needed = self.share.towards, 2 * tolerance, -self.log_level
        truth = null + gain
        square = max(self.share.disagreement_on_part, abs(truth)) - 2 * null * truth + null**2
        gaussian = square * ((math.sqrt(2 * needed) + deviate(self.share.log_miss)) / gain) ** 2
        return math.ceil(_WIDTH * gaussian + needed * (1 + abs(null)) / gain)
