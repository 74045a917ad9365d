"""
How a benchmark says what it measured: one row of a Markdown table, the same in every script.

`run.py` collects the rows of all of them into one table.
"""

from __future__ import annotations


def figure(
    what: str, measured: float, *, most: float | None = None, least: float | None = None, unit: str = ""
) -> None:
    """
    Print one measured value beside its target; a missed one is in bold.

    Args:
        what: What was measured, and in which proportion to what.
        measured: The value.
        most: Target of a value that should be small; ``None`` if there is none.
        least: Target of a value that should be large; ``None`` if there is none.
        unit: Unit of the value; empty for a ratio.

    """
    is_missed = (most is not None and measured > most) or (least is not None and measured < least)
    value = f"{shown(measured)} {unit}".strip()
    target = f"≤ {shown(most)}" if most is not None else f"≥ {shown(least)}" if least is not None else "–"
    print(f"| {what} | {f'**{value}**' if is_missed else value} | {target} |", flush=True)


def shown(value: float) -> str:
    """Whole numbers and large ones without decimals, others with two, or two digits if small."""
    if value == int(value) or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"
