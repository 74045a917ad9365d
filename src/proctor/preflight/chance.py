"""
How likely the next evaluation is to pass, judged from development data.

The next evaluation is simulated: as many examples as the test set has are drawn from the development examples, and
judged by the very tests that will judge the candidate, at the level that will apply. The share that pass estimates the
power at the development estimate. A second run first draws how the population itself may differ from a development
set of this size (from its posterior under Jeffreys's prior). Seeded: the same question gets the same figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.budget import Mode
from proctor.conditions import Formula, Linear, Variable, variables
from proctor.evaluation import PaperRule, evaluate
from proctor.predictions import Counts

RUNS = 200
"""Simulated evaluations: the standard error of a share among them is at most 3.6 points."""
_PRIOR = 0.5
_SEED = 20_240_817
_UNLABELED = (0,) * 8


@dataclass(frozen=True)
class Next:
    """
    The evaluation that is to come.

    Attributes:
        formula: What it asks.
        mode: Which outcome must be proven.
        log_level: Natural logarithm of its level.
        n_examples: Size of the test set.
        rule: The paper's rule, where its bounds decide.
    """

    formula: Formula
    mode: Mode
    log_level: float
    n_examples: int
    rule: PaperRule | None = None

    @property
    def needs(self) -> frozenset[Variable]:
        """The models that must be there: what changes between candidate and baseline takes both."""
        found = variables(self.formula)
        return (found - {Variable.D}) | ({Variable.O} if Variable.D in found else frozenset())


class Chance(NamedTuple):
    """Chance of a pass at the development estimate, and allowing for the size of the development set."""

    at_estimate: float
    with_uncertainty: float


def chance(development: Counts, coming: Next, runs: int = RUNS) -> Chance:
    """
    Chance that the *coming* evaluation passes.

    Args:
        development: What candidate, baseline and anchor got right, jointly, on labeled development examples; not empty.
        coming: The evaluation.
        runs: Number of simulated evaluations for each of the two figures.
    """
    cells = np.asarray(development.labeled, np.float64)
    share = cells / cells.sum()
    rng = np.random.default_rng(_SEED)
    known: dict[tuple[int, ...], bool] = {}
    at_estimate = sum(_passes(rng, share, coming, known) for _ in range(runs))
    weights = cells + [_PRIOR * _is_possible(code, coming.needs) for code in range(len(cells))]
    there = weights > 0
    uncertain = 0
    for _ in range(runs):
        drawn = np.zeros_like(share)
        drawn[there] = rng.dirichlet(weights[there])
        uncertain += _passes(rng, drawn, coming, known)
    return Chance(at_estimate / runs, uncertain / runs)


def _is_possible(code: int, needs: frozenset[Variable]) -> bool:
    """Whether an example can come out so (see `Counts.labeled`), of the models that the formula speaks of."""
    new, old, anchor, differ = (bool(code & bit) for bit in (1, 2, 4, 8))
    if anchor and Variable.A not in needs:
        return False
    if Variable.O not in needs:
        return not old and not differ
    # Both right is no difference, one right is one, and both wrong may be either.
    return differ != (new == old) if new or old else True


def _passes(
    rng: np.random.Generator, share: NDArray[np.float64], coming: Next, known: dict[tuple[int, ...], bool]
) -> bool:
    """Draw a test set and judge it; the same counts are judged once."""
    drawn = tuple(rng.multinomial(coming.n_examples, share).tolist())
    if drawn not in known:
        outcomes = Drawn(Counts(coming.n_examples, drawn, _UNLABELED), rng)
        known[drawn] = evaluate(coming.formula, outcomes, coming.mode, coming.log_level, coming.rule).is_pass[
            coming.mode
        ]
    return known[drawn]


@dataclass(frozen=True)
class Drawn:
    """A simulated test set; fulfills `proctor.methods.Outcomes`."""

    counts: Counts
    rng: np.random.Generator

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return self.counts.n_examples

    def right(self, variable: Variable) -> int:
        """Number of examples on which a model is right; for ``d``, on which candidate and baseline differ."""
        return self.counts.differ if variable is Variable.D else self.counts.right(variable.value)

    def wins_and_losses(self, plus: Variable, minus: Variable) -> tuple[int, int]:
        """Numbers of examples on which only the first, and only the second, of two models is right."""
        return self.counts.wins(plus.value, minus.value), self.counts.losses(plus.value, minus.value)

    def scores(self, quantity: Linear) -> NDArray[np.float64]:
        """Value of a linear expression for each example, in a random order."""
        values = [
            sum(w for bit, w in enumerate(quantity.weights) if code >> bit & 1)
            for code in range(len(self.counts.labeled))
        ]
        whole: NDArray[Any] = np.repeat(np.asarray(values, np.float64), self.counts.labeled)
        self.rng.shuffle(whole)
        return whole
