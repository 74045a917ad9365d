"""
A plan for people and for programs: the number of examples first, then why, then the life of the set.

Plans are made before any data is touched, so everything in them is public. Plain text and dictionaries; a plan by the
paper's bounds is printed without loading anything heavy.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import asdict
from typing import Any

from proctor.budget import Mode
from proctor.charts import Chart, Line, Point
from proctor.methods import Unit
from proctor.planning import ClausePlan, LifeRow, PaperFigures, Plan
from proctor.reports.sentences import points

Json = dict[str, Any]


def answer(plan: Plan) -> str:
    """
    The plan's result, in one line.

    >>> from proctor.planning import PaperFigures
    >>> paper = PaperFigures(None, None, -8.16)
    >>> level = {"log_level": -8.16, "log_miss": -8.16}
    >>> answer(Plan(examples=4713, labels=471, clauses=(), life=(), paper=paper, paper_full=None, **level))
    '4,713 examples, about 471 labels'
    """
    return plan.answer + "".join(f"; {size:,} {plan.counted} on {slice_}" for slice_, size in plan.slices)


def at_hand(plan: Plan) -> str | None:
    """Tolerance that the examples at hand reach, in one line; ``None`` if none are at hand."""
    if plan.examples_at_hand is None or plan.reach is None:
        return None
    have = f"{plan.examples_at_hand:,} {plan.counted} at hand"
    asked = "" if plan.reach.asked is None else f" (asked: ±{points(plan.reach.asked, plan.reach.unit)})"
    if plan.reach.tolerance is None:
        return f"{have} reach no tolerance at all{asked}"
    verdict = "" if plan.reach.asked is None else ": enough" if plan.enough else ": not enough"
    return f"{have} reach ±{points(plan.reach.tolerance, plan.reach.unit)}{asked}{verdict}"


ROUGH = "≈ scaled from the plan's own level, right to a few parts in a hundred"
"""Mark of sizes in a plan's life that were not searched for."""


def one_at_a_time(plan: Plan) -> str | None:
    """
    Labels to expect where they are bought one at a time, in one sentence; ``None`` if that was not asked.

    Args:
        plan: The plan.
    """
    found = plan.collecting
    if found is None:
        return None
    return (
        f"bought one at a time, in a fixed order, from {found.examples:,} examples: about {found.unchanged:,.0f} "
        f"labels where nothing changed, {found.gained:,.0f} at threshold + 2 tolerances (proven in "
        f"{100 * found.power:.3g} % of simulated test sets), {found.most:,} at most"
    )


def terminal(plan: Plan, condition: str) -> str:
    """The plan for a terminal: plain text, the answer first."""
    lines = ["", f"  {answer(plan)}", f"  for {condition}"]
    if (have := at_hand(plan)) is not None:
        lines += ["", f"  {have}"]
    if (expected := one_at_a_time(plan)) is not None:
        lines += ["", *_wrapped(expected, "  ")]
    lines.append("")
    for clause in plan.clauses:
        lines += _clause_lines(clause, plan.noun)
    rows = [("planned for", held_to(plan)), *_paper(plan)]
    lines += ["", *(f"  {name:<15} {text}" for name, text in rows)]
    lines += ["", "  life of the test set", *(f"    {line}".rstrip() for line in _aligned(life_table(plan)))]
    if has_rough(plan):
        lines.append(f"    {ROUGH}")
    lines += [line for note in plan.notes for line in ("", *_wrapped(f"note: {note}", "  "))]
    return "\n".join([*lines, ""])


def markdown(plan: Plan, condition: str) -> str:
    """The plan as Markdown."""
    lines = [f"### {answer(plan)}", "", f"For `{condition}`; planned for {held_to(plan)}.", ""]
    if (have := at_hand(plan)) is not None:
        lines += [f"{have}.", ""]
    if (expected := one_at_a_time(plan)) is not None:
        lines += [f"Labels {expected}.", ""]
    table: list[tuple[str, ...]] = [
        ("clause", plan.noun, "labels" if plan.cluster is None else "labeled", "method", "why")
    ]
    table += [(f"`{c.text}`", _number(c.examples), _number(c.labels), c.method, c.reason) for c in plan.clauses]
    lines += [*_markdown_table(table), ""]
    lines += [line for name, text in _paper(plan) for line in (f"{name.capitalize()}: {text}.", "")]
    lines += ["#### Life of the test set", "", *_markdown_table(life_table(plan)), ""]
    if has_rough(plan):
        lines += [f"{ROUGH}.", ""]
    return "\n".join([*lines, *(f"> {note}\n" for note in plan.notes)])


def to_json(plan: Plan, condition: str) -> Json:
    """The plan for programs; tolerances in fractions, levels as natural logarithms."""
    return {
        "condition": condition,
        "examples": plan.examples,
        "labels": plan.labels,
        **({"cluster": plan.cluster} if plan.cluster else {}),
        **(_in_all(plan) if plan.cluster_size else {}),
        **({"slices": dict(plan.slices)} if plan.slices else {}),
        "clauses": [
            {
                "clause": clause.text,
                "method": clause.method,
                "reason": clause.reason,
                "examples": clause.examples,
                "labels": clause.labels,
                "level_log": clause.log_level,
                "tolerance": clause.asked,
                "reached_tolerance": clause.reached,
            }
            for clause in plan.clauses
        ],
        "life": [_life_json(row) for row in plan.life],
        "paper": _paper_json(plan.paper),
        "paper_full": None if plan.paper_full is None else _paper_json(plan.paper_full),
        "level_log": plan.log_level,
        "miss_log": plan.log_miss,
        "at_hand": _at_hand_json(plan),
        **({"sequential": asdict(plan.collecting)} if plan.collecting else {}),
        "notes": list(plan.notes),
    }


def _in_all(plan: Plan) -> Json:
    """The size of a cluster, and what it makes of the other figures, which count clusters."""
    n_examples, n_labels = plan.in_all
    return {"cluster_size": plan.cluster_size, "examples_in_all": n_examples, "labels_in_all": n_labels}


def charts(plan: Plan, curve: tuple[tuple[float, int], ...]) -> tuple[Chart, ...]:
    """
    Examples needed against tolerance, and the life of the set; without those that have no point.

    Args:
        plan: The plan.
        curve: Multiples of the asked tolerance, and examples needed there (`proctor.planning.tolerance_curve`).
    """
    return tuple(chart for chart in (_needed_chart(plan, curve), plan.life_chart) if chart.lines)


def level(log_level: float) -> str:
    """
    A level in scientific notation, also where a float cannot hold it.

    >>> level(-8.1605), level(-2000.0)
    ('2.9e-04', '2.6e-869')
    """
    if log_level == -math.inf:
        return "0"
    exponent = math.floor(log_level / math.log(10))
    mantissa = math.exp(log_level - exponent * math.log(10))
    return f"{mantissa:.1f}e{exponent:+03d}"


def _clause_lines(clause: ClausePlan, noun: str) -> list[str]:
    size = "no tolerance asked" if clause.examples is None else f"{clause.examples:,} {noun}"
    reached = "" if clause.reached is None else f", reaches ±{points(clause.reached, clause.unit)}"
    return [f"  {clause.text}", f"    {size}{reached}: {clause.method}", *_wrapped(clause.reason, "    ")]


def held_to(plan: Plan) -> str:
    """The level and the power that the plan keeps."""
    miss = math.exp(plan.log_miss)
    power = f"{100 * (1 - miss):.6g} %" if miss > 1e-6 else f"1 - {level(plan.log_miss)}"
    return f"level {level(plan.log_level)}, power {power} at threshold ± 2 tolerances"


def _paper(plan: Plan) -> list[tuple[str, str]]:
    if plan.paper.hoeffding is None:
        return []
    rows = [("paper's bounds", f"{_figures(plan.paper)} at the same level")]
    if plan.paper_full is not None:
        rows.append(("paper's policy", f"{_figures(plan.paper_full)} under `adaptivity: full`"))
    return rows


def _figures(found: PaperFigures) -> str:
    bennett = "" if found.bennett is None else f", Bennett {found.bennett:,}"
    return f"Hoeffding {_number(found.hoeffding)}{bennett}"


def life_table(plan: Plan) -> list[tuple[str, ...]]:
    """The life of the test set from pass to pass: a head, and one row for each number of passes."""
    what = plan.noun if plan.examples_at_hand is None else "tolerance"
    head = ["passes" if plan.mode is Mode.FP_FREE else "fails"]
    unit = Unit.POINTS if plan.reach is None else plan.reach.unit
    for name, _ in plan.life[0].cells:
        head += [f"{name}: level", what]
    return [tuple(head), *(_life_row(row, unit) for row in plan.life)]


def _life_row(row: LifeRow, unit: Unit) -> tuple[str, ...]:
    cells = ["any" if row.passes is None else str(row.passes)]
    for _, cell in row.cells:
        figure = _number(cell.examples) if cell.tolerance is None else f"±{points(cell.tolerance, unit)}"
        cells += [level(cell.log_level), f"≈{figure}" if cell.is_rough and figure != "–" else figure]
    return tuple(cells)


def has_rough(plan: Plan) -> bool:
    """True if a figure of the life is scaled, which the table marks."""
    return any(cell.is_rough for row in plan.life for _, cell in row.cells)


def _aligned(table: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    return ["   ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in table]


def _markdown_table(table: list[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table]
    return [lines[0], "|" + " --- |" * len(table[0]), *lines[1:]]


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, 100, initial_indent=indent, subsequent_indent=indent)


def _life_json(row: LifeRow) -> Json:
    cells = {
        name: {
            "level_log": cell.log_level,
            "examples": cell.examples,
            "tolerance": cell.tolerance,
            "rough": cell.is_rough,
        }
        for name, cell in row.cells
    }
    return {"passes": row.passes, **cells}


def _paper_json(figures: PaperFigures) -> Json:
    return {"hoeffding": figures.hoeffding, "bennett": figures.bennett, "level_log": figures.log_level}


def _at_hand_json(plan: Plan) -> Json | None:
    if plan.examples_at_hand is None or plan.reach is None:
        return None
    return {
        "examples": plan.examples_at_hand,
        "enough": plan.enough,
        "reached_tolerance": plan.reach.tolerance,
        "asked_tolerance": plan.reach.asked,
    }


def _needed_chart(plan: Plan, curve: tuple[tuple[float, int], ...]) -> Chart:
    # The first clause's tolerance stands for all: every clause is scaled by the same multiple.
    asked = 100 * (plan.clauses[0].asked or 1.0)
    line = Line(tuple(Point(factor * asked, math.log10(size)) for factor, size in curve))
    return Chart("Examples needed", "tolerance, points", "examples", (line,) if curve else (), is_log=True)
