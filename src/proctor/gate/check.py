"""
The conductor: from a gate file to a verdict that is durably in the ledger, and only then to a `Release`.

::

    consult the books ─▶ recorded answer? ─▶ replay
                      ─▶ retired, spent, out of reach? ─▶ refuse (no label and no model was looked at)
    run the models ─▶ enough labels? ─▶ judge ─▶ append to the ledger if it has not moved ─▶ release

If somebody else appended first, everything is decided again from the new books: the level may be another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from proctor.budget import Adaptivity, stake_units
from proctor.errors import ContractError, EvaluationPending, LabelsMissing, LedgerMoved, Misuse, ModelError
from proctor.gate import collecting, labels, settings, strangers
from proctor.gate.asking import Asked, asked
from proctor.gate.books import (
    LedgerView,
    refuse_another_contract,
    refuse_if_out_of_reach,
    refuse_if_over,
    refuse_outside_lineage,
)
from proctor.gate.judging import (
    declared,
    hiding_time,
    judge,
    judge_in_order,
    judge_unseen,
    outcome_of_a_crash,
    step,
    timed_step,
    unlabeled,
)
from proctor.gate.predicted import ModelPredictions
from proctor.gate.registration import register
from proctor.gate.releasing import release_of
from proctor.gate.session import Session
from proctor.gatefile import Gate, Inputs, Labeling, NamedCondition
from proctor.ledger.records import Adopted, Evaluated, Forecast, Pending
from proctor.models import uris
from proctor.release import Release, Verdict
from proctor.runtime import Runtime
from proctor.sample import Sample

StakeMaker = Callable[[Session, LedgerView, Asked], tuple[int, Forecast] | None]
"""Makes the stake of a question, in units, and says of what; from anything but the test set (theory.md §4.5)."""


class How(NamedTuple):
    """
    Way in which a question is put.

    Attributes:
        commit: Commit that is judged; found out if left out.
        owner_record: File for the private figures; without it they are written only where the gate must.
        stake: How likely a pass is thought to be, from 0.000001 to 0.95; ``None`` to declare nothing (theory.md §4.5).
        asks_anew: True if a recorded answer is passed over: one more evaluation, and paid.
        stakes: Makes the stake of a question for which none was declared; ``None`` to declare nothing then.
        foresees: False to release nothing of how long the test set will last, which takes as long as judging.
    """

    commit: str | None = None
    owner_record: Path | None = None
    stake: float | None = None
    asks_anew: bool = False
    stakes: StakeMaker | None = None
    foresees: bool = True


def check(gate: Gate, runtime: Runtime, how: How | None = None) -> Release:
    """Judge the candidate of *gate*, record the verdict, and give what may be shown; errors as of `proctor.check`."""
    how = how or How()
    units = units_of(gate, how.stake)
    with session_for(gate, runtime, how) as session:
        return session.decide(lambda books: answer(session, books, how, units))


@contextmanager
def session_for(gate: Gate, runtime: Runtime, how: How) -> Iterator[Session]:
    """A session in which a candidate is judged, prepared; errors as `prepare`."""
    with Session(
        gate=gate,
        runtime=runtime,
        named_commit=how.commit,
        named_record=how.owner_record,
        foresees=how.foresees,
    ) as session:
        prepare(session)
        try:
            yield session
        finally:
            session.keep_out_of_git()


def prepare(session: Session) -> None:
    """Open what is asked about, and refuse what a commit may not ask for (`ProctorError`)."""
    gate, entries, fingerprint = session.gate, session.opening.entries, session.testset.fingerprint
    settings.say_once_if_unpinned(gate, entries, fingerprint, session.runtime.remark)
    strangers.refuse_features_from_outside(gate, entries, fingerprint)
    _refuse_unregistered_functions(session)
    _ = session.functions
    _ = session.candidate


def _refuse_unregistered_functions(session: Session) -> None:
    """Refuse functions that see labels, unless their owner has registered them; on open labels, anybody registers."""
    gate, entries = session.gate, session.opening.entries
    if not gate.metrics or settings.pin_of(gate, entries, session.testset.fingerprint) is not None:
        return
    is_registered = session.books().life is not None
    if not is_registered and session.owner_key.pair is None:
        return
    way = "testset settings --accept" if is_registered else "testset register"
    raise ContractError(
        f"`metrics` of {gate.file} would show labels to functions that the owner of the test set has not registered",
        hint=f"The owner looks at what is installed, and registers it: `proctor {way}`. Nothing was spent.",
    )


def units_of(gate: Gate, stake: float | None) -> int | None:
    """A declared stake in the units of the account, if there is one; `Misuse` if the gate's policy has no stakes."""
    if stake is not None and gate.adaptivity is not Adaptivity.RECYCLING:
        raise Misuse(
            f"a stake has no meaning under `adaptivity: {gate.adaptivity}`, whose levels are fixed",
            hint="Leave --stake out; only `adaptivity: recycling` has stakes.",
        )
    return None if stake is None else stake_units(stake)


def answer(
    session: Session, books: LedgerView, how: How, stake: int | None, part: NamedCondition | None = None
) -> Release:
    """One attempt: decide from one reading of the books, on one condition if the gate has several."""
    gate, life = session.gate, books.life
    labels.refuse_known(session, books)
    if life is not None:
        refuse_another_contract(gate, life)
    what = asked(session, life, stake, part)
    if life is not None:
        strangers.refuse_strange_baseline(gate, life, what.baseline.submission if what.baseline else None)
    recorded = None if how.asks_anew or life is None else life.recorded_answer(what.question)
    if life is not None and recorded is not None:
        session.complete(recorded.record)
        collecting.close(session, what)
        _remark_on_number(session, recorded.record.candidate.source)
        return release_of(gate, books, life, recorded, replayed=True, foresees=how.foresees)
    refuse_if_over(gate, books)
    what = _staked(session, books, what, how.stakes)
    # Before the first candidate, too, which is accepted unjudged: nobody is served by a set that no question fits.
    enforced = [gate.read(each.condition) for each in gate.named if each.is_enforced] or [gate.formula]
    for formula in enforced if what.formula is None else [what.formula]:
        refuse_if_out_of_reach(gate, books, formula, session.testset.n_examples, what.stake)
    if life is not None:
        labels.refuse_corrected(session, life)
    if what.formula is None:
        return accept_first(session, books, what)
    return (_judge_on_sealed_inputs if gate.testset.inputs is Inputs.SEALED else _judge)(session, books, what)


def _remark_on_number(session: Session, recorded: str) -> None:
    """Say that a version has the files of another one, under whose number the answer is recorded."""
    asked_now = session.candidate.submission.source
    if uris.is_uri(asked_now) and asked_now != recorded:
        session.runtime.remark(f"{asked_now} has the files of {recorded}, whose recorded answer it gets")


def _staked(session: Session, books: LedgerView, what: Asked, stakes: StakeMaker | None) -> Asked:
    """The question with a stake made for it, unless one was declared, now or when its evaluation began."""
    if stakes is None or what.stake is not None or what.formula is None or _has_begun(books, what):
        return what
    made = stakes(session, books, what)
    return what if made is None else replace(what, stake=made[0], forecast=made[1])


def _has_begun(books: LedgerView, what: Asked) -> bool:
    """True if an evaluation of this very question is pending: what was staked then is not made anew or taken back."""
    return books.life is not None and books.life.awaits(what.question)


def accept_first(session: Session, books: LedgerView, what: Asked) -> Release:
    """Accept the first candidate as the baseline; its predictions must be well formed, and no label is asked for."""
    if session.gate.testset.inputs is Inputs.SEALED:
        return _accept_on_sealed_inputs(session, books, what)
    session.runtime.progress("reading the first candidate's predictions")
    for each in what.candidate.each:
        session.runner.keep(each.submission, session.predicting.of(each))
    books = _registered(session, books, None)
    record = Adopted(session.testset.fingerprint, what.condition, what.candidate.submission, session.origin)
    return _published(session, books, record)


def _accept_on_sealed_inputs(session: Session, books: LedgerView, what: Asked) -> Release:
    """
    Accept the first candidate, and charge it like a proof: that it ran on sealed inputs tells something about them.

    Without the charge, candidates that crash on some inputs could be sent to find out which there are.
    """
    predicting = session.predicting
    predicting.rehearse()
    books = _registered(session, books, None)
    pending, what, books = _take_turn(session, books, replace(what, baseline=None, anchor=None))
    predicting.perform(what.candidate)
    with hiding_time(session) as judging:
        try:
            predicting.of(what.candidate)
            outcome = Verdict.PASS
        except ModelError:
            outcome = outcome_of_a_crash(session.gate.mode)
    said = judge_unseen(session, what, outcome)
    return _published(session, books, timed_step(session, books, what, said, judging, pending))


def _judge(session: Session, books: LedgerView, what: Asked) -> Release:
    predicting = session.predicting
    sample = predicting.sample(what.candidate, what.baseline, what.anchor)
    predicting.refuse_unfaithful(books.life, what.candidate, what.baseline, what.anchor)
    predicting.keep(what.candidate, what.baseline, what.anchor)
    is_sequential = session.gate.labels is Labeling.SEQUENTIAL
    if not is_sequential:
        _refuse_missing_labels(session, books, what, sample)
    books = _registered(session, books, what.baseline)
    if is_sequential and not _has_begun(books, what):
        collecting.refuse_uncollected(session, books, what, sample)
    session.runtime.progress("judging")
    pending: int | None = None
    if what.stake is not None or _has_begun(books, what):  # in the ledger before anything is judged (theory.md §4.5)
        pending, what, books = _take_turn(session, books, what)
    with hiding_time(session):
        said = (judge_in_order if is_sequential else judge)(session, books, what, sample)
    release = _published(session, books, replace(step(session, books, what, said), pending=pending))
    collecting.close(session, what)
    return release


def _judge_on_sealed_inputs(session: Session, books: LedgerView, what: Asked) -> Release:
    """
    Judge an evaluation that is in the ledger before the candidate first sees an input (theory.md §4.3.4).

    A crash or a hang afterwards has told something about the inputs: it is a charged FAIL (in ``fn-free`` a PASS).
    A machine that died is repeated with the same artifact, free: the pending entry of this very question is taken up.
    """
    predicting = session.predicting
    predicting.rehearse(what.baseline, what.anchor)
    labels.refuse_incomplete(session)
    books = _registered(session, books, what.baseline)
    pending, what, books = _take_turn(session, books, what)
    predicting.perform(what.candidate, what.baseline, what.anchor)
    with hiding_time(session) as judging:
        try:
            sample = predicting.sample(what.candidate, what.baseline, what.anchor)
            predicting.refuse_unfaithful(books.life, what.candidate, what.baseline, what.anchor)
            said = judge(session, books, what, sample)
        except ModelError:
            said = judge_unseen(session, what, outcome_of_a_crash(session.gate.mode))
    return _published(session, books, timed_step(session, books, what, said, judging, pending))


def _refuse_missing_labels(session: Session, books: LedgerView, what: Asked, sample: Sample) -> None:
    assert what.formula is not None  # noqa: S101  # a first candidate is accepted unjudged
    missing = sample.labels.missing(sample.rows_to_label(what.formula))
    if not len(missing) or unlabeled(session, books, what, sample) is not None:
        return
    raise LabelsMissing(
        "there are examples without a label that this evaluation needs; nothing was spent",
        hint=labels.request(session, missing),
    )


def _take_turn(session: Session, books: LedgerView, what: Asked) -> tuple[int, Asked, LedgerView]:
    """
    Begin this evaluation in the ledger, or take up its own pending entry from an earlier attempt.

    Gives the entry's number, the question with the stake that stands in it, and the books with it.
    """
    assert books.life is not None  # noqa: S101  # registered by the caller
    waiting = books.life.open_pending
    if waiting is not None:
        if books.life.awaits(what.question):
            begun = waiting.record
            return waiting.entry.number, replace(what, stake=begun.stake, forecast=begun.forecast), books
        raise EvaluationPending(
            f"entry {waiting.entry.number} of the ledger is an evaluation on this test set that has begun and not "
            "ended",
            hint="Nothing was spent. Wait for it and run the same command again; if its machine died, run that "
            "commit's check again, or let the owner end it with `proctor testset abort`.",
        )
    number = session.append(Pending(**declared(session, books, what)), books.head).number
    books = session.books()
    if books.life is None or books.life.open_pending is None or books.life.open_pending.entry.number != number:
        raise LedgerMoved("the same question was answered by another job at this moment")
    return number, what, books


def _registered(session: Session, books: LedgerView, baseline: ModelPredictions | None) -> LedgerView:
    """The books with the test set in them: registered now, if this is its first use."""
    if books.life is not None:
        return books
    refuse_outside_lineage(books, session.gate)
    register(session, baseline, books.head)
    return session.books()


def _published(session: Session, books: LedgerView, record: Adopted | Evaluated) -> Release:
    """Append, and only then say it: what is released is read back from the ledger."""
    entry = session.append(session.predicting.pinned(record), books.head)
    books = session.books()
    assert books.life is not None  # noqa: S101  # it has just been written
    taken = next(taken for taken in books.life.verdicts if taken.entry.number == entry.number)
    return release_of(session.gate, books, books.life, taken, foresees=session.foresees)
