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
        prediction: Column of the predictions that it reads; ``None`` for the one that the gate file names for all.
    """

    name: str
    condition: str
    is_enforced: bool = True
    prediction: str | None = None


def together(named: Sequence[NamedCondition]) -> str:
    """
    The formula that asks all of them at once: what it speaks of is what the files must hold.

    >>> together((NamedCondition("better", "n > o"), NamedCondition("lean", "d < 0.1")))
    '(n > o) and (d < 0.1)'
    """
    return " and ".join(f"({each.condition.strip()})" for each in named) if len(named) > 1 else named[0].condition


def names_their_own(named: Sequence[NamedCondition]) -> bool:
    """True if a condition names a column that it reads."""
    return any(each.prediction is not None for each in named)


def by_column(named: Sequence[NamedCondition], column: str) -> dict[str, str]:
    """
    The formula that is asked of each column of predictions; *column* is that of conditions which name none.

    >>> by_column((NamedCondition("good", "n > 0.8"), NamedCondition("sure", "mean(n) > 0.7", True, "score")), "class")
    {'class': 'n > 0.8', 'score': 'mean(n) > 0.7'}
    """
    parts: dict[str, list[NamedCondition]] = {}
    for each in named:
        parts.setdefault(each.prediction or column, []).append(each)
    return {name: together(found) for name, found in parts.items()}


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
        ),
        Key(
            "prediction",
            Text(),
            "Name of the column that it reads in the files of predictions, of candidate, baseline and anchor alike; "
            "left out: the one that is named beside `predictions`.",
        ),
    ),
    lambda condition, enforce, prediction: (condition, enforce, prediction),
)

CONDITIONS_KIND = Made(
    MapOf(
        WordOrMap(Made(CONDITION_KIND, lambda condition: (condition, True, None)), _MORE),
        checks.WORD,
        "letters, digits, - and _, starting with a letter",
    ),
    lambda pairs: tuple(NamedCondition(name, *said) for name, said in pairs),
)
