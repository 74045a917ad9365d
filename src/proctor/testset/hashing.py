"""
Identity of an example: a hash of its canonical content, the same in every encoding of the file.

A row becomes one 64-bit code per column, columns in the natural order of their names (``x2`` before ``x10``), and
the row's hash is BLAKE2b of these codes. Names themselves are left out, so that a table survives being saved as
an array. Rules for a cell:

- whatever reads as a number is that number: ``1``, ``1.0``, ``"1"``, ``" 1e0"`` and ``True`` are one cell;
- numbers with a fractional part are compared as 32-bit floats, so that a copy in less precision is the same;
- empty cells, ``NaN`` and nulls are one cell;
- text is compared without surrounding blanks, with line ends and Unicode composition normalized.

Being a little too coarse is the safe side: two test sets taken for one share one budget.
With a key, nobody without it can tell which content a hash belongs to (for sealed inputs).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor.predictions.tables import Raw

HASH_BYTES = 16
Codes = NDArray[np.uint64]
Hashes = NDArray[np.void]
"""One 16-byte hash per row (type ``V16``)."""

_EXACT = 2.0**53
_MISSING = np.uint64(0x7FF8_0000_0000_0000)  # the bits of NaN
_PERSON = b"proctor row 1"
_LETTERS_OF_NUMBERS = frozenset({"nan", "inf"})
_TRUTHS = {"true": 1.0, "false": 0.0}
_BITS = 53  # of a drawn number: as many as a float holds


def natural_order(names: Iterable[str]) -> list[str]:
    """Names in the order a person would count them: ``x2`` before ``x10``; upper and lower case alike."""
    return sorted(names, key=lambda name: (_natural_key(name), name))


def _natural_key(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", name.strip().casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def row_hashes(columns: Sequence[Raw], n_rows: int, key: bytes = b"") -> Hashes:
    """
    Hash every row of *columns*.

    Args:
        columns: Raw columns, in natural order; an array of more dimensions counts as that many columns.
        n_rows: Number of rows.
        key: Secret key of at most 64 bytes; empty for hashes that anybody can compute.
    """
    hashes = np.empty(n_rows, f"V{HASH_BYTES}")
    width = sum(int(np.prod(raw.shape[1:])) if isinstance(raw, np.ndarray) else 1 for raw in columns)
    size = max(1, (1 << 18) // max(width, 1))  # at most 2 MB of codes at a time
    start = hashlib.blake2b(digest_size=HASH_BYTES, key=key, person=_PERSON)
    start.update(width.to_bytes(8, "little"))
    for first in range(0, n_rows, size):
        last = min(first + size, n_rows)
        codes = np.concatenate([cell_codes(raw[first:last]).reshape(last - first, -1) for raw in columns], axis=1)
        hashes[first:last] = _hash_rows(codes, start.copy)
    return hashes


def _hash_rows(codes: Codes, fresh: Callable[[], Any]) -> Hashes:
    data = np.ascontiguousarray(codes.astype("<u8", copy=False))
    width = data.shape[1] * 8
    view = memoryview(data.data).cast("B")
    digests = []
    for offset in range(0, len(view), width):
        row = fresh()
        row.update(view[offset : offset + width])
        digests.append(row.digest())
    return np.frombuffer(b"".join(digests), f"V{HASH_BYTES}")


def cell_codes(raw: Raw) -> Codes:
    """One number for each cell of a column, in the shape of its array."""
    if not isinstance(raw, np.ndarray):
        return _cell_codes(raw)
    match raw.dtype.kind:
        case "b" | "f":
            return _number_codes(raw.astype(np.float64))
        case "i" | "u":
            codes = _number_codes(raw.astype(np.float64))
            # abs() of the lowest integer is itself; as a float it is not
            large = np.abs(raw.astype(np.float64)) >= _EXACT if raw.dtype.itemsize == 8 else None
            if large is not None and large.any():
                codes[large] = [_text_code(str(value)) for value in raw[large].tolist()]
            return codes
        case _:
            return _cell_codes(raw.ravel().tolist()).reshape(raw.shape)


def _number_codes(values: NDArray[np.float64]) -> Codes:
    """The bits of each number: exact if whole, else of the nearest 32-bit float; one code for zero, one for NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        coarse = values.astype(np.float32).astype(np.float64)
        is_exact = ((values == np.trunc(values)) & (np.abs(values) < _EXACT)) | np.isinf(coarse)
    codes = (np.where(is_exact, values, coarse) + 0.0).view(np.uint64)
    codes[np.isnan(values)] = _MISSING
    return codes


def _cell_codes(cells: list[Any]) -> Codes:
    try:
        numbers = np.fromiter(map(float, cells), np.float64, len(cells))
    except (TypeError, ValueError, OverflowError):
        plain = [str(cell) if isinstance(cell, list | dict) else cell for cell in cells]
        known = {cell: _cell_code(cell) for cell in set(plain)}
        return np.fromiter(map(known.__getitem__, plain), np.uint64, len(plain))
    codes = _number_codes(numbers)
    for row in np.flatnonzero(np.abs(numbers) >= _EXACT).tolist():
        codes[row] = _cell_code(cells[row])
    return codes


def _cell_code(cell: Any) -> int:
    if cell is None:
        return int(_MISSING)
    text = cell.strip() if isinstance(cell, str) else str(cell)
    if text[:1].isalpha() and text[:3].casefold() not in _LETTERS_OF_NUMBERS:
        return _word_code(text)
    if re.fullmatch(r"[+-]?\d{16,400}", text):
        whole = int(text)
        return _text_code(str(whole)) if abs(whole) >= _EXACT else _number_code(float(whole))
    try:
        return _number_code(float(text))
    except ValueError:
        return _word_code(text)


def _word_code(text: str) -> int:
    if not text:
        return int(_MISSING)
    truth = _TRUTHS.get(text.casefold())
    return _text_code(text) if truth is None else _number_code(truth)


def _number_code(value: float) -> int:
    return int(_number_codes(np.array([value]))[0])


def _text_code(text: str) -> int:
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    plain = plain.replace("\r\n", "\n").replace("\r", "\n")
    return int.from_bytes(hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def fingerprint(hashes: Hashes) -> str:
    """
    Identity of a set of rows in any order: 32 hexadecimal digits over the sorted hashes, repeats included.

    The test set's account is found by it, so a shuffled or renamed file has the same budget.
    """
    whole = hashlib.blake2b(digest_size=16, person=b"proctor set 1")
    whole.update(len(hashes).to_bytes(8, "little"))
    whole.update(hashes[fixed_order(hashes)].tobytes())
    return whole.hexdigest()


def draws(hashes: Hashes, secret: bytes) -> NDArray[np.float64]:
    """
    A number in [0, 1) for each example, uniform and independent to whoever lacks the *secret* of up to 64 bytes.

    It stays an example's own while others are added, dropped or shuffled. Repeated rows have numbers of their own, in
    the order of the file. The shape is that of the *hashes*, (n_examples,).
    """
    order = fixed_order(hashes)
    rows = hashes[order]
    is_first = np.concatenate([[True], rows[1:] != rows[:-1]])
    starts = np.flatnonzero(is_first)
    repeats = np.arange(len(rows)) - starts[np.cumsum(is_first) - 1]
    digests = b"".join(
        hashlib.blake2b(row.tobytes() + repeat.to_bytes(8, "little"), key=secret, digest_size=8).digest()
        for row, repeat in zip(rows, repeats.tolist(), strict=True)
    )
    found = np.empty(len(rows))
    found[order] = (np.frombuffer(digests, "<u8") >> np.uint64(64 - _BITS)) / 2.0**_BITS
    return found


def fixed_order(hashes: Hashes) -> NDArray[np.intp]:
    """
    The order in which a sequential test reads the examples (theory.md §3.3): by hash, so by content alone.

    It survives shuffling of the file, and no label has a part in it. Repeated rows stay in the order of the file.
    """
    halves = hashes.view(">u8").reshape(-1, 2)
    return np.lexsort((halves[:, 1], halves[:, 0]))
