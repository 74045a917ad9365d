"""`proctor schema`: the JSON Schema of what goes in and of what comes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click


def _gate() -> dict[str, Any]:
    from proctor.gatefile import json_schema

    return json_schema()


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {"gate": _gate}
"""What can be printed; each is imported when it is asked for."""


@click.command(
    epilog="""\b
Example: let editors complete and check the gate file
  proctor schema > proctor.schema.json
and begin proctor.yml with the line
  # yaml-language-server: $schema=proctor.schema.json
""",
)
@click.argument("what", type=click.Choice(list(SCHEMAS)), default="gate")
def schema(what: str) -> None:
    """Print the JSON Schema (draft 2020-12) of the gate file."""
    click.echo(json.dumps(SCHEMAS[what](), indent=2, ensure_ascii=False))
