"""The page of keys is the program's own."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from proctor import gatefile
from proctor.cli.schema import schema
from proctor.gatefile import reference

PAGE = Path(__file__).parents[3] / "conditions/README.md"
MARKED = re.compile("(?s)(?<=<!-- keys -->\n).*(?=<!-- /keys -->)")


def test_markdown__is_what_the_page_says():
    """`conditions/README.md` holds the tables as the program prints them; PROCTOR_WRITE_README=1 writes them."""
    if os.environ.get("PROCTOR_WRITE_README"):
        PAGE.write_text(MARKED.sub(lambda _: reference.markdown(), PAGE.read_text("utf-8")), "utf-8")

    found = MARKED.search(PAGE.read_text("utf-8"))

    assert found is not None
    assert reference.markdown() == found.group()


def named(schema: dict) -> set[str]:
    """Every key of a JSON Schema, at every depth."""
    inner = [*schema.get("properties", {}).values(), *schema.get("oneOf", []), *schema.get("anyOf", [])]
    inner += [schema["additionalProperties"]] if schema.get("additionalProperties") else []
    return set(schema.get("properties", {})).union(*map(named, inner))


def test_markdown__has_every_key():
    """Whatever the schema knows, the tables explain, with the same default."""
    rows = re.findall(r"^\| `(\w+)` \| .+ \| .+\. \|$", reference.markdown(), re.MULTILINE)

    assert named(gatefile.json_schema()) == set(rows)
    assert "| `reliability` | a number at least 0.5 and below 1 | `0.999` |" in reference.markdown()


def test_schema__prints_it():
    """`proctor schema --markdown` prints the tables, and only of the gate file."""
    runner = CliRunner()

    assert reference.markdown() == runner.invoke(schema, ["--markdown"]).output
    assert 2 == runner.invoke(schema, ["status", "--markdown"]).exit_code


@pytest.mark.parametrize("name", ["labels", "command", "trust", "estimate", "owner_experiment"])
def test_markdown__describes_what_lies_within(name):
    """Keys of inner maps have a row of their own."""
    assert f"\n| `{name}` | " in reference.markdown()
