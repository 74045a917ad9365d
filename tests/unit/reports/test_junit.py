"""The verdict as JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from proctor.release import Verdict
from proctor.reports import junit
from proctor.reports.comment import Problem
from reports.samples import HOSTILE, make_release

REQUIRED = {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"}


@pytest.mark.parametrize(
    ("verdict", "child", "counts"),
    [
        (Verdict.PASS, None, ("0", "0", "0")),
        (Verdict.FAIL, "failure", ("1", "0", "0")),
        (Verdict.WITHHELD, "skipped", ("0", "0", "1")),
    ],
)
def test_render__one_case_for_each_verdict(verdict, child, counts):
    """A pass passes, a fail fails, a withheld outcome is skipped."""
    suite = ET.fromstring(junit.render(make_release(verdict=verdict))).find("testsuite")

    assert counts == tuple(suite.get(name) for name in ("failures", "errors", "skipped"))
    assert [child] == [element.tag for element in suite.find("testcase")] or child is None
    assert set(suite.keys()) == REQUIRED
    assert ["properties", "testcase", "system-out", "system-err"] == [element.tag for element in suite]
    assert "2026-11-23T12:00:00" == suite.get("timestamp")


def test_render__hostile_text_is_only_text():
    """Markup, control characters and lone surrogates make a document that parses, with the text in it."""
    release = make_release(gate=HOSTILE, condition=HOSTILE + "\x1b[31m\ud800\uffff", meaning=HOSTILE, notes=(HOSTILE,))

    root = ET.fromstring(junit.render(release).encode())

    assert "<script>alert(1)</script>" in root.find(".//testcase").get("name")


def test_render_problem__is_an_error():
    """No verdict is an error of the run, not a failure of the candidate."""
    suite = ET.fromstring(junit.render_problem(Problem("g", 4, "spent", "Register."), "2026-11-23")).find("testsuite")

    assert ("0", "1") == (suite.get("failures"), suite.get("errors"))
    assert "spent\nRegister." == suite.find("testcase/error").text
