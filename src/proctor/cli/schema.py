"""`proctor schema`: the JSON Schema of what goes in and of what comes out."""

from __future__ import annotations

from typing import Any

import click

from proctor.cli.printing import json_text


@click.command(
    epilog="""\b
Every key of the gate file, with its values, its default and its meaning:
  proctor schema --markdown
\b
Let editors complete and check the gate file
  proctor schema > proctor.schema.json
and begin proctor.yml with the line
  # yaml-language-server: $schema=proctor.schema.json
\b
What `proctor check --json` and `proctor status --json` print:
  proctor schema release
  proctor schema status
""",
)
@click.argument("what", type=click.Choice(["gate", "release", "status"]), default="gate")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the keys of the gate file as tables to read.")
def schema(what: str, as_markdown: bool) -> None:
    """Print the JSON Schema (draft 2020-12) of the gate file, of a release, or of a status."""
    if as_markdown:
        if what != "gate":
            raise click.UsageError(f"--markdown is for the gate file; the schema of a {what} is JSON")
        from proctor.gatefile import reference

        click.echo(reference.markdown(), nl=False)
        return
    click.echo(json_text(_schema_of(what)))


def _schema_of(what: str) -> dict[str, Any]:
    if what == "gate":
        from proctor.gatefile import json_schema

        return json_schema()
    from proctor.release import Release, Status
    from proctor.reports import json as rendering

    return rendering.schema(Release if what == "release" else Status)
