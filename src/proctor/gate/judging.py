"""Records of charged steps, made from predictions; every step looks alike, whatever became of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, NamedTuple

from proctor.budget import Adaptivity, Mode
from proctor.conditions import Truth, clauses
from proctor.errors import DataError
from proctor.evaluation import Evaluation, evaluate, figures, summary
from proctor.feedback import Message, message, message_of_time, message_without_judgment, together
from proctor.gate.asking import Asked
from proctor.gate.books import LedgerView
from proctor.gate.collecting import truth_in_order
from proctor.gate.needs import rule_at
from proctor.gate.pace import Lasted, judging_s, lasting
from proctor.gate.session import Session
from proctor.gatefile import VerdictOnly
from proctor.ledger.records import Evaluated, Feedback
from proctor.planning import Bound
from proctor.release import Basis, Verdict
from proctor.sample import Sample
from proctor.unlabeled import evaluate_unlabeled


class Judged(NamedTuple):
    """
    Results of one step.

    Attributes:
        outcome: Pass or fail, whether it is withheld or not.
        private: Figures for the owner alone.
        feedback: What is released beside the outcome, with the logarithm of its probability.
        tier: Isolation in which models ran.
        is_first: Whether the candidate was accepted as the first baseline, unjudged.
    """

    outcome: Verdict
    private: dict[str, Any]
    feedback: Message | None
    tier: str | None
    is_first: bool = False

    @property
    def is_judged(self) -> bool:
        """False after a crash, and for a first candidate."""
        return bool(self.private.get("judged", True))


def judge(session: Session, books: LedgerView, asked: Asked, sample: Sample) -> Judged:
    """The evaluation of a *sample* at the next level of the account."""
    gate = session.gate
    assert asked.formula is not None  # noqa: S101  # a first candidate is accepted unjudged
    if sample.labels.known is not None and len(sample.labels.missing(sample.rows_to_label(asked.formula))):
        return _judge_unlabeled(session, books, asked, sample)
    log_level = books.account(gate).next_log_level(gate.stakes, asked.stake)
    rule = rule_at(gate, asked.formula, sample.n_examples, log_level)
    evaluation = evaluate(asked.formula, sample, gate.mode, log_level, rule)
    is_withheld = gate.adaptivity is Adaptivity.NONE
    said = None if is_withheld else message(gate.feedback, evaluation, sample, gate.mode)
    full = figures(evaluation, sample) if session.keeps_figures else summary(evaluation)
    return _judged(session, is_pass=evaluation.is_pass[gate.mode], figures=full, said=said)


def judge_in_order(session: Session, books: LedgerView, asked: Asked, sample: Sample) -> Judged:
    """The evaluation of a *sample* whose labels were bought in order; no figure tells how many it took."""
    found = truth_in_order(session, books, asked, sample)
    is_pass = found is Truth.TRUE if session.gate.mode is Mode.FP_FREE else found is not Truth.FALSE
    figures = {"truth": found.name.lower(), "n_examples": sample.n_examples, "clauses": []}
    return _judged(session, is_pass=is_pass, figures=figures)


def unlabeled(session: Session, books: LedgerView, asked: Asked, sample: Sample) -> Evaluation | None:
    """The evaluation at the next level of the account, if no label can change its verdict; ``None`` otherwise."""
    gate = session.gate
    assert asked.formula is not None  # noqa: S101  # as above
    is_plain = gate.bound is Bound.EXACT and isinstance(gate.feedback, VerdictOnly) and sample.clusters is None
    log_level = books.account(gate).next_log_level(gate.stakes, asked.stake)
    return evaluate_unlabeled(asked.formula, sample, gate.mode, log_level) if is_plain else None


def _judge_unlabeled(session: Session, books: LedgerView, asked: Asked, sample: Sample) -> Judged:
    """The evaluation of a *sample* that lacks labels which cannot change the verdict."""
    evaluation = unlabeled(session, books, asked, sample)
    if evaluation is None:
        raise DataError("labels that were here a moment ago are missing; nothing was spent", hint="Run it again.")
    return _judged(session, is_pass=evaluation.is_pass[session.gate.mode], figures=summary(evaluation))


def _judged(session: Session, *, is_pass: bool, figures: Any, said: Message | None = None) -> Judged:
    outcome = Verdict.PASS if is_pass else Verdict.FAIL
    return Judged(outcome, {"figures": figures}, said, session.runner.execution.tier)


def judge_unseen(session: Session, asked: Asked, outcome: Verdict) -> Judged:
    """
    A charged step without a judgment, on sealed inputs: the candidate crashed, or is the first one.

    A crash must look exactly like a judged outcome: which of the two it was would be told for free otherwise.
    """
    gate = session.gate
    is_first = asked.baseline is None and outcome is Verdict.PASS
    is_withheld = gate.adaptivity is Adaptivity.NONE
    said = None if is_first or is_withheld else message_without_judgment(gate.feedback)
    return Judged(outcome, {"judged": False}, said, session.runner.execution.required_tier(), is_first)


def outcome_of_a_crash(mode: Mode) -> Verdict:
    """Outcome for a candidate that has seen sealed inputs and gave nothing that can be judged (theory.md §4.3.4)."""
    return Verdict.FAIL if mode is Mode.FP_FREE else Verdict.PASS


def hiding_time(session: Session) -> AbstractContextManager[Lasted]:
    """Time in which everything happens that depends on predictions or labels: it does not depend on them."""
    gate = session.gate
    step_s = judging_s(gate.testset.inputs, session.testset.n_examples, len(clauses(gate.formula)), gate.labels)
    return lasting(step_s, session.runtime)


def timed_step(
    session: Session, books: LedgerView, asked: Asked, said: Judged, judging: Lasted, pending: int
) -> Evaluated:
    """The record of a step on sealed inputs; nothing of it was written before its time was over."""
    assert session.gate.pace is not None  # noqa: S101  # the inputs are sealed
    evaluations = books.account(session.gate).evaluations
    time = message_of_time(session.gate.pace, session.runner.execution.slots, judging.steps, evaluations)
    if said.outcome is Verdict.PASS or session.gate.adaptivity is Adaptivity.NONE:
        session.predicting.keep(asked.candidate)  # of others no file tells whether they gave valid predictions
    if said.is_judged:
        session.predicting.keep(asked.baseline, asked.anchor)
    return replace(step(session, books, asked, said._replace(feedback=together(said.feedback, time))), pending=pending)


def declared(session: Session, books: LedgerView, asked: Asked) -> dict[str, Any]:
    """Fields of the record of a step that are known before anything is judged."""
    stakes = session.gate.stakes
    return {
        "testset": session.testset.fingerprint,
        "condition": asked.condition,
        "candidate": asked.candidate.submission,
        "baseline": asked.baseline.submission if asked.baseline else None,
        "stakes": stakes,
        "log_level": books.account(session.gate).next_log_level(stakes, asked.stake),
        "bound": session.gate.bound.value,
        "origin": session.origin,
        "stake": asked.stake,
        "anchor": asked.anchor.submission if asked.anchor else None,
        "forecast": asked.forecast,
        "part": asked.part,
    }


def step(session: Session, books: LedgerView, asked: Asked, said: Judged) -> Evaluated:
    """The record of one charged step; every one looks alike, whatever became of it."""
    gate = session.gate
    private = {"outcome": said.outcome, "condition": asked.condition, **said.private}
    return Evaluated(
        **declared(session, books, asked),
        outcome=Verdict.WITHHELD if gate.adaptivity is Adaptivity.NONE else said.outcome,
        basis=Basis.FIRST_ACCEPTED if said.is_first else Basis.JUDGED,
        private=session.conceal(private, books.head, asked.candidate.submission.source),
        feedback=Feedback(*said.feedback) if said.feedback else None,
        sandbox=said.tier,
    )
