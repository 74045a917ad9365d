"""
Several conditions of one gate, asked in their order: each an evaluation of its own, on the one budget.

The first enforced condition that fails ends the check, since every further one would cost budget and change nothing.
The candidate becomes the baseline by an entry of its own, once all enforced ones have passed: the baseline stands
still until then, and a check that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace

from proctor.conditions import Variable, variables
from proctor.errors import BudgetSpent, ProctorError, ToleranceOutOfReach
from proctor.gate.asking import asked, is_askable
from proctor.gate.books import LedgerView, refuse_if_out_of_reach, refuse_if_over
from proctor.gate.check import How, answer, prepare, session_for, units_of
from proctor.gate.releasing import joint_release
from proctor.gate.session import Session
from proctor.gatefile import Gate, Inputs, NamedCondition
from proctor.ledger.history import TestSetHistory
from proctor.ledger.outcomes import Basis, Verdict
from proctor.ledger.records import Accepted, Adopted, Evaluated
from proctor.release import Answer, Release
from proctor.runtime import Runtime


def check(gate: Gate, runtime: Runtime, how: How | None = None) -> Release:
    """
    Judge the candidate by every condition of *gate* in turn; a first one may be accepted by none.

    Raises:
        ProctorError: Whatever stops the gate; of a condition that was judged before, the verdict is in the ledger.
    """
    how = how or How()
    units = units_of(gate, how.stake)
    with session_for(gate, runtime, how) as session:
        found = session.books()
        if _is_first(session, found.life, how):
            return session.decide(lambda books: answer(session, books, how, units))
        _refuse_hopeless(session, found, how)
        answers = _answers(session, found.life, how, units)
        note = session.decide(lambda books: _accept(session, books, answers))
        return joint_release(gate, session.books(), answers, note)


def _is_first(session: Session, life: TestSetHistory | None, how: How) -> bool:
    """True if the candidate is accepted unjudged, now or when this was asked before."""
    what = asked(session, life)
    recorded = life.recorded_answer(what.question) if life is not None else None
    if recorded is None or what.formula is None or how.asks_anew:
        return what.formula is None
    return isinstance(recorded.record, Adopted) or recorded.record.basis is Basis.FIRST_ACCEPTED


def _refuse_hopeless(session: Session, books: LedgerView, how: How) -> None:
    """Refuse before anything is spent if an enforced condition that is still to be judged could not be resolved."""
    gate = session.gate
    for part in filter(lambda each: each.is_enforced, gate.named):
        what = asked(session, books.life, part=part) if is_askable(session, books.life, part) else None
        if what is None or what.formula is None:
            continue
        if how.asks_anew or books.life is None or books.life.recorded_answer(what.question) is None:
            refuse_if_over(gate, books)
            refuse_if_out_of_reach(gate, books, what.formula, session.testset.n_examples)


def _answers(session: Session, life: TestSetHistory | None, how: How, units: int | None) -> tuple[Answer, ...]:
    """
    An answer to each condition, up to the first enforced one that fails.

    What cannot be asked without a baseline has none; the baseline stands still meanwhile, so *life* is that of before.
    """
    found: list[Answer] = []
    for part in session.gate.named:
        is_asked = not any(each.is_failure for each in found) and is_askable(session, life, part)
        found.append(_answer(session, how, units, part, found) if is_asked else _unasked(part))
    return tuple(found)


def _unasked(part: NamedCondition, out_of_reach: str | None = None) -> Answer:
    return Answer(
        name=part.name, condition=part.condition, enforce=part.is_enforced, release=None, out_of_reach=out_of_reach
    )


def _answer(session: Session, how: How, units: int | None, part: NamedCondition, before: list[Answer]) -> Answer:
    """
    The answer to one condition; of what only informs, that it is out of reach is one, too, and withholds no other.

    Where it has none, a remark tells what was judged *before*.
    """
    try:
        with _session_of(session) as own:
            return replace(_unasked(part), release=own.decide(lambda books: answer(own, books, how, units, part)))
    except ProctorError as error:
        if not part.is_enforced and isinstance(error, ToleranceOutOfReach | BudgetSpent):
            return _unasked(part, out_of_reach=error.message)
        if judged := [f"`{each.name}` ({each.release.verdict})" for each in before if each.release is not None]:
            recorded = f"judged before `{part.name}`, and recorded: {', '.join(judged)}"
            session.runtime.remark(f"{recorded}; the same command goes on from there")
        raise


@contextmanager
def _session_of(session: Session) -> Iterator[Session]:
    """The session in which one condition is judged: on sealed inputs each has runs of its own, in their own time."""
    is_sealed = session.gate.testset.inputs is Inputs.SEALED
    with replace(session) if is_sealed else nullcontext(session) as own:
        if is_sealed:
            prepare(own)
        yield own


def _accept(session: Session, books: LedgerView, answers: tuple[Answer, ...]) -> str | None:
    """
    Make the candidate the baseline, if every enforced condition was passed against the present one.

    Gives why it does not become that though nothing failed; ``None`` if there is nothing to say.
    """
    gate, life = session.gate, books.life
    enforced = [each for each in answers if each.enforce]
    if life is None or any(each.release is None or each.release.verdict is Verdict.FAIL for each in enforced):
        return None
    numbers = tuple(each.release.entry for each in enforced if each.release is not None)
    accepted, candidate = life.accepted(gate.name), session.candidate.submission
    is_known = any(
        taken.record.origin.gate == gate.name and taken.record.verdicts == numbers for taken in life.acceptances
    )
    if is_known or (accepted is not None and accepted.record.candidate.whole.digest == candidate.digest):
        return None
    if not all(_is_of_today(session, books, part, numbers) for part in gate.named if part.is_enforced):
        return (
            "the candidate does not become the baseline: it was compared with an earlier one, not with that of today; "
            "`proctor check --again` compares anew, at its price"
        )
    for each in session.candidate.columns.values():  # of a column that was not asked nothing is kept yet
        session.runner.keep(each.submission, session.predicting.of(each))
    record = Accepted(session.testset.fingerprint, candidate, numbers, session.origin)
    session.append(record, books.head)
    return None


def _is_of_today(session: Session, books: LedgerView, part: NamedCondition, numbers: tuple[int, ...]) -> bool:
    """True if the recorded verdict on *part* speaks of no baseline, or of the present one."""
    assert books.life is not None  # noqa: S101  # a verdict is recorded
    what = asked(session, books.life, part=part)
    if what.formula is None or not variables(what.formula) & {Variable.O, Variable.D}:
        return True
    records = (taken.record for taken in books.life.verdicts if taken.entry.number in numbers)
    return any(
        what.question.has_same_condition(record.condition)
        and isinstance(record, Evaluated)
        and what.question.is_same(record.baseline, what.question.baseline)
        for record in records
    )
