"""
Badges of the verdict and of the test set's remaining life, as SVG made here and as shields' endpoint JSON.

No network and no font is needed; the colors keep a contrast of at least 4.5 on both halves, so that a badge reads the
same on a light and on a dark page.
"""

from __future__ import annotations

from enum import StrEnum
from html import escape
from typing import NamedTuple

from proctor.release import BudgetReport, Release, Status, Verdict
from proctor.reports import sentences

_PADDING = 7
_HEIGHT = 20


class Color(StrEnum):
    """Backgrounds for white text."""

    GREEN = "#1a7f37"
    RED = "#cf222e"
    AMBER = "#9a6700"
    GRAY = "#57606a"


_VERDICTS = {
    Verdict.PASS: ("pass", Color.GREEN),
    Verdict.FAIL: ("fail", Color.RED),
    Verdict.WITHHELD: ("evaluated", Color.GRAY),
}
_SHIELDS = {Color.GREEN: "brightgreen", Color.RED: "red", Color.AMBER: "orange", Color.GRAY: "lightgrey"}


class Badge(NamedTuple):
    """A label, what is said of it, and the color of the latter."""

    label: str
    message: str
    color: Color


def verdict_badge(public: Release | Status) -> Badge:
    """The last verdict, with its step."""
    last = max(public.history, key=lambda row: row.entry, default=None) if isinstance(public, Status) else public
    if last is None:
        return Badge("proctor", "not judged yet", Color.GRAY)
    word, color = _VERDICTS[last.verdict]
    return Badge("proctor", word + (f" · step {last.step}" if last.step else ""), color)


def budget_badge(public: Release | Status) -> Badge:
    """The remaining life of the test set: a share where its end is known, else bits."""
    budget = public.budget
    label = "test set"
    state = public.testset.state
    if budget.is_spent or state != "in use":
        return Badge(label, "spent" if state == "in use" else state, Color.RED)
    share = budget.share_used
    if share is None:
        return Badge(label, f"{budget.leakage_bits:.1f} bits used", Color.GREEN)
    left = max(0.0, 1 - share)
    color = Color.GREEN if left > 0.4 else Color.AMBER if left > 0.1 else Color.RED
    return Badge(label, f"{sentences.whole_percent(left)} left{_promise(budget)}", color)


def svg(badge: Badge) -> str:
    """The badge as a self-contained SVG image with accessible text."""
    label, message = _width(badge.label), _width(badge.message)
    total = label + message
    name = escape(f"{badge.label}: {badge.message}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{_HEIGHT}"'
        f' viewBox="0 0 {total} {_HEIGHT}" role="img" aria-label="{name}">\n'
        f"<title>{name}</title>\n"
        # Two halves with rounded outer corners; without ids, so that several badges may stand in one page.
        f'<path d="M4 0H{label}V{_HEIGHT}H4A4 4 0 0 1 0 {_HEIGHT - 4}V4A4 4 0 0 1 4 0Z" fill="#32383f"/>\n'
        f'<path d="M{label} 0H{total - 4}A4 4 0 0 1 {total} 4V{_HEIGHT - 4}A4 4 0 0 1 {total - 4} {_HEIGHT}H{label}Z"'
        f' fill="{badge.color}"/>\n'
        # A hairline that is seen on black as well as on white.
        f'<rect x=".5" y=".5" width="{total - 1}" height="{_HEIGHT - 1}" rx="3.5" fill="none"'
        f' stroke="#8c959f" stroke-opacity=".45"/>\n'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" aria-hidden="true">\n'
        f"{_words(badge.label, 0, label)}\n{_words(badge.message, label, message)}\n</g>\n</svg>\n"
    )


def endpoint(badge: Badge) -> dict[str, str | int | bool]:
    """The badge as JSON that shields' ``/endpoint`` reads."""
    return {
        "schemaVersion": 1,
        "label": badge.label,
        "message": badge.message,
        "color": _SHIELDS[badge.color],
        "isError": False,
        "cacheSeconds": 300,
    }


def _promise(budget: BudgetReport) -> str:
    left = budget.evaluations_left
    return "" if left is None else f" · {sentences.count(left, 'evaluations')}"


def _words(text: str, start: int, width: int) -> str:
    length = width - 2 * _PADDING
    return f'<text x="{start + _PADDING}" y="14" textLength="{length}">{escape(text)}</text>'


def _width(text: str) -> int:
    """Pixels that *text* takes at 11 px in a typical sans serif face, with padding; the text is fitted to it."""
    return round(sum(_advance(c) for c in text)) + 2 * _PADDING


def _advance(c: str) -> float:
    if c in "iljtfr.,:;'|!·I ":
        return 4.2
    if c in "mwMW%@":
        return 10.3
    return 7.6 if c.isupper() else 6.8
