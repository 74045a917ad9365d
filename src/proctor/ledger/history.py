"""
What the entries say, folded: the life of each test set, and the recorded answer to a question (theory.md §4.3).

Pure: entries in, facts out. The fold over the past depends on nothing but the entries (design.md, rule 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, assert_never

from proctor.budget import Account, Adaptivity, Mode, Step, open_account
from proctor.errors import LedgerCorrupt
from proctor.ledger.entries import Entry
from proctor.ledger.records import (
    Adopted,
    Corrected,
    Evaluated,
    Notified,
    Pending,
    Record,
    Registered,
    Retired,
    Submission,
    from_body,
)

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True)
class Question:
    """
    What is asked of one test set, by what was submitted.

    Attributes:
        condition: Canonical text of the condition.
        candidate: The candidate.
        baseline: What it is compared with; ``None`` on a first commit.
        gate: Name of the gate that asks.
    """

    condition: str
    candidate: Submission
    baseline: Submission | None
    gate: str


@dataclass(frozen=True)
class Taken(Generic[R_co]):
    """A record together with the entry that holds it."""

    entry: Entry
    record: R_co


@dataclass(frozen=True)
class Life:
    """
    The life of one test set so far.

    Attributes:
        registered: Its registration.
        account: What it has left.
        verdicts: Adoptions and evaluations, in the order in which the ledger took them.
        accounts: The account after each of them.
        open_pending: An evaluation on sealed inputs that has begun and not ended.
        retired: Its retirement, if it has been retired.
        corrections: Corrections of labels.
        notices: Notices that were sent.
    """

    registered: Taken[Registered]
    account: Account
    verdicts: tuple[Taken[Adopted] | Taken[Evaluated], ...] = ()
    accounts: tuple[Account, ...] = ()
    open_pending: Taken[Pending] | None = None
    retired: Taken[Retired] | None = None
    corrections: tuple[Taken[Corrected], ...] = ()
    notices: tuple[Taken[Notified], ...] = ()

    @property
    def labels(self) -> str:
        """Commitment of the labels as they stand after corrections."""
        return self.corrections[-1].record.labels if self.corrections else self.registered.record.labels

    def step_of(self, taken: Taken[Adopted] | Taken[Evaluated]) -> int:
        """Number of a verdict among the charged evaluations, from 1; 0 for an adoption."""
        if isinstance(taken.record, Adopted):
            return 0
        return self.accounts[self.verdicts.index(taken)].evaluations

    def accepted(self, gate: str) -> Taken[Adopted] | Taken[Evaluated] | None:
        """
        The verdict that made the present baseline of *gate*: its last pass, or the adoption.

        Under ``adaptivity: none`` every evaluated commit becomes the baseline, whatever its outcome (theory.md §4).
        """
        withheld = self.registered.record.contract.adaptivity is Adaptivity.NONE
        for taken in reversed(self.verdicts):
            record = taken.record
            if record.origin.gate != gate:
                continue
            if isinstance(record, Adopted) or withheld or record.outcome == "pass":
                return taken
        return None

    def anchor(self, gate: str) -> Submission | None:
        """The baseline of the day of registration; without one, the first model that *gate* accepted (theory.md §5)."""
        if self.registered.record.anchor is not None:
            return self.registered.record.anchor
        for taken in self.verdicts:
            record = taken.record
            if record.origin.gate == gate and (isinstance(record, Adopted) or record.outcome in ("pass", "withheld")):
                return record.candidate
        return None

    def recorded_answer(self, question: Question) -> Taken[Adopted] | Taken[Evaluated] | None:
        """
        The answer that this question already has, or ``None`` (theory.md §4.3.3).

        The same question is: the same condition, candidate and baseline; or the candidate that is the accepted
        baseline; or the same candidate for the same commit, whatever the baseline has become since.
        """
        accepted = self.accepted(question.gate)
        if accepted is not None and _is_acceptance_of(accepted.record, question):
            return accepted
        for taken in reversed(self.verdicts):
            if _is_same_question(taken.record, question):
                return taken
        return None


def _is_acceptance_of(record: Adopted | Evaluated, question: Question) -> bool:
    return record.candidate.digest == question.candidate.digest and record.condition == question.condition


def _is_same_question(record: Adopted | Evaluated, question: Question) -> bool:
    if record.candidate.digest != question.candidate.digest or record.condition != question.condition:
        return False
    if isinstance(record, Adopted):
        return record.origin.gate == question.gate and (question.baseline is None or _same_commit(record, question))
    same_baseline = (record.baseline and record.baseline.digest) == (question.baseline and question.baseline.digest)
    return bool(same_baseline) or _same_commit(record, question)


def _same_commit(record: Adopted | Evaluated, question: Question) -> bool:
    commit = question.candidate.commit
    return commit is not None and record.candidate.commit == commit


def lives(entries: Sequence[Entry]) -> dict[str, Life]:
    """
    The life of every test set in the ledger, by fingerprint, in order of registration.

    Raises:
        LedgerCorrupt: If an entry speaks of a test set that was not registered before it, or registers one twice.
    """
    found: dict[str, _Growing] = {}
    for entry in entries:
        record = from_body(entry.kind, entry.body, entry.number)
        if isinstance(record, Registered):
            if record.testset in found:
                raise LedgerCorrupt(f"entry {entry.number} registers the test set {record.testset[:12]} again")
            found[record.testset] = _Growing(Taken(entry, record))
        elif record.testset not in found:
            raise LedgerCorrupt(f"entry {entry.number} speaks of an unregistered test set {record.testset[:12]}")
        else:
            found[record.testset].take(entry, record)
    return {fingerprint: growing.life() for fingerprint, growing in found.items()}


class _Growing:
    """A life while its entries are being read: lists, so that a ledger of any length is read in linear time."""

    def __init__(self, registered: Taken[Registered]) -> None:
        self.registered = registered
        self.account = open_account(registered.record.contract)
        self.verdicts: list[Taken[Adopted] | Taken[Evaluated]] = []
        self.accounts: list[Account] = []
        self.pending: Taken[Pending] | None = None
        self.retired: Taken[Retired] | None = None
        self.corrections: list[Taken[Corrected]] = []
        self.notices: list[Taken[Notified]] = []

    def take(self, entry: Entry, record: Record) -> None:
        match record:
            case Evaluated():
                self.account = self.account.after(step_of(record, self.registered.record.contract.mode))
                self._conclude(Taken(entry, record))
                if record.pending is not None:
                    self.pending = None
            case Adopted():
                self._conclude(Taken(entry, record))
            case Pending():
                self.pending = Taken(entry, record)
            case Corrected():
                self.corrections.append(Taken(entry, record))
            case Retired():
                self.retired = Taken(entry, record)
            case Notified():
                self.notices.append(Taken(entry, record))
            case Registered():
                raise LedgerCorrupt(f"entry {entry.number} registers a test set a second time")
            case _:
                assert_never(record)

    def _conclude(self, taken: Taken[Adopted] | Taken[Evaluated]) -> None:
        self.verdicts.append(taken)
        self.accounts.append(self.account)

    def life(self) -> Life:
        return Life(
            self.registered,
            self.account,
            tuple(self.verdicts),
            tuple(self.accounts),
            self.pending,
            self.retired,
            tuple(self.corrections),
            tuple(self.notices),
        )


def step_of(record: Evaluated, mode: Mode) -> Step:
    """What an evaluation did to the account: whether its outcome was the one that must prove itself."""
    proven = record.outcome == ("pass" if mode is Mode.FP_FREE else "fail")
    return Step(proven, record.stakes, record.feedback.log_probability if record.feedback else 0.0)
