"""
Recognizing a column of features by its values alone, whatever it is called and however the rows are sorted.

A *tally* holds how often each value of a column occurs; of many distinct values, those with the smallest hashes.
Two tallies are *too much alike* if two samples of one population would be so by chance at most once in a million
times: given how often a value occurs in both together, how often in the first is hypergeometric, whatever the
population is. A column that has few values, or one alone, is never too much alike; a copy of one with many is, with
some rows added or taken away, or its last digits shaken, as well.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.frozen import dataclass, field
from proctor.predictions.tables import Raw
from proctor.stats import tails
from proctor.testset.hashing import Codes, cell_codes

LOG_CHANCE = math.log(1e-6)
"""Logarithm of the chance that a fresh set is taken for a registered one by its columns."""

_RATES = np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
_DIGITS = (None, 3, 2)  # significant ones: all of them; without what jitters


class Tally(NamedTuple):
    """
    Numbers of times that values occur.

    Args:
        marks: Hashes of the values, ascending; the smallest ones if there are many values.
        counts: How often each occurs.
        is_whole: True if no value is left out.
    """

    n_rows: int
    marks: NDArray[np.uint64]
    counts: NDArray[np.uint32]
    is_whole: bool

    def to_json(self) -> dict[str, Any]:
        """A value for a ledger's entry."""
        whole = self.marks.astype("<u8").tobytes() + self.counts.astype("<u4").tobytes()
        return {"rows": self.n_rows, "whole": self.is_whole, "values": base64.b64encode(whole).decode("ascii")}

    @staticmethod
    def from_json(form: Any) -> Tally:
        """The inverse of `to_json`; a `ValueError`, `KeyError` or `TypeError` if *form* is no tally."""
        raw = base64.b64decode(form["values"], validate=True)
        size = len(raw) // 12
        marks, counts = np.frombuffer(raw[: 8 * size], "<u8"), np.frombuffer(raw[8 * size :], "<u4")
        return Tally(int(form["rows"]), marks.astype(np.uint64), counts.astype(np.uint32), bool(form["whole"]))


@dataclass
class TallyMaker:
    """A tally being made, chunk by chunk, of at most *size* distinct values."""

    size: int
    n_rows: int = 0
    marks: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    counts: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    is_whole: bool = True

    def add(self, codes: Codes) -> None:
        """Count the values with these *codes*."""
        marks, counts = np.unique(_mixed(codes), return_counts=True)
        both = np.concatenate([self.marks, marks])
        distinct, places = np.unique(both, return_inverse=True)
        total = np.bincount(places, np.concatenate([self.counts, counts])).astype(np.int64)
        self.n_rows += len(codes)
        self.is_whole = self.is_whole and len(distinct) <= self.size
        self.marks, self.counts = distinct[: self.size], total[: self.size]

    def made(self) -> Tally:
        """The tally of all that was added."""
        return Tally(self.n_rows, self.marks, self.counts.astype(np.uint32), self.is_whole)


def _mixed(codes: Codes) -> NDArray[np.uint64]:
    """Scramble codes into numbers whose order says nothing about the values (the finalizer of splitmix64)."""
    mixed = codes + np.uint64(0x9E37_79B9_7F4A_7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return mixed ^ (mixed >> np.uint64(31))


# --- columns ---------------------------------------------------------------------------------------------------------


class Column(NamedTuple):
    """
    Record of a column: tallies of its values as they are, and rounded to three and to two significant digits.

    Args:
        tallies: Those three; of text, without case and blanks instead of rounded.
        is_counter: True if it does nothing but number the rows.
        name: What it is called here; no ledger keeps it.
    """

    tallies: tuple[Tally, ...]
    is_counter: bool
    name: str = ""

    @property
    def is_distinctive(self) -> bool:
        """True if most of its values occur once: nobody draws another set so that these come out again."""
        counts = self.tallies[0].counts
        return bool(np.count_nonzero(counts == 1) * 2 > len(counts))

    def is_like(self, other: Column, n_tries: int) -> bool:
        """True if the two are copies of each other, but for accidents of one in a million in *n_tries* tries."""
        level = LOG_CHANCE - math.log(max(1, n_tries * len(_DIGITS)))
        pairs = zip(self.tallies, other.tallies, strict=True)
        return not self.is_counter and not other.is_counter and any(too_alike(one, two, level) for one, two in pairs)


class ColumnMaker:
    """A column being read, chunk by chunk; of at most *size* distinct values each is kept."""

    def __init__(self, size: int) -> None:
        """Begin a column of which nothing is read yet."""
        self._tallies = [TallyMaker(size) for _ in _DIGITS]
        self._counter = _Counter()

    def add(self, raw: Raw) -> None:
        """Read a chunk."""
        values = raw.reshape(len(raw), -1) if isinstance(raw, np.ndarray) and raw.ndim > 1 else raw
        for digits, tally in zip(_DIGITS, self._tallies, strict=True):
            tally.add(_codes(values if digits is None else coarse(values, digits)))
        self._counter.add(raw)

    def made(self) -> Column:
        """The record of the column."""
        tallies = tuple(tally.made() for tally in self._tallies)
        return Column(tallies, self._counter.is_one and bool((tallies[0].counts == 1).all()))


def _codes(raw: Raw) -> Codes:
    codes = cell_codes(raw)
    if codes.ndim == 1:
        return codes
    whole = np.zeros(len(codes), np.uint64)
    for place in range(codes.shape[1]):  # one number for each row, whatever its cells are
        whole = _mixed(whole ^ codes[:, place])
    return whole


def coarse(raw: Raw, digits: int) -> Raw | NDArray[np.float64]:
    """Numbers with so many significant *digits*, text without case and blanks: what an export may change."""
    if isinstance(raw, np.ndarray) and raw.dtype.kind in "biuf":
        return _rounded(raw.astype(np.float64), digits)
    cells = raw.tolist() if isinstance(raw, np.ndarray) else raw
    try:
        return _rounded(np.array([float(cell) for cell in cells]), digits)
    except (TypeError, ValueError, OverflowError):
        return [_coarse_cell(cell, digits) for cell in cells]


def _coarse_cell(cell: Any, digits: int) -> Any:
    try:
        return float(_rounded(np.array([float(cell)]), digits)[0])
    except (TypeError, ValueError, OverflowError):
        return "".join(str(cell).split()).casefold() if cell is not None else None


def _rounded(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        exponents = np.floor(np.log10(np.abs(values)))
        steps = 10.0 ** (exponents - digits + 1)
        rounded: NDArray[np.float64] = np.where(
            np.isfinite(steps) & (steps > 0), np.round(values / steps) * steps, values
        )
    return rounded


_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)


class _Counter:
    """Finds out whether cells are consecutive numbers, in any order, with the same text around each."""

    def __init__(self) -> None:
        self._around: set[tuple[str, str]] = set()
        self._low, self._high, self._rows = math.inf, -math.inf, 0
        self._is_possible = True

    def add(self, raw: Raw) -> None:
        if not self._is_possible:
            return
        cells = raw.tolist() if isinstance(raw, np.ndarray) else raw
        for cell in cells:
            found = _NUMBERED.fullmatch(str(cell).strip().removesuffix(".0"))
            self._around.add((found[1], found[3]) if found else ("", ""))
            if found is None or len(self._around) > 1:
                self._is_possible = False
                return
            number = int(found[2][-18:])
            self._low, self._high = min(self._low, number), max(self._high, number)
        self._rows += len(cells)

    @property
    def is_one(self) -> bool:
        return self._is_possible and self._rows > 0 and self._high - self._low + 1 == self._rows


def is_row_numbers(ids: Sequence[str]) -> bool:
    """True of ids that are consecutive whole numbers, from any start, in any order, with or without leading zeros."""
    if not ids or not all(re.fullmatch(r"\s*\d{1,18}\s*", each) for each in ids):
        return False
    numbers = np.array([int(each) for each in ids])
    return len(np.unique(numbers)) == len(numbers) == int(numbers.max() - numbers.min()) + 1


# --- too much alike --------------------------------------------------------------------------------------------------


def too_alike(one: Tally, two: Tally, log_level: float) -> bool:
    """
    True if two samples of one population, whichever it is, would be as much alike with a probability below the level.

    The distance is the sum of |c − p·t| over the values that both tallies know all about, where c of the t times that
    a value occurs it is in the first. Chernoff's bound for independent binomial c, divided by the probability that
    they sum as they do (at least 1/sqrt(8Np(1−p))), holds for the hypergeometric ones.
    """
    if not one.n_rows or not two.n_rows:
        return False
    first, second = _common(one, two)
    both = first + second
    share = one.n_rows / (one.n_rows + two.n_rows)
    distance = float(np.abs(first - share * both).sum())
    correction = 0.5 * math.log(8 * (one.n_rows + two.n_rows) * share * (1 - share))
    sizes, repeats = np.unique(both, return_counts=True)
    exponents = _RATES * distance
    for size, repeat in zip(sizes.tolist(), repeats.tolist(), strict=True):
        exponents = exponents + repeat * _log_moments(int(size), share)
    return float(exponents.min()) + max(correction, 0.0) <= log_level


def _common(one: Tally, two: Tally) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count each value in both, of those below the hash up to which both tallies are complete."""
    limit = min((each.marks[-1] for each in (one, two) if not each.is_whole), default=np.uint64(2**64 - 1))
    marks = np.union1d(one.marks, two.marks)
    marks = marks[marks <= limit]
    counts = []
    for each in (one, two):
        found = np.zeros(len(marks))
        inside = each.marks <= limit
        found[np.searchsorted(marks, each.marks[inside])] = each.counts[inside]
        counts.append(found)
    return counts[0], counts[1]


def _log_moments(size: int, share: float) -> NDArray[np.float64]:
    """Logarithms of E exp(−rate·|C − size·share|) for binomial C, at each rate; what is far out counts in full."""
    middle, spread = size * share, math.sqrt(size * share * (1 - share))
    low, high = max(0, math.floor(middle - 10 * spread - 10)), min(size, math.ceil(middle + 10 * spread + 10))
    values = np.arange(low, high + 1)
    chances = np.exp(tails.log_mass(values, size, share))
    outside = max(0.0, 1.0 - float(chances.sum())) if high - low < size else 0.0
    moments = np.exp(-np.outer(_RATES, np.abs(values - middle))) @ chances + outside
    found: NDArray[np.float64] = np.log(moments)
    return found


def columns_to_json(columns: Iterable[Column]) -> list[dict[str, Any]]:
    """A value for a ledger's entry."""
    return [
        {"counter": column.is_counter, "tallies": [tally.to_json() for tally in column.tallies]} for column in columns
    ]


def columns_from_json(form: Any) -> tuple[Column, ...]:
    """The inverse of `columns_to_json`; `DataError` if *form* is not of that form."""
    try:
        return tuple(
            Column(tuple(Tally.from_json(tally) for tally in each["tallies"]), bool(each["counter"])) for each in form
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DataError("what the ledger keeps of a test set's columns cannot be read") from error
