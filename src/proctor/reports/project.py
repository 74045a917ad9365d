"""The plan of a project over many releases, for people and for programs."""

from __future__ import annotations

import math
from typing import Any

from proctor.charts import Chart, Line, Point
from proctor.planning.project import Cell, ProjectPlan


def terminal(plan: ProjectPlan, condition: str) -> str:
    """A table for a terminal."""
    width = max(len(row.name) for row in plan.rows)
    head = (
        f"  {f'labeled {plan.noun} after':<{width}}"
        + "".join(f"{each:>10,}" for each in plan.milestones)
        + "  releases"
    )
    lines = ["", f"  for {condition}", "", head]
    for row in plan.rows:
        lines.append(f"  {row.name:<{width}}" + "".join(f"{cell.examples:>10,}" for cell in row.cells))
        if any(cell.standard_error for cell in row.cells):
            errors = "".join(f"{f'± {cell.standard_error:,}':>10}" for cell in row.cells)
            lines.append(f"  {'  standard error, 24 simulated lives':<{width}}{errors}")
    return "\n".join([*lines, "", *(f"  {note}" for note in _notes(plan)), ""])


def markdown(plan: ProjectPlan, condition: str) -> str:
    """The same as Markdown."""
    head = f"| labeled {plan.noun} after … releases | " + " | ".join(f"{each:,}" for each in plan.milestones) + " |"
    rule = "|:--|" + "--:|" * len(plan.milestones)
    rows = [f"| {row.name} | " + " | ".join(map(_told, row.cells)) + " |" for row in plan.rows]
    return "\n".join([f"Labeled {plan.noun} for `{condition}`", "", head, rule, *rows, "", *_notes(plan), ""])


def to_json(plan: ProjectPlan, condition: str) -> dict[str, Any]:
    """The same for programs."""
    return {
        "condition": condition,
        "releases": list(plan.milestones),
        "fails_before_each_pass": plan.fails,
        "development_examples": plan.development,
        "rows": [
            {
                "name": row.name,
                "examples": [cell.examples for cell in row.cells],
                "standard_errors": [cell.standard_error for cell in row.cells],
            }
            for row in plan.rows
        ],
    }


def chart(plan: ProjectPlan) -> Chart:
    """Labeled examples over the releases, a line for each way."""
    lines = tuple(
        Line(
            tuple(_point(*each, plan.noun) for each in zip(plan.milestones, row.cells, strict=True)),
            row.name,
            color=number % 6,
        )
        for number, row in enumerate(plan.rows)
    )
    return Chart(f"Labeled {plan.noun} of a project", "releases", f"labeled {plan.noun}", lines, is_log=True)


def _point(releases: int, cell: Cell, noun: str) -> Point:
    return Point(releases, math.log10(cell.examples), title=f"{releases:,} releases: {_told(cell)} {noun}")


def _told(cell: Cell) -> str:
    return f"{cell.examples:,}" + (f" ± {cell.standard_error:,}" if cell.standard_error else "")


def _notes(plan: ProjectPlan) -> tuple[str, ...]:
    fails = f"{plan.fails} fails" if plan.fails != 1 else "1 fail"
    notes = [f"Outcomes as planned: {fails}, then a pass; one reliability for the whole project."]
    if plan.development is not None:
        notes.append(
            f"Informed stakes are simulated, on {plan.development:,} development examples, which are not counted."
        )
    return tuple(notes)
