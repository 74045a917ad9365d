"""
The choice of what to do about an event: all branching on facts is here, so that the program that acts has none.

Pure. Trust is decided by two facts only: whether the commit comes from a fork, and whether this job holds
the labels; never by anything that the pull request says of itself.
"""

from __future__ import annotations

from typing import NamedTuple

from proctor.frozen import dataclass
from proctor.github.event import Facts, Kind


class Available(NamedTuple):
    """
    Means that this job has.

    Attributes:
        labels: True if it can read the hidden labels (or holds the key that opens them).
        artifact: True if an artifact of the untrusted job was downloaded.
        token: True if it was given a token.
    """

    labels: bool
    artifact: bool = False
    token: bool = True


@dataclass(frozen=True)
class Judge:
    """
    Judge the checked-out commit, against *baseline* (a revision), and say so on it.

    *pull_request* is where the comment goes; ``None`` for none.
    """

    baseline: str
    pull_request: int | None


@dataclass(frozen=True)
class JudgeArtifact:
    """Judge what the untrusted job uploaded, as hostile data; the pull request's code is never checked out."""

    sha: str
    pull_request: int | None


@dataclass(frozen=True)
class Prepare:
    """Make predictions (or hand on the model) without any secret, and upload them for the trusted job."""

    reason: str


@dataclass(frozen=True)
class Nothing:
    """There is nothing to judge."""

    reason: str


@dataclass(frozen=True)
class Refuse:
    """Going on would be wrong; *advice* says what to change in the workflow."""

    reason: str
    advice: str


Activity = Judge | JudgeArtifact | Prepare | Nothing | Refuse

_WITHOUT_LABELS = Prepare("this job has no labels")


def choose(facts: Facts, available: Available) -> Activity:
    """Choose the one thing to do."""
    if facts.is_deletion:
        return Nothing("the push deleted the branch")
    if facts.kind is Kind.WORKFLOW_RUN:
        return _trusted_half(facts, available)
    if facts.kind is Kind.PULL_REQUEST_TARGET:
        return Refuse(
            "`pull_request_target` checks out the base branch, so the base would be judged in the pull request's name",
            "Use `on: pull_request`, and for pull requests from forks the two workflows of examples/github.",
        )
    request = facts.pull_request
    if request is None:
        return Judge(facts.group_base or f"{facts.sha}^1", None) if available.labels else _WITHOUT_LABELS
    if not request.is_fork:
        return Judge(request.base_sha, request.number) if available.labels else _WITHOUT_LABELS
    if available.labels:
        return Refuse(
            "this job runs code of a fork and can read the hidden labels",
            "Give the labels to a `workflow_run` job only (examples/: fork workflows), never to `pull_request_target`.",
        )
    return Prepare("the pull request comes from a fork, which gets no secrets")


def _trusted_half(facts: Facts, available: Available) -> Activity:
    if facts.pull_request is None:
        return Nothing("the workflow that ended was not started by a pull request")
    if not available.artifact:
        return Refuse(
            "the artifact of the untrusted job is missing",
            "Download it by `run-id: ${{ github.event.workflow_run.id }}` before this step.",
        )
    if not available.labels:
        return Refuse("this job has no labels to judge with", "Pass the secret that opens the sealed labels.")
    return JudgeArtifact(facts.sha, facts.pull_request.number)
