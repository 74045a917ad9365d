"""
One connection to a tracking server: retries, time limits, and errors without secrets.

The only file of the run store that knows HTTP; what is sent is decided in `records` and `mlflow`.
Requests are repeated after connection errors, 429 and 5xx, so everything built on this must be idempotent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, assert_never

import requests
import requests.auth

from proctor import tries
from proctor.errors import StoreError
from proctor.runstore.settings import Anonymous, Credentials, Password, Settings, Token

API = "/api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"
LONGEST_WAIT_S = 30.0
_CONNECT_S = 3.0
"""A host that does not even take the call is given up sooner than one that is slow to answer."""
_AGAIN = frozenset({429, 500, 502, 503, 504})


class StoreUnreachable(StoreError):
    """The run store did not answer; what is waiting can be sent later."""


class StoreRefused(StoreError):
    """The run store answered, and refused."""

    def __init__(self, message: str, hint: str = "", code: str = "") -> None:
        super().__init__(message, hint)
        self.code = code


class Connection:
    """
    A tracking server.

    Args:
        settings: Address, credentials and limits.
        session: The HTTP session; closed by whoever made it.
        sleep: Waits the given seconds; replaced in tests.
    """

    def __init__(
        self, settings: Settings, session: requests.Session, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.settings = settings
        self._session = session
        self._sleep = sleep
        self._auth = _auth(settings.credentials)

    def get(self, route: str, query: Mapping[str, str]) -> dict[str, Any]:
        """The JSON answer of an API route."""
        return _json(self._send("GET", API + route, params=dict(query)))

    def post(self, route: str, body: Mapping[str, object]) -> dict[str, Any]:
        """The JSON answer of an API route to *body*."""
        return _json(self._send("POST", API + route, json=dict(body)))

    def put_artifact(self, path: str, text: str) -> None:
        """Store *text* under *path*, which is relative to the server's artifact root and already quoted."""
        self._send("PUT", ARTIFACTS + path, data=text.encode(), headers={"Content-Type": "application/octet-stream"})

    def artifacts(self, path: str) -> list[dict[str, Any]]:
        """The files and folders right below *path* of the server's artifact root."""
        files: list[dict[str, Any]] = _json(self._send("GET", ARTIFACTS[:-1], params={"path": path})).get("files", [])
        return files

    def artifact(self, path: str) -> bytes:
        """The content of an artifact; *path* is already quoted."""
        return self._send("GET", ARTIFACTS + path).content

    def _send(self, method: str, route: str, **kwargs: Any) -> requests.Response:
        return tries.repeated(
            lambda count: self._sent(count, method, route, **kwargs), self.settings.retries, self._sleep
        )

    def _sent(self, count: int, method: str, route: str, **kwargs: Any) -> requests.Response:
        wait = self.settings.backoff_s * 2**count
        try:
            answer = self._once(method, route, **kwargs)
        except requests.exceptions.SSLError as error:
            raise StoreRefused(
                f"the run store's certificate was not accepted ({type(error).__name__})",
                hint="Point MLFLOW_TRACKING_SERVER_CERT_PATH to the certificate of the server's authority.",
            ) from None
        except requests.exceptions.RequestException as error:
            # Its text may hold the whole address; its kind says enough.
            raise self._again(type(error).__name__, count, wait) from None
        if answer.status_code in _AGAIN:
            wait = max(wait, tries.seconds(answer.headers) or 0.0)
            raise self._again(f"HTTP {answer.status_code}", count, wait)
        return self._checked(answer)

    def _again(self, problem: str, count: int, wait: float) -> tries.TryAgain:
        error = StoreUnreachable(
            f"the run store at {self.settings.url} did not take the result ({problem}, {tries.counted(count)})",
            hint="The verdict stands; send what is waiting with `proctor runstore sync` when the store is back.",
        )
        return tries.TryAgain(error, min(wait, LONGEST_WAIT_S))

    def _once(self, method: str, route: str, **kwargs: Any) -> requests.Response:
        return self._session.request(
            method,
            self.settings.url + route,
            auth=self._auth,
            timeout=(min(_CONNECT_S, self.settings.timeout_s), self.settings.timeout_s),
            verify=self.settings.verify,
            cert=self.settings.client_certificate,
            # A redirected POST turns into a GET, and credentials may travel: the address has to be the final one.
            allow_redirects=False,
            **kwargs,
        )

    def _checked(self, answer: requests.Response) -> requests.Response:
        if answer.status_code < 300:
            return answer
        # MLflow's error code and message; of anything else, nothing: a proxy's page is of no use in a terminal
        code = str((tries.object_in(answer) or {}).get("error_code", ""))
        message = _without(tries.message_in(answer)[:300], self.settings.credentials)
        raise StoreRefused(
            f"the run store at {self.settings.url} refused: HTTP {answer.status_code} {code} {message}".rstrip(),
            hint=_advice(answer.status_code),
            code=code,
        )


def _auth(credentials: Credentials) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    match credentials:
        case Token(token):
            return tries.bearer(token)
        case Password(username, password):
            return requests.auth.HTTPBasicAuth(username.encode(), password.encode())
        case Anonymous():
            return lambda request: request  # or requests takes credentials out of a `.netrc` that nobody thought of
        case _:
            assert_never(credentials)


def _json(answer: requests.Response) -> dict[str, Any]:
    body = tries.object_in(answer)
    if body is None:
        raise StoreRefused(
            "the run store's answer is not JSON, so this is not an MLflow tracking server",
            hint="Check `runstore` in the gate file: is there a proxy or a login page in front of the server?",
        )
    return body


def _without(message: str, credentials: Credentials) -> str:
    """*message* with secrets that a server may have echoed blotted out."""
    match credentials:
        case Token(secret) | Password(_, secret):
            return message.replace(secret, "***") if secret else message
        case Anonymous():
            return message
        case _:
            assert_never(credentials)


def _advice(status: int) -> str:
    if status == 401:
        return "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
    if status == 403:
        return "Grant this user EDIT on the experiment (and the right to create it, the first time)."
    if 300 <= status < 400:
        return "The server redirects: write its final address (https?) as `runstore` in the gate file."
    return ""
