"""What a test set is: the same exam in any file, and another one as soon as a row is another."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from proctor.errors import DataError
from proctor.predictions import Kind, Source
from proctor.testset import ExampleFiles, load
from proctor.testset.hashing import row_hashes

N = 40
RNG = np.random.default_rng(20_260_302)
TABLE = {
    "id": [f"e{i}" for i in range(N)],
    "x2": RNG.integers(0, 255, N).tolist(),
    "x10": RNG.normal(size=N).astype(np.float32).tolist(),
    "text": [f"größe {i}, «ok»\nline" for i in range(N)],
}


def write_table(path, table):
    """Write *table* in the format of the path's ending."""
    rows = list(zip(*table.values(), strict=True))
    match path.suffix:
        case ".csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([list(table), *rows])
        case ".jsonl":
            path.write_text("".join(json.dumps(dict(zip(table, row, strict=True))) + "\n" for row in rows))
        case ".npz":
            np.savez(path, **{name: np.array(column) for name, column in table.items()})
        case _:
            pa = pytest.importorskip("pyarrow")
            import pyarrow.parquet as pq

            pq.write_table(pa.table(table), path)
    return path


def labels_file(folder, ids=TABLE["id"], labels=None):
    labels = [i % 3 for i in range(len(ids))] if labels is None else labels
    return write_table(folder / "labels.csv", {"id": ids, "label": labels})


def exam_of(folder, table, name="features.csv", **overrides):
    folder.mkdir(exist_ok=True)
    labels = Source(labels_file(folder, table.get("id", TABLE["id"])))
    return load(ExampleFiles(labels, Source(write_table(folder / name, table)), **overrides))


def shuffled(table, seed=1):
    order = np.random.default_rng(seed).permutation(len(next(iter(table.values()))))
    return {name: [column[i] for i in order] for name, column in table.items()}


SAME = {
    "shuffled": shuffled,
    "columns in another order": lambda table: dict(reversed(table.items())),
    "numbers as text": lambda table: table | {"x2": [str(x) for x in table["x2"]]},
    "numbers with a point": lambda table: table | {"x2": [float(x) for x in table["x2"]]},
    "numbers in an exponent": lambda table: table | {"x2": [f"{x:e}" for x in table["x2"]]},
    "in double precision": lambda table: table | {"x10": [float(np.float64(np.float32(x))) for x in table["x10"]]},
    "as shortest text of single precision": lambda table: table | {"x10": [str(np.float32(x)) for x in table["x10"]]},
    "ids renumbered": lambda table: table | {"id": list(range(len(table["id"])))},
    "other line ends": lambda table: table | {"text": [x.replace("\n", "\r\n") for x in table["text"]]},
    "decomposed accents": lambda table: table | {"text": [x.replace("ö", "o\u0308") for x in table["text"]]},
    "an index of pandas": lambda table: {"": list(range(len(table["id"]))), **table},
    "an index saved again": lambda table: {"Unnamed: 0": list(range(len(table["id"]))), **table},
    "an index made a column": lambda table: {"index": list(range(7, 7 + len(table["id"]))), **table},
    "labels in the file": lambda table: table | {"label": list(range(len(table["id"])))},
}

CHANGED = {
    "a row less": lambda table: {name: column[1:] for name, column in table.items()},
    "a row twice": lambda table: (
        {name: [*column, column[0]] for name, column in table.items()} | {"id": [*table["id"], "again"]}
    ),
    "a number changed": lambda table: table | {"x2": [table["x2"][0] + 1, *table["x2"][1:]]},
    "a text changed": lambda table: table | {"text": [table["text"][0] + "!", *table["text"][1:]]},
    "two cells exchanged": lambda table: table | {"x2": [*table["x2"][1::-1], *table["x2"][2:]]},
    "a column less": lambda table: {name: column for name, column in table.items() if name != "x2"},
}


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "npz", "parquet"])
def test_fingerprint__every_format(tmp_path, suffix):
    """The same table in another format and under another name is the same test set."""
    expected = exam_of(tmp_path / "a", TABLE)
    found = exam_of(tmp_path / "b", TABLE, f"other.{suffix}")

    assert expected.fingerprint == found.fingerprint
    assert TABLE["id"] == list(found.ids)
    assert N == found.n_examples


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_fingerprint__survives(tmp_path, change):
    """Shuffling, re-encoding and renumbering leave the test set what it is."""
    assert exam_of(tmp_path / "a", TABLE).fingerprint == exam_of(tmp_path / "b", change(TABLE)).fingerprint


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_fingerprint__notices(tmp_path, change):
    """Another row, cell or column makes another test set."""
    assert exam_of(tmp_path / "a", TABLE).fingerprint != exam_of(tmp_path / "b", change(TABLE)).fingerprint


def test_fingerprint__table_saved_as_one_array(tmp_path):
    """A table of numbers saved as a two-dimensional array is the same test set."""
    matrix = RNG.normal(size=(30, 12)).round(3)
    table = {f"pixel_{j}": matrix[:, j].tolist() for j in range(12)}
    np.savez(tmp_path / "x.npz", X=matrix)
    np.save(tmp_path / "x.npy", matrix.astype(np.float32))
    labels = Source(labels_file(tmp_path, list(range(30))))

    found = {load(ExampleFiles(labels, Source(tmp_path / name))).fingerprint for name in ("x.npz", "x.npy")}

    assert {load(ExampleFiles(labels, Source(write_table(tmp_path / "x.csv", table)))).fingerprint} == found


def test_fingerprint__key(tmp_path):
    """With a key, nobody without it can compute what belongs to which content."""
    fingerprints = {exam_of(tmp_path / str(i), TABLE, key=key).fingerprint for i, key in enumerate((b"", b"a", b"b"))}

    assert 3 == len(fingerprints)


def test_fingerprint__by_ids(tmp_path):
    """Without features, the ids are what is known of the examples, in any order and whatever the labels are."""
    one = load(ExampleFiles(Source(labels_file(tmp_path))))
    (tmp_path / "b").mkdir()
    other = load(ExampleFiles(Source(labels_file(tmp_path / "b", TABLE["id"][::-1], [7] * N))))

    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != load(ExampleFiles(Source(labels_file(tmp_path, TABLE["id"][1:])))).fingerprint


def test_order__survives_shuffling(tmp_path):
    """The order of a sequential test is one of contents: the same examples in the same order in any file."""
    one, other = exam_of(tmp_path / "a", TABLE), exam_of(tmp_path / "b", shuffled(TABLE))

    assert [one.ids[i] for i in one.order] == [other.ids[i] for i in other.order]
    assert sorted(one.order.tolist()) == list(range(N))
    assert one.order.tolist() != list(range(N))


def test_seen_through__added_columns(tmp_path):
    """With columns added, the test set is recognized by the columns it was registered with."""
    registered = exam_of(tmp_path / "a", TABLE)
    extended = exam_of(tmp_path / "b", TABLE | {"added": list(range(N)), "another": ["x"] * N})

    assert registered.fingerprint != extended.fingerprint
    assert registered.fingerprint == extended.seen_through(registered.columns).fingerprint
    assert registered.seen_through(extended.columns) is None
    assert ("text", "x2", "x10") == registered.columns


def test_read_labels__in_the_order_of_the_examples(tmp_path):
    """Labels come by id, whatever the order of their file."""
    testset = exam_of(tmp_path / "a", shuffled(TABLE))
    labels_file(tmp_path / "a")

    assert [int(name[1:]) % 3 for name in testset.ids] == testset.read_labels().values.tolist()
    assert Kind.INTEGERS is testset.sheet(testset.read_labels()).kind


def test_read_labels__partial(tmp_path):
    """An empty cell, and a row that is not there, are labels not given yet."""
    testset = exam_of(tmp_path / "a", TABLE)
    labels_file(tmp_path / "a", TABLE["id"][:10], [*range(9), ""])

    labels = testset.read_labels()

    assert 9 == labels.n_known
    assert list(range(9)) == labels.values[labels.is_known()].tolist()


def test_read_labels__none_at_all(tmp_path):
    """As long as there are no labels their type is not known, and no prediction is refused for its type."""
    testset = exam_of(tmp_path / "a", TABLE)
    labels_file(tmp_path / "a", TABLE["id"], [""] * N)

    assert 0 == testset.read_labels().n_known
    assert testset.sheet(testset.read_labels()).kind is None


def test_load__labels_beside_features(tmp_path):
    """One file may hold features and labels; the labels are no part of what the examples are."""
    path = write_table(tmp_path / "all.csv", TABLE | {"label": ["a", "b"] * (N // 2)})

    testset = load(ExampleFiles(Source(path), Source(path)))

    assert exam_of(tmp_path / "x", TABLE).fingerprint == testset.fingerprint
    assert ["a", "b"] * (N // 2) == testset.read_labels().values.tolist()


def test_load__features_without_ids(tmp_path):
    """Features without ids take those of the labels, in order."""
    table = {name: column for name, column in TABLE.items() if name != "id"}

    testset = exam_of(tmp_path / "a", table)

    assert tuple(TABLE["id"]) == testset.ids
    assert exam_of(tmp_path / "b", TABLE).fingerprint == testset.fingerprint


@pytest.mark.parametrize(
    ("labels", "features", "message"),
    [
        ("id,label\n", None, "holds no examples"),
        ("", None, "is empty"),
        ("label\n1\n", None, "give them ids"),
        ("id,label\na,1\na,2\n", None, "gives ids more than once"),
        ("id,label\na,1\n", "id,x\na,1\na,2\n", "gives the id 'a' 2 times"),
        ("id,label\na,1\n", "id,label\na,1\n", "no columns of features"),
        ("id,label\na,1\n", "id,x\n", "holds no examples"),
    ],
)
def test_load__refused(tmp_path, labels, features, message):
    """A test set whose examples cannot be told apart or are not there is refused."""
    (tmp_path / "l.csv").write_text(labels)
    (tmp_path / "f.csv").write_text(features or "")

    with pytest.raises(DataError, match=re.escape(message)):
        load(ExampleFiles(Source(tmp_path / "l.csv"), Source(tmp_path / "f.csv") if features is not None else None))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("id,truth\na,4711\n", "has no column 'label' among its 2"),
        ("id,label\na,4711\nz,4711\n", "labels examples that the test set does not have: 1 example, 'z' the first"),
        ("id,label\na,4711\na,4711\n", "gives the id 'a' 2 times"),
        ("label\n4711\n", "1 labels, but the test set has 2 examples"),
        ("id,label\na,4711\nb,4711x\n", "mixes numbers and text"),
        ("id,label\na,4711.5\nb,1\n", "line 2"),
        ("id,label\na,1\nb,4711\n", "1 label that is not a declared class, in line 3"),
    ],
)
@pytest.mark.parametrize("is_owners", [True, False])
def test_read_labels__refused(tmp_path, labels, message, is_owners):
    """Labels that do not fit are refused, and none is quoted; which and how many is for their owner alone."""
    (tmp_path / "f.csv").write_text("id,x\na,1\nb,2\n")
    (tmp_path / "l.csv").write_text("id,label\na,1\nb,1\n")
    source = Source(tmp_path / "l.csv", is_owners=is_owners)
    testset = load(ExampleFiles(source, Source(tmp_path / "f.csv"), classes=frozenset({"0", "1"})))
    (tmp_path / "l.csv").write_text(labels)

    with pytest.raises(DataError, match=re.escape(message) if is_owners else None) as caught:
        testset.read_labels()

    said = str(caught.value).replace(str(tmp_path), "")
    assert "4711" not in said
    assert is_owners or not re.search(r"line \d|'[az]'|\d times|1 example|1 label that", said)


def test_read_labels__from_memory(tmp_path):
    """Labels that were opened from a sealed file are read from memory; the ending before .sealed names the format."""
    source = Source(tmp_path / "labels.csv.sealed", b"id,label\na,cat\nb,dog\n")

    assert ["cat", "dog"] == load(ExampleFiles(source)).read_labels().values.tolist()
    assert "dog" not in repr(load(ExampleFiles(source)).files)


def test_seen_through__ids_only(tmp_path):
    """A test set known by its ids is not seen through columns."""
    testset = load(ExampleFiles(Source(labels_file(tmp_path))))

    assert testset.seen_through(("x",)) is None
    assert testset is testset.seen_through(())
    assert replace(testset).fingerprint == testset.fingerprint


def test_seen_through__index_that_was_registered(tmp_path):
    """A set whose row numbers were taken for a feature, as they once were, is still found through its columns."""
    testset = exam_of(tmp_path / "a", {"": list(range(N)), **TABLE})

    seen = testset.seen_through(("", "text", "x2", "x10"))

    assert ("text", "x2", "x10") == testset.columns
    assert testset.fingerprint != seen.fingerprint
    assert row_hashes([list(range(N)), TABLE["text"], TABLE["x2"], TABLE["x10"]], N).tolist() == seen.hashes.tolist()


def test_load__nothing_but_row_numbers(tmp_path):
    """Where row numbers are all there is, they are what is known of the examples."""
    assert ("index",) == exam_of(tmp_path / "a", {"id": TABLE["id"], "index": list(range(N))}).columns


@pytest.mark.parametrize("header", [",id,label", "Unnamed: 0,id,label", "index,id,label"])
def test_read_labels__beside_an_index(tmp_path, header):
    """The index that pandas saves is neither labels nor ids."""
    path = tmp_path / "labels.csv"
    path.write_text(header + "\n0,a,7\n1,b,8\n")

    testset = load(ExampleFiles(Source(path)))

    assert (("a", "b"), [7, 8]) == (testset.ids, testset.read_labels().values.tolist())


@pytest.mark.parametrize("content", [",id\n0,a\n1,b\n", "id,\na,7\nb,8\n"])
def test_read_labels__no_name(tmp_path, content):
    """A column without a name is not labels, wherever it stands."""
    path = tmp_path / "labels.csv"
    path.write_text(content)

    with pytest.raises(DataError, match="has no column 'label'"):
        load(ExampleFiles(Source(path))).read_labels()


def test_read_labels__one_array(tmp_path):
    """An array beside the ids is the labels, whatever it is called; of two, neither is."""
    np.savez(tmp_path / "one.npz", id=["a", "b"], truth=[[7], [8]])
    np.savez(tmp_path / "two.npz", id=["a", "b"], truth=[7, 8], other=[7, 8])

    assert [7, 8] == load(ExampleFiles(Source(tmp_path / "one.npz"))).read_labels().values.tolist()
    with pytest.raises(DataError, match="has no column 'label'"):
        load(ExampleFiles(Source(tmp_path / "two.npz"))).read_labels()


def test_read_labels__missing_or_a_class(tmp_path):
    """What marks a missing value in many programs is a label where it is declared, and refused elsewhere."""
    path = tmp_path / "labels.csv"
    path.write_text("id,label\na,nan\nb,cat\n")

    declared = load(ExampleFiles(Source(path), classes=frozenset({"nan", "cat"})))

    assert ["nan", "cat"] == declared.read_labels().values.tolist()
    with pytest.raises(DataError, match=r"testset\.classes"):
        load(ExampleFiles(Source(path))).read_labels()


@pytest.mark.parametrize("labels", [[True, False], ["TRUE", "false"]], ids=str)
def test_read_labels__true_and_false_declared(tmp_path, labels):
    """True and false are declared by these names, whether the labels are words or not."""
    np.savez(tmp_path / "labels.npz", id=["a", "b"], label=labels)

    testset = load(ExampleFiles(Source(tmp_path / "labels.npz"), classes=frozenset({"true", "false"})))

    assert 2 == testset.read_labels().n_known
    assert frozenset({"True", "False"}) == testset.sheet().classes
