"""
A small client for the part of GitHub's REST interface that the gate needs.

Errors name the missing permission and the line that grants it; waiting follows the server's own times, within a cap.
The only file here that knows HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import requests

from proctor import tries
from proctor.errors import StoreError
from proctor.frozen import dataclass, field

API_URL = "https://api.github.com"
LONGEST_DESCRIPTION = 140
_RETRIES = 3
_LONGEST_WAIT_S = 60.0
_TIMEOUT_S = 15.0
_MOST_PAGES = 100


class GitHubError(StoreError):
    """GitHub did not take the result; the verdict is not affected."""


class Unauthorized(GitHubError):
    """GitHub does not know this token (401)."""


class Forbidden(GitHubError):
    """The token lacks a permission (403)."""


class NotFound(GitHubError):
    """There is no such thing, or the token may not see it (404)."""


class Rejected(GitHubError):
    """GitHub found the request wrong (422, or another 4xx)."""


class RateLimited(GitHubError):
    """GitHub asks to wait longer than we do."""


class Unreachable(GitHubError):
    """GitHub does not answer."""


@dataclass(frozen=True)
class Endpoint:
    """
    Address of a repository, and the token that opens it.

    Attributes:
        repository: ``owner/name``.
        token: The workflow's token.
        api_url: GITHUB_API_URL.
    """

    repository: str
    token: str = field(repr=False)
    api_url: str = API_URL


class PostedComment(NamedTuple):
    """A comment as it stands."""

    id: int
    body: str
    url: str


class Client:
    """
    One repository on GitHub.

    Args:
        endpoint: Its address and the token.
        session: The HTTP session.
        sleep: Waits; replaced in tests.
        clock: Seconds since 1970; for waiting times that name a moment.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        session: requests.Session,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoint = endpoint
        self._session = session
        self._sleep = sleep
        self._clock = clock
        self._login: str | None = None
        self._retries = _RETRIES

    # --- comments --------------------------------------------------------------------------------------------------

    def own_comment(self, number: int, is_ours: Callable[[str], bool]) -> PostedComment | None:
        """
        The first comment on an issue or pull request that this token wrote and whose body *is_ours*.

        The author is checked as well as the text: anybody can quote a marker.
        """
        for item in self._pages(f"issues/{number}/comments"):
            if self._is_own(item, is_ours):
                return _posted(item)
        return None

    def create_comment(self, number: int, body: str) -> PostedComment:
        """Write a comment."""
        path = f"issues/{number}/comments"
        return _posted(self._call("POST", path, "pull-requests: write", {"body": body}, is_repeatable=False))

    def update_comment(self, comment: int, body: str) -> PostedComment:
        """Put another text into a comment."""
        return _posted(self._call("PATCH", f"issues/comments/{comment}", "pull-requests: write", {"body": body}))

    # --- commits ---------------------------------------------------------------------------------------------------

    def set_status(self, sha: str, state: str, context: str, description: str, url: str = "") -> None:
        """A commit's status; a longer description than GitHub takes is cut."""
        body = {"state": state, "context": context, "description": _cut(description, LONGEST_DESCRIPTION)}
        self._call("POST", f"statuses/{sha}", "statuses: write", body | ({"target_url": url} if url else {}))

    def create_check_run(self, sha: str, name: str, conclusion: str, output: Mapping[str, object]) -> None:
        """A completed check run with its *output* (title, summary, annotations)."""
        body = {"name": name, "head_sha": sha, "status": "completed", "conclusion": conclusion, "output": dict(output)}
        self._call("POST", "check-runs", "checks: write", body)

    # --- issues ----------------------------------------------------------------------------------------------------

    def own_issues(self, is_ours: Callable[[str], bool]) -> list[int]:
        """Numbers of the open issues that this token opened and whose body *is_ours*, the oldest first."""
        found = [
            int(item["number"])
            for item in self._pages("issues", {"state": "open"})
            if "pull_request" not in item and self._is_own(item, is_ours)
        ]
        return sorted(found)

    def open_issue(self, title: str, body: str) -> int:
        """Number of a new issue."""
        request = {"title": _cut(title, 256), "body": body}
        answer = self._call("POST", "issues", "issues: write", request, is_repeatable=False)
        return int(answer["number"])

    def update_issue(self, number: int, body: str) -> None:
        """Put another text into an issue."""
        self._call("PATCH", f"issues/{number}", "issues: write", {"body": body})

    def close_issue(self, number: int) -> None:
        """Close an issue as done."""
        self._call("PATCH", f"issues/{number}", "issues: write", {"state": "closed", "state_reason": "completed"})

    # --- pull requests -----------------------------------------------------------------------------------------------

    def pull_request(self, number: int) -> dict[str, Any]:
        """A pull request as GitHub describes it; the way to check what an artifact claims."""
        return self._call("GET", f"pulls/{number}", "pull-requests: read")

    # --- transport ---------------------------------------------------------------------------------------------------

    def _is_own(self, item: Mapping[str, Any], is_ours: Callable[[str], bool]) -> bool:
        """
        True if the body of an *item* is ours, and its author is who this token speaks for.

        A workflow's token may not ask who it is; it always writes as a bot, and only apps do.
        """
        if not is_ours(str(item.get("body") or "")):
            return False
        if self._login is None:
            try:
                self._login = str(self._request("GET", f"{self._endpoint.api_url}/user", "").json().get("login", ""))
            except (Forbidden, NotFound, Unauthorized):
                self._login = ""
        user = item.get("user") or {}
        return bool(user.get("login") == self._login if self._login else user.get("type") == "Bot")

    def _call(
        self,
        method: str,
        path: str,
        permission: str,
        body: Mapping[str, object] | None = None,
        is_repeatable: bool = True,
    ) -> dict[str, Any]:
        content = None if body is None else dict(body)
        found = tries.object_in(self._request(method, self._url(path), permission, is_repeatable, json=content))
        if found is None:
            hint = "Is GITHUB_API_URL the address of GitHub's API?"
            raise Rejected("GitHub's answer is not a JSON object", hint=hint)
        return found

    def _pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """The items of a list, page by page, along the server's Link headers."""
        url, parameters = self._url(path), {"per_page": "100", **(query or {})}
        for _ in range(_MOST_PAGES):
            answer = self._request("GET", url, "issues: read, pull-requests: read", params=parameters)
            items = answer.json()
            yield from (item for item in items if isinstance(item, dict))
            url, parameters = answer.links.get("next", {}).get("url", ""), {}
            if not url:
                return
            if urlsplit(url)[:2] != urlsplit(self._endpoint.api_url)[:2]:
                raise Rejected("GitHub's next page is on another server; the token is not sent there")

    def _url(self, path: str) -> str:
        return f"{self._endpoint.api_url.rstrip('/')}/repos/{quote(self._endpoint.repository)}/{path}"

    def _request(
        self, method: str, url: str, permission: str, is_repeatable: bool = True, **kwargs: Any
    ) -> requests.Response:
        def send(count: int) -> requests.Response:
            return self._sent(count, method, url, permission, is_repeatable, **kwargs)

        try:
            return tries.repeated(send, self._retries, self._sleep)
        except (RateLimited, Unreachable):
            if is_repeatable:
                self._retries = 0  # it has been waited for once: what else is to be said is tried, and not waited for
            raise

    def _sent(
        self, count: int, method: str, url: str, permission: str, is_repeatable: bool, **kwargs: Any
    ) -> requests.Response:
        problem: GitHubError
        wait = 2.0**count
        try:
            answer = self._once(method, url, **kwargs)
        except requests.exceptions.RequestException as error:
            problem = _unreachable(type(error).__name__, count)
        else:
            if answer.status_code < 300:
                return answer
            asked = _asked_wait(answer, self._clock())
            if not _is_worth_repeating(answer, asked):
                raise _error(answer, permission)
            wait = wait if asked is None else asked
            problem = _limited(answer, wait, count)
        may_have_arrived = not is_repeatable and isinstance(problem, Unreachable)
        if wait > _LONGEST_WAIT_S or may_have_arrived:  # who asked looks again before asking again
            raise problem
        raise tries.TryAgain(problem, wait)

    def _once(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        return self._session.request(
            method,
            url,
            timeout=_TIMEOUT_S,
            allow_redirects=False,
            auth=tries.bearer(self._endpoint.token),
            headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
            **kwargs,
        )


def _posted(item: Mapping[str, Any]) -> PostedComment:
    return PostedComment(int(item["id"]), str(item.get("body") or ""), str(item.get("html_url", "")))


def _asked_wait(answer: requests.Response, now: float) -> float | None:
    """Seconds that the server asks to wait; ``None`` if it does not say."""
    after = tries.seconds(answer.headers)
    reset = tries.seconds(answer.headers, "x-ratelimit-reset")
    if after is None and reset is not None and answer.headers.get("x-ratelimit-remaining") == "0":
        return max(0.0, reset - now) + 1.0
    return after


def _is_worth_repeating(answer: requests.Response, asked: float | None) -> bool:
    """5xx and rate limits; GitHub says the latter with 403 as well as 429."""
    if answer.status_code >= 500 or answer.status_code == 429:
        return True
    return answer.status_code == 403 and (asked is not None or "rate limit" in tries.message_in(answer).lower())


def _limited(answer: requests.Response, wait: float, count: int) -> GitHubError:
    if answer.status_code >= 500:
        return _unreachable(f"HTTP {answer.status_code}", count)
    return RateLimited(
        f"GitHub asks to wait {wait:.0f} seconds (rate limit)",
        hint="Run the job again later; the verdict stands and costs nothing the second time.",
    )


def _unreachable(reason: str, count: int) -> Unreachable:
    return Unreachable(
        f"GitHub does not answer ({reason}, {tries.counted(count)})",
        hint="Run the job again later; the verdict stands and costs nothing the second time.",
    )


def _error(answer: requests.Response, permission: str) -> GitHubError:
    status, said = answer.status_code, tries.message_in(answer)[:200]
    grant = f"Add `{permission}` to the job's `permissions:`." if permission else ""
    match status:
        case 401:
            return Unauthorized(
                f"GitHub does not know this token (401: {said})", hint="Pass `token: ${{ github.token }}`."
            )
        case 403:
            return Forbidden(f"the token lacks the permission {permission!r} (403: {said})", hint=grant)
        case 404:
            return NotFound(f"GitHub has no such thing, or the token may not see it (404: {said})", hint=grant)
        case 422:
            return Rejected(f"GitHub found the request wrong (422: {said})", hint="Is the commit pushed?")
        case _:
            return Rejected(f"GitHub refused (HTTP {status}: {said})")


def _cut(text: str, longest: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"
