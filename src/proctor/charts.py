"""
Line charts as SVG, drawn here: no plotting library, no script, no font.

A chart is data first, without colors. `draw` gives an element for a page, whose own CSS classes color it, so that one
drawing serves light, dark and paper; `document` gives a file that stands alone, with titles, names and colors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from markupsafe import Markup

INK = 6
"""Color of what is no curve of its own, such as a limit; those below it are for curves, in order."""

_COLORS = ("#1f6feb", "#d1622b", "#3a8f5c", "#b42318", "#b08800", "#6e40c9", "#24292f")
_WIDTH, _HEIGHT = 480, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 12, 12, 48
_HEAD, _ROW, _LETTER = 48, 18, 7.5
_STRIP = 1000
_MOST_MARKS = 120
"""More points than this are drawn as a line without marks."""
_MOST_DIGITS = 6
"""Longer labels do not fit beside the axis."""
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_STYLE = Markup(
    "text{fill:#24292f;font:13px system-ui,sans-serif}.name{font-weight:bold}.y,.unit{text-anchor:end}"
    ".x{text-anchor:middle}.grid{stroke:#d8dee4}.line{fill:none;stroke:currentColor;stroke-width:2}"
    ".dashed{stroke-dasharray:5 4}.mark{fill:currentColor}"
) + Markup("").join(Markup(".c{}{{color:{}}}").format(index, color) for index, color in enumerate(_COLORS))


class Look(StrEnum):
    """Way in which the points of a line are joined."""

    MARKED = "marked"
    PLAIN = "plain"
    DASHED = "dashed"
    STAIRS = "stairs"


class Point(NamedTuple):
    """A point: *kind* is the class of its mark, *title* what a pointer or a screen reader is told."""

    x: float
    y: float
    kind: str = ""
    title: str = ""


class Line(NamedTuple):
    """Points in order, under a name; without one, a document does not list it."""

    points: tuple[Point, ...]
    name: str = ""
    look: Look = Look.MARKED
    color: int = 0


class Chart(NamedTuple):
    """Lines over a pair of axes; where *is_log*, the heights are decimal logarithms."""

    name: str
    across: str
    up: str
    lines: tuple[Line, ...]
    is_log: bool = False


def draw(chart: Chart) -> Markup:
    """Draw a chart as an SVG element, without its title; empty if it has no point."""
    if not any(line.points for line in chart.lines):
        return Markup("")
    head = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>')
    summary = f"{chart.name}, {chart.up}: {_summary(chart)}"
    return head.format(_WIDTH, _HEIGHT, summary, chart.name) + _content(chart) + Markup("</svg>")


def document(charts: Sequence[Chart]) -> str:
    """Draw charts side by side as an SVG document that stands alone."""
    names = [[line.name for line in chart.lines if line.name] for chart in charts]
    longest = max((len(name) for found in names for name in found), default=0)
    panel = max(_WIDTH, round(_LEFT + 40 + _LETTER * longest))
    width, height = panel * len(charts), _HEAD + _HEIGHT + _ROW * max(map(len, names), default=0) + _TOP
    head = Markup('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img">')
    ground = Markup('<rect width="{}" height="{}" fill="#ffffff"/>').format(width, height)
    panels = (_panel(chart, panel * index) for index, chart in enumerate(charts))
    style = Markup("<style>{}</style>").format(_STYLE)
    return Markup("\n").join([head.format(width, height), style, ground, *panels, Markup("</svg>\n")])


def strip(points: Sequence[Point]) -> Markup:
    """Draw verdicts in a row, one cell each; a pass is also taller, so that color alone says nothing."""
    if not points:
        return Markup("")
    cell = min(28.0, _STRIP / len(points))
    width = round(cell * len(points), 2)
    passes = sum(point.kind == "pass" for point in points)
    label = f"{len(points)} verdicts in order, {passes} of them passes"
    head = Markup('<svg class="strip" width="{0}" height="40" viewBox="0 0 {0} 40" role="img" aria-label="{1}">')
    title = Markup("<title>{}</title>").format(label)
    cells = [_cell(point, index * cell, cell) for index, point in enumerate(points)]
    return head.format(width, label) + title + Markup("").join(cells) + Markup("</svg>")


def power_of_ten(log10: float) -> str:
    """
    A number given by its decimal logarithm, short.

    >>> power_of_ten(-3), power_of_ten(-5.32)
    ('0.001', '4.8e-6')
    """
    if -4 < log10 < 4:
        return f"{10**log10:.2g}"
    whole = math.floor(log10)
    mantissa = f"{10 ** (log10 - whole):.2g}"
    return f"1e{whole + 1}" if mantissa == "10" else f"{mantissa}e{whole}"


class _Axis(NamedTuple):
    """A range of values and where it lies on the paper."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def across(cls, values: Sequence[float]) -> _Axis:
        return cls(*_span(values), _LEFT, _WIDTH - _RIGHT)

    @classmethod
    def up(cls, values: Sequence[float], is_log: bool) -> _Axis:
        """The vertical axis; whole powers of ten frame logarithms."""
        low, high = _span(values)
        if is_log:
            low, high = math.floor(min(values) - 0.05), math.ceil(max(values) + 0.05)
        return cls(low, high, _HEIGHT - _BOTTOM, _TOP)

    def at(self, value: float) -> float:
        return round(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start), 2)

    def ticks(self, step: float) -> list[float]:
        """Multiples of a step within the axis."""
        return [k * step for k in range(math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9) + 1)]


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _round_step(rough: float) -> float:
    """The smallest of …, 0.1, 0.2, 0.5, 1, 2, 5, 10, … that is at least *rough*."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough * (1 - 1e-9))


def _content(chart: Chart) -> Markup:
    points = [point for line in chart.lines for point in line.points]
    across, up = _Axis.across([p.x for p in points]), _Axis.up([p.y for p in points], chart.is_log)
    is_counted = all(point.x == int(point.x) for point in points)
    unit = Markup('<text class="unit" x="{}" y="{}">{}</text>').format(_WIDTH - _RIGHT, _HEIGHT - 4, chart.across)
    steps = across.ticks(max(_round_step((across.high - across.low) / 7), float(is_counted)))
    parts = [*_grid(up, chart.is_log), *(_tick("x", across.at(x), _HEIGHT - _BOTTOM + 20, f"{x:.4g}") for x in steps)]
    for line in chart.lines:
        parts.append(_path(line, across, up))
        if line.look in (Look.MARKED, Look.STAIRS) and len(line.points) <= _MOST_MARKS:
            parts += _marks(line, across, up)
    return Markup("\n").join([*parts, unit])


def _grid(up: _Axis, is_log: bool) -> Iterator[Markup]:
    for value, label in _powers(up) if is_log else _values(up):
        y = up.at(value)
        yield Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_LEFT, _WIDTH - _RIGHT, y, y)
        yield _tick("y", _LEFT - 10, y + 5, label)


def _values(up: _Axis) -> Iterator[tuple[float, str]]:
    for value in up.ticks(_round_step((up.high - up.low) / 5)):
        yield value, f"{value:,.0f}" if 100 <= abs(value) < 10**_MOST_DIGITS else f"{value:.4g}"


def _powers(up: _Axis) -> Iterator[tuple[float, str]]:
    """Powers of ten, or every few of them; between few powers of at least one, twice and five times as much, too."""
    digits = (1, 2, 5) if up.low >= 0 and up.high - up.low <= 2 else (1,)
    for power in up.ticks(max(1, math.ceil((up.high - up.low) / 5))):
        for digit in digits:
            if (value := power + math.log10(digit)) <= up.high:
                yield value, _power(round(power), digit)


def _power(exponent: int, digit: int) -> str:
    if 0 <= exponent < _MOST_DIGITS:
        return f"{digit * 10**exponent:,}"
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def _tick(axis: str, x: float, y: float, label: str) -> Markup:
    return Markup('<text class="tick {}" x="{}" y="{}">{}</text>').format(axis, x, y, label)


def _path(line: Line, across: _Axis, up: _Axis) -> Markup:
    corners = [(across.at(point.x), up.at(point.y)) for point in line.points]
    join = "H{}V{}" if line.look is Look.STAIRS else "L{} {}"
    path = "".join((join if index else "M{} {}").format(*corner) for index, corner in enumerate(corners))
    return Markup('<path class="line c{} {}" d="{}"/>').format(line.color, line.look, path)


def _marks(line: Line, across: _Axis, up: _Axis) -> Iterator[Markup]:
    """A filled disc for a pass, a ring on a page for everything else."""
    for point in line.points:
        radius = 5.5 if point.kind == "pass" else 4
        title = Markup("<title>{}</title>").format(point.title) if point.title else ""
        yield Markup('<circle class="mark c{} {}" cx="{}" cy="{}" r="{}">{}</circle>').format(
            line.color, point.kind, across.at(point.x), up.at(point.y), radius, title
        )


def _panel(chart: Chart, left: int) -> Markup:
    named = [line for line in chart.lines if line.name]
    parts = [
        Markup('<g transform="translate({} 0)">').format(left),
        Markup('<text class="name" x="16" y="20">{}</text><text x="16" y="38">{}</text>').format(chart.name, chart.up),
        Markup('<g transform="translate(0 {})">').format(_HEAD) + _content(chart) + Markup("</g>"),
        *(_name(line, _HEAD + _HEIGHT + _ROW * index + 8) for index, line in enumerate(named)),
        Markup("</g>"),
    ]
    return Markup("\n").join(parts)


def _name(line: Line, y: int) -> Markup:
    sample = Markup('<path class="line c{} {}" d="M{} {}h24"/>').format(line.color, line.look, _LEFT, y)
    return sample + Markup('<text x="{}" y="{}">{}</text>').format(_LEFT + 34, y + 5, line.name)


def _cell(point: Point, x: float, width: float) -> Markup:
    gap = min(3.0, width / 5)
    height = 36 if point.kind == "pass" else 20
    return Markup('<rect class="cell {}" x="{}" y="{}" width="{}" height="{}" rx="2"><title>{}</title></rect>').format(
        point.kind, round(x, 2), 38 - height, round(width - gap, 2), height, point.title
    )


def _summary(chart: Chart) -> str:
    ends = [(line.points[0], line.points[-1]) for line in chart.lines if line.points]
    shown = power_of_ten if chart.is_log else "{:.4g}".format
    return "; ".join(
        f"from {shown(first.y)} at {chart.across} {first.x:g} to {shown(last.y)} at {chart.across} {last.x:g}"
        for first, last in ends
    )
