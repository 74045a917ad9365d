"""Adding rows to a text table as it is written."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from proctor.errors import DataError, Misuse
from proctor.predictions import Source
from proctor.testset.appending import appended


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

    assert b"id,label\n1e1,1\ne1,1\n" == once == appended(table("a.csv", once), added)


def test_appended__packed():
    """A packed table stays packed."""
    found = appended(
        table("a.csv.gz", gzip.compress(b"id,label\ne1,1\n")), table("b.csv.gz", gzip.compress(b"id,label\ne2,2\n"))
    )

    assert b"id,label\ne1,1\ne2,2\n" == gzip.decompress(found)


@pytest.mark.parametrize(
    ("name", "added_name", "added", "error", "message"),
    [
        ("a.npy", "b.npy", b"", Misuse, "no text table"),
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
