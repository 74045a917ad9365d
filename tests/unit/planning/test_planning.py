"""From a condition and a contract to examples and labels."""

from __future__ import annotations

import itertools
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binom

from proctor import conditions, planning
from proctor.budget import Adaptive, Adaptivity, Contract, Guaranteed, Mode, Step, open_account
from proctor.conditions import Formula, Truth
from proctor.errors import BudgetSpent, DomainError, Misuse, ToleranceOutOfReach
from proctor.planning import Bound, Plan, Request, Terms, paper
from proctor.planning.exact import sizings
from proctor.stats.paired import PairedTest

GOLDEN = json.loads((Path(__file__).parent / "golden_easeml.json").read_text())


def formula_of(text: str) -> Formula:
    return conditions.normalize(conditions.parse(text))


def request_of(**changes: Any) -> Request:
    fields = {"reliability": 0.998, "adaptivity": "none", "steps": 7, "mode": "fp-free", **changes}
    adaptivity = Adaptivity(fields.pop("adaptivity"))
    steps, reliability, mode = fields.pop("steps"), fields.pop("reliability"), Mode(fields.pop("mode"))
    stakes = fields.pop("stakes", Adaptive(steps, min(3, steps)))
    contract = Contract(reliability, mode, adaptivity, None if adaptivity is Adaptivity.RECYCLING else steps)
    return Request(contract, stakes, **fields)


def plan_of(text: str, **changes: Any) -> Plan:
    return planning.plan(formula_of(text), request_of(**changes))


def terms_of(**changes: Any) -> Terms:
    return Terms(**{"mode": Mode.FP_FREE, "log_level": math.log(0.001), "log_miss": math.log(0.1), **changes})


# --- feedback --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stakes", [Adaptive(6, 2), Guaranteed(6, 2)], ids=["adaptive", "guaranteed"])
def test_terms__feedback_lowers_the_level_as_the_account_does(stakes: Adaptive | Guaranteed) -> None:
    """The planned level is the lowest of any life within the expected steps and passes, feedback included."""
    bits, contract = 1.5, Contract(0.99)
    message = -bits * math.log(2)
    planned = Request(contract, stakes, feedback_bits=bits).terms().log_level

    levels = []
    for outcomes in itertools.product([False, True], repeat=stakes.steps - 1):
        account = open_account(contract)
        for proven in outcomes if sum(outcomes) < stakes.passes else ():
            account = account.after(Step(proven, stakes, message))
        levels.append(account.next_log_level(stakes))

    assert min(levels) == pytest.approx(planned, rel=1e-9)


def test_plan__feedback_is_priced_before_anybody_agrees() -> None:
    """The plan is made for what feedback leaves, and says what it costs in bits and in examples."""
    asked = {"adaptivity": "recycling", "steps": 8, "disagreement": 0.1, "power": 0.9}

    plain, priced = (plan_of("n - o > 0.02 +/- 0.02", feedback_bits=bits, **asked) for bits in (0.0, 2.0))

    assert plain.log_level - 14 * math.log(2) == pytest.approx(priced.log_level)
    assert plain.examples < priced.examples
    (note,) = set(priced.notes) - set(plain.notes)
    assert "up to 2 bits with each verdict, 14 bits before the last of 8 steps" in note
    assert f"without it {plain.examples:,} examples would do" in note


# --- the paper's figures ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", GOLDEN["sample_sizes"], ids=lambda r: f"{r['reliability']}-{r['tolerance']}")
def test_plan__papers_table(row: dict[str, Any]) -> None:
    """Hoeffding's sizes of the paper's table come out to the digit (theory.md §3.4)."""
    asked = {key: row[key] for key in ("reliability", "steps", "adaptivity")}
    accuracy = plan_of(f"n > 0.5 +/- {row['tolerance']}", bound=Bound.HOEFFDING, **asked)
    difference = plan_of(f"n - o > 0.02 +/- {row['tolerance']}", bound=Bound.HOEFFDING, **asked)

    assert (row["one_variable"], row["difference"]) == (accuracy.examples, difference.examples)


@pytest.mark.parametrize("row", GOLDEN["worked"], ids=lambda r: f"{r['condition']}-{r['bound']}")
def test_plan__papers_worked_examples(row: dict[str, Any]) -> None:
    """The paper's worked examples come out to the digit (theory.md §3.4); 44,269 where it prints 44,268."""
    asked = {key: row[key] for key in ("reliability", "steps", "adaptivity")}

    found = plan_of(row["condition"], bound=Bound(row["bound"]), disagreement=row.get("variance_bound"), **asked)

    assert row["n"] == found.examples


def test_plan__first_change_equals_none() -> None:
    """The paper gives firstChange the level of none, and N is not 0 (defect 1 of its public code)."""
    sizes = {
        plan_of("n - o > 0.02 +/- 0.02", adaptivity=policy, bound=Bound.HOEFFDING).examples
        for policy in ("none", "firstChange")
    }

    assert {44269} == sizes


def test_plan__bennett_with_a_clause_on_d() -> None:
    """The paper's first pattern: a/2 each, p = A + 2B; and only disagreements are labeled."""
    found = plan_of("d < 0.08 +/- 0.01 /\\ n - o > 0.02 +/- 0.02", bound=Bound.BENNETT)

    p, a = 0.1, 0.002 / 7 / 2
    expected = math.ceil(math.log(2 / a) / (p * ((1 + 0.02 / p) * math.log1p(0.02 / p) - 0.02 / p)))
    assert expected == found.clauses[1].examples
    assert "shows" in found.clauses[1].reason
    assert 0 == found.clauses[0].labels


def test_plan__bennett_assumption_is_said() -> None:
    """Where nothing checks the disagreement that Bennett's bound rests on, the plan says so."""
    found = plan_of("n - o > 0.02 +/- 0.02", bound=Bound.BENNETT, disagreement=0.1)

    assert (4713, 471) == (found.examples, found.labels)
    assert any("no clause checks" in note for note in found.notes)


def test_requirements__a_disjunction_checks_nothing() -> None:
    """A clause on d bounds the variance only where it must hold as well."""
    formula = formula_of("d < 0.08 +/- 0.01 \\/ n - o > 0.02 +/- 0.02")

    needs = paper.requirements(formula, terms_of(bound=Bound.BENNETT))

    assert [None, None] == [need.variance for need in needs]


@pytest.mark.parametrize(
    ("condition", "estimate", "expected"),
    [
        ("n - o > 0.02 +/- 0.02", 0.0401, Truth.TRUE),
        ("n - o > 0.02 +/- 0.02", 0.039, Truth.UNKNOWN),
        ("n - o > 0.02 +/- 0.02", -0.001, Truth.FALSE),
        ("d < 0.1 +/- 0.01", 0.089, Truth.TRUE),
        ("d < 0.1 +/- 0.01", 0.111, Truth.FALSE),
    ],
)
def test_requirement__papers_decision(condition: str, estimate: float, expected: Truth) -> None:
    """The paper decides the estimate against threshold ± tolerance, and does not ignore the tolerance (defect 2)."""
    (need,) = paper.requirements(formula_of(condition), terms_of(bound=Bound.HOEFFDING))

    assert expected is need.truth(estimate, need.sample_size())


def test_requirement__too_few_examples() -> None:
    """Below the paper's own size its decision promises nothing, so it is refused."""
    (need,) = paper.requirements(formula_of("n > 0.8 +/- 0.05"), terms_of(bound=Bound.HOEFFDING))

    with pytest.raises(ToleranceOutOfReach, match="Hoeffding"):
        need.truth(0.99, need.sample_size() - 1)


def test_requirement__assumption_contradicted() -> None:
    """A sample with more changed predictions than Bennett's bound assumes decides nothing."""
    (need,) = paper.requirements(formula_of("n - o > 0.02 +/- 0.02"), terms_of(bound=Bound.BENNETT, disagreement=0.1))

    assert Truth.UNKNOWN is need.truth(0.09, 10_000, disagreement=0.12)
    assert Truth.TRUE is need.truth(0.09, 10_000, disagreement=0.09)


# --- the exact tests -------------------------------------------------------------------------------------------------


def smallest_binomial(threshold: float, truth: float, level: float, miss: float) -> int:
    """The definition: the first of eight sizes in a row at which the exact test has its power."""
    run = n = 0
    while run < 8:
        n += 1
        k = int(binom.isf(level, n, threshold))
        k += binom.sf(k - 1, n, threshold) > level
        run = run + 1 if k <= n and binom.cdf(k - 1, n, truth) <= miss else 0
    return n - 7


@pytest.mark.parametrize(
    ("threshold", "tolerance", "level", "miss"),
    [(0.5, 0.1, 0.01, 0.01), (0.8, 0.05, 0.01, 0.1), (0.02, 0.02, 0.01, 0.05), (0.9, 0.05, 0.01, 0.1)],
)
@pytest.mark.parametrize("above", [True, False])
def test_sample_size__proportion_is_the_smallest(
    threshold: float, tolerance: float, level: float, miss: float, above: bool
) -> None:
    """The size of the exact binomial test is the first that works at it and the next few, on either side (§6)."""
    text = f"n > {threshold} +/- {tolerance}" if above else f"n < {round(1 - threshold, 6)} +/- {tolerance}"
    (sizing,) = sizings(formula_of(text), terms_of(log_level=math.log(level), log_miss=math.log(miss)))

    n = sizing.sample_size()

    assert smallest_binomial(threshold, threshold + 2 * tolerance, level, miss) == n
    assert sizing.resolves(n)
    assert sizing.tolerance(n) <= tolerance * (1 + 1e-9)  # type: ignore[operator]


def test_sample_size__difference_has_its_power() -> None:
    """The planned paired test reaches the power at threshold + 2 tolerances, a twentieth fewer examples do not."""
    (sizing,) = sizings(formula_of("n - o > 0.02 +/- 0.02"), terms_of(disagreement=0.1))
    n = sizing.sample_size()

    assert PairedTest(n, 0.02, math.log(0.001)).power(0.06, 0.1) >= 0.9
    assert PairedTest(int(0.95 * n), 0.02, math.log(0.001)).power(0.06, 0.1) < 0.9
    assert sizing.resolves(n)
    assert not sizing.resolves(int(0.95 * n))


def test_plan__difference_below_is_the_models_exchanged() -> None:
    """`n - o < c` needs as many examples as `o - n > -c`."""
    below = plan_of("n - o < 0.02 +/- 0.02", disagreement=0.2, power=0.9)
    above = plan_of("n - o > -0.02 +/- 0.02", disagreement=0.2, power=0.9)

    assert below.examples == above.examples


def test_plan__fn_free_plans_the_other_side() -> None:
    """Where FAIL is the proven outcome, the truth to be detected lies two tolerances below the threshold (§6)."""
    assert plan_of("n > 0.7 +/- 0.02", mode="fn-free").examples == plan_of("n < 0.7 +/- 0.02", mode="fp-free").examples


def test_plan__semeval_label_cost() -> None:
    """Query I of the paper's experiment at symmetric power: at most 2,750 examples against Bennett's 4,713."""
    found = plan_of("n - o > 0.02 +/- 0.02", disagreement=0.1, power=1 - 0.002 / 7)

    assert found.examples <= 2750
    assert 4713 == found.paper.bennett
    assert round(0.1 * found.examples) == found.labels


def test_plan__clause_on_d_is_the_cap() -> None:
    """theory.md §2 (T): with `d < A` beside it the difference is planned at full level with A as bound and guess."""
    capped = plan_of("d < 0.1 +/- 0.02 /\\ n - o > 0.02 +/- 0.02", power=0.9)
    guessed = plan_of("n - o > 0.02 +/- 0.02", disagreement=0.1, power=0.95)  # the miss is shared by two clauses
    worst = plan_of("n - o > 0.02 +/- 0.02", power=0.95)

    assert capped.clauses[1].examples <= guessed.examples < worst.examples / 5  # type: ignore[operator]
    assert capped.clauses[1].log_level == pytest.approx(capped.log_level)
    assert round(0.1 * capped.examples) == capped.labels


def test_plan__conjunction_costs_no_level() -> None:
    """theory.md §2: under fp-free every clause of an AND is planned at the whole level; an OR divides it."""
    both = plan_of("n > 0.8 +/- 0.05 /\\ o > 0.7 +/- 0.05")
    either = plan_of("n > 0.8 +/- 0.05 \\/ o > 0.7 +/- 0.05")

    assert {both.log_level} == {clause.log_level for clause in both.clauses}
    assert [either.log_level - math.log(2)] * 2 == pytest.approx([clause.log_level for clause in either.clauses])


def test_plan__labels() -> None:
    """A clause on d needs no label, a difference those of the disagreements, an accuracy all."""
    on_d = plan_of("d < 0.1 +/- 0.02")
    accuracy = plan_of("n > 0.8 +/- 0.05 /\\ d < 0.1 +/- 0.02")

    assert (0, accuracy.examples) == (on_d.labels, accuracy.labels)


def test_plan__anchor_has_its_own_disagreement() -> None:
    """`n - a` takes the declared disagreement too, and the plan says so; a cap on d is not its cap."""
    said = plan_of("n - o > 0 +/- 0.02 /\\ n - a > 0 +/- 0.02", disagreement=0.1, power=0.9)
    unsaid = plan_of("n - a > 0 +/- 0.02 /\\ d < 0.1 +/- 0.02", power=0.9)

    assert said.clauses[0].examples == said.clauses[1].examples
    assert round(0.2 * said.examples) == said.labels
    assert unsaid.labels == unsaid.examples
    assert any("anchor" in note for note in said.notes)


# --- linear expressions ----------------------------------------------------------------------------------------------


def test_plan__linear_by_the_hinge_bound() -> None:
    """A linear expression is one bounded value, planned by the hinge bound, below the paper's composite."""
    found = plan_of("n - 1.1 * o > 0.01 +/- 0.02", disagreement=0.15, power=0.9)

    assert found.examples < found.paper.hoeffding  # type: ignore[operator]
    assert "hinge" in found.clauses[0].reason


def test_plan__simulation_sharpens() -> None:
    """Simulating the betting test needs fewer examples than the hinge bound, repeatably, and tells how far it is."""
    told: list[float] = []
    request = request_of(disagreement=0.15, power=0.9, adaptivity="none", reliability=0.99, simulate=True)
    formula = formula_of("n - 1.1 * o > 0.01 +/- 0.05")

    first = planning.plan(formula, request, told.append)
    second = planning.plan(formula, request)
    bound = plan_of("n - 1.1 * o > 0.01 +/- 0.05", disagreement=0.15, power=0.9, reliability=0.99)

    assert first.examples == second.examples < bound.examples / 2
    assert told
    assert sorted(told) == told
    assert 1.0 == told[-1]
    assert planning.is_within_reach(formula, request.terms(), round(1.3 * first.examples))


def test_plan__linear_below_mirrors() -> None:
    """For `<` the expression is mirrored in its range."""
    above = plan_of("2 * n - o > 0.3 +/- 0.1", power=0.9)
    below = plan_of("o - 2 * n < -0.3 +/- 0.1", power=0.9)

    assert above.examples == below.examples


def test_plan__linear_of_disagreements_needs_only_their_labels() -> None:
    """Where agreement makes the expression zero, only disagreements need labels."""
    found = plan_of("n - o - d > -0.2 +/- 0.05", disagreement=0.2, power=0.9)

    assert round(0.2 * found.examples) == found.labels


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "changes", "named"),
    [
        ("n - o > 0.02 +/- 0.02", {"disagreement": 0.05}, "disagreement"),
        ("n - o < -0.02 +/- 0.02", {"disagreement": 0.05}, "disagreement"),
        ("n > 0.9 +/- 0.1", {}, "tolerance"),
        ("d < 0.1 +/- 0.06", {}, "tolerance"),
        ("n - o > 0.02 +/- 0.02 /\\ d < 0.05 +/- 0.01", {}, "disagreement"),
        ("n - 1.1 * o > 0.02 +/- 0.02", {"disagreement": 0.05}, "disagreement"),
    ],
)
def test_plan__can_never_pass(condition: str, changes: dict[str, Any], named: str) -> None:
    """A plan whose alternative cannot be is refused, naming the key to change."""
    with pytest.raises(Misuse, match="could never pass") as caught:
        plan_of(condition, **changes)

    assert named in caught.value.hint


@pytest.mark.parametrize("threshold", ["0.99", "0.8666", "0.97"])
def test_plan__says_the_widest_tolerance(threshold: str) -> None:
    """A tolerance that leads out of what can be is refused with one that does not, and that is planned."""
    with pytest.raises(Misuse) as caught:
        plan_of(f"n > {threshold} +/- 0.2")

    widest = re.search(r"which can be (\S+) at most here", caught.value.hint)
    assert widest is not None
    assert plan_of(f"n > {threshold} +/- {widest[1]}").examples > 0
    with pytest.raises(Misuse):
        plan_of(f"n > {threshold} +/- {1.1 * float(widest[1])}")


@pytest.mark.parametrize(
    "condition",
    ["n > 0.5 +/- 0.000001", "n - o > 0.02 +/- 0.000001", "n - 1.1 * o > 0 +/- 0.000001", "d > 1e-12 +/- 1e-12"],
)
def test_plan__more_examples_than_anybody_has(condition: str) -> None:
    """A tolerance that a thousand million examples do not resolve is refused, soon."""
    with pytest.raises(DomainError, match="more than 1,000,000,000 examples would be needed") as caught:
        plan_of(condition, disagreement=0.1)

    assert "wider tolerance" in caught.value.hint


def test_plan__barely_possible() -> None:
    """An alternative exactly at the edge is planned: every change is a win."""
    assert plan_of("n - o > 0.02 +/- 0.02", disagreement=0.06, power=0.9).examples > 0
    assert plan_of("n > 0.9 +/- 0.05", power=0.9).examples > 0


def test_plan__neither_tolerance_nor_examples() -> None:
    """Without a tolerance there is nothing to plan for, and the error says what to add."""
    with pytest.raises(Misuse, match="names no tolerance") as caught:
        plan_of("n - o > 0.02")

    assert "--examples" in caught.value.hint


@pytest.mark.parametrize(
    "changes", [{"power": 0.0}, {"power": 1.0}, {"examples": 0}, {"disagreement": 0.0}, {"disagreement": 1.5}]
)
def test_request__outside_the_domain(changes: dict[str, Any]) -> None:
    """Figures outside their domain are refused."""
    with pytest.raises(DomainError):
        request_of(**changes).terms()


# --- examples at hand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("condition", ["n > 0.8 +/- 0.03", "n - o > 0.02 +/- 0.02", "n - 1.1 * o > 0.01 +/- 0.1"])
@pytest.mark.parametrize("bound", list(Bound))
def test_reach__of_the_planned_examples_is_the_asked_tolerance(condition: str, bound: Bound) -> None:
    """The planned number of examples is within reach, half of it is not."""
    formula, request = formula_of(condition), request_of(disagreement=0.25, bound=bound, power=0.9)
    planned = planning.plan(formula, request).examples

    reach = planning.reachable_tolerance(formula, request.terms(), planned)

    assert planning.is_within_reach(formula, request.terms(), planned)
    assert reach.tolerance <= reach.asked * 1.002  # type: ignore[operator]
    if "1.1" not in condition or bound is not Bound.EXACT:  # the hinge bound asks for more than betting needs
        assert not planning.is_within_reach(formula, request.terms(), planned // 2)


def test_reach__of_the_clause_furthest_from_what_it_asks() -> None:
    """Of several clauses the one furthest from its own tolerance is reported."""
    formula = formula_of("n > 0.8 +/- 0.05 /\\ n > 0.7 +/- 0.01 /\\ n > 0.6")

    reach = planning.reachable_tolerance(formula, terms_of(), 1000)

    assert (1, 0.01) == (reach.clause_index, reach.asked)


def test_reach__spent_account() -> None:
    """A spent account reaches nothing, and nothing can be planned at its level."""
    formula, terms = formula_of("n > 0.8 +/- 0.05"), terms_of(log_level=-math.inf)

    assert planning.reachable_tolerance(formula, terms, 10**6).tolerance is None
    assert not planning.is_within_reach(formula, terms, 10**6)


@pytest.mark.parametrize("condition", ["n > 0.8", "n - o > 0.02", "n - 1.1 * o > 0.01"])
def test_reach__no_tolerance_asked(condition: str) -> None:
    """A clause that asks for no tolerance is within reach as soon as some outcome would prove it."""
    formula, terms = formula_of(condition), terms_of(disagreement=0.5)

    assert not planning.is_within_reach(formula, terms, 3)
    assert planning.is_within_reach(formula, terms, 5000)
    assert planning.reachable_tolerance(formula, terms, 3).tolerance is None


def test_plan__examples_at_hand() -> None:
    """With examples at hand the plan says what they reach, and whether that is enough; so does the table of life."""
    few, many = (plan_of("n > 0.8 +/- 0.03", examples=n, adaptivity="recycling") for n in (1000, 9000))

    assert (False, True) == (few.enough, many.enough)
    assert few.reach.tolerance > 0.03 > many.reach.tolerance  # type: ignore[union-attr, operator]
    assert all(cell.tolerance is not None for row in few.life for _, cell in row.cells)
    assert few.examples == many.examples


def test_plan__no_tolerance_with_examples() -> None:
    """Without a tolerance the plan is for the examples at hand."""
    found = plan_of("n - o > 0.02", examples=5000, disagreement=0.1)

    assert (5000, 500, None) == (found.examples, found.labels, found.clauses[0].examples)
    assert 0 < found.clauses[0].reached < 0.04  # type: ignore[operator]


# --- the life of the set ---------------------------------------------------------------------------------------------


def test_life__levels_of_the_account() -> None:
    """Each row holds the account's own lowest level within so many passes, adaptive beside guaranteed."""
    request = request_of(adaptivity="recycling", steps=32, stakes=Guaranteed(32, 4))
    account = open_account(request.contract)

    rows = planning.plan(formula_of("n > 0.8 +/- 0.03"), request).life

    assert [1, 2, 3, 4, 5, 8] == [row.passes for row in rows]
    for row in rows:
        expected = (Adaptive(32, row.passes or 0), Guaranteed(32, row.passes or 0))
        assert [account.lowest_log_level(stakes) for stakes in expected] == [cell.log_level for _, cell in row.cells]


def test_life__more_passes_take_more() -> None:
    """Examples grow with the passes, and every exact row equals a plan made for it."""
    rows = plan_of("n > 0.8 +/- 0.03", adaptivity="recycling", steps=32).life
    sizes = [dict(row.cells)["adaptive"].examples for row in rows]

    assert sorted(sizes) == sizes  # type: ignore[type-var]
    assert sizes[0] == plan_of("n > 0.8 +/- 0.03", adaptivity="recycling", stakes=Adaptive(32, 1), steps=32).examples


def test_life__scaled_rows_are_close() -> None:
    """Rows that are scaled instead of searched anew come within two parts in a hundred of a plan made for them."""
    text = "n - o > 0.02 +/- 0.03"
    common = {"adaptivity": "recycling", "steps": 16, "disagreement": 0.2, "power": 0.9}
    row = plan_of(text, **common).life[0]
    cell = dict(row.cells)["guaranteed"]

    assert cell.is_rough
    assert plan_of(text, stakes=Guaranteed(16, 1), **common).examples == pytest.approx(cell.examples, rel=0.02)


def test_life__of_a_simulated_plan() -> None:
    """Rows of a plan that was simulated are scaled from it, and are not the hinge bound's, several times as large."""
    common = {"adaptivity": "recycling", "steps": 16, "disagreement": 0.1, "power": 0.9, "simulate": True}
    rows = plan_of("2 * n - o > 0.5 +/- 0.1", reliability=0.99, **common).life
    first, planned, last = (dict(rows[i].cells)["adaptive"] for i in (0, 2, 3))
    anew = plan_of("2 * n - o > 0.5 +/- 0.1", reliability=0.99, stakes=Adaptive(16, 1), **common).examples

    assert (True, False, True) == (first.is_rough, planned.is_rough, last.is_rough)
    assert first.examples < planned.examples < last.examples  # type: ignore[operator]
    assert anew == pytest.approx(first.examples, rel=0.05)


def test_life__levels_that_no_float_holds_are_not_scaled_from() -> None:
    """Chernoff's bound takes over below e^-600, and needs more: rows above it are searched anew."""
    common = {"adaptivity": "recycling", "steps": 1000, "disagreement": 0.5, "power": 0.9}
    deep = plan_of("n - o > 0 +/- 0.1", stakes=Adaptive(1000, 900), **common)
    row = dict(deep.life[2].cells)["adaptive"]

    assert deep.log_level < -600 < row.log_level
    assert plan_of("n - o > 0 +/- 0.1", stakes=Adaptive(1000, 3), **common).examples == row.examples


def test_life__tolerances_of_few_examples() -> None:
    """Where the planned level reaches no tolerance, or hardly one, the others still say what they reach."""
    common = {"adaptivity": "recycling", "steps": 32, "disagreement": 0.1, "reliability": 0.999, "examples": 600}
    done = plan_of("n - o > 0.02 +/- 0.01", **common)
    once = plan_of("n - o > 0.02 +/- 0.01", stakes=Adaptive(32, 1), **common)

    assert done.reach is not None
    assert once.reach is not None
    assert done.reach.tolerance is None
    assert once.reach.tolerance == dict(done.life[0].cells)["adaptive"].tolerance


def test_life__fixed_policy_has_one_level() -> None:
    """Under the paper's policies every evaluation has the same level, so the table has one row."""
    (row,) = plan_of("n > 0.8 +/- 0.03", adaptivity="full").life

    assert row.passes is None
    assert ["full"] == [name for name, _ in row.cells]


def test_tolerance_curve__falls() -> None:
    """Wider tolerances take fewer examples; multiples that could never pass are left out."""
    formula, request = formula_of("n - o > 0.02 +/- 0.02"), request_of(disagreement=0.1, power=0.9)
    done = planning.plan(formula, request)

    curve = dict(planning.tolerance_curve(formula, request, done))

    assert done.examples == curve[1.0]
    assert sorted(curve.values(), reverse=True) == list(curve.values())
    assert max(curve) == 2.0


def test_tolerance_curve__of_a_simulated_plan() -> None:
    """Every point is scaled from what was simulated, so the curve has no step at the asked tolerance."""
    formula = formula_of("2 * n - o > 0.5 +/- 0.1")
    request = request_of(disagreement=0.1, power=0.9, reliability=0.99, simulate=True)
    done = planning.plan(formula, request)

    curve = dict(planning.tolerance_curve(formula, request, done))

    assert done.examples == curve[1.0]
    assert curve[0.85] < 1.6 * curve[1.0]


def test_sizings__spent_account() -> None:
    """A plan at a level of zero is refused."""
    request = request_of(reliability=1 - 2**-52, steps=10**6, adaptivity="full")
    assert plan_of("n > 0.8 +/- 0.2", steps=3000, adaptivity="full", bound=Bound.HOEFFDING).examples > 0
    assert request.terms().log_level < -690_000

    with pytest.raises(BudgetSpent):
        planning.whole._sizings(formula_of("n > 0.8 +/- 0.03"), terms_of(log_level=-math.inf))


# --- slices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["n > 0.8 +/- 0.05", "n - o > 0.02 +/- 0.02", "n - 1.1 * o > 0 +/- 0.05"])
def test_plan__a_slice_takes_what_a_whole_test_set_takes(text: str) -> None:
    """A clause on a slice needs as many examples of the slice as it would need of any test set."""
    whole, of_slice = plan_of(text, disagreement=0.1), plan_of(f"{text} on x == 1", disagreement=0.1)

    assert (("x == 1", whole.examples),) == of_slice.slices
    assert () == whole.slices
    assert (whole.examples, whole.labels) == (of_slice.examples, of_slice.labels)
    assert any("from the slice" in note for note in of_slice.notes)


def test_plan__slices_are_planned_side_by_side() -> None:
    """Each slice has its own number; labels are those of all slices together."""
    one, two = plan_of("n > 0.8 +/- 0.05"), plan_of("n > 0.8 +/- 0.02")

    both = plan_of("n > 0.8 +/- 0.05 on x == 1 or n > 0.8 +/- 0.02 on x == 2", mode="fn-free")

    assert ["x == 1", "x == 2"] == [name for name, _ in both.slices]
    assert both.examples == max(size for _, size in both.slices)
    assert both.labels == sum(size for _, size in both.slices)
    assert one.examples < two.examples


def test_reach__is_that_of_the_slice() -> None:
    """The clause furthest from what it asks may be one on a small slice; on one of unknown size nothing is reached."""
    both = formula_of("n > 0.8 +/- 0.05 and n > 0.8 +/- 0.05 on x == 1")
    (slice_,) = conditions.slices(both)

    of_whole = planning.reachable_tolerance(formula_of("n > 0.8 +/- 0.05"), terms_of(), 300)
    shared = terms_of(log_miss=math.log(0.2))  # two clauses share it
    of_slice = planning.reachable_tolerance(both, shared, 10_000, {slice_: 300})

    assert (1, pytest.approx(of_whole.tolerance)) == (of_slice.clause_index, of_slice.tolerance)
    assert planning.is_within_reach(both, terms_of(), 10_000, {slice_: 1_000})
    assert not planning.is_within_reach(both, terms_of(), 10_000, {slice_: 100})
    assert not planning.is_within_reach(both, terms_of(), 10_000)
