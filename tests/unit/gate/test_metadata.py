"""Metadata beside the features: slices and clusters go by it as it was registered, and no model is shown it."""

from __future__ import annotations

import csv
import datetime as dt
import json

import numpy as np
import pytest

from proctor import Runtime, load_gate
from proctor.custody.dropping import Before, Oldest, drop
from proctor.custody.extension import extend
from proctor.errors import ContractError, DataError, GateFileError, Misuse, ToleranceOutOfReach
from proctor.gate.check import How, check
from proctor.gate.session import Session, Stance
from proctor.ledger.records import Registered
from proctor.release import Verdict

N = 900
REGION = np.where(np.arange(N) % 3 == 0, "EU", "US")
USER = np.array([f"u{row // 3}" for row in range(N)])
LABEL = np.random.default_rng(20_261_128).integers(0, 2, N)
NEW = np.where((REGION == "EU") | (np.arange(N) % 2 == 0), LABEL, 1 - LABEL)  # right in the EU, on half of the rest
EU = 'n > 0.85 +/- 0.06 on region == "EU"'
US = 'n > 0.85 +/- 0.06 on region == "US"'


class Project:
    """A folder with labels, metadata in another order and with strangers, and predictions."""

    def __init__(self, root):
        self.root = root
        self.table("labels.csv", label=LABEL)
        self.table("new.csv", prediction=NEW)
        self.describe()

    def describe(self, n=N + 9, **others):
        rows = np.random.default_rng(1).permutation(n)
        columns = {"region": np.where(rows % 3 == 0, "EU", "US"), "user": [f"u{row // 3}" for row in rows], **others}
        self.table("metadata.csv", rows, **columns)

    def table(self, name, rows=None, **columns):
        cells = list(zip(*columns.values(), strict=True))
        with (self.root / name).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", *columns])
            numbers = range(len(cells)) if rows is None else rows
            writer.writerows([f"e{number}", *each] for number, each in zip(numbers, cells, strict=True))

    def gate(self, condition=EU, testset="", *lines):
        texts = [
            f"condition: {json.dumps(condition)}",
            "reliability: 0.99",
            f"testset: {{labels: labels.csv, metadata: metadata.csv{testset}}}",
            "candidate: {predictions: new.csv}",
            "first: judge",
        ]
        (self.root / "proctor.yml").write_text("\n".join([*texts, *lines]))
        return load_gate(self.root / "proctor.yml")

    def check(self, *arguments):
        return check(self.gate(*arguments), Runtime({}), How())

    def session(self):
        return Session(gate=self.gate(), runtime=Runtime({}), stance=Stance.OWNER)

    def registered(self):
        session = self.session()
        return session.life(session.books()).registered.record


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_check__slices_go_by_metadata(project):
    """Without any features, what holds in one region passes there, in whatever order the metadata stand."""
    project.check(EU)

    assert Verdict.PASS is project.check(EU).verdict
    assert Verdict.FAIL is project.check(US).verdict
    assert {"region", "user"} == set(project.registered().metadata)


def test_check__clusters_and_every_go_by_metadata(project):
    """Each region is judged, the users of the metadata are the observations, and both are refused without the file."""
    with pytest.raises(ToleranceOutOfReach, match="clusters"):
        project.check("n > 0.85 +/- 0.01", ", cluster: user")

    assert Verdict.FAIL is project.check("every region: n > 0.85 +/- 0.06").verdict


def test_check__metadata_and_features_in_one_condition(project):
    """A slice may take one column of each; a column in both is refused by name."""
    project.table("features.csv", age=np.arange(N) % 80)

    assert (
        Verdict.PASS
        is project.check('n > 0.8 +/- 0.07 on (region == "EU" and age < 60)', ", features: features.csv").verdict
    )

    project.table("features.csv", age=np.arange(N) % 80, region=REGION)
    with pytest.raises(Misuse, match="'region' stands in the metadata and in the features"):
        project.check(EU, ", features: features.csv")


@pytest.mark.parametrize("condition", [EU, "every region: n > 0.85 +/- 0.06", "n > 0.85 +/- 0.06 on tier == 1"])
def test_check__metadata_are_fixed_by_registration(project, condition):
    """A value that was changed, or a column that was added, judges nothing; other columns may change."""
    project.check()
    if "tier" in condition:
        project.describe(tier=np.ones(N + 9, int))
    else:
        project.describe(region=np.full(N + 9, "EU"))

    with pytest.raises(DataError, match="nothing was spent"):
        project.check(condition)

    project.describe(user=np.arange(N + 9))
    assert project.check().replayed


def test_check__metadata_that_come_later_are_refused(project):
    """A gate without metadata cannot take some up: its owner's settings are pinned."""
    text = (project.gate().root / "proctor.yml").read_text()
    without = text.replace(", metadata: metadata.csv", "").replace(' on region == \\"EU\\"', "")
    (project.root / "proctor.yml").write_text(without)
    check(load_gate(project.root / "proctor.yml"), Runtime({}), How())

    with pytest.raises(ContractError, match=r"`testset\.metadata`"):
        project.check()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("id,region\ne0,EU\n", "no row for 899 of the 900 examples, first for 'e1'"),
        ("id,region\ne0,EU\ne0,US\n", "gives the id 'e0' 2 times"),
        ("region\nEU\n", "no column 'id'"),
        ("id\ne0\n", "no columns of metadata"),
        ("id,label\ne0,1\n", "no columns of metadata"),
        ("id,area\ne0,EU\n", "and no column of .*metadata.csv.* has this name"),
    ],
)
def test_check__unusable_metadata_are_refused(project, table, said):
    """Each says what is wrong with it, and nothing is registered."""
    (project.root / "metadata.csv").write_text(table)

    with pytest.raises((DataError, Misuse), match=said):
        project.check()


def test_gate__no_file_for_a_slice_names_both_ways(project):
    """The error of a slice without a file says which key is missing."""
    text = (project.gate().root / "proctor.yml").read_text()
    (project.root / "proctor.yml").write_text(text.replace(", metadata: metadata.csv", ""))

    with pytest.raises(GateFileError, match="needs `metadata` or `features`"):
        load_gate(project.root / "proctor.yml")


def test_drop_and_extend__metadata_stay_as_they_are(project):
    """Of examples that go, rows may stay; those of new ones are there before; columns of later have no part in it."""
    project.check()
    drop(project.session(), Oldest(90), "old")
    project.table("new.csv", range(90, N), prediction=NEW[90:])
    assert Verdict.PASS is project.check(EU).verdict

    project.table("more.csv", range(N, N + 9), label=np.arange(9) % 2)
    project.describe(tier=np.ones(N + 9, int))
    extend(project.session(), [project.root / "more.csv"], [], "new")
    session = project.session()
    assert {"region", "user"} == set(session.life(session.books()).in_use.metadata)

    project.describe(region=np.full(N + 9, "EU"))
    with pytest.raises(DataError, match="metadata does not hold"):
        drop(project.session(), Oldest(9), "old")


def test_record__without_metadata_is_as_before(project):
    """An entry without metadata has no field of it, so that earlier versions read the ledger."""
    from proctor.ledger.records import to_body

    project.check()
    record = project.registered()
    bare = Registered(**{**vars(record), "metadata": None})

    assert "metadata" in to_body(record)
    assert "metadata" not in to_body(bare)


def test_check__metadata_from_outside_are_the_owners_to_register(project):
    """A commit could have any file told apart by slices, such as the labels of another gate."""
    inside = project.root / "inside"
    inside.mkdir()
    (inside / ".git").mkdir()
    for name in ("labels.csv", "new.csv"):
        (project.root / name).rename(inside / name)
    text = (project.gate().root / "proctor.yml").read_text().replace("metadata.csv", "../metadata.csv")
    (inside / "proctor.yml").write_text(text)

    with pytest.raises(ContractError, match=r"the metadata '../metadata.csv' lie out of the project"):
        check(load_gate(inside / "proctor.yml"), Runtime({}), How())


def test_drop__by_dates_of_metadata(project):
    """Dates that were registered say which examples go; of a column that came later they could have been made up."""
    days = np.where(np.random.default_rng(1).permutation(N + 9) < 90, "2025-12-31", "2026-01-01")
    project.describe(arrived=days)
    project.check()
    project.describe(arrived=days, later=days)

    with pytest.raises(DataError, match="registered without a column 'later'"):
        drop(project.session(), Before(dt.date(2026, 1, 1), "later"), "old")
    assert 90 == drop(project.session(), Before(dt.date(2026, 1, 1), "arrived"), "old").record.n_dropped

    project.table("new.csv", range(90, N), prediction=NEW[90:])
    assert Verdict.PASS is project.check(EU).verdict
