"""A small table and a chart for a notebook: what an object shows of itself when it is the last line of a cell."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import TYPE_CHECKING

from proctor.text import printable

if TYPE_CHECKING:
    from proctor.charts import Chart


def table(caption: str, rows: Iterable[tuple[str, object]], chart: Chart | None = None) -> str:
    """
    Give an HTML table of names and values; everything in it is shown as text, whoever wrote it.

    A chart is shown as a picture, so that neither its styles nor its names are part of the page.

    Args:
        caption: Its title.
        rows: Name and value of each row; one without a value (``None`` or empty) is left out.
        chart: Drawn below the table, if it has two points.
    """
    from markupsafe import Markup

    row = Markup('<tr><th scope="row" style="text-align:left">{}</th><td style="text-align:left">{}</td></tr>')
    shown = [row.format(name, printable(str(value))) for name, value in rows if value is not None and value != ""]
    head = Markup('<table><caption style="text-align:left;font-weight:bold">{}</caption>').format(printable(caption))
    return str(head + Markup("").join(shown) + Markup("</table>") + _picture(chart))


def _picture(chart: Chart | None) -> str:
    from markupsafe import Markup

    from proctor.charts import document

    if chart is None or all(len(line.points) < 2 for line in chart.lines):
        return ""
    drawn = base64.b64encode(document([chart]).encode()).decode()
    return Markup('<img alt="{}" src="data:image/svg+xml;base64,{}">').format(f"{chart.name}, {chart.up}", drawn)


def points(tolerance: float | None, unit: str = "points") -> str | None:
    """A tolerance in points, or in a unit of its own."""
    if tolerance is None:
        return None
    return f"±{100 * tolerance:.3g} points" if unit == "points" else f"±{tolerance:.3g}"
