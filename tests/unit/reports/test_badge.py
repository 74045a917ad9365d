"""The badges."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from proctor.release import Verdict
from proctor.reports import badge
from proctor.reports.badge import Badge, Color
from reports.samples import TESTSET, make_budget, make_release, make_status

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("public", "message", "color"),
    [
        (make_release(), "pass · step 9", Color.GREEN),
        (make_release(verdict=Verdict.FAIL), "fail · step 9", Color.RED),
        (make_release(verdict=Verdict.WITHHELD, step=0), "evaluated", Color.GRAY),
        (make_status("pf"), "fail · step 2", Color.RED),
        (make_status(""), "not judged yet", Color.GRAY),
    ],
)
def test_verdict_badge__last_verdict(public, message, color):
    """The badge says the last verdict and its step."""
    assert Badge("proctor", message, color) == badge.verdict_badge(public)


@pytest.mark.parametrize(
    ("overrides", "message", "color"),
    [
        ({}, "40 % left", Color.AMBER),
        ({"bits_left": 50.0}, "87 % left", Color.GREEN),
        ({"bits_left": 0.1, "evaluations_left": 1}, "1 % left · 1 evaluation", Color.RED),
        ({"bits_left": None}, "7.7 bits used", Color.GREEN),
        ({"next_level_log": None}, "spent", Color.RED),
    ],
)
def test_budget_badge__what_is_left(overrides, message, color):
    """The badge says what is left as far as it is known."""
    assert Badge("test set", message, color) == badge.budget_badge(make_status(budget=make_budget(**overrides)))


def test_budget_badge__retired():
    """A retired set is not merely spent."""
    retired = type(TESTSET)(**(vars(TESTSET) | {"state": "retired"}))

    assert "retired" == badge.budget_badge(make_status(testset=retired)).message


def test_svg__is_accessible_and_whole():
    """Role, label and title say the badge in words; hostile text stays text; nothing is fetched."""
    text = badge.svg(Badge("a<b>&\"'", "</svg><script>x", Color.GREEN))

    root = ET.fromstring(text)
    name = "a<b>&\"': </svg><script>x"
    assert ("img", name) == (root.get("role"), root.get("aria-label"))
    assert name == root.find(f"{SVG}title").text
    assert [] == list(root.iter(f"{SVG}script"))
    assert 1 == text.count("http")


@pytest.mark.parametrize("color", Color)
def test_color__contrast_with_white(color):
    """White text on every background has a contrast of at least 4.5 (WCAG AA)."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert 1.05 / (luminance + 0.05) >= 4.5


def test_endpoint__shields_schema():
    """The endpoint has exactly the fields that shields reads."""
    expected = {
        "schemaVersion": 1,
        "label": "proctor",
        "message": "pass · step 9",
        "color": "brightgreen",
        "isError": False,
        "cacheSeconds": 300,
    }
    assert expected == badge.endpoint(badge.verdict_badge(make_release()))
