"""
A paired difference, or an accuracy, whose labels are bought one at a time, in a fixed order (theory.md §3.10).

A gambler bets on every example that the candidate gains more than the threshold. If it does not, a capital of 1/level
has at most the level for its chance (Ville's inequality), however often one looks; so labels need be read only until
the capital is that large, or so small that going on is idle. Whoever comes to the end is judged by the exact paired
test of all examples, at a share of the level kept for it; as soon as the labels still to come cannot change that
test's answer, they are not read either.

The border: outcomes in the order fixed at registration, or that they are not known yet; out, a decision or the place
of the next label. A decision is a function of the outcomes up to where it falls. Which labels exist beyond that place
must not matter: reading first what is there is no test at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DomainError
from proctor.frozen import dataclass
from proctor.stats import binomial, normal
from proctor.stats.domain import check_log_level, check_log_stake
from proctor.stats.unconditional import PairedTest, check_alternative

Outcomes = NDArray[np.int8]
Mask = NDArray[np.bool_]

UNKNOWN = 2
"""Outcome of an example that needs a label and has none yet; the others are -1 (lost), 0 (tie) and 1 (won)."""

SHARE_OF_BETS = 0.8
"""Share of the level that the bets have; the test at the end has the rest."""

_PRIOR = 200  # examples that the anticipated disagreement is worth
_BOLDEST = 0.9  # of the bet that could lose everything
_ROUNDING = 1e-9  # log-capital that floating-point arithmetic may invent; it has to be earned on top


class Answer(Enum):
    """An answer to "does the difference exceed the threshold?" after some of the labels."""

    PROVEN = "proven"
    NOT_PROVEN = "not proven"
    OPEN = "open"


class Reading(NamedTuple):
    """
    A reading of the labels up to a decision, or up to the first that is missing.

    Args:
        answer: Answer, or `OPEN`.
        n_examples: Examples read, agreements included; where the answer is open, the place of the missing label.
    """

    answer: Answer
    n_examples: int


@dataclass(frozen=True, kw_only=True)
class SequentialTest:
    """
    Test of the hypothesis that a candidate is better than a baseline by at most *threshold*, label by label.

    The probability of a wrong proof is at most the level, for every population.

    Args:
        n_examples: Size of the sample, examples on which the models agree included; in [0, 1e9].
        threshold: Difference of the two accuracies; any finite number.
        log_level: Natural logarithm of the level; < 0, and -inf (a spent account) never proves.
        log_miss: Natural logarithm of the probability of a miss that is asked for; < 0. Steers bets, proves nothing.
        disagreement: Anticipated P(exactly one of the two models is right), from before the sample was seen; in [0, 1].
        futility: Logarithm of the loss at which to give up; > 0. By default that of a miss, as Wald (1945) would.
        disagreement_cap: See :class:`proctor.stats.unconditional.PairedTest`.

    Raises:
        DomainError: If an argument lies outside its domain.

    Example:
        A candidate that wins 100 of the first 400 examples and loses none needs few of the labels:

        >>> test = SequentialTest(
        ...     n_examples=2_000, threshold=0.0, log_level=math.log(0.001), log_miss=math.log(0.1), disagreement=0.1
        ... )
        >>> outcomes = np.tile(np.array([1, 0, 0, 0], np.int8), 500)
        >>> reading = test.read(outcomes, outcomes != 0)
        >>> reading.answer, reading.n_examples < 400
        (<Answer.PROVEN: 'proven'>, True)
    """

    n_examples: int
    threshold: float
    log_level: float
    log_miss: float
    disagreement: float
    futility: float | None = None
    disagreement_cap: float = 1.0

    def __post_init__(self) -> None:
        check_log_stake(self.log_level)
        object.__setattr__(self, "n_examples", self.at_the_end.n_examples)
        check_log_level(self.log_miss)
        check_alternative(0.0, self.disagreement)
        if self.futility is not None and not self.futility > 0:
            raise DomainError(f"the loss at which to give up must be positive, not {self.futility!r}")

    @cached_property
    def at_the_end(self) -> PairedTest | BinomialTest:
        """The exact test of all examples, at its share of the level."""
        return PairedTest(self.n_examples, self.threshold, self._log_level_at_the_end, self.disagreement_cap)

    @property
    def boundary(self) -> float:
        """Mean of the outcomes that is not exceeded if nothing holds that is to be proven."""
        return self.threshold

    def read(self, outcomes: Outcomes, needs_label: Mask) -> Reading:
        """
        Read outcomes up to the decision, or up to the first that is not known.

        Args:
            outcomes: Outcome of each example, in the order fixed at registration: -1, 0, 1 or `UNKNOWN`.
            needs_label: Mask of the examples on which the predictions differ; the others are ties that nobody labels.

        Raises:
            DomainError: If there are not as many of them as examples, or an outcome is none,
                or an example that needs no label has another outcome than a tie.
        """
        self._check(outcomes, needs_label)
        foregone = self.at_the_end.foregone
        if foregone is not None:
            return Reading(Answer.PROVEN if foregone else Answer.NOT_PROVEN, 0)
        unknown = np.flatnonzero(outcomes == UNKNOWN)
        n_known = int(unknown[0]) if len(unknown) else self.n_examples
        known = outcomes[:n_known]
        bets = self._end_of_bets(known)
        before = n_known if bets is None else bets.n_examples - 1
        settled = _Completions(self.proves_at_the_end, known[:before], needs_label).end()
        return settled or bets or Reading(Answer.OPEN, n_known)

    def log_capital(self, outcomes: Outcomes) -> NDArray[np.float64]:
        """
        Logarithm of the gambler's capital after each of the first outcomes.

        Args:
            outcomes: Outcomes, in order, all of them known.
        """
        growth: NDArray[np.float64] = np.log1p(self._bets(outcomes) * (outcomes - self.boundary))
        return growth.cumsum()

    @cached_property
    def proves_at_the_end(self) -> Callable[[int, int], bool]:
        """The answer of the test at the end to wins and losses; each is asked once."""
        return cache(self.at_the_end.rejects)

    @property
    def _log_level_at_the_end(self) -> float:
        return self.log_level + math.log1p(-SHARE_OF_BETS)

    @property
    def _deviates(self) -> float:
        """Standard errors between the boundary and what the test could just prove."""
        return -normal.quantile(self.log_level) - normal.quantile(self.log_miss)

    def _bets(self, outcomes: Outcomes) -> NDArray[np.float64]:
        """Stake on each example, from the examples before it and public numbers alone."""
        c, discordant = self.threshold, outcomes != 0
        before = np.cumsum(discordant) - discordant
        psi = (before + _PRIOR * self.disagreement) / (np.arange(len(outcomes)) + _PRIOR)
        aim = np.minimum(psi, c + self._deviates * np.sqrt(psi / self.n_examples))
        aim = np.maximum(aim, -psi)
        spread = psi - 2 * c * aim + c * c
        bets: NDArray[np.float64] = np.divide(aim - c, spread, out=np.zeros_like(psi), where=spread > 0)
        return bets.clip(0.0, _BOLDEST / (1 + abs(c)))

    def _end_of_bets(self, known: Outcomes) -> Reading | None:
        """The place at which the capital is large enough, or too small to go on."""
        if self.log_level == -math.inf:
            return None
        capital = self.log_capital(known)
        goal = _ROUNDING - self.log_level - math.log(SHARE_OF_BETS)
        loss = -self.log_miss if self.futility is None else self.futility
        ended = np.flatnonzero((capital >= goal) | (capital <= -loss))
        if not len(ended):
            return None
        answer = Answer.PROVEN if capital[ended[0]] >= goal else Answer.NOT_PROVEN
        return Reading(answer, int(ended[0]) + 1)

    def _check(self, outcomes: Outcomes, needs_label: Mask) -> None:
        if not len(outcomes) == len(needs_label) == self.n_examples:
            raise DomainError(
                f"{len(outcomes):,} outcomes and a mask of {len(needs_label):,} for {self.n_examples:,} examples"
            )
        strange = outcomes[(outcomes < -1) | (outcomes > UNKNOWN)]
        if len(strange):
            raise DomainError(f"an outcome must be -1, 0, 1 or {UNKNOWN} (unknown), not {strange[0]}")
        if np.any(outcomes[~needs_label]):
            raise DomainError("an example on which the predictions agree is a tie")


@dataclass(frozen=True, kw_only=True)
class SequentialShare(SequentialTest):
    """
    Test of the hypothesis that a proportion does not lie beyond *threshold*, label by label.

    An outcome is 1 where an example speaks for what is to be proven, and 0 where it does not; all need a label. The bet
    is always the same, so that the capital is the likelihood ratio of Wald's (1945) test.

    Args:
        is_above: True to prove that the proportion lies above the threshold, False below.

    Example:
        >>> share = SequentialShare(n_examples=2_000, threshold=0.5, log_level=math.log(0.001), log_miss=math.log(0.1))
        >>> reading = share.read(np.ones(2_000, np.int8), np.ones(2_000, np.bool_))
        >>> reading.answer, reading.n_examples < 100
        (<Answer.PROVEN: 'proven'>, True)
    """

    disagreement: float = 1.0
    is_above: bool = True

    @cached_property
    def at_the_end(self) -> BinomialTest:
        """The exact binomial test of all examples, at its share of the level."""
        return BinomialTest(self.n_examples, self.threshold, self._log_level_at_the_end, self.is_above)

    @property
    def boundary(self) -> float:
        """See `SequentialTest`: of the examples that speak for it, whether it lies above or below."""
        return self.threshold if self.is_above else 1 - self.threshold

    @cached_property
    def proves_at_the_end(self) -> Callable[[int, int], bool]:
        """See `SequentialTest`; none is lost."""
        proves = cache(self.at_the_end.rejects)
        return lambda wins, losses: proves(wins, 0)

    def _bets(self, outcomes: Outcomes) -> NDArray[np.float64]:
        variance = self.boundary * (1 - self.boundary)
        if not variance > 0:
            return np.zeros(len(outcomes))
        bet = self._deviates * math.sqrt(variance / self.n_examples) / variance
        return np.full(len(outcomes), min(max(bet, 0.0), _BOLDEST / self.boundary))

    def _check(self, outcomes: Outcomes, needs_label: Mask) -> None:
        super()._check(outcomes, needs_label)
        if np.any(outcomes < 0):
            raise DomainError(f"an outcome must be 0, 1 or {UNKNOWN} (unknown), not -1")


class BinomialTest(NamedTuple):
    """Binomial test of the examples that speak for what is to be proven; the others are ties, and none is lost."""

    n_examples: int
    threshold: float
    log_level: float
    is_above: bool

    @property
    def foregone(self) -> bool | None:
        """False where nothing can be proven, without a level or without examples; else ``None``."""
        return False if self.log_level == -math.inf or self.n_examples == 0 else None

    def rejects(self, wins: int, losses: int) -> bool:
        """True if so many examples that speak for it prove what is to be proven."""
        successes = wins if self.is_above else self.n_examples - wins
        return binomial.rejects(successes, self.n_examples, self.threshold, self.log_level, self.is_above)


class _Completions:
    """
    Ways in which the labels still to come can turn out, after any number of the examples that are known.

    They only become fewer. So the first place at which they all have one end is found by bisection.
    """

    def __init__(self, proves: Callable[[int, int], bool], known: Outcomes, needs_label: Mask) -> None:
        self.proves = proves
        self.n_known = len(known)
        self.wins = np.concatenate([[0], np.cumsum(known == 1)])
        self.losses = np.concatenate([[0], np.cumsum(known == -1)])
        self.to_come = np.count_nonzero(needs_label) - np.concatenate([[0], np.cumsum(needs_label[: len(known)])])

    def end(self) -> Reading | None:
        """The first place at which every completion proves, or none does; None if both are possible to the last."""
        if self._all_prove(self.n_known):
            return Reading(Answer.PROVEN, self._first(self._all_prove))
        if self._none_proves(self.n_known):
            return Reading(Answer.NOT_PROVEN, self._first(self._none_proves))
        return None

    def _all_prove(self, at: int) -> bool:
        """True if the worst completion of every number of discordant examples proves."""
        wins, losses, to_come = self._counts(at)
        return all(self.proves(wins, losses + more) for more in range(to_come, -1, -1))

    def _none_proves(self, at: int) -> bool:
        """True if not even the best completion of any number of discordant examples proves."""
        wins, losses, to_come = self._counts(at)
        return not any(self.proves(wins + more, losses) for more in range(to_come, -1, -1))

    def _counts(self, at: int) -> tuple[int, int, int]:
        return int(self.wins[at]), int(self.losses[at]), int(self.to_come[at])

    def _first(self, is_settled: Callable[[int], bool]) -> int:
        low, high = -1, self.n_known
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if is_settled(middle) else (middle, high)
        return high
