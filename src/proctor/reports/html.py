"""
The life of a test set as one self-contained page: verdicts, budget, levels, contract, plan; no scripts, no network.

Takes a `Status`, and the plan, which was made before any data was touched; nothing else. The template escapes
everything, the charts are drawn in `charts`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

import jinja2
from markupsafe import Markup

from proctor import charts
from proctor.charts import Chart, Line, Look, Point
from proctor.planning import Plan
from proctor.release import HistoryRow, Status
from proctor.reports import plan as planning
from proctor.reports import sentences

_LN10 = math.log(10)
_MOST_ROWS = 500


def render(status: Status, plan: Plan | None = None) -> str:
    """The page, complete; without the *plan* if there is none."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("proctor.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    history = tuple(sorted(status.history, key=lambda row: row.entry))
    share = status.budget.share_used
    return environment.get_template("history.html.j2").render(
        status=status,
        budget=status.budget,
        sentences=sentences,
        facts=_facts(status),
        plan=plan,
        planning=planning,
        share=None if share is None else round(100 * min(1.0, max(0.0, share))),
        last=_row(history[-1]) if history else None,
        rows=[_row(row) for row in reversed(history[-_MOST_ROWS:])],
        omitted=max(0, len(history) - _MOST_ROWS),
        strip=charts.strip([_point(row, 0.0) for row in history]),
        burn_down=_burn_down(status, history),
        levels=_levels(history),
        several_conditions=len({row.condition for row in history}) > 1,
    )


def _facts(status: Status) -> list[tuple[str, str, str]]:
    """Name, value and explanation of what was fixed at registration."""
    testset = status.testset
    protected = "PASS" if testset.mode == "fp-free" else "FAIL"
    inputs = {"sealed": "only the sandboxed model reads them", "open": "developers may have seen them"}
    return [
        ("Examples", f"{testset.n_examples:,}", "with hidden labels"),
        ("Reliability", sentences.percent(testset.reliability), f"no {protected} is ever wrong, with this probability"),
        ("Mode", testset.mode, f"{protected} is what must be proven"),
        ("Adaptivity", testset.adaptivity, "how the level of an evaluation is set"),
        ("Inputs", testset.inputs, inputs.get(testset.inputs, "")),
        ("State", testset.state, sentences.forecast(status)),
    ]


def _burn_down(status: Status, history: tuple[HistoryRow, ...]) -> Markup:
    """δ times the probability of the transcript so far (theory.md §4), from the full δ before the first step."""
    start = math.log1p(-status.testset.reliability) / _LN10
    judged = [row for row in history if row.step]
    points = [_point(row, start - row.leakage_bits * math.log10(2)) for row in judged]
    if points:
        whole = Point(points[0].x - 1, start, "start", f"before the first evaluation: {charts.power_of_ten(start)}")
        points.insert(0, whole)
    return _drawn("Budget left", "error probability that is left", Line(tuple(points), look=Look.STAIRS))


def _levels(history: tuple[HistoryRow, ...]) -> Markup:
    points = tuple(
        _point(row, row.log_level / _LN10)
        for row in history
        if row.step and row.log_level is not None and math.isfinite(row.log_level)
    )
    return _drawn("Level of each evaluation", "error probability given to one evaluation", Line(points))


def _drawn(name: str, unit: str, line: Line) -> Markup:
    return charts.draw(Chart(name, "evaluation", unit, (line,), is_log=True))


def _point(row: HistoryRow, log10: float) -> Point:
    commit = f", commit {row.commit[:12]}" if row.commit else ""
    value = f", {charts.power_of_ten(log10)}" if log10 else ""
    return Point(row.step, log10, row.verdict, f"evaluation {row.step}: {row.verdict}{commit}{value}")


def _row(row: HistoryRow) -> dict[str, str | bool]:
    """One line of the table, as text."""
    judged = row.basis.value
    said = ["" if judged == "judged" else judged, sentences.staked(row.stake), row.feedback or ""]
    return {
        "step": str(row.step) if row.step else "–",
        "is_judged": row.step > 0,
        "word": sentences.verdict_word(row.verdict),
        "kind": row.verdict,
        "when": _when(row.at),
        "commit": (row.commit or "")[:12],
        "actor": row.actor or "",
        "level": "" if row.log_level is None else _level(row.log_level),
        "bits": f"{row.leakage_bits:.1f}",
        "condition": row.condition,
        "remark": "; ".join(filter(None, said)),
    }


def _level(log_level: float) -> str:
    return charts.power_of_ten(log_level / _LN10) if math.isfinite(log_level) else "0"


def _when(at: str) -> str:
    """Day and minute, UTC; whatever cannot be read is shown as it is."""
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return at
    return (moment.astimezone(UTC) if moment.tzinfo else moment).strftime("%Y-%m-%d %H:%M")
