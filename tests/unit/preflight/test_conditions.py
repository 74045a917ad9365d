"""A preflight of several conditions: one line for each, since each is an evaluation of its own."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner
from gate.project import LABELS, Project

from proctor import gatefile
from proctor.cli.simulate import simulate
from proctor.errors import FRESH_TEST_SET, PASSED
from proctor.gate import in_turn
from proctor.preflight.development import Development
from proctor.preflight.inspection import inspect
from proctor.preflight.report import Mark, Preflight
from proctor.runtime import Runtime

BETTER, GOOD, GREAT, FINE = (
    "n - o > 0 +/- 0.1",
    "n > 0.7 +/- 0.1",
    "n > 0.97 +/- 0.1",
    "n > 0.8 +/- 0.001",
)


@pytest.fixture
def project(tmp_path: Any) -> Project:
    found = Project(tmp_path, {"PROCTOR_COMMIT": "c" * 40}).labels(LABELS)
    return found.model("old.csv", 80).model("new.csv", 8)


def looked(project: Project, development: Development | None = None, **conditions: Any) -> Preflight:
    project.gate(condition=None, conditions=conditions, steps=6)
    return inspect(gatefile.load(project.root), Runtime(dict(project.environ)), development)


def told(found: Preflight, name: str) -> list[str]:
    return [f"{each.mark}: {each.text}" for each in found.findings if each.name == name]


def development(project: Project) -> Development:
    """The labels and both models again, on examples of other names."""
    project.model("dev-new.csv", 8).model("dev-old.csv", 80)
    for name, source in (("dev.csv", "labels.csv"), ("dev-new.csv",) * 2, ("dev-old.csv",) * 2):
        head, *lines = (project.root / source).read_text().splitlines()
        (project.root / name).write_text("\n".join([head, *(f"dev{line}" for line in lines)]))
    labels, candidate, baseline = (project.root / name for name in ("dev.csv", "dev-new.csv", "dev-old.csv"))
    return Development(labels=labels, candidate=candidate, baseline=baseline)


def test_inspect__has_a_line_for_each_condition(project: Project) -> None:
    """What each resolves and costs is told under its name; what only informs and is out of reach is a warning."""
    found = looked(project, better=BETTER, fine={"condition": FINE, "enforce": False}, good=GOOD)

    plans = told(found, "plan")
    starts = ("ok: `better`: the next", "warning: `fine` (informs only): it will not be judged", "ok: `good`: the next")
    assert [True] * 3 == [said.startswith(start) for said, start in zip(plans, starts, strict=True)]
    assert 2 == len(told(found, "cost"))
    assert PASSED == found.exit_code


def test_inspect__an_enforced_condition_out_of_reach_is_a_problem(project: Project) -> None:
    """The exit code is that of a check, and the others are looked at all the same."""
    found = looked(project, fine=FINE, good=GOOD)

    assert FRESH_TEST_SET == found.exit_code
    assert [Mark.PROBLEM, Mark.GOOD] == [each.mark for each in found.findings if each.name == "plan"]


def test_inspect__tells_recorded_answers_apart(project: Project) -> None:
    """A condition that was judged before costs nothing, beside one that was not."""
    project.gate(condition=None, conditions={"better": BETTER}, steps=6)
    in_turn.check(gatefile.load(project.root), Runtime(dict(project.environ)))

    costs = told(looked(project, better=BETTER, good=GOOD), "cost")

    assert costs[0].startswith("ok: `better`: this candidate was judged before")
    assert "bits" in costs[1]


def test_inspect__each_condition_has_a_chance(project: Project) -> None:
    """A model that is good and not great is likely to pass one condition, and not the other."""
    found = looked(project, development(project), a=GOOD, b=GREAT)

    chances = told(found, "chance")
    assert chances[0].startswith("ok: `a`: over 98 %")
    assert chances[1].startswith("warning: `b`: ")
    assert found.figures.chance is None


def test_inspect__labels_that_are_missing_are_told_once(project: Project) -> None:
    """Without a label no condition has a chance that could be known, and one line says so for all."""
    there = development(project)
    assert there.labels is not None
    head, *lines = there.labels.read_text().splitlines()
    there.labels.write_text("\n".join([head, *(f"{line.partition(',')[0]}," for line in lines)]))

    found = looked(project, there, a=GOOD, b=GREAT)

    assert ["skipped: not known: no development example has a label"] == told(found, "chance")


def test_simulate__several_conditions_are_refused(project: Project) -> None:
    """Taken together they would be another question than the gate asks; a single one can be named."""
    project.gate(condition=None, conditions={"better": BETTER, "good": GOOD}, steps=6)
    file = str(project.root / "proctor.yml")

    refused = CliRunner().invoke(simulate, [file])
    done = CliRunner().invoke(simulate, [file, "--condition", BETTER, "--examples", "50", "--repetitions", "1"])

    assert "one at a time" in str(refused.exception)
    assert 0 == done.exit_code
