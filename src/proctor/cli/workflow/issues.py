"""
The issue that asks for the next test set: opened when one is needed, closed when it is registered.

What is over is read from the ledger, so it does not matter who registered the successor, or where, or whether a verdict
on it followed; and a branch that still names the old set does not ask for what is there already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from proctor.cli.workflow import terms
from proctor.cli.workflow.job import Job
from proctor.cli.workflow.terms import Choice
from proctor.errors import ProctorError
from proctor.gatefile import Gate
from proctor.github import announcement
from proctor.github.effects import Effect, OpenIssue
from proctor.release import Release, Status
from proctor.reports import comment, sentences
from proctor.reports.markdown import code
from proctor.runtime import Runtime

if TYPE_CHECKING:
    from proctor.ledger.history import TestSetHistory


def after(gate: Gate, public: Release | Status) -> tuple[Effect, ...]:
    """Effects on issues of a verdict, or of the account's state: one is opened if the next check needs a new set."""
    if not public.budget.is_over:
        return settled(gate)
    from proctor.gate.needs import next_set_hint

    reason = f"{sentences.capitalized(sentences.forecast(public))}."
    before = _lives(gate).get(public.testset.fingerprint)
    return settled(gate, _issue(public, reason, next_set_hint(gate, before)))


def at_the_end(gate: Gate, status: Status, error: ProctorError) -> tuple[Effect, ...]:
    """Effects on issues of a refusal that says that a fresh test set is needed."""
    return settled(gate, _issue(status, f"{error.message}.", error.hint))


def settled(gate: Gate, wanted: OpenIssue | None = None) -> tuple[Effect, ...]:
    """Closes issues about test sets that have a successor in the ledger; *wanted* is opened unless it is among them."""
    from proctor.custody.lineage import followed

    over = followed(_lives(gate))
    closed = (announcement.have_successors(over),) if over else ()
    is_over = wanted is not None and wanted.marker in map(announcement.issue_marker, over)
    return closed if wanted is None or is_over else (*closed, wanted)


def state(gate: Gate, job: Job) -> Status | None:
    """The state of the account; ``None`` where it cannot be known here."""
    from proctor.gate.status import status

    try:
        return status(gate, Runtime(environ=job.environ))
    except ProctorError:
        return None


def with_ledger(gate: Gate, choice: Choice) -> Gate:
    """The gate with the ledger of this job, whatever else stopped it."""
    return replace(gate, ledger=terms.ledger_of(gate, choice.ledger))


def _lives(gate: Gate) -> Mapping[str, TestSetHistory]:
    from proctor.gate.session import Session, Stance

    try:
        with Session(gate=gate, runtime=Runtime(), stance=Stance.READER) as session:
            return session.opening.lives
    except ProctorError:
        return {}  # what stopped the gate is told already, and the next run looks again


def _issue(public: Release | Status, reason: str, needs: str) -> OpenIssue:
    fingerprint = public.testset.fingerprint
    body = "\n\n".join(
        [
            f"The gate {code(public.gate)} needs a fresh test set. {comment.sentence(reason)}",
            f"**What the next one needs.** {comment.sentence(needs)}",
            f"Until then no candidate gets a verdict, and nothing is spent. Test set: {code(fingerprint[:12])}.",
            "This issue is closed once the successor is registered.",
        ]
    )
    return announcement.need_test_set(fingerprint, f"A fresh test set is needed for {public.gate}", body)
