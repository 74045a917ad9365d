"""
Labels of the paired test that stops early (theory.md §3.10), beside the table of its design and Wald's expectation.

Run it as a script: ``python tests/benchmarks/bench_sequential.py``.
Labels are counted where the models differ on a tenth of the examples and every difference needs a label; the threshold
is 0, the tolerance 0.01. The rule and the loss at which to give up are the product's own. Beside it stands the rule
that the table was measured with, by the theory's own words: every bet is the one that is best at a gain of 2ε where a
tenth differs. Shares of the level and futility were chosen for each row of the table, and are the product's here.

Wald's expectation is that of the best sequential test of two points, the gain and the nearest one of the null:
no test with these two errors can expect to read fewer labels at the gain (Wald 1945, without overshoot).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from figures import figure
from numpy.typing import NDArray

from proctor.stats.expectation import expectation, with_power
from proctor.stats.paired import Demand, sample_size
from proctor.stats.sequential import Outcomes, SequentialTest

DISAGREEMENT, TOLERANCE = 0.1, 0.01
PATHS = 2_000
DESIGNS_BET = 2 * TOLERANCE / DISAGREEMENT
WALD_AT = 0.1
GAINS = ("no change", "+ε", "+2ε", "+3ε")


class Row(NamedTuple):
    """
    A row of the table that the design was made with.

    Args:
        level: Level.
        miss: Tolerated probability of a miss at +2ε.
        cap: Size of the set, in that of the fixed test.
        fixed: Labels of the fixed test.
        labels: Expected labels at each of the gains.
    """

    level: float
    miss: float
    cap: float
    fixed: int
    labels: tuple[int, int, int, int]


TABLE = [
    Row(1e-3, 0.1, 1.3, 483, (127, 340, 330, 188)),
    Row(1e-4, 0.1, 1.3, 628, (130, 419, 433, 250)),
    Row(1e-6, 0.1, 1.3, 917, (125, 543, 628, 343)),
    Row(1e-3, 1e-3, 1.3, 960, (337, 867, 347, 177)),
    Row(1e-6, 1e-6, 1.15, 2260, (679, 2256, 685, 344)),
]


class DesignsBets(SequentialTest):
    """The same test with the bets of the table's design."""

    def _bets(self, outcomes: Outcomes) -> NDArray[np.float64]:
        return np.full(len(outcomes), DESIGNS_BET)


def main() -> None:
    """Print the tables."""
    print(
        f"{'a':>7s} {'b':>7s} {'gain':>9s} {'labels':>8s} {'± s.e.':>7s} {'theory':>7s} {'ratio':>6s} {'proven':>7s} "
        f"{'design’s bets':>14s} {'ratio':>6s}"
    )
    for row in TABLE:
        show(row)


def show(row: Row) -> None:
    """Print what is measured beside one row of the table."""
    demand = Demand(0.0, math.log(row.level), math.log(row.miss), DISAGREEMENT)
    size = sample_size(demand, TOLERANCE)
    test, designs = (designed(kind, row, round(row.cap * size)) for kind in (SequentialTest, DesignsBets))
    name = f"level {row.level:g}, miss {row.miss:g}"
    figure(f"labels of the fixed test, {name}, in those of the theory", size * DISAGREEMENT / row.fixed)
    for k, (gain, theory) in enumerate(zip(GAINS, row.labels, strict=True)):
        found = expectation(test, k * TOLERANCE, PATHS, seed=100 + k)
        again = expectation(designs, k * TOLERANCE, PATHS // 2, seed=100 + k)
        print(
            f"{row.level:7g} {row.miss:7g} {gain:>9s} {found.labels:8.0f} {found.error:7.1f} {theory:7d} "
            f"{found.labels / theory:6.2f} {found.proven:7.4f} {again.labels:8.0f} ± {again.error:3.1f} "
            f"{again.labels / theory:6.2f}",
            flush=True,
        )
        figure(f"expected labels, {name}, {gain}, in those of the theory", found.labels / theory, most=1.05, least=0.95)
        figure(
            f"the same with the bets of the theory's table, {name}, {gain}",
            again.labels / theory,
            most=1.05,
            least=0.95,
        )
        if gain == "+2ε" and row.miss == WALD_AT:
            figure(f"expected labels, {name}, {gain}, in Wald's", found.labels / wald(row), most=1.2)


def wald(row: Row) -> float:
    """Wald's expectation at the gain of two tolerances, for labels that are wins or losses."""
    win = (1 + 2 * TOLERANCE / DISAGREEMENT) / 2
    information = win * math.log(2 * win) + (1 - win) * math.log(2 * (1 - win))
    passed, failed = math.log((1 - row.miss) / row.level), math.log(row.miss / (1 - row.level))
    return ((1 - row.miss) * passed + row.miss * failed) / information


def designed(kind: type[SequentialTest], row: Row, n_examples: int) -> SequentialTest:
    """The test of a row, giving up at the least loss that leaves the power asked for."""
    test = kind(
        n_examples=n_examples,
        threshold=0.0,
        log_level=math.log(row.level),
        log_miss=math.log(row.miss),
        disagreement=DISAGREEMENT,
    )
    found = with_power(test, 2 * TOLERANCE, PATHS) or test
    if found.futility is not None:
        print(f"{kind.__name__}, level {row.level:g}, miss {row.miss:g}: gives up at a loss of e^{found.futility:.2f}")
    return found


if __name__ == "__main__":
    main()
