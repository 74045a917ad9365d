"""
The gate for everybody who calls it: load a gate file, judge its candidate, tell who is to know.

The command line, the GitHub action and the pytest plugin are surfaces on these functions, and so is what is written
elsewhere. A release is durable in the ledger before anything is told; no sink can change it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from proctor.conditions import Formula, normalize, parse
from proctor.errors import Misuse
from proctor.gate import in_turn
from proctor.gate.check import How
from proctor.gate.check import check as answer
from proctor.gate.status import glance, is_accepted, status
from proctor.gatefile import Gate, PredictionsFile, policy_from_options
from proctor.gatefile.keys import POLICY_KEYS
from proctor.loading import Named, load_gate, with_named
from proctor.methods.sizing import Progress
from proctor.planning import Plan, Request
from proctor.planning import plan as planned
from proctor.release import Release
from proctor.runtime import OWN_FOLDER, Runtime

__all__ = [
    "How",
    "Named",
    "check",
    "deliver",
    "glance",
    "is_accepted",
    "judge",
    "load_gate",
    "plan",
    "status",
    "with_named",
]

_PLANNED = (
    'Write plan("n - o > 0.02 +/- 0.02", reliability=0.99, disagreement=0.1), with keys of a gate file by name; '
    "`proctor plan` plans a whole gate file."
)
_OBJECTS = 100_000
"""New objects between two searches for garbage during a check."""


def judge(gate: Gate, runtime: Runtime, how: How | None = None) -> Release:
    """
    Judge the candidate of *gate* and record the verdict; tells nobody. Errors as `check`.

    Under ``stakes: informed`` a stake that is not named is made of the gate file's development data.
    """
    how = how or How()
    if gate.is_informed:
        from proctor.preflight.informed import InformedStakes

        how = how._replace(stakes=InformedStakes())
    with _few_collections():
        return in_turn.check(gate, runtime, how) if gate.named else answer(gate, runtime, how)


def plan(
    condition: str | Formula,
    request: Request | None = None,
    progress: Progress | None = None,
    *,
    examples: int | None = None,
    **keys: object,
) -> Plan:
    """
    Number of examples and labels that a condition takes, by which tests, and what that means over the life of the set.

    Args:
        condition: The condition, as a person writes it or in normal form.
        request: Contract, stakes, power, and what is anticipated, where a program has them already.
        progress: Told the share that is done; for long plans.
        examples: Examples at hand; ``None`` if the test set is still to be made.
        keys: Keys of a gate file in place of *request*: `reliability`, `power`, `disagreement`, `mode`, `steps`, …

    Raises:
        GateFileError: If the condition is none, or a key has a value that it cannot have.
        Misuse: If the condition could never be proven as planned, or names no tolerance and no examples are at hand;
            or if it comes in normal form without a *request*, or with keys beside one.

    Example:
        >>> plan("n - o > 0.02 +/- 0.02", reliability=0.99, power=0.9, disagreement=0.1).examples
        2322
    """
    if request is not None:
        if keys or examples is not None or not isinstance(request, Request):
            raise Misuse("a plan takes a `Request`, or keys of a gate file by name", hint=_PLANNED)
        return planned(normalize(parse(condition)) if isinstance(condition, str) else condition, request, progress)
    if not isinstance(condition, str):
        raise Misuse("without a `Request`, a plan takes its condition as text", hint=_PLANNED)
    if unknown := sorted(keys.keys() - {key.name for key in POLICY_KEYS}):
        raise Misuse(f"a plan takes no {unknown[0]!r}", hint=_PLANNED)
    policy = policy_from_options({"condition": condition, **{name: str(value) for name, value in keys.items()}})
    return planned(policy.formula, policy.request(examples), progress)


@contextmanager
def _few_collections() -> Iterator[None]:
    """
    Collect garbage seldom: a check makes little, and its host may hold much to look through.

    A host that collects as seldom, or a check that is under way in another thread, is left alone: only who changed the
    threshold puts it back.
    """
    usual = gc.get_threshold()
    if not 0 < usual[0] < _OBJECTS:
        yield
        return
    gc.set_threshold(_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def check(
    gate: Gate,
    runtime: Runtime | None = None,
    *,
    commit: str | None = None,
    owner_record: Path | None = None,
    stake: float | None = None,
    asks_anew: bool = False,
) -> Release:
    """
    Judge the candidate of *gate*, record the verdict, and tell the run store where the gate file names one.

    Args:
        gate: The gate file.
        runtime: Clock, environment, randomness; its `remark` hears what a sink could not do.
        commit: Commit that is judged; found out if left out.
        owner_record: File for the private figures; without it they are written only where the gate must.
        stake: How likely a pass is thought to be, from 0.000001 to 0.95; ``None`` to declare nothing.
        asks_anew: True to pass over a recorded answer: one more evaluation, and paid.

    Raises:
        ProctorError: Whatever stops the gate; nothing was spent then.
    """
    runtime = runtime or Runtime()
    release = judge(gate, runtime, How(commit, owner_record, stake, asks_anew))
    deliver(release, gate, runtime, owner_record)
    return release


def deliver(release: Release, gate: Gate, runtime: Runtime, owner_record: Path | None = None) -> None:
    """Tell the sinks of a gate about a *release* that is in the ledger; what they could not do is remarked."""
    if (caution := _caution(gate, owner_record)) is not None:
        runtime.remark(caution)
    if gate.runstore is None:
        return
    from proctor.sinks import store

    for each in release.each:
        for sentence in store.deliver(each, gate, runtime, owner_record):
            runtime.remark(sentence)


def _caution(gate: Gate, named: Path | None) -> str | None:
    """A warning about an owner's file that candidates of later checks could read; ``None`` if there is none."""
    if named is None or isinstance(gate.candidate, PredictionsFile):
        return None
    path, hidden = named.resolve(), (gate.resolve(gate.owner.record), gate.resolve(OWN_FOLDER))
    if not path.is_relative_to(gate.root.resolve()) or any(path.is_relative_to(each.resolve()) for each in hidden):
        return None
    return (
        f"{named} lies where models run, and a model that is judged without naming it can read it: "
        "keep it outside of the project, or in .proctor"
    )
