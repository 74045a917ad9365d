"""``proctor runstore``: sends what the run store has not got yet."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from proctor.errors import PASSED, UNUSABLE, Misuse

if TYPE_CHECKING:
    from proctor.gatefile import Gate
    from proctor.runstore.queue import Kept, Sent


@click.group()
def runstore() -> None:
    """Look after the team's run store (MLflow)."""


@runstore.command(
    short_help="Send what the run store could not take.",
    epilog="""\b
Examples:
  proctor runstore sync                                of the gate in this folder
  proctor runstore sync --url http://127.0.0.1:5000    to another server than the gate file's
""",
)
@click.argument("file", default=".", type=click.Path())
@click.option("--url", metavar="URL", help="Address of the MLflow tracking server, in place of the gate file's.")
@click.option("--experiment", metavar="NAME", help="Experiment that takes the runs, in place of the gate file's.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def sync(file: str, url: str | None, experiment: str | None, as_json: bool) -> int:
    """
    Send the results that the run store could not take when they were released.

    In the order of the ledger; safe to repeat and to interrupt. Exit code 5 if something still waits.
    """
    from proctor.loading import load_gate
    from proctor.runstore import delivery
    from proctor.runstore.queue import Kept, Outbox

    gate = load_gate(file)
    own = gate.runstore
    if url is None:
        _refuse_others(gate)
    address = url or (own.url if own else "")
    if not address:
        raise Misuse("the gate file names no run store", hint="Add `runstore: http://…` to it, or pass --url.")
    target = delivery.Target(address, experiment or (own.experiment if own else ""))
    results = delivery.send_waiting(target, Outbox(gate.root / delivery.OUTBOX), os.environ)
    click.echo(_as_json(results) if as_json else _as_text(results))
    return UNUSABLE if any(isinstance(result, Kept) for result in results) else PASSED


def _refuse_others(gate: Gate) -> None:
    """Refuse a gate file whose run store is not the registered one: it would get the password."""
    from proctor.gate.session import Session
    from proctor.gate.settings import refuse_changed
    from proctor.runtime import Runtime

    with Session(gate=gate, runtime=Runtime()) as session:
        entries = session.ledger.read()
    refuse_changed(gate, entries, is_signed=bool(entries) and entries[-1].mac is not None)


def _as_json(results: tuple[Sent | Kept, ...]) -> str:
    from proctor.runstore.queue import Sent

    sent = [{"entry": r.entry, "evaluation": r.evaluation, "url": r.url} for r in results if isinstance(r, Sent)]
    waiting = [{"file": r.file, "reason": r.reason} for r in results if not isinstance(r, Sent)]
    return json.dumps({"sent": sent, "waiting": waiting}, indent=2)


def _as_text(results: tuple[Sent | Kept, ...]) -> str:
    from proctor.runstore.queue import Sent

    lines = [
        f"sent      entry {result.entry}  {result.url}"
        if isinstance(result, Sent)
        else f"waiting   {result.file}: {result.reason}"
        for result in results
    ]
    return "\n".join(lines or ["nothing waits"])
