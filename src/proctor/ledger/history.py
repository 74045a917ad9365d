"""The life of a test set, and the recorded answer to a question (theory.md §4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from heapq import merge
from itertools import pairwise
from typing import Generic, TypeVar

from proctor.budget import Account, Adaptivity, Step
from proctor.conditions import Variable, named_in, question_of_text
from proctor.errors import ConditionError
from proctor.frozen import dataclass, field
from proctor.ledger.entries import Entry
from proctor.ledger.outcomes import Verdict
from proctor.ledger.records import (
    Accepted,
    Adopted,
    Change,
    Cohort,
    Corrected,
    Dropped,
    Evaluated,
    Notified,
    OwnersAct,
    Pending,
    Registered,
    Retired,
    from_body,
)
from proctor.ledger.submissions import Submission

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Question:
    """
    A question to one test set, identified by the submissions that it is about.

    Attributes:
        condition: Text of the condition; any way to write it is the same question.
        baseline: What it is compared with; ``None`` on a first commit.
        gate: Name of the gate that asks.
        anchor: The anchor, where the condition speaks of it.
        former: Digests by which earlier versions knew the same contestants, by today's.
    """

    condition: str
    candidate: Submission
    baseline: Submission | None
    gate: str
    anchor: Submission | None = None
    former: Mapping[str, str] = field(default_factory=dict)

    def has_same_condition(self, text: str) -> bool:
        """True if the condition that is written as *text* asks the same."""
        if text == self.condition:
            return True
        try:
            return question_of_text(text) == question_of_text(self.condition)
        except ConditionError:  # what a later version wrote may be beyond this one, and is then another question
            return False

    def speaks_of(self, *names: Variable) -> bool:
        """True if the condition names one of these variables."""
        return not named_in(self.condition).isdisjoint(names)

    def is_same(self, recorded: Submission | None, asked: Submission | None) -> bool:
        """True if what was *recorded* and what is *asked* were the same when they were submitted."""
        if recorded is None or asked is None:
            return recorded is asked
        return recorded.digest in (asked.digest, self.former.get(asked.digest))

    def is_of(self, model: Submission) -> bool:
        """True if the candidate, in the column that is read, is *model*, whatever column that was recorded for."""
        digests = {model.digest, *(model.columns or {}).values()}
        return not digests.isdisjoint((self.candidate.digest, self.former.get(self.candidate.digest)))


@dataclass(frozen=True)
class Recorded(Generic[R_co]):
    """A record together with the entry that holds it; read when it is first asked for."""

    entry: Entry

    @cached_property
    def record(self) -> R_co:
        """
        Content of the entry.

        Raises:
            LedgerCorrupt: If its body is not of its kind's form.
            LedgerTooNew: If a later version wrote it.
        """
        record: R_co = from_body(self.entry.kind, self.entry.body, self.entry.number)  # type: ignore[assignment]  # by kind
        return record

    @property
    def is_part(self) -> bool:
        """True if it judges one of several conditions of its gate, and so accepts nobody alone."""
        return self.entry.body.get("part") is not None

    @property
    def model(self) -> object:
        """The candidate of a verdict or an acceptance as a whole, with all its columns; told without decoding."""
        candidate = self.entry.body.get("candidate")
        columns = candidate.get("columns") if isinstance(candidate, dict) else None
        return columns if columns is not None else self.digest

    @property
    def digest(self) -> object:
        """Digest of the candidate of a verdict, told without decoding its entry: a ledger may be long."""
        candidate = self.entry.body.get("candidate")
        return candidate.get("digest") if isinstance(candidate, dict) else None


Acceptance = Recorded[Adopted] | Recorded[Evaluated] | Recorded[Accepted]
"""An entry whose candidate became the baseline by it."""


@dataclass(frozen=True, kw_only=True)
class TestSetHistory:
    """
    The life of one test set so far; where it was read from a checkpoint, without its earlier verdicts.

    Attributes:
        account: What it has left.
        earlier: What it had left before the first of *verdicts*.
        verdicts: Adoptions and evaluations, in the order in which the ledger took them.
        acceptances: Candidates that have passed several conditions, in order.
        steps: What each of the evaluations among them did to the account.
        open_pending: An evaluation on sealed inputs that has begun and not ended.
        notices: What became of notices, in order.
        acts: What the owner accepted: settings of gates, baselines, losses of books.
        heir: The registration that took over what this set had left, and closed its account.
        changes: What was added to its examples, and which were dropped, in order.
    """

    registered: Recorded[Registered]
    account: Account
    earlier: Account
    verdicts: tuple[Recorded[Adopted] | Recorded[Evaluated], ...] = ()
    acceptances: tuple[Recorded[Accepted], ...] = ()
    steps: tuple[Step, ...] = ()
    open_pending: Recorded[Pending] | None = None
    retired: Recorded[Retired] | None = None
    corrections: tuple[Recorded[Corrected], ...] = ()
    notices: tuple[Recorded[Notified], ...] = ()
    acts: tuple[Recorded[OwnersAct], ...] = ()
    heir: Recorded[Registered] | None = None
    changes: tuple[Recorded[Change], ...] = ()

    @property
    def in_use(self) -> Cohort:
        """The record of the examples that are in use."""
        return self.changes[-1].record if self.changes else self.registered.record

    @property
    def ever_used(self) -> tuple[Cohort, ...]:
        """Records of all examples that were ever in use: those that are now, and those before each drop."""
        cohorts = [self.registered.record, *(taken.record for taken in self.changes)]
        return (*(a for a, b in pairwise(cohorts) if isinstance(b, Dropped)), cohorts[-1])

    @property
    def version(self) -> str:
        """Fingerprint of the examples that are in use."""
        return version_of(self.in_use)

    @property
    def gates(self) -> frozenset[str]:
        """Names of the gates that have used it."""
        return frozenset({self.registered.record.origin.gate, *(taken.record.origin.gate for taken in self.verdicts)})

    @property
    def labels(self) -> str:
        """Commitment of the labels as they stand after corrections, extensions and drops."""
        corrected = self.corrections[-1] if self.corrections else None
        is_latest = corrected is not None and all(e.entry.number < corrected.entry.number for e in self.changes)
        return corrected.record.labels if corrected is not None and is_latest else self.in_use.labels

    def step_of(self, taken: Recorded[Adopted] | Recorded[Evaluated]) -> int:
        """Number of a verdict among the charged evaluations, from 1; 0 for an adoption."""
        if taken.entry.kind == Adopted.kind:
            return 0
        numbers = [other.entry.number for other in self.verdicts if other.entry.kind == Evaluated.kind]
        return self.earlier.evaluations + numbers.index(taken.entry.number) + 1

    def last_verdicts(self, count: int) -> Iterator[tuple[Recorded[Adopted] | Recorded[Evaluated], Account]]:
        """The last *count* verdicts, each with the account after it."""
        shown = self.verdicts[-count:] if count else ()
        charged = sum(taken.entry.kind == Evaluated.kind for taken in shown)
        account = self.earlier.after_all(self.steps[: len(self.steps) - charged])
        following = iter(self.steps[len(self.steps) - charged :])
        for taken in shown:
            if taken.entry.kind == Evaluated.kind:
                account = account.after(next(following))
            yield taken, account

    def accepted(self, gate: str) -> Acceptance | None:
        """
        The verdict that made the present baseline of *gate*: its last pass, or the adoption.

        Under ``adaptivity: none`` every evaluated commit becomes the baseline, whatever its outcome (theory.md §4).
        Where a gate has several conditions it is the last of the passes that made it together; where these read
        columns of their own, the acceptance, since a pass is recorded for everybody who has that column.
        """
        alone, joint = self._accepted_alone(gate), next(reversed(self._joint(gate)), None)
        if joint is None or (alone is not None and alone.entry.number > joint[0]):
            return alone
        return joint[1]

    def _joint(self, gate: str) -> list[tuple[int, Acceptance]]:
        """Acceptances by several conditions: number of the entry, and what says which model it is."""
        if not self.acceptances:
            return []
        verdicts = {taken.entry.number: taken for taken in self.verdicts}
        made = [(taken, max(taken.record.verdicts)) for taken in self.acceptances if taken.record.origin.gate == gate]
        return [
            (taken.entry.number, verdicts[last] if taken.record.candidate.columns is None else taken)
            for taken, last in made
            if last in verdicts
        ]

    def _accepted_alone(self, gate: str) -> Recorded[Adopted] | Recorded[Evaluated] | None:
        withheld = self.registered.record.contract.adaptivity is Adaptivity.NONE
        for taken in reversed(self.verdicts):
            if taken.is_part or (not withheld and _is_fail(taken.entry)):
                continue
            record = taken.record
            if record.origin.gate != gate:
                continue
            if isinstance(record, Adopted) or withheld or record.outcome is Verdict.PASS:
                return taken
        return None

    def anchor(self, gate: str) -> Submission | None:
        """The baseline of the day of registration; without one, the first model that *gate* accepted (theory.md §5)."""
        if self.registered.record.anchor is not None:
            return self.registered.record.anchor
        return next((taken.record.candidate for taken in self.accepted_ever(gate)), None)

    def accepted_ever(self, gate: str) -> Iterator[Acceptance]:
        """The verdicts that made the baselines of *gate*, or may have, where outcomes are withheld; in order."""
        alone: Iterator[tuple[int, Acceptance]] = (
            (taken.entry.number, taken)
            for taken in self.verdicts
            if taken.record.origin.gate == gate and is_acceptance(taken.record)
        )
        return (taken for _, taken in merge(alone, self._joint(gate), key=lambda each: each[0]))

    def pin_of(self, submission: Submission) -> tuple[str | None, Cohort] | None:
        """
        Mark by which the predictions of an accepted model are recognized, and of which examples they are.

        The mark is ``None`` where examples were dropped since, and nothing was noted of those that stayed.
        """
        for taken in reversed(self.verdicts):
            if taken.digest == submission.digest and taken.record.predictions is not None:
                return self._pin_since(taken.entry.number, submission, taken.record.predictions)
        return None

    def _pin_since(self, number: int, submission: Submission, pin: str) -> tuple[str | None, Cohort]:
        found: tuple[str | None, Cohort] = pin, self.registered.record
        for taken in self.changes:
            record = taken.record
            if taken.entry.number < number:
                found = pin, record
            elif isinstance(record, Dropped) or submission.digest in record.pins:
                found = record.pins.get(submission.digest), record
        return found

    def outcome_of(self, taken: Recorded[Adopted] | Recorded[Evaluated]) -> Verdict:
        """Released outcome of a verdict, which retirement opens where it was withheld."""
        if isinstance(taken.record, Adopted):
            return Verdict.PASS
        opened = self.retired.record.outcomes if self.retired else None
        return (opened or {}).get(str(taken.entry.number), taken.record.outcome)

    def notice(self, channel: str, occasion: str) -> Recorded[Notified] | None:
        """Last record of the notice of an *occasion* on a *channel*; ``None`` if it was never begun."""
        for taken in reversed(self.notices):
            if (taken.record.channel, taken.record.occasion) == (channel, occasion):
                return taken
        return None

    def recorded_answer(self, question: Question) -> Recorded[Adopted] | Recorded[Evaluated] | None:
        """
        The answer that this question already has, or ``None`` (theory.md §4.3.3).

        The same question is: the same condition, and the same of candidate, baseline and anchor that it names; or the
        candidate that is the accepted baseline, where it would be compared with itself; or the same candidate for the
        same commit, whatever a baseline that moves with the repository has become since.
        """
        accepted = self.accepted(question.gate)
        is_accepted = accepted is not None and question.is_of(accepted.record.candidate)
        if is_accepted and question.is_same(question.baseline, question.candidate):
            for taken in reversed(self.verdicts):
                if _is_acceptance_of(taken.record, question):
                    return taken
        since = self.changes[-1].entry.number if self.changes else 0
        digests = (question.candidate.digest, question.former.get(question.candidate.digest))
        for taken in reversed(self.verdicts):
            if taken.entry.number < since:
                return None  # it was asked of other examples: another question (theory.md §4.3.3)
            if taken.digest in digests and self._is_same_question(taken, question):
                return taken
        return None

    def awaits(self, question: Question) -> bool:
        """
        True if an evaluation of this question has begun and not ended, so that a check takes it up.

        The same gate's: what another gate compares with is another question, and its own evaluation is still due.
        """
        if self.open_pending is None:
            return False
        record = self.open_pending.record
        is_about_it = question.is_same(record.candidate, question.candidate) and record.origin.gate == question.gate
        return is_about_it and question.has_same_condition(record.condition)

    def _is_same_question(self, taken: Recorded[Adopted] | Recorded[Evaluated], question: Question) -> bool:
        record = taken.record
        if not question.is_same(record.candidate, question.candidate):
            return False
        if not question.has_same_condition(record.condition):
            return False
        if isinstance(record, Adopted):
            is_first = question.baseline is None and question.anchor is None
            return record.origin.gate == question.gate and (is_first or _same_commit(record, question))
        anchor = self._anchor_of(record, taken.entry.number) if question.speaks_of(Variable.A) else question.anchor
        if not question.is_same(anchor, question.anchor):
            return False
        if not question.speaks_of(Variable.O, Variable.D) or question.is_same(record.baseline, question.baseline):
            return True
        # A baseline may have become another since; a file that somebody names is the one that they mean.
        is_moving = question.baseline is None or question.baseline.commit is not None
        return is_moving and _same_commit(record, question)

    def _anchor_of(self, record: Evaluated, number: int) -> Submission | None:
        """The anchor of the evaluation in entry *number*; if that does not say, the one that its gate had then."""
        if record.anchor is not None or self.registered.record.anchor is not None:
            return record.anchor or self.registered.record.anchor
        first = next(self.accepted_ever(record.origin.gate), None)
        return first.record.candidate if first is not None and first.entry.number < number else record.baseline


def _is_fail(entry: Entry) -> bool:
    """True if an entry is an evaluation that failed; told without decoding it, as a ledger may be long."""
    return entry.kind == Evaluated.kind and entry.body.get("outcome") == Verdict.FAIL.value


def version_of(cohort: Cohort) -> str:
    """Fingerprint of the examples of a record."""
    return cohort.testset if isinstance(cohort, Registered) else cohort.version


def is_acceptance(record: Adopted | Evaluated) -> bool:
    """True if the candidate of *record* became the baseline by it, or may have, where the outcome is withheld."""
    return isinstance(record, Adopted) or (record.part is None and record.outcome is not Verdict.FAIL)


def _is_acceptance_of(record: Adopted | Evaluated, question: Question) -> bool:
    """True if *record* is the answer with which the candidate of *question* became the baseline; to each condition."""
    is_part = isinstance(record, Evaluated) and record.part is not None  # it may have failed where it only informed
    return (
        record.origin.gate == question.gate
        and (is_part or is_acceptance(record))
        and question.is_same(record.candidate, question.candidate)
        and question.has_same_condition(record.condition)
    )


def _same_commit(record: Adopted | Evaluated, question: Question) -> bool:
    commit = question.candidate.commit
    return commit is not None and record.candidate.commit == commit
