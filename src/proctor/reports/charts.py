"""
Small charts of a test set's life as SVG, drawn here: no plotting library, no script, no font.

Colors are the page's own CSS classes, so that one drawing serves light, dark and paper.
Coordinates are in the units of the view box; the page scales them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 480, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 48
_STRIP = 1000
_MOST_MARKS = 120
"""More points than this are drawn as a line without marks."""


@dataclass(frozen=True)
class Point:
    """
    One step in a chart.

    Attributes:
        step: Number of the evaluation.
        log10: Decimal logarithm of the value.
        kind: ``pass``, ``fail`` or ``withheld``: the class of its mark.
        title: What a pointer or a screen reader is told.

    """

    step: int
    log10: float
    kind: str
    title: str


@dataclass(frozen=True)
class Chart:
    """What is drawn: *name* is its accessible title, *unit* stands at the axis."""

    name: str
    unit: str
    points: tuple[Point, ...]
    stairs: bool = False


def draw(chart: Chart) -> Markup:
    """The chart as an SVG element; powers of ten on the vertical axis, steps on the horizontal one."""
    if not chart.points:
        return Markup("")
    frame = _Frame.around(chart.points)
    parts = [
        *_grid(frame),
        *_steps(frame),
        Markup('<text class="unit" x="{}" y="{}">evaluation</text>').format(_WIDTH - _RIGHT, _HEIGHT - 4),
        Markup('<path class="line" d="{}"/>').format(_path(chart, frame)),
        *(_marks(chart.points, frame) if len(chart.points) <= _MOST_MARKS else []),
    ]
    head = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>')
    summary = f"{chart.name}, {chart.unit}: {_summary(chart.points)}"
    return head.format(_WIDTH, _HEIGHT, summary, chart.name) + Markup("\n").join(parts) + Markup("</svg>")


def strip(points: Sequence[Point]) -> Markup:
    """Verdicts in a row, one cell each; a pass is also taller, so that color alone says nothing."""
    if not points:
        return Markup("")
    cell = min(28.0, _STRIP / len(points))
    width = round(cell * len(points), 2)
    passes = sum(point.kind == "pass" for point in points)
    label = f"{len(points)} verdicts in order, {passes} of them passes"
    head = Markup('<svg class="strip" width="{0}" height="40" viewBox="0 0 {0} 40" role="img" aria-label="{1}">')
    cells = [_cell(point, index * cell, cell) for index, point in enumerate(points)]
    return (
        head.format(width, label)
        + Markup("<title>{}</title>").format(label)
        + Markup("").join(cells)
        + Markup("</svg>")
    )


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


@dataclass(frozen=True)
class _Frame:
    """The part of the plane that is drawn."""

    first: int
    last: int
    low: float
    high: float

    @classmethod
    def around(cls, points: Sequence[Point]) -> _Frame:
        low = math.floor(min(point.log10 for point in points) - 0.05)
        high = math.ceil(max(point.log10 for point in points) + 0.05)
        return cls(min(p.step for p in points), max(p.step for p in points), low, high)

    def x(self, step: float) -> float:
        inner = _WIDTH - _LEFT - _RIGHT
        share = (step - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return round(_LEFT + inner * share, 2)

    def y(self, log10: float) -> float:
        inner = _HEIGHT - _TOP - _BOTTOM
        return round(_TOP + inner * (self.high - log10) / (self.high - self.low), 2)


def _grid(frame: _Frame) -> Iterable[Markup]:
    """A line for each power of ten, or for every few."""
    every = max(1, math.ceil((frame.high - frame.low) / 5))
    for exponent in range(int(frame.low), int(frame.high) + 1):
        if (int(frame.high) - exponent) % every:
            continue
        y = frame.y(exponent)
        yield Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_LEFT, _WIDTH - _RIGHT, y, y)
        sign = "−" if exponent < 0 else ""
        yield Markup('<text class="tick y" x="{}" y="{}">10<tspan class="exp" dy="-5">{}{}</tspan></text>').format(
            _LEFT - 10, y + 5, sign, abs(exponent)
        )


def _steps(frame: _Frame) -> Iterable[Markup]:
    """Round numbers of steps under the horizontal axis."""
    every = _round_up((frame.last - frame.first) / 8)
    y = _HEIGHT - _BOTTOM + 20
    shown = {frame.first, *(s for s in range(frame.first, frame.last + 1) if s % every == 0)}
    for step in sorted(shown):
        if step != frame.first and frame.x(step) - frame.x(frame.first) < 30:
            continue
        yield Markup('<text class="tick x" x="{}" y="{}">{}</text>').format(frame.x(step), y, step)


def _round_up(span: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 … that is at least *span*."""
    decade: int = 10 ** max(0, math.floor(math.log10(max(span, 1))))
    return next(decade * factor for factor in (1, 2, 5, 10) if decade * factor >= span)


def _path(chart: Chart, frame: _Frame) -> str:
    commands: list[str] = []
    for point in chart.points:
        x, y = frame.x(point.step), frame.y(point.log10)
        if not commands:
            commands.append(f"M{x} {y}")
        elif chart.stairs:
            commands.append(f"H{x}V{y}")
        else:
            commands.append(f"L{x} {y}")
    return "".join(commands)


def _marks(points: Iterable[Point], frame: _Frame) -> Iterable[Markup]:
    """A filled disc for a pass, a ring for everything else."""
    for point in points:
        radius = 5.5 if point.kind == "pass" else 4
        yield Markup('<circle class="mark {}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
            point.kind, frame.x(point.step), frame.y(point.log10), radius, point.title
        )


def _cell(point: Point, x: float, width: float) -> Markup:
    gap = min(3.0, width / 5)
    height = 36 if point.kind == "pass" else 20
    return Markup('<rect class="cell {}" x="{}" y="{}" width="{}" height="{}" rx="2"><title>{}</title></rect>').format(
        point.kind, round(x, 2), 38 - height, round(width - gap, 2), height, point.title
    )


def _summary(points: Sequence[Point]) -> str:
    first, last = points[0], points[-1]
    return escape(
        f"from {power_of_ten(first.log10)} at evaluation {first.step} to {power_of_ten(last.log10)}"
        f" at evaluation {last.step}"
    )
