"""
Recognizing labels that were changed since the test set was registered, without showing them to anybody.

Two records are made at registration. A *commitment* to all labels, salted, goes into the ledger: it hides them, and
pins them. A *register* with one salted hash per example stays with the owner: it tells which labels were changed,
and that those given later to unlabeled examples are new and not changed.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import zipfile
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proctor.errors import DataError
from proctor.frozen import dataclass
from proctor.predictions.labels import Labels
from proctor.testset.hashing import Hashes

SALT_BYTES = 32
_TAG_BYTES = 16
_UNLABELED = b"\0" * _TAG_BYTES


class LabelChange(NamedTuple):
    """
    Difference of labels from those that were registered; private, except for the numbers.

    Attributes:
        changed: Rows (of the present file) whose label is another one, or was taken away.
        added: Number of examples that had no label and now have one.
    """

    changed: NDArray[np.intp]
    added: int

    @property
    def n_changed(self) -> int:
        """Number of changed labels."""
        return len(self.changed)


@dataclass(frozen=True)
class LabelRegister:
    """
    One salted tag per example; private to the owner of the test set.

    Args:
        keys: Row hashes in ascending order, repeats included.
        tags: Tag of the label of each; zeros where there was none.
    """

    salt: bytes
    keys: Hashes
    tags: Hashes

    def __repr__(self) -> str:
        return f"LabelRegister({len(self.keys)} examples)"

    @property
    def commitment(self) -> str:
        """Commitment in the ledger, which hides the labels as long as the salt is secret: 64 hexadecimal digits."""
        return hmac.new(self.salt, self.keys.tobytes() + self.tags.tobytes(), hashlib.sha256).hexdigest()

    def compare(self, hashes: Hashes, labels: Labels) -> LabelChange:
        """Find the labels that changed since registration; `DataError` if these are other examples."""
        changes = (self._compare(hashes, each) for each in labels.readings())
        return min(changes, key=lambda change: change.n_changed)

    def _compare(self, hashes: Hashes, labels: Labels) -> LabelChange:
        now, order = _sorted_register(hashes, labels, self.salt)
        if len(now.keys) != len(self.keys) or _differ(now.keys, self.keys).any():
            raise DataError("the record of labels belongs to other examples", hint="Use the record of this test set")
        differ = np.flatnonzero(_differ(self.tags, now.tags)).tolist()
        keys, was, is_now = ([array[i].tobytes() for i in differ] for array in (now.keys, self.tags, now.tags))
        # A repeated row may have several labels; what it lost and gained is a difference of multisets.
        lost = Counter(zip(keys, was, strict=True)) - Counter(zip(keys, is_now, strict=True))
        gained = Counter(zip(keys, is_now, strict=True)) - Counter(zip(keys, was, strict=True))
        left = Counter(key for key, tag in lost.elements() if tag != _UNLABELED)
        added = Counter(key for key, tag in gained.elements() if tag != _UNLABELED) - left
        changed = []
        for i, key, tag in zip(differ, keys, is_now, strict=True):
            if left[key] > 0 and gained[key, tag] > 0:
                left[key] -= 1
                gained[key, tag] -= 1
                changed.append(int(order[i]))
        return LabelChange(np.sort(np.array(changed, np.intp)), added.total())

    def updated(self, hashes: Hashes, labels: Labels) -> LabelRegister:
        """The register of the labels as they are now, under the same salt."""
        return register_labels(hashes, labels, self.salt)

    def to_bytes(self) -> bytes:
        """The register as an NPZ file, for the owner's record."""
        file = io.BytesIO()
        whole: dict[str, Any] = {"keys": self.keys.view(np.uint8), "tags": self.tags.view(np.uint8)}
        np.savez(file, salt=np.frombuffer(self.salt, np.uint8), **whole)
        return file.getvalue()

    @staticmethod
    def from_bytes(data: bytes) -> LabelRegister:
        """The inverse of `to_bytes`; `DataError` if *data* is no register."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                keys, tags = (archive[name].view(f"V{_TAG_BYTES}") for name in ("keys", "tags"))
                if len(keys) != len(tags):
                    raise DataError("the record of labels is damaged")
                return LabelRegister(archive["salt"].tobytes(), keys, tags)
        except (ValueError, KeyError, EOFError, OSError, AttributeError, zipfile.BadZipFile) as error:
            raise DataError("the record of labels cannot be read", hint="Restore it from a copy") from error


def register_labels(hashes: Hashes, labels: Labels, salt: bytes) -> LabelRegister:
    """The register of *labels*; *salt* is secret and random, at least 16 bytes."""
    return _sorted_register(hashes, labels, salt)[0]


def _sorted_register(hashes: Hashes, labels: Labels, salt: bytes) -> tuple[LabelRegister, NDArray[np.intp]]:
    if len(hashes) != len(labels):
        raise DataError(f"{len(labels):,} labels do not go with {len(hashes):,} examples")
    if len(salt) < 16:
        raise DataError("the salt of a commitment needs at least 16 random bytes")
    tags = _tags(hashes, labels, salt)
    # Repeated rows may have different labels: sorted by tag, their order in the file does not matter.
    by = [half for array in (tags, hashes) for half in array.view(">u8").reshape(-1, 2).T[::-1]]
    order = np.lexsort(by)
    return LabelRegister(salt, hashes[order], tags[order]), order


def _differ(some: Hashes, others: Hashes) -> NDArray[np.bool_]:
    halves = [array.view(np.uint64).reshape(-1, 2) for array in (some, others)]
    differ: NDArray[np.bool_] = (halves[0] != halves[1]).any(axis=1)
    return differ


def _tags(hashes: Hashes, labels: Labels, salt: bytes) -> Hashes:
    fresh = hashlib.blake2b(digest_size=_TAG_BYTES, key=salt[:64], person=b"proctor label 1").copy
    view, tags = memoryview(hashes.tobytes()), []
    known = labels.is_known().tolist()
    for row, (label, is_known) in enumerate(zip(labels.plain(), known, strict=True)):
        tag = fresh()
        tag.update(view[row * 16 : row * 16 + 16])
        tag.update(f"{type(label).__name__}:{label}".encode("utf-8", "surrogatepass"))
        tags.append(tag.digest() if is_known else _UNLABELED)
    return np.frombuffer(b"".join(tags), f"V{_TAG_BYTES}")
