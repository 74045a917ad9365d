"""`proctor badge`: the last verdict, or what is left of the test set, as an SVG image and as shields' endpoint JSON."""

from __future__ import annotations

from pathlib import Path

import click

from proctor.cli.printing import json_text, write_text
from proctor.errors import Misuse
from proctor.loading import load_gate


@click.command(
    epilog="""\b
Examples:
  proctor badge --svg verdict.svg                   the last verdict
  proctor badge --budget --svg budget.svg           what is left of the test set
  proctor badge --endpoint badge.json               for https://shields.io/badges/endpoint-badge
""",
)
@click.argument("file", default=".", type=click.Path())
@click.option("--verdict", "shows_verdict", is_flag=True, help="Show the last verdict (the default).")
@click.option("--budget", "shows_budget", is_flag=True, help="Show what is left of the test set.")
@click.option("--svg", metavar="FILE", type=click.Path(path_type=Path), help="Write the image to FILE.")
@click.option("--endpoint", metavar="FILE", type=click.Path(path_type=Path), help="Write shields' JSON to FILE.")
def badge(file: str, shows_verdict: bool, shows_budget: bool, svg: Path | None, endpoint: Path | None) -> int:
    """
    Make a badge; without --svg and --endpoint the image is printed.

    Reads the ledger and the inputs of the test set, never labels, and spends nothing.
    """
    from proctor.gate.status import status
    from proctor.reports import badge as rendering
    from proctor.runtime import Runtime

    if shows_verdict and shows_budget:
        raise Misuse("--verdict and --budget are two badges", hint="Run the command once for each.")
    found = status(load_gate(file), Runtime())
    made = rendering.budget_badge(found) if shows_budget else rendering.verdict_badge(found)
    if svg is not None:
        write_text(svg, rendering.svg(made))
    if endpoint is not None:
        write_text(endpoint, json_text(rendering.endpoint(made)) + "\n")
    if svg is None and endpoint is None:
        click.echo(rendering.svg(made), nl=False)
    return 0
