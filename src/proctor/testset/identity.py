"""
Deciding whether a test set is one that is registered, whatever its files look like today.

What is compared: rows of features, ids, values of columns. Ids that merely number the rows say nothing. What the
labels say is asked where nothing else could tell (`proctor.testset.ranks`): they are not looked at here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zlib
from collections.abc import Mapping
from typing import Any

from proctor.errors import DataError
from proctor.frozen import dataclass
from proctor.spelling import shown
from proctor.testset.alike import Column, columns_from_json, columns_to_json
from proctor.testset.sketch import Overlap, Sketch, overlap

EXAMPLES = "examples"
_FORM = "traits 1"
_PURPOSE = b"proctor traits 1"
_MOST_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Traits:
    """
    Traits by which a test set is recognized.

    Args:
        rows: Sketch of its rows of features; of its ids if there are no features.
        has_features: True if *rows* are of features.
        ids: Sketch of its ids; ``None`` if there are none, or if it is not known.
        is_numbered: True if there are no ids, or they are nothing but row numbers; ``None`` if it is not known.
        columns: Its columns of features; ``None`` if it is not known.
    """

    n_examples: int
    rows: Sketch
    has_features: bool
    ids: Sketch | None = None
    is_numbered: bool | None = None
    columns: tuple[Column, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """Form in which a ledger's entry keeps it beside the sketch of the rows."""
        return {
            "form": _FORM,
            "ids": self.ids.to_json() if self.ids is not None and self.has_features else None,
            "numbered": self.is_numbered,
            "columns": columns_to_json(self.columns or ()),
        }

    @staticmethod
    def from_json(
        n_examples: int, sketch: Mapping[str, Any], has_features: bool, form: Mapping[str, Any] | None
    ) -> Traits:
        """
        Read it from a ledger's entry; earlier versions kept the *sketch* of the rows alone.

        Raises:
            DataError: If it cannot be read.
        """
        rows = Sketch.from_json(sketch)
        own = None if has_features else rows
        if form is None:
            return Traits(n_examples=n_examples, rows=rows, has_features=has_features, ids=own)
        try:
            if form["form"] != _FORM:
                raise DataError(f"the ledger's traits of a test set have the form {form['form']!r}, which is not known")
            ids = own if form["ids"] is None else Sketch.from_json(form["ids"])
            return Traits(
                n_examples=n_examples,
                rows=rows,
                has_features=has_features,
                ids=ids,
                is_numbered=form["numbered"],
                columns=columns_from_json(form["columns"]),
            )
        except (KeyError, TypeError) as error:
            raise DataError("the ledger's traits of a test set cannot be read") from error


def seal_traits(traits: Traits, key: bytes) -> dict[str, Any] | str:
    """*traits* for the ledger: as they are, or sealed with the *key* of the row hashes, where the inputs are sealed."""
    form = traits.to_json()
    if not key:
        return form
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(12)
    content = zlib.compress(json.dumps(form).encode())
    return base64.b64encode(nonce + AESGCM(_derived(key)).encrypt(nonce, content, _PURPOSE)).decode("ascii")


def open_traits(text: str, key: bytes) -> dict[str, Any] | None:
    """The inverse of `seal_traits`; ``None`` if *key* is another."""
    if not key:
        return None
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = base64.b64decode(text, validate=True)
        found: dict[str, Any] = json.loads(zlib.decompress(AESGCM(_derived(key)).decrypt(raw[:12], raw[12:], _PURPOSE)))
    except (InvalidTag, ValueError):
        return None
    return found


def _derived(key: bytes) -> bytes:
    return hashlib.blake2b(_PURPOSE, digest_size=32, key=key[:64]).digest()


@dataclass(frozen=True)
class Shares:
    """The sets have so many examples in *common*, *by* features (``examples``) or by ``ids``."""

    common: Overlap
    by: str


@dataclass(frozen=True)
class Copies:
    """Columns of these names in the other set are copies of registered ones, whatever those are called."""

    columns: tuple[str, ...]

    def __str__(self) -> str:
        """
        Say it of the columns, up to the name of the registered set.

        >>> str(Copies(("store",)))
        "column 'store' has each of its values about as often as"
        """
        if len(self.columns) == 1:
            return f"column {shown(self.columns[0])!r} has each of its values about as often as"
        named = [repr(shown(name)) for name in self.columns[:_MOST_NAMED]]
        more = [f"{len(self.columns) - _MOST_NAMED} more"] if len(self.columns) > _MOST_NAMED else []
        *first, last = named + more
        return f"columns {', '.join(first)} and {last} have each of their values about as often as"


@dataclass(frozen=True)
class Doubtful:
    """Nothing says that it is the registered set, and nothing that it is not: both number as many examples."""


@dataclass(frozen=True)
class Fresh:
    """It is another set, as far as examples, ids and columns say."""


Judgment = Shares | Copies | Doubtful | Fresh


def judge(registered: Traits, other: Traits) -> Judgment:
    """
    Tell whether *other* is the registered set, or has a part of it.

    A fresh sample of the same population is taken for it by its columns at most once in a million times, and by its
    rows, where these repeat, once in 10,000; where none repeats, one that is shared is none by chance.
    """
    # Ids say nothing if those of one set only number its rows. Of old records it is not known.
    are_numbered = bool(registered.is_numbered or other.is_numbered)
    if registered.has_features == other.has_features and (registered.has_features or not are_numbered):
        common = overlap(registered.rows, other.rows)
        if not common.is_fresh:
            return Shares(common, EXAMPLES if registered.has_features else "ids")
    if not are_numbered and registered.ids is not None and other.ids is not None:
        common = overlap(registered.ids, other.ids)
        if common.number:
            return Shares(common, "ids")
    copied = _copied(registered.columns or (), other.columns or ())
    if copied:
        return Copies(copied)
    if not are_numbered:
        return Fresh()
    is_as_long = registered.n_examples == other.n_examples
    has_nothing_else = not (registered.has_features and other.has_features)
    return Doubtful() if is_as_long or has_nothing_else else Fresh()


def _copied(registered: tuple[Column, ...], others: tuple[Column, ...]) -> tuple[str, ...]:
    """
    Names of columns that are registered ones: if one is distinctive, or they are at least half of those that tell.

    A single one of few values, each as often as before, may be how the examples are chosen.
    """
    n_tries = len(registered) * len(others)
    # Those of which a copy could be told from a fresh sample, in as many tries.
    telling, candidates = (
        [each for each in columns if each.is_like(each, n_tries)] for columns in (registered, others)
    )
    found = [(column, next((each for each in candidates if column.is_like(each, n_tries)), None)) for column in telling]
    copied = [(column, copy) for column, copy in found if copy is not None]
    fewest = min(len(telling), len(candidates))
    is_enough = 2 * len(copied) >= fewest or any(column.is_distinctive for column, _ in copied)
    return tuple(dict.fromkeys(copy.name for _, copy in copied)) if is_enough else ()
