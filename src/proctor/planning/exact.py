"""
Sizes of the exact tests, clause by clause (theory.md §6).

Each clause is planned for the smallest number of examples at which its own test, at its own share of the level, proves
what is true by two tolerances with its own share of the power: `proportion`, `difference` and `linear` hold one kind of
clause each, `shares` what a clause may use.
"""

from __future__ import annotations

from typing import assert_never

from proctor.conditions import Difference, Formula, Linear, Proportion, allocate
from proctor.planning.difference import DifferenceSizing
from proctor.planning.linear import LinearSizing
from proctor.planning.proportion import ProportionSizing
from proctor.planning.shares import Share, share_of
from proctor.planning.terms import Progress, Sizing, Terms, within


def sizings(
    formula: Formula, terms: Terms, simulate: bool = False, progress: Progress | None = None
) -> tuple[Sizing, ...]:
    """The exact test of every clause, by index."""
    shares = [share_of(assignment, terms) for assignment in allocate(formula, terms.mode)]
    return tuple(_sizing(share, simulate, within(progress, index, len(shares))) for index, share in enumerate(shares))


def _sizing(share: Share, simulate: bool, progress: Progress | None) -> Sizing:
    match share.clause.quantity:
        case Proportion():
            return ProportionSizing(share)
        case Difference():
            return DifferenceSizing(share)
        case Linear():
            return LinearSizing(share, simulate, progress)
        case _:
            assert_never(share.clause.quantity)
