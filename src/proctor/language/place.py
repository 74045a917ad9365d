"""
Place of something in the user's text, and how an error points at it.

Every error of the language is raised through a place, so that all of them look alike:
what is wrong, the user's own line, a caret under the spot. What to write instead is the error's hint.
"""

from __future__ import annotations

from typing import NamedTuple

from proctor.errors import ConditionError
from proctor.text import printable

_MARGIN = "    "
_WIDEST = 100
_CONTEXT = 60


class Place(NamedTuple):
    """
    A piece of the user's text.

    Attributes:
        text: The whole text.
        start: Offset of the first character.
        end: Offset behind the last character; equal to *start* for a spot between two characters.
    """

    text: str
    start: int
    end: int

    @property
    def quoted(self) -> str:
        """The piece itself."""
        return self.text[self.start : self.end]

    def error(self, message: str, hint: str = "") -> ConditionError:
        """An error that says *message*, shows the line with carets under this place, and gives *hint*."""
        return ConditionError(f"{printable(message)}\n{self.pointed()}", hint)

    def pointed(self) -> str:
        """
        The line that holds this place, with carets under it.

        >>> print(Place("n - o = 0.02", 6, 7).pointed())
            n - o = 0.02
                  ^
        """
        line_start = self.text.rfind("\n", 0, self.start) + 1
        line = self.text[line_start:].split("\n", 1)[0]
        column = self.start - line_start
        width = max(1, min(self.end - self.start, len(line) - column))
        if len(line) > _WIDEST:
            line, column, width = _cropped(line, column, width)
        return f"{_MARGIN}{printable(line).rstrip()}\n{_MARGIN}{' ' * column}{'^' * width}"


def _cropped(line: str, column: int, width: int) -> tuple[str, int, int]:
    first = max(0, column - _CONTEXT)
    last = min(len(line), column + _CONTEXT)
    cropped = ("…" if first else "") + line[first:last] + ("…" if last < len(line) else "")
    return cropped, column - first + bool(first), min(width, last - column) or 1
