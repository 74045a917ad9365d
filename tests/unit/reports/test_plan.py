"""Plans as text, as JSON and as pictures."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from proctor import charts, conditions, planning
from proctor.budget import Adaptive, Adaptivity, Contract, Mode
from proctor.planning import Bound, Plan, Request
from proctor.reports import plan as report

CONDITION = "n > 0.8 +/- 0.03 /\\ d < 0.2 +/- 0.05"


@pytest.fixture(scope="module")
def request_() -> Request:
    return Request(Contract(0.999), Adaptive(), power=0.9)


@pytest.fixture(scope="module")
def plan(request_: Request) -> Plan:
    return planning.plan(conditions.normalize(conditions.parse(CONDITION)), request_)


def test_terminal__leads_with_the_answer(plan: Plan) -> None:
    """The first words are how many examples and labels it takes; method, paper and life follow."""
    text = report.terminal(plan, CONDITION)

    order = [
        text.index(part)
        for part in (report.answer(plan), "exact binomial test", "paper's bounds", "life of the test set")
    ]
    assert sorted(order) == order
    assert max(len(line) for line in text.splitlines()) <= 110


def test_terminal__counts_what_is_proven(plan: Plan) -> None:
    """In fn-free it is fails that wear a test set out, and the table of its life counts them."""
    assert "    passes " in report.terminal(plan, "n > 0.5")
    assert "    fails " in report.terminal(replace(plan, mode=Mode.FN_FREE), "n > 0.5")


def test_terminal__power_that_rounds_to_certainty(plan: Plan) -> None:
    """No power is printed as 100 %."""
    assert "power 1 - 1.0e-08 at" in report.terminal(replace(plan, log_miss=math.log(1.0001e-8)), "n > 0.5")


def test_markdown__is_tables(plan: Plan) -> None:
    """Every row of a table has as many cells as its head, whatever the condition is written with."""
    lines = report.markdown(plan, CONDITION).splitlines()
    rows = [line for line in lines if line.startswith("|")]

    assert lines[0] == f"### {report.answer(plan)}"
    assert {row.count("|") for row in rows} == {6}


def test_to_json__is_json(plan: Plan) -> None:
    """The JSON has the published keys and survives a strict writer."""
    content = json.loads(json.dumps(report.to_json(plan, CONDITION), allow_nan=False))

    assert {"examples", "labels", "clauses", "life"} <= set(content)
    assert plan.examples == content["examples"]
    assert [1, 2, 3, 5, 8] == [row["passes"] for row in content["life"]]
    assert {"level_log", "examples", "tolerance", "rough"} == set(content["life"][0]["adaptive"])


def test_answer__no_labels() -> None:
    """A condition on d alone takes no labels, and the answer says so."""
    formula = conditions.normalize(conditions.parse("d < 0.1 +/- 0.02"))
    contract = Contract(0.999, adaptivity=Adaptivity.NONE, steps=7)

    found = planning.plan(formula, Request(contract, Adaptive(7), bound=Bound.HOEFFDING))

    assert report.answer(found).endswith("examples, no labels")


@pytest.mark.parametrize(("examples", "ending"), [(9000, ": enough"), (900, ": not enough"), (2, "(asked: ±3 points)")])
def test_at_hand__says_whether_it_is_enough(examples: int, ending: str) -> None:
    """With examples at hand the report says what they reach and whether that is enough."""
    formula = conditions.normalize(conditions.parse("n > 0.8 +/- 0.03"))
    found = planning.plan(formula, Request(Contract(0.999), Adaptive(), examples=examples))

    line = report.at_hand(found)

    assert line is not None
    assert line.endswith(ending)
    assert line in report.terminal(found, "n > 0.8 +/- 0.03")
    assert examples == report.to_json(found, "")["at_hand"]["examples"]


@pytest.mark.parametrize(("log_level", "expected"), [(-math.inf, "0"), (-2000.0, "2.6e-869"), (-6.907755, "1.0e-03")])
def test_level__at_any_depth(log_level: float, expected: str) -> None:
    """Levels are readable below what a float can hold."""
    assert expected == report.level(log_level)


def test_svg__is_well_formed_and_within_its_frame(plan: Plan, request_: Request) -> None:
    """The picture parses as XML, has both charts, and every mark lies inside."""
    formula = conditions.normalize(conditions.parse(CONDITION))
    drawn = report.charts(plan, planning.tolerance_curve(formula, request_, plan))

    root = ET.fromstring(charts.document(drawn))
    marks = root.findall(".//{*}circle")

    assert ["Examples needed", "Life of the test set"] == [chart.name for chart in drawn]
    assert sum(len(line.points) for chart in drawn for line in chart.lines) == len(marks)
    assert all(0 <= float(m.get("cx", "-1")) <= 480 for m in marks)
    assert all(0 <= float(m.get("cy", "-1")) <= 230 for m in marks)
    assert {"adaptive", "guaranteed"} <= {text.text for text in root.findall(".//{*}text")}


def test_charts__nothing_to_draw() -> None:
    """A policy with one level and no tolerance leaves nothing to draw."""
    formula = conditions.normalize(conditions.parse("n > 0.8"))
    contract = Contract(0.999, adaptivity=Adaptivity.FULL, steps=7)
    found = planning.plan(formula, Request(contract, Adaptive(7), examples=500))

    assert () == report.charts(found, ())
