"""
A released verdict on its way to the run store, after everything that matters is done.

Nothing here can change a verdict or an exit code: whatever goes wrong becomes a remark.
What could not be sent waits beside the ledger for `proctor runstore sync`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor.errors import ProctorError

if TYPE_CHECKING:
    from proctor.gatefile import Gate
    from proctor.release import HistoryRow, Release
    from proctor.runtime import Runtime


def deliver(release: Release, gate: Gate, runtime: Runtime, owner_record: Path | None) -> tuple[str, ...]:
    """
    Send *release* to the gate file's run store, and the private figures to the owner's experiment if there is one.

    Args:
        release: What left the gate.
        gate: The gate file.
        runtime: Environment, which holds MLflow's variables.
        owner_record: The owner's file, where one was named.

    Returns:
        Remarks, each a sentence; empty if all went well or there is no run store.
    """
    if gate.runstore is None:
        return ()
    try:
        then, history = _as_released(release, gate, runtime)
        return (*_public(then, history, gate, runtime), *_private(then, gate, runtime, owner_record))
    except ProctorError as error:
        return (f"the run store was not told: {error.message}",)
    except Exception as error:  # noqa: BLE001  # the verdict is out: no fault here may change its exit code
        return (f"the run store was not told, by a fault of proctor's own ({type(error).__name__})",)


def _as_released(release: Release, gate: Gate, runtime: Runtime) -> tuple[Release, tuple[HistoryRow, ...]]:
    """
    The release with the history up to it; a recorded answer as it was first given, with the budget of its day.

    Sending a recorded answer again mends what was lost with a machine, and changes nothing that is in the store.
    """
    from proctor.conditions import slices
    from proctor.gate.books import LedgerView
    from proctor.gate.releasing import history_of, release_of
    from proctor.gate.session import Session
    from proctor.ledger.lives import lives

    with Session(gate=gate, runtime=runtime) as session:
        entries = session.ledger.read()
        until = tuple(entry for entry in entries if entry.number <= release.entry)
        found = lives(until)
        life = found[release.testset.fingerprint]
        history = history_of(life, len(life.verdicts))
        if not release.replayed:
            return release, history
        is_of_parts = bool(slices(gate.formula) or gate.cluster)
        return release_of(
            gate,
            LedgerView(until[-1].hash, found, life, testset=session.testset if is_of_parts else None),
            life,
            life.verdicts[-1],
        ), history


def _public(release: Release, history: tuple[HistoryRow, ...], gate: Gate, runtime: Runtime) -> Iterator[str]:
    from proctor.reports import json, markdown
    from proctor.runstore import delivery, records
    from proctor.runstore.queue import Kept, Outbox

    assert gate.runstore is not None  # noqa: S101  # the caller has checked
    reports = {"report.json": json.render(release), "report.md": markdown.render_release(release)}
    target = delivery.Target(gate.runstore.url, gate.runstore.experiment)
    outbox = Outbox(gate.root / delivery.OUTBOX)
    results = delivery.deliver(records.describe(release, history, reports), target, outbox, runtime.environ)
    kept = [result for result in results if isinstance(result, Kept)]
    if kept:
        waiting = "this result waits" if len(kept) == 1 else f"{len(kept):,} results wait"
        yield f"{waiting} for the run store: {kept[-1].reason}; send with `proctor runstore sync`"


def _private(release: Release, gate: Gate, runtime: Runtime, owner_record: Path | None) -> Iterator[str]:
    """The owner's figures, to the owner's experiment; they stay in the owner's record or the ledger in any case."""
    target = gate.runstore
    if target is None or target.owner_experiment is None or not release.step:
        return
    import requests

    from proctor.custody.outcomes import open_outcomes
    from proctor.gate.session import Session, Stance
    from proctor.runstore import mlflow, settings

    with Session(gate=gate, runtime=runtime, stance=Stance.OWNER, named_record=owner_record) as session:
        opened = open_outcomes(session, session.life(session.books()))
    evaluation = next(each for each in opened if each.taken.entry.number == release.entry)
    if evaluation.figures is None:
        yield f"the owner's experiment was not told: {evaluation.problem}"
        return
    figures = {**evaluation.figures, **evaluation.figures.get("figures", {}), "figures": None}
    try:
        found = settings.from_environ(target.url, runtime.environ, target.owner_experiment)
        with requests.Session() as connection:
            mlflow.record_private(flat(figures), release, found, connection, target.experiment)
    except ProctorError as error:
        yield f"the owner's experiment was not told: {error.message}; the figures stay in the owner's record"


def flat(figures: Mapping[str, Any], prefix: str = "") -> dict[str, float | str]:
    """
    Nested figures as one level of names; what no store can chart (nothing, infinity) is left out.

    >>> flat({"outcome": "pass", "clauses": [{"counts": {"wins": 3}, "p_value": None}]})
    {'outcome': 'pass', 'clauses.1.counts.wins': 3.0}
    """
    found: dict[str, float | str] = {}
    for name, value in figures.items():
        match value:
            case Mapping():
                found |= flat(value, f"{prefix}{name}.")
            case list():
                found |= flat({str(number): item for number, item in enumerate(value, 1)}, f"{prefix}{name}.")
            case str():
                found[prefix + name] = value
            case int() | float() if math.isfinite(value):
                found[prefix + name] = float(value)
            case _:
                continue
    return found
