"""`proctor github`: the gate's part of a GitHub workflow; what the actions in `actions/` call."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from proctor.environment import with_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from proctor.cli.workflow.job import Job

F = TypeVar("F", bound="Callable[..., Any]")
PREFIX = "PROCTOR_INPUT_"


def action_option(name: str, *parameter: str, **settings: Any) -> Callable[[F], F]:
    """An option that an action's input of the same name fills through the environment, never through a shell."""
    variable = PREFIX + name.upper().replace("-", "_")
    return click.option(f"--{name}", *parameter, envvar=variable, show_envvar=True, **settings)


gate_option = action_option("gate", default=".", metavar="FILE", help="Gate file, or the folder that holds it.")
ledger_option = action_option(
    "ledger",
    default="",
    metavar="ADDRESS",
    help="Ledger of this job. Left out: the gate file's if it is on a git branch or in PostgreSQL, "
    "else git:origin/proctor-ledger.",
)
badges_option = action_option("badges", type=bool, default=True, help="Publish badges beside a ledger on a git branch.")
issue_option = action_option(
    "issue",
    type=bool,
    default=True,
    help="Open an issue when a fresh test set is needed, and close it once that is registered.",
)


@click.group()
def github() -> None:
    """
    Do the gate's part of a GitHub workflow.

    The event and GitHub's address come from the runner's variables, the token from PROCTOR_INPUT_TOKEN, the owner's
    key from PROCTOR_INPUT_KEY or PROCTOR_KEY.
    """


@github.command(
    short_help="Judge what the event is about.",
    epilog="""\b
Examples:
  proctor github check                               what actions/check runs
  proctor github check --artifact uploaded           the trusted half of a fork's pull request
""",
)
@gate_option
@ledger_option
@action_option(
    "baseline",
    default="auto",
    metavar="REVISION",
    help="auto: the base branch of a pull request, else what the branch had before, unless the gate file names "
    "predictions; gate-file: what the gate file says; or a revision.",
)
@action_option("comment", "comments", type=bool, default=True, help="Comment on the pull request.")
@badges_option
@issue_option
@action_option("artifact", type=click.Path(path_type=Path), help="What the untrusted job uploaded: a folder or a zip.")
@action_option("result", type=click.Path(path_type=Path), help="Folder for the result that another job posts.")
def check(gate: str, ledger: str, baseline: str, **posted: Any) -> int:
    """Judge what the event is about, and make the verdict known on GitHub."""
    from proctor.cli.workflow import verdicts
    from proctor.cli.workflow.terms import Choice

    job = _trusted_job()
    options = verdicts.Options(gate=gate, choice=Choice(ledger, baseline), **posted)
    return verdicts.check(options, job)


@github.command(
    short_help="Post the result of another job.",
    epilog="""\b
Examples:
  proctor github comment --artifact uploaded         what actions/comment runs
""",
)
@gate_option
@ledger_option
@action_option(
    "artifact",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="The stored result: a folder or a zip file.",
)
@issue_option
def comment(gate: str, ledger: str, artifact: Path, issue: bool) -> int:
    """
    Post a result that a job without the permission to comment has stored.

    Of the stored file only the number of the ledger's entry is believed; the verdict is read from the ledger.
    """
    from proctor.cli.workflow import posting
    from proctor.cli.workflow.terms import Choice

    return posting.comment(posting.Options(gate, Choice(ledger), artifact, issue), _trusted_job())


@github.command(
    short_help="Register the next test set.",
    epilog="""\b
Examples:
  proctor github renew                               what actions/renew runs
""",
)
@gate_option
@ledger_option
@action_option(
    "baseline",
    default="auto",
    metavar="REVISION",
    help="What the next candidates are compared with. auto: the model of this commit, unless the gate file names "
    "predictions; gate-file: what the gate file says; or a revision.",
)
@action_option(
    "predictions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The accepted model's predictions on the new examples, where it cannot be run.",
)
@action_option("predecessor", metavar="FINGERPRINT", help="The set that is followed; left out: this gate's last one.")
@action_option(
    "reliability", "own_reliability", type=float, metavar="P", help="Give it a budget of its own, of this reliability."
)
@action_option("project-reliability", type=float, metavar="P", help="Reliability of all test sets together.")
@badges_option
@issue_option
def renew(
    gate: str, ledger: str, baseline: str, predictions: Path | None, badges: bool, issue: bool, **wished: Any
) -> int:
    """Register the test set that the gate file names now as the next one, and close the issue that asked for it."""
    from proctor.cli.workflow import renewal
    from proctor.cli.workflow.terms import Choice
    from proctor.custody.succession import Wish

    job = _trusted_job()
    wish = Wish(follows=True, baseline=predictions, **wished)
    options = renewal.Options(gate, Choice(ledger, baseline), wish, badges=badges, issue=issue)
    return renewal.renew(options, job)


@github.command(
    short_help="Make what the trusted job judges.",
    epilog="""\b
Examples:
  proctor github pack --to uploaded                  what actions/preflight runs at its end
""",
)
@gate_option
@click.option(
    "--to",
    "artifact",
    envvar=f"{PREFIX}ARTIFACT",
    show_envvar=True,
    type=click.Path(path_type=Path),
    required=True,
    help="A new folder for what the trusted job judges.",
)
@action_option(
    "send-model",
    type=bool,
    default=False,
    help="Send the model itself, to be run in the trusted job's sandbox; sealed inputs always do.",
)
def pack(gate: str, artifact: Path, send_model: bool) -> int:
    """Make what the trusted job judges, without any secret: predictions, or the model where inputs are sealed."""
    from proctor.cli.workflow import forks
    from proctor.cli.workflow.job import open_job
    from proctor.loading import load_gate

    job = open_job(with_keys())
    forks.pack(job, load_gate(gate), artifact, sends_model=send_model)
    job.output("artifact", str(artifact))
    click.echo(f"packed {artifact}")
    return 0


def _trusted_job() -> Job:
    """This job; git has credentials for the ledger's pushes now, none on the short list of variables of models."""
    from proctor.cli.workflow.job import git_credentials, open_job

    os.environ.update(git_credentials(with_keys()))
    return open_job(with_keys())
