"""The client, against a strict GitHub on loopback."""

from __future__ import annotations

import pytest
import requests

from proctor.github import client as github
from proctor.github.client import Client, Endpoint

from .fake import BOT, ENTERPRISE, TOKEN, answer, problem

SHA = "a" * 40


def test_own_comment__on_a_later_page(hub, client):
    """Lists are read to the end, along the server's links."""
    for i in range(5):
        hub.comment(f"chatter {i}")
    ours = hub.comment("MARK")

    assert ours["id"] == client.own_comment(7, lambda body: body == "MARK").id
    assert 3 == hub.requests.count("GET /repos/o/r/issues/7/comments")


def test_own_comment__on_an_enterprise_server(hub):
    """The API may lie below a path of the server, and its pages with it."""
    for i in range(3):
        hub.comment(f"chatter {i}")
    hub.comment("MARK")

    with requests.Session() as session:
        server = Client(Endpoint("o/r", TOKEN, f"{hub.url}{ENTERPRISE}/"), session)
        assert 4 == server.own_comment(7, lambda body: body == "MARK").id


def test_own_comment__somebody_quotes_the_marker(hub, client):
    """A comment with the marker that a person wrote is not taken for ours."""
    hub.comment("MARK", {"login": "mallory", "type": "User"})
    assert client.own_comment(7, lambda body: body == "MARK") is None

    hub.comment("MARK", BOT)
    assert 2 == client.own_comment(7, lambda body: body == "MARK").id


def test_own_comment__personal_token_knows_its_name(hub, client, monkeypatch):
    """With a person's token the comments of that person are ours, and bots' are not."""
    monkeypatch.setattr(client, "_login", "ada")
    hub.comment("MARK", BOT)
    hub.comment("MARK", {"login": "ada", "type": "User"})

    assert 2 == client.own_comment(7, lambda body: body == "MARK").id


def test_set_status__description_is_cut(hub, client):
    """A description longer than 140 characters is cut, on one line."""
    hub.commits.add(SHA)

    client.set_status(SHA, "success", "proctor / g", "word\n" * 100, "https://ci.example/1")

    description = hub.statuses[0]["description"]
    assert 140 == len(description)
    assert description.endswith("…")
    assert "\n" not in description


@pytest.mark.parametrize(
    ("status", "error", "advice"),
    [
        (401, github.Unauthorized, "github.token"),
        (403, github.Forbidden, "`pull-requests: write`"),
        (404, github.NotFound, "`pull-requests: write`"),
        (422, github.Rejected, "pushed"),
        (410, github.Rejected, ""),
        (301, github.Rejected, ""),
    ],
)
def test_request__errors_have_names_and_advice(hub, client, waits, status, error, advice):
    """A refusal is not repeated; its advice names the missing permission and never the token."""
    hub.failures.append(problem(status, f"no {status}"))

    with pytest.raises(error) as caught:
        client.create_comment(7, "x")

    assert advice in caught.value.hint
    assert TOKEN not in str(caught.value)
    assert [] == waits


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (403, {"Retry-After": "3"}, 3.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000041"}, 42.0),
        (429, {}, 1.0),
        (503, {"Retry-After": "2"}, 2.0),
        (500, {}, 1.0),
        (503, {"Retry-After": "Sun, 06 Nov 2094 08:49:37 GMT"}, 1.0),
    ],
)
def test_request__waits_as_the_server_asks(hub, client, waits, status, headers, wait):
    """Rate limits and faults are waited out, for the time that the server names."""
    hub.commits.add(SHA)
    hub.failures.append(problem(status, "wait", **headers))

    client.set_status(SHA, "success", "c", "d")

    assert [wait] == waits
    assert 1 == len(hub.statuses)


def test_request__never_waits_for_long(hub, client, waits):
    """If the server asks for more than a minute the job goes on and says so."""
    hub.failures.append(problem(429, "wait", **{"Retry-After": "3600"}))

    with pytest.raises(github.RateLimited, match="3600 seconds"):
        client.create_comment(7, "x")

    assert [] == waits


def test_request__faults_without_end(hub, client, waits):
    """After three repetitions GitHub counts as unreachable."""
    hub.failures += [problem(502, "bad gateway") for _ in range(9)]

    with pytest.raises(github.Unreachable, match="4 tries"):
        client.set_status(SHA, "success", "c", "d")

    assert [1.0, 2.0, 4.0] == waits


def test_request__waits_for_a_silent_server_once(hub, client, waits):
    """After GitHub was given up, the next request is tried once; the error tells how often."""
    hub.failures += [problem(502, "bad gateway") for _ in range(9)]
    with pytest.raises(github.Unreachable):
        client.set_status(SHA, "success", "c", "d")
    waits.clear()

    with pytest.raises(github.Unreachable, match="1 try"):
        client.set_status(SHA, "success", "c", "d")

    assert [] == waits


def test_create_comment__is_not_repeated_blindly(hub, client):
    """A comment whose answer got lost may stand: the client does not write it twice."""
    hub.lose_answers = 1

    with pytest.raises(github.Unreachable, match="1 try"):
        client.create_comment(7, "x")

    assert 1 == len(hub.comments)


def test_request__nobody_listens(waits):
    """A server that is not there is unreachable, and the token is not in the error."""
    with requests.Session() as session, pytest.raises(github.Unreachable) as caught:
        Client(Endpoint("o/r", TOKEN, "http://127.0.0.1:9"), session, waits.append).pull_request(1)

    assert TOKEN not in str(caught.value) + repr(Endpoint("o/r", TOKEN))


def test_pages__never_leave_the_server(hub, client):
    """A link to another server does not get the token."""
    hub.failures.append(answer([], Link='<https://evil.example/?page=2>; rel="next"'))

    with pytest.raises(github.Rejected, match="another server"):
        client.own_issues(lambda body: True)


def test_issues__opened_found_closed(hub, client):
    """An issue is found again among others and pull requests, and closed once."""
    hub.issues.append({"number": 1, "state": "open", "body": "M", "user": BOT, "pull_request": {}})
    number = client.open_issue("t" * 300, "M")

    assert [number] == client.own_issues(lambda body: body == "M")
    client.close_issue(number)
    assert [] == client.own_issues(lambda body: body == "M")
    assert 256 == len(hub.issues[1]["title"])
