"""Clusters, from gate file to verdict: one observation each, fixed at registration, refused where they cannot be."""

from __future__ import annotations

import csv
import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from proctor import Runtime, load_gate
from proctor.cli.plan import plan as plan_command
from proctor.cli.simulate import simulate
from proctor.custody.dropping import Oldest, drop
from proctor.custody.extension import extend
from proctor.custody.settings import accept_settings
from proctor.errors import ContractError, DataError, GateFileError, KeyFault, LabelsMissing, Misuse, ToleranceOutOfReach
from proctor.gate.check import How, check
from proctor.gate.session import Session, Stance
from proctor.gate.status import status
from proctor.planning import plan
from proctor.preflight.inspection import inspect
from proctor.release import Release, Verdict
from proctor.reports import plan as plan_report
from proctor.testset.keys import generate_key
from proctor.testset.sealing import LABELS, fresh_pair, seal_file

USERS, EACH = 400, 5
USER = np.array([f"u{number}" for number in np.repeat(np.arange(USERS), EACH)])
LABEL = np.random.default_rng(1).integers(0, 2, USERS * EACH)
GOOD = np.where(np.repeat(np.arange(USERS) % 20 > 0, EACH), LABEL, 1 - LABEL)  # right on all examples of 95 % of users
POOR = np.where(np.repeat(np.arange(USERS) % 20 > 3, EACH), LABEL, 1 - LABEL)  # of 80 %
CONDITION = "n > 0.8 +/- 0.05"
TESTSET = "labels: labels.csv, features: features.csv"


class Project:
    """A folder with a test set of users, predictions and a gate file."""

    def __init__(self, root):
        self.root = root
        root.mkdir(exist_ok=True)
        self.table("features.csv", user=USER, age=np.arange(len(USER)) % 80)
        self.table("labels.csv", label=LABEL)
        self.table("new.csv", prediction=GOOD)

    def table(self, name, first=0, **columns):
        with (self.root / name).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", *columns])
            rows = enumerate(zip(*columns.values(), strict=True), first)
            writer.writerows([f"e{row}", *cells] for row, cells in rows)

    def gate(self, *lines, condition=CONDITION, testset=f"{TESTSET}, cluster: user", first="judge"):
        texts = [
            f"condition{'s' if isinstance(condition, dict) else ''}: {json.dumps(condition)}",
            "reliability: 0.99",
            "power: 0.9",
            f"testset: {{{testset}}}",
            "candidate: {predictions: new.csv}",
            f"first: {first}",
        ]
        (self.root / "proctor.yml").write_text("\n".join([*texts, *lines]))
        return load_gate(self.root / "proctor.yml")

    def check(self, *lines, **options) -> Release:
        return check(self.gate(*lines, **options), Runtime({}), How())

    def session(self, **options):
        return Session(gate=self.gate(**options), runtime=Runtime({}), stance=Stance.OWNER)

    @property
    def has_books(self):
        return bool(list((self.root / ".proctor").glob("ledger*")))


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_check__clusters_are_observations(project):
    """What is right on nearly every user passes; what is just at the threshold does not, and words say what counts."""
    passed = project.check()
    project.table("new.csv", prediction=POOR)
    failed = project.check()

    assert (Verdict.PASS, Verdict.FAIL) == (passed.verdict, failed.verdict)
    assert "each user counting once" in passed.meaning
    assert project.check().replayed


def test_check__figures_are_of_clusters(project):
    """The owner's estimate is the mean over users: one with a hundred examples counts as one with five."""
    extra = 100
    for name, columns in {
        "features.csv": {"user": np.append(USER, ["heavy"] * extra), "age": np.arange(len(USER) + extra)},
        "labels.csv": {"label": np.append(LABEL, np.zeros(extra, int))},
        "new.csv": {"prediction": np.append(GOOD, np.ones(extra, int))},
    }.items():
        project.table(name, **columns)

    check(project.gate(), Runtime({}), How(owner_record=project.root / "owner.jsonl"))

    (clause,) = json.loads((project.root / "owner.jsonl").read_text().splitlines()[-1])["figures"]["clauses"]
    assert clause["estimate"] == pytest.approx(0.95 * USERS / (USERS + 1))


def test_check__reach_is_that_of_the_clusters(project):
    """Five times as many examples are no more observations; too few clusters are refused before anything is spent."""
    alone = status(project.gate(testset=TESTSET), Runtime({}))
    found = status(project.gate(), Runtime({}))
    assert found.budget.next_tolerance > 2 * alone.budget.next_tolerance

    with pytest.raises(ToleranceOutOfReach, match=r"on these 400 clusters \(by `user`\) could resolve") as refused:
        project.check(condition="n > 0.8 +/- 0.02")
    assert "clusters by `user`" in refused.value.hint
    assert not project.has_books


def test_check__on_a_slice(project):
    """A cluster with no example in the slice is none of its observations."""
    with pytest.raises(ToleranceOutOfReach, match=r"the 25 clusters \(by `user`\) of the slice `age < 5`"):
        project.check(condition="n > 0.8 +/- 0.05 on age < 5")
    assert Verdict.PASS is project.check(condition="n > 0.8 +/- 0.05 on age >= 5").verdict


def test_check__clusters_are_fixed_at_registration(project):
    """No commit judges by examples, or by another column, what was registered with clusters."""
    project.check()
    for testset in (TESTSET, f"{TESTSET}, cluster: age"):
        with pytest.raises(ContractError, match=r"`testset.cluster` is .*, and 'user' is registered"):
            project.check(testset=testset)
    project.table("features.csv", user=np.arange(len(USER)) % 80, zone=USER)
    with pytest.raises(DataError, match="columns of the features have other names"):
        project.check()


def test_accept_settings__not_for_clusters(project):
    """Nor does the owner count otherwise on this test set: recorded answers would answer another question."""
    project.check()
    with project.session(testset=TESTSET) as session, pytest.raises(Misuse, match="fixed when a test set is"):
        accept_settings(session)
    with project.session() as session:
        assert accept_settings(session).entry is None


def test_check__labels_that_matter_are_asked_for(project):
    """Of a difference, those on which the models disagree, in whatever cluster; the others may be missing."""
    project.table("old.csv", prediction=POOR)
    needed = GOOD != POOR
    lines = ("baseline: {predictions: old.csv}",)
    condition = "n - o > 0 +/- 0.15"
    project.table("labels.csv", label=np.where(needed, LABEL.astype(str), ""))
    assert Verdict.PASS is project.check(*lines, condition=condition, first="accept").verdict

    other = Project(project.root.parent / "other")
    other.table("old.csv", prediction=POOR)
    other.table("labels.csv", label=np.where(needed & (np.arange(len(USER)) % 9 > 0), LABEL.astype(str), ""))
    with pytest.raises(LabelsMissing):
        other.check(*lines, condition=condition, first="accept")


@pytest.mark.parametrize(
    ("testset", "condition"),
    [
        (f"{TESTSET}, cluster: user", CONDITION),
        (TESTSET, f"{CONDITION} on age > 9"),
        (TESTSET, "every half: n > 0.7 +/- 0.1"),
    ],
)
def test_status__parts_are_not_counted_without_the_key(project, testset, condition):
    """Where labels are sealed and nothing else numbers the rows, a set is known by its registration alone."""
    for name, columns in {
        "features": {"user": USER, "age": np.arange(len(USER)) % 80, "half": np.arange(len(USER)) % 2},
        "labels": {"label": LABEL},
        "new": {"prediction": GOOD},
    }.items():
        with (project.root / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
    key = generate_key()
    seal_file(project.root / "labels.csv", project.root / "labels.csv.sealed", key, LABELS, fresh_pair())
    gate = project.gate(testset=testset.replace("labels.csv", "labels.csv.sealed"), condition=condition)
    check(gate, Runtime({"PROCTOR_KEY": key.text}), How())

    found = status(gate, Runtime({}))

    assert (1, False) == (found.budget.evaluations, found.budget.is_reach_known)
    (project.root / "new.csv").write_text((project.root / "new.csv").read_text().replace("1", "0", 1))
    with pytest.raises(KeyFault):
        check(gate, Runtime({}), How())


def test_preflight__says_that_clusters_are_not_simulated(project):
    """The rest of what can be known is told, and nothing is spent."""
    project.table("development.csv", 9_000, label=LABEL)
    project.table("development_new.csv", 9_000, prediction=GOOD)
    gate = project.gate("development: {labels: development.csv, candidate: development_new.csv}")

    found = {finding.name: finding.text for finding in inspect(gate, Runtime({})).findings}

    assert found["chance"] == "not known: what happens on clusters is not simulated"
    assert "each user counting once" in found["gate file"]
    assert not project.has_books


def test_check__several_conditions_go_by_clusters(project):
    """Each of a map is judged by them, and one that cannot be is named before anything is."""
    floors = {"floor": "n > 0.7 +/- 0.06", "higher": "error(n) < 0.2 +/- 0.06"}
    passed = project.check(condition=floors)
    assert Verdict.PASS is passed.verdict
    assert 2 == passed.meaning.count("each user counting once")

    with pytest.raises(GateFileError, match="cannot be judged by clusters of `user`"):
        project.gate(condition={**floors, "finds": 'f1(n, "1") > 0.5 +/- 0.1'})


def test_simulate__plays_clusters(project, monkeypatch):
    """Where the gate file names them, of five examples or as many as are declared; `--examples` counts clusters."""
    project.gate()
    monkeypatch.chdir(project.root)
    words = ["--mode", "aa", "--examples", "60", "--repetitions", "2", "--steps", "2"]

    for more, size in (([], 5), (["--cluster-size", "3"], 3)):
        done = CliRunner().invoke(simulate, [*words, *more])
        assert f"{60 * size} examples in 60 clusters of {size}, whose examples are all alike" in done.output
        assert f"{CONDITION}, by clusters" in done.output
        assert f"{CONDITION}, each example counted" in done.output
    done = CliRunner().invoke(simulate, [*words, "--mode", "stakes"])
    assert isinstance(done.exception, Misuse)
    assert "not by clusters" in done.exception.message
    assert f"--condition '{CONDITION}' --examples 60" in done.exception.hint


def test_check__moving_an_example_to_another_cluster_makes_another_test_set(project):
    """Whose an example is belongs to what it is."""
    project.check()
    moved = USER.copy()
    moved[0] = "u1"
    project.table("features.csv", user=moved, age=np.arange(len(USER)) % 80)

    with pytest.raises(DataError, match="known by other features"):
        project.check()


@pytest.mark.parametrize("first", ["accept", "judge"])
@pytest.mark.parametrize(
    ("users", "kind", "message"),
    [
        (None, Misuse, "`testset.cluster` names the column 'user', and no feature"),
        (np.where(np.arange(len(USER)) == 7, "", USER), DataError, r"not say whose 1 of 2,000 examples are.*line 9"),
        (np.full(len(USER), "u1"), DataError, "all examples are of one cluster: the column 'user'"),
    ],
)
def test_check__bad_clusters_are_refused(project, users, kind, message, first):
    """Before anything is registered or spent, also where the first candidate is to be accepted unjudged."""
    columns = {} if users is None else {"user": users}
    project.table("features.csv", **columns, age=np.arange(len(USER)))
    condition = CONDITION if first == "judge" else "n - o > 0 +/- 0.2"

    with pytest.raises(kind, match=message):
        project.check(condition=condition, first=first)
    assert not project.has_books


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        ((), {"testset": "labels: labels.csv, cluster: user"}, "the file with the column `user`"),
        (("bound: hoeffding",), {}, "`bound: hoeffding` knows no clusters"),
        (("feedback: {estimate: {of: n, from: 0, to: 1, step: 0.1}}",), {}, "`estimate` counts examples"),
        ((), {"condition": 'recall(n, "1") > 0.5 +/- 0.1'}, r'`recall\(n, "1"\) > 0.5 .* cannot be judged by clusters'),
    ],
)
def test_gate_file__what_does_not_go_with_clusters(project, lines, options, message):
    """It is said of the gate file, at its place."""
    with pytest.raises(GateFileError, match=message):
        project.gate(*lines, **options)


def test_plan__counts_clusters(project):
    """In its answer, in JSON, and in a note; labels are of examples, so that their number needs a cluster's size."""
    gate = project.gate("disagreement: 0.25", condition="n - o > 0 +/- 0.1", first="accept")
    found = plan(gate.formula, gate.request())
    sized = plan(gate.formula, replace(gate.request(), cluster_size=2.5))

    counted = f"{found.examples:,} clusters by `user`"
    n_examples, n_labels = math.ceil(2.5 * found.examples), math.ceil(2.5 * found.labels)
    assert f"{counted}, labels of about 25 % of their examples" == plan_report.answer(found)
    said = f"{n_examples:,} examples in {counted}, 2.5 in each, about {n_labels:,} labels"
    assert said == plan_report.answer(sized)
    assert "what is counted is clusters" in plan_report.terminal(found, gate.condition)
    assert plan_report.to_json(found, gate.condition)["cluster"] == "user"
    assert (n_examples, n_labels) == tuple(
        plan_report.to_json(sized, gate.condition)[name] for name in ("examples_in_all", "labels_in_all")
    )

    floor = project.gate()
    assert plan_report.answer(plan(floor.formula, floor.request())).endswith("labels of all of their examples")


def test_plan__of_clusters_on_the_command_line(project):
    """With their size; a project counts clusters, too; and without clusters there is no size of them."""
    project.gate()
    file = str(project.root / "proctor.yml")

    assert "5 in each" in CliRunner().invoke(plan_command, [file, "--cluster-size", "5"]).output
    assert "labeled clusters after" in CliRunner().invoke(plan_command, [file, "--releases", "3"]).output
    for words, said in (
        (["--condition", CONDITION, "--cluster-size", "5"], "--cluster-size is about clusters"),
        ([file, "--sequential"], "here all of one `user` are one observation"),
    ):
        refused = CliRunner().invoke(plan_command, words).exception
        assert isinstance(refused, Misuse)
        assert said in refused.message


def test_preflight__plans_clusters_where_the_test_set_is_not(project):
    """On a machine without it, a plan names what it counts."""
    gate = project.gate()
    for path in project.root.glob("*.csv"):
        path.unlink()

    found = {finding.name: finding.text for finding in inspect(gate, Runtime({})).findings}

    assert re.fullmatch(r"a fresh test set for this takes [\d,]+ clusters by `user`; see `proctor plan`", found["plan"])


def test_extend_and_drop__no_cluster_is_parted(project):
    """New examples of a registered user are refused, as is to drop a part of one's; whole users come and go."""
    project.check()

    def more(name: str):
        project.table("more.csv", 5_000, label=np.zeros(6, int))
        project.table("more_features.csv", 5_000, user=[name] * 6, age=np.arange(100, 106))
        files = [project.root / "more.csv"], [project.root / "more_features.csv"]
        with project.session() as session:
            return extend(session, *files, "those of March")

    with pytest.raises(DataError, match="1 cluster by 'user' would be parted"):
        more("u7")
    assert more("another").record.n_added == 6
    with project.session() as session, pytest.raises(DataError, match="would be parted"):
        drop(session, Oldest(EACH + 1), "old")
    with project.session() as session:
        assert drop(session, Oldest(EACH), "old").record.n_dropped == EACH
