"""
The picture of a study as SVG, drawn here: how likely a wrong outcome has become by each commit, for each gate.

The dashed line is what the contract allows; the bars at the end are 95 % intervals. A ratchet gets a second panel:
what the accepted model has lost since the first day.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from proctor.reports.simulation import percent
from proctor.reports.study import Study, Tally

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 380, 64, 250, 44, 52
_BARS_WIDTH, _NAMES = 520, 250
_COLORS = ("#b42318", "#d1622b", "#b08800", "#1f6feb", "#3a8f5c", "#6e40c9")
_INK, _GRID = "#24292f", "#d8dee4"


def svg(study: Study) -> str:
    """The study as an SVG document."""
    has_bars = study.kind == "ratchet"
    width = _WIDTH + (_BARS_WIDTH if has_bars else 0)
    parts = [*_curves(study), *(_bars(study) if has_bars else [])]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" height="{_HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="12" role="img">\n<title>{escape(_title(study))}</title>\n'
        f'<rect width="{width}" height="{_HEIGHT}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _title(study: Study) -> str:
    return f"Probability of a false {study.proof} by commit"


def _curves(study: Study) -> list[str]:
    parts = [_text(_LEFT, 22, _title(study), "start", "bold")]
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 14, "commits", "middle"))
    for tick in range(0, 101, 20):
        parts.append(_line(_LEFT, _y(tick / 100), _WIDTH - _RIGHT, _y(tick / 100), _GRID))
        parts.append(_text(_LEFT - 8, _y(tick / 100) + 4, f"{tick} %", "end"))
    every = max(1, study.steps // 8)
    parts += [
        _text(_x(step, study), _HEIGHT - _BOTTOM + 18, str(step), "middle")
        for step in range(every, study.steps + 1, every)
    ]
    allowed = _y(study.error_probability)
    parts.append(_line(_LEFT, allowed, _WIDTH - _RIGHT, allowed, _INK, 'stroke-dasharray="5 4"'))
    for index, tally in enumerate(study.tallies):
        parts += _curve(study, index, tally)
    parts.append(_line(_legend_x(), _TOP - 8, _legend_x() + 14, _TOP - 8, _INK, 'stroke-dasharray="5 4"'))
    parts.append(_text(_legend_x() + 20, _TOP - 4, f"promised: at most {percent(study.error_probability)}", "start"))
    return parts


def _curve(study: Study, index: int, tally: Tally) -> list[str]:
    color, dash = _style(study, index)
    points = [(0, 0.0), *((step, false / tally.lives) for step, false in enumerate(tally.false_by_commit, 1))]
    path = " ".join(f"{_x(step, study):.1f},{_y(share):.1f}" for step, share in points)
    low, high = tally.interval
    end, row = _x(study.steps, study) + 6 + 5 * index, _TOP + 16 + 30 * index
    return [
        f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"{dash}/>',
        f'<line x1="{end}" y1="{_y(low):.1f}" x2="{end}" y2="{_y(high):.1f}" stroke="{color}" stroke-width="2"/>',
        f'<circle cx="{end}" cy="{_y(tally.share):.1f}" r="3" fill="{color}"/>',
        _line(_legend_x(), row - 4, _legend_x() + 14, row - 4, color, f'stroke-width="3"{dash}'),
        _text(_legend_x() + 20, row, _name(study, tally), "start"),
        _text(_legend_x() + 20, row + 14, f"{percent(tally.share)} ({percent(low)} to {percent(high)})", "start"),
    ]


def _style(study: Study, index: int) -> tuple[str, str]:
    """A color for each gate; under a second condition the same color, dotted."""
    gates = list(dict.fromkeys(tally.gate for tally in study.tallies))
    color = _COLORS[gates.index(study.tallies[index].gate) % len(_COLORS)]
    is_first = study.tallies[index].condition == study.tallies[0].condition
    return color, "" if is_first else ' stroke-dasharray="2 3"'


def _name(study: Study, tally: Tally) -> str:
    return tally.gate if tally.condition == study.tallies[0].condition else f"{tally.gate}, anchored"


def _bars(study: Study) -> list[str]:
    """Accuracy of the model accepted at the end less that of the first one, to the left of zero where it is lower."""
    left, right = _WIDTH + _NAMES, _WIDTH + _BARS_WIDTH - 60
    gains = [100 * tally.gain for tally in study.tallies]
    low, high = min(-0.1, *gains), max(0.0, *gains)
    zero = left + (right - left) * (0 - low) / (high - low)
    parts = [_text(_WIDTH + 10, 22, "Accuracy since the first day, points", "start", "bold")]
    for index, (tally, gain) in enumerate(zip(study.tallies, gains, strict=True)):
        y, end = _TOP + 6 + 30 * index, left + (right - left) * (gain - low) / (high - low)
        color, _ = _style(study, index)
        parts.append(_text(left - 10, y + 12, _name(study, tally), "end"))
        x, width = min(zero, end), abs(end - zero)
        parts.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="16" fill="{color}"/>')
        parts.append(_text(max(zero, end) + 6, y + 12, f"{round(gain, 1) + 0.0:+.1f}", "start"))
    parts.append(_line(zero, _TOP, zero, _TOP + 6 + 30 * len(gains), _INK))
    return parts


def _x(step: float, study: Study) -> float:
    return _LEFT + (_WIDTH - _RIGHT - _LEFT) * step / study.steps


def _y(share: float) -> float:
    return _TOP + (_HEIGHT - _BOTTOM - _TOP) * (1 - share)


def _legend_x() -> float:
    return _WIDTH - _RIGHT + 50


def _text(x: float, y: float, text: str, anchor: str, weight: str = "normal") -> str:
    style = f'text-anchor="{anchor}" font-weight="{weight}" fill="{_INK}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, color: str, more: str = "") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" {more}/>'
