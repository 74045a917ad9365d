"""Engines count what the gate's own reading counts, and refuse what it refuses."""

from __future__ import annotations

import crosstab_contract as contract
import numpy as np
import pytest

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

from proctor.budget import Mode
from proctor.conditions import Truth, normalize, parse, slices
from proctor.crosstabs import Field, duckdb
from proctor.errors import DataError, Misuse
from proctor.evaluation import evaluate

ENGINES = {"DuckDB": duckdb.count}
CELLS = [contract.words, contract.integers, contract.truths, contract.whole_floats]
IDS = [contract.text_ids, contract.number_ids]
CLASSES = ["cat", "CAT", "ice cream", "café", "猫", "1", "0", "True", "-2"]


@pytest.fixture(params=ENGINES)
def engine(request):
    return ENGINES[request.param]


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("cells", CELLS)
@pytest.mark.parametrize("ending", contract.ENDINGS)
def test_counts_are_those_of_whole_files(tmp_path, engine, ending, cells, ids):
    rng = np.random.default_rng([11, len(cells.__name__), len(ids.__name__)])
    contract.write_all(tmp_path, ending, rng, cells, ids)
    sample = contract.reference(tmp_path, ending)
    found = contract.counted(engine, tmp_path, ending)
    assert found.n_examples == sample.n_examples == 300
    some = False
    for coding in contract.codings(CLASSES):
        expected = sample.counts(coding)
        some |= min(expected[-1], expected[0]) > 0
        assert found.counts(coding) == expected
    assert some  # else the tables show nothing


@pytest.mark.parametrize("cells", CELLS)
@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_missing_labels_are_unknown(tmp_path, engine, ending, cells):
    contract.write_all(tmp_path, ending, np.random.default_rng(12), cells, contract.text_ids, missing=0.3)
    sample = contract.reference(tmp_path, ending)
    found = contract.counted(engine, tmp_path, ending)
    assert sample.labels.n_known < 300
    for coding in contract.codings(CLASSES):
        assert found.counts(coding) == sample.counts(coding)


A, B, C = "abc"
FAULTS = {
    "an id twice in the labels": ("more than once", {"labels": ([A, B, B], [1, 1, 0])}),
    "an id twice in the predictions": ("more than once", {"new": ([A, B, B, C], [1, 1, 0, 0])}),
    "an id twice in place of another": ("more than once", {"old": ([A, B, B], [1, 1, 0])}),
    "an id that is missing": ("no prediction for 1 id (b)", {"new": ([A, C], [1, 1])}),
    "an id that is unknown": ("1 id (d) that the test set does not have", {"old": ([A, B, C, "d"], [1, 1, 0, 0])}),
    "other ids": ("no prediction for 3 ids (a, b, c)", {"new": (["x", "y", "z"], [1, 1, 0])}),
    "an empty id": ("the id is empty", {"new": ([A, "", C], [1, 1, 0])}),
    "a blank id": ("the id is empty", {"labels": ([A, " ", C], [1, 1, 0])}),
    "two spellings of one id": ("more than once", {"new": ([A, " a", C], [1, 1, 0])}),
    "a missing prediction": ("no prediction in 1 of 3 rows", {"new": ([A, B, C], [1, None, 0])}),
    "words for numbers": ("are text, but the labels are integers", {"old": ([A, B, C], ["x", "y", "z"])}),
    "a score": ("is not a class", {"new": ([A, B, C], [1.5, 0.5, 0.0])}),
    "a score as label": ("that is not shown here is not a class", {"labels": ([A, B, C], [1.5, 0.5, 0.0])}),
    "a class that is not declared": ("1 class that is not declared: '5'", {"new": ([A, B, C], [1, 5, 0])}),
    "a label that is not declared": ("labels that are not declared", {"labels": ([A, B, C], [1, 5, 0])}),
    "no column": ("no column 'prediction'", {"new": ([A, B, C], None)}),
    "no rows": ("holds no examples", {"labels": ([], [])}),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_faults_are_refused(tmp_path, engine, ending, fault):
    words, tables = FAULTS[fault]
    for name, column in zip(contract.NAMES, contract.COLUMNS, strict=True):
        ids, values = tables.get(name, ([A, B, C], [1, 0, 0]))
        contract.write(tmp_path / f"{name}{ending}", {"id": ids} | ({} if values is None else {column: values}))
    classes = frozenset({"0", "1"})
    with pytest.raises(DataError):
        contract.reference(tmp_path, ending, classes)
    with pytest.raises(DataError) as refused:
        contract.counted(engine, tmp_path, ending, classes)
    assert words in refused.value.message
    assert str(tmp_path / next(iter(tables))) in refused.value.message


def test_without_a_fault_nothing_is_refused(tmp_path, engine):
    for name, column in zip(contract.NAMES, contract.COLUMNS, strict=True):
        contract.write(tmp_path / f"{name}.csv", {"id": [A, B, C], column: [1, 0, 0]})
    assert contract.counted(engine, tmp_path, ".csv", frozenset({"0", "1"})).n_examples == 3


def test_one_table_needs_no_ids(tmp_path, engine):
    rng = np.random.default_rng(13)
    columns = {name: rng.integers(0, 3, 1000) for name in ("label", "new", "old")}
    for ending in (".parquet", ".csv"):
        path = tmp_path / f"all{ending}"
        contract.write(path, columns)
        found = engine(*(Field(path, name) for name in columns), id=None)
        agree = int(np.count_nonzero(columns["new"] != columns["old"]))
        assert found.counts(contract.Asked((contract.Differ(),))) == [1000 - agree, agree]


def test_several_tables_need_ids(tmp_path, engine):
    with pytest.raises(Misuse, match="ids"):
        engine(Field(tmp_path / "a.csv", "label"), Field(tmp_path / "b.csv", "new"), id=None)


def test_a_condition_is_judged_as_on_whole_files(tmp_path, engine):
    contract.write_all(tmp_path, ".parquet", np.random.default_rng(14), contract.words, contract.text_ids)
    found = contract.counted(engine, tmp_path, ".parquet")
    sample = contract.reference(tmp_path, ".parquet")
    formula = normalize(parse("n - o > -0.3 /\\ recall(n, 'cat') < 0.5 /\\ n > 0.05"))
    judged = evaluate(formula, found, Mode.FP_FREE, -3.0)
    assert judged == evaluate(formula, sample, Mode.FP_FREE, -3.0)
    assert judged.truth is Truth.TRUE


def test_what_is_judged_example_by_example_is_refused(tmp_path, engine):
    contract.write_all(tmp_path, ".parquet", np.random.default_rng(15), contract.integers, contract.text_ids)
    found = contract.counted(engine, tmp_path, ".parquet")
    with pytest.raises(DataError, match="example by example"):
        evaluate(normalize(parse("mean(n, min=0, max=9) > 1")), found, Mode.FP_FREE, -3.0)


def test_a_table_of_a_database(tmp_path):
    import duckdb as driver

    contract.write_all(tmp_path, ".parquet", np.random.default_rng(16), contract.words, contract.text_ids)
    with driver.connect(str(tmp_path / "it's.db")) as database:
        for name in contract.NAMES:
            database.execute(f"CREATE TABLE {name} AS FROM '{tmp_path}/{name}.parquet'")
    tables = [f"duckdb:{tmp_path}/it's.db#{name}" for name in contract.NAMES]
    fields = [Field(table, column) for table, column in zip(tables, contract.COLUMNS, strict=True)]
    found, sample = duckdb.count(*fields), contract.reference(tmp_path, ".parquet")
    for coding in contract.codings(CLASSES):
        assert found.counts(coding) == sample.counts(coding)
    with pytest.raises(DataError, match="FILE#TABLE"):
        duckdb.count(fields[0], Field(f"duckdb:{tmp_path}/none.db#new", "prediction"))


def test_a_damaged_file_tells_no_label(tmp_path):
    contract.write(tmp_path / "labels.parquet", {"id": ["a"], "label": ["secret"]})
    whole = (tmp_path / "labels.parquet").read_bytes()
    (tmp_path / "labels.parquet").write_bytes(whole[:10] + b"\0" * 20 + whole[30:])
    contract.write(tmp_path / "new.parquet", {"id": ["a"], "prediction": ["x"]})
    with pytest.raises(DataError) as refused:
        contract.counted(duckdb.count, tmp_path, ".parquet")
    assert "secret" not in refused.value.message


# --- slices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_slices_are_those_of_whole_files(tmp_path, ending, ids):
    rng = np.random.default_rng([17, len(ids.__name__)])
    contract.write_all(tmp_path, ending, rng, contract.words, ids, missing=0.1)
    contract.write_described(tmp_path, ending, rng, ids)
    contract.check_slices(duckdb.counting(), duckdb.count, tmp_path, ending)


def test_slices_of_one_table_need_no_ids(tmp_path, engine):
    rng = np.random.default_rng(18)
    columns = {name: rng.integers(0, 3, 1000) for name in ("label", "new", "region")}
    asked = slices(normalize(parse("n > 0.5 on region == 2")))
    is_right = (columns["label"] == columns["new"])[columns["region"] == 2]
    for ending in (".parquet", ".csv"):
        path = tmp_path / f"all{ending}"
        contract.write(path, columns)
        fields = [Field(path, name) for name in columns]
        found = engine(*fields[:2], id=None, described=fields[2:], slices=asked).on(asked[0])
        coding = contract.Asked((contract.Right(contract.Variable.N),))
        assert found.counts(coding) == [int((~is_right).sum()), int(is_right.sum())]


SLICE_FAULTS = {
    "an empty slice": ("no example of the test set is in the slice", 'n > 0 on region == "X"', {}),
    "text and numbers": ("'EU' is no number", "n > 0 on region < 3", {}),
    "no such column": ("no column 'area'", 'n > 0 on area == "X"', {}),
    "a row that is missing": ("no row for 1 id (c)", 'n > 0 on region == "EU"', {"id": [A, B], "region": ["EU", "US"]}),
    "a row twice": ("1 id (a) more than once", 'n > 0 on region == "EU"', {"id": [A, A, B, C], "region": ["EU"] * 4}),
    "a row too many": ("1 id (d) that", 'n > 0 on region == "EU"', {"id": [A, B, C, "d"], "region": ["EU"] * 4}),
}


@pytest.mark.parametrize("fault", SLICE_FAULTS)
@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_faults_of_slices_are_refused(tmp_path, engine, ending, fault):
    words, condition, meta = SLICE_FAULTS[fault]
    for name, column in zip(contract.NAMES, contract.COLUMNS, strict=True):
        contract.write(tmp_path / f"{name}{ending}", {"id": [A, B, C], column: [1, 0, 0]})
    contract.write(tmp_path / f"meta{ending}", meta or {"id": [A, B, C], "region": ["EU", "US", "EU"]})
    asked = slices(normalize(parse(condition)))
    field = Field(tmp_path / f"meta{ending}", asked[0].filters[0].column)
    with pytest.raises(DataError) as refused:
        contract.counted(engine, tmp_path, ending, described=[field], slices=asked)
    assert words in refused.value.message


def test_a_slice_that_was_not_asked_for_is_refused(tmp_path, engine):
    contract.write_all(tmp_path, ".parquet", np.random.default_rng(19), contract.words, contract.text_ids)
    (asked,) = slices(normalize(parse('n > 0.5 on region == "EU"')))
    with pytest.raises(DataError, match="no example is known to be in the slice"):
        contract.counted(engine, tmp_path, ".parquet").on(asked)
