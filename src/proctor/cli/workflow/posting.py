"""
Posts a stored result: the half that may write comments, in a `workflow_run` job that checks out the default branch.

The stored file is hostile data: it is held against GitHub's own words, and its verdict is looked up in the ledger.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from proctor.cli.workflow import forks, issues, results, terms
from proctor.cli.workflow.job import Job
from proctor.cli.workflow.terms import Choice
from proctor.errors import FRESH_TEST_SET, PASSED, Misuse, ProctorError
from proctor.gatefile import Gate
from proctor.github import announcement
from proctor.github.announcement import Place
from proctor.github.effects import CheckRun, Effect, Status
from proctor.github.event import Kind
from proctor.loading import load_gate
from proctor.release import Release
from proctor.reports.comment import Links, Problem


class Options(NamedTuple):
    """Options that the action was given."""

    gate: str
    choice: Choice
    artifact: Path
    issue: bool = True


def comment(options: Options, job: Job) -> int:
    """Post what is stored; 0 if it was posted, whatever the verdict."""
    try:
        return _post(options, job)
    except ProctorError as error:
        job.log(f"nothing was posted: {error.message}\n  {error.hint}")
        job.annotate("error", f"Nothing was posted: {error.message}. {error.hint}")
        return error.exit_code


def _post(options: Options, job: Job) -> int:
    if job.facts.kind is not Kind.WORKFLOW_RUN or job.facts.pull_request is None:
        raise Misuse(
            "this job does not follow the workflow of a pull request",
            hint="Use it in a workflow `on: workflow_run`; `check` comments by itself elsewhere.",
        )
    gate = issues.with_ledger(load_gate(options.gate), options.choice)
    taken = forks.take(job, gate, options.artifact)
    number = taken.artifact.claim.pull_request
    place = Place(job.facts, terms.location_of(gate, options.gate, job.workspace), Links(run=job.facts.run_url), number)
    named = results.read(taken.artifact, gate.name)
    if named is None:
        job.notice("Nothing to judge: the model has not changed, says the stored result.")  # which proves nothing
        return PASSED
    if isinstance(named, Problem):
        made, after = announcement.announce_problem(named, place), _after_problem(named, gate, job)
    else:
        release = results.recorded(named, gate, place.facts.sha)
        made, after = _announced(release, place), issues.after(gate, release)
    job.make_known((*made, *after) if options.issue else made)
    return PASSED


def _after_problem(problem: Problem, gate: Gate, job: Job) -> tuple[Effect, ...]:
    """Effects on the issues: that a fresh test set is needed is believed of the ledger, not of the stored file."""
    status = issues.state(gate, job) if problem.exit_code == FRESH_TEST_SET else None
    return issues.settled(gate) if status is None else issues.after(gate, status)


def _announced(release: Release, place: Place) -> tuple[Effect, ...]:
    made = announcement.announce(release, place)
    if release.commit == place.facts.sha:
        return made
    # The ledger speaks of another commit: shown, with that commit's name, but not set on this one.
    return tuple(effect for effect in made if not isinstance(effect, Status | CheckRun))
