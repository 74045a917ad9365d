"""Tables in Arrow's own format hold what the same tables in Parquet hold."""

from __future__ import annotations

import numpy as np
import pytest

from proctor.errors import DataError
from proctor.predictions import Source, read_predictions
from proctor.predictions.tables import read_chunks, read_table
from proctor.testset.examples import ExampleFiles, load
from proctor.testset.features import write_features

pa = pytest.importorskip("pyarrow")
feather = pytest.importorskip("pyarrow.feather")

COLUMNS = {"id": ["a", "é", "c"], "prediction": ["cat", "dog", "cat"], "x": [1.5, None, 2.5]}


def as_file(path, table):
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def as_stream(path, table):
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)


def as_feather(path, table):
    feather.write_feather(table, str(path), compression="zstd")


WRITERS = {"a.arrow": as_file, "b.arrow": as_stream, "c.feather": as_feather}


@pytest.mark.parametrize("name", WRITERS)
def test_predictions_are_read(tmp_path, name):
    table = pa.table(COLUMNS)
    coded = table.set_column(1, "prediction", table["prediction"].dictionary_encode())
    WRITERS[name](tmp_path / name, table)
    WRITERS[name](tmp_path / f"coded-{name}", coded)
    for path in (tmp_path / name, tmp_path / f"coded-{name}"):
        found = read_predictions(path)
        assert found.ids == ("a", "é", "c")
        assert found.values.tolist() == ["cat", "dog", "cat"]


@pytest.mark.parametrize("name", WRITERS)
def test_pieces_are_as_small_as_is_asked(tmp_path, name):
    WRITERS[name](tmp_path / name, pa.table({"id": np.arange(10), "x": np.arange(10.0)}))
    pieces = list(read_chunks(Source(tmp_path / name), frozenset({"id"}), 3))
    assert max(piece.n_rows for piece in pieces) <= 3
    assert [cell for piece in pieces for cell in piece.columns["id"].tolist()] == list(range(10))
    assert {tuple(piece.columns) for piece in pieces} == {("id",)}


@pytest.mark.parametrize("name", WRITERS)
def test_an_empty_table_has_its_columns(tmp_path, name):
    WRITERS[name](tmp_path / name, pa.table(COLUMNS).slice(0, 0))
    table = read_table(Source(tmp_path / name))
    assert (list(table.columns), table.n_rows) == (list(COLUMNS), 0)


@pytest.mark.parametrize("name", WRITERS)
def test_damaged_files_are_refused(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, pa.table(COLUMNS))
    whole = path.read_bytes()
    for content in (b"", b"ARROW1", whole[: len(whole) // 2], b"id,prediction\na,1\n"):
        path.write_bytes(content)
        with pytest.raises(DataError, match="not an Arrow file"):
            read_predictions(path)
    as_stream(path, pa.table([["a"], ["b"]], names=["prediction", "prediction"]))
    with pytest.raises(DataError, match="twice"):
        read_predictions(path)


@pytest.mark.parametrize("name", WRITERS)
def test_what_examples_are_does_not_depend_on_the_format(tmp_path, name):
    import pyarrow.parquet as pq

    table = pa.table(COLUMNS)
    pq.write_table(table, tmp_path / "features.parquet")
    WRITERS[name](tmp_path / name, table)
    files = [
        ExampleFiles(labels=Source(tmp_path / each), features=Source(tmp_path / each), label="prediction")
        for each in (name, "features.parquet")
    ]
    assert load(files[0]).fingerprint == load(files[1]).fingerprint
    (tmp_path / "shown").mkdir()
    shown = write_features(files[0], tmp_path / "shown")
    assert list(read_table(Source(shown)).columns) == ["id", "x"]
