"""
Bringing predictions into the order of the test set, and refusing what does not match.

Every refusal depends on the predictions and on public facts alone (ids, number of examples, type of the labels,
declared classes), never on the value of a label: two runs that differ only in hidden labels end alike.
Nothing is dropped or filled in: a candidate that leaves out the examples it gets wrong must not profit.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from proctor.counting.reading import RANK_SIGN
from proctor.errors import DataError
from proctor.predictions.columns import Kind, Values, distinct, kind_of
from proctor.predictions.matching import positions
from proctor.predictions.submitted import PredictionSet
from proctor.spelling import is_nan, look, shown

_SHOWN, _LETTERS = 3, 40
_TRUTHS = (str(True), str(False))


class Sheet(NamedTuple):
    """
    Public facts that every set of predictions must match.

    Args:
        n_examples: Number of examples in the test set.
        ids: Their ids, in order; ``None`` if they have none.
        kind: Type of the predictions, that of the labels if they are one class for each example; ``None`` if not
            known (no label has been given yet).
        classes: Declared classes, as text; ``None`` if none are declared.
        name: Name of the examples, in messages.
    """

    n_examples: int
    ids: Sequence[str] | None = None
    kind: Kind | None = None
    classes: frozenset[str] | None = None
    name: str = "the test set"


class Aligned(NamedTuple):
    """
    Accepted predictions, in the order of the test set.

    Args:
        values: One class, or one number, per example.
        digest: Digest of what was submitted.
        source: What was submitted, in the developer's own words.
        notes: Remarks for the developer; public.
    """

    values: Values
    digest: str
    source: str
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """Integers, text or numbers."""
        return kind_of(self.values)

    @property
    def has_words(self) -> bool:
        """True if classes are words that a person can misspell: text, and more than true and false."""
        return self.kind is Kind.TEXT and not distinct(self.values) <= set(_TRUTHS)


def align(sheet: Sheet, predictions: PredictionSet) -> Aligned:
    """
    Bring *predictions* into the order of the test set.

    By id where both sides have ids, else by order, which is remarked upon.

    Raises:
        DataError: If an id is missing, unknown or given twice, the number is wrong, the type is not that of the
            labels, or a class is not a declared one.
    """
    predictions = replace(predictions, values=_as_the_labels(sheet, predictions.values))
    _check_kind(sheet, predictions)
    _check_classes(sheet, predictions)
    if predictions.ids is None or sheet.ids is None:
        _check_length(sheet, predictions)
        note = (
            f"the predictions of {predictions.source} were matched by their order, because "
            f"{'they' if predictions.ids is None else f'the examples of {sheet.name}'} have no ids"
        )
        return Aligned(predictions.values, predictions.digest, predictions.source, (note,))
    rows = positions(sheet.ids, predictions.ids)
    if rows is None:
        rows = _positions(sheet.ids, predictions.ids, predictions.source, sheet.name)
    values = predictions.values if tuple(sheet.ids) == predictions.ids else predictions.values[rows]
    return Aligned(values, predictions.digest, predictions.source)


def prediction_digest(values: Values, ids: Sequence[str] | None = None) -> str:
    """
    Digest of what a model predicts, by which a submitted file is known: 64 hexadecimal digits.

    Args:
        values: One class, or one number, per example; without *ids*, in an order that depends on the examples alone.
        ids: The id of each, by which they are brought into one order.
    """
    whole = hashlib.sha256(b"proctor predictions 1\0")
    if ids is not None:
        order = sorted(range(len(ids)), key=ids.__getitem__)
        whole.update(b"ids\0" + json.dumps([ids[index] for index in order]).encode() + b"\0")
        values = values[order]
    if values.dtype.kind == "b":
        values = values.view(np.int8)
    if values.dtype.kind in "iu":
        whole.update(b"numbers\0" + values.astype("<i8").tobytes())
    elif values.dtype.kind == "f":
        whole.update(b"floats\0" + values.astype("<f8").tobytes())
    else:
        whole.update(b"text\0" + "\0".join(values.tolist()).encode("utf-8", "surrogatepass"))
    return whole.hexdigest()


def _as_the_labels(sheet: Sheet, values: Values) -> Values:
    """True and false as the labels have them: the words, or the numbers 1 and 0; words as long as there are none."""
    if sheet.kind is Kind.NUMBERS and values.dtype.kind in "iu":  # kept while a condition read them as classes
        return values.astype(np.float64)
    if values.dtype.kind == "b":
        return values.view(np.int8) if sheet.kind is Kind.INTEGERS else np.where(values, *_TRUTHS)
    if sheet.kind is Kind.INTEGERS and values.dtype.kind == "U" and np.isin(values, _TRUTHS).all():
        return np.equal(values, _TRUTHS[0]).view(np.int8)
    return values


def _check_length(sheet: Sheet, predictions: PredictionSet) -> None:
    if len(predictions) != sheet.n_examples:
        raise DataError(
            f"{predictions.source!r} has {len(predictions):,} predictions, but {sheet.name} has "
            f"{sheet.n_examples:,} examples",
            hint="Write exactly one prediction for every example",
        )


def refuse_respelled(new: Aligned, old: Aligned) -> None:
    """
    Refuse two models that seem to name one class in two ways, as ``CAT`` and ``cat``: each would be wrong to the other.

    Raises:
        DataError: If each has a class that the other never predicts, and the two differ in case, blanks or width alone.
    """
    if not new.kind is old.kind is Kind.TEXT:
        return
    mine, theirs = distinct(new.values), distinct(old.values)
    by_look = {look(str(name)): str(name) for name in theirs - mine}
    for name in sorted(map(str, mine - theirs)):
        if look(name) in by_look:
            raise DataError(
                f"{new.source!r} predicts the class {name[:_LETTERS]!a}, and {old.source!r} the class "
                f"{by_look[look(name)][:_LETTERS]!a}, and neither the other's",
                hint="Spell classes as the labels do; if they are two, declare the classes: `testset.classes`",
            )


def _positions(wanted: Sequence[str], given: tuple[str, ...], source: str, whole: str) -> np.ndarray:
    """The same as `positions`, at more cost, where it found no match: says why there is none."""
    position = {name: row for row, name in enumerate(given)}
    if len(position) != len(given):
        twice = [name for name, count in Counter(given).items() if count > 1]
        raise DataError(
            f"{source!r} gives {_some('id', twice)} more than once",
            hint="Each example is predicted once; if these are scores of several runs, whose mean is meant, say so in "
            "the gate file: `testset: {repeats: average}`",
        )
    missing = [name for name in wanted if name not in position]
    known = set(wanted) if missing or len(given) > len(wanted) else set()
    extra = [name for name in given if name not in known] if known else []
    alike = _alike(missing, extra, whole)
    if len(missing) == len(wanted):
        raise DataError(
            f"{source!r} is about other examples: {_some('id', given)}, and none of the {_some('id', wanted)} "
            f"of {whole}{alike}",
            hint=f"Predict the examples of {whole}, and write their ids as its files do",
        )
    if missing:
        raise DataError(
            f"{source!r} has no prediction for {_some('id', missing)} of {whole}{alike}",
            hint="Every example needs a prediction; leaving some out is refused, whichever they are",
        )
    if extra:
        raise DataError(f"{source!r} has {_some('id', extra)} that {whole} does not have", hint="Remove them")
    return np.fromiter(map(position.__getitem__, wanted), np.intp, len(wanted))


def _alike(missing: Sequence[str], extra: Sequence[str], whole: str) -> str:
    """Two ids that a person would take for one, with what cannot be seen in them; nothing if there are none."""
    by_look = {look(name): name for name in extra}
    for name in missing:
        if (other := by_look.get(look(name))) is not None:
            return f"; {name[:_LETTERS]!a} of {whole} is not {other[:_LETTERS]!a} of the predictions"
    return ""


def _some(noun: str, names: Sequence[str]) -> str:
    listed = ", ".join(shown(name, _LETTERS) for name in names[:_SHOWN])
    more = ", …" if len(names) > _SHOWN else ""
    return f"{len(names):,} {noun}{'s' if len(names) != 1 else ''} ({listed}{more})"


def _check_kind(sheet: Sheet, predictions: PredictionSet) -> None:
    if sheet.kind in {None, Kind.RANKINGS, predictions.kind}:
        return
    said = f"the predictions of {predictions.source!r} are {predictions.kind}"
    if sheet.kind is Kind.NUMBERS:
        message, hint = f"{said}, and the condition speaks of numbers", "Write one number for every example"
    else:
        message, hint = f"{said}, but the labels are {sheet.kind}", "Write the classes exactly as the labels name them"
    raise DataError(message, hint)


def _check_classes(sheet: Sheet, predictions: PredictionSet) -> None:
    if predictions.kind is Kind.NUMBERS:
        return
    if sheet.classes is None:
        if predictions.kind is Kind.TEXT:
            _check_words(predictions)
        return
    named = set(map(str, distinct(predictions.values)))
    if sheet.kind is Kind.RANKINGS:
        named = {each for ranking in named for each in ranking.split(RANK_SIGN)}
    unknown = sorted(named - sheet.classes)
    if unknown:
        found = "1 class that is" if len(unknown) == 1 else f"{len(unknown):,} classes that are"
        raise DataError(
            f"{predictions.source!r} predicts {found} not declared: "
            + ", ".join(repr(name[:_LETTERS]) for name in unknown[:_SHOWN]),
            hint="`testset.classes` of the gate file declares which there are",
        )


def _check_words(predictions: PredictionSet) -> None:
    """Refuse undeclared classes that mark a missing value in many programs."""
    for name in filter(is_nan, distinct(predictions.values)):
        row = int(np.argmax(predictions.values == name))
        place = f"row {row + 1}" if predictions.ids is None else shown(predictions.ids[row], _LETTERS)
        raise DataError(
            f"{predictions.source!r} predicts {str(name)!r}, first for {place}, which marks a missing value",
            hint="Every example needs a class; if this is the name of one, declare the classes: `testset.classes`",
        )
