"""Adding rows to a text table as it is written."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from proctor.errors import DataError, Misuse
from proctor.predictions import Source
from proctor.predictions.tables import read_table
from proctor.testset.appending import appended, remaining


def table(name: str, content: bytes) -> Source:
    return Source(Path(name), content)


@pytest.mark.parametrize(
    ("name", "before", "added", "expected"),
    [
        ("a.csv", b"id,label\ne1,1\n", b"id,label\ne2,2\n", b"id,label\ne1,1\ne2,2\n"),
        ("a.csv", b"id,label\ne1,1", b"\xef\xbb\xbfid,label\r\ne2,2\r\n", b"id,label\ne1,1\ne2,2\r\n"),
        ("a.tsv", b"id\tlabel\ne1\t1\n", b"id\tlabel\ne2\t2", b"id\tlabel\ne1\t1\ne2\t2"),
        ("a.jsonl", b'{"id":"e1"}\n', b'{"id":"e2"}\n', b'{"id":"e1"}\n{"id":"e2"}\n'),
    ],
)  # fmt: skip
def test_appended__rows_come_behind_those_before(name, before, added, expected):
    """The rows before stay as they were, byte by byte, and the new ones follow without a second header."""
    assert expected == appended(table(name, before), table(name, added))


def test_appended__twice_is_once():
    """Doing it again, after it was interrupted, adds nothing; a row that merely ends alike is no repetition."""
    before, added = b"id,label\n1e1,1\n", table("a.csv", b"id,label\ne1,1\n")

    once = appended(table("a.csv", before), added)

    assert b"id,label\n1e1,1\ne1,1\n" == once
    assert appended(table("a.csv", once), added) is None
    assert appended(table("a.jsonl", b'{"id":"e1"}\n'), table("b.jsonl", b'{"id":"e1"}')) is None


def archive(**arrays: list[object]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **{name: np.array(values) for name, values in arrays.items()})
    return file.getvalue()


def parquet(**columns: list[object]) -> bytes:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.mark.parametrize(("name", "made"), [("a.npz", archive), ("a.parquet", parquet)])
def test_appended__tables_that_are_written_anew(name, made):
    """Arrays and columns grow, once; rows are taken out again; and other columns are refused."""
    before, added = table(name, made(id=["e1"], label=[1])), table(name, made(id=["f20"], label=[2]))

    once = table(name, appended(before, added))

    assert appended(once, added) is None
    columns = read_table(once).columns
    assert (["e1", "f20"], [1, 2]) == (list(columns["id"]), list(columns["label"]))
    left = read_table(table(name, remaining(once, np.array([False, True])))).columns
    assert (["f20"], [2]) == (list(left["id"]), list(left["label"]))
    for other in (made(id=["f3"], truth=[1]), made(id=["f3"], label=["cat"])):
        with pytest.raises(DataError, match="are not those of"):
            appended(before, table(name, other))


def test_remaining__rows_over_several_lines():
    """A quoted cell with a line end in it belongs to its row; what stays is as it was."""
    content = b'id,text\ne1,"a\nb"\ne2,c\ne3,"d ""e"" f"\n'

    assert b'id,text\ne1,"a\nb"\ne3,"d ""e"" f"\n' == remaining(table("a.csv", content), np.array([True, False, True]))
    with pytest.raises(DataError, match="cannot be told apart: 3 instead of 2"):
        remaining(table("a.csv", content), np.array([True, False]))


def test_appended__packed():
    """A packed table stays packed."""
    found = appended(
        table("a.csv.gz", gzip.compress(b"id,label\ne1,1\n")), table("b.csv.gz", gzip.compress(b"id,label\ne2,2\n"))
    )

    assert b"id,label\ne1,1\ne2,2\n" == gzip.decompress(found)


@pytest.mark.parametrize(
    ("name", "added_name", "added", "error", "message"),
    [
        ("a.npy", "b.npy", b"", Misuse, "rows cannot be added to"),
        ("a.csv", "b.jsonl", b"{}", Misuse, "not of the same format"),
        ("a.csv", "b.csv", b"label,id\n2,e2\n", DataError, "line of column names"),
        ("a.csv", "b.csv", b"id,label,x\ne2,2,1\n", DataError, "line of column names"),
        ("a.csv", "b.csv", b"id,label\n", Misuse, "holds no examples"),
        ("a.csv.gz", "b.csv.gz", b"id,label\ne2,2\n", DataError, "cannot be unpacked"),
    ],
)
def test_appended__refusals(name, added_name, added, error, message):
    """Whatever cannot be added as it stands is refused in words."""
    before = b"id,label\ne1,1\n"
    with pytest.raises(error, match=message):
        appended(table(name, gzip.compress(before) if name.endswith(".gz") else before), table(added_name, added))
