"""Request for a plan, and its answer: plain values, without any of the statistics between them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from proctor.budget import Account, Contract, Mode, Stakes, open_account
from proctor.conditions import Clause, Slice
from proctor.errors import DomainError
from proctor.frozen import dataclass, replace
from proctor.methods import Unit
from proctor.notebook import points, table

if TYPE_CHECKING:
    from proctor.charts import Chart

Sizes = Mapping[Slice | None, int]
"""Number of examples in each slice of a test set; of clusters where these are judged, and then in the whole, too."""


def examples_of(clause: Clause, n_examples: int, sizes: Sizes) -> int:
    """Examples, or clusters, that a clause is judged on; none where it is about a slice of which nothing is known."""
    return sizes.get(clause.slice, n_examples if clause.slice is None else 0)


class Bound(StrEnum):
    """Tests that decide: the exact ones, or those of ease.ml/ci."""

    EXACT = "exact"
    HOEFFDING = "hoeffding"
    BENNETT = "bennett"


@dataclass(frozen=True)
class Terms:
    """
    Terms that one evaluation is held to.

    Attributes:
        mode: Which outcome must be proven.
        log_level: Natural logarithm of its level, before the clauses share it; ``-inf`` when the set is spent.
        log_miss: Natural logarithm of the tolerated probability of not proving what holds by two tolerances.
        disagreement: Anticipated share of changed predictions; ``None`` if nothing is said.
        bound: Whose tests decide.
    """

    mode: Mode
    log_level: float
    log_miss: float
    disagreement: float | None = None
    bound: Bound = Bound.EXACT

    def __post_init__(self) -> None:
        if self.disagreement is not None and not 0 < self.disagreement <= 1:
            raise DomainError(f"disagreement must lie in (0, 1], not {self.disagreement!r}")
        if not self.log_level < 0 or not -math.inf < self.log_miss < 0:
            raise DomainError(f"log_level and log_miss must be below 0, not {self.log_level!r} and {self.log_miss!r}")

    def at(self, log_level: float) -> Terms:
        """The same terms at another level."""
        return replace(self, log_level=log_level)

    def proves_above(self, clause: Clause) -> bool:
        """True if the proven outcome needs evidence that the clause's quantity lies above its threshold."""
        return clause.above == (self.mode is Mode.FP_FREE)


@dataclass(frozen=True)
class Request:
    """
    Request for a plan, as a person makes it.

    Attributes:
        contract: Reliability, mode, adaptivity.
        stakes: How the budget is to be spent; sizes the plan under ``recycling``.
        power: Chance that what is due is proven; ``None`` for the reliability.
        disagreement: Anticipated share of changed predictions; ``None`` if nothing is said.
        bound: Whose tests decide.
        examples: Examples at hand; ``None`` if the test set is still to be made.
        simulate: Whether plans of betting tests are sharpened by a seeded simulation.
        sequential: Whether labels are bought one at a time, and reading them stops early.
        feedback_bits: The most that the feedback of one evaluation costs beside its verdict.
        log_budget: Natural logarithm of what the set starts with; ``None`` for all that the contract gives.
        cluster_size: Examples that a cluster has, on average; ``None`` if nothing is said.
    """

    contract: Contract
    stakes: Stakes
    power: float | None = None
    disagreement: float | None = None
    bound: Bound = Bound.EXACT
    examples: int | None = None
    simulate: bool = False
    sequential: bool = False
    feedback_bits: float = 0.0
    log_budget: float | None = None
    cluster_size: float | None = None

    def __post_init__(self) -> None:
        if self.power is not None and not 0 < self.power < 1:
            raise DomainError(f"power must lie between 0 and 1, not {self.power!r}")
        if self.examples is not None and self.examples < 1:
            raise DomainError(f"examples must be at least 1, not {self.examples!r}")

    @property
    def log_miss(self) -> float:
        """Natural logarithm of 1 − power, without the rounding error of the subtraction."""
        if self.power is None:
            return self.contract.log_error_probability
        return math.log(float(1 - Decimal(repr(float(self.power)))))

    @property
    def log_feedback(self) -> float:
        """Natural logarithm of what feedback leaves of the budget, at worst, before the last expected evaluation."""
        return -(self.stakes.steps - 1) * self.feedback_bits * math.log(2)

    @property
    def account(self) -> Account:
        """The account that the planned set starts with."""
        opened = open_account(self.contract)
        return opened if self.log_budget is None else replace(opened, log_budget=self.log_budget)

    def terms(self) -> Terms:
        """The terms at the lowest level within the steps and passes that are expected (theory.md §6)."""
        lowest = self.account.lowest_log_level(self.stakes) + self.log_feedback
        # The paper's bounds are as sure in passing as in failing: b = a.
        log_miss = self.log_miss if self.bound is Bound.EXACT or lowest == -math.inf else lowest
        return Terms(self.contract.mode, lowest, log_miss, self.disagreement, self.bound)


@dataclass(frozen=True, kw_only=True)
class ClausePlan:
    """
    Plan of one clause: what it takes, and why.

    Attributes:
        text: The clause as written.
        method: Name of the test.
        reason: Why this test, in one sentence.
        examples: Examples it needs; ``None`` if it names no tolerance.
        labels: Labels among them, as anticipated.
        log_level: Natural logarithm of its own level.
        asked: The tolerance it asks for.
        reached: The tolerance that the examples at hand reach; ``None`` if there are none or they reach none.
        unit: Unit of its tolerances.
    """

    text: str
    method: str
    reason: str
    examples: int | None
    labels: int | None
    log_level: float
    asked: float | None
    reached: float | None
    unit: Unit = Unit.POINTS


class LifeCell(NamedTuple):
    """One level in the life of the set: examples needed there, and the tolerance reached by those at hand."""

    log_level: float
    examples: int | None
    tolerance: float | None
    is_rough: bool = False
    """True if the figure may be scaled from the plan's own level: right to a few parts in a hundred."""

    @property
    def height(self) -> float | None:
        """Its height in a chart: points of tolerance where examples are at hand, else the examples needed."""
        return self.examples if self.tolerance is None else 100 * self.tolerance


class LifeRow(NamedTuple):
    """
    Demands of a number of proofs on the set; one cell for each kind of stakes.

    Attributes:
        passes: Passes (in ``fn-free``: fails) that are expected; ``None`` where the level does not depend on them.
        cells: Name of the stakes or policy, and what holds under it.
    """

    passes: int | None
    cells: tuple[tuple[str, LifeCell], ...]


class PaperFigures(NamedTuple):
    """Examples by the bounds of ease.ml/ci at one level; ``None`` where a bound has nothing to say."""

    hoeffding: int | None
    bennett: int | None
    log_level: float


@dataclass(frozen=True, kw_only=True)
class Collecting:
    """
    Labels to expect where they are bought one at a time, and reading them stops early.

    Attributes:
        examples: Examples among which they are bought.
        unchanged: Labels expected where nothing changed.
        gained: Labels expected at threshold + 2 tolerances.
        most: Labels if all are read, as anticipated.
        power: Share of the simulated test sets that prove that gain.
        futility: Natural logarithm of the loss of capital at which reading stops without a proof.
    """

    examples: int
    unchanged: float
    gained: float
    most: int
    power: float
    futility: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """
    Examples and labels that a condition takes, and what lies behind them.

    Attributes:
        examples: Examples needed; those at hand if no clause names a tolerance.
        labels: Labels among them, as anticipated.
        slices: Examples needed in each slice that a clause is about.
        collecting: Labels to expect where reading them stops early; ``None`` if that was not asked.
        clauses: One plan for each clause, by index.
        life: The levels over the life of the set.
        paper: The paper's bounds at the same level.
        paper_full: The paper's bounds under its own policy ``full``; ``None`` unless the plan is for ``recycling``.
        log_level: Natural logarithm of the level planned for.
        log_miss: Natural logarithm of 1 − power.
        examples_at_hand: Examples at hand, if any.
        reach: What they reach, of the clause furthest from what it asks.
        enough: Whether they are enough; ``None`` if none are at hand.
        notes: Assumptions, each a sentence.
        mode: Which outcome is proven, so that its number and not the other's wears the test set out.
        cluster: Column whose values are counted in place of examples; ``None`` where these are.
        cluster_size: Examples that a cluster has, on average; ``None`` if nothing is said.
    """

    examples: int
    labels: int
    clauses: tuple[ClausePlan, ...]
    life: tuple[LifeRow, ...]
    paper: PaperFigures
    paper_full: PaperFigures | None
    log_level: float
    log_miss: float
    examples_at_hand: int | None = None
    reach: Reach | None = None
    enough: bool | None = None
    notes: tuple[str, ...] = ()
    mode: Mode = Mode.FP_FREE
    slices: tuple[tuple[str, int], ...] = ()
    collecting: Collecting | None = None
    cluster: str | None = None
    cluster_size: float | None = None

    @property
    def noun(self) -> str:
        """Noun for what is counted: examples, or clusters of them."""
        return "examples" if self.cluster is None else "clusters"

    @property
    def counted(self) -> str:
        """The noun, and by which column."""
        return self.noun if self.cluster is None else f"{self.noun} by `{self.cluster}`"

    @property
    def in_all(self) -> tuple[int, int]:
        """Examples and labels, in examples where clusters are counted of which the size is known."""
        size = 1 if self.cluster_size is None else self.cluster_size
        return math.ceil(self.examples * size), math.ceil(self.labels * size)

    @property
    def answer(self) -> str:
        """
        Examples, or clusters, and labels in one line.

        A cluster of no known size has some of its examples labeled, and how many these are is not known either.
        """
        at_least, (n_examples, n_labels) = "at least " if self.slices else "", self.in_all
        share = self.labels / self.examples if self.examples else 1.0
        about = "" if share in {0, 1} else "about "
        if not self.labels:
            labels = "no labels"
        elif self.cluster is None or self.cluster_size is not None:
            labels = f"{about}{n_labels:,} labels"
        else:
            labels = f"labels of {f'about {100 * share:.2g} %' if about else 'all'} of their examples"
        counted = f"{self.examples:,} {self.counted}"
        if self.cluster_size is not None:
            counted = f"{n_examples:,} examples in {counted}, {self.cluster_size:g} in each"
        return f"{at_least}{counted}, {labels}"

    @property
    def life_chart(self) -> Chart:
        """The life of the set by number of passes, with a line for each kind of stakes."""
        from proctor.charts import Chart, Line, Point

        unit = self.counted if self.examples_at_hand is None else "tolerance, points"
        rows = [(float(row.passes), dict(row.cells)) for row in self.life if row.passes is not None]
        found = {
            name: [(passes, cells[name].height) for passes, cells in rows] for name in (rows[0][1] if rows else ())
        }
        lines = [
            Line(tuple(Point(passes, height) for passes, height in heights if height), name, color=index)
            for index, (name, heights) in enumerate(found.items())
        ]
        return Chart("Life of the test set", "passes", unit, tuple(line for line in lines if line.points))

    def _repr_html_(self) -> str:
        """A small table and a chart of the set's life, for a notebook."""
        at_hand = None if self.examples_at_hand is None else f"{self.examples_at_hand:,} {self.counted}"
        reach = None if self.reach is None else points(self.reach.tolerance, self.reach.unit) or "no tolerance at all"
        enough = None if self.enough is None else "yes" if self.enough else "no"
        sizes = (each.method if each.examples is None else f"{each.examples:,}, {each.method}" for each in self.clauses)
        clauses = ((each.text, size) for each, size in zip(self.clauses, sizes, strict=True))
        slices = ((f"on {slice_}", f"{size:,} {self.counted}") for slice_, size in self.slices)
        notes = (("note", note) for note in self.notes)
        rows = (*clauses, *slices, ("at hand", at_hand), ("they reach", reach), ("enough", enough), *notes)
        return table(self.answer, rows, self.life_chart)


class Reach(NamedTuple):
    """
    The tolerance that a number of examples reaches.

    Attributes:
        tolerance: Of the clause furthest from what it asks; ``None`` if no tolerance is reached.
        asked: What that clause asks; ``None`` if it names none.
        clause_index: Which clause it is.
        unit: Unit of both.
    """

    tolerance: float | None
    asked: float | None
    clause_index: int
    unit: Unit = Unit.POINTS
