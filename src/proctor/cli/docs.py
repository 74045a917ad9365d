"""`proctor docs`: the pages that come with the program, in the terminal where they are needed."""

from __future__ import annotations

import sys
from importlib.resources import files

import click

TOPICS = {
    "formats": "the files of labels, features, predictions and models: formats, columns, ids, and how classes are read",
    "labels": "test sets with few labels or none: which are asked for, in which forms, and how they are taken back",
    "theory": "the statistics: what is promised, by which test, and why it holds",
    "architecture": "the house: every package and module in one line, and the way of one check through them",
    "extending": "recipes for whoever adds to the program: what to write, and in which files",
    "benchmarks": "what was measured, beside its target, and which command measures it",
    "security": "who can do what to the gate, what is held, what is priced, and what is not promised",
}
"""Name of each page below `proctor/docs`, and one line on what is in it."""


def page(topic: str) -> str:
    """
    The page on *topic*, as Markdown.

    Args:
        topic: One of `TOPICS`.
    """
    return files("proctor").joinpath("docs", f"{topic}.md").read_text(encoding="utf-8")


@click.command(
    epilog="""\b
Examples:
  proctor docs                  which pages there are
  proctor docs security         what you can and what you must not assume
  proctor docs theory | less    the statistics, with proofs
""",
)
@click.argument("topic", type=click.Choice(list(TOPICS)), required=False)
def docs(topic: str | None) -> None:
    """Show a page on TOPIC; without one, list the pages."""
    if topic is None:
        width = max(map(len, TOPICS))
        for name, summary in TOPICS.items():
            click.echo(f"  {name:{width}}  {summary}")
        click.echo("\nRead one with: proctor docs TOPIC")
    elif sys.stdout.isatty():
        click.echo_via_pager(page(topic))
    else:
        click.echo(page(topic), nl=False)
