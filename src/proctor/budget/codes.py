"""
The codes of transcripts: how much of what is left each next outcome may use (theory.md §4.1).

A code gives every transcript a probability, and these sum to at most 1. It is asked for one thing: the share of
what is left that goes to the outcome which must be proven, and what the other outcome leaves.
"""

from __future__ import annotations

import math
from functools import cache

from proctor.frozen import dataclass

SPENT = -math.inf
"""Logarithm of a budget of which nothing is left."""


@dataclass(frozen=True)
class Laplace:
    """q = (k + 1)/(h + 5) after k proofs in h evaluations: Laplace's rule with a Beta(1, 4) prior."""

    proofs: int = 0
    evaluations: int = 0

    def log_share(self) -> float:
        """Natural logarithm of the share of what is left that the outcome to be proven gets."""
        return math.log((self.proofs + 1) / (self.evaluations + 5))

    def log_rest(self) -> float:
        """Natural logarithm of the share that the other outcome leaves."""
        return math.log((self.evaluations + 4 - self.proofs) / (self.evaluations + 5))

    def after(self, proven: bool) -> Code:
        """The code for what follows."""
        return Laplace(self.proofs + proven, self.evaluations + 1)


@dataclass(frozen=True)
class Enumerative:
    """Cover's enumerative code: the same unit for every transcript with at most so many proofs in so many steps."""

    steps_left: int
    proofs_left: int

    def log_share(self) -> float:
        """Natural logarithm of the share of what is left that the outcome to be proven gets."""
        return math.log(self._units_after_proof()) - math.log(transcript_units(self.steps_left, self.proofs_left))

    def log_rest(self) -> float:
        """Natural logarithm of the share that the other outcome leaves."""
        rest = transcript_units(self.steps_left - 1, self.proofs_left)
        return math.log(rest) - math.log(transcript_units(self.steps_left, self.proofs_left)) if rest else SPENT

    def after(self, proven: bool) -> Code:
        """The code for what follows."""
        if proven and (self.proofs_left == 1 or self.steps_left == 1):
            return Laplace()
        return Enumerative(self.steps_left - 1, self.proofs_left - proven)

    def _units_after_proof(self) -> int:
        return max(1, transcript_units(self.steps_left - 1, self.proofs_left - 1))


@dataclass(frozen=True)
class Fixed:
    """The paper's policies ``none`` and ``full``: the same level at each of a fixed number of steps."""

    steps_left: int


Code = Laplace | Enumerative


@cache
def transcript_units(steps: int, proofs: int) -> int:
    """
    R(r, κ) = Σ_{j≤κ} C(r − 1, j): units of budget that r steps with at most κ proofs need (theory.md §4.1).

    >>> transcript_units(32, 3), transcript_units(32, 1), transcript_units(32, 32) == 2**31
    (4992, 32, True)
    """
    if steps <= 0 or proofs <= 0:
        return 0
    total, ways = 0, 1
    for j in range(min(proofs, steps - 1) + 1):
        total, ways = total + ways, ways * (steps - 1 - j) // (j + 1)
    return total


def log_beta_ratio(proofs: int, evaluations: int, more_proofs: int, more_evaluations: int) -> float:
    """Ln of Β(k + j + 1, h + t − k − j + 4)/Β(k + 1, h − k + 4): the adaptive code over t steps with j proofs."""
    return _log_beta(proofs + more_proofs + 1, evaluations + more_evaluations - proofs - more_proofs + 4) - _log_beta(
        proofs + 1, evaluations - proofs + 4
    )


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
