"""
The conductor: from a gate file to a verdict that is durably in the ledger, and only then to a `Release`.

::

    consult the books ─▶ recorded answer? ─▶ replay
                      ─▶ retired, spent, out of reach? ─▶ refuse (no label and no model was looked at)
    run the models ─▶ enough labels? ─▶ judge ─▶ append to the ledger if it has not moved ─▶ release

If somebody else appended first, everything is decided again from the new books: the level may be another one.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from proctor.budget import Adaptivity, Mode, stake_units
from proctor.conditions import Formula, Variable, parse, restrict, variables
from proctor.errors import EvaluationPending, LabelsMissing, LedgerMoved, Misuse, ModelError
from proctor.evaluation import evaluate, figures, paper_rule, summary
from proctor.feedback import message, message_of_time, message_without_judgment, together
from proctor.gate.books import (
    Books,
    Reading,
    consult,
    opened,
    prospect,
    read,
    refuse_another_contract,
    refuse_if_out_of_reach,
    refuse_if_over,
    refuse_outside_lineage,
)
from proctor.gate.browsing import place_of, read_on
from proctor.gate.case import Case, identify, open_case
from proctor.gate.contestants import Contestant, question_about
from proctor.gate.pace import Lasted, judging_s, lasting
from proctor.gate.publication import release_of, status_of
from proctor.gate.safe import Safe
from proctor.gate.settings import refuse_strange_baseline
from proctor.gate.turns import insist
from proctor.gatefile import First, Gate, Inputs
from proctor.ledger import open_ledger
from proctor.ledger.checkpoint import VERDICTS
from proctor.ledger.records import Adopted, Evaluated, Feedback, Pending
from proctor.planning import Bound
from proctor.release import Basis, Release, Status
from proctor.sample import Sample
from proctor.surroundings import OWN_FOLDER, Surroundings, keep_out_of_git

__all__ = ["accept_first", "check", "glance", "status"]


def check(
    gate: Gate,
    surroundings: Surroundings,
    *,
    commit: str | None = None,
    owner_record: Path | None = None,
    stake: float | None = None,
    asks_anew: bool = False,
) -> Release:
    """
    Judge the candidate that *gate* declares, record the verdict, and give what may be shown of it.

    Args:
        gate: The gate file.
        surroundings: Clock, environment, randomness.
        commit: Commit that is judged; found out if left out.
        owner_record: File for the private figures; without it they are written only where the gate must.
        stake: How likely a pass is thought to be, in (0, 0.95]; ``None`` to declare nothing (theory.md §4.5).
        asks_anew: Whether a recorded answer is passed over: one more evaluation, and paid.

    Raises:
        ProctorError: Whatever stops the gate; nothing was spent then.
    """
    case = open_case(gate, surroundings, commit=commit, owner_record=owner_record)
    case = replace(case, stake=_units_of(gate, stake), asks_anew=asks_anew)
    try:
        return insist(lambda: _answer(case), case.ledger, surroundings)
    finally:
        keep_out_of_git(gate.resolve(OWN_FOLDER))


def _units_of(gate: Gate, stake: float | None) -> int | None:
    if stake is not None and gate.adaptivity is not Adaptivity.RECYCLING:
        raise Misuse(
            f"a stake has no meaning under `adaptivity: {gate.adaptivity}`, whose levels are fixed",
            hint="Leave --stake out; only `adaptivity: recycling` has stakes.",
        )
    return None if stake is None else stake_units(stake)


def status(gate: Gate, surroundings: Surroundings, *, last: int = 100) -> Status:
    """What is left of the test set that *gate* declares, with its *last* verdicts; spends nothing, reads no label."""
    safe = Safe(gate, surroundings)
    ledger = open_ledger(gate.ledger, gate.root, safe.ledger_key)
    return _status(gate, safe, read(ledger), last)


def glance(gate: Gate, surroundings: Surroundings) -> Status:
    """What `status` says, for a person to look at: of a long ledger only what is new since the last glance is read."""
    safe = Safe(gate, surroundings)
    ledger = open_ledger(gate.ledger, gate.root, safe.ledger_key)
    place = place_of(ledger, gate.root, surroundings.environ)
    return _status(gate, safe, read(ledger) if place is None else read_on(ledger, place), VERDICTS)


def _status(gate: Gate, safe: Safe, reading: Reading, last: int) -> Status:
    exam = identify(safe, reading.entries)
    safe.marks.refuse_cut_back(reading.entries, exam.fingerprint)
    books = opened(reading, exam)
    if books.life is not None:
        refuse_another_contract(gate, books.life)
    return status_of(gate, books, exam, last)


def _answer(case: Case) -> Release:
    """One attempt: decide from one reading of the books."""
    gate = case.gate
    books = consult(case.ledger, case.exam)
    case.refuse_known_labels(books)
    if books.life is not None:
        refuse_another_contract(gate, books.life)
    baseline = case.baseline(books.life)
    if books.life is not None:
        refuse_strange_baseline(gate, books.life, baseline.submission if baseline else None)
    anchor = case.anchor(books.life, baseline)
    formula, condition = _asked(gate, baseline, anchor)
    question = question_about(condition, gate.name, case.candidate, baseline, anchor)
    taken = None if case.asks_anew or books.life is None else books.life.recorded_answer(question)
    if books.life is not None and taken is not None:
        case.complete(taken.record)
        return release_of(gate, books, books.life, taken, replayed=True)
    refuse_if_over(gate, books)
    # Before the first candidate, too, which is accepted unjudged: nobody is served by a set that no question fits.
    refuse_if_out_of_reach(gate, books, formula or gate.formula, case.exam.n_examples, case.stake)
    if formula is None:
        return accept_first(case, books, condition)
    return _judge(case, books, _Asked(formula, condition, baseline, anchor, case.stake))


def _asked(gate: Gate, baseline: Contestant | None, anchor: Contestant | None) -> tuple[Formula | None, str]:
    """
    The formula that can be asked now, and its text; ``None`` if the first candidate is to be accepted unjudged.

    Without a baseline, clauses on ``o``, ``d`` and ``a`` have no value (theory.md §5).
    """
    text = str(parse(gate.condition))
    needed = variables(gate.formula)
    lacks = baseline is None and needed & {Variable.O, Variable.D}
    if not lacks and (anchor is not None or Variable.A not in needed):
        return gate.formula, text
    if gate.first is First.ACCEPT:
        return None, text
    formula = restrict(gate.formula, {Variable.N})
    if formula is None:
        raise Misuse(
            f"`first: judge` cannot judge `{text}` without a baseline: no clause is on `n` alone",
            hint="Say `first: accept`, or add a clause such as `n > 0.8 +/- 0.02`.",
        )
    return formula, str(formula)


@dataclass(frozen=True)
class _Asked:
    """One question, ready to be judged; *stake* is what was declared when it was first put."""

    formula: Formula
    condition: str
    baseline: Contestant | None
    anchor: Contestant | None
    stake: int | None = None


def accept_first(case: Case, books: Books, condition: str) -> Release:
    """Accept the first candidate as the baseline; its predictions must be well formed, and no label is asked for."""
    if books.life is not None:
        case.refuse_corrected_labels(books.life)
    if case.gate.testset.inputs is Inputs.SEALED:
        return _adopt_on_sealed_inputs(case, books, condition)
    case.surroundings.progress("reading the first candidate's predictions")
    case.workbench.keep(case.candidate.submission, case.predict(case.candidate))
    books = _registered(case, books, None)
    record = Adopted(case.exam.fingerprint, condition, case.candidate.submission, case.origin)
    return _published(case, books, record)


def _adopt_on_sealed_inputs(case: Case, books: Books, condition: str) -> Release:
    """
    That a candidate ran on sealed inputs tells something about them, so its acceptance is charged like a proof.

    Without the charge, candidates that crash on some inputs could be sent to find out which there are.
    """
    asked = _Asked(case.gate.formula, condition, None, None, case.stake)
    case.rehearse()
    books = _registered(case, books, None)
    pending, asked, books = _take_turn(case, books, asked)
    case.perform(case.candidate)
    with _judging(case) as judging:
        try:
            case.predict(case.candidate)
            outcome = "pass"
        except ModelError:
            outcome = _outcome_of_a_crash(case)
    return _published(case, books, _timed(case, books, asked, _unjudged(case, asked, outcome), judging, pending))


def _judge(case: Case, books: Books, asked: _Asked) -> Release:
    if case.gate.testset.inputs is Inputs.SEALED:
        return _judge_on_sealed_inputs(case, books, asked)
    if books.life is not None:
        case.refuse_corrected_labels(books.life)
    sample = case.sample(asked.baseline, asked.anchor)
    case.refuse_unfaithful(books.life, case.candidate, asked.baseline, asked.anchor)
    case.keep(case.candidate, asked.baseline, asked.anchor)
    _refuse_missing_labels(case, sample, asked.formula)
    books = _registered(case, books, asked.baseline)
    case.surroundings.progress("judging")
    if asked.stake is None:
        return _published(case, books, _evaluated(case, books, asked, sample))
    # A declared stake is in the ledger before anything is judged (theory.md §4.5).
    pending, asked, books = _take_turn(case, books, asked)
    return _published(case, books, replace(_evaluated(case, books, asked, sample), pending=pending))


def _judge_on_sealed_inputs(case: Case, books: Books, asked: _Asked) -> Release:
    """
    The evaluation is in the ledger before the candidate first sees an input (theory.md §4.3.4).

    A crash or a hang afterwards has told something about the inputs: it is a charged FAIL (in ``fn-free`` a PASS).
    A machine that died is repeated with the same artifact, free: the pending entry of this very question is taken up.
    """
    if books.life is not None:
        case.refuse_corrected_labels(books.life)
    case.rehearse(asked.baseline, asked.anchor)
    case.refuse_incomplete_labels()
    books = _registered(case, books, asked.baseline)
    pending, asked, books = _take_turn(case, books, asked)
    case.perform(case.candidate, asked.baseline, asked.anchor)
    with _judging(case) as judging:
        try:
            sample = case.sample(asked.baseline, asked.anchor)
            case.refuse_unfaithful(books.life, case.candidate, asked.baseline, asked.anchor)
            said = _judged(case, books, asked, sample)
        except ModelError:
            said = _unjudged(case, asked, _outcome_of_a_crash(case))
    return _published(case, books, _timed(case, books, asked, said, judging, pending))


def _outcome_of_a_crash(case: Case) -> str:
    return "fail" if case.gate.mode is Mode.FP_FREE else "pass"


def _judging(case: Case) -> AbstractContextManager[Lasted]:
    """Everything that depends on predictions or labels, in a time that does not."""
    return lasting(judging_s(case.gate.testset.inputs, case.exam.n_examples), case.surroundings)


def _timed(case: Case, books: Books, asked: _Asked, said: _Said, judging: Lasted, pending: int) -> Evaluated:
    """The record of a step on sealed inputs; nothing of it was written before its time was over."""
    assert case.gate.pace is not None  # noqa: S101  # the inputs are sealed
    evaluations = books.account(case.gate).evaluations
    time = message_of_time(case.gate.pace, case.workbench.slots, judging.steps, evaluations)
    if said.outcome == "pass" or case.gate.adaptivity is Adaptivity.NONE:
        case.keep(case.candidate)  # of others no file tells whether they gave valid predictions
    if said.is_judged:
        case.keep(asked.baseline, asked.anchor)
    return replace(_step(case, books, asked, replace(said, feedback=together(said.feedback, time))), pending=pending)


def _take_turn(case: Case, books: Books, asked: _Asked) -> tuple[int, _Asked, Books]:
    """
    The pending entry of this evaluation, its own from an earlier attempt or a new one.

    Returns:
        Its number, the question with the stake that stands in it, and the books with it.
    """
    assert books.life is not None  # noqa: S101  # registered by the caller
    record = Pending(
        case.exam.fingerprint,
        asked.condition,
        case.candidate.submission,
        asked.baseline.submission if asked.baseline else None,
        case.gate.stakes,
        books.account(case.gate).next_log_level(case.gate.stakes, asked.stake),
        case.gate.bound.value,
        case.origin,
        asked.stake,
        asked.anchor.submission if asked.anchor else None,
    )
    life, waiting = books.life, books.life.open_pending
    if waiting is None:
        number = case.append(record, books.head).number
        books = consult(case.ledger, case.exam)
        if books.life is None or books.life.open_pending is None or books.life.open_pending.entry.number != number:
            raise LedgerMoved("the same question was answered by another job at this moment")
        return number, asked, books
    question = question_about(asked.condition, case.gate.name, case.candidate, asked.baseline, asked.anchor)
    if life.awaits(question):
        return waiting.entry.number, replace(asked, stake=waiting.record.stake), books
    raise EvaluationPending(
        f"entry {waiting.entry.number} of the ledger is an evaluation on this test set that has begun and not ended",
        hint="Nothing was spent. Wait for it and run the same command again; if its machine died, run that commit's "
        "check again, or let the owner end it with `proctor testset abort`.",
    )


def _registered(case: Case, books: Books, baseline: Contestant | None) -> Books:
    """The books with the test set in them: registered now, if this is its first use."""
    if books.life is not None:
        return books
    refuse_outside_lineage(books)
    record = case.registration(baseline)
    try:
        case.append(record, books.head)
    except LedgerMoved:
        case.registry.discard(record.labels)
        raise
    case.registry.settle(record.labels)
    return consult(case.ledger, case.exam)


def _refuse_missing_labels(case: Case, sample: Sample, formula: Formula) -> None:
    missing = sample.labels.missing(sample.rows_to_label(formula))
    if not len(missing):
        return
    raise LabelsMissing(
        "there are examples without a label that this evaluation needs; nothing was spent",
        hint=case.request_labels(missing),
    )


def _evaluated(case: Case, books: Books, asked: _Asked, sample: Sample) -> Evaluated:
    with _judging(case):
        said = _judged(case, books, asked, sample)
    return _step(case, books, asked, said)


def _judged(case: Case, books: Books, asked: _Asked, sample: Sample) -> _Said:
    gate = case.gate
    log_level = books.account(gate).next_log_level(gate.stakes, asked.stake)
    rule = None
    if gate.bound is not Bound.EXACT:
        rule = paper_rule(asked.formula, prospect(gate, asked.formula, sample.n_examples).terms.at(log_level))
    evaluation = evaluate(asked.formula, sample, gate.mode, log_level, rule)
    is_withheld = gate.adaptivity is Adaptivity.NONE
    said = None if is_withheld else message(gate.feedback, evaluation, sample, gate.mode)
    outcome = "pass" if evaluation.is_pass[gate.mode] else "fail"
    full = figures(evaluation, sample) if case.keeps_figures else summary(evaluation)
    return _Said(outcome, {"figures": full}, said, case.tier)


def _unjudged(case: Case, asked: _Asked, outcome: str) -> _Said:
    """
    A charged step without a judgment, on sealed inputs: the candidate crashed, or is the first one.

    A crash must look exactly like a judged outcome: which of the two it was would be told for free otherwise.
    """
    gate = case.gate
    is_first = asked.baseline is None and outcome == "pass"
    is_withheld = gate.adaptivity is Adaptivity.NONE
    said = None if is_first or is_withheld else message_without_judgment(gate.feedback)
    return _Said(outcome, {"judged": False}, said, case.workbench.required_tier(), is_first)


@dataclass(frozen=True)
class _Said:
    """
    What came of one step.

    Attributes:
        outcome: ``pass`` or ``fail``, whether it is withheld or not.
        private: What of it is for the owner alone.
        feedback: What is released beside the outcome, with the logarithm of its probability.
        tier: Isolation in which models ran.
        is_first: Whether the candidate was accepted as the first baseline, unjudged.
    """

    outcome: str
    private: dict[str, Any]
    feedback: tuple[str, float] | None
    tier: str | None
    is_first: bool = False

    @property
    def is_judged(self) -> bool:
        """False after a crash, and for a first candidate."""
        return bool(self.private.get("judged", True))


def _step(case: Case, books: Books, asked: _Asked, said: _Said) -> Evaluated:
    """The record of one charged step; every one looks alike, whatever became of it."""
    gate = case.gate
    private = {"outcome": said.outcome, "condition": asked.condition, **said.private}
    return Evaluated(
        testset=case.exam.fingerprint,
        condition=asked.condition,
        candidate=case.candidate.submission,
        baseline=asked.baseline.submission if asked.baseline else None,
        stakes=gate.stakes,
        log_level=books.account(gate).next_log_level(gate.stakes, asked.stake),
        bound=gate.bound.value,
        outcome="withheld" if gate.adaptivity is Adaptivity.NONE else said.outcome,
        basis=(Basis.FIRST_ACCEPTED if said.is_first else Basis.JUDGED).value,
        private=case.conceal(private, books.head),
        origin=case.origin,
        feedback=Feedback(*said.feedback) if said.feedback else None,
        sandbox=said.tier,
        stake=asked.stake,
        anchor=asked.anchor.submission if asked.anchor else None,
    )


def _published(case: Case, books: Books, record: Adopted | Evaluated) -> Release:
    """Append, and only then say it: what is released is read back from the ledger."""
    entry = case.append(case.pinned(record), books.head)
    books = consult(case.ledger, case.exam)
    assert books.life is not None  # noqa: S101  # it has just been written
    taken = next(taken for taken in books.life.verdicts if taken.entry.number == entry.number)
    return release_of(case.gate, books, books.life, taken)
