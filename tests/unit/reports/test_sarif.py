"""The verdict as SARIF 2.1.0."""

from __future__ import annotations

import json

from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema

from proctor.release import Verdict
from proctor.reports import sarif
from proctor.reports.comment import Problem
from proctor.reports.sarif import Location
from reports.samples import HOSTILE, make_release

FAIL = make_release(verdict=Verdict.FAIL, exit_code=1)


def check(text):
    """By the schema of OASIS, as `pydantic-sarif` has it; and what no schema can say."""
    log = json.loads(text)
    assert {"$schema", "version", "runs"} == set(log)
    StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["message"]["text"]
        physical = result["locations"][0]["physicalLocation"]
        assert physical["region"]["startLine"] >= 1
        assert " " not in physical["artifactLocation"]["uri"]
    return run


def test_render__fail_points_to_the_condition():
    """A fail is one result, on the condition's line."""
    run = check(sarif.render(FAIL, Location("gates/my gate.yml", 3)))

    assert ". A fail is not proof of the opposite. Improve" in run["results"][0]["message"]["text"]
    physical = run["results"][0]["locations"][0]["physicalLocation"]
    assert "gates/my%20gate.yml" == physical["artifactLocation"]["uri"]
    assert 3 == physical["region"]["startLine"]


def test_render__pass_closes_the_alert():
    """A pass has no result; the verdict is in the properties."""
    run = check(sarif.render(make_release(), Location("proctor.yml")))

    assert [] == run["results"]
    assert "pass" == run["properties"]["verdict"]


def test_render__same_gate_same_alert():
    """The fingerprint depends on the gate alone, so that one alert stays one alert."""
    one = check(sarif.render(FAIL, Location("proctor.yml", 1)))["results"][0]["partialFingerprints"]
    two = check(sarif.render(FAIL, Location("proctor.yml", 9)))["results"][0]["partialFingerprints"]

    assert one == two


def test_render__hostile_text_is_only_text():
    """Any text makes valid JSON, and a line below 1 is put right."""
    check(sarif.render(make_release(verdict=Verdict.FAIL, gate=HOSTILE, meaning=HOSTILE), Location(HOSTILE, 0)))


def test_render_problem__is_an_unsuccessful_run():
    """Without a verdict the run is marked as not successful."""
    run = check(sarif.render_problem(Problem("g", 4, "spent", "Register."), Location("proctor.yml"), "0.1.0"))

    assert not run["invocations"][0]["executionSuccessful"]
    assert "Spent. Register." == run["results"][0]["message"]["text"]
