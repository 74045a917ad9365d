"""Share of a plan that one clause may use: of level and power, and the share of changed predictions behind it."""

from __future__ import annotations

import math

from proctor.errors import Misuse
from proctor.frozen import dataclass
from proctor.language import Clause

NEXT_FEW = 8
"""Exact tests are not monotone: a plan holds at its number of examples and at the next few."""

SLACK = 1e-9
"""Relative excess over a tolerance or a share that is rounding, not meaning."""


@dataclass(frozen=True)
class Share:
    """
    Share that one clause may use, and what is anticipated for it.

    Attributes:
        clause: The clause.
        above: Whether evidence is sought that its quantity lies above its threshold.
        log_level: Natural logarithm of its own level.
        log_miss: Natural logarithm of its own share of the miss probability.
        cap: Bound on the disagreement that its test may rely on.
        disagreement: Anticipated share of changed predictions.
        is_said: Whether somebody said so; otherwise it is the bound of a clause on d, or the worst case.
    """

    clause: Clause
    above: bool
    log_level: float
    log_miss: float
    cap: float
    disagreement: float
    is_said: bool

    @property
    def towards(self) -> float:
        """The threshold of a difference as whoever is to be ahead sees it."""
        return self.clause.threshold if self.above else -self.clause.threshold

    @property
    def disagreement_on_part(self) -> float:
        """Anticipated share on a part of the examples, or of pairs: a bound on that of all examples bounds none."""
        return self.disagreement if self.is_said else 1.0

    @property
    def asked(self) -> float:
        """The clause's own tolerance."""
        assert self.clause.tolerance is not None  # noqa: S101  # a plan asks only clauses that name one
        return self.clause.tolerance

    def alternative(self, tolerance: float) -> float:
        """The true value at which the power is asked for: two tolerances on the proven side of the threshold."""
        return self.clause.threshold + (2 * tolerance if self.above else -2 * tolerance)

    def room(self, low: float, high: float) -> float:
        """Largest tolerance whose alternative lies in [low, high]."""
        return (high - self.clause.threshold if self.above else self.clause.threshold - low) / 2


@dataclass(frozen=True)
class SizedByShare:
    """The part of a `Sizing` that follows from what its clause may use."""

    share: Share

    @property
    def clause(self) -> Clause:
        """The clause."""
        return self.share.clause

    @property
    def log_level(self) -> float:
        """Natural logarithm of the clause's own level."""
        return self.share.log_level


@dataclass(frozen=True)
class SizedOnUnit(SizedByShare):
    """The same of a quantity between 0 and 1, of examples that all need their labels."""

    @property
    def label_share(self) -> float:
        """Every example that counts needs its label."""
        return 1.0

    @property
    def room(self) -> float:
        """Largest tolerance whose alternative is possible."""
        return self.share.room(0.0, 1.0)

    def check(self) -> None:
        """Refuse an alternative outside [0, 1]."""
        check_alternative(self.share, 0.0, 1.0)


def check_alternative(share: Share, low: float, high: float, key: str = "") -> None:
    """
    Refuse a plan whose alternative lies outside [low, high]: it could never pass.

    Args:
        share: What the clause may use.
        low: Smallest value that its quantity can have, as anticipated.
        high: Largest value that its quantity can have, as anticipated.
        key: The key of the gate file that the range depends on, if one does.
    """
    if share.clause.tolerance is None:
        return
    truth = share.alternative(share.asked)
    if low - SLACK <= truth <= high + SLACK:
        return
    outcome = "pass" if share.clause.above == share.above else "fail"
    side = "plus" if share.above else "minus"
    reach = f"lies between {low:g} and {high:g}" + (f" where `{key}` is {share.disagreement:g}" if key else "")
    message = (
        f"`{share.clause}` could never {outcome} as planned: the threshold {side} two tolerances is {truth:.6g}, "
        f"and `{share.clause.quantity}` {reach}"
    )
    change = f"`{key}` (the share of predictions that you expect to change), the" if key else "the"
    widest = share.room(low, high)
    limit = f", which can be {_rounded_down(widest):g} at most here" if widest > 0 else ""
    raise Misuse(
        message,
        hint=f"Change {change} threshold or the tolerance{limit}. It says how large the test set must be, and has no "
        "part in a verdict.",
    )


def _rounded_down(tolerance: float) -> float:
    """A tolerance to two digits, as a person writes it, and not above it by more than a rounding error."""
    unit: float = 10 ** (math.floor(math.log10(tolerance)) - 1)
    return math.floor(tolerance / unit * (1 + SLACK)) * unit
