"""First tries of somebody new: each mistake is answered with what to write, before anything is spent."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proctor import Runtime, explain, load_gate
from proctor.conditions import normalize, parse
from proctor.errors import ConditionError, DataError, GateFileError, Misuse
from proctor.gate.check import How, check
from proctor.language import habits
from proctor.release import Release, Verdict

N = 1_500
RNG = np.random.default_rng(20_261_128)
IS_SPAM = RNG.random(N) < 0.4
SCORE = np.clip(np.where(IS_SPAM, 0.7, 0.3) + 0.1 * RNG.standard_normal(N), 0, 1)
LABEL = np.where(IS_SPAM, "spam", "ham")
SAID = np.where(SCORE > 0.5, "spam", "ham")


class Project:
    """A folder with labels and one file of a model's classes, scores and costs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.table("labels.csv", label=LABEL)
        self.table("new.csv", prediction=SAID, score=SCORE, cost=RNG.random(N))

    def table(self, name: str, **columns: Any) -> None:
        with (self.root / name).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", *columns])
            writer.writerows([f"e{row}", *cells] for row, cells in enumerate(zip(*columns.values(), strict=True)))

    def check(self, condition: str, column: str = "prediction") -> Release:
        file = self.root / f"{column}.yml"
        file.write_text(
            f"name: {column}\ncondition: {json.dumps(condition)}\ntestset: {{labels: labels.csv}}\nfirst: judge\n"
            f"candidate: {{predictions: new.csv, prediction: {column}}}\n"
        )
        return check(load_gate(file), Runtime({}), How())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_check__classes_scores_and_costs_of_one_file_share_a_budget(project: Project) -> None:
    """Gates that read different columns of one file are evaluations on one account."""
    releases = [
        project.check("n > 0.8 +/- 0.06"),
        project.check('auc(n, "spam") > 0.8 +/- 0.08', "score"),
        project.check("mean(n) < 0.7 +/- 0.08", "cost"),
    ]

    assert [Verdict.PASS] * 3 == [each.verdict for each in releases]
    assert [1, 2, 3] == [each.step for each in releases]


def test_load__two_readings_of_one_file_are_told_apart(project: Project) -> None:
    """What to do instead: name the column of each, or do as the test above does."""
    with pytest.raises(GateFileError, match=r"each may name the column .* two gate files on this test set"):
        project.check('n > 0.8 and auc(n, "spam") > 0.8', "score")


def test_check__a_class_that_is_not_there_is_answered_with_those_that_are(project: Project) -> None:
    """Upper and lower case are told apart, so the right spelling is shown."""
    with pytest.raises(Misuse) as refused:
        project.check('f1(n, "Spam") > 0.8 +/- 0.08')

    assert refused.value.hint.startswith("Predicted are 'ham', 'spam'. ")


def test_check__scores_in_another_column_are_found(project: Project) -> None:
    """Where the column holds words, the other columns are where the numbers may be; a bad number is only that."""
    with pytest.raises(DataError) as refused:
        project.check('auc(n, "spam") > 0.8 +/- 0.08')
    project.table("new.csv", score=np.where(np.arange(N) == 7, "high", SCORE.astype(str)), cost=SCORE)
    with pytest.raises(DataError) as spoiled:
        project.check('auc(n, "spam") > 0.8 +/- 0.08', "score")

    assert refused.value.hint.endswith("name that beside `predictions` in the gate file: `prediction: score`")
    assert "beside" not in spoiled.value.hint


def test_check__nan_among_labels_is_told_as_such(project: Project) -> None:
    """Nobody who declared no classes is sent to look at the declared ones; no label is quoted."""
    project.table("labels.csv", label=np.where(np.arange(N) == 7, "nan", LABEL))

    with pytest.raises(DataError, match="labels that mark a missing value in many programs"):
        project.check("n > 0.8 +/- 0.06")


@pytest.mark.parametrize("name", sorted(habits.CALLS))
def test_explain__a_metric_alone_is_answered_with_its_whole_call(name: str) -> None:
    """What the error shows can be written as it stands."""
    with pytest.raises(ConditionError) as refused:
        explain(f"{name} > 0.8")

    assert f"as in `{habits.CALLS[name]}`" in refused.value.hint
    assert normalize(parse(f"{habits.CALLS[name]} > 0.8"))
