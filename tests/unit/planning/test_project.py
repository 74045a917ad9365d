"""Plans of a whole project: the rows of theory.md §4.6, and what is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.special import betainc, gammaln, ndtri_exp

from proctor.budget import Adaptive, Adaptivity, Contract
from proctor.cli.plan import plan as command
from proctor.conditions import normalize, parse
from proctor.errors import Misuse
from proctor.planning import Request
from proctor.planning.project import ProjectPlan, formula_rows, interpolated, project
from proctor.reports import project as report

GAIN = normalize(parse("n - o > 0 +/- 0.01"))
ASKED = Request(Contract(0.999), Adaptive(), power=0.9, disagreement=0.1)

# Examples after 1, 3, 8, 20 and 50 passes: formulas, with a trinomial test that knows d (theory.md §4.6).
TABLE = {
    "a fresh set after every pass": (6_772, 22_124, 65_304, 181_230, 503_142),
    "a fresh set after 3 passes": (6_772, 9_389, 28_665, 73_179, 193_303),
    "a fresh set after 8 passes": (6_772, 9_389, 15_321, 42_949, 108_514),
    "one growing set": (6_332, 8_964, 14_914, 28_316, 60_212),
}


@pytest.fixture(scope="module")
def planned() -> ProjectPlan:
    return project(GAIN, ASKED, 50, 1 / 3)


@pytest.mark.parametrize("name", TABLE)
def test_project__formula_rows_are_those_of_the_theory(planned: ProjectPlan, name: str) -> None:
    """Never more than the table says, and at most 1.5 % less: the gate's exact test is that much better."""
    [row] = [row for row in planned.rows if row.name == name]

    assert (1, 3, 8, 20, 50) == planned.milestones
    for cell, examples in zip(row.cells, TABLE[name], strict=True):
        assert 0.985 * examples <= cell.examples <= examples


def test_formula_rows__with_the_test_of_the_theory() -> None:
    """With the test that the table was made with, every row is within 1 % of it."""
    for row in formula_rows(interpolated(trinomial_need), ASKED.contract, 2, (1, 3, 8, 20, 50)):
        for cell, examples in zip(row.cells, TABLE[row.name], strict=True):
            assert abs(cell.examples - examples) <= 0.01 * examples


def trinomial_need(log_level: float) -> int:
    """Examples that a test of the level takes at a gain of 0.02 if it knows that d is 0.1, to 10 of them."""
    low, high = 1_000, 100_000
    while high - low > 10:
        middle = (low + high) // 2
        low, high = (low, middle) if trinomial_power(log_level, middle) >= 0.9 else (middle, high)
    return high


def trinomial_power(log_level: float, n: int) -> float:
    """Power at a gain of 0.02 of the test that rejects where wins without losses are many, at the known d = 0.1."""
    discordant = np.arange(n // 20, n // 5)
    logs = gammaln(n + 1) - gammaln(discordant + 1) - gammaln(n - discordant + 1)
    weights = np.exp(logs + discordant * math.log(0.1) + (n - discordant) * math.log(0.9))

    def chance(win: float, least: int) -> float:
        """Chance of so many more wins than losses, where discordant examples are won with this probability."""
        fewest = np.ceil((discordant + least) / 2)
        return float(weights @ betainc(fewest, discordant - fewest + 1, win))

    least = int(-ndtri_exp(log_level) * math.sqrt(0.1 * n))
    while chance(0.5, least) > math.exp(log_level):
        least += 1
    while chance(0.5, least - 1) <= math.exp(log_level):
        least -= 1
    return chance(0.6, least)


def test_project__informed_stakes_take_less_than_half_of_adaptive_ones() -> None:
    """
    Simulated with seeds: at 8 passes within four standard errors of the table's rows for n_dev = N and 4N.

    The two differ by less than their errors there. The chance of a false alarm is under 1e-4.
    """
    done = project(GAIN, ASKED, 8, 1 / 3, development=14_000)
    [informed] = [row.cells[-1] for row in done.rows if "informed" in row.name]
    [growing] = [row.cells[-1] for row in done.rows if row.name == "one growing set"]

    assert informed.standard_error
    assert abs(informed.examples - 8_050) <= 4 * informed.standard_error
    assert informed.examples < 0.6 * growing.examples


@pytest.mark.parametrize(
    ("condition", "how"),
    [
        ("n - o > 0 +/- 0.01", {"pass_rate": 0.0}),
        ("n - o > 0 +/- 0.01", {"pass_rate": 1.5}),
        ("n - o > 0 +/- 0.01", {"releases": 0}),
        ("n > 0.8 +/- 0.02", {"development": 100}),
        ("n - o > 0 +/- 0.02 and d < 0.2 +/- 0.05", {"development": 100}),
    ],
)
def test_project__refuses_what_it_cannot_plan(condition: str, how: dict[str, float]) -> None:
    """Each with what to say instead."""
    asked = {"releases": 5, "pass_rate": 0.3, **how}
    with pytest.raises(Misuse):
        project(normalize(parse(condition)), ASKED, **asked)


def test_project__is_for_recycling_alone() -> None:
    """The paper's policies have fixed levels: nothing of one set helps the next."""
    contract = Contract(0.999, adaptivity=Adaptivity.FULL, steps=8)
    with pytest.raises(Misuse, match="recycling"):
        project(GAIN, Request(contract, Adaptive(8, 3), power=0.9, disagreement=0.1), 5, 0.3)


def test_command__prints_a_table_json_and_a_plot(tmp_path) -> None:
    """The same figures in each form."""
    options = ["--condition", "n > 0.8 +/- 0.02", "--releases", "3", "--plot", str(tmp_path / "plan.svg")]
    shown = CliRunner().invoke(command, options, standalone_mode=False)
    told = CliRunner().invoke(command, [*options, "--json"], standalone_mode=False)
    marked = CliRunner().invoke(command, [*options, "--markdown"], standalone_mode=False)

    content = json.loads(told.output)
    examples = content["rows"][0]["examples"]
    assert [1, 3] == content["releases"]
    for text in (shown.output, marked.output):
        assert all(f"{each:,}" in text for each in examples)
    assert "<svg" in (tmp_path / "plan.svg").read_text()


def test_chart__has_a_line_for_each_way(planned: ProjectPlan) -> None:
    """Every row, by its name."""
    assert [row.name for row in planned.rows] == [line.name for line in report.chart(planned).lines]
