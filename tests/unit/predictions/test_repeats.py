"""Several scores of one example: averaged where the gate file says so, and else refused, with the key that is meant."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from proctor import Runtime, load_gate
from proctor.counting.reading import Numbers
from proctor.errors import DataError, GateFileError
from proctor.gate.check import How, check
from proctor.predictions import ColumnNames, read_predictions
from proctor.release import Verdict

EPOCHS = Path(__file__).parent / "real_logs/inspect/epochs.eval"
REPEATED = ColumnNames(numbers=Numbers(0.0, 1.0, is_repeated=True))
CONDITION = "mean(n) - mean(o) > 0 +/- 0.1"


def table(path: Path, rows: list[tuple[str, float]]) -> Path:
    path.write_text("id,prediction\n" + "".join(f"{name},{value!r}\n" for name, value in rows))
    return path


def test_read__mean_of_each_whatever_the_order(tmp_path: Path) -> None:
    """To the last bit, so that the same answers in another order are the same predictions."""
    rng = np.random.default_rng(3)
    rows = [(f"e{number}", float(value)) for number in range(20) for value in rng.random(7)]
    shuffled = [rows[index] for index in rng.permutation(len(rows))]
    one, other = (read_predictions(table(tmp_path / "x.csv", each), REPEATED) for each in (rows, shuffled))

    assert one.ids == tuple(f"e{number}" for number in range(20))
    assert dict(zip(one.ids, one.values, strict=True)) == dict(zip(other.ids or (), other.values, strict=True))
    assert one.values[4] == math.fsum(value for name, value in rows if name == "e4") / 7


def test_read__stays_within_the_range(tmp_path: Path) -> None:
    """A mean of equal values is that value, not one beside it by rounding."""
    found = read_predictions(table(tmp_path / "x.csv", [("a", 0.1)] * 3 + [("b", 1.0)] * 3), REPEATED)

    assert [0.1, 1.0] == found.values.tolist()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("a", 0.5), ("a", 0.7), ("b", 0.5)], "2 for a, 1 for b"),
        ([("a", 0.5), ("b", 0.7), ("b", 0.5)], "1 for a, 2 for b"),
        ([("a", 0.5), ("a", 1.5)], r"1\.5"),
    ],
)
def test_read__refused(tmp_path: Path, rows: list[tuple[str, float]], said: str) -> None:
    """Where a run was left out, of which nobody knows what it said; and a score out of range, whatever the mean."""
    with pytest.raises(DataError, match=said):
        read_predictions(table(tmp_path / "x.csv", rows), REPEATED)


def test_read__epochs_of_a_log() -> None:
    """A log of two epochs gives each sample once: right in both is 1."""
    found = read_predictions(EPOCHS, REPEATED)

    assert 8 == len(found)
    assert {0.0, 1.0} == set(found.values.tolist())


class Project:
    """Two runs of three epochs each on 300 prompts; the new one is right more often."""

    def __init__(self, root: Path) -> None:
        self.root = root
        ids = [f"e{number}" for number in range(300)]
        (root / "ids.csv").write_text("id\n" + "".join(f"{name}\n" for name in ids))
        rng = np.random.default_rng(8)
        for file, share in (("new.csv", 0.95), ("old.csv", 0.3)):
            table(root / file, [(name, float(rng.random() < share)) for name in ids for _ in range(3)])

    def check(self, condition: str = CONDITION, repeats: str = ", repeats: average") -> Verdict:
        (self.root / "proctor.yml").write_text(
            f"condition: {json.dumps(condition)}\n"
            "reliability: 0.99\npower: 0.9\n"
            f"testset: {{labels: ids.csv{repeats}}}\n"
            "candidate: {predictions: new.csv}\nbaseline: {predictions: old.csv}\n"
        )
        return check(load_gate(self.root / "proctor.yml"), Runtime({}), How()).verdict


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_check__repeats_are_averaged(project: Project) -> None:
    """Each prompt is one example, and nothing else has to be said."""
    assert Verdict.PASS is project.check("mean(n) - mean(o) > 0.1 +/- 0.2")


def test_check__undeclared_duplicates_are_refused(project: Project) -> None:
    """The key that is meant is named, and nothing is spent."""
    with pytest.raises(DataError, match=r"300 ids \(e0, e1, e2, …\) more than once") as refused:
        project.check(repeats="")

    assert "testset: {repeats: average}" in refused.value.hint
    assert not (project.root / ".proctor/ledger.db").exists()


def test_check__classes_have_no_mean(project: Project) -> None:
    """The gate file says so at the key."""
    with pytest.raises(GateFileError, match=r":4:\d+: `repeats: average` goes with numbers"):
        project.check("n - o > 0 +/- 0.1")


def test_check__far_too_many_rows(project: Project) -> None:
    """A file that is not read to its end says what else several rows could be."""
    table(project.root / "new.csv", [(f"e{number}", 1.0) for number in range(300) for _ in range(8)])

    with pytest.raises(DataError, match="more than 1,600 rows") as refused:
        project.check(repeats="")
    assert "repeats: average" in refused.value.hint
    assert Verdict.PASS is project.check("mean(n) - mean(o) > 0.1 +/- 0.2")
