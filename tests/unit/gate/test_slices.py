"""Clauses on slices, from gate file to verdict: judged on the slice alone, or not at all."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from proctor import Runtime, load_gate
from proctor.errors import DataError, LabelsMissing, Misuse, ToleranceOutOfReach
from proctor.gate.check import How, check
from proctor.gate.status import status
from proctor.release import Verdict
from proctor.reports import sentences

N = 1_200
RNG = np.random.default_rng(20_261_128)
REGION = np.where(np.arange(N) % 3 == 0, "EU", "US")
LABEL = RNG.integers(0, 2, N)
NEW = np.where(RNG.random(N) < np.where(REGION == "EU", 0.98, 0.6), LABEL, 1 - LABEL)


class Project:
    """A folder with a test set, predictions and a gate file; the model is good in the EU alone."""

    def __init__(self, root):
        self.root = root
        self.table("features.csv", region=REGION, age=np.arange(N) % 80)
        self.table("labels.csv", label=LABEL)
        self.table("new.csv", prediction=NEW)

    def table(self, name, **columns):
        with (self.root / name).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", *columns])
            writer.writerows([f"e{row}", *cells] for row, cells in enumerate(zip(*columns.values(), strict=True)))

    def gate(self, condition, *lines):
        texts = [
            f"condition: {json.dumps(condition)}",
            "reliability: 0.99",
            "testset: {labels: labels.csv, features: features.csv}",
            "candidate: {predictions: new.csv}",
            "first: judge",
        ]
        (self.root / "proctor.yml").write_text("\n".join([*texts, *lines]))
        return load_gate(self.root / "proctor.yml")

    def check(self, condition, *lines, **options):
        return check(self.gate(condition, *lines), Runtime({}), How(**options))


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_check__judges_the_slice_alone(project):
    """What holds in one region passes there, and neither in another nor on the whole."""
    verdicts = [
        project.check(f"n > 0.85 +/- 0.05{slice_}").verdict
        for slice_ in (' on region == "EU"', ' on region == "US"', "", ' on region in ["EU", "US"]')
    ]

    assert [Verdict.PASS, Verdict.FAIL, Verdict.FAIL, Verdict.FAIL] == verdicts


def test_check__recorded_answer(project):
    """The same question on the same slice gets its recorded answer, in whatever words."""
    first = project.check('n > 0.85 +/- 0.05 on region == "EU"')
    again = project.check("error(n) < 0.15 on region in ['EU']")

    assert (first.verdict, first.entry, True) == (again.verdict, again.entry, again.replayed)


def test_check__figures_are_those_of_the_slice(project):
    """The owner's record has the counts of the slice, and its size."""
    project.check('n > 0.85 +/- 0.05 on region == "EU"', owner_record=project.root / "owner.jsonl")

    (clause,) = json.loads((project.root / "owner.jsonl").read_text().splitlines()[-1])["figures"]["clauses"]
    assert {"n": int((NEW == LABEL)[REGION == "EU"].sum())} == clause["counts"]
    assert N // 3 == clause["n_examples"]


def test_check__only_labels_of_the_slice_are_needed(project):
    """Labels outside of the slice are not bought; one that is missing within it is asked for."""
    labels = np.where(REGION == "EU", LABEL.astype(str), "")
    project.table("labels.csv", label=labels)
    assert Verdict.PASS is project.check('n > 0.85 +/- 0.05 on region == "EU"').verdict

    with pytest.raises(LabelsMissing):
        project.check("n > 0.85 +/- 0.05")


@pytest.mark.parametrize("mode", ["fp-free", "fn-free"])
@pytest.mark.parametrize(
    ("slice_", "kind", "message"),
    [
        ('region == "FR"', DataError, "no example of the test set is in the slice"),
        ("height > 3", Misuse, "the column 'height'"),
        ("age < 2", ToleranceOutOfReach, "on the 30 examples of the slice `age < 2`"),
        ("region < 2", DataError, "is no number"),
    ],
)
def test_check__a_slice_that_is_missing_or_too_small_never_passes(project, slice_, kind, message, mode):
    """It is refused before anything is spent, in the mode, too, in which not knowing passes."""
    with pytest.raises(kind, match=message):
        project.check(f"n > 0.5 +/- 0.02 on {slice_}", f"mode: {mode}")

    assert not list((project.root / ".proctor").glob("ledger*"))


def test_status__reach_is_that_of_the_slice(project):
    """A third of the examples resolves less than all of them."""
    project.check('n > 0.85 +/- 0.05 on region == "EU"')

    of_slice = status(project.gate('n > 0.85 +/- 0.05 on region == "EU"'), Runtime({}))
    of_all = status(project.gate("n > 0.85 +/- 0.05"), Runtime({}))

    assert of_slice.budget.next_tolerance > 1.4 * of_all.budget.next_tolerance
    assert "can resolve" in sentences.resolution(of_slice)


def test_check__renamed_columns_make_no_other_slice(project):
    """The fingerprint goes by content; a slice is asked by name, so names stay as they were registered."""
    project.check('n > 0.85 +/- 0.05 on region == "EU"')
    project.table("features.csv", zone=REGION, region=np.arange(N) % 80)

    with pytest.raises(DataError, match="columns of the features have other names"):
        project.check("n > 0.85 +/- 0.05 on region < 40")


def test_check__every_value_of_a_column(project):
    """All must hold, each on its own examples and at the full level; the question is recorded as it was asked."""
    both = project.check("every region: n > 0.85 +/- 0.07", "power: 0.9")
    assert Verdict.FAIL is both.verdict
    asked = "every region: n > 0.4 +/- 0.07"
    passed = project.check(asked, "power: 0.9", owner_record=project.root / "owner.jsonl")
    assert (Verdict.PASS, asked) == (passed.verdict, passed.condition)
    assert project.check("every region: error(n) < 0.6", "power: 0.9").replayed

    found = json.loads((project.root / "owner.jsonl").read_text().splitlines()[-1])["figures"]["clauses"]
    assert {'n > 0.4 +/- 0.07 on region == "EU"': N // 3, 'n > 0.4 +/- 0.07 on region == "US"': 2 * N // 3} == {
        clause["clause"]: clause["n_examples"] for clause in found
    }
    assert found[0]["log_level"] == found[1]["log_level"]


@pytest.mark.parametrize("mode", ["fp-free", "fn-free"])
def test_check__a_value_with_few_examples_stops_every(project, mode):
    """It is named before anything is spent."""
    with pytest.raises(ToleranceOutOfReach, match=r"on the 15 examples of the slice `age == \d+`"):
        project.check("every age: n > 0.5 +/- 0.05", f"mode: {mode}")

    assert not list((project.root / ".proctor").glob("ledger*"))


def test_status__reach_of_every_value_is_that_of_the_smallest(project):
    """With the power divided among them (theory.md §3.5)."""
    released = project.check("every region: n > 0.4", "power: 0.9")
    alone = project.check('n > 0.4 on region == "EU"', "power: 0.9")
    assert released.budget.next_tolerance > alone.budget.next_tolerance


def test_check__a_class_that_no_model_predicts(project):
    """A misspelled class costs nothing; one that is declared is judged, and found wanting."""
    condition = "f1(n, 2) > 0.5 +/- 0.05"
    with pytest.raises(Misuse, match=r"`f1\(n, \"2\"\)` speaks of a class that no model predicts"):
        project.check(condition)
    assert not list((project.root / ".proctor").glob("ledger*"))

    declared = project.gate(condition)
    testset = replace(declared.testset, classes=("0", "1", "2"))
    assert Verdict.FAIL is check(replace(declared, testset=testset), Runtime({})).verdict
