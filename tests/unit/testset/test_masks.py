"""Slices of a test set: the same examples from every kind of file, and clear refusals where there are none."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from proctor.conditions import normalize, parse, slices
from proctor.errors import DataError, Misuse
from proctor.predictions import Source
from proctor.testset import ExampleFiles, load

TABLE = {
    "id": ["a", "b", "c", "d", "e", "f"],
    "region": ["EU", "US", "EU", "", "UK", "eu"],
    "age": [17, 18, 40, 65, 70.5, 30.1],
    "code": ["1", "01", "1.0", "x", "", "2"],
}


REGIONS = {"EU": "ac", "UK": "e", "US": "b", "eu": "f"}


def slice_of(text):
    (found,) = slices(normalize(parse(f"n > 0.5 on {text}")))
    return found


def exam_of(folder, table=TABLE, ending=".csv"):
    path = folder / f"features{ending}"
    rows = list(zip(*table.values(), strict=True))
    if ending == ".csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([list(table), *rows])
    elif ending == ".jsonl":
        path.write_text("".join(json.dumps(dict(zip(table, row, strict=True))) + "\n" for row in rows))
    else:
        np.savez(path, **{name: np.array(column) for name, column in table.items()})
    labels = folder / "labels.csv"
    labels.write_text("id,label\n" + "".join(f"{name},0\n" for name in table["id"]))
    return load(ExampleFiles(Source(labels), Source(path)))


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".npz"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('region == "EU"', "ac"),
        ('region != "EU"', "bef"),
        ('region in ["UK", " US "]', "be"),
        ("code == 1", "abc"),
        ('code == "1"', "abc"),
        ("code != 1", "df"),
        ("code in [2, 'x']", "df"),
        ("age < 18", "a"),
        ("age <= 18", "ab"),
        ("age > 65", "e"),
        ("age >= 65", "de"),
        ("age == 30.1", "f"),
        ("age <= 30.1", "abf"),
        ("age < 30.1", "ab"),
        ('(region == "EU" and age > 18)', "c"),
        ('(region != "US" and age >= 18 and age < 66)', "cf"),
    ],
)
def test_masks__are_the_same_from_every_kind_of_file(tmp_path, ending, text, expected):
    """Cells are compared as they are hashed: numbers are numbers however they are written, and no cell is no value."""
    testset = exam_of(tmp_path, ending=ending)

    (mask,) = testset.masks([slice_of(text)]).values()

    assert expected == "".join(np.array(TABLE["id"])[mask])


@pytest.mark.parametrize(
    ("text", "kind", "message", "hint"),
    [
        ("ages > 1", Misuse, "the column 'ages'", "Did you mean 'age'? There are 'age', 'code', 'region'."),
        ("id == 1", Misuse, "the column 'id'", "There are"),
        ("label == 1", Misuse, "the column 'label'", "There are"),
        ('region == "FR"', DataError, 'no example of the test set is in the slice `region == "FR"`', "'EU', 'UK'"),
        ('(region == "EU" and age > 50)', DataError, "no example of the test set is in the slice", "letter by letter"),
        ("code > 1", DataError, "column 'code', line 5: 'x' is no number, and `code > 1` compares numbers", "`in`"),
    ],
)
def test_masks__refusals(tmp_path, text, kind, message, hint):
    """A column that is not there, an empty slice, a number that is none: each is refused, and says what to do."""
    with pytest.raises(kind) as caught:
        exam_of(tmp_path).masks([slice_of(text)])

    assert message in caught.value.message
    assert hint in caught.value.hint


def test_masks__no_column_of_labels(tmp_path):
    """Labels that lie among the features are none of them."""
    testset = exam_of(tmp_path, TABLE | {"label": [0, 1, 0, 1, 0, 1]})

    with pytest.raises(Misuse, match="the column 'label'"):
        testset.masks([slice_of("label == 1")])


def test_masks__without_features(tmp_path):
    """A test set that is known by its ids has no columns."""
    labels = tmp_path / "labels.csv"
    labels.write_text("id,label\na,1\n")

    with pytest.raises(Misuse, match="known by its ids alone"):
        load(ExampleFiles(Source(labels))).masks([slice_of("x == 1")])


def test_masks__of_several_values_for_each_example(tmp_path):
    """An image is no value that a filter could be about."""
    np.savez(tmp_path / "features.npz", pixels=np.zeros((2, 3)), age=np.arange(2))
    (tmp_path / "labels.csv").write_text("id,label\na,1\nb,1\n")
    testset = load(ExampleFiles(Source(tmp_path / "labels.csv"), Source(tmp_path / "features.npz")))

    with pytest.raises(Misuse, match="more than one value for each example"):
        testset.masks([slice_of("pixels == 1")])
    assert [True, False] == testset.masks([slice_of("age < 1")])[slice_of("age < 1")].tolist()


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".npz"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("region: n > 0.5", {f'region == "{name}"': rows for name, rows in REGIONS.items()}),
        ("code: n > 0.5", {"code == 1": "abc", "code == 2": "f", 'code == "x"': "d"}),
        ("region: n > 0.5 on age > 40", {'(age > 40 and region == "UK")': "e"}),
    ],
)
def test_groups__are_the_values_of_a_column(tmp_path, ending, text, expected):
    """However a file writes them: each value once, without empty cells, among the examples that pass the filters."""
    (asked,) = slices(normalize(parse(f"every {text}")))
    testset = exam_of(tmp_path, ending=ending)

    masks = testset.masks(testset.groups(asked))

    assert expected == {str(slice_): "".join(np.array(TABLE["id"])[mask]) for slice_, mask in masks.items()}


@pytest.mark.parametrize(
    ("column", "cells", "message"),
    [
        ("name", [f"person {row}" for row in range(120)], "holds 120 values"),
        ("empty", [""] * 120, "holds 0 values"),
        ("text", ["a\x1b[31m"] * 120, "cannot be the name of a slice"),
        ("text", ["x" * 41] * 120, "cannot be the name of a slice"),
        ("id", ["a"] * 120, "no feature"),
    ],
)
def test_groups__refuses_a_column_that_groups_nothing(tmp_path, column, cells, message):
    """A column of names or of long texts makes no slices, nor does one that is not there."""
    table = {
        "id": [f"e{row}" for row in range(120)],
        "age": [*range(120)],
        **({} if column == "id" else {column: cells}),
    }
    (asked,) = slices(normalize(parse(f"every {column}: n > 0.5")))
    with pytest.raises(Misuse, match=message):
        exam_of(tmp_path, table).groups(asked)
