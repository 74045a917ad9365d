"""
Recognizing labels by the order of their rows, where neither ids nor features tell a test set from a registered one.

Registration keeps a salted tag of the label of each of the first rows. Who has the salt (the owner's key, or the
owner's register) can tell whether another set has the very same labels, row by row, which happens by chance once in a
thousand million times. Nothing short of all of them counts, so that no guess can be moved across a threshold.
"""

from __future__ import annotations

import base64
import enum
import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.predictions.labels import Labels

N_RANKS = 1024
_BYTES = 8
_CHANCE = 1e-9


class Agreement(enum.Enum):
    """Result of comparing labels in the order of their rows."""

    SAME = "same"
    OTHER = "other"
    SILENT = "silent"


def ranks_of(ids: Sequence[str] | None, n_examples: int, *, is_numbered: bool) -> NDArray[np.intp]:
    """The first rows: by number where ids are row numbers, else as they stand in the file."""
    if ids is not None and is_numbered:
        return np.argsort(np.array([int(each) for each in ids]), kind="stable")[:N_RANKS]
    return np.arange(min(n_examples, N_RANKS))


def tags_of(labels: Labels, ranks: NDArray[np.intp], salt: bytes) -> str:
    """Tags of the labels in these rows; they hide the labels as long as *salt* is secret."""
    texts = _texts(labels, ranks)
    return base64.b64encode(b"".join(_tag(salt, place, text) for place, text in enumerate(texts))).decode("ascii")


def agreement(tags: str, labels: Labels, ranks: NDArray[np.intp], salt: bytes) -> Agreement:
    """
    Tell whether *labels* are those that the *tags* were made of: all of them, row by row.

    An answer that turned somewhere below all of them would tell whoever moves a guess across that point single
    labels. Labels that could be the same by chance (few, nearly all of one class, sorted, or in turns) are silent.

    Raises:
        DataError: If the tags cannot be read.
    """
    registered, texts = _registered(tags), _texts(labels, ranks)
    if _are_ordinary(texts):
        return Agreement.SILENT
    made = [_tag(salt, place, text) for place, text in enumerate(texts)]
    return Agreement.SAME if made[: len(registered)] == registered else Agreement.OTHER


def _are_ordinary(texts: Sequence[str]) -> bool:
    """True if another set may well have the same labels: its own order, or chance, explains them."""
    _, numbers = np.unique(np.array(texts, dtype=str), return_inverse=True)
    expected = float(((np.bincount(numbers) / len(numbers)) ** 2).sum()) if len(numbers) else 1.0
    if expected ** len(numbers) > _CHANCE:
        return True
    shifted = max(int(np.count_nonzero(np.roll(numbers, shift) == numbers)) for shift in range(1, len(numbers)))
    return shifted > (1 + expected) * len(numbers) / 2


def _texts(labels: Labels, ranks: NDArray[np.intp]) -> list[str]:
    chosen, known = Labels(labels.values[ranks]), labels.is_known()[ranks].tolist()
    return [str(value) if is_known else "" for value, is_known in zip(chosen.plain(), known, strict=True)]


def _tag(salt: bytes, place: int, text: str) -> bytes:
    tag = hashlib.blake2b(digest_size=_BYTES, key=salt[:64], person=b"proctor rank 1")
    tag.update(place.to_bytes(4, "little") + text.encode("utf-8", "surrogatepass"))
    return tag.digest()


def _registered(tags: str) -> list[bytes]:
    try:
        raw = base64.b64decode(tags, validate=True)
    except ValueError:
        raise DataError("the ledger's tags of labels cannot be read") from None
    return [raw[start : start + _BYTES] for start in range(0, len(raw), _BYTES)]
