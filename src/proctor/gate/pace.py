"""
Time that tells nothing: work on what is hidden lasts a whole number of steps that were fixed before it began.

A model that has seen sealed inputs could say with each verdict how long it has slept (theory.md §4.3.4), and judging
takes a moment more for some labels than for others. So whatever becomes of the work, the gate goes on only when a step
has ended. Who runs longer than a step waits for the end of the next one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager

from proctor.frozen import dataclass
from proctor.gatefile import Inputs, Labeling
from proctor.ledger.records import Accepted, Evaluated, Pending, Record
from proctor.runtime import Runtime

_SECONDS = re.compile(r":\d\d(\.\d+)?(?=Z|\+)")

_GRACE_S, _JUDGING_S, _OPEN_JUDGING_S, _IN_ORDER_S = 1.0, 1.0, 0.03, 0.3
_READ_PER_S, _JUDGED_PER_S = 5_000, 50_000


def time_of(record: Record, now: str, inputs: Inputs) -> str:
    """The time that an entry carries; to the minute where it could tell how long something sealed has taken."""
    is_fine = inputs is not Inputs.SEALED or not isinstance(record, Pending | Evaluated | Accepted)
    return now if is_fine else _SECONDS.sub(":00", now)


@dataclass
class Lasted:
    """Number of steps that the work has taken; 0 while it goes on."""

    steps: int = 0


@contextmanager
def lasting(step_s: float, runtime: Runtime) -> Iterator[Lasted]:
    """
    Make work last a whole number of steps of *step_s* seconds, whether it ends well or with an error.

    An interruption from outside (Ctrl-C) is not held up: nothing is released then.
    """
    begun, lasted = runtime.clock(), Lasted()
    try:
        yield lasted
    except Exception:
        _wait(begun, step_s, runtime, lasted)
        raise
    _wait(begun, step_s, runtime, lasted)


def _wait(begun: float, step_s: float, runtime: Runtime, lasted: Lasted) -> None:
    lasted.steps = max(1, math.ceil((runtime.clock() - begun) / step_s))
    runtime.pause(max(0.0, begun + lasted.steps * step_s - runtime.clock()))


def run_s(slot_s: float, n_examples: int) -> float:
    """Seconds that one run lasts on sealed inputs: the slot, and what ending the model and reading its output takes."""
    return slot_s + _GRACE_S + n_examples / _READ_PER_S


def judging_s(inputs: Inputs, n_examples: int, n_clauses: int, labels: Labeling = Labeling.ALL) -> float:
    """
    Step in which labels are judged: more than what differs from one set of counts to another.

    Clauses add up where all of them are looked at, and the counts say whether they are. Labels that are read in order
    take longer: how far, and whether the end can still change, is looked for.
    """
    of_clause = _IN_ORDER_S if labels is Labeling.SEQUENTIAL else _OPEN_JUDGING_S
    judging = _JUDGING_S if inputs is Inputs.SEALED else of_clause * n_clauses
    return judging * (1 + n_examples / _JUDGED_PER_S)
