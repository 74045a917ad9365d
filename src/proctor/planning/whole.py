"""
The plan of a whole condition: its clauses put together, the life of the set, and the paper's bounds beside it.

Nothing statistical happens here. The exact tests load NumPy and SciPy and are imported when they are used; a plan by
the paper's bounds never loads them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple, assert_never

from proctor.budget import Adaptivity, Contract, open_account
from proctor.conditions import AllOf, AnyOf, Clause, Formula, Slice, Variable, clauses, clusters, slices
from proctor.errors import BudgetSpent, Misuse
from proctor.methods import beyond_accuracies, method_of
from proctor.methods.sizing import Progress, Sizing, within
from proctor.planning import life, paper
from proctor.planning.terms import (
    Bound,
    ClausePlan,
    Collecting,
    LifeCell,
    LifeRow,
    PaperFigures,
    Plan,
    Reach,
    Request,
    Sizes,
    Terms,
    examples_of,
)

NO_SLICES: Sizes = MappingProxyType({})
"""The sizes of a condition that is about whole test sets."""

CURVE = (0.5, 0.6, 0.7, 0.85, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5, 3.0)
"""Multiples of the asked tolerance at which the examples needed are drawn."""


def plan(formula: Formula, request: Request, progress: Progress | None = None) -> Plan:
    """
    Number of examples and labels that a condition takes, by which tests, and what that means over the life of the set.

    Args:
        formula: The condition in normal form.
        request: Contract, stakes, power, and what is anticipated.
        progress: Told the share that is done; for long plans.

    Raises:
        Misuse: If the condition could never be proven as planned, or names no tolerance and no examples are at hand.

    Example:
        >>> from proctor import budget, conditions
        >>> formula = conditions.normalize(conditions.parse("n - o > 0.02 +/- 0.02"))
        >>> contract = budget.Contract(0.998, adaptivity=budget.Adaptivity.NONE, steps=7)
        >>> found = plan(formula, Request(contract, budget.Adaptive(7), disagreement=0.1, bound=Bound.BENNETT))
        >>> found.examples, found.labels
        (4713, 471)
    """
    terms = request.terms()
    _check_tolerances(formula, request)
    tests = _sizings(formula, terms, request.simulate, progress)
    for test in tests:
        test.check()
    planned = []
    for index, test in enumerate(tests):
        planned.append(_clause_plan(test, request.examples))
        if (part := within(progress, index, len(tests))) is not None:
            part(1.0)
    # Of examples that are to be had, nobody has said how many are in which slice.
    sizes: Sizes = dict.fromkeys(slices(formula), request.examples or 0)
    examples = _largest(clause.examples for clause in planned) or request.examples or 0
    return Plan(
        examples=examples,
        labels=_labels(tests, planned, examples),
        clauses=tuple(planned),
        life=_Life(formula, request, tests, tuple(planned)).rows(),
        paper=_paper(formula, terms),
        paper_full=_paper_full(formula, request, terms),
        log_level=terms.log_level,
        log_miss=terms.log_miss,
        examples_at_hand=request.examples,
        reach=_furthest(tests, request.examples, sizes) if request.examples else None,
        enough=all(test.resolves(request.examples) for test in tests) if request.examples else None,
        notes=(*_price(formula, request), *_notes(formula, request, tests)),
        mode=request.contract.mode,
        slices=tuple((str(slice_), size) for slice_, size in _needed(tests, planned).items() if slice_),
        cluster=clusters(formula),
        cluster_size=request.cluster_size,
        collecting=_collecting(formula, request, terms, examples) if request.sequential else None,
    )


def _collecting(formula: Formula, request: Request, terms: Terms, examples: int) -> Collecting:
    from proctor.planning.collecting import collecting

    return collecting(formula, terms, examples, request.examples)


def reachable_tolerance(formula: Formula, terms: Terms, n_examples: int, sizes: Sizes = NO_SLICES) -> Reach:
    """
    The tolerance that *n_examples* reach at these terms, of the clause furthest from what it asks (theory.md §4.2).

    A clause on a slice has the examples of its slice, by *sizes*.

    A clause that names no tolerance comes behind every clause that does; among several, the widest is reported.
    """
    if terms.log_level == -math.inf:
        first = clauses(formula)[0]
        return Reach(None, first.tolerance, first.index, method_of(first.quantity).unit)
    return _furthest(_sizings(formula, terms), n_examples, sizes)


def check_possible(formula: Formula, terms: Terms) -> None:
    """
    Refuse a condition that no test set could ever show as planned, however many examples it had.

    Raises:
        Misuse: If the truth that is planned for lies outside of what can be.
    """
    for test in _sizings(formula, terms):
        test.check()


def examples_needed(formula: Formula, terms: Terms) -> int | None:
    """
    Examples with which one evaluation at these terms reaches every tolerance that is asked for.

    ``None`` where that depends on how many examples are in a slice, or nothing is asked for.
    """
    tests = [test for test in _sizings(formula, terms) if test.clause.tolerance is not None]
    if any(test.clause.slice is not None for test in tests):
        return None
    return _largest(test.sample_size() for test in tests)


def is_within_reach(formula: Formula, terms: Terms, n_examples: int, sizes: Sizes = NO_SLICES) -> bool:
    """
    True if every clause reaches the tolerance it asks for, with the declared power (theory.md §4.1, last line but one).

    A clause that names no tolerance is within reach if some outcome on so many examples would prove it; one on a slice
    has the examples of its slice, by *sizes*.
    """
    if terms.log_level == -math.inf:
        return False
    return all(test.resolves(examples_of(test.clause, n_examples, sizes)) for test in _sizings(formula, terms))


def _sizings(
    formula: Formula, terms: Terms, simulate: bool = False, progress: Progress | None = None
) -> tuple[Sizing, ...]:
    if terms.log_level == -math.inf:
        raise BudgetSpent(hint="Register a fresh test set.")
    if terms.bound is not Bound.EXACT:
        return paper.requirements(formula, terms)
    from proctor.planning import exact

    return exact.sizings(formula, terms, simulate, progress)


def _clause_plan(test: Sizing, examples: int | None) -> ClausePlan:
    size = None if test.clause.tolerance is None else test.sample_size()
    return ClausePlan(
        text=test.clause.text,
        method=test.method,
        reason=test.reason,
        examples=size,
        labels=None if size is None else round(size * test.label_share),
        log_level=test.log_level,
        asked=test.clause.tolerance,
        reached=None if examples is None else test.tolerance(examples),
        unit=method_of(test.clause.quantity).unit,
    )


def _check_tolerances(formula: Formula, request: Request) -> None:
    for clause in clauses(formula):
        if clause.tolerance is None and request.examples is None:
            raise Misuse(
                f"`{clause}` names no tolerance, so no number of examples can be planned for it",
                hint=f"Write for example `{clause} +/- 0.01`, or say --examples N to see which tolerance they reach.",
            )


# --- all clauses together --------------------------------------------------------------------------------------------


def _largest(sizes: Iterable[int | None]) -> int | None:
    return max((size for size in sizes if size is not None), default=None)


def _needed(tests: Sequence[Sizing], planned: Sequence[ClausePlan]) -> dict[Slice | None, int]:
    """Examples needed in each slice, and by the clauses on all examples together."""
    needed: dict[Slice | None, int] = {}
    for test, found in zip(tests, planned, strict=True):
        if found.examples is not None:
            needed[test.clause.slice] = max(needed.get(test.clause.slice, 0), found.examples)
    return needed


def _labels(tests: Sequence[Sizing], planned: Sequence[ClausePlan], examples: int) -> int:
    """Labels for all clauses on one set; those of several slices are added up, as if no example were in two."""
    sizes = _needed(tests, planned) | {None: examples}
    labels = 0
    for slice_, size in sizes.items():
        # Each pair of models is labeled where it differs, an accuracy everywhere.
        shares: dict[frozenset[Variable], float] = {}
        for test in (each for each in tests if each.clause.slice == slice_):
            models = method_of(test.clause.quantity).labeled_together
            shares[models] = max(shares.get(models, 0.0), test.label_share)
        labels += round(size * min(1.0, sum(shares.values())))
    return labels


def _furthest(tests: tuple[Sizing, ...], n_examples: int, sizes: Sizes) -> Reach:
    return _furthest_of(tests, [test.tolerance(examples_of(test.clause, n_examples, sizes)) for test in tests])


def _furthest_of(tests: tuple[Sizing, ...], reached: list[float | None]) -> Reach:
    reaches = [
        Reach(tolerance, test.clause.tolerance, test.clause.index, method_of(test.clause.quantity).unit)
        for test, tolerance in zip(tests, reached, strict=True)
    ]
    return max(reaches, key=_distance)


def _distance(reach: Reach) -> tuple[bool, float]:
    """Distance of a clause from what it asks; those that ask for nothing come last."""
    reached = math.inf if reach.tolerance is None else reach.tolerance
    return (False, reached) if reach.asked is None else (True, reached / reach.asked)


# --- the life of the set ---------------------------------------------------------------------------------------------


class _Life(NamedTuple):
    """The table of life: what is planned, carried over to the other levels."""

    formula: Formula
    request: Request
    tests: tuple[Sizing, ...]
    planned: tuple[ClausePlan, ...]

    def rows(self) -> tuple[LifeRow, ...]:
        """One row for each number of passes."""
        levels = life.levels(self.request.account, self.request.stakes)
        price = self.request.log_feedback
        return tuple(
            LifeRow(passes, tuple((name, self._cell(level + price)) for name, level in cells))
            for passes, cells in levels
        )

    def _cell(self, log_level: float) -> LifeCell:
        tests = _sizings(self.formula, self.request.terms().at(log_level))
        is_planned = log_level == self.request.terms().log_level
        is_rough = not is_planned and any(planned.is_rough for planned in self.tests)
        if self.request.examples is None:
            sizes = [
                done.examples if is_planned else test.nearby_size(planned, done.examples)
                for test, planned, done in zip(tests, self.tests, self.planned, strict=True)
                if done.examples is not None
            ]
            return LifeCell(log_level, _largest(sizes), None, is_rough)
        reached = [
            done.reached if is_planned else test.nearby_tolerance(planned, done.reached, self.request.examples)
            for test, planned, done in zip(tests, self.tests, self.planned, strict=True)
        ]
        return LifeCell(log_level, None, _furthest_of(tests, reached).tolerance, is_rough)


def tolerance_curve(formula: Formula, request: Request, done: Plan) -> tuple[tuple[float, int], ...]:
    """
    Examples needed if every tolerance were a multiple of the asked one: pairs of the multiple and the number.

    Rough where computing anew is dear (see `Sizing.is_rough`): it is drawn, not decided by.
    """
    if any(clause.examples is None for clause in done.clauses):
        return ()
    terms = request.terms()
    planned = _sizings(formula, terms, request.simulate)
    points = []
    for factor in CURVE:
        tests = _sizings(_scaled(formula, factor), terms)
        if not all(_is_possible(test) for test in tests):
            continue
        sizes = (
            test.nearby_size(known, clause.examples or 0)
            for test, known, clause in zip(tests, planned, done.clauses, strict=True)
        )
        points.append((factor, done.examples if factor == 1 else max(sizes)))
    return tuple(points)


def _is_possible(test: Sizing) -> bool:
    try:
        test.check()
    except Misuse:
        return False
    return True


def _scaled(formula: Formula, factor: float) -> Formula:
    match formula:
        case AllOf(parts) | AnyOf(parts):
            return replace(formula, parts=tuple(_scaled(part, factor) for part in parts))
        case Clause(tolerance=tolerance):
            return replace(formula, tolerance=None if tolerance is None else tolerance * factor)
        case _:
            assert_never(formula)


# --- the paper's bounds beside it ------------------------------------------------------------------------------------


def _paper(formula: Formula, terms: Terms) -> PaperFigures:
    if beyond_accuracies(formula) is not None or any(clause.tolerance is None for clause in clauses(formula)):
        return PaperFigures(None, None, terms.log_level)  # the paper knows accuracies only
    hoeffding = paper.requirements(formula, replace(terms, bound=Bound.HOEFFDING))
    bennett = paper.requirements(formula, replace(terms, bound=Bound.BENNETT))
    return PaperFigures(
        hoeffding=_largest(need.sample_size() for need in hoeffding),
        bennett=_largest(need.sample_size() for need in bennett) if any(need.variance for need in bennett) else None,
        log_level=terms.log_level,
    )


def _paper_full(formula: Formula, request: Request, terms: Terms) -> PaperFigures | None:
    if request.contract.adaptivity is not Adaptivity.RECYCLING:
        return None
    contract = Contract(request.contract.reliability, request.contract.mode, Adaptivity.FULL, request.stakes.steps)
    lowest = open_account(contract).lowest_log_level(request.stakes) + request.log_feedback
    return _paper(formula, terms.at(lowest))


def _price(formula: Formula, request: Request) -> tuple[str, ...]:
    """The price of feedback, in bits and in examples, before anybody agrees to it (theory.md §4.3.2)."""
    if not request.feedback_bits:
        return ()
    bits, steps = request.feedback_bits, request.stakes.steps
    without = plan(formula, replace(request, feedback_bits=0.0, sequential=False))
    each = f"up to {bits:.3g} {'bit' if bits == 1 else 'bits'} with each verdict"
    spent = f"{(steps - 1) * bits:.3g} bits before the last of {steps} steps"
    return (f"`feedback` costs {each}, {spent}; without it {without.examples:,} {without.noun} would do",)


def _notes(formula: Formula, request: Request, tests: tuple[Sizing, ...]) -> tuple[str, ...]:
    notes = []
    if cluster := clusters(formula):
        notes.append(
            f"what is counted is clusters: all examples of one `{cluster}` are one observation, their mean, and each "
            "counts once. Planned as if the examples of a cluster were all alike, so that all need a label or none; an "
            "`sd` is that of the means of clusters"
        )
    if slices(formula) and request.examples is None:
        notes.append("a clause on a slice takes its examples from the slice: draw until each slice has enough of them")
    elif slices(formula):
        noun = "clusters" if cluster else "examples"
        notes.append(f"{request.examples:,} {noun} are taken as those of each slice: fewer there reach less")
    differences = [clause for clause in clauses(formula) if method_of(clause.quantity).is_paired]
    anchored = [clause for clause in differences if Variable.A in method_of(clause.quantity).labeled_together]
    if anchored:
        said = "taken from `disagreement` too" if request.disagreement is not None else "taken as 1 (nothing is said)"
        notes.append(f"the share on which candidate and anchor differ is {said}: `{anchored[0]}`")
    is_worst_case = any(clause not in anchored for clause in differences) and any(t.label_share == 1.0 for t in tests)
    if request.bound is Bound.EXACT and request.disagreement is None and is_worst_case:
        notes.append("say `disagreement` (the share of predictions that you expect to change): plans shrink with it")
    if any(isinstance(need, paper.Requirement) and need.is_assumed for need in tests):
        notes.append("the promise of `bound: bennett` rests on `disagreement`, which no clause checks")
    return tuple(notes)
