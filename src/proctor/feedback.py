"""
Feedback at its price: what goes out beside a verdict, from a declared alphabet with declared probabilities.

Anything can be released at its code length (theory.md §4.3.2): a message of probability π multiplies the budget by π,
with the same proof. By default nothing is released but the verdict, and nothing is charged for it.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import assert_never

from proctor.budget import Mode
from proctor.conditions import Truth, measured_by
from proctor.evaluation import Evaluation, estimate
from proctor.gatefile import Estimate, Feedback, ThreeWay, VerdictOnly
from proctor.gatefile.slot import Slot
from proctor.methods import Outcomes

Message = tuple[str, float]
"""Words that are released, and the natural logarithm of their declared probability."""

_CANNOT_TELL = "cannot tell"
_LATE_BITS = 20


def message(policy: Feedback, evaluation: Evaluation, outcomes: Outcomes, mode: Mode) -> Message | None:
    """Message released with this evaluation; ``None`` if nothing is released beside the verdict."""
    match policy:
        case VerdictOnly():
            return None
        case ThreeWay():
            return _three_way(evaluation.truth, mode)
        case Estimate():
            return _on_grid(policy, outcomes)
        case _:
            assert_never(policy)


def message_without_judgment(policy: Feedback) -> Message | None:
    """Message released for a crash on sealed inputs: it must not be told from a judged outcome (theory.md §4.3.4)."""
    match policy:
        case VerdictOnly():
            return None
        case ThreeWay():
            return _CANNOT_TELL, math.log(0.5)
        case Estimate():
            return _said(policy, 0)
        case _:
            assert_never(policy)


def message_of_time(slot: Slot, runs: Sequence[int], judging: int, evaluations: int) -> Message | None:
    """
    Message that the moment of an outcome on sealed inputs gives away.

    Where nothing may be said by time, a run that took longer than its slot, as a model can bring about by leaving much
    to clear away, is *late*. Being late by j slots after h evaluations has the probability 2^(-20-j) / (h + 2)^2:
    of all ways to be late in the life of a test set together less than a millionth, by which δ grows. ``None`` if it
    says nothing.
    """
    late = judging - 1 + (sum(runs) - len(runs) if slot.most == 1 else 0)
    spoken = None
    if slot.most > 1 and runs:
        words = f"ended in slot {' and '.join(map(str, runs))}"
        spoken = words, math.fsum(slot.log_probability(number) for number in runs)
    if not late:
        return spoken
    price = -(_LATE_BITS + late) * math.log(2) - 2 * math.log(evaluations + 2)
    return together(spoken, (f"{late} {'slot' if late == 1 else 'slots'} late", price))


def together(*messages: Message | None) -> Message | None:
    """Several messages as one: its probability is the product of theirs."""
    said = [message for message in messages if message is not None]
    return ("; ".join(words for words, _ in said), math.fsum(price for _, price in said)) if said else None


def _three_way(truth: Truth, mode: Mode) -> tuple[str, float] | None:
    """The unproven outcome says which of its two values it was; the proven one has only one and costs nothing."""
    proven = Truth.TRUE if mode is Mode.FP_FREE else Truth.FALSE
    if truth is proven:
        return None
    words = {Truth.TRUE: "holds", Truth.FALSE: "does not hold", Truth.UNKNOWN: _CANNOT_TELL}
    return words[truth], math.log(0.5)


def _on_grid(policy: Estimate, outcomes: Outcomes) -> tuple[str, float]:
    """The point of the grid that is nearest to the estimate; beyond the ends, the end."""
    points = policy.points
    measured = measured_by(policy.of)
    found = estimate(measured.quantity, outcomes)
    value = measured.value(0.0 if math.isnan(found) else found)  # no example counts
    right = min(max(bisect_left(points, value), 1), len(points) - 1) if len(points) > 1 else 0
    left = max(right - 1, 0)
    index = left if value - points[left] <= points[right] - value else right
    return _said(policy, index)


def _said(policy: Estimate, index: int) -> tuple[str, float]:
    return f"{policy.of} ≈ {policy.points[index]:g}", math.log(policy.chances[index])
