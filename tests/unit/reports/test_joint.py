"""A gate with several conditions, in every form in which a release is told."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from proctor.release import Release
from proctor.reports import comment, junit, markdown, sarif, terminal
from proctor.reports import json as rendering
from reports.samples import make_joint, make_release


@pytest.mark.parametrize("fails", [None, "better", "lean", "good"])
def test_json__lists_the_conditions(fails):
    """One object for each condition, in order, by the published schema; a plain release has no such key."""
    content = json.loads(rendering.render(make_joint(fails)))

    Draft202012Validator(rendering.schema(Release)).validate(content)
    assert ["better", "lean", "good"] == [each["name"] for each in content["conditions"]]
    assert [True, False, True] == [each["enforce"] for each in content["conditions"]]
    asked = [each["release"] is not None for each in content["conditions"]]
    assert [True, fails != "better", fails != "better"] == asked
    assert "conditions" not in json.loads(rendering.render(make_release()))


@pytest.mark.parametrize(
    ("fails", "children", "counts"),
    [
        (None, [None, None, None], ("3", "0", "0")),
        ("better", ["failure", "skipped", "skipped"], ("3", "1", "2")),
        ("lean", [None, "skipped", None], ("3", "0", "1")),
        ("good", [None, None, "failure"], ("3", "1", "0")),
    ],
)
def test_junit__has_a_case_for_each(fails, children, counts):
    """What is not asked is skipped, and so is a fail that only informs."""
    suite = ET.fromstring(junit.render(make_joint(fails))).find("testsuite")

    found = [[element.tag for element in case] for case in suite.iter("testcase")]
    assert [[child] if child else [] for child in children] == found
    assert counts == tuple(suite.get(name) for name in ("tests", "failures", "skipped"))


@pytest.mark.parametrize(("fails", "results"), [(None, 0), ("lean", 0), ("good", 1)])
def test_sarif__alerts_only_to_what_is_enforced(fails, results):
    """A fail that only informs stands among the properties, and raises no alert."""
    (run,) = json.loads(sarif.render(make_joint(fails), sarif.Location("proctor.yml")))["runs"]

    assert results == len(run["results"])
    assert ["better", "lean", "good"] == list(run["properties"]["conditions"])


@pytest.mark.parametrize("render", [terminal.render_release, markdown.render_release, comment.render])
def test_render__tells_each_verdict_and_its_price(render):
    """People see every condition by its name, what informs only, and what was not asked."""
    text, stopped = render(make_joint("lean")), render(make_joint("better"))

    assert all(name in text for name in ("better", "lean", "good"))
    assert text.replace("\\", "").count("informs only") == 1
    assert "charged" in text
    assert "not asked" not in text.lower()
    assert 2 == stopped.lower().count("not asked")
