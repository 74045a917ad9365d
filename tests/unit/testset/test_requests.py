"""What is written for others: the owner's request, and the features that a model is given."""

from __future__ import annotations

import gzip
import stat

import numpy as np
import pytest

from proctor.errors import DataError
from proctor.predictions import Source, tables
from proctor.testset import ExamFiles, load, write_features, write_request


def exam_with(tmp_path, content, **features):
    (tmp_path / "labels.csv").write_text(content)
    return load(ExamFiles(Source(tmp_path / "labels.csv"), **features))


def test_write_request__for_the_owner_alone(tmp_path):
    """The request names the examples in a file that nobody else can read, ready to be filled in."""
    exam = exam_with(tmp_path, "id,label\na,\nb,\nc,1\n")

    request = write_request(exam, np.array([0, 1]), tmp_path / "new" / "folder")

    assert 2 == request.n_examples
    assert "id,label\na,\nb,\n" == request.path.read_text()
    assert 0o600 == stat.S_IMODE(request.path.stat().st_mode)
    assert 0o700 == stat.S_IMODE(request.path.parent.stat().st_mode)
    assert [request.path] == list(request.path.parent.iterdir())


def test_write_request__without_ids(tmp_path):
    """Examples without ids are named by their row."""
    np.savez(tmp_path / "x.npz", x=np.arange(3))
    exam = exam_with(tmp_path, "label\n1\n1\n1\n", features=Source(tmp_path / "x.npz"))

    assert "row,label\n1,\n3,\n" == write_request(exam, np.array([0, 2]), tmp_path).path.read_text()


def test_write_request__no_room(tmp_path):
    """A folder that cannot be made is named."""
    exam = exam_with(tmp_path, "id,label\na,\n")

    with pytest.raises(DataError, match="cannot be written"):
        write_request(exam, np.array([0]), tmp_path / "labels.csv" / "folder")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz", "jsonl", "jsonl.gz", "npz", "parquet"])
@pytest.mark.parametrize("in_memory", [False, True])
def test_write_features__without_labels(tmp_path, suffix, in_memory):
    """The copy has every column but the labels, wherever the features come from."""
    path = tmp_path / f"all.{suffix}"
    table = {"id": ["a", "b"], "x": ["one, two", "three"], "label": ["secret1", "secret2"]}
    match suffix:
        case "csv" | "csv.gz":
            write_text(path, 'id,x,label\na,"one, two",secret1\nb,three,secret2\n')
        case "tsv":
            write_text(path, "id\tx\tlabel\na\tone, two\tsecret1\nb\tthree\tsecret2\n\n")
        case "jsonl" | "jsonl.gz":
            write_text(path, '{"id":"a","x":"one, two","label":"secret1"}\n{"id":"b","x":"three","label":"secret2"}\n')
        case "npz":
            np.savez(path, **{name: np.array(column) for name, column in table.items()})
        case _:
            pa = pytest.importorskip("pyarrow")
            import pyarrow.parquet as pq

            pq.write_table(pa.table(table), path)
    source = Source(path, path.read_bytes() if in_memory else None)
    (tmp_path / "out").mkdir()

    copy = write_features(ExamFiles(source, source), tmp_path / "out")

    found = tables.read_table(Source(copy))
    assert {"id": ["a", "b"], "x": ["one, two", "three"]} == {k: list(v) for k, v in found.columns.items()}
    content = copy.read_bytes()
    assert b"secret" not in (gzip.decompress(content) if suffix.endswith("gz") else content)
    assert copy.name == f"features.{suffix}"
    assert [copy] == list((tmp_path / "out").iterdir())


def write_text(path, text):
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def test_write_features__in_parts(tmp_path):
    """A folder of Parquet files becomes one file, with what the names of its folders say."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    for day, name in ((1, "a"), (2, "b")):
        (tmp_path / f"all/day={day}").mkdir(parents=True)
        pq.write_table(pa.table({"id": [name], "label": ["secret"]}), tmp_path / f"all/day={day}/0.parquet")
    source = Source(tmp_path / "all")
    (tmp_path / "out").mkdir()

    copy = write_features(ExamFiles(source, source), tmp_path / "out")

    found = {name: list(column) for name, column in tables.read_table(Source(copy)).columns.items()}
    assert {"id": ["a", "b"], "day": [1, 2]} == found
    assert ("day",) == load(ExamFiles(source, source)).columns


def test_write_features__as_they_are(tmp_path):
    """Features without labels are copied byte by byte."""
    path = tmp_path / "f.csv"
    path.write_bytes(b"id,x\r\na,1\r\n")
    (tmp_path / "out").mkdir()

    copy = write_features(ExamFiles(Source(path), Source(path)), tmp_path / "out")

    assert (b"id,x\r\na,1\r\n", "features.csv") == (copy.read_bytes(), copy.name)


def test_write_features__none(tmp_path):
    """Without features no model can be run, and the error names the key."""
    with pytest.raises(DataError, match=r"testset\.features"):
        write_features(ExamFiles(Source(tmp_path / "l.csv")), tmp_path)
