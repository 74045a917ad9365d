"""
The contract of engines, held by Spark in local mode: a program of its own, run in an environment that has Spark.

Usage: spark_contract.py FOLDER. One session serves all of it, because its start takes longest.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import crosstab_contract as contract
import numpy as np
import pytest
from pyspark.sql import SparkSession

from proctor.crosstabs import Field, spark
from proctor.errors import DataError

CLASSES = ["cat", "CAT", "ice cream", "café", "猫", "1", "0", "True", "-2"]
TABLES = {
    "words": (contract.words, contract.text_ids, 0.3),
    "integers": (contract.integers, contract.number_ids, 0.3),
    "floats": (contract.whole_floats, contract.number_ids, 0.0),
}
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
    session.stop()
    print("Spark holds the contract")


if __name__ == "__main__":
    main()
