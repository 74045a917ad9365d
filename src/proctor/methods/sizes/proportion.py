"""
Sizes of the exact binomial test: ``n > c``, ``d < c`` and their like (theory.md §3.1, §6).

Exact designs are not monotone in the number of examples; here their sawtooth is taken apart tooth by tooth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

from proctor.frozen import dataclass
from proctor.methods.sizes.share import NEXT_FEW, SLACK, SizedOnUnit
from proctor.methods.sizing import ComputedAnew
from proctor.stats import binomial, tails
from proctor.stats.domain import LARGEST_SAMPLE, too_many


@dataclass(frozen=True)
class ProportionSizing(SizedOnUnit, ComputedAnew):
    """
    The exact binomial test.

    A *hit* is an example with the property whose share is the clause's quantity, or one without it: whichever is
    rarer. With the decision at so many hits, the sizes that work form one interval, a *tooth*: within it the
    decision is evidence enough and still falls as it should with the asked power.

    Args:
        share: What the clause may use.
        subject: The quantity, for words.
        is_labeled: Whether a label has a part in it.
    """

    subject: str = "one accuracy"
    is_labeled: bool = True
    method: ClassVar[str] = "exact binomial test"

    @property
    def reason(self) -> str:
        """Reason for this test."""
        if self.is_labeled:
            return f"{self.subject}; every example needs its label"
        return "a share of all examples; the predictions alone decide it, without labels"

    @property
    def label_share(self) -> float:
        """All labels or none."""
        return float(self.is_labeled)

    def sample_size(self) -> int:
        """Smallest number of examples that works, at it and the next few."""
        truth = self._truth()
        hits = self._first_possible(truth)
        start, end = LARGEST_SAMPLE, -1
        while end - start + 1 < NEXT_FEW:
            first, last = self._tooth(hits, truth)
            if first >= LARGEST_SAMPLE:
                raise too_many(LARGEST_SAMPLE)
            if first <= last:
                start, end = (start if first <= end + 1 else first), max(end, last)
            hits += 1
        return start

    def tolerance(self, n_examples: int) -> float | None:
        """Half the distance to the nearest truth that is proven with the asked power."""
        needed = self._critical(n_examples)
        if needed is None:
            return None
        threshold = self.clause.threshold
        near, far = threshold, 1.0 if self.share.above else 0.0
        for _ in range(50):
            middle = (near + far) / 2
            works = self._log_miss(needed, n_examples, middle) <= self.share.log_miss
            near, far = (near, middle) if works else (middle, far)
        return abs(far - threshold) / 2

    def resolves(self, n_examples: int) -> bool:
        """True if the power at the clause's own tolerance is reached."""
        needed = self._critical(n_examples)
        if needed is None or self.clause.tolerance is None:
            return needed is not None
        return self._log_miss(needed, n_examples, self._truth()) <= self.share.log_miss + SLACK

    def _truth(self) -> float:
        return min(1.0, max(0.0, self.share.alternative(self.share.asked)))

    def _first_possible(self, truth: float) -> int:
        """A number of hits before which no size works."""

        def nearly_works(hits: int) -> bool:
            first, last = self._tooth(hits, truth)
            return first <= last + 2  # rounding moves either end by less than one

        high = 1
        while not nearly_works(high):
            high *= 2
        low = high // 2 if high > 1 else -1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if nearly_works(middle) else (middle, high)
        return high

    def _tooth(self, hits: int, truth: float) -> tuple[int, int]:
        """
        First and last size at which a decision at so many hits works.

        Where hits speak for the proof, so many are needed: a size may be too small for the power, or too large for the
        evidence. Where they speak against it, so many are allowed: too small for the evidence, too large for the power.
        """
        share, null = self.share, self.clause.threshold
        expected, hypothetical = (truth, null) if null <= 0.5 else (1 - truth, 1 - null)
        if self._hits_prove:
            first = _first(hits, hits / max(expected, 1e-9), lambda n: self._log_miss(hits, n, truth) <= share.log_miss)
            last = _first(hits, hits / max(hypothetical, 1e-9), lambda n: self._log_evidence(hits, n) > share.log_level)
            return first, last - 1
        most = hits + 1
        first = _first(
            most, hits / max(hypothetical, 1e-9), lambda n: self._log_evidence(n - hits, n) <= share.log_level
        )
        last = _first(most, hits / max(expected, 1e-9), lambda n: self._log_miss(n - hits, n, truth) > share.log_miss)
        return first, last - 1

    @property
    def _hits_prove(self) -> bool:
        return self.share.above == (self.clause.threshold <= 0.5)

    def _critical(self, n_examples: int) -> int | None:
        """Fewest examples in favor that are evidence enough; ``None`` if not even all are."""
        level = self.share.log_level
        if n_examples < 1 or level == -math.inf or self._log_evidence(n_examples, n_examples) > level:
            return None
        low, high = -1, n_examples
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._log_evidence(middle, n_examples) <= level else (middle, high)
        return high

    def _log_evidence(self, in_favor: int, n: int) -> float:
        successes = in_favor if self.share.above else n - in_favor
        return binomial.log_p_value(successes, n, self.clause.threshold, above=self.share.above)

    def _log_miss(self, needed: int, n: int, truth: float) -> float:
        """Natural logarithm of the probability of fewer examples in favor than are needed."""
        if self.share.above:
            return tails.log_lower_tail(needed - 1, n, truth)
        return tails.log_upper_tail(n - needed + 1, n, truth)


def _first(least: int, guess: float, holds: Callable[[int], bool]) -> int:
    """Smallest n >= *least* for which a condition holds that never fails again; `LARGEST_SAMPLE` if there is none."""
    low, high = least - 1, max(least, round(min(guess, LARGEST_SAMPLE)))
    step = 1 + math.isqrt(high)
    if holds(high):
        while high - step > low:
            if not holds(high - step):
                low = high - step
                break
            high, step = high - step, 2 * step
    else:
        while not holds(high):
            if high >= LARGEST_SAMPLE:
                return LARGEST_SAMPLE
            low, high, step = high, high + step, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
