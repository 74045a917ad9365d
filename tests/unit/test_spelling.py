"""One class in several spellings is one class, in every format; what cannot be one is told apart for the eye."""

from __future__ import annotations

import gzip
import json
import unicodedata

import numpy as np
import pytest

from proctor.errors import DataError
from proctor.predictions import Labels, PredictionSet, Sheet, Source, align, read_predictions, refuse_respelled, tables
from proctor.predictions.columns import Kind, classes_column, declared_classes, respelled
from proctor.predictions.labels import labels_of
from proctor.spelling import class_name, example_ids, look, shown

NFD = unicodedata.normalize("NFD", "café")
FORMATS = ["csv", "tsv", "csv.gz", "jsonl", "jsonl.gz", "npy", "npz", "parquet"]


def write(path, cells, name="prediction"):
    """Write one column in the format that the path ends in."""
    kind = path.name.removeprefix("p.").removesuffix(".gz")
    match kind:
        case "csv" | "tsv":
            content = "\n".join([name, *(f'"{cell}"' for cell in cells)]).encode()
        case "jsonl":
            content = "".join(json.dumps({name: cell}) + "\n" for cell in cells).encode()
        case "npy":
            np.save(path, np.array(cells))
            return path
        case "npz":
            np.savez(path, **{name: np.array(cells)})
            return path
        case _:
            pa = pytest.importorskip("pyarrow")
            import pyarrow.parquet as pq

            pq.write_table(pa.table({name: cells}), path)
            return path
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["café", "thé"], ["café", "thé"]),
        ([NFD, "thé"], ["café", "thé"]),
        (["café ", "\tthé"], ["café", "thé"]),
        (["café\n", "thé\r\n"], ["café", "thé"]),
        (["\u00a0café", "thé\u2003"], ["café", "thé"]),
        (["\ufeffcafé", "th\u200bé"], ["café", "thé"]),
        (["ice  cream", "ice\u00a0cream"], ["ice cream", "ice cream"]),
        (["TRUE", "false", "maybe"], ["True", "False", "maybe"]),
        (["nan", "cat"], ["nan", "cat"]),
        (["NA", "None", "null"], ["NA", "None", "null"]),
    ],
    ids=str,
)
def test_read_predictions__one_spelling(tmp_path, suffix, written, meant):
    """White space, composition and the case of true and false make no other class, in any format."""
    assert meant == read_predictions(write(tmp_path / f"p.{suffix}", written)).values.tolist()


@pytest.mark.parametrize("suffix", ["jsonl", "npy", "npz", "parquet"])
def test_read_predictions__numbers_in_text(tmp_path, suffix):
    """Where the file says that it is text, it stays text; 1.0 is what other tools write for 1."""
    found = read_predictions(write(tmp_path / f"p.{suffix}", ["1.0", "2", "007", "1.5"]))

    assert ["1", "2", "007", "1.5"] == found.values.tolist()


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    ("kind", "meant"), [(Kind.TEXT, ["True", "False"]), (Kind.INTEGERS, [1, 0]), (None, ["True", "False"])], ids=str
)
def test_align__true_and_false(tmp_path, suffix, kind, meant):
    """True and false are the words or the numbers, as the labels have them, whatever the predictions' file has."""
    written = ["TRUE", "false"] if "sv" in suffix else [True, False]
    sheet = Sheet(2, kind=kind)

    found = align(sheet, read_predictions(write(tmp_path / f"p.{suffix}", written))).values.tolist()

    assert meant == found


def test_align__one_and_zero_are_no_words():
    """Where the labels are words, numbers are refused: 1 could be either."""
    with pytest.raises(DataError, match="are integers, but the labels are text"):
        align(Sheet(2, kind=Kind.TEXT), PredictionSet(np.array([1, 0]), None, "d", "p.csv"))


def test_align__nan_is_a_class_where_it_is_declared(tmp_path):
    """What marks a missing value in many programs is a class only if the owner says so."""
    found = read_predictions(write(tmp_path / "p.csv", ["cat", "nan"]))

    assert ["cat", "nan"] == align(Sheet(2, classes=frozenset({"cat", "nan"})), found).values.tolist()
    with pytest.raises(DataError, match="'nan', first for row 2"):
        align(Sheet(2), found)


@pytest.mark.parametrize("cells", [["nan", "nan"], ["1", "nan"], ["nan", "0"]])
def test_read_predictions__nan_among_numbers(tmp_path, cells):
    """Among numbers, or alone, it is a missing value."""
    with pytest.raises(DataError, match="'nan' is not a class"):
        read_predictions(write(tmp_path / "p.csv", cells))


def test_declared_classes():
    """Declared classes are spelled as classes are read."""
    declared = declared_classes(["1.0", "TRUE", NFD, "nan", "007"])

    assert {"1", "True", "café", "nan", "007"} == declared


def test_respelled():
    """What an earlier version kept is read in today's spelling."""
    assert ["True", "café", "1"] == respelled(np.array(["TRUE", NFD + " ", "1.0"])).tolist()
    assert [1, 2] == respelled(np.array([1, 2])).tolist()


def test_labels__as_an_earlier_version_read_them(tmp_path):
    """Labels remember how they were read before, so that a register made then still knows them."""
    path = write(tmp_path / "p.csv", ["TRUE ", "false"], "label")

    labels = labels_of(classes_column(tables.read_table(Source(path)), "label"))

    assert [["True", "False"], ["TRUE", "false"]] == [each.values.tolist() for each in labels.readings()]
    assert 1 == len(Labels(np.array(["a"])).readings())


@pytest.mark.parametrize(("one", "other"), [("CAT", "cat"), ("cat", "c at"), ("cat", "\uff43at"), ("07", "7")])
def test_refuse_respelled(one, other):
    """Two models that name one class in two ways are not compared; with escapes for what cannot be seen."""
    sheet = Sheet(2)
    new, old = (align(sheet, PredictionSet(np.array(["dog", name]), None, name, name)) for name in (one, other))

    with pytest.raises(DataError) as error:
        refuse_respelled(new, old)

    assert ascii(one) in str(error.value)
    assert ascii(other) in str(error.value)


@pytest.mark.parametrize(("new", "old"), [(["a", "A"], ["a", "A"]), (["a", "b"], ["c", "b"]), ([1, 2], [3, 4])])
def test_refuse_respelled__other_classes(new, old):
    """Classes that both know, or that look different, are classes."""
    refuse_respelled(*(align(Sheet(2), PredictionSet(np.array(each), None, "d", "p")) for each in (new, old)))


@pytest.mark.parametrize(("values", "expected"), [(["a", "b"], True), (["True", "False"], False), ([1, 0], False)])
def test_has_words(values, expected):
    """True and false cannot be misspelled, and neither can numbers."""
    assert expected is align(Sheet(2), PredictionSet(np.array(values), None, "d", "p")).has_words


@pytest.mark.parametrize("given", ["e1\u200b", "E1", "e\u00a01", "\uff451"])
def test_align__ids_that_look_alike(given):
    """Ids that a person would take for one are shown so that the difference is seen."""
    with pytest.raises(DataError) as error:
        align(Sheet(1, ["e1"]), PredictionSet(np.array([1]), (given,), "d", "p.csv"))

    assert f"'e1' of the test set is not {given!a} of the predictions" in error.value.message


def test_example_ids():
    """Ids have no blanks around them and composed accents; nothing else of them is changed."""
    assert ["e1", "café", "a  b", "a\nb"] == example_ids([" e1\n", NFD, "a  b", "a\r\nb"])


def test_shown_and_look():
    """What cannot be seen is escaped; names that look alike share a key."""
    assert (r"'a\xa0b'", "мышь") == (shown("a\u00a0b"), shown("мышь"))
    assert look("Ice Cream") == look("ice\u00a0cream") == look("ｉｃｅcream")
    assert look("07") == look("7.0")
    assert look("cat") != look("dog")
    assert "True" == class_name(" tRuE ")
