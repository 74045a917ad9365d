"""Tables as people have them: packed, in parts, with an index, in other encodings, and far too large."""

from __future__ import annotations

import gzip
import io
import zipfile

import numpy as np
import pytest

from proctor.errors import DataError
from proctor.predictions import Source, digest, read_predictions, tables
from proctor.predictions.submitted import ColumnNames


def parquet(path, columns):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def read(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = read_predictions(path)
    return found.ids, found.values.tolist()


READ = {
    "index of pandas": ("p.csv", ",id,prediction\n0,a,5\n1,b,6\n"),
    "index read and saved again": ("p.csv", "Unnamed: 0,id,prediction\n0,a,5\n1,b,6\n"),
    "two unnamed columns": ("p.csv", ",,id,prediction\n0,0,a,5\n1,1,b,6\n"),
    "trailing separators": ("p.csv", "id,prediction,\na,5,\nb,6,\n"),
    "tabs": ("p.tsv", "id\tprediction\na\t5\nb\t6\n"),
    "packed": ("p.csv.gz", gzip.compress(b"id,prediction\na,5\nb,6\n")),
    "packed in two pieces": ("p.tsv.gz", gzip.compress(b"id\tprediction\na\t5\n") + gzip.compress(b"b\t6\n")),
    "carriage returns alone": ("p.csv", "id,prediction\ra,5\rb,6\r"),
    "everything quoted": ("p.csv", '"id","prediction"\r\n"a","5"\r\n"b","6"\r\n'),
    "a last line of blanks": ("p.csv", "id,prediction\na,5\nb,6\n  \n\n"),
    "packed JSON Lines": ("p.jsonl.gz", gzip.compress(b'{"id": "a", "prediction": 5}\n{"id": "b", "prediction": 6}')),
    "byte-order mark": ("p.jsonl", '\ufeff{"id": "a", "prediction": 5}\n{"id": "b", "prediction": 6}\n'),
    "empty last lines": ("p.jsonl", '{"id": "a", "prediction": 5}\n{"id": "b", "prediction": 6}\n\n \n'),
    "keys that nobody asked for": (
        "p.jsonl",
        (
            '{"id": "a", "prediction": 5, "p": [0.1, NaN], "": 3, "x": {"y": Infinity, "y": 1}}\n'
            '{"prediction": 6, "id": "b", "p": null, "note": "more", "note": 2}\n'
        ),
    ),
}


@pytest.mark.parametrize(("name", "content"), READ.values(), ids=READ)
def test_read_predictions__as_people_have_them(tmp_path, name, content):
    """What means ids a and b with classes 5 and 6 is read as that."""
    assert (("a", "b"), [5, 6]) == read(tmp_path, name, content)


UTF16 = "id,prediction\na,5\nb,6\n".encode("utf-16-le")
REFUSED = {
    "an index and ids alone": ("p.csv", ",id\n0,a\n1,b\n", "no column 'prediction'; it has '', 'id'"),
    "one column without a name": ("p.csv", '""\n1\n2\n', "is empty"),
    "an index alone": ("p.jsonl", '{"": 1}\n', "no column 'prediction'"),
    "UTF-16": ("p.csv", b"\xff\xfe" + UTF16, "is UTF-16 (or UTF-32) text"),
    "UTF-16 without a mark": ("p.csv", UTF16, "Save it in UTF-8"),
    "UTF-16 with the other end first": ("p.tsv", "\ufeffid\tprediction\n".encode("utf-16-be"), "UTF-16"),
    "UTF-16 JSON Lines": ("p.jsonl", '{"prediction": 5}\n'.encode("utf-16"), "UTF-16"),
    "semicolons": ("p.csv", "id;prediction\na;5\n", "separated by commas, and seem to be by semicolons"),
    "tabs in CSV": ("p.csv", "id\tprediction\na\t5\n", "name it .tsv"),
    "commas in TSV": ("p.tsv", "id,prediction\na,5\n", "name it .csv"),
    "for Excel": ("p.csv", "sep=;\nid;prediction\na;5\n", "a line for Excel, 'sep=;'"),
    "for Excel, by commas": ("p.csv", "sep=,\nid,prediction\na,5\n", "a line for Excel, 'sep='"),
    "a workbook": ("p.csv", b"PK\x03\x04" + bytes(50), "a workbook of Excel"),
    "packed and not named so": ("p.csv", gzip.compress(b"prediction\n5\n"), "end its name in .gz"),
    "named packed and not": ("p.csv.gz", "prediction\n5\n", "not packed by gzip"),
    "packed and cut short": ("p.csv.gz", gzip.compress(b"prediction\n" + b"5\n" * 999)[:-9], "cut short"),
    "packed and damaged": ("p.csv.gz", gzip.compress(b"prediction\n5\n")[:12] + b"\xff" * 20, "not packed by gzip"),
    "a packed array": ("p.npy.gz", gzip.compress(b"x"), "the ending '.npy.gz'"),
    "a packed Parquet": ("p.parquet.gz", gzip.compress(b"x"), "the ending '.parquet.gz'"),
    "an asked key twice": (
        "p.jsonl",
        '{"prediction": 5, "prediction": 6}\n',
        "line 1 gives the key 'prediction' twice",
    ),
    "an asked key in some lines": (
        "p.jsonl",
        '{"prediction": 5}\n{"prediction": 6, "id": "b"}\n',
        "'id' is not in all",
    ),
    "NaN": ("p.jsonl", '{"prediction": 5}\n{"prediction": NaN}\n', "line 2: nan is not a class"),
    "Infinity": ("p.jsonl", '{"prediction": -Infinity}\n', "line 1: -inf is not a class"),
    "an empty line in between": ("p.jsonl", '{"prediction": 5}\n\n{"prediction": 6}\n', "line 2 is empty"),
    "too long a number": ("p.jsonl", '{"prediction": 5, "x": ' + "9" * 9_999 + "}\n", "line 1 is not JSON"),
}


@pytest.mark.parametrize(("name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_read_predictions__refused_by_name(tmp_path, name, content, message):
    """What is something else is named as that, with the way on."""
    with pytest.raises(DataError) as error:
        read(tmp_path, name, content)

    assert message in str(error.value)
    assert error.value.hint


@pytest.mark.parametrize("shape", [(3, 1), (3, 1, 1)])
@pytest.mark.parametrize("values", [[5, 6, 7], [5.0, 6.0, 7.0], ["a", "b", "c"], [True, False, True]], ids=str)
def test_read_predictions__a_column_of_its_own(tmp_path, shape, values):
    """One class for each example in an array of two dimensions, as CatBoost gives it, is one class for each."""
    np.save(tmp_path / "p.npy", np.array(values).reshape(shape))
    np.savez(tmp_path / "p.npz", prediction=np.array(values).reshape(shape), id=np.arange(3).reshape(shape))

    assert values == read_predictions(tmp_path / "p.npy").values.tolist()
    assert values == read_predictions(tmp_path / "p.npz").values.tolist()
    assert ("0", "1", "2") == read_predictions(tmp_path / "p.npz").ids


def test_read_predictions__a_row(tmp_path):
    """All classes in one row are refused, with the way on: one example could have had three scores."""
    np.save(tmp_path / "p.npy", np.array([[5, 6, 7]]))

    with pytest.raises(DataError, match=r"shape 1x3(.|\n)*ravel"):
        read_predictions(tmp_path / "p.npy")


def test_read_predictions__arrays_nobody_asked_for(tmp_path):
    """Scores and names of classes beside the predictions do no harm; two that could be meant are both named."""
    np.savez(tmp_path / "p.npz", prediction=[5, 6], scores=np.zeros((2, 9)), classes=np.arange(9))
    np.savez(tmp_path / "two.npz", new=[5, 6], old=[5, 6])

    assert [5, 6] == read_predictions(tmp_path / "p.npz").values.tolist()
    with pytest.raises(DataError, match="it has 'new', 'old'"):
        read_predictions(tmp_path / "two.npz")


def test_read_predictions__parquet_columns(tmp_path):
    """Columns of true and false, with gaps or without, an index, and scores in lists beside them."""
    path = parquet(
        tmp_path / "p.parquet",
        {"id": ["a", "b"], "prediction": [True, False], "__index_level_0__": [7, 8], "scores": [[0.1], [0.2]]},
    )
    gaps = parquet(tmp_path / "gaps.parquet", {"prediction": [True, None]})

    assert ("a", "b") == read_predictions(path).ids
    assert [True, False] == read_predictions(path).values.tolist()
    with pytest.raises(DataError, match="no prediction in 1 of 2 rows"):
        read_predictions(gaps)


@pytest.mark.parametrize("name", ["parts.parquet", "parts"])
def test_read_predictions__parquet_in_parts(tmp_path, name):
    """A folder of Parquet files is one table, as Spark writes it; a column may stand in the names of its folders."""
    folder = tmp_path / name
    parquet(folder / "day=1" / "part-0.parquet", {"id": ["a"], "prediction": [5]})
    parquet(folder / "day=2" / "part-0.parquet", {"id": ["b"], "prediction": [6]})
    (folder / "_SUCCESS").write_text("")
    (folder / ".part-0.parquet.crc").write_text("")
    before = digest(Source(folder), ColumnNames())

    found = read_predictions(folder)
    days = tables.read_table(Source(folder), frozenset({"day"}))
    parquet(folder / "day=2" / "part-0.parquet", {"id": ["b"], "prediction": [7]})

    assert (("a", "b"), [5, 6]) == (found.ids, found.values.tolist())
    assert [1, 2] == days.columns["day"]
    assert before == found.digest != digest(Source(folder), ColumnNames())


def test_read_predictions__classes_in_the_names_of_folders(tmp_path):
    """Spark can put the predictions themselves there; they are numbers if they all are."""
    for name, ids in (("5", ["a"]), ("6", ["b", "c"])):
        parquet(tmp_path / "numbers" / f"prediction={name}" / "0.parquet", {"id": ids})
    parquet(tmp_path / "words" / "prediction=ice%20cream" / "0.parquet", {"id": ["a"]})
    parquet(tmp_path / "words" / "prediction=__HIVE_DEFAULT_PARTITION__" / "0.parquet", {"id": ["b"]})

    found = read_predictions(tmp_path / "numbers")

    assert (("a", "b", "c"), [5, 6, 6]) == (found.ids, found.values.tolist())
    with pytest.raises(DataError, match="no prediction in 1 of 2 rows"):
        read_predictions(tmp_path / "words")


def test_read_predictions__parts_that_differ(tmp_path):
    """Parts of one table have the same columns; an empty one, and other columns that nobody asked for, do no harm."""
    parquet(tmp_path / "p/0.parquet", {"id": ["a"], "prediction": [5], "x": [1.5]})
    parquet(tmp_path / "p/1.parquet", {"id": [], "prediction": [], "y": []})
    parquet(tmp_path / "p/2.parquet", {"id": ["b"], "prediction": [6]})

    assert [5, 6] == read_predictions(tmp_path / "p").values.tolist()
    parquet(tmp_path / "p/1.parquet", {"id": ["c"], "predicted": [7]})
    with pytest.raises(DataError, match="'prediction' is not in all"):
        read_predictions(tmp_path / "p")


def test_read_predictions__folder_without_parts(tmp_path):
    """A folder that is no table is named."""
    with pytest.raises(DataError, match="a folder without Parquet files"):
        read_predictions(tmp_path)


def test_read_predictions__parquet_column_twice(tmp_path):
    """A name that stands for two columns is refused."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    pq.write_table(pa.table([[5], [6]], names=["prediction", "prediction"]), tmp_path / "p.parquet")

    with pytest.raises(DataError, match="names the column 'prediction' twice"):
        read_predictions(tmp_path / "p.parquet")


# --- far too large ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "jsonl", "npz", "parquet"])
def test_read_predictions__far_too_many_rows(tmp_path, suffix):
    """A file of far more rows than there are examples is not read to its end; what little is too much is named."""
    path, n_rows = tmp_path / f"p.{suffix}", 100_000
    match suffix:
        case "csv" | "csv.gz":
            text = ("prediction\n" + "1\n" * n_rows + "broken,line\n").encode()
            path.write_bytes(gzip.compress(text) if suffix == "csv.gz" else text)
        case "jsonl":
            path.write_text('{"prediction": 1}\n' * n_rows + "broken\n")
        case "npz":
            np.savez_compressed(path, prediction=np.zeros(n_rows))
        case _:
            parquet(path, {"prediction": [1] * n_rows})

    with pytest.raises(DataError, match="more than 1,020 rows"):
        read_predictions(path, n_examples=10)


def test_read_predictions__array_that_unpacks_to_more(tmp_path):
    """A small archive that promises rows beyond measure is refused by its header, and nothing of it is unpacked."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<i8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(tmp_path / "p.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("prediction.npy", header.getvalue() + bytes(10_000_000))
    np.savez_compressed(tmp_path / "wide.npz", prediction=np.zeros((5, 10_000)))

    with pytest.raises(DataError, match="more than 1,010 rows"):
        read_predictions(tmp_path / "p.npz", n_examples=5)
    with pytest.raises(DataError, match="a row takes more than 65,536 bytes"):
        read_predictions(tmp_path / "wide.npz", n_examples=5)


def test_read_table__line_without_end(tmp_path, monkeypatch):
    """A line that does not end is refused before it fills the memory, and so is what unpacks out of proportion."""
    monkeypatch.setattr("proctor.predictions.lines._LONGEST_LINE", 1_000)
    monkeypatch.setattr("proctor.predictions.lines._FREELY_UNPACKED", 10_000)
    (tmp_path / "p.jsonl").write_text('{"prediction": "' + "x" * 2_000 + '"}\n')
    (tmp_path / "p.csv.gz").write_bytes(gzip.compress(b"prediction\n" + b"1\n" * 200_000))

    with pytest.raises(DataError, match="line 1 does not end"):
        read_predictions(tmp_path / "p.jsonl")
    with pytest.raises(DataError, match="out of proportion to its size"):
        read_predictions(tmp_path / "p.csv.gz")
