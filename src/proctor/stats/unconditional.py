"""
The exact unconditional score test of a paired difference: its question, and its decision (theory.md §3.2).

The order of outcomes comes from :mod:`proctor.stats.score`, the worst case from :mod:`proctor.stats.certified`;
here they meet the level, the confidence interval of the nuisance and the cases that need no calculation.
People should use :mod:`proctor.stats.paired`, which holds what is public.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from proctor.errors import DomainError
from proctor.frozen import dataclass
from proctor.stats import binomial, certified, score, tails
from proctor.stats.domain import LARGEST_SAMPLE, check_log_stake, count

if TYPE_CHECKING:
    from proctor.stats.region import Region

NUISANCE_SHARE = 1 / 20
"""Share of the level that the confidence interval of the nuisance uses (theory.md §3.2, step 2)."""
LOG_DEEPEST = -600.0
"""Below this level the exact test would leave the range of floats; Chernoff's bound decides in logarithms."""
_PRECISION = 0.02
_LOG_MISS = math.log(1e-9)


@dataclass(frozen=True)
class PairedTest:
    """
    Test of the hypothesis that a candidate is better than a baseline by at most *threshold*, on the same examples.

    Exact for every sample size, every population and every threshold: the probability of a wrong rejection is at most
    the level (theory.md §3.2: the restricted score statistic, its p-value maximized over a confidence interval
    of the share of disagreements, certified).
    Below a level of exp(-600) a conservative exponential bound decides instead, at any depth.

    Args:
        n_examples: Size of the sample, examples on which the models agree included; in [0, 1e9].
        threshold: Difference of the two accuracies; any finite number.
        log_level: Natural logarithm of the level; < 0, and -inf (a spent account) never rejects.
        disagreement_cap: What P(the models' predictions differ) is known not to exceed
            wherever the hypothesis matters (theory.md §2); in [0, 1].

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        Of 2,700 examples, 170 are won and 70 lost: more than one point better, but not proven to be two:

        >>> [PairedTest(2700, threshold, math.log(0.001)).rejects(170, 70) for threshold in (0.01, 0.02)]
        [True, False]
    """

    n_examples: int
    threshold: float
    log_level: float
    disagreement_cap: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_examples", count("the number of examples", self.n_examples, most=LARGEST_SAMPLE))
        if not math.isfinite(self.threshold):
            raise DomainError(f"a threshold must be a finite number, not {self.threshold!r}")
        check_log_stake(self.log_level)
        if not 0 <= self.disagreement_cap <= 1:
            raise DomainError(f"a cap on the disagreement must lie in [0, 1], not {self.disagreement_cap!r}")

    def rejects(self, wins: int, losses: int) -> bool:
        """
        True if so many wins and losses prove that the difference exceeds the threshold.

        Raises:
            DomainError: If there are more of them than examples.
        """
        wins, losses = self.counts(wins, losses)
        if self.log_level == -math.inf:
            return False
        if self.foregone is not None:
            return self.foregone
        if self.threshold == -1:
            return losses < self.n_examples
        if self.is_deep:
            return self.log_exponential_bound(wins, losses) <= self.log_level
        return certified.decide(self._extremes(wins, losses), self.limit)

    def rejects_clearly(self, wins: int, losses: int, margin: float) -> bool:
        """
        True if this test rejects with evidence to spare; quicker than :meth:`rejects` near the boundary.

        Args:
            wins: Examples on which the candidate alone is right.
            losses: Examples on which the baseline alone is right.
            margin: By how much the logarithm of the p-value must lie below that of the level; > 0.

        Raises:
            DomainError: If there are more of them than examples.
        """
        wins, losses = self.counts(wins, losses)
        if self.foregone is not None or self.threshold == -1 or self.log_level == -math.inf:
            return self.rejects(wins, losses)
        if self.is_deep:
            return self.log_exponential_bound(wins, losses) <= self.log_level - margin
        return certified.decide(
            self._extremes(wins, losses), self.limit * math.exp(-margin), sharpness=min(margin, 0.1)
        )

    def p_value(self, wins: int, losses: int) -> float:
        """
        A certified p-value, to be compared with this test's own level alone.

        Where it is at most the level it lies within 5 % of the exact one; above, any valid value may be given.

        Raises:
            DomainError: If there are more of them than examples, or the level is 0.
        """
        wins, losses = self.counts(wins, losses)
        if self.log_level == -math.inf:
            raise DomainError("a level must lie between 0 and 1, not 0")
        if self.foregone is not None or self.threshold == -1:
            return 0.0 if self.rejects(wins, losses) else 1.0
        if self.is_deep:
            return max(math.exp(self.log_exponential_bound(wins, losses)), math.nextafter(0, 1))
        level = math.exp(self.log_level)
        extremes = self._extremes(wins, losses)
        found = certified.supremum(extremes, _PRECISION, level * NUISANCE_SHARE * _PRECISION).upper
        value = min(1.0, found + level * NUISANCE_SHARE)
        if certified.decide(extremes, self.limit):
            return min(value, level)
        return value if value > level else math.nextafter(level, 2)

    def power(self, difference: float, disagreement: float) -> float:
        """
        Probability of rejecting where the difference and the disagreement are the given ones.

        It is right to 1 % of the probability of a miss (theory.md §6: from exact critical values, interpolated only
        where hundreds of them share the power); outside the window they cover nothing counts as rejected.

        Args:
            difference: True difference of the accuracies.
            disagreement: True P(exactly one of the two models is right); in [abs(difference), 1].

        Raises:
            DomainError: If no population is like that.
        """
        from proctor.stats.region import sketch

        check_alternative(difference, disagreement)
        rough = sketch(self, disagreement, _LOG_MISS)
        return rough.settled_for(difference, disagreement).power(difference, disagreement)

    def region(self, disagreement: float, log_miss: float = _LOG_MISS) -> Region:
        """
        Outcomes that reject, for the numbers of discordant examples that a disagreement makes likely.

        Exact up to 250 numbers of them, beyond that interpolated (see :mod:`proctor.stats.region`).

        Args:
            disagreement: Anticipated P(exactly one of the two models is right); in [0, 1].
            log_miss: Logarithm of the probability of not rejecting that is to be resolved; < 0.
        """
        from proctor.stats.region import sketch

        check_alternative(0.0, disagreement)
        return sketch(self, disagreement, log_miss).settled()

    @cached_property
    def limit(self) -> float:
        """Limit of the supremum over the nuisance: the level less the share of the nuisance's interval."""
        return math.exp(self.log_level) * (1 - NUISANCE_SHARE)

    @property
    def is_deep(self) -> bool:
        """True if the level lies below what the exact test can resolve in floats."""
        return self.log_level < LOG_DEEPEST

    @cached_property
    def foregone(self) -> bool | None:
        """The decision where it does not depend on the sample (theory.md §3.2, step 0, and the cap); None elsewhere."""
        if self.threshold >= 1 or self.threshold > self.disagreement_cap:
            return False  # nothing can be that much better
        if self.threshold < -1 or self.threshold < -self.disagreement_cap:
            return True  # nothing can be that much worse
        return False if self.n_examples == 0 else None

    def nuisance(self, discordant: int) -> tuple[float, float]:
        """Interval over which the p-value is maximized (theory.md §3.2, step 2)."""
        n, side = self.n_examples, math.exp(self.log_level) * NUISANCE_SHARE / 2
        least, most = abs(self.threshold), max(self.disagreement_cap, abs(self.threshold))
        low = binomial.lower_bound(discordant, n, side)
        high = binomial.upper_bound(discordant, n, side)
        return min(max(low, least), most), max(min(high, most), least)

    def log_exponential_bound(self, wins: int, losses: int) -> float:
        """Logarithm of Chernoff's bound on the p-value (Hoeffding 1963, Theorem 1): conservative, at any depth."""
        observed, mean = (1 + (wins - losses) / self.n_examples) / 2, (1 + self.threshold) / 2
        if observed <= mean:
            return 0.0
        divergence = tails.relative_entropy(observed, mean) + tails.relative_entropy(1 - observed, 1 - mean)
        return -self.n_examples * float(divergence)

    def _extremes(self, wins: int, losses: int) -> certified.Extremes:
        value = score.loosened(score.statistic(wins, losses, self.n_examples, self.threshold))
        span = self.nuisance(wins + losses)
        return certified.Extremes(self.n_examples, self.threshold, float(value), span, self.log_level)

    def counts(self, wins: int, losses: int) -> tuple[int, int]:
        """
        Wins and losses as integers.

        Raises:
            DomainError: If there are more of them than examples.
        """
        w, ell = count("the number of wins", wins), count("the number of losses", losses)
        if w + ell > self.n_examples:
            raise DomainError(f"{w:,} wins and {ell:,} losses are more than {self.n_examples:,} examples")
        return w, ell


def check_alternative(difference: float, disagreement: float) -> None:
    """
    Refuse a difference and a disagreement that no population has.

    Args:
        difference: Difference of the accuracies.
        disagreement: P(exactly one of the two models is right).

    Raises:
        DomainError: If they lie outside their domains, or the difference exceeds the disagreement.
    """
    if not 0 <= disagreement <= 1:
        raise DomainError(f"a disagreement must lie in [0, 1], not {disagreement!r}")
    if not abs(difference) <= disagreement:
        raise DomainError(
            f"a difference of {difference!r} is impossible where the models differ on a share of {disagreement!r}",
            hint="Models that disagree on a share d of the examples differ in accuracy by at most d.",
        )


def discordant_window(n_examples: int, disagreement: float, log_outside: float) -> tuple[int, int]:
    """
    Numbers of discordant examples outside which there is a probability of at most exp(*log_outside*).

    Args:
        n_examples: Size of the sample.
        disagreement: P(exactly one of the two models is right); in [0, 1].
        log_outside: Logarithm of the probability to leave out; < 0.
    """
    depth = math.log(2) - log_outside
    mean = n_examples * disagreement
    reach = depth / 3 + math.sqrt(depth * depth / 9 + 2 * mean * (1 - disagreement) * depth)
    return max(0, math.floor(mean - reach)), min(n_examples, math.ceil(mean + reach))
