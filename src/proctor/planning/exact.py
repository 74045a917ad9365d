"""
Sizes of the exact tests, clause by clause (theory.md §6).

Each clause is planned for the smallest number of examples at which its own test, at its own share of the level, proves
what is true by two tolerances with its own share of the power; `proctor.methods.sizes` has one module for each test.
"""

from __future__ import annotations

import math

from proctor.conditions import Assignment, Formula, allocate
from proctor.methods import method_of
from proctor.methods.sizes.share import Share
from proctor.methods.sizing import Progress, Sizing, within
from proctor.planning.terms import Terms


def sizings(
    formula: Formula, terms: Terms, simulate: bool = False, progress: Progress | None = None
) -> tuple[Sizing, ...]:
    """The exact test of every clause, by index."""
    shares = [share_of(assignment, terms) for assignment in allocate(formula, terms.mode)]
    return tuple(
        method_of(share.clause.quantity).sizing(share, simulate, within(progress, index, len(shares)))
        for index, share in enumerate(shares)
    )


def share_of(assignment: Assignment, terms: Terms) -> Share:
    """Share that *assignment* leaves to its clause under *terms*."""
    clause = assignment.clause
    anticipated = assignment.disagreement_cap
    if terms.disagreement is not None:
        anticipated = min(anticipated, terms.disagreement)
    return Share(
        clause=clause,
        above=terms.proves_above(clause),
        log_level=terms.log_level + assignment.log_share,
        log_miss=terms.log_miss + math.log(assignment.power_share),
        cap=assignment.disagreement_cap,
        disagreement=anticipated,
        is_said=terms.disagreement is not None,
    )
