"""The question of a gate file and how surely it is to be answered: all that a plan needs."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import cached_property
from typing import Self

from proctor import conditions
from proctor.budget import Adaptive, Adaptivity, Contract, Mode, Stakes
from proctor.conditions import Formula
from proctor.counting.reading import Reading
from proctor.frozen import dataclass, field, replace
from proctor.gatefile.named import NamedCondition
from proctor.methods import reading_of
from proctor.planning import Bound, Request

STAKES = (
    "a stake says, before anything is judged, how likely a pass is: stake high on what you expect to pass, and a pass "
    "costs less, a fail more; under `stakes: informed` development data say it"
)
"""Effect of a stake, in plain words."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """
    The question and how surely it is to be answered: all that a plan needs, without any data.

    Attributes:
        condition: The formula as written.
        reliability: Probability that no proven outcome is ever wrong in the life of the test set.
        power: Chance of a due pass at threshold + 2 tolerances; ``None`` for the reliability.
        mode: Which outcome must be proven.
        adaptivity: How levels are set.
        recipient: Address behind ``none ->``: who is told the outcomes; ``None`` if there is none.
        stakes: How the budget is to be spent, with the expected steps and passes.
        is_informed: True if stakes are made of development data.
        bound: Exact tests, or a bound of the paper.
        disagreement: Anticipated share of changed predictions; ``None`` if nothing was said.
        named: The conditions of a map, which *condition* asks all at once; empty if there is no map.
    """

    condition: str
    reliability: float = 0.999
    power: float | None = None
    mode: Mode = Mode.FP_FREE
    adaptivity: Adaptivity = Adaptivity.RECYCLING
    recipient: str | None = None
    stakes: Stakes = field(default_factory=Adaptive)
    is_informed: bool = False
    bound: Bound = Bound.EXACT
    disagreement: float | None = None
    named: tuple[NamedCondition, ...] = ()

    @property
    def parts(self) -> tuple[Self, ...]:
        """This policy for each condition of its map; alone, if there is none."""
        return tuple(replace(self, condition=each.condition, named=()) for each in self.named) or (self,)

    @cached_property
    def formula(self) -> Formula:
        """The condition's clauses in normal form."""
        return self.read(self.condition)

    def read(self, condition: str) -> Formula:
        """The clauses of a *condition* in normal form, as they are judged here."""
        normalize = conditions.normalize_apart if self.named else conditions.normalize
        return conditions.clustered(normalize(conditions.parse(condition)), self.cluster)

    @property
    def cluster(self) -> str | None:
        """Name of the column whose values are one observation each; options alone declare none."""
        return None

    @cached_property
    def reading(self) -> Reading:
        """Way in which the files of predictions and labels are read."""
        return reading_of(self.formula)

    @property
    def contract(self) -> Contract:
        """Contract that registration fixes."""
        steps = None if self.adaptivity is Adaptivity.RECYCLING else self.stakes.steps
        return Contract(self.reliability, self.mode, self.adaptivity, steps)

    @property
    def log_miss(self) -> float:
        """Natural logarithm of the probability that a due pass may be missed, 1 − power."""
        if self.power is None:
            return self.contract.log_error_probability
        return math.log(1 - Decimal(repr(self.power)))

    def request(self, examples: int | None = None) -> Request:
        """
        All that a plan is asked for, so that whoever plans gets the same figures.

        Args:
            examples: Examples at hand; ``None`` if the test set is still to be made.
        """
        return Request(
            contract=self.contract,
            stakes=self.stakes,
            power=self.power,
            disagreement=self.disagreement,
            bound=self.bound,
            examples=examples,
            feedback_bits=self.feedback_bits,
        )

    @property
    def feedback_bits(self) -> float:
        """The most that one evaluation's feedback costs beside its verdict; options alone cannot declare any."""
        return 0.0

    @property
    def notes_on_stakes(self) -> tuple[str, ...]:
        """Notes on what a stake does, for whoever plans or looks at the account, where stakes are made."""
        return (STAKES,) if self.is_informed else ()

    @property
    def notes_on_time(self) -> tuple[str, ...]:
        """Notes on what an outcome costs in time, for whoever plans; options alone declare no sealed inputs."""
        return ()
