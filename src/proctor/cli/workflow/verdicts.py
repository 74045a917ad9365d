"""
A job's verdict: judged, announced, shown as badges; and the issue that asks for the next test set.

Whatever stops the gate is announced as well, and nothing that fails after the verdict is durable can change it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from proctor.cli.delivery import deliver, owner_record_of
from proctor.cli.workflow import forks, results, terms
from proctor.cli.workflow.job import Job
from proctor.cli.workflow.terms import Choice
from proctor.errors import BUG, PASSED, FreshTestSetNeeded, LabelsMissing, Misuse, ProctorError
from proctor.gatefile import Gate
from proctor.github import announcement
from proctor.github.activities import Available, Judge, JudgeArtifact, Nothing, Prepare, Refuse, choose
from proctor.github.announcement import Place
from proctor.github.effects import Comment, Effect
from proctor.release import Release, Status
from proctor.reports import badge, sentences, terminal
from proctor.reports.comment import Links, Problem
from proctor.surroundings import Surroundings


@dataclass(frozen=True)
class Options:
    """
    What the action was told.

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


@dataclass(frozen=True)
class Asked:
    """A question that can be put: the gate of this event, and the pull request that it is about."""

    gate: Gate
    pull_request: int | None


def check(options: Options, job: Job) -> int:
    """Do what the event calls for, announce it, and give the exit code of design.md."""
    gate: Gate | None = None
    number = job.facts.pull_request.number if job.facts.pull_request else None
    try:
        gate = _load(options.gate)
        asked = _asked(options, job, gate)
        if asked is None:
            return PASSED
        gate, number = asked.gate, asked.pull_request
        return _judge(options, job, asked)
    except ProctorError as error:
        name = gate.name if gate else terms.name_of(options.gate)
        problem = Problem(name, error.exit_code, error.message, error.hint)
        spent = gate if isinstance(error, FreshTestSetNeeded) else None
        return _give_up(options, job, problem, _Scene(gate, number, spent))
    except Exception:
        name = gate.name if gate else terms.name_of(options.gate)
        problem = Problem(name, BUG, "proctor has met a bug of its own.", "The log has a report to paste.")
        _give_up(options, job, problem, _Scene(gate, number))
        raise


def _load(file: str) -> Gate:
    from proctor.cli.source import load_gate

    return load_gate(file)


def _asked(options: Options, job: Job, gate: Gate) -> Asked | None:
    """The question of this event; ``None`` if there is nothing to judge."""
    has_labels = forks.can_read_labels(gate, job.environ)
    has_artifact = options.artifact is not None and options.artifact.exists()
    activity = choose(job.facts, Available(has_labels, has_artifact, job.client is not None))
    match activity:
        case Judge(revision, number):
            base = terms.base_of(gate.root, job.facts, revision)
            return Asked(terms.in_job(gate, options.choice, base), number)
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
    from proctor.gate import check as judge

    surroundings = Surroundings(environ=job.environ)
    record = owner_record_of(asked.gate, None, surroundings)
    release = judge(asked.gate, surroundings, commit=job.facts.sha, owner_record=record)
    job.log(terminal.render_release(release))
    for remark in deliver(release, asked.gate, surroundings, record):
        job.notice(remark)
    announce(options, job, asked, release)
    if options.result is not None:
        results.store_release(options.result, release, asked.pull_request, job.facts.sha)
        job.output("result", str(options.result))
    return release.exit_code


# --- a verdict -------------------------------------------------------------------------------------------------------


def announce(options: Options, job: Job, asked: Asked, release: Release) -> None:
    """Make a verdict known everywhere."""
    gate = asked.gate
    shown = ""
    if options.badges:
        shown = _publish(job, gate, _badges(release, job.facts.is_default_branch), f"said-{release.verdict}.svg")
    place = _place(job, gate, options.gate, asked.pull_request, shown)
    made = announcement.announce(release, place)
    if options.issue:
        made = (*made, *_issues(gate, release))
    job.make_known(_without_comment(made) if not options.comments else made)


def _place(job: Job, gate: Gate | None, file: str, number: int | None, shown: str = "") -> Place:
    location = terms.location_of(gate, file, job.workspace)
    return Place(job.facts, location, Links(run=job.facts.run_url, badge=shown), number)


def _without_comment(made: tuple[Effect, ...]) -> tuple[Effect, ...]:
    return tuple(effect for effect in made if not isinstance(effect, Comment))


def _issues(gate: Gate, release: Release) -> tuple[Effect, ...]:
    """The issue about an earlier test set is closed; one is opened once the next evaluation needs a fresh one."""
    from proctor.gate.books import next_set_hint

    closed = [announcement.has_successor(old) for old in _predecessors(gate, release)]
    if not _needs_successor(release):
        return tuple(closed)
    reason = sentences.outlook(release.budget)
    said = (reason[:1].upper() + reason[1:] + ".", next_set_hint(gate))
    return (*closed, _issue(release.testset.fingerprint, release.gate, *said))


def _needs_successor(release: Release) -> bool:
    budget = release.budget
    return budget.is_spent or 0 in (budget.lasts_passes, budget.lasts_fails)


def _predecessors(gate: Gate, release: Release) -> tuple[str, ...]:
    """Other test sets that this gate has used."""
    from proctor.ledger import open_ledger
    from proctor.ledger.history import lives

    found = lives(open_ledger(gate.ledger, gate.root).read())
    return tuple(
        fingerprint
        for fingerprint, life in found.items()
        if fingerprint != release.testset.fingerprint
        and any(taken.record.origin.gate == gate.name for taken in life.verdicts)
    )


def _issue(fingerprint: str, name: str, reason: str, needs: str) -> Effect:
    from proctor.reports.markdown import code, escape

    body = "\n\n".join(
        [
            f"The gate {code(name)} needs a fresh test set. {escape(reason)}",
            f"**What the next one needs.** {escape(needs)}",
            f"Until then no candidate gets a verdict, and nothing is spent. Test set: {code(fingerprint[:12])}.",
            "This issue is closed at the first verdict on the successor.",
        ]
    )
    return announcement.need_test_set(fingerprint, f"A fresh test set is needed for {name}", body)


# --- no verdict ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scene:
    """Where the gate was stopped: gate and pull request as far as they are known, and the gate whose set is spent."""

    gate: Gate | None
    pull_request: int | None
    spent: Gate | None = None


def _give_up(options: Options, job: Job, problem: Problem, scene: _Scene) -> int:
    job.log(f"no verdict: {problem.message}\n  {problem.hint}")
    place = _place(job, scene.gate, options.gate, scene.pull_request)
    made = announcement.announce_problem(problem, place)
    status = _status(job, scene.spent) if scene.spent else None
    if status is not None and scene.spent is not None:
        if options.issue:
            made = (*made, _issue(status.testset.fingerprint, status.gate, problem.message, problem.hint))
        if options.badges:
            _publish(job, scene.spent, _budget_badges(status))
    job.make_known(_without_comment(made) if not options.comments else made)
    if options.result is not None:
        results.store_problem(options.result, problem, scene.pull_request, job.facts.sha)
        job.output("result", str(options.result))
    return problem.exit_code


def _status(job: Job, gate: Gate) -> Status | None:
    from proctor.gate import status

    try:
        return status(gate, Surroundings(environ=job.environ))
    except ProctorError:
        return None  # what stopped the gate is told already


# --- badges ----------------------------------------------------------------------------------------------------------


def _badges(release: Release, is_default_branch: bool) -> dict[str, bytes]:
    """What is left, whatever the branch; the verdict itself for a README only where it is the default branch's."""
    said = badge.verdict_badge(replace(release, step=0))
    files = {**_budget_badges(release), f"said-{release.verdict}.svg": badge.svg(said).encode()}
    if is_default_branch:
        files |= _files(f"{slug(release.gate)}-verdict", badge.verdict_badge(release))
    return files


def _budget_badges(public: Release | Status) -> dict[str, bytes]:
    return _files(f"{slug(public.gate)}-budget", badge.budget_badge(public))


def _files(name: str, made: badge.Badge) -> dict[str, bytes]:
    endpoint = json.dumps(badge.endpoint(made), indent=2, ensure_ascii=False) + "\n"
    return {f"{name}.svg": badge.svg(made).encode(), f"{name}.json": endpoint.encode()}


def slug(gate: str) -> str:
    """
    The gate's name as a part of a file's and an address's name.

    >>> slug("proctor"), slug("models/spam v2")
    ('proctor', 'models-spam-v2-9ab7')
    """
    import hashlib

    plain = re.sub(r"[^A-Za-z0-9_]+", "-", gate).strip("-")[:60]
    return (
        plain
        if plain and plain == gate
        else f"{plain or 'gate'}-{hashlib.sha256(gate.encode(errors='replace')).hexdigest()[:4]}"
    )


def _publish(job: Job, gate: Gate, files: dict[str, bytes], shown: str = "") -> str:
    """Put badges on the ledger's branch; gives the address of the one that is *shown*, empty if there is none."""
    from proctor.ledger import open_ledger
    from proctor.ledger.git import split_location

    ledger = open_ledger(gate.ledger, gate.root)
    if not ledger.publishes:
        return ""
    try:
        ledger.publish(files, f"Show badges of {slug(gate.name)}")
    except ProctorError as error:
        job.notice(f"The badges were not published: {error.message}")
        return ""
    remote, branch = split_location(gate.ledger.removeprefix("git:"), ["origin"])
    server = job.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    return f"{server}/{job.facts.repository}/raw/{branch}/{shown}" if shown and remote == "origin" else ""
