"""Plans of labels that are bought one at a time (theory.md §3.10)."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from proctor import budget, conditions, planning
from proctor.errors import Misuse
from proctor.planning import Bound, Collecting, Plan, Request
from proctor.reports import plan as report
from proctor.stats.expectation import expectation, sketched
from proctor.stats.sequential import SequentialTest

CONTRACT = budget.Contract(0.95, adaptivity=budget.Adaptivity.NONE, steps=2)
REQUEST = Request(CONTRACT, budget.Adaptive(2, 1), power=0.9, disagreement=0.2, sequential=True)


def plan_of(text: str, request: Request = REQUEST) -> Plan:
    return planning.plan(conditions.normalize(conditions.parse(text)), request)


def found_in(plan: Plan) -> Collecting:
    assert plan.collecting is not None
    return plan.collecting


def test_plan__sequential() -> None:
    """Reading stops early: most of the labels are saved where nothing changed, a part of them at the gain."""
    plan = plan_of("n - o > 0 +/- 0.03")
    found = found_in(plan)
    assert plan.labels < found.most < 2 * plan.labels
    assert found.unchanged < 0.65 * plan.labels
    assert found.unchanged < found.gained < 0.85 * plan.labels
    assert abs(found.power - 0.9) < 0.08  # six standard errors: 1e-8
    assert found.futility > 0
    assert found == found_in(plan_of("n - o > 0 +/- 0.03"))


def test_plan__sequential_of_examples_at_hand() -> None:
    """Labels are bought among the examples at hand."""
    assert found_in(plan_of("n - o > 0 +/- 0.03", replace(REQUEST, examples=3_000))).examples == 3_000


def test_plan__sequential_mirrored() -> None:
    """Where a fail is proven the models change places; so they do in a condition that is written the other way."""
    plain = found_in(plan_of("n - o > 0 +/- 0.03"))
    assert found_in(plan_of("o - n < 0 +/- 0.03")) == plain
    fails = replace(REQUEST, contract=budget.Contract(0.95, budget.Mode.FN_FREE, budget.Adaptivity.NONE, 2))
    assert found_in(plan_of("n - o > 0 +/- 0.03", fails)) == plain


@pytest.mark.parametrize(
    ("text", "changes", "said"),
    [
        ("n > 0.8 +/- 0.02", {}, "one difference of two accuracies, not for `n > 0.8"),
        ("n - o > 0 +/- 0.03 /\\ d < 0.2 +/- 0.05", {}, "one difference of two accuracies"),
        ("n - 1.1 * o > 0 +/- 0.1", {}, "one difference of two accuracies"),
        ("n - o > 0 +/- 0.03", {"bound": Bound.BENNETT}, "`bound: bennett`"),
        ("n - o > 0", {"examples": 2_000}, "names no tolerance"),
    ],
)
def test_plan__sequential_refused(text: str, changes: dict[str, object], said: str) -> None:
    """Other conditions and bounds are refused, with what to ask instead."""
    with pytest.raises(Misuse, match=said):
        plan_of(text, replace(REQUEST, **changes))  # type: ignore[arg-type]


def test_report__sequential() -> None:
    """People and programs are told the same figures; nobody is who did not ask."""
    plan = replace(
        plan_of("n - o > 0 +/- 0.03"),
        collecting=Collecting(examples=2_600, unchanged=98.4, gained=301.2, most=520, power=0.902, futility=2.1),
    )
    told = "from 2,600 examples: about 98 labels where nothing changed, 301 at"
    assert told in " ".join(report.terminal(plan, "c").split())
    assert told in report.markdown(plan, "c")
    assert report.to_json(plan, "c")["sequential"] == {
        "examples": 2_600,
        "unchanged": 98.4,
        "gained": 301.2,
        "most": 520,
        "power": 0.902,
        "futility": 2.1,
    }
    assert "sequential" not in report.to_json(replace(plan, collecting=None), "c")
    assert "at a time" not in report.terminal(replace(plan, collecting=None), "c")


def test_sketched() -> None:
    """The approximate end of a plan moves the labels expected by a few in a hundred; the draws are the same."""
    test = SequentialTest(
        n_examples=800, threshold=0.0, log_level=math.log(0.01), log_miss=math.log(0.1), disagreement=0.2
    )
    exact, rough = (expectation(each, 0.04, n_paths=150) for each in (test, sketched(test)))
    assert rough.labels == pytest.approx(exact.labels, rel=0.03)
    assert rough.proven == pytest.approx(exact.proven, abs=0.03)
