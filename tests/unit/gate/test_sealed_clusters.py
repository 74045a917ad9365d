"""Clusters of sealed inputs: their number is public from registration on, and nothing else of them is."""

from __future__ import annotations

import csv
import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from proctor import load_gate
from proctor.cli.seal import seal
from proctor.custody import chronicle
from proctor.custody.dropping import Oldest, drop
from proctor.custody.extension import extend
from proctor.custody.retirement import retire
from proctor.custody.succession import Wish, register
from proctor.errors import ContractError, DataError, ProctorError, ToleranceOutOfReach
from proctor.gate import hidden
from proctor.gate.check import How, check
from proctor.gate.session import Session, Stance
from proctor.gate.status import status
from proctor.ledger.records import Dropped, Extended, Registered, to_body
from proctor.models import sandbox
from proctor.release import Release
from proctor.runtime import Runtime
from proctor.testset import sealing
from proctor.testset.keys import generate_key

USERS, EACH = 300, 3
USER = np.array([f"u{number}" for number in np.repeat(np.arange(USERS), EACH)])
LABEL = np.random.default_rng(12).integers(0, 2, USERS * EACH)
REASON = "those of March"
CONTEXTS = {"labels": sealing.LABELS, "features": sealing.INPUTS, "metadata": sealing.METADATA}
# right on all examples of a user, of whom there are three in a row, but for those below `bad` modulo 20
PROGRAM = """\
import csv, sys
out = csv.writer(open(sys.argv[2], "w"))
out.writerow(["id", "prediction"])
for row in csv.DictReader(open(sys.argv[1])):
    is_wrong = int(row["id"][1:]) // 3 % 20 < {bad}
    out.writerow([row["id"], (int(row["x"]) + is_wrong) % 2])
"""


class Project:
    """A folder in which labels and features are sealed, or metadata that hold users too; the owner's key is at hand."""

    def __init__(self, root, *, has_metadata=False):
        self.root, self.key, self.has_metadata = root, generate_key(), has_metadata
        root.mkdir(exist_ok=True)
        self.fill(USER)
        self.submit(1)

    def fill(self, users, pair=None):
        """Sealed tables; the last digit of a feature is the label."""
        pair = pair or sealing.fresh_pair()
        for path in self.tables(self.root, users, LABEL):
            sealing.seal_file(path, path.with_name(f"{path.name}.sealed"), self.key, CONTEXTS[path.stem], pair)
            path.unlink()

    def tables(self, folder, users, labels, first=0):
        folder.mkdir(exist_ok=True)
        rows = range(first, first + len(labels))
        names = [f"e{row}" for row in rows]
        numbers = [2 * row + label for row, label in zip(rows, labels, strict=True)]
        shown, beside = ({}, {"metadata": {"user": users}}) if self.has_metadata else ({"user": users}, {})
        columns = {"labels": {"label": labels}, "features": {**shown, "x": numbers}, **beside}
        for name, values in columns.items():
            with (folder / f"{name}.csv").open("w", newline="") as file:
                csv.writer(file).writerows([("id", *values), *zip(names, *values.values(), strict=True)])
        return [folder / f"{name}.csv" for name in columns]

    metadata = "metadata.csv.sealed"

    def submit(self, bad):
        (self.root / "model.py").write_text(PROGRAM.format(bad=bad))

    def gate(self, cluster="user", condition="n > 0.7 +/- 0.06"):
        command = [f"{sys.executable} model.py {{features}} {{predictions}}"]
        testset = {"labels": "labels.csv.sealed", "features": "features.csv.sealed", "inputs": "sealed"}
        testset |= {"metadata": self.metadata} if self.has_metadata else {}
        (self.root / "proctor.yml").write_text(
            json.dumps(
                {
                    "condition": condition,
                    "reliability": 0.99,
                    "power": 0.9,
                    "testset": testset | ({"cluster": cluster} if cluster else {}),
                    "candidate": {"command": command[0], "files": ["model.py"]},
                    "first": "judge",
                }
            )
        )
        return load_gate(self.root / "proctor.yml")

    def runtime(self, *, has_key=True):
        environ = {"PROCTOR_KEY": self.key.text} if has_key else {}
        return Runtime({**environ, "PROCTOR_COMMIT": ""}, pause=lambda _: None)

    def owner(self, **gate):
        return Session(gate=self.gate(**gate), runtime=self.runtime(), stance=Stance.OWNER)

    def register(self, **gate):
        with self.owner(**gate) as session:
            return register(session, Wish(follows=False)).life.registered.record

    def check(self, **gate) -> Release:
        return check(self.gate(**gate), self.runtime(), How())

    @property
    def has_books(self):
        return bool(list((self.root / ".proctor").glob("ledger*")))


@pytest.fixture
def project(tmp_path):
    if sandbox.strongest() is None:
        pytest.skip("sealed inputs need a sandbox, and neither bubblewrap nor Landlock works here")
    return Project(tmp_path / "project")


def said_by(act) -> str:
    """Everything that a refusal says."""
    with pytest.raises(ProctorError) as refused:
        act()
    return f"{refused.value.message} {refused.value.hint}"


def test_check__clusters_of_sealed_inputs_are_observations(project):
    """What is right on all examples of 95 % of users passes, of 70 % fails; 900 examples prove no more than 300."""
    assert USERS == project.register().clusters

    passed = project.check()
    project.submit(6)
    failed = project.check()

    assert ("pass", "fail") == (passed.verdict, failed.verdict)
    assert "each user counting once" in passed.meaning
    project.submit(2)
    with pytest.raises(ToleranceOutOfReach, match=r"on these 300 clusters \(by `user`\)"):
        project.check(condition="n > 0.7 +/- 0.035")


def test_check__clusters_of_sealed_metadata(project):
    """The column stands in a file of its own, sealed with the others: no model is shown it."""
    other = Project(project.root.parent / "other", has_metadata=True)
    assert USERS == other.register().clusters

    passed = other.check()

    assert "pass" == passed.verdict
    assert "each user counting once" in passed.meaning
    assert other.root / other.metadata in hidden.own_paths(other.gate())
    assert status(other.gate(), other.runtime(has_key=False)).budget.is_reach_known


def test_check__sealed_metadata_are_those_of_registration(project):
    """In the open, or sealed with other files, they are not read; with other users in them they are refused."""
    other = Project(project.root.parent / "other", has_metadata=True)
    other.register()
    moved = np.where(np.arange(len(USER)) == 0, "u1", USER)

    other.fill(moved, bytes.fromhex(sealing.file_facts(other.root / "labels.csv.sealed").pair))
    assert "does not hold what it held when this test set was registered" in said_by(other.check)
    registered = {path: path.read_bytes() for path in other.root.glob("[lf]*.csv.sealed")}
    other.fill(USER)
    for path, content in registered.items():
        path.write_bytes(content)
    assert "holds the labels of a different test set" in said_by(other.check)
    (other.root / "metadata.csv").write_text("id,user\ne0,u0\n")
    other.metadata = "metadata.csv"
    assert "the metadata 'metadata.csv' lie in the open" in said_by(other.register)


def test_register__no_row_of_sealed_metadata_is_named(project):
    """What is wrong with them names no example: which there are is sealed."""
    other = Project(project.root.parent / "other", has_metadata=True)
    pair = bytes.fromhex(sealing.file_facts(other.root / "labels.csv.sealed").pair)
    (path,) = [each for each in other.tables(other.root, USER[:-1], LABEL[:-1]) if each.stem == "metadata"]
    sealing.seal_file(path, other.root / other.metadata, other.key, sealing.METADATA, pair)

    said = said_by(other.register)

    assert "has no row for every example" in said
    assert "e899" not in said


def test_seal__metadata(project):
    """They are sealed with labels and features, as one pair, and opened for all when the set is retired."""
    other = Project(project.root.parent / "other", has_metadata=True)
    labels, features, metadata = map(str, other.tables(other.root.parent / "plain", USER, LABEL))
    (key := other.root.parent / "owner.key").write_text(other.key.text)
    words = [labels, "--features", features, "--metadata", metadata, "--key-file", str(key)]

    done = CliRunner().invoke(seal, words)

    assert 0 == done.exit_code, done.output
    for name in CONTEXTS:
        (other.root.parent / "plain" / f"{name}.csv.sealed").replace(other.root / f"{name}.csv.sealed")
    assert USERS == other.register().clusters
    with other.owner() as session:
        retire(session, "enough")
    assert (other.root / "metadata.csv").read_text() == Path(metadata).read_text()


def test_status__number_of_clusters_is_public(project):
    """Without the key it is known, as the number of examples is, and so is what they reach."""
    project.register()
    found = status(project.gate(), project.runtime())

    assert found == status(project.gate(), project.runtime(has_key=False))
    assert found.budget.is_reach_known
    with project.owner() as session:
        about = chronicle.chronicle(session.books().lives, session.testset.fingerprint)
    assert "clusters   300, each of which is one observation" in chronicle.lines(about)


def test_check__a_commit_cannot_have_a_column_counted(project):
    """Neither before registration nor after: the number of its values would be told by what is in reach."""
    for cluster in ("user", "x", "none"):
        assert "has not registered them" in said_by(lambda name=cluster: project.check(cluster=name))
        assert "has not registered them" in said_by(lambda name=cluster: status(project.gate(name), project.runtime()))
    assert not project.has_books

    project.register()
    with pytest.raises(ContractError, match=r"`testset.cluster` is 'x', and 'user' is registered"):
        project.check(cluster="x")
    assert str(USERS * EACH) not in said_by(lambda: project.check(cluster="x"))

    other = Project(project.root.parent / "other")
    assert other.register(cluster=None).clusters is None
    assert "registered no clusters" in said_by(lambda: status(other.gate(), other.runtime()))


def test_check__bad_clusters_of_sealed_inputs_are_told_to_the_owner(project):
    """A commit gets the same words whatever stands in the column; the owner who registers learns the place."""
    before = said_by(project.check)
    project.fill(np.where(np.arange(len(USER)) == 7, "", USER))

    assert before == said_by(project.check)
    with pytest.raises(DataError, match=r"not say whose 1 of 900 examples are.*line 9"):
        project.register()
    assert not project.has_books


def test_extend_and_drop__number_of_clusters_is_that_in_use(project):
    """It is counted anew with every change of the examples, and no cluster is parted."""
    project.register()
    folder = project.root.parent / "new"

    def grow(name):
        labels, features = project.tables(folder, [name] * 4, np.zeros(4, int), len(USER))
        return extend(project.owner(), [labels], [features], REASON).record

    assert "1 cluster by 'user' would be parted" in said_by(lambda: grow("u7"))
    added = grow("another")
    assert isinstance(added, Extended)
    assert USERS + 1 == added.clusters
    dropped = drop(project.owner(), Oldest(2 * EACH), "old").record
    assert isinstance(dropped, Dropped)
    assert USERS - 1 == dropped.clusters


def test_records__open_inputs_say_nothing_of_clusters(project):
    """There everybody counts them, and entries are what they were."""
    record = project.register()

    assert USERS == to_body(record)["clusters"]
    assert isinstance(record, Registered)
    assert "clusters" not in to_body(dataclasses.replace(record, clusters=None))
