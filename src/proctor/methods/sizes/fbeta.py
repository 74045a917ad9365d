"""Sizes of the betting test of F-beta (theory.md §3.5, §6)."""

from __future__ import annotations

from proctor.frozen import dataclass
from proctor.methods.fbeta import scores
from proctor.methods.ratio import KINDS
from proctor.methods.sizes import simulation
from proctor.methods.sizes.betting import BettingSizing
from proctor.methods.sizes.share import SizedOnUnit
from proctor.methods.sizes.simulation import Scaled

_MISS, _FALSE_ALARM, _HIT = 1, 2, 3


@dataclass(frozen=True)
class FBetaSizing(SizedOnUnit, BettingSizing):
    """
    Betting on the score of hits, misses and false alarms.

    Args:
        beta: Weight of recall.
    """

    beta: float

    @property
    def reason(self) -> str:
        """Reason for this test, how it was sized, and which examples count."""
        counted = KINDS["f1"].counted
        return f"one score for each of the {counted}; the test set must hold so many of them; sized by {self.sized}"

    def test(self, tolerance: float, n_examples: int) -> Scaled:
        """The bets where all errors are of one kind, whichever takes more examples."""
        truth = self.share.alternative(tolerance)
        kinds = [self._with_errors(code, truth) for code in (_MISS, _FALSE_ALARM)]
        return max(kinds, key=lambda test: simulation.approximate_size(test, test.log_miss))

    def _with_errors(self, code: int, truth: float) -> Scaled:
        sign = 1 if self.share.above else -1
        of_code = [sign * score for score in scores(self.beta, self.clause.threshold)]
        gain, loss = (abs(scores(self.beta, truth)[each]) for each in (_HIT, code))
        hits = loss / (gain + loss) if gain + loss else 0.0
        least, most = min(of_code), max(of_code)
        values = tuple((of_code[each] - least) / (most - least) for each in (code, _HIT))
        return Scaled(values, (1 - hits, hits), -least / (most - least), self.log_level, self.share.log_miss)
