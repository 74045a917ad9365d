"""`proctor schema`: the JSON Schema of what goes in and of what comes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click


def _gate() -> dict[str, Any]:
    from proctor.gatefile import json_schema

    return json_schema()


def _release() -> dict[str, Any]:
    from proctor.release import Release
    from proctor.reports import json as rendering

    return rendering.schema(Release)


def _status() -> dict[str, Any]:
    from proctor.release import Status
    from proctor.reports import json as rendering

    return rendering.schema(Status)


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {"gate": _gate, "release": _release, "status": _status}
"""What can be printed; each is imported when it is asked for."""


@click.command(
    epilog="""\b
Example: let editors complete and check the gate file
  proctor schema > proctor.schema.json
and begin proctor.yml with the line
  # yaml-language-server: $schema=proctor.schema.json
\b
What `proctor check --json` and `proctor status --json` print:
  proctor schema release
  proctor schema status
""",
)
@click.argument("what", type=click.Choice(list(SCHEMAS)), default="gate")
def schema(what: str) -> None:
    """Print the JSON Schema (draft 2020-12) of the gate file, of a release, or of a status."""
    click.echo(json.dumps(SCHEMAS[what](), indent=2, ensure_ascii=False))
