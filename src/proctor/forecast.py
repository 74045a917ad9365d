"""
Forecast of the work that an account can still do, in units for people (theory.md §4.2): the public `BudgetReport`.

It is a function of the transcript and of public facts (condition, contract, number of examples, anticipated
disagreement), never of anything that was computed from labels.
"""

from __future__ import annotations

import math
from bisect import bisect_left

from proctor.budget import SPENT, Account, Adaptivity, Mode, Stakes, Step
from proctor.conditions import Formula, clusters, slices
from proctor.frozen import dataclass, field, replace
from proctor.planning import Reach, Sizes, Terms, reachable_tolerance
from proctor.release import BudgetReport
from proctor.stats import normal

_HORIZON = 1_000


@dataclass(frozen=True)
class Prospect:
    """
    The next evaluation, apart from its level.

    Args:
        formula: The condition.
        terms: Mode, power, anticipated disagreement and bound; its level is replaced by the account's.
        n_examples: Size of the test set.
        stakes: How what is left is to be spent.
        sizes: Sizes of the slices that the condition is about, as far as they are known.
    """

    formula: Formula
    terms: Terms
    n_examples: int
    stakes: Stakes
    sizes: Sizes = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """False where the books are read without the test set, and the condition is about slices or clusters of it."""
        counted = {None} if clusters(self.formula) else set()
        return self.sizes.keys() >= {*slices(self.formula), *counted}

    def reach(self, log_level: float) -> Reach:
        """Tolerance that an evaluation at *log_level* reaches, of the clause furthest from what it asks."""
        return reachable_tolerance(self.formula, replace(self.terms, log_level=log_level), self.n_examples, self.sizes)


def budget_report(account: Account, prospect: Prospect, *, foresees: bool = True) -> BudgetReport:
    """
    Report the part of the contract that the transcript has left.

    Args:
        account: The account.
        prospect: The next evaluation.
        foresees: False to leave out the tolerance that it reaches and how long the test set lasts, which takes time.
    """
    mode = account.contract.mode
    log_level = account.next_log_level(prospect.stakes)
    left = account.left(prospect.stakes)
    withheld = account.contract.adaptivity is Adaptivity.NONE
    report = BudgetReport(
        evaluations=account.evaluations,
        passes=None if withheld else account.proofs,
        evaluations_left=left[0],
        passes_left=None if withheld else left[1],
        leakage_bits=round(account.leakage_bits, 6),
        next_level_log=None if log_level == SPENT else log_level,
        next_tolerance=None,
        counts="passes" if mode is Mode.FP_FREE else "fails",
    )
    if log_level == SPENT:
        return report
    if not prospect.is_known or not foresees:
        return replace(report, is_reach_known=False)
    reach = prospect.reach(log_level)
    report = replace(report, next_tolerance=reach.tolerance, asked_tolerance=reach.asked, tolerance_unit=reach.unit)
    if reach.tolerance is None or reach.asked is None:
        return report
    log_end = _log_level_at_which_reach_ends(reach, log_level, prospect.terms.log_miss)
    is_proof_pass = mode is Mode.FP_FREE
    ends_by_reach = account.contract.adaptivity is Adaptivity.RECYCLING
    return replace(
        report,
        lasts_passes=None if withheld else _lasts(account, prospect.stakes, log_end, proven=is_proof_pass),
        lasts_fails=None if withheld else _lasts(account, prospect.stakes, log_end, proven=not is_proof_pass),
        bits_left=max(0.0, (log_level - log_end) / math.log(2)) if ends_by_reach else None,
    )


def _log_level_at_which_reach_ends(reach: Reach, log_level: float, log_miss: float) -> float:
    """
    About the level at which the tolerance asked for is out of reach.

    The reachable tolerance is nearly proportional to z(level) + z(miss), whatever the test; this estimate sizes the
    forecast only, and never decides whether an evaluation may take place.
    """
    assert reach.tolerance is not None and reach.asked is not None  # noqa: S101, PT018  # the caller has checked
    deviations = -normal.quantile(log_level) - normal.quantile(log_miss)
    deviations_at_end = deviations * reach.asked / reach.tolerance + normal.quantile(log_miss)
    return normal.log_cdf(-deviations_at_end)


def _lasts(account: Account, stakes: Stakes, log_end: float, *, proven: bool) -> int | None:
    """Count the further outcomes of one kind in a row until the set is spent or the tolerance out of reach."""
    step = Step(proven, stakes)
    if account.counts_alone(stakes):  # each step lowers the level, and many are taken at once
        found = bisect_left(
            range(_HORIZON), True, key=lambda count: account.after_all([step] * count).next_log_level(stakes) < log_end
        )
        return found if found < _HORIZON else None
    for count in range(_HORIZON):
        if account.is_spent or account.next_log_level(stakes) < log_end:
            return count
        account = account.after(step)
    return None
