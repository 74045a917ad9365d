"""
Ending an evaluation on sealed inputs that has begun and will not end.

The candidate may have seen the inputs, so its end is what a crash would be: a charged FAIL, in ``fn-free`` a PASS
(theory.md §4.3.4). It looks like a judged outcome in every field: that a candidate hung is a fact about the inputs.
"""

from __future__ import annotations

from proctor.budget import Adaptivity
from proctor.errors import Misuse, SandboxError
from proctor.feedback import message_without_judgment
from proctor.gate.books import LedgerView
from proctor.gate.judging import outcome_of_a_crash
from proctor.gate.session import Session
from proctor.ledger.history import Recorded, TestSetHistory
from proctor.ledger.records import Evaluated, Feedback, Pending
from proctor.release import Basis, Verdict


def abort(session: Session) -> Recorded[Evaluated]:
    """
    End the evaluation that is pending; gives its entry.

    If it ends by itself at the same moment, whichever comes first into the ledger counts.

    Raises:
        Misuse: If none is pending.
    """
    return session.decide(lambda books: _end(session, books))


def _end(session: Session, books: LedgerView) -> Recorded[Evaluated]:
    life = session.life(books)
    if life.open_pending is None:
        raise Misuse("no evaluation is pending on this test set", hint="Nothing was recorded.")
    record = _ended(session, life, life.open_pending, books.head)
    return Recorded(session.append(record, books.head))


def _ended(session: Session, life: TestSetHistory, pending: Recorded[Pending], head: str) -> Evaluated:
    contract, begun = life.registered.record.contract, pending.record
    is_withheld = contract.adaptivity is Adaptivity.NONE
    outcome = outcome_of_a_crash(contract.mode)
    is_first = begun.baseline is None and outcome is Verdict.PASS
    said = None if is_first or is_withheld else message_without_judgment(session.gate.feedback)
    figures = {"outcome": outcome, "condition": begun.condition, "judged": False, "aborted_by": session.origin.actor}
    return Evaluated(
        **vars(begun) | {"log_level": life.account.next_log_level(begun.stakes, begun.stake)},
        outcome=Verdict.WITHHELD if is_withheld else outcome,
        basis=Basis.FIRST_ACCEPTED if is_first else Basis.JUDGED,
        private=session.conceal(figures, head, begun.candidate.source),
        feedback=Feedback(*said) if said else None,
        sandbox=_tier(session, life),
        pending=pending.entry.number,
    )


def _tier(session: Session, life: TestSetHistory) -> str | None:
    """Isolation as the other evaluations of this test set name it; the owner's machine may have another."""
    for taken in reversed(life.verdicts):
        if isinstance(taken.record, Evaluated) and taken.record.sandbox:
            return taken.record.sandbox
    try:
        return session.runner.execution.required_tier()
    except SandboxError:
        return None
