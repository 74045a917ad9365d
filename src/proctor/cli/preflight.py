"""`proctor preflight`: what can be known of a candidate before it is judged; spends nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from proctor.cli.gathering import Form, form_options
from proctor.cli.outputs import remark
from proctor.loading import Named, load_gate

if TYPE_CHECKING:
    from proctor.preflight import Finding, Preflight

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path)
_DEVELOPMENT = {
    "development": "Features of examples that are not in the test set.",
    "development-labels": "Their labels.",
    "development-candidate": "The new model's predictions on them.",
    "development-baseline": "The old model's predictions on them.",
    "development-anchor": "The anchor's predictions on them.",
}
_SIGNS = {"ok": "✓", "warning": "!", "problem": "✗", "skipped": "–"}
_COLORS = {"ok": "green", "warning": "yellow", "problem": "red", "skipped": None}


def development_options(command: F) -> F:
    """The options that name development data; the command takes them together, as keywords."""
    for name, text in reversed(_DEVELOPMENT.items()):
        command = click.option(f"--{name}", metavar="FILE", type=_FILE, help=text)(command)
    return command


def inspected(file: str, development: Mapping[str, Path | None], candidate: str | None = None) -> Preflight:
    """
    The preflight of a gate file, by the options that name its data; what a check would remark on is said here, too.

    Predictions on development data are on those of the gate file, where no others are named.
    """
    from proctor.preflight import Development, inspect
    from proctor.runtime import Runtime

    features, labels, new, old, anchor = (development[name.replace("-", "_")] for name in _DEVELOPMENT)
    there = Development(features, labels, new, old, anchor)
    named = Named(candidate=candidate) if there.is_there else Named(candidate=candidate, **_of_models(development))
    return inspect(load_gate(file, named), Runtime(remark=remark), there)


def _of_models(named: Mapping[str, Path | None]) -> dict[str, str]:
    """Predictions on the development data that the gate file names, by the keywords that stand for them."""
    names = ("development_candidate", "development_baseline")
    return {name: str(file) for name in names if (file := named[name]) is not None}


@click.command(
    epilog="""\b
Examples:
  proctor preflight                              what would stop a check, and what it would cost
  proctor preflight --development dev.csv --development-labels dev-labels.csv
                                                 and how likely a pass is
  proctor hook install                           do this at every `git push`

\b
Exit codes: 0 nothing stands in the way; otherwise that of the check: 2 misuse,
4 fresh test set needed, 5 data, model or ledger unusable.
""",
)
@click.argument("file", default=".", type=click.Path())
@click.option(
    "--candidate",
    metavar="FILE|URI",
    help="Predictions of the new model, or its version in MLflow's registry, in place of the gate file's candidate.",
)
@development_options
@form_options("the findings")
def preflight(
    file: str,
    candidate: str | None,
    form: Form,
    **development: Path | None,
) -> int:
    """
    Look at a candidate before it is judged: gate file, account, plan, cost, and whether the model runs.

    Never opens the labels of the test set and spends nothing. The chance of a pass is estimated from development data
    alone: evaluations like the next one are simulated on examples drawn from them. Where they do not look
    like the test set, by features that both have, a warning says so.
    """
    found = inspected(file, development, candidate)
    if form.as_json:
        click.echo(as_json_text(found))
    elif form.as_markdown:
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
    from proctor.reports.markdown import escape, prose

    first, *others = [f"| {_SIGNS[f.mark]} **{f.name}** | {prose(_whole(f))} |" for f in found.findings]
    return "\n".join(
        [f"**Preflight of {escape(found.gate)}:** {conclusion(found)}", "", first, "|:--|:--|", *others, ""]
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
    return (f"{finding.text}. {finding.hint}" if finding.hint else finding.text).replace("\n", " ")
