"""
Facts about the event that started a workflow run, from the environment and the event's payload.

Pure: the mapping and the payload come in as arguments. A payload is GitHub's, but branch names, titles and the whole
of a fork's repository are a stranger's: they are carried as text and never interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from proctor.errors import Misuse
from proctor.frozen import dataclass

SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


class Kind(StrEnum):
    """Kind of an event."""

    PUSH = "push"
    PULL_REQUEST = "pull_request"
    PULL_REQUEST_TARGET = "pull_request_target"
    WORKFLOW_RUN = "workflow_run"
    MERGE_GROUP = "merge_group"
    OTHER = "other"


class PullRequest(NamedTuple):
    """
    The pull request of the event.

    Attributes:
        number: Its number; ``None`` where the payload does not say (a ``workflow_run`` of a fork).
        base_sha: Commit that the base branch had.
        is_fork: True if its head lives in another repository.
    """

    number: int | None
    base_sha: str
    is_fork: bool


@dataclass(frozen=True, kw_only=True)
class Facts:
    """
    Known facts about the event.

    Attributes:
        kind: What happened.
        repository: ``owner/name``.
        sha: Commit that is judged: the head of the pull request, never the merge commit GITHUB_SHA.
        ref: Branch of that commit.
        default_branch: Name of the repository's default branch.
        run_url: Address of the workflow run.
        pull_request: The pull request, if there is one.
        before: On a push, the commit that the branch had; ``None`` for a new branch.
        group_base: In a merge queue, the commit that the group is put on; empty elsewhere.
        is_deletion: True if the push deleted the branch: there is nothing to judge.
    """

    kind: Kind
    repository: str
    sha: str
    ref: str
    default_branch: str
    run_url: str
    pull_request: PullRequest | None = None
    before: str | None = None
    group_base: str = ""
    is_deletion: bool = False

    @property
    def is_default_branch(self) -> bool:
        """True for a commit that is on the default branch."""
        return self.pull_request is None and self.ref == self.default_branch

    @property
    def is_untrusted(self) -> bool:
        """True where a fork's code and gate file may be what lies here."""
        is_fork = self.pull_request is not None and self.pull_request.is_fork
        return is_fork and self.kind is not Kind.WORKFLOW_RUN


def read(environ: Mapping[str, str], payload: Mapping[str, Any]) -> Facts:
    """
    Read the facts of the event.

    Raises:
        Misuse: If this is not a GitHub workflow, or the payload lacks what its kind must have.
    """
    name = environ.get("GITHUB_EVENT_NAME", "")
    repository = environ.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(repository):
        raise Misuse(
            f"GITHUB_REPOSITORY is {repository!r}: this is not a GitHub workflow",
            hint="Run `proctor check` here; the GitHub commands are for workflows.",
        )
    try:
        match name:
            case "pull_request" | "pull_request_target":
                return _pull_request(environ, payload, Kind(name))
            case "workflow_run":
                return _workflow_run(environ, payload)
            case "merge_group":
                return _on_branch(environ, payload, Kind.MERGE_GROUP, _sha(payload["merge_group"]["base_sha"]))
            case _:
                return _on_branch(environ, payload, Kind.PUSH if name == "push" else Kind.OTHER)
    except (KeyError, TypeError, AttributeError) as error:
        raise Misuse(
            f"the payload of the event {name!r} is not what GitHub sends ({type(error).__name__}: {error})",
            hint="Is GITHUB_EVENT_PATH the file that the runner wrote?",
        ) from error


def _pull_request(environ: Mapping[str, str], payload: Mapping[str, Any], kind: Kind) -> Facts:
    request = payload["pull_request"]
    head, base = request["head"], request["base"]
    return _facts(
        environ,
        payload,
        kind=kind,
        sha=_sha(head["sha"]),
        ref=str(head["ref"]),
        pull_request=PullRequest(
            number=int(request["number"]),
            base_sha=_sha(base["sha"]),
            is_fork=_is_fork(head.get("repo"), environ),
        ),
    )


def _workflow_run(environ: Mapping[str, str], payload: Mapping[str, Any]) -> Facts:
    """The run that has ended; its list of pull requests is empty for a fork, so the number may be unknown."""
    run = payload["workflow_run"]
    known = run.get("pull_requests") or []
    request = None
    if run.get("event") in {"pull_request", "pull_request_target"}:
        base = known[0]["base"] if known else {}
        request = PullRequest(
            number=int(known[0]["number"]) if known else None,
            base_sha=_sha(base["sha"]) if base else "",
            is_fork=_is_fork(run.get("head_repository"), environ),
        )
    return _facts(
        environ,
        payload,
        kind=Kind.WORKFLOW_RUN,
        sha=_sha(run["head_sha"]),
        ref=str(run.get("head_branch") or ""),
        pull_request=request,
    )


def _on_branch(environ: Mapping[str, str], payload: Mapping[str, Any], kind: Kind, group_base: str = "") -> Facts:
    is_deletion = payload.get("deleted") is True
    before = str(payload.get("before", ""))
    return _facts(
        environ,
        payload,
        kind=kind,
        sha="" if is_deletion else _sha(environ.get("GITHUB_SHA", "")),
        ref=environ.get("GITHUB_REF", "").removeprefix("refs/heads/"),
        before=before if SHA.fullmatch(before) and before.strip("0") else None,
        group_base=group_base,
        is_deletion=is_deletion,
    )


def _facts(environ: Mapping[str, str], payload: Mapping[str, Any], **known: Any) -> Facts:
    repository = payload.get("repository") or {}
    return Facts(
        repository=environ["GITHUB_REPOSITORY"],
        default_branch=str(repository.get("default_branch") or "main"),
        run_url=_run_url(environ),
        **known,
    )


def _run_url(environ: Mapping[str, str]) -> str:
    run = environ.get("GITHUB_RUN_ID", "")
    server = environ.get("GITHUB_SERVER_URL", "https://github.com")
    return f"{server}/{environ['GITHUB_REPOSITORY']}/actions/runs/{run}" if run.isdigit() else ""


def _is_fork(head: Mapping[str, Any] | None, environ: Mapping[str, str]) -> bool:
    """A head whose repository is gone counts as a fork: it is nothing to trust."""
    return head is None or head.get("full_name") != environ["GITHUB_REPOSITORY"]


def _sha(value: object) -> str:
    text = str(value)
    if not SHA.fullmatch(text):
        raise TypeError(f"{text[:80]!r} is not a commit")
    return text
