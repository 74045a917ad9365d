"""Gates whose labels and predictions an engine counts: judged as files that are read whole, and refused as these."""

from __future__ import annotations

import datetime as dt
import os
import re

import numpy as np
import pytest

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from proctor import gatefile
from proctor.custody.corrections import correct
from proctor.custody.labeling import holdings
from proctor.custody.settings import name_baseline
from proctor.custody.succession import Wish, register
from proctor.errors import ContractError, DataError, GateFileError, Misuse, ToleranceOutOfReach
from proctor.gate import tables
from proctor.gate.check import check
from proctor.gate.session import Session, Stance
from proctor.gate.status import status
from proctor.gatefile import Engine
from proctor.ledger.records import Evaluated, Registered, from_body
from proctor.release import Verdict
from proctor.runtime import Runtime

N = 2_000
NAMES = {"labels": "label", "new": "prediction", "old": "prediction"}


class Project:
    """A folder with tables, of words that a model calls right with a given probability, and a gate file."""

    def __init__(self, root, right=(0.95, 0.8), seed=1, ids="e"):
        self.root = root
        root.mkdir(exist_ok=True)
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 3, N)
        words = np.array(["ham", "spam", "é"])
        models = [np.where(rng.random(N) < share, truth, (truth + 1) % 3) for share in right]
        names = [f"{ids}{row}" for row in range(N)]
        self.columns = dict(zip(NAMES, (words[each] for each in (truth, *models)), strict=True))
        for name, cells in self.columns.items():
            self.table(name, names, cells, rng.permutation(N))

    def table(self, name, ids, cells, order=None):
        rows = range(len(ids)) if order is None else order
        columns = {"id": [ids[row] for row in rows], NAMES[name]: [str(cells[row]) for row in rows]}
        pq.write_table(pa.table(columns), self.root / f"{name}.parquet")

    def describe(self, name="meta", label=None, ids=range(N), **columns):
        """A table of regions, ages and trials, and other *columns*; with *label*, that of the labels, too."""
        rng = np.random.default_rng(7)
        region = np.array(["EU", "US", "Åland", None], object)[rng.choice(4, N, p=[0.45, 0.4, 0.1, 0.05])]
        found = {"region": region.tolist(), "age": rng.integers(0, 90, N).tolist()} | columns
        found |= {} if label is None else {label: self.columns["labels"].tolist()}
        whole = {"id": [f"e{row}" for row in ids]} | {
            each: [cells[row] for row in ids] for each, cells in found.items()
        }
        pq.write_table(pa.table(whole), self.root / f"{name}.parquet")
        return {"metadata": f"{name}.parquet"}

    def gate(self, condition="n - o > 0.02 +/- 0.06", engine="duckdb", file="proctor.yml", **more):
        testset = {"labels": "labels.parquet"} | ({"engine": engine} if engine else {}) | more.pop("testset", {})
        content = {
            "condition": condition,
            "reliability": 0.99,
            "power": 0.5,
            "disagreement": 0.4,
            "testset": testset,
            "candidate": {"predictions": "new.parquet"},
            "baseline": {"predictions": "old.parquet"},
            **more,
        }
        (self.root / file).write_text(yaml.safe_dump({key: it for key, it in content.items() if it}))
        return gatefile.load(self.root / file)

    def check(self, *args, environ=None, **more):
        return check(self.gate(*args, **more), Runtime(environ or {}))

    def session(self, stance=Stance.OWNER, **more):
        return Session(gate=self.gate(**more), runtime=Runtime({}), stance=stance)

    def records(self, kind, **more):
        entries = self.session(**more).ledger.read()
        return [record for each in entries if isinstance(record := from_body(each.kind, each.body, each.number), kind)]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


CONDITIONS = [
    "n - o > 0.02 +/- 0.06",
    "n - o > 0.3 +/- 0.06 and n > 0.85 +/- 0.05",
    "d < 0.5 +/- 0.05",
    'recall(n, "spam") > 0.8 +/- 0.05 and f1(n, "ham") > 0.7 +/- 0.05',
    'recall(n, "spam") - recall(o, "spam") > -0.05 +/- 0.05',
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_check__judges_as_files_that_are_read_whole(project, condition):
    """Verdict, level, price, and what the owner's record says are the same."""
    found, records = [], []
    for engine in ("duckdb", None):
        more = {"ledger": f"{engine}.db", "owner": {"record": f"{engine}.jsonl"}}
        release = project.check(condition, engine, **more)
        found.append((release.verdict, release.basis, release.testset.n_examples, release.budget))
        (record,) = project.records(Evaluated, engine=engine, **more)
        records.append((record.log_level, record.outcome, record.condition, record.bound, record.stakes))

    assert found[0] == found[1]
    assert records[0] == records[1]


def test_check__same_predictions_are_a_recorded_answer(project):
    """Whatever the order of rows, the spelling of ids and the format."""
    first = project.check()
    ids, cells = (pq.read_table(project.root / "new.parquet")[name].to_pylist() for name in ("id", "prediction"))
    lines = [f'{{"id": " {name}", "prediction": "{cell}"}}' for name, cell in zip(ids, cells, strict=True)]
    (project.root / "new.jsonl").write_text("\n".join(reversed(lines)))
    again = project.check(candidate={"predictions": "new.jsonl"})

    assert Verdict.PASS is first.verdict
    assert (first.entry, True) == (again.entry, again.replayed)
    assert 1 == again.budget.evaluations


def test_check__tables_of_a_database(project):
    """Each is named behind the file; the table of labels is none of predictions, however it is written."""
    whole = project.check()
    other = Project(project.root / "other")
    with duckdb.connect(str(other.root / "exam.duckdb")) as made:
        for name in NAMES:
            made.execute(f"CREATE TABLE {name} AS FROM '{other.root}/{name}.parquet'")
    labels, baseline = {"labels": "duckdb:exam.duckdb#labels"}, {"predictions": "duckdb:exam.duckdb#old"}
    with pytest.raises(DataError, match="is the table of labels"):
        other.check(testset=labels, baseline=baseline, candidate={"predictions": "duckdb:exam.duckdb#main.LABELS"})
    found = other.check(testset=labels, baseline=baseline, candidate={"predictions": "duckdb:exam.duckdb#new"})

    assert (whole.verdict, whole.testset.fingerprint) == (found.verdict, found.testset.fingerprint)


def test_check__labels_are_no_predictions(project):
    """Neither by their own name nor by another one."""
    os.link(project.root / "labels.parquet", project.root / "mine.parquet")
    for name in ("labels.parquet", "mine.parquet"):
        with pytest.raises(DataError, match=r"labels|only the owner"):
            project.check(candidate={"predictions": name, "prediction": "label"})


def test_check__other_labels_are_refused(project):
    """One exchanged label is enough; the account is the same one, and nothing is spent."""
    before = project.check()
    cells = project.columns["labels"].copy()
    cells[0] = "ham" if cells[0] != "ham" else "spam"
    project.table("labels", [f"e{row}" for row in range(N)], cells)
    project.table("new", [f"e{row}" for row in range(N)], project.columns["old"])
    with pytest.raises(DataError, match="not those that this test set was registered with"):
        project.check()

    assert before.budget == status(project.gate(), Runtime({})).budget


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["e0", *(f"e{row}" for row in range(N - 1))], r"gives 1 id \(e0\) more than once"),
        ([f"e{row}" for row in range(1, N)], r"no prediction for 1 id \(e0\)"),
        ([f"e{row}" for row in range(N + 1)], rf"has 1 id \(e{N}\) that the test set does not have"),
        (["", *(f"e{row}" for row in range(1, N))], "the id is empty"),
    ],
)
def test_check__predictions_of_other_examples(project, ids, words):
    """They are refused by name, and the test set is not even registered."""
    project.table("new", ids, np.resize(project.columns["new"], len(ids)))
    with pytest.raises(DataError, match=words):
        project.check()

    assert [] == list(project.session().ledger.read())


def test_check__a_table_that_is_written_meanwhile(project, monkeypatch):
    """What was digested need not be what was counted."""
    counted = tables.engine_of(project.gate()).count

    def slow(_, *fields, **more):
        found = counted(*fields, **more)
        project.table("new", [f"e{row}" for row in range(N)], project.columns["labels"])
        return found

    monkeypatch.setattr("proctor.crosstabs.counting.Counting.count", slow)
    with pytest.raises(DataError, match="was changed while it was read"):
        project.check()

    assert [] == list(project.session().ledger.read())


# --- slices ----------------------------------------------------------------------------------------------------------

SLICES = [
    'n - o > 0.02 +/- 0.09 on region == "EU"',
    'n > 0.9 +/- 0.05 on (region != "EU" and age < 60) and n - o > 0.02 +/- 0.06',
    'recall(n, "spam") > 0.8 +/- 0.08 on region in ["EU", "Åland"]',
    "every region: n > 0.5 +/- 0.2",
    "every region: d < 0.6 +/- 0.2 on age >= 20",
    "gap(accuracy, n, by=region) < 0.4 +/- 0.2",
]


@pytest.mark.parametrize("condition", SLICES)
def test_check__judges_slices_as_those_of_files_that_are_read_whole(project, condition):
    """Verdict, level, price, and what the owner's record says are the same."""
    testset, found, records = project.describe(), [], []
    for engine in ("duckdb", None):
        more = {"ledger": f"{engine}.db", "owner": {"record": f"{engine}.jsonl"}, "testset": testset}
        release = project.check(condition, engine, **more)
        found.append((release.verdict, release.basis, release.testset.n_examples, release.budget))
        (record,) = project.records(Evaluated, engine=engine, **more)
        records.append((record.log_level, record.outcome, record.condition, record.bound, record.stakes))

    assert Verdict.PASS is found[0][0]
    assert found[0] == found[1]
    assert records[0] == records[1]


def test_check__slices_of_the_table_of_labels(project):
    """Its other columns are metadata if the gate file says so; the label is none."""
    testset = project.describe("labels", label="label")
    release = project.check('n > 0.9 +/- 0.05 on region == "EU"', testset=testset)
    with pytest.raises(Misuse, match="the column 'label', and no column of"):
        project.check('n > 0.9 +/- 0.05 on label == "spam"', testset=testset)

    assert Verdict.PASS is release.verdict
    (registered,) = project.records(Registered, testset=testset)
    assert {"region", "age"} == registered.metadata.keys()


def test_check__a_slice_on_which_the_model_is_bad(project):
    """The whole passes, and the slice does not."""
    is_right = project.columns["new"] == project.columns["labels"]
    testset = project.describe(group=[int(each) for each in ~is_right & (np.arange(N) % 3 > 0)])
    assert Verdict.PASS is project.check("n > 0.9 +/- 0.03", testset=testset).verdict
    assert Verdict.FAIL is project.check("every group: n > 0.5 +/- 0.2", testset=testset).verdict


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"region": ["EU"] * N}, "the column 'region' of the metadata does not hold what it held"),
        ({"mine": [1] * N}, "registered without a column 'mine' of metadata"),
    ],
)
def test_check__no_slice_is_redefined_after_registration(project, columns, words):
    """Neither by other cells nor by a new column; nothing is spent."""
    project.check("every region: n > 0.5 +/- 0.2", testset=project.describe())
    testset = project.describe(**columns)
    project.table("new", [f"e{row}" for row in range(N)], project.columns["old"])
    (name,) = columns
    with pytest.raises(DataError, match=words):
        project.check(f"every {name}: n > 0.5 +/- 0.2", testset=testset)

    assert 1 == status(project.gate(testset=testset), Runtime({})).budget.evaluations


def test_check__shuffled_metadata_are_the_same(project):
    """Order of rows and further columns that nobody asks about do not matter."""
    first = project.check("every region: n > 0.5 +/- 0.2", testset=project.describe())
    testset = project.describe(ids=range(N)[::-1], more=[0.5] * N)

    assert first.entry == project.check("every region: n > 0.5 +/- 0.2", testset=testset).entry


@pytest.mark.parametrize(
    ("condition", "error", "words"),
    [
        ('n > 0.8 +/- 0.1 on regions == "EU"', Misuse, "'regions', and no column of .*(?s:.)*mean 'region'"),
        ('n > 0.8 +/- 0.1 on region == "EUR"', DataError, "no example of the test set is in the slice"),
        ("n > 0.8 +/- 0.1 on region < 3", DataError, "is no number"),
        ("n > 0.8 +/- 0.1 on day == 3", Misuse, "'day' .* of a type by which no slice is told apart"),
        ("every key: n > 0.8 +/- 0.1", Misuse, "2,000 values, and each would be a slice"),
        ("n > 0.8 +/- 0.01 on age == 3", ToleranceOutOfReach, "20 examples of the slice `age == 3`"),
    ],
)
def test_check__slices_that_cannot_be_judged(project, condition, error, words):
    """The test set is not even registered."""
    days, keys = [dt.date(2026, 1, 1)] * N, [f"n{row}" for row in range(N)]
    testset = project.describe(day=days, key=keys)
    with pytest.raises(error) as refused:
        project.check(condition, testset=testset)

    assert re.search(words, str(refused.value))
    assert [] == list(project.session(testset=testset).ledger.read())


def test_check__metadata_of_other_examples(project):
    """A row that is missing is named; the owner is told at registration that ids differ."""
    testset = project.describe(ids=range(1, N))
    with pytest.raises(DataError, match=r"has no row for 1 id \(e0\)"):
        project.check("every region: n > 0.5 +/- 0.2", testset=testset)
    with (
        project.session(condition="every region: n > 0.5 +/- 0.2", testset=testset) as session,
        pytest.raises(DataError, match="does not have the ids of the labels"),
    ):
        register(session, Wish(follows=False))


def test_check__metadata_out_of_the_project(project, tmp_path_factory):
    """A commit names no table of somebody else's, before the owner has registered it."""
    place = tmp_path_factory.mktemp("elsewhere") / "exam.duckdb"
    project.describe()
    with duckdb.connect(str(place)) as made:
        made.execute(f"CREATE TABLE meta AS FROM '{project.root}/meta.parquet'")
    with pytest.raises(ContractError, match="out of the project"):
        project.check("every region: n > 0.5 +/- 0.2", testset={"metadata": f"duckdb:{place}#meta"})


# --- recognition -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engines", [("duckdb", None), (None, "duckdb"), ("duckdb", "duckdb")])
def test_check__another_form_has_no_budget_of_its_own(project, engines):
    """A file that is read whole after all, a table in its place, and a table of some of the rows."""
    first, second = engines
    project.check(engine=first)
    for name in NAMES:
        kept = N // 2 if first == second else N
        project.table(name, [f"e{row}" for row in range(kept)], project.columns[name][:kept])
    with pytest.raises(DataError, match="ids in common with test set"):
        project.check("n - o > 0.02 +/- 0.1", engine=second, file="two.yml")


@pytest.mark.parametrize("engine", ["duckdb", None])
def test_check__row_numbers_are_told_by_labels(tmp_path, engine):
    """A table whose ids are row numbers is known by its labels in their order; another one with such ids is fresh."""
    project = Project(tmp_path, ids="")
    project.check(engine=engine)
    for name in NAMES:
        project.table(name, [str(row + 7) for row in range(N)], project.columns[name])
    with pytest.raises(DataError, match="row by row, are those of test set"):
        project.check(file="two.yml")
    for name in NAMES:
        project.table(name, [str(row + 9) for row in range(N)], project.columns[name][::-1])

    assert Verdict.PASS is project.check(file="two.yml").verdict


def test_check__the_engine_belongs_to_the_owner(project):
    """A commit that names another way of counting is refused before anything is read."""
    project.check()
    with pytest.raises(ContractError, match=r"testset\.engine"):
        project.check(engine=None)


def test_registration__commits_to_labels_without_telling_them(project):
    """Neither entry nor fingerprint could confirm a guess of all labels: the commitment has a secret salt."""
    project.check()
    again = Project(project.root / "other")
    again.check()
    one, two = (each.records(Registered)[0] for each in (project, again))

    assert one.testset == two.testset
    assert one.labels != two.labels
    with project.session() as session:
        assert session.testset.identity.rows not in str([entry.body for entry in session.ledger.read()])


# --- owner -----------------------------------------------------------------------------------------------------------


def test_renew__a_table_after_a_table(project):
    """The next set is registered with its baseline measured on it, and judged."""
    project.check()
    Project(project.root, seed=3, ids="f")
    with project.session() as session:
        register(session, Wish(follows=True))

    assert Verdict.PASS is project.check().verdict
    assert 2 == len(project.records(Registered))


def test_name_baseline__of_a_table(project):
    """The owner's word on a table, as on a file."""
    project.check()
    project.table("old", [f"e{row}" for row in range(N)], project.columns["labels"])
    with pytest.raises(ContractError, match="holds other predictions"):
        project.check()
    with project.session() as session:
        named, entry = name_baseline(session, project.root / "old.parquet")

    assert entry is not None
    assert Verdict.FAIL is project.check().verdict
    assert named.digest == project.records(Evaluated)[-1].baseline.digest


def test_owners_commands__that_look_at_single_examples(project):
    """They say that they do, before anything is read."""
    with project.session() as session:
        for act in (lambda: correct(session, project.root / "labels.parquet", "x"), lambda: holdings(session)):
            with pytest.raises(Misuse, match="looks at single examples"):
                act()


def test_load__sealed_labels(project):
    """A sealed file is opened in memory, where a table has no place."""
    (project.root / "labels.parquet").write_bytes(b"PROCTOR sealed")
    with pytest.raises(Misuse, match="is sealed"):
        project.check()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"testset": {"features": "x.csv"}}, "`features` is about single examples"),
        ({"testset": {"cluster": "who"}}, "`cluster` is about single examples"),
        ({"testset": {"inputs": "sealed"}, "candidate": {"command": "p {features} {predictions}"}}, "open inputs"),
        ({"labels": "sequential"}, "write `labels: all`"),
        ({"stakes": "informed"}, "`stakes` goes with files"),
        ({"development": {"labels": "dev.csv"}}, "`development` goes with files"),
        ({"candidate": {"model": "m.onnx"}}, "`engine` counts predictions; name them"),
        ({"baseline": "accepted"}, "that of the old model: `baseline: {predictions: TABLE}`"),
        ({"baseline": {"revision": "main"}}, "that of the old model: `baseline: {predictions: TABLE}`"),
        ({"baseline": {"predictions": "old.parquet", "id": "key"}}, "one name in all tables"),
        ({"condition": "n - a > 0"}, "the anchor"),
        ({"condition": 'n > 0.8 on x == "a"'}, '`testset` needs `metadata`: the table with the columns of `x == "a"`'),
        ({"condition": 'auc(n, "a") > 0.8'}, "is judged example by example"),
        ({"condition": 'f1(n, "a") - f1(o, "a") > 0'}, "is judged example by example"),
        ({"testset": {"engine": "dask"}}, "duckdb"),
    ],
)
def test_gate_file__what_does_not_go_with_an_engine(project, more, words):
    """Each is refused where it stands, in one sentence."""
    with pytest.raises(GateFileError, match=words):
        project.gate(**more)


def test_engine_of__every_engine_is_there(project):
    """Whatever a gate file may name, this program can import or says how to install."""
    assert {"duckdb"} <= {each.value for each in Engine}
    assert tables.engine_of(project.gate()).identity is not None
