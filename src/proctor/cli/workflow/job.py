"""
One job of a workflow, as the runner describes it: event, token, files for outputs and summary, and the log.

The token reaches GitHub's API and git from here and nothing else: no argument list and no model's environment has it.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from proctor.errors import DataError, Misuse
from proctor.frozen import dataclass, field
from proctor.github import effects, event
from proctor.github.client import API_URL, Client, Endpoint
from proctor.github.effects import Annotation, Effect, Level, Outlets, Output
from proctor.github.event import Facts
from proctor.runtime import Runtime

TOKEN = "PROCTOR_INPUT_TOKEN"  # noqa: S105  # the name of a variable
KEY = "PROCTOR_INPUT_KEY"
_PRIVATE = (TOKEN, KEY)
_MOST_EVENT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Job:
    """
    One job.

    Attributes:
        facts: The event.
        payload: The event as GitHub sent it.
        environ: The environment, without the token; never shown, for the key is in it.
        outlets: Where effects go.
        workspace: Folder that paths of annotations start from.
    """

    facts: Facts
    payload: Mapping[str, Any]
    environ: Mapping[str, str] = field(repr=False)
    outlets: Outlets
    workspace: Path

    @property
    def client(self) -> Client | None:
        """GitHub; ``None`` without a token."""
        return self.outlets.client

    @cached_property
    def runtime(self) -> Runtime:
        """The world outside, as this job has it; what it should know beside a verdict becomes a notice."""
        return Runtime(environ=self.environ, remark=self.notice)

    def make_known(self, made: tuple[Effect, ...]) -> None:
        """Do everything in *made*; what cannot be done is told in the summary and in the log."""
        for failure in effects.apply(made, self.outlets):
            self.annotate("warning", failure)

    def annotate(self, level: Level, text: str) -> None:
        """Put *text* into the log and on the run's page."""
        self.outlets.write(effects.command(Annotation(level, "proctor", text)))

    def notice(self, text: str) -> None:
        """Put a remark there."""
        self.annotate("notice", text)

    def output(self, name: str, value: str) -> None:
        """An output of the step."""
        effects.apply((Output(name, value),), self.outlets)

    def log(self, text: str) -> None:
        """Print *text*, in which the runner must not look for commands."""
        word = secrets.token_hex(16)
        for line in (f"::stop-commands::{word}", text, f"::{word}::"):
            self.outlets.write(line)


def open_job(environ: Mapping[str, str], write: Callable[[str], None] = click.echo) -> Job:
    """
    The job that this process is a part of.

    Raises:
        Misuse: If this is no workflow of GitHub.
    """
    payload = _payload(environ)
    facts = event.read(environ, payload)
    outlets = Outlets(_client(environ), _file(environ, "GITHUB_STEP_SUMMARY"), _file(environ, "GITHUB_OUTPUT"), write)
    public = {name: value for name, value in environ.items() if name not in _PRIVATE}
    if environ.get(KEY):
        public["PROCTOR_KEY"] = environ[KEY]
    return Job(facts, payload, public, outlets, Path(environ.get("GITHUB_WORKSPACE") or "."))


def git_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Variables by which git sends the token to GitHub and to nobody else.

    So ``actions/checkout`` need not leave it in ``.git/config``, where a model's code could find it. The empty header
    comes first because git would otherwise send two, which GitHub refuses.
    """
    token, server = environ.get(TOKEN, ""), environ.get("GITHUB_SERVER_URL") or "https://github.com"
    if not token or urlsplit(server).scheme != "https":
        return {}
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    said = environ.get("GIT_CONFIG_COUNT", "")
    first = int(said) if said.isdigit() else 0
    found = {"GIT_CONFIG_COUNT": str(first + 2), "GIT_TERMINAL_PROMPT": "0"}
    for number, value in enumerate(("", f"AUTHORIZATION: basic {basic}"), start=first):
        found[f"GIT_CONFIG_KEY_{number}"] = f"http.{server.rstrip('/')}/.extraheader"
        found[f"GIT_CONFIG_VALUE_{number}"] = value
    return found


def _client(environ: Mapping[str, str]) -> Client | None:
    token, repository = environ.get(TOKEN, ""), environ.get("GITHUB_REPOSITORY", "")
    if not token:
        return None
    import requests

    endpoint = Endpoint(repository, token, environ.get("GITHUB_API_URL") or API_URL)
    return Client(endpoint, requests.Session())


def _payload(environ: Mapping[str, str]) -> Mapping[str, Any]:
    name = environ.get("GITHUB_EVENT_PATH", "")
    if not name:
        raise Misuse(
            "GITHUB_EVENT_PATH is not set: this is not a GitHub workflow",
            hint="Run `proctor check` here; the GitHub commands are for workflows.",
        )
    try:
        with Path(name).open("rb") as file:
            found = json.loads(file.read(_MOST_EVENT_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"the event file {name!r} cannot be read ({type(error).__name__})") from None
    if not isinstance(found, dict):
        raise DataError(f"the event file {name!r} holds no event")
    return found


def _file(environ: Mapping[str, str], name: str) -> Path | None:
    return Path(environ[name]) if environ.get(name) else None
