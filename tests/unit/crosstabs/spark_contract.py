"""
The contract of engines, held by Spark in local mode: a program of its own, run in an environment that has Spark.

Usage: spark_contract.py FOLDER. One session serves all of it, because its start takes longest.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import crosstab_contract as contract
import identity_contract as definition
import numpy as np
import pytest
from pyspark.sql import SparkSession

from proctor import Runtime, load_gate
from proctor.crosstabs import Field, spark
from proctor.errors import DataError
from proctor.gate.check import check

CLASSES = ["cat", "CAT", "ice cream", "café", "猫", "1", "0", "True", "-2"]
TABLES = {
    "words": (contract.words, contract.text_ids, 0.3),
    "integers": (contract.integers, contract.number_ids, 0.3),
    "floats": (contract.whole_floats, contract.number_ids, 0.0),
}
GATE = """
condition: 'n - o > 0.02 +/- 0.06 and every region: n > 0.6 +/- 0.2'
reliability: 0.99
disagreement: 0.4
testset: {{labels: labels.parquet, metadata: meta.parquet{engine}}}
candidate: {{predictions: "{new}"}}
baseline: {{predictions: old.parquet}}
"""
SOME_SLICES = contract.SLICES[2], contract.SLICES[6], contract.SLICES[10]  # each takes Spark several jobs
IDS = ["a", "b", "c"]
FAULTS = {
    "more than once": ["a", "b", " b"],
    "1 id (d) that the test set does not have": ["a", "b", "c", "d"],
}


def counts(engine, folder: Path) -> None:
    for name, (cells, ids, missing) in TABLES.items():
        of_tables = folder / name
        of_tables.mkdir()
        contract.write_all(of_tables, ".parquet", np.random.default_rng(21), cells, ids, missing=missing)
        found, sample = contract.counted(engine, of_tables, ".parquet"), contract.reference(of_tables, ".parquet")
        for coding in contract.codings(CLASSES):
            assert found.counts(coding) == sample.counts(coding), name


def slices(session: SparkSession, folder: Path) -> None:
    """Slices, their sizes and counts, and what their columns are known by."""
    engine, count = spark.counting(session), functools.partial(spark.count, session)
    cells, ids, missing = TABLES["words"]
    of_tables = folder / "sliced"
    of_tables.mkdir()
    rng = np.random.default_rng(24)
    contract.write_all(of_tables, ".parquet", rng, cells, ids, missing=missing)
    contract.write_described(of_tables, ".parquet", rng, ids)
    contract.check_slices(engine, count, of_tables, ".parquet", SOME_SLICES)
    for column in ("region", "age", "score", "flag"):
        found = engine.mark(Field(of_tables / "meta.parquet", column), id="id")
        assert definition.of_column(of_tables / "meta.parquet", column) == found, column


def identities(session: SparkSession, folder: Path) -> None:
    """Digests and sketches are those of the definition, and of every other engine."""
    for name in ("words", "integers"):
        cells, ids, _ = TABLES[name]
        of_tables = folder / f"{name}-known"
        of_tables.mkdir()
        contract.write_all(of_tables, ".parquet", np.random.default_rng(22), cells, ids)
        labels, new = Field(of_tables / "labels.parquet", "label", True), Field(of_tables / "new.parquet", "prediction")
        assert definition.of_labels(labels.table) == spark.counting(session).identity(labels), name
        assert definition.of_predictions(new.table) == spark.counting(session).identity(new), name
    found = spark.counting(session).portrait(labels)
    assert found.sketch.to_json() == definition.sketch_of(labels.table).to_json()
    assert found.is_numbered
    contract.write(folder / "new.parquet", {"id": ["a", "b", " b"], "prediction": [1, 1, 0]})
    with pytest.raises(DataError, match=r"1 id \(b\) more than once"):
        spark.counting(session).identity(Field(folder / "new.parquet", "prediction"))


def gates(session: SparkSession, folder: Path) -> None:
    """A gate file that names Spark is judged as one that reads whole files, and has one answer for both candidates."""
    rng = np.random.default_rng(23)
    label = rng.integers(0, 2, 2_000)
    for name, share in (("labels", 1), ("new", 0.95), ("old", 0.8)):
        cells = np.where(rng.random(2_000) < share, label, 1 - label).tolist()
        column = "label" if name == "labels" else "prediction"
        contract.write(folder / f"{name}.parquet", {"id": [f"e{row}" for row in range(2_000)], column: cells})
    regions = np.array(["EU", "US", "猫"])[rng.integers(0, 3, 2_000)].tolist()
    contract.write(folder / "meta.parquet", {"id": [f"e{row}" for row in range(2_000)], "region": regions})
    session.read.parquet(str(folder / "new.parquet")).createOrReplaceTempView("candidate")
    verdicts, fingerprints = [], {}
    for engine, new in (("spark", "spark:candidate"), ("duckdb", "new.parquet"), ("", "new.parquet")):
        home = folder / f"gate-{engine}"
        home.mkdir()
        for name in ("labels", "new", "old", "meta"):
            (home / f"{name}.parquet").write_bytes((folder / f"{name}.parquet").read_bytes())
        (home / "proctor.yml").write_text(GATE.format(engine=f", engine: {engine}" if engine else "", new=new))
        found = check(load_gate(home / "proctor.yml"), Runtime({}))
        verdicts.append((found.verdict, found.budget))
        fingerprints[engine] = found.testset.fingerprint
    assert verdicts[0] == verdicts[1] == verdicts[2]
    assert fingerprints["spark"] == fingerprints["duckdb"]


def faults(engine, folder: Path) -> None:
    contract.write(folder / "labels.parquet", {"id": IDS, "label": [1, 0, 0]})
    for words, ids in FAULTS.items():
        contract.write(folder / "new.parquet", {"id": ids, "prediction": [1] * len(ids)})
        with pytest.raises(DataError) as refused:
            contract.counted(engine, folder, ".parquet")
        assert words in refused.value.message
        assert "new.parquet" in refused.value.message


def views(session: SparkSession) -> None:
    session.createDataFrame([(1, 1), (0, 1), (0, 0)], "label int, new int").createOrReplaceTempView("mine")
    found = spark.count(session, Field("spark:mine", "label"), Field("spark:mine", "new"), id=None)
    assert found.counts(contract.Asked((contract.Right(contract.Variable.N),))) == [1, 2]
    assert [table.name for table in session.catalog.listTables()] == ["mine"]


def main() -> None:
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    engine = functools.partial(spark.count, session)
    counts(engine, Path(sys.argv[1]))
    faults(engine, Path(sys.argv[1]))
    views(session)
    slices(session, Path(sys.argv[1]))
    identities(session, Path(sys.argv[1]))
    gates(session, Path(sys.argv[1]))
    session.stop()
    print("Spark holds the contract")


if __name__ == "__main__":
    main()
