"""Other people's text, fit to be shown."""

from __future__ import annotations


def printable(text: str) -> str:
    """
    Give *text* in the same width, on one line, and without anything that a terminal would obey.

    >>> printable("a\\tb\\x1b[31m")
    'a b?[31m'
    """
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)
