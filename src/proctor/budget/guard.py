"""
Declared stakes and their guard: two balances that are one code (theory.md §4.5).

A developer may say how likely a PASS is before it is judged. Who says it well pays little for passes; who says it badly
must not spend the others' budget. So a quarter of what is left goes on as if nobody had said anything, and a little
flows between the two balances at each step. Natural logarithms throughout.
"""

from __future__ import annotations

import math

from proctor.errors import DomainError
from proctor.frozen import dataclass

STAKE_UNITS = 1 << 20
"""Stakes are whole numbers of this many, so that the fold over a ledger is exact on every machine."""
LOWEST_STAKE = 1e-6
HIGHEST_STAKE = 0.95
_AUTOMATIC_SHARE = 0.25  # λ
_FLOW = 0.01  # α


def stake_units(stake: float) -> int:
    """
    *stake* in whole units.

    Args:
        stake: Declared probability of the outcome that must be proven; from 0.000001 to 0.95.

    Raises:
        DomainError: If it lies outside its range.
    """
    if not LOWEST_STAKE <= stake <= HIGHEST_STAKE:
        raise DomainError(
            f"a stake is at least {LOWEST_STAKE:.6f} and at most {HIGHEST_STAKE}, not {stake!r}",
            hint="Say how likely you think a pass is, for example 0.5: a pass costs less then, and a fail more.",
        )
    return round(stake * STAKE_UNITS)


@dataclass(frozen=True)
class Balances:
    """
    Remainder of a budget, in its two parts.

    Args:
        log_automatic: Part that follows the account's own code.
        log_declared: Part that follows what is declared.
    """

    log_automatic: float
    log_declared: float

    @property
    def log_total(self) -> float:
        """Logarithm of their sum."""
        return _log_sum(self.log_automatic, self.log_declared)

    def log_level(self, log_share: float, stake: int | None) -> float:
        """Logarithm of the level of an evaluation; without a declared *stake* both parts follow *log_share*."""
        return self._after(log_share, _log_stake(log_share, stake)).log_total

    def after(self, log_share: float, log_rest: float, stake: int | None, proven: bool) -> Balances:
        """
        The balances once an outcome is released.

        Args:
            log_share: Share that the account's own code gives to the outcome that must be proven.
            log_rest: Share that it gives to the other one.
            stake: Declared share of the first, in units; ``None`` if nothing was declared.
            proven: Whether the outcome was the first.
        """
        if proven:
            paid = self._after(log_share, _log_stake(log_share, stake))
        else:
            paid = self._after(log_rest, log_rest if stake is None else math.log1p(-stake / STAKE_UNITS))
        keeps, gives = math.log1p(-_FLOW), math.log(_FLOW)
        return Balances(
            _log_sum(paid.log_automatic + keeps, paid.log_declared + gives),
            _log_sum(paid.log_declared + keeps, paid.log_automatic + gives),
        )

    def _after(self, log_automatic_factor: float, log_declared_factor: float) -> Balances:
        return Balances(self.log_automatic + log_automatic_factor, self.log_declared + log_declared_factor)


def split(log_budget: float) -> Balances:
    """The balances at the first declared stake: a quarter and three quarters of what is left then."""
    return Balances(log_budget + math.log(_AUTOMATIC_SHARE), log_budget + math.log1p(-_AUTOMATIC_SHARE))


def _log_stake(log_share: float, stake: int | None) -> float:
    return log_share if stake is None else math.log(stake / STAKE_UNITS)


def _log_sum(one: float, other: float) -> float:
    high, low = max(one, other), min(one, other)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
