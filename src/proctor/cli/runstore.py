"""
``proctor runstore``: sends what the run store has not got yet.

Options and one call; what is sent and how is decided in `proctor.runstore`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from proctor.runstore.queue import Kept, Sent

OUTBOX = Path(".proctor") / "outbox"


@click.group()
def runstore() -> None:
    """The team's run store (MLflow)."""


@runstore.command()
@click.option(
    "--url",
    envvar="MLFLOW_TRACKING_URI",
    required=True,
    metavar="URL",
    help="Address of the MLflow tracking server; `runstore` in the gate file. [env: MLFLOW_TRACKING_URI]",
)
@click.option("--experiment", default="", metavar="NAME", help="Experiment that takes the runs. [default: proctor]")
@click.option(
    "--outbox",
    type=click.Path(path_type=Path, file_okay=False),
    default=OUTBOX,
    show_default=True,
    help="Folder of results that wait.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_context
def sync(context: click.Context, url: str, experiment: str, outbox: Path, as_json: bool) -> None:
    """
    Send the results that the run store could not take when they were released.

    In the order of the ledger; safe to repeat and to interrupt. Exit code 5 if something still waits.

    \b
    Example:
      proctor runstore sync --url http://127.0.0.1:5000
    """  # noqa: D301  # click's own mark for a paragraph that is not to be wrapped
    results = _sync(url, experiment, outbox)
    if as_json:
        click.echo(json.dumps(_as_json(results), indent=2))
    else:
        for line in _as_text(results):
            click.echo(line)
    context.exit(5 if _waiting(results) else 0)


def _sync(url: str, experiment: str, folder: Path) -> tuple[Sent | Kept, ...]:
    import requests

    from proctor.runstore import mlflow, queue, settings

    found = settings.from_environ(url, os.environ, experiment)
    with requests.Session() as session:
        return queue.sync(queue.Outbox(folder), lambda record: mlflow.send(record, found, session).url)


def _waiting(results: tuple[Sent | Kept, ...]) -> int:
    from proctor.runstore.queue import Kept

    return sum(isinstance(result, Kept) for result in results)


def _as_json(results: tuple[Sent | Kept, ...]) -> dict[str, object]:
    from proctor.runstore.queue import Sent

    sent = [{"entry": r.entry, "evaluation": r.evaluation, "url": r.url} for r in results if isinstance(r, Sent)]
    waiting = [{"file": r.file, "reason": r.reason} for r in results if not isinstance(r, Sent)]
    return {"sent": sent, "waiting": waiting}


def _as_text(results: tuple[Sent | Kept, ...]) -> list[str]:
    from proctor.runstore.queue import Sent

    lines = [
        f"sent      entry {result.entry}  {result.url}"
        if isinstance(result, Sent)
        else f"waiting   {result.file}: {result.reason}"
        for result in results
    ]
    return lines or ["nothing waits"]
