"""
Verdicts that no label can change, found from predictions alone at the level of the full test (theory.md §3.2).

A clause on *d* needs no label. Where all ways to label the examples on which two models differ lead to one verdict,
it is that of the full test, and none of these labels has to be bought: two models that hardly differ cannot be far
apart. Labels that are there have no part in it, for that a verdict needs no more of them would tell what they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from proctor.budget import Mode
from proctor.conditions import Assignment, Formula, Truth, allocate, truth
from proctor.evaluation import Evaluation, Finding, decide
from proctor.methods import method_of
from proctor.sample import Sample

MOST_CHANGES = 2_000
"""Changed predictions up to which all ways to label them are tried."""


def evaluate_unlabeled(formula: Formula, sample: Sample, mode: Mode, log_level: float) -> Evaluation | None:
    """
    Evaluate a condition whose verdict is the same whatever the labels are; ``None`` if it is not.

    Of the *sample*, predictions alone are looked at. For each clause, the least is told that can be found of it.
    """
    assignments = allocate(formula, mode.value)
    for most in (2, None):  # nearly always the two extremes already differ
        found = [
            set(_truths(each, log_level + each.log_share, islice(_statistics(each, sample), most), sample))
            for each in assignments
        ]
        lowest, highest = ([side(truths) for truths in found] for side in (min, max))
        findings = tuple(
            Finding(each.clause, low, log_level + each.log_share, math.nan, {})
            for each, low in zip(assignments, lowest, strict=True)
        )
        least, best = (Evaluation(truth(formula, each), findings, sample.n_examples) for each in (lowest, highest))
        if least.is_pass[mode] != best.is_pass[mode]:
            return None
    return least


def _statistics(assignment: Assignment, whole: Sample) -> Iterator[Any]:
    """Statistics that labels can still make of a clause, the extremes first; ``None`` for any that is not known."""
    method, sample = method_of(assignment.clause.quantity), _about(assignment, whole)
    needed = method.needs_label(whole.panel)
    n_needed = int(np.count_nonzero(needed if sample.mask is None else needed & sample.mask))
    if not n_needed:
        return iter((method.statistic(sample),))
    return method.completions(n_needed) if n_needed <= MOST_CHANGES else iter((None,))


def _truths(assignment: Assignment, log_level: float, statistics: Iterable[Any], whole: Sample) -> Iterator[Truth]:
    n_examples = _about(assignment, whole).n_examples
    for statistic in statistics:
        if statistic is None:
            yield from (Truth.FALSE, Truth.TRUE)
        else:
            yield decide(assignment, statistic, n_examples, log_level)


def _about(assignment: Assignment, whole: Sample) -> Sample:
    return whole if assignment.clause.slice is None else whole.on(assignment.clause.slice)
