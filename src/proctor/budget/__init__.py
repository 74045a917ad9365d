"""The account of a test set: what is fixed, what has been said, what is left (theory.md §4)."""

from proctor.budget.account import (
    Account,
    Adaptive,
    Adaptivity,
    Contract,
    Guaranteed,
    Mode,
    Stakes,
    Step,
    fold,
    open_account,
)
from proctor.budget.codes import SPENT, transcript_units

__all__ = [
    "SPENT",
    "Account",
    "Adaptive",
    "Adaptivity",
    "Contract",
    "Guaranteed",
    "Mode",
    "Stakes",
    "Step",
    "fold",
    "open_account",
    "transcript_units",
]
