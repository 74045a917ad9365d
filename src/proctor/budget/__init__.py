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
from proctor.budget.guard import HIGHEST_STAKE, STAKE_UNITS, stake_units
from proctor.budget.inheritance import can_hand_on, inherit
