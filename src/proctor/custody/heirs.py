"""
Deciding how a successor gets its budget: handed on by the set before it, a share of a project's, or its own.

Pure: lives in, a decision out. Handing on is what happens if nobody declares otherwise (theory.md §4.6, Theorem B2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proctor.custody.lineage import Lineage, project_error
from proctor.errors import ContractError, DomainError, Misuse
from proctor.gate.books import refuse_pending
from proctor.gate.needs import hands_on
from proctor.gatefile import Gate

if TYPE_CHECKING:
    from proctor.custody.succession import Wish


def inherits(gate: Gate, before: Lineage, wish: Wish) -> bool:
    """
    True if the set that *gate* names starts with all that the last one *before* has left.

    Raises:
        ContractError: If the gate file's reliability is neither the project's nor the one that is declared.
        EvaluationPending: If an evaluation may still spend what is to be handed on.
        Misuse: If nothing is left, or two budgets are asked for.
    """
    if wish.own_reliability is not None:
        _refuse_unlike_declared(gate, wish.own_reliability, wish.project_reliability)
        return False
    if not before.sets or project_error(wish.project_reliability, before) is not None:
        return False
    last = before.sets[-1]
    if not hands_on(last, gate):
        return False
    refuse_pending(last)
    name, fixed = last.registered.record.testset[:12], last.registered.record.contract.reliability
    if gate.reliability != fixed:
        raise ContractError(
            f"the project's reliability is {fixed!r}, and {gate.file} says {gate.reliability!r}",
            hint=f"Write `reliability: {fixed!r}`: the new set starts with what test set {name} has left. Or give it a "
            f"budget of its own, which adds to the project's: --reliability {gate.reliability!r}.",
        )
    if last.account.is_spent:
        raise Misuse(
            f"test set {name} has spent all of the project's budget, and there is nothing to hand on",
            hint=f"Give the new set a budget of its own, which adds to the project's: --reliability {fixed!r}.",
        )
    return True


def _refuse_unlike_declared(gate: Gate, own: float, project: float | None) -> None:
    if project is not None:
        raise Misuse(
            "--reliability and --project-reliability are two ways to give the set a budget of its own",
            hint="Leave one of them out; without both it starts with what the last set has left.",
        )
    if not 0 < own < 1:
        raise DomainError(f"a reliability lies between 0 and 1, not {own!r}", hint="Say, for example, 0.999.")
    if own != gate.reliability:
        raise ContractError(
            f"a reliability of {own!r} is declared for the new set, and {gate.file} says {gate.reliability!r}",
            hint=f"Write `reliability: {own!r}` into the gate file.",
        )
