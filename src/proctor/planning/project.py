"""
Labeled examples that a project takes over many releases: fresh test sets, or one that grows (theory.md §4.6).

The rows of fresh and growing sets are formulas on a fixed pattern of outcomes: so many fails, then a pass. The row with
informed stakes is simulated, with normal draws that are independent between evaluations: an approximation that sizes a
plan, and never a verdict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from statistics import mean, stdev
from typing import NamedTuple

from proctor.budget import Adaptive, Contract, Step, open_account
from proctor.conditions import Clause, Formula, clusters
from proctor.errors import Misuse
from proctor.methods import is_gain
from proctor.methods.sizing import Progress
from proctor.planning.exact import sizings
from proctor.planning.project_life import Need, ProjectLife
from proctor.planning.terms import Bound, Request, Terms

MILESTONES = (1, 3, 8, 20, 50, 100, 200)
"""Releases at which a plan is shown, as far as it goes."""
FRESH_AFTER = (1, 3, 8)
LIVES = 24
"""Simulated lives of the row with informed stakes."""
_STEP_NATS = 4.0


class Cell(NamedTuple):
    """Labeled examples so far, at a milestone; with the standard error of a mean, where it is simulated."""

    examples: int
    standard_error: int | None = None


class Row(NamedTuple):
    """
    One way to go through the releases.

    Attributes:
        name: What it does.
        cells: One for each milestone.
    """

    name: str
    cells: tuple[Cell, ...]


class ProjectPlan(NamedTuple):
    """
    Labeled examples for the releases of a project.

    Attributes:
        milestones: Numbers of releases.
        fails: Fails before each pass, in the pattern of the formula rows.
        rows: The ways.
        development: Development examples of the informed row; ``None`` if there is none.
        noun: Noun for what is counted: examples, or clusters of them.
    """

    milestones: tuple[int, ...]
    fails: int
    rows: tuple[Row, ...]
    development: int | None = None
    noun: str = "examples"


def project(
    formula: Formula,
    request: Request,
    releases: int,
    pass_rate: float,
    development: int | None = None,
    progress: Progress | None = None,
) -> ProjectPlan:
    """
    Plan the test sets of a project.

    Args:
        formula: The condition.
        request: What a plan of one set is asked for; its reliability is the project's.
        releases: Passes that are to come.
        pass_rate: Share of the commits that are worth a pass; in (0, 1].
        development: Development examples for informed stakes; ``None`` to leave that row out.
        progress: Told the share that is done.

    Raises:
        Misuse: If it is not under ``recycling`` with the exact tests, or informed stakes are asked for another
            condition than one on the gain over the baseline.
    """
    _refuse(formula, request, releases, pass_rate, development)
    fails = max(0, round(1 / pass_rate) - 1)
    milestones = tuple(sorted({*(each for each in MILESTONES if each < releases), releases}))
    need = need_of(formula, request)
    rows = formula_rows(need, request.contract, fails, milestones)
    if development is not None:
        assert isinstance(formula, Clause)  # noqa: S101  # refused otherwise
        rows.append(_informed(ProjectLife(formula, request, pass_rate, development, need), milestones, progress))
    return ProjectPlan(milestones, fails, tuple(rows), development, "clusters" if clusters(formula) else "examples")


def need_of(formula: Formula, request: Request) -> Need:
    """Sizes of the exact tests."""
    terms = Terms(request.contract.mode, -1.0, request.log_miss, request.disagreement, request.bound)
    return interpolated(lambda log_level: max(test.sample_size() for test in sizings(formula, terms.at(log_level))))


def interpolated(size: Callable[[float], int]) -> Need:
    """Sizes at levels that are 4 nats apart; between them they lie on a line (a plan may interpolate)."""

    @cache
    def exact(index: int) -> int:
        return size(-index * _STEP_NATS)

    def need(log_level: float) -> float:
        place = max(-log_level / _STEP_NATS, 1.0)
        index = math.floor(place)
        return exact(index) + (place - index) * (exact(index + 1) - exact(index))

    return need


def _refuse(formula: Formula, request: Request, releases: int, pass_rate: float, development: int | None) -> None:
    if request.contract.steps is not None or request.bound is not Bound.EXACT:
        raise Misuse(
            "a project is planned under `adaptivity: recycling` and `bound: exact`",
            hint="Leave both keys out, or plan one test set without --releases.",
        )
    if releases < 1 or not 0 < pass_rate <= 1:
        raise Misuse(
            f"a project has at least 1 release and a pass rate above 0 and at most 1, not {releases} and {pass_rate!r}",
            hint="Say for example --releases 50 --pass-rate 0.3.",
        )
    if development is not None and not (isinstance(formula, Clause) and is_gain(formula)):
        raise Misuse(
            "informed stakes are planned for a condition such as `n - o > 0 +/- 0.01` alone",
            hint="Leave --development out.",
        )


# --- formulas --------------------------------------------------------------------------------------------------------


def formula_rows(need: Need, contract: Contract, fails: int, milestones: tuple[int, ...]) -> list[Row]:
    """
    Rows of fresh sets and of one that grows, under a budget that recycles what it has.

    Args:
        need: Examples that a level takes.
        contract: Contract of the project.
        fails: Fails before each pass.
        milestones: Numbers of releases, in order.
    """
    fresh = [_fresh(need, contract, fails, milestones, every) for every in FRESH_AFTER]
    return [*fresh, _growing(need, contract, fails, milestones)]


def _levels(contract: Contract, fails: int) -> Iterator[float]:
    """Levels of the passes of one account, each after so many fails."""
    account, stakes = open_account(contract), Adaptive()
    while True:
        for _ in range(fails):
            account = account.after(Step(proven=False, stakes=stakes))
        yield account.next_log_level(stakes)
        account = account.after(Step(proven=True, stakes=stakes))


def _fresh(need: Need, contract: Contract, fails: int, milestones: tuple[int, ...], every: int) -> Row:
    """A fresh set after so many passes; set number j has the share 1/(j(j+1)) of the project's error probability."""
    alone = list(zip(_levels(contract, fails), range(every), strict=False))
    cells = []
    for releases in milestones:
        total = 0.0
        for number in range(1, math.ceil(releases / every) + 1):
            last = min(every, releases - (number - 1) * every)
            total += need(alone[last - 1][0] - math.log(number * (number + 1)))
        cells.append(Cell(round(total)))
    return Row("a fresh set after every pass" if every == 1 else f"a fresh set after {every} passes", tuple(cells))


def _growing(need: Need, contract: Contract, fails: int, milestones: tuple[int, ...]) -> Row:
    found = [round(need(level)) for level, _ in zip(_levels(contract, fails), range(milestones[-1]), strict=False)]
    return Row("one growing set", tuple(Cell(found[releases - 1]) for releases in milestones))


# --- informed stakes, simulated --------------------------------------------------------------------------------------


def _informed(life: ProjectLife, milestones: tuple[int, ...], progress: Progress | None) -> Row:
    found = []
    for number in range(LIVES):
        found.append(life.sizes(milestones[-1], number))
        if progress is not None:
            progress((number + 1) / LIVES)
    cells = []
    for releases in milestones:
        sizes = [each[releases - 1] for each in found]
        cells.append(Cell(round(mean(sizes)), round(stdev(sizes) / math.sqrt(LIVES))))
    return Row("one growing set, informed stakes", tuple(cells))
