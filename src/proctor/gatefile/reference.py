"""
The gate file's keys as a page for people: Markdown, from the same table that reads the file.

What it prints stands in the repository as ``conditions/README.md``, between two marks; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator

from proctor.gatefile import keys
from proctor.gatefile.sections import Key, Section, sections_of


def markdown() -> str:
    """Every key of a gate file with its values, its default and its meaning, a table for each map."""
    return "\n".join([*_table(keys.GATE), *(line for key in keys.GATE.keys for line in _below(key.name, key))]) + "\n"


def _below(path: str, key: Key) -> Iterator[str]:
    """The tables of the maps that *key* can be, those within them included."""
    for variant, section in sections_of(key.kind):
        yield ""
        yield f"In `{path}:`" + (f", with `{variant}:`" if variant else "") + ":"
        yield ""
        yield from _table(section)
        for inner in section.keys:
            yield from _below(f"{path}.{inner.name}", inner)


def _table(section: Section) -> list[str]:
    rows = [f"| `{key.name}` | {key.kind.in_words()} | {_default(key)} | {key.description} |" for key in section.keys]
    return ["| key | values | default | meaning |", "|---|---|---|---|", *rows]


def _default(key: Key) -> str:
    if key.required:
        return "**required**"
    if key.shown is None:
        return ""
    return f"`{str(key.shown).lower() if isinstance(key.shown, bool) else key.shown}`"
