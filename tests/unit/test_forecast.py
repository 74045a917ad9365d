"""What an account can still do, from the transcript and public facts alone (theory.md §4.2)."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from proctor.budget import Account, Adaptive, Adaptivity, Contract, Guaranteed, Mode, Step, open_account
from proctor.conditions import normalize, parse, slices
from proctor.forecast import Prospect, budget_report
from proctor.planning import Bound, Terms, is_within_reach

RECYCLING = Contract(0.999)
CONDITION = "n - o > 0.02 +/- 0.02"


def prospect(text: str = CONDITION, n_examples: int = 2_000, stakes=None, mode: Mode = Mode.FP_FREE) -> Prospect:
    terms = Terms(mode, RECYCLING.log_error_probability, math.log(0.5), 0.1, Bound.EXACT)
    return Prospect(normalize(parse(text)), terms, n_examples, stakes or Adaptive())


def after(outcomes: str, contract: Contract = RECYCLING, stakes=None) -> Account:
    """The account after passes (``p``) and fails (``f``) in ``fp-free``."""
    account = open_account(contract)
    for outcome in outcomes:
        account = account.after(Step(outcome == "p", stakes or Adaptive()))
    return account


def test_budget_report__says_what_depends_on_slices_that_are_not_known():
    """Books that are read without the test set tell no reach, and do not call it nothing."""
    asked = prospect("n > 0.8 +/- 0.05 on x == 1")

    unknown = budget_report(after(""), asked)
    known = budget_report(after(""), replace(asked, sizes=dict.fromkeys(slices(asked.formula), 2_000)))

    assert (False, None, False) == (unknown.is_reach_known, unknown.next_tolerance, unknown.is_over)
    assert known.is_reach_known
    assert budget_report(after(""), prospect("n > 0.8 +/- 0.05")).next_tolerance == known.next_tolerance


def test_budget_report__fresh():
    """A fresh account has leaked nothing, promises nothing under adaptive stakes, and can resolve what is asked."""
    report = budget_report(after(""), prospect())

    assert (0, 0, None, None, 0.0) == (
        report.evaluations,
        report.passes,
        report.evaluations_left,
        report.passes_left,
        report.leakage_bits,
    )
    assert math.log(0.001 / 5) == pytest.approx(report.next_level_log)
    assert 0.02 == report.asked_tolerance
    assert report.next_tolerance < 0.02


def test_budget_report__leakage_is_the_length_of_the_code():
    """theory.md §4.1: budget and leakage after k passes in h evaluations are the same whatever their order."""
    reports = [budget_report(after(outcomes), prospect()) for outcomes in ("pff", "fpf", "ffp")]

    assert 1 == len({(report.leakage_bits, round(report.next_level_log or 0, 9)) for report in reports})


def test_budget_report__every_outcome_wears_the_set():
    """Each evaluation makes the reachable tolerance coarser and the leakage larger; a pass more than a fail."""
    fresh, failed, passed = (budget_report(after(outcomes), prospect()) for outcomes in ("", "f", "p"))

    assert fresh.leakage_bits < failed.leakage_bits < passed.leakage_bits
    assert fresh.next_tolerance < failed.next_tolerance


def test_budget_report__guaranteed_says_what_is_promised():
    """Under guaranteed stakes the steps and passes left are promised, and counted down."""
    stakes = Guaranteed(10, 3)

    report = budget_report(after("fpf", stakes=stakes), prospect(stakes=stakes))

    assert (7, 2) == (report.evaluations_left, report.passes_left)


@pytest.mark.parametrize("adaptivity", [Adaptivity.FIRST_CHANGE, Adaptivity.FULL])
def test_budget_report__spent(adaptivity):
    """A spent account has no level and no tolerance."""
    contract = Contract(0.999, Mode.FP_FREE, adaptivity, 2)

    report = budget_report(after("ff", contract), prospect())

    assert report.is_spent
    assert (None, None, 0) == (report.next_level_log, report.next_tolerance, report.evaluations_left)
    assert 1.0 == report.share_used


def test_budget_report__none_shows_no_outcome():
    """Under none neither passes nor what they would cost are shown."""
    report = budget_report(after("ff", Contract(0.999, Mode.FP_FREE, Adaptivity.NONE, 5)), prospect())

    assert (2, 3) == (report.evaluations, report.evaluations_left)
    assert report.passes is None
    assert report.passes_left is None
    assert 0.0 == report.leakage_bits


@pytest.mark.parametrize("outcome", ["p", "f"])
def test_budget_report__lasts_about_as_long_as_the_plan_says(outcome):
    """The forecast is an estimate: the tolerance goes out of reach within a fifth (or 3) of the number it names."""
    asked = prospect(n_examples=1_100)
    report = budget_report(after(""), asked)
    said = report.lasts_passes if outcome == "p" else report.lasts_fails

    really = next(
        count
        for count in range(1_000)
        if not is_within_reach(
            asked.formula, asked.terms.at(after(outcome * count).next_log_level(Adaptive())), asked.n_examples
        )
    )

    assert said is not None
    assert abs(said - really) <= max(3, really / 5)


def test_budget_report__no_tolerance_asked():
    """A condition without a tolerance has no end that can be told."""
    report = budget_report(after(""), prospect("n - o > 0.02"))

    assert (None, None, None) == (report.asked_tolerance, report.lasts_passes, report.bits_left)


def test_budget_report__fn_free_counts_fails():
    """In fn-free the outcome that must prove itself is the fail."""
    contract = Contract(0.999, Mode.FN_FREE)

    report = budget_report(after("p", contract), prospect(mode=Mode.FN_FREE))

    assert ("fails", 1) == (report.counts, report.passes)


@pytest.mark.parametrize("outcomes", ["", "ffpf", "f" * 300, "p" * 40])
@pytest.mark.parametrize("outcome", "pf")
def test_budget_report__lasts_as_long_as_step_after_step_says(outcomes, outcome):
    """Steps taken at once end where they end one by one: at the first that leaves too little, and not before."""
    report = budget_report(after(outcomes), prospect(n_examples=4_000))
    lasts = report.lasts_passes if outcome == "p" else report.lasts_fails

    def can(count: int) -> bool:
        """True if what is asked for is within reach by the levels that the report names, after so many more."""
        level = after(outcomes + outcome * count).next_log_level(Adaptive())
        return level >= report.next_level_log - report.bits_left * math.log(2)

    assert lasts is None or (can(lasts - 1) and not can(lasts)) or (lasts == 0 and not can(0))
    assert lasts is not None or can(999)


def test_budget_report__not_foreseen():
    """What is quick to tell stands there; the rest is not known, which is another thing than nothing left."""
    told, quick = (budget_report(after("pf"), prospect(), foresees=foresees) for foresees in (True, False))

    assert (told.evaluations, told.leakage_bits, told.next_level_log) == (
        quick.evaluations,
        quick.leakage_bits,
        quick.next_level_log,
    )
    assert (False, None, None, False) == (quick.is_reach_known, quick.next_tolerance, quick.lasts_passes, quick.is_over)
