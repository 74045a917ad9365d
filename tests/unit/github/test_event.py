"""What an event is, and what to do about it."""

from __future__ import annotations

import copy

import pytest
from reports.samples import HOSTILE

from proctor.errors import Misuse
from proctor.github import activities, event
from proctor.github.activities import Available, Judge, JudgeArtifact, Nothing, Prepare, Refuse
from proctor.github.event import Facts, Kind, PullRequest

HEAD, BASE, MERGE = "a" * 40, "b" * 40, "c" * 40
ENVIRON = {
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_SHA": MERGE,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_ACTOR": "ada",
    "GITHUB_RUN_ID": "42",
    "GITHUB_SERVER_URL": "https://git.example",
}
REPOSITORY = {"full_name": "o/r", "default_branch": "main"}
PULL_REQUEST = {
    "repository": REPOSITORY,
    "pull_request": {
        "number": 7,
        "head": {"sha": HEAD, "ref": "topic", "repo": {"full_name": "o/r"}},
        "base": {"sha": BASE, "ref": "main", "repo": {"full_name": "o/r"}},
    },
}
MERGE_GROUP = {"repository": REPOSITORY, "merge_group": {"base_sha": BASE, "base_ref": "refs/heads/main"}}
QUEUE = "refs/heads/gh-readonly-queue/main/pr-7-0123"
WORKFLOW_RUN = {
    "repository": REPOSITORY,
    "workflow_run": {
        "event": "pull_request",
        "head_sha": HEAD,
        "head_branch": "topic",
        "head_repository": {"full_name": "stranger/r"},
        "pull_requests": [],
    },
}


def read(name, payload, **environ):
    return event.read(ENVIRON | {"GITHUB_EVENT_NAME": name} | environ, payload)


STRANGER = {"full_name": "stranger/r"}


def fork(head_repository=STRANGER):
    changed = copy.deepcopy(PULL_REQUEST)
    changed["pull_request"]["head"]["repo"] = head_repository
    return changed


def test_read__pull_request_is_its_head():
    """The commit is the pull request's head, not the merge commit that GitHub makes."""
    expected = Facts(
        kind=Kind.PULL_REQUEST,
        repository="o/r",
        sha=HEAD,
        ref="topic",
        default_branch="main",
        run_url="https://git.example/o/r/actions/runs/42",
        pull_request=PullRequest(7, BASE, is_fork=False),
    )
    assert expected == read("pull_request", PULL_REQUEST)


@pytest.mark.parametrize("repository", [STRANGER, None], ids=["fork", "deleted"])
def test_read__fork(repository):
    """Another repository is a fork; so is one that is gone."""
    assert read("pull_request", fork(head_repository=repository)).pull_request.is_fork


def test_read__push():
    """
    A push has the commit that the runner names, and the one that the branch had before.

    A new branch has none before, and a deletion has nothing at all.
    """
    assert MERGE == read("push", {"repository": REPOSITORY}).sha
    assert BASE == read("push", {"before": BASE, "repository": REPOSITORY}).before
    assert read("push", {"before": "0" * 40}).before is None
    assert read("push", {"deleted": True}, GITHUB_SHA="0" * 40).is_deletion
    assert read("push", {"repository": REPOSITORY}).is_default_branch
    assert not read("push", {"repository": REPOSITORY}, GITHUB_REF="refs/heads/topic").is_default_branch


def test_read__workflow_run():
    """The trusted half knows the head, and not always the number."""
    facts = read("workflow_run", WORKFLOW_RUN)

    assert (HEAD, None, True) == (facts.sha, facts.pull_request.number, facts.pull_request.is_fork)


def test_read__hostile_names_are_carried_as_text():
    """A branch name with commands in it is a string and nothing else."""
    payload = copy.deepcopy(PULL_REQUEST)
    payload["pull_request"]["head"]["ref"] = HOSTILE

    assert HOSTILE == read("pull_request", payload).ref


@pytest.mark.parametrize(
    ("name", "payload", "environ"),
    [
        ("push", {}, {"GITHUB_REPOSITORY": ""}),
        ("push", {}, {"GITHUB_REPOSITORY": "o/r/../x"}),
        ("push", {}, {"GITHUB_SHA": "main; rm -rf /"}),
        ("pull_request", {}, {}),
        ("pull_request", {"pull_request": None}, {}),
        ("workflow_run", {"workflow_run": {"head_sha": "x"}}, {}),
        ("merge_group", {"merge_group": {"base_sha": "main"}}, {}),
    ],
)
def test_read__refuses(name, payload, environ):
    """What GitHub cannot have sent is refused."""
    with pytest.raises(Misuse):
        read(name, payload, **environ)


@pytest.mark.parametrize(
    ("facts", "available", "expected"),
    [
        (read("pull_request", PULL_REQUEST), Available(labels=True), Judge(BASE, 7)),
        (read("push", {"repository": REPOSITORY}), Available(labels=True), Judge(f"{MERGE}^1", None)),
        (read("push", {"deleted": True}), Available(labels=True), Nothing),
        (read("merge_group", MERGE_GROUP, GITHUB_REF=QUEUE), Available(labels=True), Judge(BASE, None)),
        (read("workflow_dispatch", {"repository": REPOSITORY}), Available(labels=True), Judge(f"{MERGE}^1", None)),
        (read("pull_request", PULL_REQUEST), Available(labels=False), Prepare),
        (read("pull_request", fork()), Available(labels=False), Prepare),
        # A fork's code beside the labels is the one mistake that must not be made.
        (read("pull_request", fork()), Available(labels=True), Refuse),
        (read("pull_request_target", fork()), Available(labels=True, artifact=True), Refuse),
        # What is checked out there is the base branch: its verdict is not the pull request's.
        (read("pull_request_target", PULL_REQUEST), Available(labels=True), Refuse),
        (read("pull_request_target", fork()), Available(labels=False), Refuse),
        (read("workflow_run", WORKFLOW_RUN), Available(labels=True, artifact=True), JudgeArtifact(HEAD, None)),
        (read("workflow_run", WORKFLOW_RUN), Available(labels=True), Refuse),
        (read("workflow_run", WORKFLOW_RUN), Available(labels=False, artifact=True), Refuse),
        (
            read("workflow_run", {"workflow_run": {"event": "push", "head_sha": HEAD}}),
            Available(labels=True, artifact=True),
            Nothing,
        ),
    ],
)
def test_choose__every_event(facts, available, expected):
    """Each event has one thing to do, by facts that the pull request cannot choose."""
    chosen = activities.choose(facts, available)

    assert expected in (chosen, type(chosen))
