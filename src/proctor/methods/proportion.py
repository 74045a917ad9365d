"""One accuracy, or the share of changed predictions: an exact binomial test of one count (theory.md §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proctor.counting.events import Event, event_of
from proctor.counting.reading import Reading
from proctor.language import Clause, Proportion
from proctor.language.quantities import DISAGREEMENT
from proctor.methods.figures import MODELS, percent
from proctor.methods.method import Counted
from proctor.methods.standard import Binomial

if TYPE_CHECKING:
    from proctor.methods.sizes.share import Share
    from proctor.methods.sizing import Progress, Sizing


class ProportionMethod(Binomial[Proportion], Counted[Proportion, int]):
    """Judges a proportion by the number of examples that have the property."""

    is_of_accuracies = True

    @property
    def reading(self) -> Reading | None:
        """Classes; whether two predictions differ can be told of anything."""
        return None if self.quantity == DISAGREEMENT else super().reading

    @property
    def events(self) -> tuple[Event]:
        """The property."""
        return (event_of(self.quantity.variable),)

    def of_counts(self, counts: Sequence[int]) -> int:
        """Number of examples that have the property."""
        return counts[0b1]

    def ranked(self, statistic: int, n_examples: int, above: bool) -> tuple[int, tuple[int, ...]]:
        """Examples on the side that is to be shown."""
        return (statistic if above else n_examples - statistic), ()

    def counts(self, statistic: int) -> dict[str, int]:
        """The count, by the letter of the proportion."""
        return {str(self.quantity): statistic}

    def sizing(self, share: Share, simulate: bool, progress: Progress | None) -> Sizing:
        """Size of the exact binomial test."""
        from proctor.methods.sizes.proportion import ProportionSizing

        return ProportionSizing(share, is_labeled=self.quantity != DISAGREEMENT)

    def in_words(self, clause: Clause) -> str:
        """Shares in per cent."""
        if self.quantity == DISAGREEMENT:
            return f"{'more than' if clause.above else 'at most'} {percent(clause.threshold)} of predictions change"
        bound = "more than" if clause.above else "less than"
        return f"{MODELS[self.quantity.variable]} is right on {bound} {percent(clause.threshold)} of examples"
