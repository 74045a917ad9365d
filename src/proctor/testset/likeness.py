"""
A question to two samples: may they be of one population? Asked of each feature that both have, whatever its law.

Of both samples together, how many of the examples with some value are in the first is hypergeometric if they were
drawn alike. Values are looked at one by one where they are words, and up to each tenth where they are numbers; tails
are bounded by Chernoff's bound, which holds for draws without replacement, too (Hoeffding 1963, Theorem 4).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.predictions.tables import Raw, read_table
from proctor.spelling import shown
from proctor.stats.tails import relative_entropy
from proctor.testset.alike import is_row_numbers
from proctor.testset.examples import TestSet

FALSE_ALARM = 1e-4
"""Probability of finding any difference between samples that were drawn alike."""

_MOST_COLUMNS = 64
_MOST_WORDS = 20


class Unlike(NamedTuple):
    """A feature by which two samples are not of one population: a share of each has the *values* that tell it."""

    column: str
    values: str
    first: float
    second: float

    def __str__(self) -> str:
        return f"{self.column!r} is {self.values} in {100 * self.first:.3g} % and {100 * self.second:.3g} %"


class _Event(NamedTuple):
    """Values of a column, and how many examples of each sample have them."""

    values: str
    first: int
    second: int


def unlike(first: TestSet, second: TestSet) -> tuple[Unlike, ...]:
    """
    Features by which the examples of two sets are not of one population, each by what tells it best.

    Raises:
        DataError: If a table cannot be read.
    """
    names = sorted(set(first.columns) & set(second.columns))[:_MOST_COLUMNS]
    if not names or first.files.features is None or second.files.features is None:
        return ()
    tables = [read_table(source, frozenset(names)) for source in (first.files.features, second.files.features)]
    sizes = tables[0].n_rows, tables[1].n_rows
    events = {name: tuple(_events(*(table.columns[name] for table in tables))) for name in names}
    level = math.log(FALSE_ALARM / 2 / max(1, sum(map(len, events.values()))))
    found = []
    for name, of_column in events.items():
        tails = {event: _log_tail(event, *sizes) for event in of_column}
        best = min(tails, key=tails.__getitem__, default=None)
        if best is not None and tails[best] <= level:
            found.append(Unlike(name, best.values, best.first / sizes[0], best.second / sizes[1]))
    return tuple(found)


def told(found: Sequence[Unlike]) -> str:
    """The first of some differences in words, and how many more there are."""
    return f"{found[0]}" + (f" (features that differ: {len(found):,})" if len(found) > 1 else "")


def _log_tail(event: _Event, n_first: int, n_second: int) -> float:
    """Logarithm of Chernoff's bound on the chance of a count as far out on its side, in the smaller sample."""
    n, count = min((n_first, event.first), (n_second, event.second))
    share, expected = count / n, (event.first + event.second) / (n_first + n_second)
    divergence = relative_entropy(share, expected) + relative_entropy(1 - share, 1 - expected)
    return -n * float(divergence)


def _events(first: Raw, second: Raw) -> Iterator[_Event]:
    """Events of a column, chosen from both samples together; none of one that only numbers the rows."""
    if any(isinstance(each, np.ndarray) and each.ndim > 1 for each in (first, second)):
        return
    if any(is_row_numbers([str(cell) for cell in each]) for each in (first, second)):
        return
    one, two = _numbers(first), _numbers(second)
    if one is None or two is None:
        yield from _words(Counter(map(str, first)), Counter(map(str, second)))
        return
    for cut in np.unique(np.quantile(np.concatenate([one, two]), np.arange(1, 10) / 10, method="lower")):
        yield _Event(f"at most {cut:g}", int(np.count_nonzero(one <= cut)), int(np.count_nonzero(two <= cut)))


def _words(first: Counter[str], second: Counter[str]) -> Iterator[_Event]:
    for word, _ in (first + second).most_common(_MOST_WORDS):
        yield _Event(repr(shown(word)), first[word], second[word])


def _numbers(raw: Raw) -> NDArray[np.float64] | None:
    """The cells as numbers; ``None`` if one is none."""
    try:
        found = np.array(raw, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return found if bool(np.isfinite(found).all()) else None
