"""
Questions whose labels are bought one batch after the other (``labels: sequential``, theory.md §3.10).

::

    check ─▶ noted that the labels for these very tests are collected? ─▶ judge, once, and pay
                                                             otherwise ─▶ leave the question: "being collected"
    labels next ─▶ read in order ─▶ a test is open: ask for the next labels; none is: note "collected"

How far labels have to be read is an outcome, too. So `check` looks at none before that note, which is its owner's
doing: whoever asks again is told what the transcript says and no more, however much is decided already. A note holds
for the tests that it names; where their level is another one by now, it is none, as everybody can work out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor import __version__
from proctor.budget import Mode
from proctor.conditions import Assignment, Formula, Proportion, Truth, allocate, normalize, parse, truth
from proctor.counting.coding import coded
from proctor.errors import DataError, LabelsMissing
from proctor.evaluation import decide
from proctor.frozen import asdict, dataclass, replace
from proctor.gate.asking import Asked
from proctor.gate.books import LedgerView
from proctor.gate.labels import requests_of
from proctor.gate.needs import prospect
from proctor.gate.session import Session
from proctor.gatefile import Labeling
from proctor.language.quantities import DISAGREEMENT
from proctor.ledger.submissions import Submission
from proctor.methods import method_of
from proctor.planning import Terms
from proctor.planning.collecting import test_of
from proctor.planning.exact import share_of
from proctor.runtime import is_tracked
from proctor.sample import Sample
from proctor.stats.sequential import UNKNOWN, Answer, Mask, Outcomes, Reading, SequentialTest
from proctor.writing import write_whole

Rows = NDArray[np.intp]


# --- reading in order ------------------------------------------------------------------------------------------------


class Reader(NamedTuple):
    """
    Reader of labels in the order fixed at registration, for each clause as far as its test asks.

    Labels behind the first that a test lacks have no part in anything: which of them are there follows from what was
    bought for earlier questions, and so from outcomes.

    Attributes:
        formula: The condition: clauses on accuracies and differences of two, and on *d*, which need no label.
    """

    formula: Formula
    terms: Terms
    sample: Sample

    @property
    def still_needed(self) -> Rows:
        """Rows without a label that come next, for any test that is open, in order; none if the verdict is decided."""
        needed = np.zeros(len(self.sample.panel), np.bool_)
        for assignment in self._assignments if self.truth is None else ():
            reading = self._read(assignment)
            if reading is not None and reading.answer is Answer.OPEN:
                rows = self.sample.order[reading.n_examples :]
                needed[rows[self._outcomes(assignment)[reading.n_examples :] == UNKNOWN]] = True
        rows_in_order: Rows = self.sample.order[needed[self.sample.order]]
        return rows_in_order

    @property
    def truth(self) -> Truth | None:
        """
        The condition's value, as far as it matters to the verdict: what is not proven is unknown.

        ``None`` if the verdict depends on tests that are open.
        """
        found = [self._truth_of(assignment) for assignment in self._assignments]
        least, most = (
            truth(self.formula, [still if each is None else each for each in found])
            for still in (Truth.UNKNOWN, self._proven)
        )
        return least if (least is self._proven) == (most is self._proven) else None

    @property
    def tests(self) -> tuple[SequentialTest, ...]:
        """The tests that ask for labels, by clause: they say how far to read, and what is proven."""
        return tuple(self._test(each) for each in self._assignments if each.clause.quantity != DISAGREEMENT)

    @property
    def _assignments(self) -> tuple[Assignment, ...]:
        return allocate(self.formula, self.terms.mode)

    def _test(self, assignment: Assignment) -> SequentialTest:
        return test_of(share_of(assignment, self.terms), self.sample.n_examples)

    @property
    def _proven(self) -> Truth:
        return Truth.TRUE if self.terms.mode is Mode.FP_FREE else Truth.FALSE

    def _truth_of(self, assignment: Assignment) -> Truth | None:
        """The value of a clause; ``None`` while its test is open."""
        reading = self._read(assignment)
        if reading is None:
            level = self.terms.log_level + assignment.log_share
            statistic = method_of(assignment.clause.quantity).statistic(self.sample)
            return decide(assignment, statistic, self.sample.n_examples, level)
        return {Answer.PROVEN: self._proven, Answer.NOT_PROVEN: Truth.UNKNOWN}.get(reading.answer)

    def _read(self, assignment: Assignment) -> Reading | None:
        """The labels of a clause, read in order; ``None`` for one that needs none."""
        if assignment.clause.quantity == DISAGREEMENT:
            return None
        return self._test(assignment).read(self._outcomes(assignment), self._needs_label(assignment))

    def _needs_label(self, assignment: Assignment) -> Mask:
        """Mask of the examples that need a label, in order."""
        mask: Mask = method_of(assignment.clause.quantity).needs_label(self.sample.panel)[self.sample.order]
        return mask

    def _outcomes(self, assignment: Assignment) -> Outcomes:
        """Outcome of each example, in order: won where it speaks for what is to be proven."""
        quantity = assignment.clause.quantity
        codes = np.concatenate([*coded(self.sample.panel, self.sample.labels, method_of(quantity).events)])
        outcomes = (codes == 0b01).astype(np.int8) - (codes == 0b10).astype(np.int8)
        if not self.terms.proves_above(assignment.clause):
            outcomes = 1 - outcomes if isinstance(quantity, Proportion) else -outcomes
        ordered: Outcomes = outcomes[self.sample.order]
        needed = self._needs_label(assignment)
        ordered[needed & ~self.sample.labels.is_known()[self.sample.order]] = UNKNOWN
        ordered[~needed] = 0
        return ordered


# --- questions that wait ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """
    A question that waits for its labels: what it is, as of `Question`, and what tunes its tests.

    Attributes:
        log_miss: Natural logarithm of the tolerated probability of a miss.
        disagreement: Anticipated share of changed predictions; ``None`` if nothing was said.
        stake: Declared stake in units; ``None`` if none was declared.
        collected: Signature of the tests whose labels are there; ``None`` as long as none are known to be.
    """

    gate: str
    condition: str
    candidate: Submission
    baseline: Submission | None
    anchor: Submission | None
    log_miss: float
    disagreement: float | None
    stake: int | None
    collected: str | None = None

    @property
    def key(self) -> str:
        """Name of the question: 32 hexadecimal digits, whatever stake and plan it is asked under."""
        models = [each.digest if each else None for each in (self.candidate, self.baseline, self.anchor)]
        return hashlib.sha256(json.dumps([self.gate, self.condition, *models]).encode()).hexdigest()[:32]

    def asks_under_the_terms_of(self, other: Waiting) -> bool:
        """True if what tunes the tests, apart from their level, is the same."""
        return (self.log_miss, self.disagreement, self.stake) == (other.log_miss, other.disagreement, other.stake)


class Waitings(NamedTuple):
    """Questions to a *version* of a test set that wait for labels, each in a file for the owner alone."""

    folder: Path
    version: str

    def file(self, waiting: Waiting) -> Path:
        """File of a question."""
        return self.folder / f"question-{self.version[:12]}-{waiting.key}.json"

    def get(self, asked: Waiting) -> Waiting | None:
        """The question as it was left; ``None`` if it never was. Errors as `all`."""
        file = self.file(asked)
        return _read(file) if file.exists() else None

    def all(self) -> Iterator[Waiting]:
        """Every question, in a fixed order; `DataError` if one cannot be read, or came with a commit."""
        yield from map(_read, sorted(self.folder.glob(f"question-{self.version[:12]}-*.json")))

    def put(self, waiting: Waiting) -> None:
        """
        Leave a question, whole or not at all.

        Raises:
            DataError: If it cannot be written.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self.file(waiting), json.dumps(asdict(waiting)).encode())
        except OSError as error:
            raise DataError(
                f"the question cannot be left for the owner in {str(self.folder)!r}: {error.strerror}",
                hint="Nothing was spent. It must be a folder that this user may write to, with space left.",
            ) from None

    def remove(self, waiting: Waiting) -> None:
        """Forget a question."""
        self.file(waiting).unlink(missing_ok=True)


def _read(file: Path) -> Waiting:
    if is_tracked(file):
        raise DataError(
            f"{str(file)!r} came with a commit: anybody may have written that its labels are collected",
            hint="Take the folder out of the repository (`git rm -r --cached .proctor`). Nothing was spent.",
        )
    try:
        fields = json.loads(file.read_text("utf-8"))
        models = {name: Submission(**fields[name]) for name in ("candidate", "baseline", "anchor") if fields[name]}
        return Waiting(**{**fields, **models})
    except (OSError, ValueError, TypeError, KeyError):
        raise DataError(
            f"{str(file)!r} cannot be read, a question that waits for labels",
            hint="Remove it, and run the check again that asked. Nothing was spent.",
        ) from None


def waitings_of(session: Session) -> Waitings:
    """Questions that wait for labels of this test set."""
    return Waitings(requests_of(session).folder, session.testset.version)


# --- asking, collecting, judging -------------------------------------------------------------------------------------


def refuse_uncollected(session: Session, books: LedgerView, asked: Asked, sample: Sample) -> None:
    """
    Refuse, in the same words each time, a question whose labels are not noted as collected, and leave it.

    Raises:
        LabelsMissing: If so; it depends on no label, and says nothing of any.
    """
    waitings, wanted = waitings_of(session), _left(session, asked)
    found = waitings.get(wanted)
    if found is None or not found.asks_under_the_terms_of(wanted):
        waitings.put(wanted)
        found = wanted
    if found.collected != note_of(session, found, reader_of(session, books, found, sample)):
        raise LabelsMissing(
            "labels are being collected for this question; nothing was spent",
            hint="The owner of the test set has them labeled, batch by batch: `proctor labels next`. Then run the same "
            "command again.",
        )


def close(session: Session, asked: Asked) -> None:
    """Forget a question that has its answer."""
    if session.gate.labels is Labeling.SEQUENTIAL:
        waitings_of(session).remove(_left(session, asked))


def reader_of(session: Session, books: LedgerView, waiting: Waiting, sample: Sample) -> Reader:
    """The reader of a question at the level that the account gives it now."""
    gate = session.gate
    formula = normalize(parse(waiting.condition))
    level = books.account(gate).next_log_level(gate.stakes, waiting.stake)
    terms = replace(
        prospect(gate, formula, sample.n_examples).terms.at(level),
        log_miss=waiting.log_miss,
        disagreement=waiting.disagreement,
    )
    return Reader(formula, terms, sample)


def truth_in_order(session: Session, books: LedgerView, asked: Asked, sample: Sample) -> Truth:
    """Value of the condition by the labels in order; `DataError` if they do not decide it."""
    found = reader_of(session, books, _left(session, asked), sample).truth
    if found is None:
        raise DataError(
            "labels that were here when they were collected are not here any more; nothing was spent",
            hint="The owner of the test set puts them back, or collects them again: `proctor labels next`.",
        )
    return found


def sample_of(session: Session, waiting: Waiting) -> Sample:
    """The sample of a question that was left; errors as `Predicting.sample`."""
    runner = session.runner
    candidate, *others = (
        runner.earlier(each) if each else None for each in (waiting.candidate, waiting.baseline, waiting.anchor)
    )
    assert candidate is not None  # noqa: S101  # every question has one
    return session.predicting.sample(candidate, *others)


def _left(session: Session, asked: Asked) -> Waiting:
    question, gate = asked.question, session.gate
    return Waiting(
        gate=asked.gate,
        condition=asked.condition,
        candidate=question.candidate,
        baseline=question.baseline,
        anchor=question.anchor,
        log_miss=gate.log_miss,
        disagreement=gate.disagreement,
        stake=asked.stake,
    )


def note_of(session: Session, waiting: Waiting, reader: Reader) -> str:
    """The note that the labels of a question are there: for its tests, which may be others in another version."""
    return session.owner_key.sign("\n".join((__version__, session.testset.version, waiting.key, str(reader.tests))))
