"""`proctor report`: the life of the test set as one self-contained page, and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor.cli.printing import write_text
from proctor.errors import Misuse
from proctor.loading import load_gate

if TYPE_CHECKING:
    from proctor.gatefile import Gate
    from proctor.planning import Plan


@click.command(
    epilog="""\b
Examples:
  proctor report --html history.html                     one page: verdicts, budget, levels, plan
  proctor report gates/spam.yml --html spam.html --json spam.json
""",
)
@click.argument("file", default=".", type=click.Path())
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Write the page to FILE.")
@click.option("--json", "json_file", metavar="FILE", type=click.Path(path_type=Path), help="Write the facts to FILE.")
def report(file: str, html: Path | None, json_file: Path | None) -> int:
    """
    Write the history of the test set: verdicts over commits, the budget burning down, the levels, the plan.

    The page needs no network and no script. Apart from the released verdicts, nothing in it was computed from labels.
    """
    from proctor.gate.status import status
    from proctor.runtime import Runtime

    if html is None and json_file is None:
        raise Misuse("nothing to write: neither --html nor --json was given", hint="Say --html history.html.")
    gate = load_gate(file)
    found = status(gate, Runtime())
    if html is not None:
        from proctor.reports import html as page

        write_text(html, page.render(found, plan_of(gate, found.testset.n_examples)))
    if json_file is not None:
        from proctor.reports import json as rendering

        write_text(json_file, rendering.render(found) + "\n")
    for written in filter(None, (html, json_file)):
        click.echo(f"wrote {written}")
    return 0


def plan_of(gate: Gate, n_examples: int) -> Plan | None:
    """The plan of the gate file, and what the examples at hand reach; ``None`` where nothing can be planned."""
    from proctor.planning import plan

    try:
        return plan(gate.formula, gate.request(None if gate.cluster else n_examples))  # of clusters there are fewer
    except Misuse:
        return None
