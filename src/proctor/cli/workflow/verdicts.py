"""
A job's verdict: judged, announced, and shown as badges.

Whatever stops the gate is announced as well, and nothing that fails after the verdict is durable can change it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, assert_never

from proctor.cli import unchanged
from proctor.cli.workflow import forks, issues, publishing, results, terms
from proctor.cli.workflow.job import Job
from proctor.cli.workflow.terms import Choice
from proctor.errors import BUG, PASSED, FreshTestSetNeeded, LabelsMissing, Misuse, ProctorError
from proctor.frozen import dataclass, field
from proctor.gatefile import Gate
from proctor.github import announcement
from proctor.github.activities import Available, Judge, JudgeArtifact, Nothing, Prepare, Refuse, choose
from proctor.github.announcement import Place
from proctor.github.effects import Effect
from proctor.loading import load_gate
from proctor.release import Release
from proctor.reports import sentences, terminal
from proctor.reports.comment import Links, Problem


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Options that the action was given.

    Attributes:
        gate: Gate file or its folder.
        choice: Ledger and baseline.
        comments: Whether the pull request gets a comment from this job.
        badges: Whether badges are published beside the ledger.
        issue: Whether an issue asks for the next test set.
        artifact: What the untrusted job uploaded.
        result: Folder for the stored result, which another job posts.
    """

    gate: str
    choice: Choice = field(default_factory=Choice)
    comments: bool = True
    badges: bool = True
    issue: bool = True
    artifact: Path | None = None
    result: Path | None = None


class Asked(NamedTuple):
    """A question that can be put: the gate of this event, and the pull request that it is about."""

    gate: Gate
    pull_request: int | None


def check(options: Options, job: Job) -> int:
    """Do what the event calls for, announce it, and give the exit code of design.md."""
    gate: Gate | None = None
    number = job.facts.pull_request.number if job.facts.pull_request else None
    try:
        gate = load_gate(options.gate)
        asked = _asked(options, job, gate)
        if asked is None:
            return PASSED
        gate, number = asked.gate, asked.pull_request
        left = unchanged.question(gate, job.runtime, job.facts.sha)
        return _pass_over(options, job, asked) if left is None else _judge(options, job, asked._replace(gate=left))
    except ProctorError as error:
        name = gate.name if gate else terms.name_of(options.gate)
        problem = Problem(name, error.exit_code, error.message, error.hint)
        return _give_up(options, job, problem, _Scene(gate, number, error))
    except Exception:
        name = gate.name if gate else terms.name_of(options.gate)
        problem = Problem(name, BUG, "proctor has met a bug of its own.", "The log has a report to paste.")
        _give_up(options, job, problem, _Scene(gate, number))
        raise


def _asked(options: Options, job: Job, gate: Gate) -> Asked | None:
    """The question of this event; ``None`` if there is nothing to judge."""
    has_labels = forks.can_read_labels(gate, job.environ)
    has_artifact = options.artifact is not None and options.artifact.exists()
    activity = choose(job.facts, Available(has_labels, has_artifact, job.client is not None))
    match activity:
        case Judge(revision, number):
            base = terms.base_of(gate.root, job.facts, revision)
            owned = terms.as_owned(gate, terms.owners_base(gate.root, job.facts, base))
            return Asked(terms.in_job(owned, options.choice, base), number)
        case JudgeArtifact():
            assert options.artifact is not None  # noqa: S101  # the activity is chosen only with one
            taken = forks.take(job, gate, options.artifact)
            return Asked(forks.in_trusted_job(job, gate, options.choice, taken), taken.artifact.claim.pull_request)
        case Nothing(reason):
            job.notice(f"Nothing to judge: {reason}.")
            job.output("verdict", "none")
            return None
        case Prepare(reason):
            hint = "Judge it in the two jobs of examples/github: one makes predictions, a trusted one judges them."
            raise LabelsMissing(f"there is no verdict in this job: {reason}", hint)
        case Refuse(reason, advice):
            raise Misuse(reason, advice)
        case _:
            assert_never(activity)


def _judge(options: Options, job: Job, asked: Asked) -> int:
    from proctor import service

    release = service.judge(asked.gate, job.runtime, service.How(job.facts.sha))
    job.log(terminal.render_release(release))
    service.deliver(release, asked.gate, job.runtime)
    announce(options, job, asked, release)
    _store(options, job, release, asked.pull_request)
    return release.exit_code


def _pass_over(options: Options, job: Job, asked: Asked) -> int:
    """The model has not changed: nothing is asked, and nothing stands in the way."""
    gate = asked.gate
    job.log(sentences.UNCHANGED)
    made = announcement.announce_unchanged(gate.name, _place(options, job, gate, asked.pull_request))
    job.make_known((*made, *(issues.settled(gate) if options.issue else ())))
    _store(options, job, None, asked.pull_request)
    return PASSED


def _store(options: Options, job: Job, said: Release | Problem | None, number: int | None) -> None:
    """Store the result for another job, if one is to post it."""
    if options.result is not None:
        results.store(options.result, said, number, job.facts.sha)
        job.output("result", str(options.result))


# --- a verdict -------------------------------------------------------------------------------------------------------


def announce(options: Options, job: Job, asked: Asked, release: Release) -> None:
    """Make a verdict known everywhere."""
    gate = asked.gate
    shown = ""
    if options.badges:
        drawn = publishing.of_verdict(release, is_last=terms.is_tip(gate.root, job.facts))
        shown = publishing.publish(job, gate, drawn, f"said-{release.verdict}.svg")
    place = _place(options, job, gate, asked.pull_request, shown)
    made = announcement.announce(release, place)
    if options.issue:
        made = (*made, *issues.after(gate, release))
    job.make_known(made)


def _place(options: Options, job: Job, gate: Gate | None, number: int | None, shown: str = "") -> Place:
    location = terms.location_of(gate, options.gate, job.workspace)
    commented = number if options.comments and number is not None and _is_head(job, number) else None
    return Place(job.facts, location, Links(run=job.facts.run_url, badge=shown), commented)


def _is_head(job: Job, number: int) -> bool:
    """
    True if the commit is the pull request's last one, as far as GitHub tells.

    A run that is repeated must not put the verdict of an older commit into the comment; its status is that commit's.
    """
    from proctor.github.client import GitHubError

    if job.client is None:
        return True
    try:
        described = job.client.pull_request(number)
    except GitHubError:
        return True  # the comment will not be taken either, and says why
    head = described.get("head")
    return not isinstance(head, dict) or head.get("sha") in {None, job.facts.sha}


# --- no verdict ------------------------------------------------------------------------------------------------------


class _Scene(NamedTuple):
    """The fault that stopped the gate, with gate and pull request as far as they are known."""

    gate: Gate | None
    pull_request: int | None
    error: ProctorError | None = None


def _give_up(options: Options, job: Job, problem: Problem, scene: _Scene) -> int:
    job.log(f"no verdict: {problem.message}\n  {problem.hint}")
    place = _place(options, job, scene.gate, scene.pull_request)
    made = announcement.announce_problem(problem, place)
    if scene.gate is not None and scene.error is not None and not job.facts.is_untrusted:
        made = (*made, *_afterwards(options, job, issues.with_ledger(scene.gate, options.choice), scene.error))
    job.make_known(made)
    _store(options, job, problem, scene.pull_request)
    return problem.exit_code


def _afterwards(options: Options, job: Job, gate: Gate, error: ProctorError) -> tuple[Effect, ...]:
    """Effects that need no verdict: the badge of what is left, and the issues."""
    status = issues.state(gate, job) if isinstance(error, FreshTestSetNeeded) else None
    if status is not None and options.badges:
        publishing.publish(job, gate, publishing.of_budget(status))
    if not options.issue:
        return ()
    return issues.settled(gate) if status is None else issues.at_the_end(gate, status, error)
