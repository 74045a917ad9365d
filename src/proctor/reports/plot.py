"""Charts as bitmaps: the only file that imports matplotlib (the ``plot`` extra), and only when a PNG is asked for."""

from __future__ import annotations

import io

from proctor.errors import MissingExtra
from proctor.reports.plan_chart import COLORS, Panel


def png(drawn: tuple[Panel, ...]) -> bytes:
    """
    The panels side by side as a PNG.

    Raises:
        MissingExtra: If matplotlib is not installed.

    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra(
            "drawing a PNG needs matplotlib, which is not installed",
            hint="Ask for a file that ends in .svg, which needs nothing, or: pip install 'proctor[plot]'",
        ) from None
    figure = Figure(figsize=(6 * len(drawn), 4), layout="tight")
    FigureCanvasAgg(figure)
    for axes, panel in zip(figure.subplots(1, len(drawn), squeeze=False)[0], drawn, strict=True):
        for index, line in enumerate(panel.lines):
            across, up = zip(*line.points, strict=True)
            axes.plot(across, up, marker="o", color=COLORS[index % len(COLORS)], label=line.name)
        axes.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
        axes.set_yscale("log" if panel.is_log else "linear")
        axes.legend()
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=150)
    return stream.getvalue()
