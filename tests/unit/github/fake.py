"""A GitHub on loopback that checks requests as strictly as the real one, as far as the gate uses it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

TOKEN = "ghs_token"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
ENTERPRISE = "/api/v3"
"""Where GitHub Enterprise Server has its API."""
PAGE = 2
"""Items on a page; small, so that paging is used."""


@dataclass
class GitHub:
    """The state of one repository, ``o/r``; ``failures`` are answers to give before the real ones."""

    url: str
    commits: set[str] = field(default_factory=set)
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    check_runs: list[dict[str, Any]] = field(default_factory=list)
    permissions: set[str] = field(default_factory=lambda: {"pull-requests", "issues", "statuses", "checks"})
    failures: list[Response] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    lose_answers: int = 0

    def comment(self, body: str, user: dict[str, str] = BOT, number: int = 7) -> dict[str, Any]:
        """Somebody's comment, already there."""
        self.comments.append({"id": len(self.comments) + 1, "body": body, "user": user, "number": number})
        return self.comments[-1]

    def handle(self, request: Request) -> Response:
        """One request."""
        self.requests.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(401, "Bad credentials")
        assert "application/vnd.github+json" == request.headers["Accept"]
        assert "2022-11-28" == request.headers["X-GitHub-Api-Version"]
        path = request.path.removeprefix(ENTERPRISE)
        if path == "/user":
            return problem(403, "Resource not accessible by integration")
        if self.failures:
            return self.failures.pop(0)
        path = path.removeprefix("/repos/o/r/")
        for pattern, needs, handler in ROUTES:
            if match := re.fullmatch(pattern, f"{request.method} {path}"):
                if request.method != "GET" and needs not in self.permissions:
                    return problem(403, "Resource not accessible by integration")
                body = request.get_json() if request.method in {"POST", "PATCH"} else {}
                answer = handler(self, *match.groups(), request=request, body=body)
                if request.method == "POST" and self.lose_answers:
                    self.lose_answers -= 1
                    return problem(502, "Bad gateway")
                return answer
        return problem(404, "Not Found")


def problem(status: int, message: str, **headers: str) -> Response:
    """GitHub's way to say no."""
    return Response(json.dumps({"message": message}), status, headers, content_type="application/json")


def answer(body: object, status: int = 200, **headers: str) -> Response:
    """GitHub's way to say yes."""
    return Response(json.dumps(body), status, headers, content_type="application/json")


def paged(items: list[dict[str, Any]], request: Request) -> Response:
    """One page, and where the next one is."""
    page = int(request.args.get("page", "1"))
    shown = items[(page - 1) * PAGE : page * PAGE]
    more = {"Link": f'<{request.base_url}?page={page + 1}>; rel="next"'} if page * PAGE < len(items) else {}
    return answer(shown, **more)


def list_comments(hub: GitHub, number: str, request: Request, body: dict[str, Any]) -> Response:
    return paged([item for item in hub.comments if item["number"] == int(number)], request)


def create_comment(hub: GitHub, number: str, request: Request, body: dict[str, Any]) -> Response:
    assert {"body"} == set(body)
    if len(body["body"]) > 65_536:
        return problem(422, "Body is too long (maximum is 65536 characters)")
    return answer(hub.comment(body["body"], number=int(number)), 201)


def update_comment(hub: GitHub, comment: str, request: Request, body: dict[str, Any]) -> Response:
    item = next(item for item in hub.comments if item["id"] == int(comment))
    item["body"] = body["body"]
    return answer(item)


def set_status(hub: GitHub, sha: str, request: Request, body: dict[str, Any]) -> Response:
    assert {"state", "context", "description"} <= set(body) <= {"state", "context", "description", "target_url"}
    if sha not in hub.commits:
        return problem(422, f"No commit found for SHA: {sha}")
    if len(body["description"]) > 140 or body["state"] not in {"success", "failure", "error", "pending"}:
        return problem(422, "Validation Failed")
    hub.statuses.append(body | {"sha": sha})
    return answer(body, 201)


def create_check_run(hub: GitHub, request: Request, body: dict[str, Any]) -> Response:
    assert {"name", "head_sha", "status", "conclusion", "output"} == set(body)
    assert {"title", "summary", "annotations"} == set(body["output"])
    if body["conclusion"] not in {"success", "failure", "neutral", "action_required"}:
        return problem(422, "Invalid conclusion")
    if len(body["output"]["annotations"]) > 50 or len(body["output"]["summary"]) > 65_535:
        return problem(422, "Too much")
    hub.check_runs.append(body)
    return answer(body, 201)


def list_issues(hub: GitHub, request: Request, body: dict[str, Any]) -> Response:
    return paged([item for item in hub.issues if item["state"] == "open"], request)


def open_issue(hub: GitHub, request: Request, body: dict[str, Any]) -> Response:
    assert {"title", "body"} == set(body)
    hub.issues.append(body | {"number": len(hub.issues) + 1, "state": "open", "user": BOT})
    return answer(hub.issues[-1], 201)


def update_issue(hub: GitHub, number: str, request: Request, body: dict[str, Any]) -> Response:
    assert set(body) <= {"state", "state_reason", "body"}
    hub.issues[int(number) - 1].update(body)
    return answer(hub.issues[int(number) - 1])


ROUTES = [
    (r"GET issues/(\d+)/comments", "", list_comments),
    (r"POST issues/(\d+)/comments", "pull-requests", create_comment),
    (r"PATCH issues/comments/(\d+)", "pull-requests", update_comment),
    (r"POST statuses/([0-9a-f]{40})", "statuses", set_status),
    (r"POST check-runs", "checks", create_check_run),
    (r"GET issues", "", list_issues),
    (r"POST issues", "issues", open_issue),
    (r"PATCH issues/(\d+)", "issues", update_issue),
]


def serve(httpserver: HTTPServer) -> GitHub:
    """A GitHub behind pytest-httpserver."""
    hub = GitHub(httpserver.url_for("").rstrip("/"))
    httpserver.expect_request(re.compile(".*")).respond_with_handler(hub.handle)
    return hub
