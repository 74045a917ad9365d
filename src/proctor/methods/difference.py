"""A difference of two accuracies: an exact paired test of wins and losses (theory.md §3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from proctor.counting.events import Event, Right
from proctor.language import Clause, Difference
from proctor.methods.figures import MODELS, ahead, points, share
from proctor.methods.method import Bounds, Claim, Counted, Judged, Method
from proctor.methods.standard import bounds_of_wins, rejects_wins

if TYPE_CHECKING:
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing

WinsAndLosses = tuple[int, int]


class PairedMethod(Method[Judged, WinsAndLosses]):
    """Judges a difference of two shares by the numbers of examples that count for one model alone."""

    is_paired = True

    def ranked(self, statistic: WinsAndLosses, n_examples: int, above: bool) -> tuple[int, tuple[int, ...]]:
        """Wins, for each number of discordant examples; losses are the wins of the mirrored test."""
        wins, losses = statistic
        return (wins if above else losses), (wins + losses,)

    def completions(self, n_needed: int) -> Iterator[WinsAndLosses]:
        """Nothing but wins, and nothing but losses, of every number of discordant examples: as `ranked`."""
        for discordant in range(n_needed, -1, -1):
            yield discordant, 0
            yield 0, discordant

    def rejects(self, claim: Claim, statistic: WinsAndLosses, n_examples: int) -> bool:
        """Exact paired score test."""
        return rejects_wins(*statistic, n_examples, claim)

    def estimate(self, statistic: WinsAndLosses, n_examples: int) -> float:
        """Wins without losses, as a share of the examples."""
        wins, losses = statistic
        return share(wins - losses, n_examples)

    def counts(self, statistic: WinsAndLosses) -> dict[str, int]:
        """Wins and losses."""
        wins, losses = statistic
        return {"wins": wins, "losses": losses}

    def bounds(self, clause: Clause, statistic: WinsAndLosses, n_examples: int, level: float) -> Bounds:
        """Bounds and p-value of the paired test."""
        return bounds_of_wins(*statistic, n_examples, clause.threshold, level, above=clause.above)

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the exact paired test."""
        from proctor.methods.sizes.difference import DifferenceSizing

        return DifferenceSizing(share)

    def value_in_words(self, value: float) -> str:
        """A difference in points."""
        return points(value)


class DifferenceMethod(PairedMethod[Difference], Counted[Difference, WinsAndLosses]):
    """Judges a difference by the numbers of examples on which one model alone is right."""

    is_of_accuracies = True

    @property
    def events(self) -> tuple[Event, Event]:
        """Two events: each of the two models is right."""
        return Right(self.quantity.plus), Right(self.quantity.minus)

    def of_counts(self, counts: Sequence[int]) -> WinsAndLosses:
        """Examples on which the first model alone, and on which the second alone, is right."""
        return counts[0b01], counts[0b10]

    def in_words(self, clause: Clause) -> str:
        """Words that say which model is better, and by how many points."""
        plus, minus = MODELS[self.quantity.plus], MODELS[self.quantity.minus]
        return ahead(clause, f"{plus} is", "better", "worse", f"than {minus}")
