"""Digests of tables as their definition says, without any engine: every engine must give the same."""

from __future__ import annotations

import hashlib
from itertools import groupby

from proctor.predictions import Source, read_predictions
from proctor.predictions.columns import text_column
from proctor.predictions.tables import read_table
from proctor.testset.examples import ExampleFiles, load
from proctor.testset.hashing import cell_codes
from proctor.testset.sketch import sketch


def digest(records):
    """The digest of records, each some bytes, in any order."""
    whole = hashlib.sha256(b"proctor table 1\0")
    for bucket, found in groupby(sorted(records), lambda record: int(record.hex()[:3], 16)):
        whole.update(bucket.to_bytes(2, "big") + hashlib.sha256(b"".join(found)).digest())
    return whole.hexdigest()


def kept(text):
    return hashlib.sha256(str(text).encode()).digest()[:16]


def identity(ids, classes):
    """Number of rows, and the two digests."""
    of_rows = digest(kept(each) + kept(name) for each, name in zip(ids, classes, strict=True))
    return len(ids), digest(map(kept, ids))[:32], of_rows


def of_labels(path):
    """The identity of labels as `proctor check` reads them whole."""
    testset = load(ExampleFiles(Source(path)))
    return identity(testset.ids, testset.read_labels().plain())


def of_predictions(path):
    """The same of predictions."""
    found = read_predictions(path)
    return identity(found.ids, found.values.tolist())


def of_column(path, name):
    """The same of a column that slices speak of: its cells are known by the number by which they are compared."""
    whole = read_table(Source(path))
    return identity(text_column(whole, "id"), [f"{code:016x}" for code in cell_codes(whole.columns[name]).tolist()])


def sketch_of(path):
    """The sketch of the ids as a file has it."""
    return sketch(load(ExampleFiles(Source(path))).hashes)
