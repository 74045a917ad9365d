"""
Recognizing a test set that shares examples with another one, from a note small enough for the ledger.

A *bottom-k sketch* keeps the k smallest of the hashes of a set's distinct rows. Two sets of at most k rows are
compared exactly. Of larger ones, both sketches are complete below some hash; what they share there, scaled up,
estimates what the sets share. A set of N rows that shares m of them goes unnoticed with a probability of about
(1 − k/N)^m: with k = 16,384, 700 shared rows of a million are found but for one time in 100,000.

Rows match wrongly with probability 2^-63 each pair: two sketches of sets of N rows share a row by such an accident
with probability at most k·N/2^63, which is 2·10^-8 for ten million rows.

**The rule.** Rows that are repeated within *both* sets are commonplace (an empty text, a word said often) and do not
count. Any other shared row counts: a set is *fresh* if it shares none.

Where rows of few features repeat by chance, they are shared by chance, too. Two samples of one population, whichever
it is, share on average at most 2·m/n rows that the registered set has once for every row that it repeats (n and m
rows). A set that shares no more than that explains, but for a chance of one in 10,000, is fresh as well. Where the
registered set repeats no row, nothing is explained.
"""

from __future__ import annotations

import base64
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.stats.tails import log_upper_tail
from proctor.testset.hashing import Hashes

SKETCH_SIZE = 16_384
_SPACE = 2.0**63
_FORM = "bottom-k 1"
_CHANCE = 1e-4


class Sketch(NamedTuple):
    """
    The smallest row hashes of a set, with the numbers of its rows and of the distinct ones among them.

    Args:
        marks: The smallest 63-bit hashes in ascending order, each times two, plus one if the row is repeated.
    """

    n_rows: int
    n_distinct: int
    marks: NDArray[np.uint64]

    @property
    def is_whole(self) -> bool:
        """True if no row is left out."""
        return len(self.marks) == self.n_distinct

    def to_json(self) -> dict[str, Any]:
        """A value for a ledger's entry; at most 180 kB of text."""
        marks = base64.b64encode(self.marks.astype("<u8").tobytes()).decode("ascii")
        return {"form": _FORM, "rows": self.n_rows, "distinct": self.n_distinct, "marks": marks}

    @staticmethod
    def from_json(form: Any) -> Sketch:
        """The inverse of `to_json`; `DataError` if *form* is no sketch."""
        try:
            if form["form"] != _FORM:
                raise DataError(f"the sketch has the form {form['form']!r}, which this version cannot read")
            marks = np.frombuffer(base64.b64decode(form["marks"], validate=True), "<u8").astype(np.uint64)
            return Sketch(int(form["rows"]), int(form["distinct"]), marks)
        except (ValueError, KeyError, TypeError) as error:
            raise DataError("the sketch of a test set cannot be read") from error


class Overlap(NamedTuple):
    """
    Rows that two sets have in common.

    Attributes:
        number: Distinct rows that both have, commonplace ones not counted; an estimate unless *is_exact*.
        is_exact: True if both sets were compared whole.
        is_chance: True if samples of a population whose rows repeat would share as many.
    """

    number: int
    is_exact: bool
    is_chance: bool = False

    @property
    def is_fresh(self) -> bool:
        """True if the sets share no row that counts, or no more than by chance."""
        return self.number == 0 or self.is_chance

    def __str__(self) -> str:
        return f"{self.number:,}" if self.is_exact else f"about {self.number:,}"


def sketch(hashes: Hashes, size: int = SKETCH_SIZE) -> Sketch:
    """The sketch of a set with these row *hashes*."""
    short = hashes.view("<u8").reshape(-1, 2)[:, 0] & ~np.uint64(1)
    short.sort()
    is_first = np.empty(len(short), np.bool_)
    is_first[:1] = True
    np.not_equal(short[1:], short[:-1], out=is_first[1:])
    starts = np.flatnonzero(is_first)
    kept = starts[:size]
    following = kept + 1
    is_repeated = np.zeros(len(kept), np.bool_)
    inside = following < len(short)
    is_repeated[inside] = ~is_first[following[inside]]
    return Sketch(len(short), len(starts), short[kept] | is_repeated.astype(np.uint64))


def overlap(registered: Sketch, other: Sketch) -> Overlap:
    """Count the distinct rows that two sets have in common; exact as long as both sketches are whole."""
    limits = [each.marks[-1] | np.uint64(1) for each in (registered, other) if not each.is_whole]
    limit = min(limits, default=np.uint64(2**64 - 1))
    first, second = (each.marks[each.marks <= limit] for each in (registered, other))
    _, in_first, in_second = np.intersect1d(first >> np.uint64(1), second >> np.uint64(1), True, True)
    was_repeated, is_repeated = (
        (marks[places] & np.uint64(1)).astype(np.bool_) for marks, places in ((first, in_first), (second, in_second))
    )
    found = int(np.count_nonzero(~(was_repeated & is_repeated)))
    explaining = int(np.count_nonzero(first & np.uint64(1)))
    once = int(np.count_nonzero(~was_repeated))
    is_chance = found > 0 and _is_chance(once, explaining, other.n_rows / max(1, registered.n_rows))
    if not limits:
        return Overlap(found, is_exact=True, is_chance=is_chance)
    share = (float(limit) / 2 + 1) / _SPACE
    most = min(registered.n_distinct, other.n_distinct)
    return Overlap(min(most, max(found, round(found / share))), is_exact=False, is_chance=is_chance)


def _is_chance(once: int, explaining: int, ratio: float) -> bool:
    """True if a fresh sample shares as many rows that the registered set has *once* at a chance above `_CHANCE`."""
    if not explaining or not once:
        return bool(explaining)
    chance = 2 * ratio / (1 + 2 * ratio)
    return log_upper_tail(once, once + explaining, chance) > math.log(_CHANCE)
