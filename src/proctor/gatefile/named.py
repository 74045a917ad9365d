"""Several conditions in one gate file: a map of names, judged in its order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from proctor.gatefile import checks
from proctor.gatefile.kinds import Switch, Text
from proctor.gatefile.sections import Key, Made, MapOf, Section, WordOrMap


class NamedCondition(NamedTuple):
    """
    One condition of a map.

    Attributes:
        name: What the gate file calls it.
        condition: The formula as written.
        is_enforced: False if its verdict only informs.
    """

    name: str
    condition: str
    is_enforced: bool = True


def together(named: Sequence[NamedCondition]) -> str:
    """
    The formula that asks all of them at once: what it speaks of is what the files must hold.

    >>> together((NamedCondition("better", "n > o"), NamedCondition("lean", "d < 0.1")))
    '(n > o) and (d < 0.1)'
    """
    return " and ".join(f"({each.condition.strip()})" for each in named) if len(named) > 1 else named[0].condition


CONDITION_KIND = Text(checks.condition_problem)

_MORE = Section(
    (
        Key("condition", CONDITION_KIND, "What must be shown.", required=True),
        Key(
            "enforce",
            Switch(),
            "`false`: the verdict only informs. It is shown and charged, moves no exit code, and does not keep the "
            "candidate from becoming the baseline.",
            True,
            shown_default=True,
        ),
    ),
    lambda condition, enforce: (condition, enforce),
)

CONDITIONS_KIND = Made(
    MapOf(
        WordOrMap(Made(CONDITION_KIND, lambda condition: (condition, True)), _MORE),
        checks.WORD,
        "letters, digits, - and _, starting with a letter",
    ),
    lambda pairs: tuple(NamedCondition(name, *said) for name, said in pairs),
)
