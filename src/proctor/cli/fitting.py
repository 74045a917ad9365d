"""
Fitting the tolerance of a new gate file to the test set that lies there, so that the first `check` can be made.

Looks at how many examples there are, never at a label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proctor.errors import ProctorError

if TYPE_CHECKING:
    from proctor.gatefile import Gate

_NICE = (0.0025, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25)


@dataclass(frozen=True)
class Fit:
    """
    What the examples at hand can do for a condition.

    Attributes:
        n_examples: How many there are.
        tolerance: Tolerance that they reach over the steps and passes expected, rounded up; ``None`` if none.
        asked: Tolerance that the condition asks for; ``None`` if it names none.
        needed: Examples that the condition needs.
    """

    n_examples: int
    tolerance: float | None
    asked: float | None
    needed: int

    @property
    def is_enough(self) -> bool:
        """Whether the condition can be asked as it stands."""
        return self.n_examples >= self.needed


def fit(gate: Gate) -> Fit | None:
    """What the test set of *gate* can do for its condition; ``None`` if it cannot be told yet."""
    from proctor.planning import Request, plan
    from proctor.predictions import Source
    from proctor.testset import ExamFiles, load

    source = gate.testset
    features = Source(gate.resolve(source.features)) if source.features else None
    try:
        exam = load(ExamFiles(Source(gate.resolve(source.labels)), features, source.id, source.label))
        stakes, at_hand = gate.stakes, exam.n_examples
        found = plan(
            gate.formula, Request(gate.contract, stakes, gate.power, gate.disagreement, gate.bound, examples=at_hand)
        )
    except ProctorError:
        return None
    reached = found.reach.tolerance if found.reach else None
    nice = next((step for step in _NICE if reached is not None and step >= reached), None)
    return Fit(at_hand, nice, found.reach.asked if found.reach else None, found.examples)
