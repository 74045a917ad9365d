"""
The table of labels, in the order of the examples.

No label is quoted in a message, and nothing but a number where anybody may read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from proctor.counting.reading import Content, Numbers
from proctor.errors import DataError
from proctor.predictions.columns import Kind, Values, classes_column, distinct, numbers_column, text_column
from proctor.predictions.labels import Labels, labels_of
from proctor.predictions.matching import positions
from proctor.predictions.tables import Source, Table, column_names, read_table
from proctor.spelling import is_nan

if TYPE_CHECKING:
    from proctor.testset.examples import ExampleFiles, TestSet

_NO_ROWS = np.empty(0, np.intp)


def read_labels(testset: TestSet) -> Labels:
    """
    The labels of a test set, in the order of its examples; private.

    Raises:
        DataError: If they are not labels of these examples, or not well formed. No label is quoted.
    """
    files = testset.files
    source = private(files.labels)
    name = _label_column(files, source)
    table = read_table(source, frozenset({files.id, name}))
    if name not in table.columns and files.reading.labels is Content.ANY:
        return Labels(np.zeros(testset.n_examples, np.int8), np.zeros(testset.n_examples, np.bool_))
    if name not in table.columns:
        raise DataError(
            # Its own names are not shown: without a header they are the first example's label.
            f"{source} has no column {files.label!r} among its {len(column_names(source))}",
            hint="Its first line must name the columns; name the one of labels in the gate file: `testset.label`",
        )
    labels = labels_in(table, name, files.reading.labels)
    if not table.n_rows:  # a pool of which nothing is labeled yet
        return Labels(_placed(labels.values, _NO_ROWS, testset.n_examples), np.zeros(testset.n_examples, np.bool_))
    if testset.ids is not None and files.id in table.columns:
        aligned = _by_id(testset.ids, unique_ids(source, text_column(table, files.id)), labels, source, files.name)
    elif len(labels) == testset.n_examples:
        aligned = labels
    else:
        raise DataError(f"{source} has {len(labels):,} labels, but {files.name} has {testset.n_examples:,} examples")
    check_declared(files.declared, table, labels)
    return aligned


def ids_of_checked(files: ExampleFiles) -> tuple[str, ...]:
    """
    Ids in a table of labels that is well formed by itself, whatever examples there are; none if it has none.

    Raises:
        DataError: If labels are not well formed or not declared, or an id is given twice.
    """
    source = private(files.labels)
    name = _label_column(files, source)
    table = read_table(source, frozenset({files.id, name}))
    if name in table.columns:
        check_declared(files.declared, table, labels_in(table, name, files.reading.labels))
    return unique_ids(source, text_column(table, files.id)) if files.id in table.columns else ()


def labels_in(table: Table, name: str, content: Content) -> Labels:
    """The labels as the condition reads them; as classes where it reads none, and as numbers if they are no classes."""
    if content is Content.NUMBERS:
        return labels_of(numbers_column(table, name, Numbers()))
    try:
        return labels_of(classes_column(table, name))
    except DataError:
        if content is Content.CLASSES:
            raise
        return labels_of(numbers_column(table, name, Numbers()))


def _label_column(files: ExampleFiles, source: Source) -> str:
    """The column that is named; in arrays, the only one there is. An index without a name is never meant."""
    found = column_names(source) if source.ending in {".npy", ".npz"} else (files.label,)
    others = [name for name in found if name != files.id]
    return others[0] if files.label not in found and len(others) == 1 else files.label


def check_declared(declared: frozenset[str] | None, table: Table, labels: Labels) -> None:
    """
    Refuse labels that are not declared classes; where none are declared, what marks a missing value elsewhere.

    Raises:
        DataError: If there is one.
    """
    is_of_numbers = labels.kind is Kind.NUMBERS or (declared is None and labels.kind is Kind.INTEGERS)
    if not labels.n_known or is_of_numbers:
        return
    strange = [label for label in distinct(labels.values) if not is_declared(label, declared)]
    if not strange:
        return
    bad = np.flatnonzero(np.isin(labels.values, strange) & labels.is_known())
    if len(bad):
        place = table.place(int(bad[0]))
        many = f"{len(bad):,} labels that are not declared classes, the first in {place}"
        found = f"1 label that is not a declared class, in {place}" if len(bad) == 1 else many
        if declared is None:
            raise DataError(
                f"{table.source} has labels that mark a missing value in many programs, such as nan or null",
                hint="Leave the cell empty where no label is known; if it is a class, declare the classes: "
                "`testset.classes`",
            )
        raise DataError(
            f"{table.source} has {'labels that are not declared classes' if table.source.is_silent else found}",
            hint="`testset.classes` of the gate file declares which there are",
        )


def is_declared(label: int | str, classes: frozenset[str] | None) -> bool:
    """True for a declared class; where none are, for anything but what marks a missing value in many programs."""
    if classes is None:
        return not is_nan(label)
    return str(label) in classes or (label in (0, 1) and str(bool(label)) in classes)


def _by_id(wanted: tuple[str, ...], given: tuple[str, ...], labels: Labels, source: Source, whole: str) -> Labels:
    """Labels in the order of the examples; an example that the file does not name is not labeled yet."""
    if wanted == given:
        return labels
    rows = positions(given, wanted)
    if rows is None:
        rows = _rows_among(wanted, given, source, whole)
    known = np.zeros(len(wanted), np.bool_)
    known[rows] = labels.is_known()
    before = None if labels.before is None else _placed(labels.before, rows, len(wanted))
    return Labels(_placed(labels.values, rows, len(wanted)), None if known.all() else known, before)


def _rows_among(wanted: tuple[str, ...], given: tuple[str, ...], source: Source, whole: str) -> NDArray[np.intp]:
    """Rows in *wanted* of the *given* ids, where not all examples have a label."""
    row_of = {name: row for row, name in enumerate(wanted)}
    strangers = [name for name in given if name not in row_of]
    if strangers:
        examples = "1 example" if len(strangers) == 1 else f"{len(strangers):,} examples"
        found = "" if source.is_silent else f": {examples}, {strangers[0][:40]!r} the first"
        raise DataError(
            f"{source} labels examples that {whole} does not have{found}",
            hint="The labels belong to other examples, or the features are not complete",
        )
    return np.fromiter(map(row_of.__getitem__, given), np.intp, len(given))


def _placed(values: Values, rows: NDArray[np.intp], n_examples: int) -> Values:
    whole = np.zeros(n_examples, values.dtype)
    whole[rows] = values
    return whole


def unique_ids(source: Source, ids: Sequence[str]) -> tuple[str, ...]:
    """
    Ids of examples, each of which there is once.

    Raises:
        DataError: If there is none, or one is given twice.
    """
    if not ids:
        raise DataError(f"{source} holds no examples", hint="It needs a line for each example")
    if len(set(ids)) != len(ids):
        if source.is_silent:
            raise DataError(f"{source} gives ids more than once", hint="Every example needs an id of its own")
        name, times = Counter(ids).most_common(1)[0]
        raise DataError(
            f"{source} gives the id {name[:40]!r} {times} times", hint="Every example needs an id of its own"
        )
    return tuple(ids)


def private(source: Source) -> Source:
    """*source* as a table of which no cell may appear in a message."""
    return replace(source, is_private=True)
