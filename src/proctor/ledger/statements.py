"""
Named SQL: each database's statements stand in a file of their own, and nowhere in Python.

A statement is introduced by a line ``-- name: description`` and ends before the next one.
"""

from __future__ import annotations

import re
from pathlib import Path

_TITLE = re.compile(r"^-- ([a-z_]+): .*$", re.MULTILINE)


def load(dialect: str) -> dict[str, str]:
    """The statements of ``<dialect>.sql`` beside this file, by name."""
    text = Path(__file__).with_name(f"{dialect}.sql").read_text(encoding="utf-8")
    _, *parts = _TITLE.split(text)
    return {name: statement.strip() for name, statement in zip(parts[::2], parts[1::2], strict=True)}
