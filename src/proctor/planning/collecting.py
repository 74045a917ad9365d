"""
The plan of a difference whose labels are bought one at a time, in a fixed order (theory.md §3.10).

Labels are counted on average, over drawn test sets with a fixed seed; whether the test keeps its level does not depend
on it. Imported when it is asked for, because it needs the exact tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from proctor.conditions import Clause, Difference, Formula, Proportion, allocate, clusters
from proctor.errors import Misuse
from proctor.methods.sizes.share import Share
from proctor.planning.exact import share_of
from proctor.planning.terms import Bound, Collecting, Terms
from proctor.stats.expectation import expectation, sketched, with_power
from proctor.stats.sequential import SequentialShare, SequentialTest

ROOM = (1.3, 1.45, 1.6, 1.8, 2.0)
"""Examples to try, in those of the test that reads all labels; the smallest with the power (theory.md §3.10)."""

_PATHS = 500


def collecting(formula: Formula, terms: Terms, size: int, n_examples: int | None) -> Collecting:
    """
    Labels to expect if reading stops as soon as the test is decided.

    Args:
        formula: The condition: one clause on a difference of two accuracies, with a tolerance.
        terms: Level, power and what is anticipated.
        size: Examples that the test which reads all labels takes.
        n_examples: Examples at hand; ``None`` for as many as it takes.

    Raises:
        Misuse: If the condition is another one.
    """
    share = _only_share(formula, terms)
    tolerance = share.clause.tolerance
    if tolerance is None:
        raise Misuse(
            f"`{share.clause}` names no tolerance, so nothing says which gain labels are to be planned for",
            hint=f"Write for example `{share.clause} +/- 0.01`.",
        )
    design = test_of(share, n_examples or size)
    gain = min(design.threshold + 2 * tolerance, share.disagreement)
    sizes = [n_examples] if n_examples else [math.ceil(room * size) for room in ROOM]
    test = _with_power([sketched(replace(design, n_examples=each)) for each in sizes], gain)
    unchanged, gained = expectation(test, 0.0, _PATHS), expectation(test, gain, _PATHS)
    return Collecting(
        examples=test.n_examples,
        unchanged=unchanged.labels,
        gained=gained.labels,
        most=max(unchanged.most, gained.most, round(test.n_examples * share.disagreement)),
        power=gained.proven,
        futility=-share.log_miss if test.futility is None else test.futility,
    )


@lru_cache(maxsize=64)  # a test remembers which ends prove, and is asked again for every batch
def test_of(share: Share, n_examples: int) -> SequentialTest:
    """Test of an accuracy, or of a difference of two: of the second from the first where evidence is sought below."""
    if isinstance(share.clause.quantity, Proportion):
        return SequentialShare(
            n_examples=n_examples,
            threshold=share.clause.threshold,
            log_level=share.log_level,
            log_miss=share.log_miss,
            is_above=share.above,
        )
    return SequentialTest(
        n_examples=n_examples,
        threshold=share.towards,
        log_level=share.log_level,
        log_miss=share.log_miss,
        disagreement=share.disagreement,
        disagreement_cap=share.cap,
    )


def _with_power(tests: Sequence[SequentialTest], gain: float) -> SequentialTest:
    """The first of the tests that has the power asked for; the last of them if none has."""
    found = (with_power(test, gain, _PATHS) for test in tests)
    return next((test for test in found if test is not None), tests[-1])


def _only_share(formula: Formula, terms: Terms) -> Share:
    """Share of the one clause that the condition is made of."""
    if terms.bound is not Bound.EXACT:
        raise Misuse(
            f"labels are bought one at a time with exact tests only, not with `bound: {terms.bound}`",
            hint="Write `bound: exact`, or leave out --sequential.",
        )
    if cluster := clusters(formula):
        raise Misuse(
            f"labels are bought one at a time on examples, and here all of one `{cluster}` are one observation",
            hint="Leave out --sequential: by clusters, every label that matters is read.",
        )
    is_difference = isinstance(formula, Clause) and isinstance(formula.quantity, Difference) and formula.slice is None
    if not is_difference:
        raise Misuse(
            f"labels are bought one at a time for one difference of two accuracies, not for `{formula}`",
            hint="Ask for `n - o > 0.01 +/- 0.01`, say, or leave out --sequential.",
        )
    (assignment,) = allocate(formula, terms.mode)
    return share_of(assignment, terms)
