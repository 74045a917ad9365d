"""
Chance that the next evaluation passes, judged from development data.

The next evaluation is simulated: as many examples as the test set has are drawn from the development examples, and
judged by the very tests that will judge the candidate, at the level that will apply. The share that pass estimates the
power at the development estimate. A second run first draws how the population itself may differ from a development
set of this size (from its posterior under Jeffreys's prior). Seeded: the same question gets the same figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.budget import Mode
from proctor.conditions import Formula, Slice, Variable, variables
from proctor.counting.coding import EVERYTHING, marginal, recoded
from proctor.counting.events import Coding
from proctor.counting.panel import Panel
from proctor.errors import DataError
from proctor.evaluation import PaperRule, evaluate
from proctor.gate.needs import rule_at
from proctor.gatefile import Gate
from proctor.methods import Outcomes, Valuing
from proctor.predictions import Labels
from proctor.sample import Sample

RUNS = 200
"""Simulated evaluations: the standard error of a share among them is at most 3.6 points."""
_FEWEST_RUNS, _DRAWN = 40, 4_000_000
"""Runs where examples are drawn anew: as many as a few seconds allow."""
_PRIOR = 0.5
_SEED = 20_240_817


class Next(NamedTuple):
    """
    The evaluation that is to come.

    Attributes:
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

    def passes(self, outcomes: Outcomes) -> bool:
        """True if it passes on these *outcomes*."""
        return evaluate(self.formula, outcomes, self.mode, self.log_level, self.rule).is_pass[self.mode]


def next_of(gate: Gate, formula: Formula, log_level: float, n_examples: int) -> Next:
    """The evaluation of a *formula* by a gate, at a level."""
    return Next(formula, gate.mode, log_level, n_examples, rule_at(gate, formula, n_examples, log_level))


def models_of(formula: Formula) -> frozenset[Variable]:
    """The models that a formula speaks of: what changes between candidate and baseline takes both."""
    found = variables(formula)
    return (found - {Variable.D}) | ({Variable.O} if Variable.D in found else frozenset())


def missing_from(panel: Panel, formula: Formula) -> frozenset[Variable]:
    """The models of a formula whose predictions a *panel* lacks."""
    return frozenset(model for model in models_of(formula) if panel.of(model) is None)


class Chance(NamedTuple):
    """
    Chance of a pass, by so many simulated evaluations each.

    Attributes:
        at_estimate: If the test set is like the development examples.
        with_uncertainty: Allowing for the number of those.
    """

    at_estimate: float
    with_uncertainty: float
    runs: int = RUNS


def chance(development: Sequence[int], coming: Next, runs: int = RUNS) -> Chance:
    """
    Chance that the *coming* evaluation passes.

    Args:
        development: Number of labeled development examples with each code of the `JOINT` events; not all 0.
        coming: The evaluation.
        runs: Number of simulated evaluations for each of the two figures.
    """
    cells = np.asarray(development, np.float64)
    share = cells / cells.sum()
    rng = np.random.default_rng(_SEED)
    known: dict[tuple[int, ...], bool] = {}
    at_estimate = sum(_passes(rng, share, coming, known) for _ in range(runs))
    needs = models_of(coming.formula)
    weights = cells + [_PRIOR * _is_possible(code, needs) for code in range(len(cells))]
    there = weights > 0
    uncertain = 0
    for _ in range(runs):
        drawn = np.zeros_like(share)
        drawn[there] = rng.dirichlet(weights[there])
        uncertain += _passes(rng, drawn, coming, known)
    return Chance(at_estimate / runs, uncertain / runs, runs)


def resampled_chance(panel: Panel, labels: Labels, coming: Next) -> Chance:
    """
    Chance that the *coming* evaluation passes, from development examples drawn again and again; at least one.

    It is for metrics that do not follow from who is right. Allowing for the number of examples, each of them stands
    for a share of the population that is drawn as well (Rubin's Bayesian bootstrap).
    """
    rng, n = np.random.default_rng(_SEED), len(panel)
    runs = max(_FEWEST_RUNS, min(RUNS, _DRAWN // coming.n_examples))

    def passes(shares: NDArray[np.float64] | None) -> bool:
        rows = rng.choice(n, coming.n_examples, p=shares)
        drawn = panel.at(rows)
        if drawn.draws is not None:  # each time another test set, of which other examples are drawn for labeling
            drawn = replace(drawn, draws=rng.random(len(rows)))
        return coming.passes(Sample(drawn, Labels(labels.values[rows]), np.arange(len(rows))))

    at_estimate = sum(passes(None) for _ in range(runs))
    uncertain = sum(passes(rng.dirichlet(np.ones(n))) for _ in range(runs))
    return Chance(at_estimate / runs, uncertain / runs, runs)


def _is_possible(code: int, needs: frozenset[Variable]) -> bool:
    """True if an example can come out so (a code of the `JOINT` events), of the models that the formula speaks of."""
    new, old, anchor, differ = EVERYTHING[code].tolist()
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
        known[drawn] = coming.passes(Drawn(drawn, rng))
    return known[drawn]


class Drawn(NamedTuple):
    """
    A simulated test set; fulfills `proctor.methods.Outcomes`.

    Args:
        joint: Number of examples with each code of the `JOINT` events.
    """

    joint: tuple[int, ...]
    rng: np.random.Generator

    @property
    def n_examples(self) -> int:
        """Number of examples."""
        return sum(self.joint)

    def counts(self, coding: Coding) -> list[int]:
        """Count the examples with each code of *coding*."""
        return marginal(self.joint, coding.events)

    def codes(self, coding: Coding) -> NDArray[np.intp]:
        """The code of each example, in a random order."""
        whole = np.repeat(recoded(coding.events), self.joint)
        self.rng.shuffle(whole)
        return whole

    def values(self, valuing: Valuing) -> NDArray[np.float64]:
        """Never: whoever simulates has seen to it that all follows from the `JOINT` events."""
        raise DataError("numbers on examples are not simulated")

    def cluster_means(self, valuing: Valuing) -> NDArray[np.float64]:
        """Never: which of the drawn examples belong together is not simulated."""
        raise DataError("clusters are not simulated")

    def on(self, slice_: Slice) -> Drawn:
        """Never: which of the drawn examples are in a slice is not simulated."""
        raise DataError(f"the slice `{slice_}` is not simulated")
