"""A table is known by its rows, whatever their order, format and engine."""

from __future__ import annotations

import crosstab_contract as contract
import identity_contract as definition
import numpy as np
import pytest

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

from proctor.crosstabs import Field, duckdb, identity
from proctor.errors import DataError
from proctor.testset.sketch import sketch

CELLS = [contract.words, contract.integers, contract.truths, contract.whole_floats]
A, B, C = "abc"


def labels(folder, ending=".parquet"):
    return Field(folder / f"labels{ending}", "label", is_private=True)


@pytest.mark.parametrize("cells", CELLS)
@pytest.mark.parametrize("ending", contract.ENDINGS)
def test_identity__is_that_of_the_definition(tmp_path, ending, cells):
    """Labels and predictions, in all spellings of ids and classes."""
    contract.write_all(tmp_path, ending, np.random.default_rng(31), cells, contract.text_ids)

    assert definition.of_labels(tmp_path / f"labels{ending}") == duckdb.counting().identity(labels(tmp_path, ending))
    for name in ("new", "old"):
        path = tmp_path / f"{name}{ending}"
        assert definition.of_predictions(path) == duckdb.counting().identity(Field(path, "prediction"))


def test_identity__depends_on_every_row_and_on_no_order(tmp_path):
    """Exchanged classes and another id are seen; the order of rows and the spelling of an id are not."""
    tables = {
        "first": ([A, B, C], [1, 0, 0]),
        "shuffled": ([C, " a", B], [0, 1, 0]),
        "exchanged": ([A, B, C], [0, 1, 0]),
        "other id": ([A, B, "d"], [1, 0, 0]),
        "fewer": ([A, B], [1, 0]),
    }
    found = {}
    for name, (ids, cells) in tables.items():
        contract.write(tmp_path / "labels.parquet", {"id": ids, "label": cells})
        found[name] = duckdb.counting().identity(labels(tmp_path))

    assert found["first"] == found["shuffled"]
    assert found["first"].ids == found["exchanged"].ids
    assert found["first"].rows != found["exchanged"].rows
    assert 3 == len({found[name].ids for name in ("first", "other id", "fewer")})


def test_identity__does_not_depend_on_the_pieces(tmp_path, monkeypatch):
    """Buckets that go across pieces are one, and so are repeats."""
    contract.write_all(tmp_path, ".parquet", np.random.default_rng(32), contract.words, contract.text_ids)
    whole = duckdb.counting().identity(labels(tmp_path))
    monkeypatch.setattr(duckdb, "_BATCH", 1)

    assert whole == duckdb.counting().identity(labels(tmp_path))


@pytest.mark.parametrize(
    ("ids", "cells", "words"),
    [
        ([A, B, B], [1, 1, 0], "more than once"),
        ([A, B, " b"], [1, 1, 0], "more than once"),
        ([A, B, C], [1, 1, None], "without a label"),
        ([A, B, C], [1.0, 0.5, 0.0], "not a class"),
        ([], [], "is empty"),
    ],
)
def test_identity__of_what_is_no_table_of_classes(tmp_path, ids, cells, words):
    """It is refused, and nothing of it is told."""
    contract.write(tmp_path / "labels.jsonl", {"id": ids, "label": cells})
    with pytest.raises(DataError) as refused:
        duckdb.counting().identity(labels(tmp_path, ".jsonl"))

    assert words in refused.value.message
    assert "'b'" not in refused.value.message
    assert "0.5" not in refused.value.message


def test_identity__names_repeated_ids_of_predictions(tmp_path):
    """An id of predictions is no secret."""
    contract.write(tmp_path / "new.parquet", {"id": [A, B, B, C, C], "prediction": [1, 1, 0, 0, 0]})
    with pytest.raises(DataError, match=r"2 ids \(b, c\) more than once"):
        duckdb.counting().identity(Field(tmp_path / "new.parquet", "prediction"))


def test_identity__reads_no_view(tmp_path):
    """A view in a database that came with a commit could read the labels."""
    import duckdb as engine

    contract.write(tmp_path / "labels.parquet", {"id": [A], "label": [1]})
    with engine.connect(str(tmp_path / "new.db")) as made:
        made.execute(f"CREATE VIEW new AS SELECT id, label AS prediction FROM '{tmp_path}/labels.parquet'")
    with pytest.raises(DataError, match="is a view"):
        duckdb.counting().identity(Field(f"duckdb:{tmp_path}/new.db#new", "prediction"))


@pytest.mark.parametrize("ids", [contract.text_ids, contract.number_ids])
def test_portrait__is_that_of_a_file(tmp_path, ids, monkeypatch):
    """So a file and a table with the same ids know each other, also if not all marks are kept."""
    contract.write_all(tmp_path, ".parquet", np.random.default_rng(33), contract.words, ids)
    expected = definition.load(definition.ExampleFiles(definition.Source(tmp_path / "labels.parquet")))
    for size in (16_384, 50):
        monkeypatch.setattr(identity, "SKETCH_SIZE", size)
        found = duckdb.counting().portrait(labels(tmp_path))

        assert found.sketch.to_json() == sketch(expected.hashes, size).to_json()
        assert found.is_numbered is expected.is_numbered
        assert 300 == len(found.first)
    if expected.is_numbered:
        of_rows = expected.read_labels().values[expected.ranks]
        assert of_rows.tolist() == list(found.first)


@pytest.mark.parametrize("ids", [contract.text_ids, contract.number_ids])
@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_mark__is_that_of_the_definition(tmp_path, ending, ids):
    """In any format and order, with cells that are missing and other spellings of one."""
    contract.write_described(tmp_path, ending, np.random.default_rng(34), ids)
    for name in ("region", "age", "score", "flag"):
        found = duckdb.counting().mark(Field(tmp_path / f"meta{ending}", name))
        assert definition.of_column(tmp_path / f"meta{ending}", name) == found, name
        assert 300 == found.n_rows


def test_mark__of_another_cell(tmp_path):
    """One exchanged cell is enough, and another spelling of it is none."""
    marks = []
    for cells in (["EU", "US", None], [" EU", "US", ""], ["EU", "EU", None]):
        contract.write(tmp_path / "meta.parquet", {"id": [A, B, C], "region": cells})
        marks.append(duckdb.counting().mark(Field(tmp_path / "meta.parquet", "region")).rows)

    assert marks[0] == marks[1] != marks[2]
