"""A difference of two accuracies: an exact paired test of wins and losses (theory.md §3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from proctor.counting.events import Event, Right
from proctor.language import Clause, Difference
from proctor.methods.figures import MODELS, points, share
from proctor.methods.method import Counted

if TYPE_CHECKING:
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing

WinsAndLosses = tuple[int, int]


class DifferenceMethod(Counted[Difference, WinsAndLosses]):
    """Judges a difference by the numbers of examples on which one model alone is right."""

    is_paired: ClassVar[bool] = True

    @property
    def events(self) -> tuple[Event, Event]:
        """Two events: each of the two models is right."""
        return Right(self.quantity.plus), Right(self.quantity.minus)

    def of_counts(self, counts: Sequence[int]) -> WinsAndLosses:
        """Examples on which the first model alone, and on which the second alone, is right."""
        return counts[0b01], counts[0b10]

    def ranked(self, statistic: WinsAndLosses, n_examples: int, above: bool) -> tuple[int, tuple[int, ...]]:
        """Wins, for each number of discordant examples; losses are the wins of the mirrored test."""
        wins, losses = statistic
        return (wins if above else losses), (wins + losses,)

    def rejects(
        self, clause: Clause, statistic: WinsAndLosses, n_examples: int, log_level: float, cap: float, *, above: bool
    ) -> bool:
        """Exact paired score test; to show "below", the models change places."""
        from proctor.stats.paired import PairedTest

        wins, losses = statistic
        if above:
            return PairedTest(n_examples, clause.threshold, log_level, cap).rejects(wins, losses)
        return PairedTest(n_examples, -clause.threshold, log_level, cap).rejects(losses, wins)

    def estimate(self, statistic: WinsAndLosses, n_examples: int) -> float:
        """Wins without losses, as a share of the examples."""
        wins, losses = statistic
        return share(wins - losses, n_examples)

    def counts(self, statistic: WinsAndLosses) -> dict[str, int]:
        """Wins and losses."""
        wins, losses = statistic
        return {"wins": wins, "losses": losses}

    def bounds(
        self, clause: Clause, statistic: WinsAndLosses, n_examples: int, level: float
    ) -> tuple[float, float, float | None]:
        """Bounds and p-value of the paired test."""
        from proctor.stats import paired

        wins, losses = statistic
        n, c = n_examples, clause.threshold
        bounds = paired.lower_bound(wins, losses, n, level), paired.upper_bound(wins, losses, n, level)
        signed = (wins, losses, n, c) if clause.above else (losses, wins, n, -c)
        return *bounds, paired.p_value(*signed, level)

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the exact paired test."""
        from proctor.methods.sizes.difference import DifferenceSizing

        return DifferenceSizing(share)

    def in_words(self, clause: Clause) -> str:
        """Words that say which model is better, and by how many points."""
        other, margin = MODELS[self.quantity.minus], points(abs(clause.threshold))
        better, worse = ("better", "worse") if clause.above else ("worse", "better")
        towards = clause.threshold if clause.above else -clause.threshold
        subject = MODELS[self.quantity.plus]
        if towards < 0:
            return f"{subject} is at most {margin} {worse} than {other}"
        return f"{subject} is {better} than {other}" + (f" by more than {margin}" if towards else "")

    def value_in_words(self, value: float) -> str:
        """A difference in points."""
        return points(value)
