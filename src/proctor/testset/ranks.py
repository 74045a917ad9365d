"""
Recognizing labels by the order of their rows, where neither ids nor features tell a test set from a registered one.

Registration keeps a salted tag of the label of each of the first rows. Who has the salt (the owner's key, or the
owner's register) can count how many labels of another set are the same, row by row. Sets that are not the same agree
as often as the shares of their classes make them; far more often, at a chance of one in a thousand million, and one
is the other. What comes of it is a yes or no; the count is shown to nobody.
"""

from __future__ import annotations

import base64
import enum
import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.predictions.labels import Labels

N_RANKS = 1024
_BYTES = 8
_MOST_CLASSES = 64
_CHANCE = 1e-9


class Agreement(enum.Enum):
    """What labels in the order of their rows say."""

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
    Tell whether *labels* are those that the *tags* were made of.

    Labels in an order of their own (sorted by class, or in turns), or nearly all the same, are silent.

    Raises:
        DataError: If the tags cannot be read.
    """
    from scipy.special import bdtrc

    registered = _registered(tags)
    texts = _texts(labels, ranks)[: len(registered)]
    classes = [text for text, _ in Counter(filter(None, texts)).most_common(_MOST_CLASSES)]
    now = np.array([classes.index(text) if text in classes else -1 for text in texts])
    was = np.array([_class_of(tag, classes, salt, place) for place, tag in enumerate(registered[: len(texts)])])
    shares = [(float((now == each).mean()), float((was == each).mean())) for each in range(len(classes))]
    expected = min(1.0, sum(share * other for share, other in shares))
    n_equal = _equal(now, was)
    if not shares or expected ** len(now) > _CHANCE:
        return Agreement.SILENT
    if n_equal == 0 or float(bdtrc(n_equal - 1, len(now), expected)) > _CHANCE:
        return Agreement.OTHER
    shifted = max((_equal(np.roll(now, shift), was) for shift in range(1, len(now))), default=0)
    return Agreement.SILENT if shifted > (n_equal + expected * len(now)) / 2 else Agreement.SAME


def _equal(now: NDArray[np.intp], was: NDArray[np.intp]) -> int:
    return int(np.count_nonzero((now == was) & (now >= 0)))


def _class_of(tag: bytes, classes: Sequence[str], salt: bytes, place: int) -> int:
    return next((number for number, each in enumerate(classes) if _tag(salt, place, each) == tag), -1)


def _texts(labels: Labels, ranks: NDArray[np.intp]) -> list[str]:
    values, known = labels.values[ranks].tolist(), labels.is_known()[ranks].tolist()
    return [str(value) if is_known else "" for value, is_known in zip(values, known, strict=True)]


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
