"""
What `proctor plan --plot` draws: examples needed against tolerance, and the life of the set.

The picture is data first (`Panel`), then SVG by the few lines below, without any plotting library.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

from proctor.planning import LifeCell, Plan

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 460, 320, 76, 16, 40, 56
COLORS = ("#1f6feb", "#d1622b", "#3a8f5c")


@dataclass(frozen=True)
class Line:
    """Points joined by a line, under a name."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Panel:
    """One pair of axes; the vertical one is logarithmic where *is_log*."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    is_log: bool = False


def panels(plan: Plan, curve: tuple[tuple[float, int], ...]) -> tuple[Panel, ...]:
    """
    The panels of a plan; those without any point are left out.

    Args:
        plan: The plan.
        curve: Multiples of the asked tolerance, and examples needed there (`proctor.planning.tolerance_curve`).

    """
    return tuple(panel for panel in (_needed(plan, curve), _life(plan)) if panel.lines)


def _needed(plan: Plan, curve: tuple[tuple[float, int], ...]) -> Panel:
    # The first clause's tolerance stands for all: every clause is scaled by the same multiple.
    asked = 100 * (plan.clauses[0].asked or 1.0)
    line = Line("examples", tuple((factor * asked, float(size)) for factor, size in curve))
    lines = (line,) if curve else ()
    return Panel("Examples needed", "tolerance, points", "examples", lines, is_log=True)


def _life(plan: Plan) -> Panel:
    label = "examples" if plan.examples_at_hand is None else "tolerance, points"
    rows = [row for row in plan.life if row.passes is not None]
    names = [name for name, _ in rows[0].cells] if rows else []
    lines = [
        Line(name, tuple((float(row.passes or 0), v) for row in rows if (v := _height(dict(row.cells)[name]))))
        for name in names
    ]
    return Panel("Life of the test set", "passes", label, tuple(line for line in lines if line.points))


def _height(cell: LifeCell) -> float | None:
    if cell.tolerance is not None:
        return 100 * cell.tolerance
    return None if cell.examples is None else float(cell.examples)


# --- SVG -------------------------------------------------------------------------------------------------------------


def svg(drawn: tuple[Panel, ...]) -> str:
    """The panels side by side as an SVG document."""
    width = WIDTH * max(1, len(drawn))
    body = "\n".join(_panel(panel, WIDTH * index) for index, panel in enumerate(drawn))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="12" role="img">\n'
        f'<rect width="{width}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _panel(panel: Panel, offset: int) -> str:
    points = [point for line in panel.lines for point in line.points]
    across = _Axis(*_span([x for x, _ in points], is_log=False), LEFT + 8, WIDTH - RIGHT, is_log=False)
    up = _Axis(*_span([y for _, y in points], panel.is_log), HEIGHT - BOTTOM, TOP, panel.is_log)
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts = [_text(middle, 20, panel.title, "middle", "bold"), _text(middle, HEIGHT - 16, panel.x_label, "middle")]
    parts.append(f'<g transform="rotate(-90 14 {HEIGHT / 2})">{_text(14, HEIGHT / 2, panel.y_label, "middle")}</g>')
    parts += [_grid_line(up.at(y), _label(y)) for y in up.ticks()]
    parts += [_text(across.at(x), HEIGHT - BOTTOM + 18, _label(x), "middle") for x in across.ticks()]
    for index, line in enumerate(panel.lines):
        color = COLORS[index % len(COLORS)]
        parts += [*_drawn(line, color, across, up), _legend(line.name, color, HEIGHT - BOTTOM - 12 - 16 * index)]
    return f'<g transform="translate({offset} 0)">\n' + "\n".join(parts) + "\n</g>"


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    start: float
    end: float
    is_log: bool

    def at(self, value: float) -> float:
        """Where a value lies on the paper."""
        low, high, here = (math.log10(v) if self.is_log else v for v in (self.low, self.high, value))
        return self.start + (here - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values within the axis."""
        if self.is_log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            ticks = [float(digit * 10**decade) for decade in decades for digit in (1, 2, 5)]
        else:
            step = _round_step((self.high - self.low) / 5)
            ticks = [k * step for k in range(math.floor(self.low / step), math.ceil(self.high / step) + 1)]
        return [tick for tick in ticks if self.low * (1 - 1e-9) <= tick <= self.high * (1 + 1e-9)]


def _span(values: list[float], is_log: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if is_log:
        return low / 1.3, high * 1.3
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough * (1 - 1e-9))


def _label(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def _text(x: float, y: float, text: str, anchor: str, weight: str = "normal") -> str:
    style = f'text-anchor="{anchor}" font-weight="{weight}" fill="#24292f"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _grid_line(y: float, label: str) -> str:
    line = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d8dee4"/>'
    return line + _text(LEFT - 6, y + 4, label, "end")


def _drawn(line: Line, color: str, across: _Axis, up: _Axis) -> list[str]:
    places = [(across.at(x), up.at(y)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places]
    return [f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>', *dots]


def _legend(name: str, color: str, y: float) -> str:
    x = WIDTH - RIGHT - 96
    return f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{color}"/>' + _text(x + 15, y, name, "start")
