"""
The theorem of theory.md §4.1 by exact enumeration: the chance of any false proof is at most δ.

A developer is a strategy: for each transcript, whether the candidate it leads to is bad. The worst tests pass a bad
candidate with probability exactly a(s), and the worst joint law makes all those events disjoint; so the chance of a
false PASS is at most the sum of a(s) over the bad transcripts whose earlier proofs were all given at good ones.
"""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.budget import Adaptive, Adaptivity, Contract, Guaranteed, Mode, Step, open_account

DELTA = 0.05

CODES = {
    "adaptive": (Contract(0.95), lambda _s: Adaptive()),
    "guaranteed 4/1": (Contract(0.95), lambda _s: Guaranteed(4, 1)),
    "guaranteed 4/2": (Contract(0.95), lambda _s: Guaranteed(4, 2)),
    "guaranteed 3/3": (Contract(0.95), lambda _s: Guaranteed(3, 3)),
    "re-planned": (Contract(0.95), lambda s: Adaptive() if len(s) < 2 else Guaranteed(3, 1 + s.count("P") % 2)),
    "re-planned back": (Contract(0.95), lambda s: Guaranteed(4, 2) if len(s) < 2 else Adaptive()),
    "none": (Contract(0.95, Mode.FP_FREE, Adaptivity.NONE, 4), lambda _s: Adaptive()),
    "firstChange": (Contract(0.95, Mode.FP_FREE, Adaptivity.FIRST_CHANGE, 4), lambda _s: Adaptive()),
    "full": (Contract(0.95, Mode.FP_FREE, Adaptivity.FULL, 4), lambda _s: Adaptive()),
}


def levels(contract, stakes_of, depth):
    """Level of every transcript of at most *depth* outcomes that can be reached."""
    found = {}

    def visit(transcript, account):
        if len(transcript) >= depth or account.is_spent:
            return
        stakes = stakes_of(transcript)
        found[transcript] = math.exp(account.next_log_level(stakes))
        for outcome in "Pf":
            visit(transcript + outcome, account.after(Step(outcome == "P", stakes)))

    visit("", open_account(contract))
    return found


def worst_case(level_of):
    """
    Largest Σ a(s) over all assignments of good and bad: (false proof chance) ≤ this, by the union bound.

    At each transcript either it is bad (its level counts, and nothing after its PASS does: that proof was the first
    false one) or good (its level does not count and both branches go on). Enumerated by recursion over the tree.
    """

    def best(s):
        if s not in level_of:
            return 0.0
        after_fail = best(s + "f")
        return after_fail + max(level_of[s], best(s + "P"))

    return best("")


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("name", [n for n in CODES if n not in ("none",)])
def test_account__no_strategy_exceeds_delta(name, depth):
    """(T) §4.1: the theorem holds for every code, at every depth, against the worst assignment of good and bad."""
    assert worst_case(levels(*CODES[name], depth)) <= DELTA * (1 + 1e-12)


def test_account__none_is_a_union_bound_over_fixed_candidates():
    """Under none the candidates do not depend on outcomes: H levels along one path sum to δ."""
    level_of = levels(*CODES["none"], 4)

    assert pytest.approx(DELTA) == sum(level_of["f" * h] for h in range(4))


@pytest.mark.parametrize("name", ["adaptive", "guaranteed 3/3", "guaranteed 4/2", "re-planned"])
def test_account__all_assignments_one_by_one(name):
    """(T) §4.1: the recursion of the test above agrees with all 2^7 assignments of good and bad for three steps."""
    level_of = levels(*CODES[name], 3)
    nodes = sorted(level_of)

    def chance(bad):
        return sum(level_of[s] for s in bad if not any(s[:i] in bad for i in range(len(s)) if s[i] == "P"))

    largest = max(
        chance({n for n, is_bad in zip(nodes, flags, strict=True) if is_bad})
        for flags in itertools.product([False, True], repeat=len(nodes))
    )

    assert worst_case(level_of) == pytest.approx(largest)
    assert largest <= DELTA * (1 + 1e-12)


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.one_of(
                st.builds(Adaptive, st.just(9), st.integers(1, 9)),
                st.integers(1, 5).flatmap(lambda h: st.builds(Guaranteed, st.just(h), st.integers(1, h))),
            ),
            st.sampled_from([0.0, math.log(0.5), math.log(1 / 33)]),
        ),
        max_size=12,
    )
)
def test_account__budget_never_grows_and_levels_never_exceed_it(transcript):
    """Whatever is re-planned or released, 0 ≤ level ≤ budget, and the budget splits into PASS and FAIL."""
    account = open_account(Contract(0.95))
    for proven, stakes, message in transcript:
        if account.is_spent:
            break
        level = math.exp(account.next_log_level(stakes))
        budget = math.exp(account.log_budget)
        passed = account.after(Step(True, stakes))
        failed = account.after(Step(False, stakes))
        assert math.exp(passed.log_budget) + math.exp(failed.log_budget) == pytest.approx(budget)
        assert level == pytest.approx(math.exp(passed.log_budget))
        account = account.after(Step(proven, stakes, message))


def test_account__feedback_sums_to_its_alphabet():
    """(T) §4.3.2: over a feedback alphabet with probabilities π the budgets after one outcome sum to that outcome's."""
    probabilities = [0.5, 0.3, 0.2]
    account = open_account(Contract(0.95))

    split = [account.after(Step(True, Adaptive(), math.log(p))).log_budget for p in probabilities]

    whole = account.after(Step(True, Adaptive())).log_budget
    assert math.exp(whole) == pytest.approx(sum(math.exp(b) for b in split))
