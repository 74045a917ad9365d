"""
Fitting a new gate file to the test set that lies there: the tolerance, and what life is expected of the set.

Looks at how many examples there are, never at a label.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from proctor.errors import ProctorError
from proctor.methods import Unit

if TYPE_CHECKING:
    from proctor.budget import Stakes
    from proctor.gatefile import Gate
    from proctor.planning import Plan

_NICE = (0.0025, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.045, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2)
_NICE_DIGITS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
_SHARES = (0.1, 0.2, 0.3, 0.5)
_LIVES = ((32, 3), (32, 1), (10, 1))
"""Steps and passes to expect of a test set, the longest life first."""


class Lifetime(NamedTuple):
    """
    Tolerance that the examples at hand give a condition, if so much is expected of them.

    Attributes:
        steps: Evaluations that are expected.
        passes: Passes that are expected.
        tolerance: Tolerance that they resolve all the while, rounded up.
    """

    steps: int
    passes: int
    tolerance: float


class Fit(NamedTuple):
    """
    Fit of the examples at hand to a condition: what they can do for it.

    Attributes:
        n_examples: How many there are.
        asked: Tolerance that the condition asks for; ``None`` if it names none.
        needed: Examples that the condition needs.
        life: The longest life in which they reach a tolerance; ``None`` if they reach none of use in the shortest.
    """

    n_examples: int
    asked: float | None
    needed: int
    life: Lifetime | None

    @property
    def is_enough(self) -> bool:
        """True if the condition can be asked as it stands."""
        return self.n_examples >= self.needed


def anticipated(condition: str) -> float:
    """Share of predictions to expect a change of: of numbers all; of classes a few, or what the *condition* takes."""
    from proctor import conditions
    from proctor.budget import Adaptive, Contract
    from proctor.methods import reading_of
    from proctor.planning import Request, check_possible

    formula = conditions.normalize(conditions.parse(condition))
    if reading_of(formula).predictions is not None:
        return 1.0
    for share in _SHARES:
        try:
            check_possible(formula, Request(Contract(0.999), Adaptive(), disagreement=share).terms())
        except ProctorError:
            continue
        return share
    return 1.0


def fit(gate: Gate) -> Fit | None:
    """Fit of the test set of *gate* to its condition; ``None`` if it cannot be told yet."""
    from proctor.predictions import Source
    from proctor.testset import ExampleFiles, load

    source = gate.testset
    try:
        labels = Source(gate.resolve(source.labels), fence=gate.fence)
        shown = source.features and Source(gate.resolve(source.features), fence=gate.guard_of_features)
        testset = load(ExampleFiles(labels, shown or None, source.id, source.label))
        n_examples = testset.n_examples if gate.cluster is None else testset.n_clusters(gate.cluster)
        found = _plan(gate, n_examples, gate.stakes)
    except ProctorError:
        return None
    asked = found.reach.asked if found.reach else None
    lives = (_life(gate, n_examples, steps, passes) for steps, passes in _LIVES)
    return Fit(n_examples, asked, found.examples, next((life for life in lives if life is not None), None))


def _plan(gate: Gate, n_examples: int, stakes: Stakes) -> Plan:
    from proctor.planning import plan

    return plan(gate.formula, replace(gate.request(n_examples), stakes=stakes))


def _life(gate: Gate, n_examples: int, steps: int, passes: int) -> Lifetime | None:
    from proctor.budget import Adaptive

    reach = _plan(gate, n_examples, Adaptive(steps, passes)).reach
    reached = reach.tolerance if reach is not None else None
    if reach is None or reached is None:
        return None
    nice = next((step for step in _nice_tolerances(reach.unit) if step >= reached), None)
    return None if nice is None else Lifetime(steps, passes, nice)


def _nice_tolerances(unit: Unit) -> Iterator[float]:
    """Tolerances that a person would write, in ascending order: of a share those that make sense, else of any size."""
    if unit is Unit.POINTS:
        yield from _NICE
        return
    for exponent in range(-6, 9):
        yield from (float(f"{digits}e{exponent}") for digits in _NICE_DIGITS)
