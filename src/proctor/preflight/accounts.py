"""The account that the candidate would be charged to: what is left, what is asked, what an answer would cost."""

from __future__ import annotations

import math
from typing import NamedTuple

from proctor.budget import Account, Mode, Step
from proctor.errors import EvaluationPending, KeyFault, LedgerUnreachable, ProctorError
from proctor.gate.asking import Asked
from proctor.gate.books import LedgerView, refuse_another_contract, refuse_if_out_of_reach, refuse_if_over
from proctor.gate.locked import LockedTestSet
from proctor.gate.needs import prospect
from proctor.gate.releasing import state_of
from proctor.gate.session import Session
from proctor.gatefile import Gate, Inputs
from proctor.ledger.history import Question, TestSetHistory
from proctor.planning import Plan, plan
from proctor.preflight.report import Finding, good, problem, skipped, warning
from proctor.reports import sentences
from proctor.reports.sentences import points
from proctor.testset import TestSet
from proctor.words import in_words


def look_up(session: Session) -> tuple[TestSet | None, LedgerView | None, tuple[Finding, ...]]:
    """
    Find the test set and its account; a developer's machine may have neither.

    Returns:
        The test set, of a sealed one without the key what the ledger says; what the ledger says of it; and the
        findings on the way. ``None`` stands for what is not here or cannot be asked.
    """
    gate = session.gate
    named = gate.testset.features or gate.testset.labels
    if not gate.resolve(named).exists():
        return None, None, (skipped("test set", f"{named!r} is not here, so its account is not known here"),)
    try:
        testset = session.testset
    except KeyFault as error:
        return None, None, (skipped("test set", error.message),)
    except LedgerUnreachable as error:
        return None, None, (warning("ledger", error.message, error.hint),)
    except ProctorError as error:
        return None, None, (problem("test set", error),)
    try:
        books = session.books(session.opening)
        if books.life is not None:
            refuse_another_contract(gate, books.life)
    except ProctorError as error:
        return testset, None, (problem("ledger", error),)
    known = ", known from the ledger (the key is not here)" if isinstance(testset, LockedTestSet) else ""
    return testset, books, (good("test set", f"{testset.n_examples:,} examples{known}; {_state(gate, books)}"),)


def _state(gate: Gate, books: LedgerView) -> str:
    """State of the test set, in words."""
    if books.life is None:
        return "registered at its first use"
    return f"{state_of(books.life, gate)}, {sentences.count(books.account(gate).evaluations, 'evaluations')} so far"


class Cost(NamedTuple):
    """Level of the next evaluation, and the bits that each outcome would take from the account."""

    log_level: float
    bits_if_pass: float
    bits_if_fail: float


def cost_of(account: Account, gate: Gate) -> Cost:
    """The price of the next evaluation, whatever comes out; only the outcome's own share of it is taken."""
    proven, other = (
        account.after(Step(is_proven, gate.stakes)).leakage_bits - account.leakage_bits for is_proven in (True, False)
    )
    level = account.next_log_level(gate.stakes)
    return Cost(level, proven, other) if gate.contract.mode is Mode.FP_FREE else Cost(level, other, proven)


def judge_account(
    gate: Gate, books: LedgerView, n_examples: int, coming: Asked
) -> tuple[tuple[Finding, ...], dict[str, float | None]]:
    """Plan and cost of the next evaluation on the test set that is here; findings, and the figures behind them."""
    formula = coming.formula
    try:
        refuse_if_over(gate, books)
        if formula is not None:
            refuse_if_out_of_reach(gate, books, formula, n_examples)
        begun = _begun(books.life, coming.question)
    except KeyFault as error:
        return (skipped("plan", error.message),), {}
    except ProctorError as error:
        return (problem("plan", error),), {}
    if formula is None and gate.testset.inputs is Inputs.OPEN:
        return (good("cost", "there is no baseline yet: the candidate is accepted as the first one, at no cost"),), {}
    cost = cost_of(books.account(gate), gate)
    figures: dict[str, float | None] = cost._asdict()
    if formula is None:
        said = good("cost", f"accepted as the first one, charged like a proof on sealed inputs: {price(cost)}")
        return (*begun, said), figures
    reach = prospect(gate, formula, n_examples, books.sizes(formula)).reach(cost.log_level)
    resolved = "what is asked" if reach.tolerance is None else f"±{points(reach.tolerance, reach.unit)}"
    wanted = "" if reach.asked is None else f" (asked: ±{points(reach.asked, reach.unit)})"
    resolves = good("plan", f"the next evaluation can resolve {resolved}{wanted}")
    return (resolves, *begun, good("cost", price(cost))), {**figures, "tolerance": reach.tolerance}


def _begun(life: TestSetHistory | None, question: Question) -> tuple[Finding, ...]:
    """Findings about an evaluation on sealed inputs that has begun and not ended, if there is one."""
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
    return f"level {level}; a pass costs {cost.bits_if_pass:.1f} bits, a fail {cost.bits_if_fail:.1f} bits"


def plan_without_testset(gate: Gate) -> Finding:
    """Plan the condition on a fresh test set; for machines that have none."""
    try:
        found = planned(gate)
    except ProctorError as error:
        return warning("plan", error.message, error.hint)
    return good("plan", f"a fresh test set for this takes {found.examples:,} {found.counted}; see `proctor plan`")


def planned(gate: Gate) -> Plan:
    """The plan of a fresh test set for the condition that needs the most examples; errors as `plan`."""
    return max((plan(each.formula, gate.request()) for each in gate.parts), key=lambda each: each.examples)


def gate_file(gate: Gate) -> Finding:
    """The gate file, which has been read already."""
    return good("gate file", f"{gate.file}: {in_words(gate.formula)}")
