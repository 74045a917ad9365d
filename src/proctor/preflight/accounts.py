"""The account that the candidate would be charged to: what is left, what is asked, what an answer would cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from proctor.budget import Account, Mode, Step
from proctor.conditions import Formula, Variable, restrict, variables
from proctor.errors import EvaluationPending, KeyFault, LedgerUnreachable, Misuse, ProctorError
from proctor.gate.books import (
    Books,
    consult,
    prospect,
    refuse_another_contract,
    refuse_if_out_of_reach,
    refuse_if_over,
)
from proctor.gate.case import identify_as_registered
from proctor.gate.locked import LockedTestSet
from proctor.gate.publication import state_of
from proctor.gate.safe import Safe
from proctor.gatefile import First, Gate, Inputs
from proctor.ledger import open_ledger
from proctor.ledger.history import Life, Question
from proctor.planning import Plan, plan
from proctor.preflight.report import Finding, good, problem, skipped, warning
from proctor.reports import sentences
from proctor.reports.sentences import points
from proctor.testset import TestSet
from proctor.words import in_words


@dataclass(frozen=True)
class Shelf:
    """
    What is known of the test set here.

    Attributes:
        exam: The test set, of a sealed one without the key what the ledger says; ``None`` if it is not here.
        books: What the ledger says of it; ``None`` if it cannot be asked.
        findings: What was found on the way.
    """

    exam: TestSet | None
    books: Books | None
    findings: tuple[Finding, ...] = ()

    @property
    def examples(self) -> TestSet | None:
        """The test set with its examples; ``None`` if they cannot be looked at here."""
        return None if isinstance(self.exam, LockedTestSet) else self.exam


def look_up(gate: Gate, safe: Safe) -> Shelf:
    """Find the test set and its account; a developer's machine may have neither."""
    named = gate.testset.features or gate.testset.labels
    if not gate.resolve(named).exists():
        return Shelf(None, None, (skipped("test set", f"{named!r} is not here, so its account is not known here"),))
    try:
        ledger = open_ledger(gate.ledger, gate.root, safe.ledger_key)
        exam = identify_as_registered(safe, ledger.read(), opens_labels=False)
    except KeyFault as error:
        return Shelf(None, None, (skipped("test set", error.message),))
    except LedgerUnreachable as error:
        return Shelf(None, None, (warning("ledger", error.message, error.hint),))
    except ProctorError as error:
        return Shelf(None, None, (problem("test set", error),))
    try:
        books = consult(ledger, exam)
        if books.life is not None:
            refuse_another_contract(gate, books.life)
    except ProctorError as error:
        return Shelf(exam, None, (problem("ledger", error),))
    known = ", known from the ledger (the key is not here)" if isinstance(exam, LockedTestSet) else ""
    return Shelf(exam, books, (good("test set", f"{exam.n_examples:,} examples{known}; {_state(gate, books)}"),))


def _state(gate: Gate, books: Books) -> str:
    """How far the test set is in its life, in words."""
    if books.life is None:
        return "registered at its first use"
    return f"{state_of(books.life, gate)}, {sentences.count(books.account(gate).evaluations, 'evaluations')} so far"


class Asked(NamedTuple):
    """
    The question that is to come.

    Attributes:
        formula: What is asked; ``None`` if the first candidate is accepted unjudged.
        question: By what it is known.
        is_replay: Whether it has a recorded answer.
    """

    formula: Formula | None
    question: Question
    is_replay: bool


def asked(gate: Gate, has_baseline: bool, has_anchor: bool) -> Formula | None:
    """
    The formula that can be asked; ``None`` if the first candidate is accepted unjudged (theory.md §5).

    Raises:
        Misuse: If the first candidate is to be judged and no clause is on it alone.
    """
    needed = variables(gate.formula)
    lacks = not has_baseline and needed & {Variable.O, Variable.D}
    if not lacks and (has_anchor or Variable.A not in needed):
        return gate.formula
    if gate.first is First.ACCEPT:
        return None
    formula = restrict(gate.formula, {Variable.N})
    if formula is None:
        raise Misuse(
            f"`first: judge` cannot judge `{gate.condition}` without a baseline: no clause is on `n` alone",
            hint="Say `first: accept`, or add a clause such as `n > 0.8 +/- 0.02`.",
        )
    return formula


class Cost(NamedTuple):
    """What the next evaluation is held to, and what each outcome would take from the account; in bits."""

    log_level: float
    if_pass: float
    if_fail: float


def cost_of(account: Account, gate: Gate) -> Cost:
    """The price of the next evaluation, whatever comes out; only the outcome's own share of it is taken."""
    proven, other = (
        account.after(Step(is_proven, gate.stakes)).leakage_bits - account.leakage_bits for is_proven in (True, False)
    )
    level = account.next_log_level(gate.stakes)
    return Cost(level, proven, other) if gate.contract.mode is Mode.FP_FREE else Cost(level, other, proven)


def judge_account(gate: Gate, shelf: Shelf, coming: Asked) -> tuple[tuple[Finding, ...], dict[str, float | None]]:
    """Plan and cost of the next evaluation on the test set that is here; findings, and the figures behind them."""
    assert shelf.books is not None and shelf.exam is not None  # noqa: S101, PT018  # the caller has checked
    formula = coming.formula
    try:
        refuse_if_over(gate, shelf.books)
        if formula is not None:
            refuse_if_out_of_reach(gate, shelf.books, formula, shelf.exam.n_examples)
        begun = _begun(shelf.books.life, coming.question)
    except ProctorError as error:
        return (problem("plan", error),), {}
    if formula is None and gate.testset.inputs is Inputs.OPEN:
        return (good("cost", "there is no baseline yet: the candidate is accepted as the first one, at no cost"),), {}
    cost = cost_of(shelf.books.account(gate), gate)
    figures: dict[str, float | None] = {
        "log_level": cost.log_level,
        "bits_if_pass": cost.if_pass,
        "bits_if_fail": cost.if_fail,
    }
    if formula is None:
        return (
            *begun,
            good("cost", f"accepted as the first one, charged like a proof on sealed inputs: {price(cost)}"),
        ), figures
    reach = prospect(gate, formula, shelf.exam.n_examples).reach(cost.log_level)
    resolved = "what is asked" if reach.tolerance is None else f"±{points(reach.tolerance)}"
    wanted = "" if reach.asked is None else f" (asked: ±{points(reach.asked)})"
    resolves = good("plan", f"the next evaluation can resolve {resolved}{wanted}")
    return (resolves, *begun, good("cost", price(cost))), {**figures, "tolerance": reach.tolerance}


def _begun(life: Life | None, question: Question) -> tuple[Finding, ...]:
    """
    What is to be said of an evaluation on sealed inputs that has begun and not ended, if there is one.

    Raises:
        EvaluationPending: If it is another question than this one.
    """
    if life is None or life.open_pending is None:
        return ()
    number = life.open_pending.entry.number
    if life.awaits(question):
        return (good("pending", f"entry {number} is this evaluation, begun and not ended: a check takes it up"),)
    raise EvaluationPending(
        f"entry {number} of the ledger is an evaluation on this test set that has begun and not ended",
        hint="Wait for it; if its machine died, run that commit's check again, or let the owner end it with "
        "`proctor testset abort`.",
    )


def price(cost: Cost) -> str:
    """
    The cost in words.

    >>> price(Cost(-8.517, 2.32, 0.32))
    'level 0.0002; a pass costs 2.3 bits, a fail 0.3 bits'
    """
    exponent = cost.log_level / math.log(10)
    level = f"{math.exp(cost.log_level):.2g}" if exponent > -300 else f"10^{exponent:.0f}"
    return f"level {level}; a pass costs {cost.if_pass:.1f} bits, a fail {cost.if_fail:.1f} bits"


def plan_without_testset(gate: Gate) -> Finding:
    """What the condition takes on a fresh test set; for machines that have none."""
    try:
        found = planned(gate)
    except ProctorError as error:
        return warning("plan", error.message, error.hint)
    return good("plan", f"a fresh test set for this takes {found.examples:,} examples; see `proctor plan`")


def planned(gate: Gate) -> Plan:
    """
    The plan of a fresh test set for this gate file.

    Raises:
        Misuse: If the condition could never be proven as planned, or names no tolerance.
    """
    return plan(gate.formula, gate.request())


def gate_file(gate: Gate) -> Finding:
    """The gate file, which has been read already."""
    return good("gate file", f"{gate.file}: {in_words(gate.formula)}")
