"""Rankings as they are submitted: text, lists and arrays, and what is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from proctor.counting.reading import Rankings
from proctor.errors import DataError
from proctor.predictions import ColumnNames, Kind, PredictionSet, Sheet, align, read_predictions

WANTED = ["cat|dog", "fox", "dog|cat|fox"]
LISTS = [each.split("|") for each in WANTED]


def read(path: Path) -> PredictionSet:
    return read_predictions(path, ColumnNames(numbers=Rankings()))


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "npy"])
def test_read__every_kind_of_file(tmp_path: Path, ending: str) -> None:
    """Text in any of them, lists where a file has such; blanks around a class are none of it."""
    path = tmp_path / f"new.{ending}"
    ids = ["a", "b", "c"]
    match ending:
        case "csv":
            path.write_text("id,prediction\na,cat | dog\nb,fox\nc,dog|cat|fox\n")
        case "jsonl":
            rows = [{"id": name, "prediction": each} for name, each in zip(ids, LISTS, strict=True)]
            path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        case "parquet":
            pq.write_table(pa.table({"id": ids, "prediction": LISTS}), path)
        case _:
            np.save(path, np.array(WANTED))

    found = read(path)

    assert WANTED == found.values.tolist()
    assert found.ids == (None if ending == "npy" else tuple(ids))


def test_read__a_row_of_an_array_for_each_example(tmp_path: Path) -> None:
    """As `np.argsort` gives them; numbers are classes like words."""
    np.save(tmp_path / "new.npy", np.array([[2, 0, 1], [1, 0, 2]]))

    assert ["2|0|1", "1|0|2"] == read(tmp_path / "new.npy").values.tolist()


@pytest.mark.parametrize("cell", ["cat||dog", "cat|", "0.25|0.75", "|".join(["animal"] * 200), "nan|cat"])
def test_read__what_is_no_ranking(tmp_path: Path, cell: str) -> None:
    """Probabilities of all classes are none, and the message says where and what to write."""
    (tmp_path / "new.csv").write_text(f"id,prediction\na,cat\nb,{cell}\n")

    with pytest.raises(DataError, match=r"line 3.*is not a ranking of classes") as caught:
        read(tmp_path / "new.csv")

    assert "argsort" in str(caught.value.hint)


@pytest.mark.parametrize("cells", [[["cat"], ["dog|cat"]], [["cat"], [["dog"]]], [["cat"], [None, "dog"]]])
def test_read__lists_of_what_is_no_class(tmp_path: Path, cells: list[object]) -> None:
    (tmp_path / "new.jsonl").write_text("".join(f"{json.dumps({'prediction': cell})}\n" for cell in cells))

    with pytest.raises(DataError, match="is not a ranking of classes"):
        read(tmp_path / "new.jsonl")


def test_read__bytes_that_are_no_text(tmp_path: Path) -> None:
    """They are refused, as those of classes are, and no letter stands in for them."""
    np.save(tmp_path / "new.npy", np.array([b"cat|d\xffg", b"fox"]))

    with pytest.raises(DataError, match="not UTF-8"):
        read(tmp_path / "new.npy")


def test_read__every_example_needs_one(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("id,prediction\na,cat\nb,\n")

    with pytest.raises(DataError, match="has no prediction in 1 of 2 rows"):
        read(tmp_path / "new.csv")


def test_align__each_class_of_a_ranking_is_declared() -> None:
    """Whatever the labels are, whole numbers or words."""
    rankings = PredictionSet(np.array(["cat|dog", "dog|wolf"]), None, "0" * 64, "new.csv")
    sheet = Sheet(2, kind=Kind.RANKINGS, classes=frozenset({"cat", "dog"}))

    with pytest.raises(DataError, match="1 class that is not declared: 'wolf'"):
        align(sheet, rankings)
    assert align(sheet._replace(classes=frozenset({"cat", "dog", "wolf"})), rankings).values is rankings.values
