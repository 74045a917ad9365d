"""
Sizes of the exact binomial test among the examples that count: precision, recall, specificity, F1 (theory.md §3.5).

Which share of the examples counts is not known before there are labels, so sizes are numbers of examples that count.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from proctor.frozen import dataclass, replace
from proctor.methods.sizes.proportion import ProportionSizing
from proctor.methods.sizes.share import SizedOnUnit
from proctor.methods.sizing import ComputedAnew

if TYPE_CHECKING:
    from proctor.methods.ratio import Kind


@dataclass(frozen=True)
class RatioSizing(SizedOnUnit, ComputedAnew):
    """The exact binomial test of a share of the examples that count."""

    kind: Kind
    method: ClassVar[str] = "exact binomial test"

    @property
    def reason(self) -> str:
        """Reason for this test, and which examples count."""
        return f"a share of {self.kind.counted}; the test set must hold so many of them"

    def sample_size(self) -> int:
        """Examples that must count."""
        return self._of_share.sample_size()

    def tolerance(self, n_examples: int) -> float | None:
        """Smallest tolerance that so many examples reach, if all of them count."""
        found = self._of_share.tolerance(n_examples)
        if found is None:
            return None
        truth = self._of_share.share.alternative(found)
        return abs(self.kind.value_of(min(1.0, max(0.0, truth))) - self.clause.threshold) / 2

    def resolves(self, n_examples: int) -> bool:
        """True if so many examples reach the clause's own tolerance, if all of them count."""
        return self._of_share.resolves(n_examples)

    @cached_property
    def _of_share(self) -> ProportionSizing:
        """The same question of the share of hits."""
        clause, share_of = self.clause, self.kind.share_of
        threshold, tolerance = share_of(clause.threshold), clause.tolerance
        if tolerance is not None:
            truth = min(1.0, max(0.0, self.share.alternative(tolerance)))
            tolerance = abs(share_of(truth) - threshold) / 2
        return ProportionSizing(replace(self.share, clause=replace(clause, threshold=threshold, tolerance=tolerance)))
