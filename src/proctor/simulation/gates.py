"""
The gates that are put side by side: accounts of `proctor.budget`, and what people do without one.

A gate says at which level each life's next evaluation is tested; its answers make the transcript. Nothing here looks at
a test set.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from proctor.budget import (
    SPENT,
    Account,
    Adaptive,
    Adaptivity,
    Contract,
    Guaranteed,
    Mode,
    Stakes,
    Step,
    open_account,
)
from proctor.frozen import dataclass, field

Floats = NDArray[np.float64]

BONFERRONI, GUARANTEED = "Bonferroni over commits", "proctor, guaranteed"


@dataclass(frozen=True)
class Comparison:
    """Believes what the test set shows: proven if the estimates say so."""

    name: str = "point comparison"


@dataclass(frozen=True)
class Fixed:
    """Tests every commit at the same level, whatever has been said before."""

    name: str
    log_level: float


@dataclass(frozen=True)
class Accounted:
    """Tests at the level that an account gives (theory.md §4)."""

    name: str
    contract: Contract
    stakes: Stakes

    @property
    def tells(self) -> bool:
        """True if developers see outcomes; where they do not, every commit becomes the baseline."""
        return self.contract.adaptivity is not Adaptivity.NONE


Gate = Comparison | Fixed | Accounted


def line_up(contract: Contract, stakes: Stakes, steps: int) -> tuple[Gate, ...]:
    """
    The naive gates, the account of both kinds of stakes, and the user's own policy where it is another.

    Args:
        contract: The user's contract.
        stakes: The user's stakes; its passes are those of the guaranteed ones.
        steps: Commits in a life.
    """
    recycling = Contract(contract.reliability, contract.mode)
    promised = stakes if isinstance(stakes, Guaranteed) else Guaranteed(steps, min(stakes.passes, steps))
    gates: list[Gate] = [
        Comparison(),
        Fixed("fresh 95 % interval", math.log(0.025)),
        Fixed(BONFERRONI, contract.log_error_probability - math.log(steps)),
        Accounted("proctor, adaptive", recycling, Adaptive(steps, min(stakes.passes, steps))),
        Accounted(GUARANTEED, recycling, promised),
    ]
    if contract.adaptivity is not Adaptivity.RECYCLING:
        gates.append(Accounted(f"proctor, {contract.adaptivity}", contract, stakes))
    return tuple(gates)


@dataclass
class GateAccounts:
    """Record of a gate's outcomes in each life."""

    gate: Gate
    lives: int
    mode: Mode
    accounts: list[Account] = field(init=False)

    def __post_init__(self) -> None:
        # A gate without an account is charged as if it had the adaptive one: how much it has told, in the same unit.
        contract = self.gate.contract if isinstance(self.gate, Accounted) else Contract(0.5, self.mode)
        self._stakes = self.gate.stakes if isinstance(self.gate, Accounted) else Adaptive()
        self.accounts = [open_account(contract)] * self.lives
        self._after: Callable[[Account, bool], Account] = cache(lambda a, p: a.after(Step(p, self._stakes)))
        self._level: Callable[[Account], float] = cache(lambda a: a.next_log_level(self._stakes))

    def log_levels(self) -> Floats:
        """Natural logarithm of the level of each life's next evaluation; ``-inf`` where the set is spent."""
        match self.gate:
            case Comparison():
                return np.full(self.lives, math.log(0.5))
            case Fixed(log_level=log_level):
                return np.full(self.lives, log_level)
            case Accounted():
                return np.array([self._level(account) for account in self.accounts])
            case _:
                assert_never(self.gate)

    def record(self, lives: NDArray[np.int64], proven: NDArray[np.bool_]) -> None:
        """Write down the outcomes of some lives."""
        is_told = not isinstance(self.gate, Accounted) or self.gate.tells
        for life, outcome in zip(lives.tolist(), proven.tolist(), strict=True):
            account = self.accounts[life]
            if account.log_budget != SPENT:
                self.accounts[life] = self._after(account, outcome and is_told)

    def leakage_bits(self) -> Floats:
        """Description length of each life's transcript."""
        return np.array([account.leakage_bits for account in self.accounts])
