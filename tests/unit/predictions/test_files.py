"""Reading predictions: every format, and everything that is refused."""

from __future__ import annotations

import hashlib
import json
import re
import sys

import numpy as np
import pytest

from proctor import predictions
from proctor.errors import DataError, MissingExtra
from proctor.predictions import Kind, Source, read_predictions, tables


@pytest.fixture
def write(tmp_path):
    """Write a file of predictions and give its path."""

    def _write(name: str, content: str | bytes):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


def save_parquet(path, columns):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table(columns), path)
    return path


def test_read_predictions__csv(write):
    """A CSV gives ids as text and whole numbers as the smallest integers, whatever else it has."""
    path = write("p.csv", '\ufeffid,score,prediction\na,0.5,1\n"b,c",0.7,300\n')

    found = read_predictions(path)

    assert ("a", "b,c") == found.ids
    assert [1, 300] == found.values.tolist()
    assert np.int16 == found.values.dtype
    assert hashlib.sha256(path.read_bytes()).hexdigest() == found.digest


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_read_predictions__csv_text(write, line_end):
    """Classes may be text, in any script, and are stripped of surrounding blanks."""
    path = write("p.csv", line_end.join(["prediction", "cat", " dog ", "мышь", ""]))

    found = read_predictions(path)

    assert ["cat", "dog", "мышь"] == found.values.tolist()
    assert Kind.TEXT is found.kind
    assert found.ids is None


@pytest.mark.parametrize("cells", [["1", "0", "-3"], ["1.0", "0.0", "-3.0"], ["1", "0.0", "-3e0"]])
def test_read_predictions__whole_floats_are_integers(write, cells):
    """1.0 is what other tools write for 1."""
    found = read_predictions(write("p.csv", "prediction\n" + "\n".join(cells)))

    assert [1, 0, -3] == found.values.tolist()
    assert np.int8 == found.values.dtype


def test_read_predictions__names_that_look_like_numbers(write):
    """Zero-padded numbers are names."""
    assert ["007", "1_0"] == read_predictions(write("p.csv", "prediction\n007\n1_0\n")).values.tolist()


def test_read_predictions__signs_are_names(write):
    """Polarities are written as signs alone."""
    found = read_predictions(Source(write("p.csv", "id,prediction\na,+\nb,-\n")))

    assert ["+", "-"] == found.values.tolist()


def test_read_predictions__jsonl(write):
    """JSON Lines keeps the difference between 1 and "1"."""
    integers = read_predictions(write("a.jsonl", '{"id": 7, "prediction": 1}\n{"prediction": 2.0, "id": 8}\n'))
    text = read_predictions(write("b.jsonl", '{"prediction": "1"}\n{"prediction": "x"}\n'))

    assert (("7", "8"), [1, 2]) == (integers.ids, integers.values.tolist())
    assert ["1", "x"] == text.values.tolist()


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([1, 2], np.int64), [1, 2]),
        (np.array([1.0, 2.0]), [1, 2]),
        (np.array([True, False]), [1, 0]),
        (np.array([200, 2], np.uint8), [200, 2]),
        (np.array(["a", "bc"]), ["a", "bc"]),
        (np.array([b"a", b"bc"]), ["a", "bc"]),
    ],
    ids=["int64", "float", "bool", "uint8", "text", "bytes"],
)
def test_read_predictions__arrays(tmp_path, array, expected):
    """NPY and NPZ files of every sensible type are read, by the same rules."""
    np.save(tmp_path / "p.npy", array)
    np.savez(tmp_path / "p.npz", prediction=array, id=np.array([10, 11]))

    assert expected == read_predictions(tmp_path / "p.npy").values.tolist()
    assert expected == read_predictions(tmp_path / "p.npz").values.tolist()
    assert ("10", "11") == read_predictions(tmp_path / "p.npz").ids


def test_read_predictions__parquet(tmp_path):
    """Parquet is read by the same rules."""
    numbers = save_parquet(tmp_path / "a.parquet", {"id": ["x", "y"], "prediction": [3, 4]})
    text = save_parquet(tmp_path / "b.parquet", {"prediction": ["3", "b"]})

    assert (("x", "y"), [3, 4]) == (read_predictions(numbers).ids, read_predictions(numbers).values.tolist())
    assert ["3", "b"] == read_predictions(text).values.tolist()


def test_read_predictions__without_pyarrow(tmp_path, monkeypatch):
    """Without pyarrow the error names the extra to install."""
    path = save_parquet(tmp_path / "a.parquet", {"prediction": [3, 4]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "proctor.predictions.parquet", raising=False)
    monkeypatch.delattr(predictions, "parquet", raising=False)

    with pytest.raises(MissingExtra, match=re.escape("pip install 'proctor[parquet]'")):
        read_predictions(path)


def test_read_predictions__from_memory(tmp_path):
    """A file that was opened in memory is read from there, and its path is not touched."""
    source = Source(tmp_path / "nowhere.csv", b"prediction\n1\n0\n")

    assert [1, 0] == read_predictions(source).values.tolist()


REFUSED = {
    "empty": ("p.csv", "", "is empty"),
    "only a header": ("p.csv", "id,prediction\n", "holds no predictions"),
    "only blank lines": ("p.csv", "prediction\n\n\n", "holds no predictions"),
    "no header": ("p.csv", "a,1\nb,0\n", "has no column 'prediction'; it has 'a', '1'"),
    "column twice": ("p.csv", "prediction,prediction\n1,0\n", "names the column 'prediction' twice"),
    "semicolons": ("p.csv", "id;prediction\na;1\n", "separated by commas"),
    "ragged": ("p.csv", "id,prediction\na,1\nb\n", "line 3 has 1 cells, but the header has 2"),
    "empty line": ("p.csv", "prediction\n1\n\n0\n", "line 3 is empty"),
    "bad quote": ("p.csv", 'prediction\n"1"x\n', "line 2"),
    "unclosed quote": ("p.csv", 'prediction\n"1\n', "unexpected end of data"),
    "latin-1": ("p.csv", "prediction\né\n".encode("latin-1"), "is not UTF-8"),
    "nul": ("p.csv", b"prediction\n1\x00\n", "line 2: '1\\x00' is not a class"),
    "nan": ("p.csv", "prediction\n1\nnan\n", "line 3: 'nan' is not a class"),
    "score": ("p.csv", "prediction\n1\n0.25\n", "line 3: '0.25' is not a class"),
    "empty cell": ("p.csv", "id,prediction\na,\nb,1\n", "no prediction in 1 of 2 rows: line 2"),
    "many empty cells": ("p.csv", "id,prediction\n" + "a,\n" * 9, "in 9 of 9 rows: line 2, line 3, line 4, …"),
    "mixed": ("p.csv", "prediction\n1\ncat\n", "mixes numbers and text: '1' in line 2, 'cat' in line 3"),
    "endless class": ("p.csv", "prediction\n" + "x" * 300 + "\n", "is not a class"),
    "huge number": ("p.csv", "prediction\n" + "9" * 30 + "\n", "is not a class"),
    "empty id": ("p.csv", "id,prediction\n,1\n", "line 2: the id is empty"),
    "unknown ending": ("p.xlsx", "x", "the ending '.xlsx'"),
    "empty jsonl": ("p.jsonl", "", "is empty"),
    "no json": ("p.jsonl", '{"prediction": 1}\nrubbish\n', "line 2 is not JSON"),
    "json list": ("p.jsonl", "[1]\n", "line 1 is not a JSON object"),
    "json nan": ("p.jsonl", '{"prediction": NaN}\n', "line 1: nan is not a class"),
    "json nan text": ("p.jsonl", '{"prediction": "NaN"}\n', "line 1: 'NaN' is not a class"),
    "json null": ("p.jsonl", '{"prediction": null}\n', "no prediction in 1 of 1"),
    "json keys": ("p.jsonl", '{"prediction": 1}\n{"predicted": 1}\n', "the same keys"),
    "json nested": ("p.jsonl", '{"prediction": [1]}\n', "lists or objects"),
    "json mixed": ("p.jsonl", '{"prediction": 1}\n{"prediction": "a"}\n', "mixes numbers and text"),
    "empty npy": ("p.npy", b"", "cut short"),
    "rubbish npy": ("p.npy", b"rubbish" * 30, "p.npy"),
    "rubbish npz": ("p.npz", b"rubbish" * 30, "p.npz"),
    "empty parquet": ("p.parquet", b"", "not a Parquet file"),
    "rubbish parquet": ("p.parquet", b"rubbish" * 30, "not a Parquet file"),
}


@pytest.mark.parametrize(("name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_read_predictions__refused(write, name, content, message):
    """What is not one class per row is refused, naming file, place and value."""
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")

    with pytest.raises(DataError, match=re.escape(message)) as caught:
        read_predictions(write(name, content))

    assert name in str(caught.value)


def test_read_predictions__no_file(tmp_path):
    """A missing file is named."""
    with pytest.raises(DataError, match="there is no file"):
        read_predictions(tmp_path / "gone.csv")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([1.0, np.nan, 2.0, np.nan]), "no prediction in 2 of 4 rows: row 2, row 4"),
        (np.array([0.5, 1.0]), "row 1: 0.5 is not a class"),
        (np.array([np.inf, 1.0]), "is not a class"),
        (np.zeros((3, 2)), "the shape 3x2"),
        (np.array(1), "a single value"),
        (np.array([1 + 1j]), "cannot be a class"),
        (np.array([{"a": 1}], dtype=object), "could run code"),
        (np.array([2**63], np.uint64), "cannot be a class"),
        (np.array([], np.int8), "holds no predictions"),
    ],
    ids=str,
)
def test_read_predictions__refused_arrays(tmp_path, array, message):
    """Arrays that are not one class per example are refused, pickled objects before anything is loaded."""
    np.save(tmp_path / "p.npy", array, allow_pickle=True)

    with pytest.raises(DataError, match=re.escape(message)):
        read_predictions(tmp_path / "p.npy")


def test_read_predictions__cut_short(tmp_path):
    """Half an array is refused."""
    np.save(tmp_path / "p.npy", np.zeros(1000))
    np.savez(tmp_path / "p.npz", prediction=np.zeros(1000))
    for name in ("p.npy", "p.npz"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:-500])

        with pytest.raises(DataError, match="cut short"):
            read_predictions(path)


def test_read_predictions__lengths_in_one_file(tmp_path):
    """Arrays of unequal length in one NPZ file are refused."""
    np.savez(tmp_path / "p.npz", prediction=np.zeros(3), id=np.arange(4))

    with pytest.raises(DataError, match="one and the same length"):
        read_predictions(tmp_path / "p.npz")


def test_place__quoted_line_breaks(write):
    """Where cells span lines, a place is a row, because lines would mislead."""
    path = write("p.csv", 'id,prediction\n"a\nb",1\nc,\n')

    with pytest.raises(DataError, match=r"rows: row 2$|rows: row 2\n"):
        read_predictions(path)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_read_chunks__pieces(tmp_path, suffix):
    """Pieces put together are the table, and name the right lines."""
    path = tmp_path / f"t.{suffix}"
    match suffix:
        case "csv":
            path.write_text("x\n" + "".join(f"{i}\n" for i in range(25)))
        case "jsonl":
            path.write_text("".join(json.dumps({"x": i}) + "\n" for i in range(25)))
        case _:
            save_parquet(path, {"x": list(range(25))})

    pieces = list(tables.read_chunks(Source(path), None, 10))

    assert [10, 10, 5] == [piece.n_rows for piece in pieces if piece.n_rows]
    assert [str(i) for i in range(25)] == [str(cell) for piece in pieces for cell in piece.columns["x"]]
    if suffix == "csv":
        assert "line 12" == pieces[1].place(0)


def test_read_chunks__blank_line_between_pieces(write):
    """A blank line at the end of a piece is still refused when more follows."""
    path = write("p.csv", "x\n1\n2\n\n3\n")

    with pytest.raises(DataError, match="line 4 is empty"):
        list(tables.read_chunks(Source(path), None, 3))


@pytest.mark.parametrize("cells", ["nan\n1\n", "0.25\n1\n", "cat\n1\n"])
@pytest.mark.parametrize("is_owners", [True, False])
def test_messages__private(write, cells, is_owners):
    """No message quotes a cell of a private file; in which line one is wrong, its owner is told alone."""
    path = write("labels.csv", "label\n" + cells)

    from proctor.predictions.columns import classes_column

    with pytest.raises(DataError) as caught:
        classes_column(tables.read_table(Source(path, is_private=True, is_owners=is_owners)), "label")

    assert is_owners == ("line 2" in str(caught.value))
    assert not any(repr(cell) in str(caught.value) for cell in cells.split())


def test_read_table__wide(tmp_path):
    """A table of 100,000 columns is read; a look at each pair of their names would hold this suite up for minutes."""
    path = tmp_path / "genes.csv"
    path.write_text(",".join(f"g{i}" for i in range(100_000)) + "\n" + ",".join("1" * 100_000) + "\n")

    assert 100_000 == len(tables.read_table(Source(path)).columns)


@pytest.mark.parametrize(
    "content", ["x" * 300_000 + ",a\n", ",".join(f"g{i}" for i in range(9_999)) + "\n", "x" * 99_999 + ";y\n"]
)
def test_read_predictions__errors_are_short(write, content):
    """However long or many the names of columns are, an error fits into a terminal and a comment."""
    with pytest.raises(DataError) as error:
        read_predictions(write("p.csv", content))

    assert len(error.value.message) < 700
