"""Options that reach a command as one value."""

from __future__ import annotations

from typing import NamedTuple

import click
import pytest
from click.testing import CliRunner

from proctor.cli.gathering import form_options, gathered


class Place(NamedTuple):
    """Two options."""

    street: str | None
    number: int | None


@click.command()
@click.argument("name")
@click.option("--number", type=int)
@click.option("--street")
@form_options("the letter")
@gathered(Place, "place", *Place._fields)
def letter(**given):
    click.echo(repr(given))


@pytest.mark.parametrize(
    ("arguments", "place", "form"),
    [
        ([], "Place(street=None, number=None)", "Form(as_json=False, as_markdown=False)"),
        (["--street", "S", "--json"], "Place(street='S', number=None)", "Form(as_json=True, as_markdown=False)"),
        (["--number", "7", "--markdown"], "Place(street=None, number=7)", "Form(as_json=False, as_markdown=True)"),
    ],
)
def test_gathered__whatever_the_order(arguments, place, form):
    """Each value reaches its own field, and no parameter of its own is left beside the gathered ones."""
    result = CliRunner().invoke(letter, ["ada", *arguments], catch_exceptions=False)

    assert f"{{'name': 'ada', 'form': {form}, 'place': {place}}}\n" == result.output


def test_form_options__say_what_is_printed():
    """The help names the result, JSON first."""
    said = CliRunner().invoke(letter, ["--help"]).output

    assert said.index("Print the letter as JSON.") < said.index("Print the letter as Markdown.")
