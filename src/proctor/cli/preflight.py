"""`proctor preflight`: what can be known of a candidate before it is judged; spends nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor.cli.source import Named, load_gate

if TYPE_CHECKING:
    from proctor.preflight import Finding, Preflight

_FILE = click.Path(path_type=Path)
_SIGNS = {"ok": "✓", "warning": "!", "problem": "✗", "skipped": "–"}
_COLORS = {"ok": "green", "warning": "yellow", "problem": "red", "skipped": None}


@click.command(
    epilog="""\b
Examples:
  proctor preflight                              what would stop a check, and what it would cost
  proctor preflight --development dev.csv --development-labels dev-labels.csv
                                                 and how likely a pass is
  proctor hook install                           do this at every `git push`

\b
Exit codes: 0 nothing stands in the way; else that of the check: 2 misuse,
4 fresh test set needed, 5 data, model or ledger unusable.
""",
)
@click.argument("file", default=".", type=click.Path())
@click.option(
    "--candidate", metavar="FILE", help="Predictions of the new model, in place of the gate file's candidate."
)
@click.option("--development", metavar="FILE", type=_FILE, help="Features of examples that are not in the test set.")
@click.option("--development-labels", metavar="FILE", type=_FILE, help="Their labels.")
@click.option("--development-candidate", metavar="FILE", type=_FILE, help="The new model's predictions on them.")
@click.option("--development-baseline", metavar="FILE", type=_FILE, help="The old model's predictions on them.")
@click.option("--development-anchor", metavar="FILE", type=_FILE, help="The anchor's predictions on them.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the findings as Markdown.")
def preflight(
    file: str,
    candidate: str | None,
    development: Path | None,
    development_labels: Path | None,
    development_candidate: Path | None,
    development_baseline: Path | None,
    development_anchor: Path | None,
    as_json: bool,
    as_markdown: bool,
) -> int:
    """
    Look at a candidate before it is judged: gate file, account, plan, cost, and that the model runs.

    Never opens the labels of the test set and spends nothing. The chance of a pass is judged from development data
    alone: evaluations like the next one are simulated on examples drawn from them.
    """
    from proctor.preflight import Development, inspect
    from proctor.surroundings import Surroundings

    files = Development(
        development, development_labels, development_candidate, development_baseline, development_anchor
    )
    found = inspect(load_gate(file, Named(candidate=candidate)), Surroundings(), files)
    if as_json:
        click.echo(as_json_text(found))
    elif as_markdown:
        click.echo(as_table(found))
    else:
        click.echo(as_text(found))
    return found.exit_code


def as_text(found: Preflight) -> str:
    """The findings for people in a terminal, one line each and its advice below."""
    lines = [""]
    for finding in found.findings:
        sign = click.style(_SIGNS[finding.mark], fg=_COLORS[finding.mark], bold=True)
        lines.append(f"  {sign} {click.style(f'{finding.name:<12}', dim=True)} {finding.text}")
        if finding.hint:
            lines.append(f"{'':17}{finding.hint}")
    return "\n".join([*lines, "", f"  {conclusion(found)}", ""])


def as_table(found: Preflight) -> str:
    """The findings as Markdown, for job summaries."""
    from proctor.reports.markdown import escape

    rows = [f"| {_SIGNS[f.mark]} {f.name} | {escape(_whole(f))} |" for f in found.findings]
    return "\n".join(
        [f"**Preflight of {escape(found.gate)}:** {conclusion(found)}", "", "| | |", "|---|---|", *rows, ""]
    )


def as_json_text(found: Preflight) -> str:
    """The findings and the numbers behind them, for machines."""
    return json.dumps({**asdict(found), "exit_code": found.exit_code}, indent=2, ensure_ascii=False, allow_nan=False)


def conclusion(found: Preflight) -> str:
    """The last line."""
    if found.exit_code:
        return "What is marked ✗ stands in the way; nothing was spent."
    return "Nothing stands in the way of a check; nothing was spent."


def _whole(finding: Finding) -> str:
    return f"{finding.text} {finding.hint}".strip().replace("\n", " ")
