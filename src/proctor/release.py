"""
The one door out: the only module that may turn what is private into what is public.

A `Release` is a function of the transcript (released outcomes, in order) and of public facts: condition,
contract, number of examples, anticipated disagreement, commit. Two runs that differ only in hidden labels and
have the same transcript give the same release, except for time stamps and the ledger's head (design.md, rule 3).
Renderers, run store and GitHub code accept a `Release` or a `Status` and nothing else.
"""

from __future__ import annotations

from typing import TypeAlias

from proctor.frozen import dataclass
from proctor.ledger.outcomes import Basis, Verdict
from proctor.methods import Unit
from proctor.notebook import points, table

__all__ = [
    "Answer",
    "Basis",
    "BudgetReport",
    "HistoryRow",
    "JointRelease",
    "Release",
    "Status",
    "TestSetFacts",
    "Verdict",
]

_Rows: TypeAlias = tuple[tuple[str, object], ...]


@dataclass(frozen=True, kw_only=True)
class BudgetReport:
    """
    Remainder of the contract by the transcript, in units that a person can use (theory.md §4.2).

    Attributes:
        evaluations: Charged evaluations so far.
        passes: Passes so far (in ``fn-free``: fails; see *counts*); ``None`` where outcomes are withheld.
        evaluations_left: Evaluations still promised; ``None`` where nothing is promised.
        passes_left: Passes still promised; ``None`` where nothing is promised.
        leakage_bits: Description length of the transcript.
        next_level_log: Natural logarithm of the next evaluation's level; ``None`` when the set is spent.
        next_tolerance: Tolerance that the next evaluation reaches, of the clause furthest from what it asks;
            ``None`` when the set is spent or no tolerance can be reached.
        asked_tolerance: Tolerance asked for by that clause; ``None`` if the condition names none.
        tolerance_unit: Unit of both.
        lasts_passes: About how many more passes in a row until a fresh test set is needed; ``None`` if over a thousand
            or not known.
        lasts_fails: The same for fails.
        bits_left: About how many more bits may leak until a fresh test set is needed; ``None`` if not known.
        counts: What *passes* counts: ``passes``, or ``fails`` in ``fn-free``.
        is_reach_known: False where it was not worked out: for a search that asks often, or without the test set where
            it depends on how large slices of it are, or on how many clusters it has.
    """

    evaluations: int
    passes: int | None
    evaluations_left: int | None
    passes_left: int | None
    leakage_bits: float
    next_level_log: float | None
    next_tolerance: float | None
    asked_tolerance: float | None = None
    lasts_passes: int | None = None
    lasts_fails: int | None = None
    bits_left: float | None = None
    counts: str = "passes"
    is_reach_known: bool = True
    tolerance_unit: Unit = Unit.POINTS

    @property
    def is_spent(self) -> bool:
        """True if no further evaluation is possible."""
        return self.next_level_log is None

    @property
    def is_out_of_reach(self) -> bool:
        """True if the next evaluation could not resolve the tolerance that is asked for."""
        if self.asked_tolerance is None or self.is_spent:
            return False
        return self.next_tolerance is None or self.next_tolerance > self.asked_tolerance

    @property
    def is_over(self) -> bool:
        """True if the next question needs a fresh test set, as far as the forecast can tell."""
        return self.is_spent or self.is_out_of_reach or 0 in (self.lasts_passes, self.lasts_fails)

    @property
    def share_used(self) -> float | None:
        """Share of the test set's life that is used up, in [0, 1]; ``None`` if its end is not known."""
        if self.is_spent:
            return 1.0
        if self.bits_left is None:
            return None
        total = self.leakage_bits + self.bits_left
        return self.leakage_bits / total if total > 0 else 1.0

    @property
    def rows(self) -> _Rows:
        """Rest of the budget, for a small table."""
        asked = "" if self.asked_tolerance is None else f" (asked: {points(self.asked_tolerance, self.tolerance_unit)})"
        reach = points(self.next_tolerance, self.tolerance_unit) or "no tolerance at all"
        return (
            ("evaluations", self.evaluations),
            (self.counts, self.passes),
            ("leaked", f"{self.leakage_bits:.1f} bits"),
            ("next one resolves", "nothing: the budget is spent" if self.is_spent else f"{reach}{asked}"),
        )


@dataclass(frozen=True, kw_only=True)
class TestSetFacts:
    """Public facts of a registered test set."""

    __test__ = False  # not a test case

    fingerprint: str
    n_examples: int
    reliability: float
    mode: str
    adaptivity: str
    inputs: str
    """``open`` or ``sealed`` (theory.md §1)."""
    state: str = "in use"
    """``in use``, ``spent``, ``retired`` or ``handed on``."""
    inherits: bool = False
    """True if it started with what the set before it had left: the reliability is that of all of them together."""

    @property
    def row(self) -> tuple[str, str]:
        """Name, size and state, for a small table."""
        return "test set", f"{self.fingerprint[:12]}, {self.n_examples:,} examples, {self.state}"


@dataclass(frozen=True, kw_only=True)
class Release:
    """
    One verdict as it leaves the gate.

    Attributes:
        verdict: Pass, fail or withheld.
        exit_code: Exit code of the process that says it (design.md).
        basis: Why.
        condition: The condition, canonical text.
        meaning: One sentence in plain words: what this verdict says.
        gate: Name of the gate (the gate file's ``name`` or its path); tells several gates in one repository apart.
        testset: Facts of the test set.
        step: Number of this evaluation in the life of the test set, from 1; 0 where nothing was judged.
        replayed: True if the recorded answer was given again, at no cost.
        entry: Number of the ledger's entry that holds the verdict.
        ledger_head: Hash of the ledger's last entry.
        budget: What is left.
        at: Time of the ledger's entry, ISO 8601, UTC.
        version: Version of proctor.
        commit: Commit of the candidate, where known.
        candidate: What was submitted, in the developer's own words (path or command).
        baseline: What it was compared with.
        sandbox: Isolation of the candidate's process: ``bubblewrap``, ``landlock``, ``none``, and what is open in it of
            the machine; ``None`` if no model ran.
        feedback: What else was released, at its price; ``None`` by default.
        stake: Share that was staked on the outcome that must be proven; ``None`` if nothing was declared.
        expected: Probability of a pass that development data promised before; ``None`` if they were not asked.
        notes: Further public remarks, each a sentence.
    """

    verdict: Verdict
    exit_code: int
    basis: Basis
    condition: str
    meaning: str
    gate: str
    testset: TestSetFacts
    step: int
    replayed: bool
    entry: int
    ledger_head: str
    budget: BudgetReport
    at: str
    version: str
    commit: str | None = None
    candidate: str = ""
    baseline: str = ""
    sandbox: str | None = None
    feedback: str | None = None
    stake: float | None = None
    expected: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Answers to each condition, where the gate has several; empty where it has one."""
        return ()

    @property
    def each(self) -> tuple[Release, ...]:
        """One release for each evaluation that was asked for."""
        return tuple(each.release for each in self.answers if each.release is not None) or (self,)

    def _repr_html_(self) -> str:
        """A small table, for a notebook."""
        asked = "asked before: free" if self.replayed else f"evaluation {self.step}" if self.step else "not judged"
        return table(
            f"{self.verdict.value.upper()}: {self.meaning}",
            (
                ("condition", self.condition),
                *((f"`{each.name}`", each.in_words) for each in self.answers),
                ("candidate", self.candidate),
                ("baseline", self.baseline),
                ("commit", (self.commit or "")[:12]),
                ("this one", f"{asked}, entry {self.entry}"),
                self.testset.row,
                *self.budget.rows,
                *(("note", note) for note in self.notes),
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """
    Answer to one condition, of several that a gate has.

    Attributes:
        name: What the gate file calls it.
        condition: The formula as written.
        enforce: False if the verdict only informs: it is charged like any other, and moves no exit code.
        release: The verdict; ``None`` if it was not asked for.
        out_of_reach: Why it could not be asked, of one that only informs; ``None`` if it could.
    """

    name: str
    condition: str
    enforce: bool
    release: Release | None = None
    out_of_reach: str | None = None

    @property
    def is_failure(self) -> bool:
        """True if it fails the whole gate."""
        return self.enforce and self.release is not None and self.release.verdict is Verdict.FAIL

    @property
    def in_words(self) -> str:
        """Verdict, condition and price, in one line."""
        informs = "" if self.enforce else " (informs only)"
        if self.release is None:
            return f"{'out of reach' if self.out_of_reach else 'not asked'}{informs}: {self.condition}"
        price = "asked before, free" if self.release.replayed else f"evaluation {self.release.step}, charged"
        return f"{self.release.verdict.value.upper()}{informs}: {self.condition}; {price}"


@dataclass(frozen=True, kw_only=True)
class JointRelease(Release):
    """
    The verdict of a gate that has several conditions: a pass if all enforced ones pass.

    Its own facts are those of the enforced condition that decided: the one that failed, or the last.

    Attributes:
        conditions: Answer to each, in the order of the gate file.
    """

    conditions: tuple[Answer, ...]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """Answers to each condition."""
        return self.conditions


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One released step, for tables and charts."""

    entry: int
    step: int
    at: str
    verdict: Verdict
    basis: Basis
    condition: str
    commit: str | None
    actor: str | None
    log_level: float | None
    leakage_bits: float
    feedback: str | None = None
    stake: float | None = None


@dataclass(frozen=True, kw_only=True)
class Status:
    """The state of a test set's account, without a new verdict."""

    gate: str
    condition: str
    testset: TestSetFacts
    budget: BudgetReport
    ledger_head: str
    version: str
    history: tuple[HistoryRow, ...] = ()
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """A small table and a chart of the account, for a notebook."""
        from proctor.charts import Chart, Line, Look, Point

        last = f"{self.history[-1].verdict.value}, {self.history[-1].at}" if self.history else None
        notes = (("note", note) for note in self.notes)
        rows = (("condition", self.condition), self.testset.row, *self.budget.rows, ("last verdict", last), *notes)
        spent = tuple(Point(row.step, row.leakage_bits, row.verdict.value) for row in self.history if row.step)
        line = Line(spent, look=Look.STAIRS)
        return table(self.gate, rows, Chart("Leakage", "evaluation", "bits", (line,)))
