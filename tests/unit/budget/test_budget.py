"""The account of a test set: levels, leakage, re-planning (theory.md §4)."""

import math

import pytest

from proctor import errors
from proctor.budget import (
    SPENT,
    Adaptive,
    Adaptivity,
    Contract,
    Guaranteed,
    Mode,
    Step,
    fold,
    open_account,
    stake_units,
    transcript_units,
)

DELTA = 0.001
RECYCLING = Contract(0.999)


def steps(outcomes: str, stakes=None) -> list[Step]:
    """Transcript in a tiny language: P a proven outcome, f any other."""
    return [Step(proven=c == "P", stakes=stakes or Adaptive()) for c in outcomes]


def paper(adaptivity: Adaptivity, n_steps: int = 32, reliability: float = 0.999) -> Contract:
    return Contract(reliability, Mode.FP_FREE, adaptivity, n_steps)


@pytest.mark.parametrize(("passes", "nats"), [(1, 5.75), (2, 8.6), (3, 11.0), (5, 14.9), (8, 19.2)])
def test_lowest_log_level__adaptive(passes, nats):
    """(T) §4.1: within 32 evaluations the k-th pass must prove itself this far below δ."""
    lowest = open_account(RECYCLING).lowest_log_level(Adaptive(32, passes))

    assert nats == pytest.approx(math.log(DELTA) - lowest, abs=0.05)


def test_lowest_log_level__guaranteed():
    """(T) §4.1: 32 steps with 3 passes need 4,992 units."""
    lowest = open_account(RECYCLING).lowest_log_level(Guaranteed(32, 3))

    assert math.log(4992) == pytest.approx(math.log(DELTA) - lowest)


@pytest.mark.parametrize("n_steps", range(1, 9))
def test_transcript_units__recursion(n_steps):
    """(T) §4.1: the closed form fulfills R(r, κ) = R(r−1, κ) + max(1, R(r−1, κ−1)); R(H, 1) = H, R(H, H) = 2^(H−1)."""
    for proofs in range(1, n_steps + 1):
        recursion = transcript_units(n_steps - 1, proofs) + max(1, transcript_units(n_steps - 1, proofs - 1))
        assert recursion == transcript_units(n_steps, proofs)

    assert n_steps == transcript_units(n_steps, 1)
    assert 2 ** (n_steps - 1) == transcript_units(n_steps, n_steps)


@pytest.mark.parametrize("outcomes", ["PPff", "ffPP", "PfPf", "fPPf"])
def test_fold__adaptive_budget_is_a_beta_ratio_whatever_the_order(outcomes):
    """(T) §4.1: after k passes in h evaluations the budget is δ·Β(k+1, h−k+4)/Β(1, 4)."""
    account = fold(RECYCLING, steps(outcomes))

    beta = math.gamma(3) * math.gamma(6) / math.gamma(9) / (math.gamma(1) * math.gamma(4) / math.gamma(5))
    assert math.log(DELTA * beta) == pytest.approx(account.log_budget)


def test_fold__first_adaptive_level_and_leakage():
    """The first level is a fifth of δ, and a pass leaks log2(5) bits."""
    account = fold(RECYCLING, steps("P"))

    assert math.log(DELTA / 5) == pytest.approx(open_account(RECYCLING).next_log_level(Adaptive()))
    assert math.log2(5) == pytest.approx(account.leakage_bits)


def test_next_log_level__paper_policies():
    """none and firstChange test at δ/H, full at δ/2^H."""
    levels = {a: open_account(paper(a)).next_log_level(Adaptive()) for a in Adaptivity if a is not Adaptivity.RECYCLING}

    assert math.log(DELTA / 32) == pytest.approx(levels[Adaptivity.NONE])
    assert math.log(DELTA / 32) == pytest.approx(levels[Adaptivity.FIRST_CHANGE])
    assert math.log(DELTA) - 32 * math.log(2) == pytest.approx(levels[Adaptivity.FULL])


def test_fold__first_change_keeps_its_level_and_ends_at_the_first_proof():
    """firstChange: δ/H at every step; the first PASS retires the set, and so does the last step."""
    contract = paper(Adaptivity.FIRST_CHANGE, 4)

    assert math.log(DELTA / 4) == pytest.approx(fold(contract, steps("fff")).next_log_level(Adaptive()))
    assert fold(contract, steps("fP")).is_spent
    assert fold(contract, steps("ffff")).is_spent
    assert (1, 1) == fold(contract, steps("fff")).left(Adaptive())
    assert (0, 0) == fold(contract, steps("fP")).left(Adaptive())


def test_fold__leakage_of_the_paper_policies():
    """§4: none leaks nothing, full a bit an evaluation, firstChange what the guaranteed code with one pass does."""
    three = steps("fff")

    assert 0.0 == fold(paper(Adaptivity.NONE), three).leakage_bits
    assert 3.0 == pytest.approx(fold(paper(Adaptivity.FULL), three).leakage_bits)
    guaranteed = fold(RECYCLING, steps("fff", Guaranteed(32, 1))).leakage_bits
    assert guaranteed == pytest.approx(fold(paper(Adaptivity.FIRST_CHANGE), three).leakage_bits)


@pytest.mark.parametrize("adaptivity", [Adaptivity.NONE, Adaptivity.FULL])
def test_fold__paper_policies_end_after_their_steps(adaptivity):
    """none and full allow exactly H evaluations, whatever comes out."""
    account = fold(paper(adaptivity, 3), steps("PfP"))

    assert account.is_spent
    assert SPENT == account.next_log_level(Adaptive())


def test_after__guaranteed_goes_on_adaptively_after_the_last_promised_pass():
    """After the K-th PASS a fresh adaptive code goes on with what is left: a unit, a fifth of it at first."""
    stakes = Guaranteed(8, 2)
    account = fold(RECYCLING, steps("fPfP", stakes))

    assert not account.is_spent
    assert account.log_budget + math.log(1 / 5) == pytest.approx(account.next_log_level(stakes))
    assert (None, None) == account.left(stakes)


def test_after__guaranteed_fail_at_the_last_step_spends():
    """A FAIL at step H spends the set, and its leakage stays finite."""
    account = fold(RECYCLING, steps("fff", Guaranteed(3, 1)))

    assert account.is_spent
    assert math.log2(3) == pytest.approx(account.leakage_bits)
    with pytest.raises(errors.DomainError):
        account.after(steps("f")[0])


def test_next_log_level__replanned_stakes_start_afresh_with_what_is_left():
    """Re-planning takes what is left: the new code's promise is counted from there."""
    account = fold(RECYCLING, steps("ff"))

    level = account.next_log_level(Guaranteed(10, 2))

    # After no proof, nine steps with one pass left: max(1, R(9, 1)) of R(10, 2) units.
    assert account.log_budget + math.log(9 / transcript_units(10, 2)) == pytest.approx(level)


def test_next_log_level__expectations_do_not_restart_the_adaptive_code():
    """Under adaptive stakes, steps and passes only size the plan."""
    account = fold(RECYCLING, steps("ffP", Adaptive(32, 3)))

    assert account.next_log_level(Adaptive(32, 3)) == account.next_log_level(Adaptive(500, 9))


def test_after__feedback_is_charged_at_its_code_length():
    """§4.3.2: a message of probability 1/2 costs one bit and halves the budget, under every policy."""
    for contract in (RECYCLING, paper(Adaptivity.FULL)):
        plain = fold(contract, [Step(False, Adaptive())])
        told = fold(contract, [Step(False, Adaptive(), math.log(0.5))])
        assert plain.leakage_bits + 1 == pytest.approx(told.leakage_bits)
        assert plain.next_log_level(Adaptive()) - math.log(2) == pytest.approx(told.next_log_level(Adaptive()))


def test_error_probability__is_exact_in_decimals():
    """1 − 0.9999 is 0.0001, not 9.999999999998899e-05."""
    assert 0.0001 == Contract(0.9999).error_probability


@pytest.mark.parametrize(
    "broken",
    [
        lambda: Contract(1.0),
        lambda: Contract(0.0),
        lambda: Contract(0.99, steps=3),
        lambda: Contract(0.99, adaptivity=Adaptivity.FULL),
        lambda: Contract(0.99, adaptivity=Adaptivity.FULL, steps=0),
        lambda: Guaranteed(3, 4),
        lambda: Adaptive(0, 0),
    ],
)
def test_contract__domain(broken):
    """What cannot be promised is refused."""
    with pytest.raises(errors.DomainError):
        broken()


def test_stake__high_makes_a_pass_cheap_and_a_fail_dear():
    """A declared stake moves the price from the outcome that is expected to the other one."""
    account = open_account(RECYCLING)
    leaks = {
        (stake, proven): account.after(Step(proven, Adaptive(), stake=stake)).leakage_bits
        for stake in (None, stake_units(0.9))
        for proven in (True, False)
    }

    assert leaks[stake_units(0.9), True] < leaks[None, True]
    assert leaks[stake_units(0.9), False] > leaks[None, False]


@pytest.mark.parametrize("stake", [0, -0.5, 0.951, 1, 1e-9, math.nan])
def test_stake_units__refuses_what_is_no_stake(stake):
    """A stake outside its range is refused, and the message names it."""
    with pytest.raises(errors.DomainError, match=repr(stake)):
        stake_units(stake)


@pytest.mark.parametrize("adaptivity", [Adaptivity.NONE, Adaptivity.FIRST_CHANGE, Adaptivity.FULL])
def test_stake__has_no_meaning_under_the_papers_policies(adaptivity):
    """Where levels are fixed a stake is refused, before an evaluation and in a transcript."""
    account = open_account(paper(adaptivity))
    for ask in (lambda: account.next_log_level(Adaptive(), 7), lambda: account.after(Step(True, Adaptive(), stake=7))):
        with pytest.raises(errors.DomainError, match="no meaning"):
            ask()


def test_stake__last_guaranteed_step_that_fails_spends_the_set():
    """Under guaranteed stakes a FAIL at the last step leaves what the declared part still has, or nothing."""
    stakes = Guaranteed(1, 1)

    assert open_account(RECYCLING).after(Step(False, stakes)).is_spent
    assert not open_account(RECYCLING).after(Step(False, stakes, stake=stake_units(0.5))).is_spent
