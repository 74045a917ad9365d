"""Readings of columns, as classes or as numbers: a condition says which, before a file is opened."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Numbers(NamedTuple):
    """
    A column of numbers.

    Attributes:
        low: The smallest that is allowed.
        high: The largest that is allowed.
        is_repeated: True if an example may have several, all as many, of which the mean is meant.
    """

    low: float = -math.inf
    high: float = math.inf
    is_repeated: bool = False


RANK_SIGN = "|"
"""The sign between the classes of a ranking; no class of one has it in its name."""


class Rankings(NamedTuple):
    """A column of classes for each example, the likeliest first."""


class Content(StrEnum):
    """Content of the column of labels."""

    CLASSES = "classes"
    NUMBERS = "numbers"
    ANY = "any"
    """Nobody looks at a label; there need be none."""


class Reading(NamedTuple):
    """
    Reading of the files that a clause looks at.

    Attributes:
        predictions: Numbers or rankings that predictions are; ``None`` where they are classes.
        labels: Content of the column of labels.
    """

    predictions: Numbers | Rankings | None = None
    labels: Content = Content.CLASSES

    def with_(self, other: Reading) -> Reading | None:
        """One reading that serves both; ``None`` if there is none."""
        mine, yours = self.predictions, other.predictions
        found = {self.labels, other.labels} - {Content.ANY}
        if type(mine) is not type(yours) or len(found) > 1:
            return None
        labels = next(iter(found), Content.ANY)
        if isinstance(mine, Numbers) and isinstance(yours, Numbers):
            return Reading(Numbers(max(mine.low, yours.low), min(mine.high, yours.high)), labels)
        return Reading(mine, labels)

    def averaged(self) -> Reading:
        """The same where an example may have several predictions, if these are numbers."""
        if not isinstance(self.predictions, Numbers):
            return self
        return self._replace(predictions=self.predictions._replace(is_repeated=True))


CLASSES = Reading()
"""The reading that conditions on accuracies need."""


def of_labels(readings: Iterable[Reading]) -> Reading:
    """One reading of labels for columns of predictions that are read in several ways, and not at once."""
    found = {each.labels for each in readings} - {Content.ANY}
    return Reading(labels=next(iter(found), Content.ANY))
