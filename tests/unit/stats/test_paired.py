"""Paired differences: edges, deep levels, domains and plans (theory.md §3.2, §3.6, §6)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from proctor.errors import DomainError
from proctor.stats import certified, paired, resolution, score
from proctor.stats.paired import Demand, PairedTest
from proctor.stats.region import sketch

MILLE = math.log(0.001)


def test_rejects__thresholds_that_need_no_data():
    """From 1 up nothing is proven, below -1 everything, at -1 unless all are losses (theory.md §3.2, step 0)."""
    assert not PairedTest(5, 1.0, MILLE).rejects(5, 0)
    assert PairedTest(5, -1.1, MILLE).rejects(0, 5)
    assert not PairedTest(5, -1.0, MILLE).rejects(0, 5)
    assert PairedTest(5, -1.0, MILLE).rejects(0, 4)


def test_rejects__threshold_beyond_the_cap():
    """Models that differ on at most 1 % cannot differ in accuracy by more: no label is needed (theory.md §3.2)."""
    assert PairedTest(0, -0.011, MILLE, disagreement_cap=0.01).rejects(0, 0)
    assert not PairedTest(100, 0.011, MILLE, disagreement_cap=0.01).rejects(1, 0)


def test_rejects__nothing_seen():
    """No examples, no discordant ones, or a spent account prove nothing at a threshold of 0."""
    assert not PairedTest(0, 0.0, MILLE).rejects(0, 0)
    assert not PairedTest(1000, 0.0, MILLE).rejects(0, 0)
    assert not PairedTest(1000, 0.0, -math.inf).rejects(900, 0)


def test_rejects__no_change_proves_non_inferiority():
    """10,000 examples without one difference prove that at most a point was lost."""
    assert PairedTest(10_000, -0.01, MILLE).rejects(0, 0)


def test_rejects__without_a_cap_the_share_of_disagreements_is_learned():
    """The same gain is proven where models rarely differ and not where they often do."""
    test = PairedTest(2_000, 0.0, MILLE)
    assert test.rejects(45, 10)
    assert not test.rejects(535, 500)


@pytest.mark.parametrize("log_level", [-50.0, -300.0, -599.0, -601.0, -690.0, -5_000.0])
def test_rejects__deep_levels(log_level):
    """At any depth overwhelming evidence rejects, and evidence short of Chernoff's best exponent does not."""
    n = 40_000
    test = PairedTest(n, 0.0, log_level)

    assert test.rejects(n, 0)
    short = math.sqrt(1.6 * -log_level * n)
    assert not test.rejects(int((n + short) / 2), n - int((n + short) / 2))


def test_rejects__depth_is_continuous_in_the_level():
    """A smaller level never rejects what a larger one does not, down to and past the change of method."""
    n = 20_000
    levels = [-1.0, -10.0, -100.0, -400.0, -590.0, -610.0, -700.0]
    for wins in (1_100, 1_500, 2_500, 4_900):
        decisions = [PairedTest(n, 0.01, level).rejects(wins, 100) for level in levels]
        assert sorted(decisions, reverse=True) == decisions


def test_p_value__impossible_and_certain():
    """A threshold that cannot be missed has p-value 0, one that cannot be reached 1."""
    assert 0.0 == paired.p_value(0, 5, 5, -2.0, 0.1)
    assert 1.0 == paired.p_value(5, 0, 5, 1.0, 0.1)


def test_p_value__deep_level():
    """Against a level of 1e-280 a bound is given that holds."""
    assert 0 < paired.p_value(9_000, 10, 10_000, 0.0, 1e-280) <= 1e-280


def test_decide__agrees_with_the_bracket_of_the_supremum():
    """Decisions at limits around the supremum are those of its value, to the stated sharpness."""
    test = PairedTest(3_000, 0.02, MILLE)
    extremes = certified.Extremes(3_000, 0.02, 3.2, test.nuisance(300), MILLE)
    found = certified.supremum(extremes, 1e-4, 0.0)

    assert found.upper <= found.lower * 1.0002
    assert certified.decide(extremes, found.upper * 1.001)
    assert not certified.decide(extremes, found.lower * 0.999)


@pytest.mark.parametrize("c", [0.0, 0.02, -0.02])
def test_supremum__covers_every_point(c):
    """No nuisance on a fine grid has a larger probability than the certified bound."""
    test = PairedTest(500, c, MILLE)
    span = test.nuisance(40)
    extremes = certified.Extremes(500, c, float(score.loosened(2.9)), span, MILLE)
    found = certified.supremum(extremes, 0.02, 0.0)

    values, _ = extremes.probability(certified.on_the_boundary(np.linspace(*span, 2_000), c))

    assert values.max() <= found.upper
    assert found.upper <= 1.03 * values.max()


@pytest.mark.parametrize(("n", "c", "disagreement"), [(300, 0.0, 0.2), (900, 0.02, 0.1), (700, -0.03, 0.06)])
def test_region__is_that_of_the_test(n, c, disagreement):
    """Interpolated and settled critical values are those that asking the test gives (theory.md §6)."""
    test = PairedTest(n, c, MILLE)
    region = sketch(test, disagreement, math.log(0.01)).settled()

    for i in range(0, len(region.critical), 7):
        m, wins = region.first + i, int(region.critical[i])
        assert wins > m or test.rejects(wins, m - wins)
        assert wins == 0 or not test.rejects(wins - 1, m - wins + 1)


@pytest.mark.parametrize("n", [300, 330, 360])
def test_settled_for__a_goal_is_met_or_missed_as_by_the_test_itself(n):
    """Settling only what a goal needs leaves the miss on the side of the goal where all critical values put it."""
    drawn = sketch(PairedTest(n, 0.02, MILLE), 0.2, math.log(0.01))
    exact = drawn.settled().log_miss(0.16, 0.2)
    goals = [exact + step for step in (-0.3, -0.02, -0.005, 0.005, 0.02, 0.3)]

    found = [drawn.settled_for(0.16, 0.2, goal).log_miss(0.16, 0.2) for goal in goals]

    assert [exact <= goal for goal in goals] == [miss <= goal for miss, goal in zip(found, goals, strict=True)]


def test_power__symmetric_plan_of_the_golden_query():
    """At 2,750 examples `n - o > 0.02 +/- 0.02` has the power of the SemEval query, against 4,713 of the paper's."""
    level = math.log(0.002 / 7)
    assert PairedTest(2_750, 0.02, level).power(0.06, 0.1) >= 1 - 0.002 / 7


def test_sample_size__golden_query():
    """The plan of the SemEval query needs at most 2,750 examples, and no fewer than the power allows."""
    level = math.log(0.002 / 7)
    demand = Demand(0.02, level, level, disagreement=0.1)

    n = paired.sample_size(demand, 0.02)

    assert n <= 2_750
    assert all(demand.test(k).power(0.06, 0.1) >= 1 - 1.01 * 0.002 / 7 for k in range(n, n + 4))
    assert demand.test(n - 1).power(0.06, 0.1) < 1 - 0.99 * 0.002 / 7


@pytest.mark.parametrize(
    ("demand", "tolerance"),
    [
        (Demand(-0.01, -3.6, math.log(0.2), 0.03), 0.008),
        (Demand(0.01, -10.5, math.log(0.05), 0.03), 0.008),
        (Demand(0.0477, math.log(0.43), math.log(0.73), 0.0572), 0.0021),
    ],
)
def test_sample_size__is_found_where_the_sawtooth_is_steep(demand, tolerance):
    """A slope that the sawtooth hides leads no search astray: it ends, and at a size next to one without the power."""
    n = paired.sample_size(demand, tolerance)

    powers = [demand.test(k).power(demand.threshold + 2 * tolerance, demand.disagreement) for k in range(n - 1, n + 4)]
    assert [False, *4 * [True]] == [1 - power <= math.exp(demand.log_miss) for power in powers]


@pytest.mark.parametrize("tolerance", [0.1, 0.03])
@pytest.mark.parametrize(
    ("c", "disagreement", "cap"), [(0.0, 0.3, 1.0), (-0.05, 0.2, 1.0), (0.0, 0.2, 0.2), (0.0, 1.0, 1.0)]
)
def test_reachable_tolerance__inverts_sample_size(c, disagreement, cap, tolerance):
    """The planned number of examples reaches the tolerance it was planned for, and little more."""
    demand = Demand(c, MILLE, math.log(0.1), disagreement, cap)

    reached = paired.reachable_tolerance(demand, paired.sample_size(demand, tolerance))

    assert tolerance >= reached * (1 - 1e-4)
    assert tolerance == pytest.approx(reached, rel=0.05)


@pytest.mark.parametrize(
    ("demand", "n"),
    [
        (Demand(0.02, math.log(2e-4), math.log(0.1), 0.1), 5_000),
        (Demand(0.0, math.log(0.002), math.log(0.2), 0.1), 1_300),
        (Demand(-0.01, MILLE, MILLE, 0.25, 0.25), 400),
        (Demand(0.0, MILLE, math.log(0.5), 0.1), 60),
        (Demand(0.0, MILLE, MILLE, 0.1), 20),
    ],
)
def test_resolves__is_what_the_reachable_tolerance_says(demand, n):
    """Far from the reachable tolerance and close to it, the quick answer is the one that the tolerance itself gives."""
    reached = paired.reachable_tolerance(demand, n)
    tolerances = [(reached or 0.04) * factor for factor in (0.5, 0.99, 0.999, 1.001, 1.01, 2)]

    quick = [resolution.resolves(demand, tolerance, n) for tolerance in tolerances]

    assert [reached is not None and reached <= tolerance for tolerance in tolerances] == quick


@pytest.mark.parametrize(
    ("demand", "tolerance"),
    [
        (Demand(0.0, MILLE, math.log(0.1), 0.3), 0.03),
        (Demand(0.02, math.log(2e-4), math.log(0.05), 0.1), 0.02),
        (Demand(-0.05, MILLE, MILLE, 0.2), 0.03),
        (Demand(0.0, math.log(0.02), math.log(0.2), 0.1, 0.1), 0.02),
    ],
)
def test_resolves__agrees_with_the_planned_size_to_the_example(demand, tolerance):
    """A test set of the planned size is within reach, and one example less is not."""
    n = paired.sample_size(demand, tolerance)
    assert resolution.resolves(demand, tolerance, n)
    assert not resolution.resolves(demand, tolerance, n - 1)


@pytest.mark.parametrize("level", [math.log(1e-3) - steps * math.log(2) for steps in (22, 29)])
def test_resolves__grants_the_size_that_was_planned(level):
    """Where few examples of one kind decide, too, a test set of the planned size is not refused for its size."""
    for miss in (0.5, 0.1):
        demand = Demand(-0.02, level, math.log(miss), 0.02)
        n = paired.sample_size(demand, 0.01)
        assert resolution.resolves(demand, 0.01 * (1 + resolution.ROUNDING), n)


@pytest.mark.parametrize(("c", "tolerance", "n"), [(0.0, 0.5, 26), (0.5, 0.25, 63), (0.8, 0.1, 171), (0.9, 0.05, 350)])
def test_sample_size__of_a_truth_without_any_loss(c, tolerance, n):
    """Where the new model is right wherever the old one is wrong nothing is missed, and the search still ends."""
    assert n == paired.sample_size(Demand(c, -17.89, MILLE, 1.0), tolerance)


@pytest.mark.parametrize(
    ("demand", "n"),
    [
        (Demand(-0.05, -1.706, -0.7, 0.2), 20),
        (Demand(0.05, -0.7, -0.7, 0.5, 0.6), 10),
        (Demand(-0.01, -1.6, -0.3, 0.604), 50),
        (Demand(0.18, -7.0, -0.05, 0.2, 0.24), 2_000),
        (Demand(0.02, -3.0, -0.05, 0.1403, 0.1684), 1_000),
        (Demand(-0.02, -24.08, -2.3, 0.02, 0.02), 500),
    ],
)
def test_reachable_tolerance__in_corners(demand, n):
    """Half a percent of the tolerance of the exact region, at low power and where a handful of losses decides."""
    settled = sketch(demand.test(n), demand.disagreement, demand.log_miss).settled()
    low, high = demand.threshold, demand.disagreement
    while high - low > 1e-9:
        middle = (low + high) / 2
        is_enough = settled.log_miss(middle, demand.disagreement) <= demand.log_miss
        low, high = (low, middle) if is_enough else (middle, high)
    exact = (high - demand.threshold) / 2

    assert exact == pytest.approx(paired.reachable_tolerance(demand, n), rel=0.005, abs=1e-6)
    assert [False, True] == [resolution.resolves(demand, exact * factor, n) for factor in (0.99, 1.01)]


def test_reachable_tolerance__out_of_reach():
    """Where even the largest difference would not be proven there is no tolerance."""
    assert paired.reachable_tolerance(Demand(0.0, MILLE, MILLE, 0.1), 20) is None
    assert paired.reachable_tolerance(Demand(0.2, MILLE, MILLE, 0.1), 10_000) is None


def test_sample_size__nothing_to_prove():
    """A threshold that the cap makes certain needs no example."""
    assert 0 == paired.sample_size(Demand(-0.2, MILLE, MILLE, 0.1, 0.1), 0.1)
    assert 0.0 == paired.reachable_tolerance(Demand(-0.2, MILLE, MILLE, 0.1, 0.1), 10)


def test_sample_size__at_a_level_no_float_holds():
    """A plan at exp(-700) is made by the exponential bound."""
    demand = Demand(0.0, -700.0, MILLE, 0.5)
    n = paired.sample_size(demand, 0.1)

    assert demand.test(n).power(0.2, 0.5) >= 0.999
    assert demand.test(n - 50).power(0.2, 0.5) < 0.999


@pytest.mark.parametrize(
    "call",
    [
        lambda: PairedTest(-1, 0.0, -1.0),
        lambda: PairedTest(10, math.nan, -1.0),
        lambda: PairedTest(10, 0.0, 0.0),
        lambda: PairedTest(10, 0.0, -1.0, 1.5),
        lambda: PairedTest(10, 0.0, -1.0).rejects(6, 5),
        lambda: PairedTest(10, 0.0, -1.0).rejects(-1, 5),
        lambda: PairedTest(10, 0.0, -1.0).power(0.3, 0.2),
        lambda: PairedTest(10, 0.0, -math.inf).p_value(1, 1),
        lambda: paired.p_value(1, 1, 10, 0.0, 0.0),
        lambda: paired.lower_bound(1, 1, 10, 1.0),
        lambda: paired.sample_size(Demand(0.0, -1.0, -1.0, 0.1), 0.0),
        lambda: paired.sample_size(Demand(0.0, -1.0, -1.0, 0.1), 0.06),
        lambda: paired.sample_size(Demand(0.0, -20.0, -20.0, 1.0), 1e-7),
        lambda: Demand(0.0, -1.0, 0.0, 0.1),
        lambda: Demand(0.0, -math.inf, -1.0, 0.1),
        lambda: Demand(0.0, -1.0, -1.0, 1.1),
    ],
)
def test_domain(call):
    """Arguments outside their domain are refused."""
    with pytest.raises(DomainError):
        call()
