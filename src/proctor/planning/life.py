"""
The levels over the life of a test set, for each number of passes: what the table of life is about (theory.md §4, §6).

Levels alone; how many examples they take is for `proctor.planning.whole` to say.
"""

from __future__ import annotations

from proctor.budget import Account, Adaptive, Adaptivity, Guaranteed, Stakes

SHOWN_PASSES = (1, 2, 3, 5, 8)
"""Numbers of passes that the table shows beside the expected one, within the expected steps."""


def levels(account: Account, stakes: Stakes) -> tuple[tuple[int | None, tuple[tuple[str, float], ...]], ...]:
    """
    The lowest level of an evaluation within each number of passes, under each kind of stakes.

    Under the paper's policies the level is the same whatever passes: one row, for no number of passes.

    Returns:
        Pairs of the number of passes and (name of the stakes or the policy, natural logarithm of the level).
    """
    adaptivity = account.contract.adaptivity
    if adaptivity is not Adaptivity.RECYCLING:
        return ((None, ((str(adaptivity), account.lowest_log_level(stakes)),)),)
    shown = sorted({passes for passes in (*SHOWN_PASSES, stakes.passes) if passes <= stakes.steps})
    return tuple(
        (
            passes,
            (
                ("adaptive", account.lowest_log_level(Adaptive(stakes.steps, passes))),
                ("guaranteed", account.lowest_log_level(Guaranteed(stakes.steps, passes))),
            ),
        )
        for passes in shown
    )
