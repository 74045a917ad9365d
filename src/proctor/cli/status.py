"""`proctor status`: what is left of the test set."""

from __future__ import annotations

import click

from proctor.cli.gathering import Form, form_options
from proctor.cli.outputs import remark
from proctor.loading import Named, load_gate


@click.command(
    epilog="""\b
Examples:
  proctor status                 of the gate in this folder
  proctor status --json          for a machine
""",
)
@click.argument("file", default=".", type=click.Path())
@click.option("--labels", metavar="FILE", help="Labels of the test set, in place of the gate file's.")
@form_options("the status")
def status(file: str, labels: str | None, form: Form) -> int:
    """
    Show what is left of the test set: evaluations, leakage, and the tolerance of the next evaluation.

    Reads the ledger and the inputs of the test set, never labels, and spends nothing. For a ledger of
    thousands of entries it keeps a checkpoint in the user's cache folder, so that the next look is quick.
    """
    from proctor.gate.status import glance
    from proctor.runtime import Runtime

    found = glance(load_gate(file, Named(labels=labels, candidate=labels and "-")), Runtime(remark=remark))
    if form.as_json:
        from proctor.reports import json as rendering

        click.echo(rendering.render(found))
    elif form.as_markdown:
        from proctor.reports import markdown

        click.echo(markdown.render_status(found))
    else:
        from proctor.cli import terminal_width
        from proctor.reports import terminal

        click.echo(terminal.render_status(found, terminal_width()))
    return 0
