"""
A search that asks the gate after every candidate: keep it, or go back to the one that was kept last.

A tuner or an agent may ask thousands of times. Its answers are yes and no and nothing else, each one in the ledger
before it is given, so a search that was killed asks its last question again, for free. When the test set has
no answer left, that is an answer too, and the normal end of a search.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from proctor import service
from proctor.budget import Adaptivity
from proctor.errors import FreshTestSetNeeded, Misuse
from proctor.gatefile import Accepted, Gate
from proctor.release import Release, Verdict
from proctor.runtime import OWN_FOLDER, Runtime, keep_out_of_git
from proctor.surfaces.handing import Predictions, with_candidate

_LOCK = "search.lock"


class Kept(NamedTuple):
    """The candidate has passed, and is the accepted model from now on."""

    release: Release

    def __bool__(self) -> bool:
        return True


class Reverted(NamedTuple):
    """The candidate has not passed, or a better one has since; the accepted model is still the one of before."""

    release: Release

    def __bool__(self) -> bool:
        return False


class Exhausted(NamedTuple):
    """The test set answers nothing new; nothing was spent, and the accepted model is still the one of before."""

    reason: str
    advice: str

    def __bool__(self) -> bool:
        return False


Answer = Kept | Reverted | Exhausted
"""Answer of the gate to one candidate of a search; true only if the candidate is to be kept."""


def keep(
    candidate: Predictions | str | Path | None = None,
    gate: Gate | str | Path = ".",
    runtime: Runtime | None = None,
    *,
    commit: str | None = None,
) -> Answer:
    """
    Ask the gate whether a search is to keep its candidate.

    One question is put at a time, however many processes on this machine search at the same gate. Each new one is
    charged as by `proctor check`; the same one asked again is free, after a crash as well. How long the test set will
    last is not worked out after each: `proctor.status` tells it.

    Args:
        candidate: What it predicts, by id or in the order of the test set, which is written to the file that the gate
            file names as its candidate; or a path to a file of predictions; ``None`` for what the gate file names.
        gate: The gate file, or its folder; or a gate that is loaded already.
        runtime: Clock, environment, randomness.
        commit: Commit that is judged; found out if left out.

    Returns:
        `Kept` or `Reverted`, or `Exhausted` where a fresh test set is needed.

    Raises:
        Misuse: If the gate compares with something else than what was kept last, or withholds outcomes.
        ProctorError: Whatever else stops the gate; nothing was spent then.
    """
    found = gate if isinstance(gate, Gate) else service.load_gate(str(gate))
    _refuse_unfit(found)
    runtime = runtime or Runtime()
    with _turn(found):
        asked = with_candidate(found, candidate)
        try:
            release = service.judge(asked, runtime, service.How(commit=commit, foresees=asked.runstore is not None))
        except FreshTestSetNeeded as end:
            return Exhausted(end.message, end.hint)
        service.deliver(release, asked, runtime)
        return Kept(release) if _stands(release, asked, runtime) else Reverted(release)


def _stands(release: Release, gate: Gate, runtime: Runtime) -> bool:
    """True if the candidate is the accepted one: a pass that is told again may have been followed by a better one's."""
    if release.verdict is not Verdict.PASS:
        return False
    return not release.replayed or service.is_accepted(gate, release.entry, runtime)


def _refuse_unfit(gate: Gate) -> None:
    if not isinstance(gate.baseline, Accepted):
        raise Misuse(
            f"{gate.file} compares with {gate.baseline}, and a search with the candidate that it kept last",
            hint="Leave `baseline` out, or say `baseline: accepted`.",
        )
    if gate.adaptivity is Adaptivity.NONE:
        raise Misuse(
            f"{gate.file} withholds outcomes (`adaptivity: none`), and a search goes on from them",
            hint="Register a test set with `adaptivity: recycling` for it.",
        )


@contextmanager
def _turn(gate: Gate) -> Iterator[None]:
    """One question at a time: whoever comes second waits, and a process that died does not hold up the others."""
    folder = gate.resolve(OWN_FOLDER)
    folder.mkdir(exist_ok=True)
    keep_out_of_git(folder)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
