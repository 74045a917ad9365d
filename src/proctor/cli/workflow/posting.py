"""
Posts a stored result: the half that may write comments, in a `workflow_run` job that checks out the default branch.

The stored file is hostile data: it is held against GitHub's own words, and its verdict is looked up in the ledger.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from proctor.cli.workflow import forks, results, terms
from proctor.cli.workflow.job import Job
from proctor.cli.workflow.terms import Choice
from proctor.errors import PASSED, Misuse, ProctorError
from proctor.gatefile import Gate
from proctor.github import announcement
from proctor.github.announcement import Place
from proctor.github.artifact import Artifact
from proctor.github.effects import Annotation, CheckRun, Effect, Status, command
from proctor.github.event import Kind
from proctor.reports.comment import Links, Problem


def comment(file: str, ledger: str, path: Path, job: Job) -> int:
    """Post what is stored at *path*; 0 if it was posted, whatever the verdict."""
    try:
        return _post(file, ledger, path, job)
    except ProctorError as error:
        job.log(f"nothing was posted: {error.message}\n  {error.hint}")
        text = f"Nothing was posted: {error.message}. {error.hint}"
        job.outlets.write(command(Annotation("error", "proctor", text)))
        return error.exit_code


def _post(file: str, ledger: str, path: Path, job: Job) -> int:
    from proctor.cli.source import load_gate

    if job.facts.kind is not Kind.WORKFLOW_RUN or job.facts.pull_request is None:
        raise Misuse(
            "this job does not follow the workflow of a pull request",
            hint="Use it in a workflow `on: workflow_run`; `check` comments by itself elsewhere.",
        )
    gate = load_gate(file)
    taken = forks.take(job, gate, path)
    number = taken.artifact.claim.pull_request
    place = Place(job.facts, terms.location_of(gate, file, job.workspace), Links(run=job.facts.run_url), number)
    job.make_known(_effects(gate, ledger, taken.artifact, place))
    return PASSED


def _effects(gate: Gate, ledger: str, found: Artifact, place: Place) -> tuple[Effect, ...]:
    named = results.read(found, gate.name)
    if isinstance(named, Problem):
        return announcement.announce_problem(named, place)
    known = replace(gate, ledger=terms.ledger_of(gate, Choice(ledger).ledger))
    release = results.recorded(named, known, place.facts.sha)
    made = announcement.announce(release, place)
    if release.commit == place.facts.sha:
        return made
    # The ledger speaks of another commit: shown, with that commit's name, but not set on this one.
    return tuple(effect for effect in made if not isinstance(effect, Status | CheckRun))
