"""A small table for a notebook: what an object shows of itself when it is the last line of a cell."""

from __future__ import annotations

from collections.abc import Iterable

from proctor.text import printable


def table(caption: str, rows: Iterable[tuple[str, object]]) -> str:
    """
    Give an HTML table of names and values; everything in it is shown as text, whoever wrote it.

    Args:
        caption: Its title.
        rows: Name and value of each row; one without a value (``None`` or empty) is left out.
    """
    from markupsafe import Markup

    row = Markup('<tr><th scope="row" style="text-align:left">{}</th><td style="text-align:left">{}</td></tr>')
    shown = [row.format(name, printable(str(value))) for name, value in rows if value is not None and value != ""]
    head = Markup('<table><caption style="text-align:left;font-weight:bold">{}</caption>').format(printable(caption))
    return str(head + Markup("").join(shown) + Markup("</table>"))


def points(tolerance: float | None, unit: str = "points") -> str | None:
    """A tolerance in points, or in a unit of its own."""
    if tolerance is None:
        return None
    return f"±{100 * tolerance:.3g} points" if unit == "points" else f"±{tolerance:.3g}"
