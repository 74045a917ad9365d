"""The page about a test set's life, and its charts."""

from __future__ import annotations

import math
import re
import shutil
import struct
import subprocess
import zlib
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from proctor import charts
from proctor.charts import Chart, Line, Point
from proctor.reports import html
from reports.samples import HOSTILE, TESTSET, make_budget, make_status

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails where elements do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], ""
        self.feed(text)
        assert [] == self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert tag == self.open.pop()

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def test_render__says_everything_in_the_status():
    """Verdict, budget, forecast, contract and every step are there, and both charts are drawn."""
    page = Page(html.render(make_status()))

    for words in ("FAIL", "60 % used", "7.7 bits leaked", "99.9 %", "5,000", "fp-free", "010101010101", "ada"):
        assert words in page.text
    assert 3 == page.tags.count("svg")
    assert 10 == page.tags.count("tr")


def test_render__nothing_is_fetched_and_nothing_runs():
    """No script, no address, no handler, no import in the style."""
    text = html.render(make_status())

    page = Page(text)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(page.tags)
    assert [] == [name for name, _ in page.attributes if name.startswith("on") or name in {"src", "href"}]
    assert not re.search(r"@import|url\(|https?:", text)


@pytest.mark.parametrize("field", ["gate", "condition", "version", "ledger_head"])
def test_render__hostile_text_is_only_text(field):
    """Names that hold markup make the same elements as harmless ones."""
    harmless = Page(html.render(make_status(**{field: "harmless"})))
    hostile = Page(html.render(make_status(**{field: HOSTILE}, notes=())))

    assert harmless.tags == hostile.tags


@pytest.mark.parametrize("field", ["commit", "actor", "condition", "feedback", "at"])
def test_render__hostile_history_is_only_text(field):
    """Neither commits nor people nor times leave their cells or titles."""
    status = make_status()
    rows = tuple(type(row)(**(vars(row) | {field: HOSTILE})) for row in status.history)

    assert {"script", "img"}.isdisjoint(Page(html.render(make_status(history=rows))).tags)


@pytest.mark.parametrize(
    "status",
    [
        make_status(""),
        make_status("p"),
        make_status("w", budget=make_budget(passes=None)),
        make_status(budget=make_budget(next_level_log=None, next_tolerance=None)),
        make_status(budget=make_budget(bits_left=None, lasts_passes=None, lasts_fails=None)),
        make_status("pf" * 600),
        make_status(history=tuple(type(r)(**(vars(r) | {"log_level": -math.inf})) for r in make_status().history)),
    ],
    ids=["empty", "one", "withheld", "spent", "endless", "long", "level zero"],
)
def test_render__every_state(status):
    """A page can be made of every state, and no infinity or NaN gets into a drawing."""
    page = Page(html.render(status))

    assert not any("nan" in (value or "") or "inf" in (value or "") for name, value in page.attributes if name == "d")


def test_render__condition_is_a_column_once_it_has_changed():
    """If the condition changed on the way, each step shows its own."""
    status = make_status()
    first, *rest = status.history
    changed = type(first)(**(vars(first) | {"condition": "n > 0.5"}))

    assert "n > 0.5" in Page(html.render(make_status(history=(changed, *rest)))).text
    assert "n > 0.5" not in Page(html.render(status)).text


def test_burn_down__starts_with_the_whole_budget():
    """The chart begins at δ before the first evaluation and falls by the bits of each step."""
    text = html.render(make_status("f", testset=TESTSET))

    assert "before the first evaluation: 0.001" in text
    assert "evaluation 1: fail, commit 010101010101, 0.00078" in text


@pytest.mark.parametrize(
    ("values", "low", "high"), [([-3.0], -4, -2), ([-3.5, -7.2], -8, -3), ([-1e4, -2.0], -10001, -1)]
)
def test_draw__whole_powers_frame_the_points(values, low, high):
    """Every point lies inside the frame, and the drawing is well-formed."""
    points = tuple(Point(step, value, "pass", "<&") for step, value in enumerate(values, 1))

    root = ET.fromstring(charts.draw(Chart("name & <", "step", "unit", (Line(points),), is_log=True)))

    heights = [float(circle.get("cy")) for circle in root.iter("circle")]
    assert all(12 <= height <= 182 for height in heights)
    axis = charts._Axis.up(values, is_log=True)
    assert (low, high) == (axis.low, axis.high)


def test_strip__passes_are_taller():
    """Verdicts can be told apart without colors."""
    root = ET.fromstring(charts.strip([Point(1, 0, "pass", "a"), Point(2, 0, "fail", "b")]))

    heights = [float(cell.get("height")) for cell in root.iter("rect")]
    assert heights[0] > heights[1]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_render__in_a_browser(tmp_path, scheme):
    """Chromium draws the page, on a light or a dark ground as the reader prefers."""
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(html.render(make_status()), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += [f"--user-data-dir={tmp_path / 'profile'}", "--window-size=600,400", f"--screenshot={picture}"]
    flags += [f"--blink-settings=preferredColorScheme={int(scheme == 'light')}"]

    subprocess.run([CHROMIUM, *flags, page.as_uri()], check=True, capture_output=True, timeout=60)

    brightness = sum(first_pixel(picture.read_bytes())) / 3
    assert (brightness > 200) == (scheme == "light")


def first_pixel(png):
    """Red, green and blue of the upper left corner (any filter gives the plain value there)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    data, position = b"", 8
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        if png[position + 4 : position + 8] == b"IDAT":
            data += png[position + 8 : position + 8 + length]
        position += 12 + length
    return tuple(zlib.decompress(data)[1:4])
