"""
The owner's job that registers the next test set where the account is kept, and closes the issue that asked for it.

It is `proctor testset renew` with the ledger and the baseline of a workflow: what the next candidates are compared with
is the model of the default branch, not one that passed in a pull request and was never merged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from proctor.cli.workflow import issues, publishing, terms
from proctor.cli.workflow.job import Job
from proctor.cli.workflow.terms import AS_DECLARED, AUTO, Choice
from proctor.custody.succession import Succession, Wish
from proctor.errors import PASSED, Misuse, ProctorError
from proctor.gatefile import Gate, Revision
from proctor.github.effects import Annotation, Effect, Output, Summary
from proctor.loading import load_gate
from proctor.reports import comment
from proctor.reports.markdown import code, prose


class Options(NamedTuple):
    """Options that the action was given."""

    gate: str
    choice: Choice
    wish: Wish
    badges: bool = True
    issue: bool = True


def renew(options: Options, job: Job) -> int:
    """Register the successor; what is over is closed, whether this job registered it or another did before."""
    gate: Gate | None = None
    try:
        gate = _gate(load_gate(options.gate), options, job)
        made, code = _registered(gate, options.wish, job), PASSED
    except ProctorError as error:
        made, code = _refused(error, gate, options, job), error.exit_code
    if gate is not None and not job.facts.is_untrusted:
        made = (*made, *(issues.settled(gate) if options.issue else ()))
        _show(gate, options, job)
    job.make_known(made)
    return code


def _gate(gate: Gate, options: Options, job: Job) -> Gate:
    """The gate with this job's ledger, compared with the model of this commit."""
    if job.facts.pull_request is not None:
        raise Misuse(
            "a test set is not renewed in a pull request",
            hint="Run this on the default branch: `on: workflow_dispatch`.",
        )
    asked = options.choice.baseline
    is_declared = asked == AS_DECLARED or (asked == AUTO and terms.is_by_itself(gate))
    baseline = gate.baseline
    if not is_declared and options.wish.baseline is None:
        baseline = Revision(job.facts.sha if asked == AUTO else asked, is_given=True)
    return replace(gate, ledger=terms.ledger_of(gate, options.choice.ledger), baseline=baseline)


def _registered(gate: Gate, wish: Wish, job: Job) -> tuple[Effect, ...]:
    from proctor.cli.renew import succession_lines
    from proctor.custody.succession import register
    from proctor.gate.session import Session, Stance

    with Session(gate=gate, runtime=job.runtime, stance=Stance.OWNER) as session:
        done: Succession = register(session, wish)
    lines = succession_lines(done)
    job.log("\n".join(lines))
    said = "\n\n".join(prose(line) for line in lines)
    entry = done.life.registered
    return (
        Output("testset", entry.record.testset),
        Output("entry", str(entry.entry.number)),
        Summary(f"### 🧪 A fresh test set for {code(gate.name)}\n\n{said}\n"),
    )


def _refused(error: ProctorError, gate: Gate | None, options: Options, job: Job) -> tuple[Effect, ...]:
    job.log(f"no test set was registered: {error.message}\n  {error.hint}")
    text = f"No test set was registered: {error.message}. {error.hint}".strip()
    place = terms.location_of(gate, options.gate, job.workspace)
    return Annotation("error", "proctor", text, place.file, place.line), Summary(f"### ⚠️ {comment.sentence(text)}\n")


def _show(gate: Gate, options: Options, job: Job) -> None:
    """The new set's budget, which is whole."""
    status = issues.state(gate, job) if options.badges else None
    if status is not None:
        publishing.publish(job, gate, publishing.of_budget(status))
