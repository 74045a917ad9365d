"""
Handing on what a test set has left to the one that follows it (theory.md §4.6, Theorem B2).

An heir uses only examples that no earlier set read, so everything before it, what was released included, is no more
than one more thing that its candidates may depend on. It may therefore start with what is left, and the probability of
a false proof in the lives of all of them stays below the first one's δ.
"""

from __future__ import annotations

from dataclasses import replace

from proctor.budget.account import Account, Adaptivity, Contract, open_account
from proctor.errors import DomainError


def can_hand_on(before: Contract, after: Contract) -> bool:
    """True if a set under one contract can start with what one under the other left: only a code leaves a balance."""
    return before.adaptivity is Adaptivity.RECYCLING and after.adaptivity is Adaptivity.RECYCLING


def inherit(contract: Contract, before: Account) -> Account:
    """
    The account of a test set that starts with all that the one *before* it has left.

    Its code is a fresh one; both balances are handed on where stakes were declared.

    Args:
        contract: The heir's contract.
        before: The account that is closed by this: spent on as well, it would be spent twice.

    Raises:
        DomainError: If one of the two is under a policy of the paper, or nothing is left.
    """
    if not can_hand_on(before.contract, contract):
        raise DomainError("only `adaptivity: recycling` leaves something that can be handed on")
    if before.is_spent:
        raise DomainError("a spent test set has nothing to hand on")
    return replace(open_account(contract), log_budget=before.log_budget, balances=before.balances)
