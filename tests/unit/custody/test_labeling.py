"""Labels that come back: every form, every refusal, and what the owner can look up afterwards."""

from __future__ import annotations

import gzip
import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gate.project import LABELS, N_EXAMPLES, Project

from proctor import cli
from proctor.custody import labeling
from proctor.custody.corrections import correct
from proctor.custody.dropping import Oldest, drop
from proctor.custody.extension import extend
from proctor.custody.labeling import holdings, take_in, wanted
from proctor.custody.receipts import Receipts
from proctor.custody.retirement import retire
from proctor.custody.settings import name_baseline
from proctor.errors import DataError, KeyFault, LabelsMissing, Misuse, TestSetRetired
from proctor.gate.labels import requests_of
from proctor.release import Verdict
from proctor.testset import sealing
from proctor.testset.sealing import is_sealed

BLANK = range(60, 80)
"""Examples on which the models of the project differ, and which have no label."""


@pytest.fixture
def pool(project: Project) -> Project:
    """A pool that has asked for the labels of some examples; it is not registered yet."""
    project.rows_of_labels(["" if row in BLANK else str(label) for row, label in enumerate(LABELS)])
    ask(project)
    return project


def ask(project: Project) -> None:
    with pytest.raises(LabelsMissing):
        project.check()


def back(project: Project, rows: Any, name: str = "back.csv") -> Path:
    """A table that was filled in."""
    path = project.root / name
    path.write_text("id,label\n" + "".join(f"{example},{label}\n" for example, label in rows))
    return path


def right(rows: Any = BLANK) -> list[tuple[str, Any]]:
    return [(f"e{row}", LABELS[row]) for row in rows]


def task(example: str, *choices: str, **more: Any) -> dict[str, Any]:
    """A task of an export of Label Studio, labeled by one person for each of *choices*."""
    annotations = [
        {
            "id": number,
            "completed_by": {"id": number, "email": f"p{number}@example.org"},
            "updated_at": f"2026-11-0{number}T10:00:00Z",
            "result": [{"type": "choices", "value": {"choices": [choice]}}],
        }
        for number, choice in enumerate(choices, 1)
    ]
    return {"id": 7, "data": {"id": example, "x": 3}, "annotations": annotations, "predictions": [], **more}


def export(project: Project, *tasks: Any) -> Path:
    path = project.root / "export.json"
    path.write_text(json.dumps(list(tasks)))
    return path


def test_take_in__then_the_verdict(pool):
    """Labels come back in parts, rows that nobody filled in are passed over, and the same check then has a verdict."""
    first = back(pool, [*right(range(60, 70)), *((f"e{row}", "") for row in range(70, 80))])

    assert 10 == take_in(pool.session(), [first], by="ann")
    assert set(range(70, 80)) == set(wanted(pool.session()))
    ask(pool)
    assert 10 == take_in(pool.session(), [back(pool, right(range(70, 80)))])

    assert Verdict.PASS is pool.check().verdict
    found = holdings(pool.session())
    assert (N_EXAMPLES, N_EXAMPLES, 0) == (found.n_examples, found.n_labels, found.n_wanted)
    assert {"ann": 10, "ada": 10} == found.received


def test_take_in__asked_for_by_several_checks(pool):
    """What another candidate's check asked for is not forgotten by the next one."""
    pool.model("third.csv", 70).gate(candidate={"predictions": "third.csv"})
    ask(pool)
    assert set(wanted(pool.session())) < set(BLANK)

    assert 20 == take_in(pool.session(), [back(pool, right())])


FILES = {
    "labels.csv": 'id,label,note\ne1,,"a, b"\ne0,b,\ne2,,\n',
    "labels.tsv": "id\tlabel\tnote\ne1\t\ta, b\ne0\tb\t\ne2\t\t\n",
    "labels.csv.gz": 'id,label,note\ne1,,"a, b"\ne0,b,\ne2,,\n',
    "labels.jsonl": '{"id":"e1","label":null,"note":"a, b"}\n{"id":"e0","label":"b","note":""}\n'
    '{"id":"e2","label":null,"note":""}\n',
}


@pytest.mark.parametrize("name", FILES)
def test_take_in__every_text_table(project, name):
    """Labels stand in their cells, in a row of their own where there was none, and nothing else has changed."""
    path = project.root / name
    content = FILES[name].encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    path.chmod(0o640)
    (project.root / "features.csv").write_text("id,x\n" + "".join(f"e{i},{i}\n" for i in range(4)))
    project.gate(testset={"labels": name, "features": "features.csv"})
    requests_of(project.session()).write(np.arange(4))

    take_in(project.session(), [back(project, [("e3", "c"), ("e1", "a")])])

    testset = project.session().testset
    assert ["b", "a", "", "c"] == testset.read_labels().values.tolist()
    written = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    assert 1 == written.count(b"a, b")
    assert 0o640 == stat.S_IMODE(path.stat().st_mode)
    assert 4 + (not name.endswith("jsonl")) == len(written.splitlines())


@pytest.mark.parametrize(("there", "known"), [("id,label\n", 0), ("id,label\ne1,0\n", 1)])
def test_take_in__a_pool_with_few_labels_or_none(project, there, known):
    """A file of labels may have no rows at all: the features say which examples there are."""
    project.features()
    (project.root / "labels.csv").write_text(there)
    assert known == holdings(project.session()).n_labels
    ask(project)
    assert [*range(40, 160)] == sorted(wanted(project.session()))

    assert 120 == take_in(project.session(), [back(project, right(range(40, 160)))])

    assert Verdict.PASS is project.check().verdict
    assert 120 + known == holdings(project.session()).n_labels


def test_take_in__a_pool_is_registered_without_a_label(project):
    """A first candidate needs no label, and one that is labeled afterwards has not changed."""
    project.gate(baseline=None, candidate={"predictions": "old.csv"})
    project.rows_of_labels([""] * N_EXAMPLES).check()
    project.gate(baseline=None)
    ask(project)

    take_in(project.session(), [back(project, right(range(40, 160)))])

    assert Verdict.PASS is project.check().verdict


def test_check__of_changes_alone_needs_no_label(project):
    """How many predictions have changed is judged on a pool without a label, whatever the classes are."""
    project.features().gate(condition="d < 0.2 +/- 0.1", testset={"labels": "labels.csv", "features": "features.csv"})
    (project.root / "labels.csv").write_text("id,label\n")
    for name, n_changed in (("old.csv", 0), ("new.csv", 10)):
        words = np.where(np.arange(N_EXAMPLES) < n_changed, "spam", "ham")
        project._table(name, "prediction", words)

    assert Verdict.PASS is project.check().verdict


def test_take_in__sealed_labels_are_sealed_again(pool):
    """The plain labels stand nowhere on the disk, nor in the receipts; the mark of the set stays."""
    pool.sealed()
    sealed = pool.root / "labels.csv.sealed"
    pair = sealing.file_facts(sealed).pair

    take_in(pool.session(), [back(pool, right())])

    assert pair == sealing.file_facts(sealed).pair
    assert N_EXAMPLES == holdings(pool.session()).n_labels
    assert is_sealed(Receipts(pool.session()).file)
    assert Verdict.PASS is pool.check().verdict


def test_take_in__needs_the_key_of_sealed_labels(pool):
    """Without the key nothing is taken in."""
    pool.sealed()
    del pool.environ["PROCTOR_KEY"]

    with pytest.raises(KeyFault):
        take_in(pool.session(), [back(pool, right())])


def test_take_in__receipts_say_who_and_when(pool):
    """A name on the command line is for labels whose file names nobody; the export says the rest."""
    labeled = [task(f"e{row}", str(LABELS[row]), str(LABELS[row])) for row in (60, 61)]
    take_in(pool.session(), [export(pool, *labeled), back(pool, right([62]))], by="ann")

    receipts = {each.example: each for each in Receipts(pool.session()).read()}

    assert ("p1@example.org, p2@example.org", "2026-11-02T10:00:00Z") == receipts["e60"][2:4]
    assert "ann" == receipts["e62"].by
    assert receipts["e62"].place.endswith("line 2")
    assert 0o600 == stat.S_IMODE(Receipts(pool.session()).file.stat().st_mode)


def test_take_in__request_of_another_machine(pool):
    """A request that was written elsewhere is named, in any form."""
    (pool.root / ".proctor/requests").rename(pool.root / "elsewhere")
    (request,) = (pool.root / "elsewhere").glob("*.csv")
    files = [back(pool, right())]
    with pytest.raises(DataError, match="were not asked for"):
        take_in(pool.session(), files)

    assert 20 == take_in(pool.session(), files, requests=[request])


def test_take_in__words_in_an_export(project):
    """A choice of Label Studio is read in the one spelling of classes, and what is not done is passed over."""
    (project.root / "labels.csv").write_text("id,label\ne0,\ne1,ice cream\ne2,\n")
    session = project.session()
    requests_of(session).write(np.arange(3))
    skipped = task("e2", "ham")
    skipped["annotations"][0]["was_cancelled"] = True
    empty = task("e2")

    assert 1 == take_in(session, [export(project, task("e0", " ice  cream"), skipped, empty)])
    assert ["ice cream", "ice cream", ""] == project.session().testset.read_labels().values.tolist()


def test_pool__grows_and_shrinks(project):
    """Examples come without labels and go by order; what was asked for, and every label that came, stays."""
    project.gate(baseline=None, candidate={"predictions": "old.csv"}).rows_of_labels([""] * N_EXAMPLES).check()
    more = project.root / "more.csv"
    more.write_text("id,label\n" + "".join(f"e{row},\n" for row in range(N_EXAMPLES, 500)))
    extend(project.session(), [more], [], "those of March")
    truth = np.concatenate([LABELS, LABELS[:100]])

    def predict(first: int) -> None:
        for name, n_wrong in (("old.csv", 160), ("new.csv", 40)):
            cells = [(label + (row < n_wrong)) % 10 for row, label in enumerate(truth)]
            lines = [f"e{row},{cells[row]}\n" for row in range(first, 500)]
            (project.root / name).write_text("id,prediction\n" + "".join(lines))
        name_baseline(project.session(), project.root / "old.csv")

    predict(0)
    project.gate()
    ask(project)
    assert 120 == take_in(project.session(), [back(project, right(range(40, 160)))])
    assert Verdict.PASS is project.check().verdict

    drop(project.session(), Oldest(50), "a year old")
    predict(50)

    assert (450, 110) == (holdings(project.session()).n_examples, holdings(project.session()).n_labels)
    assert 2 == project.check().step


def test_requests__without_ids_mean_these_examples_alone(project):
    """Where examples are known by their rows, nothing that was asked for is taken for others once rows are dropped."""
    (project.root / "labels.csv").write_text('label\n1\n""\n""\n')
    (project.root / "x.csv").write_text("x\n1\n2\n3\n")
    project.gate(testset={"labels": "labels.csv", "features": "x.csv"})
    requests_of(project.session()).write(np.array([1]))
    assert {"2"} == requests_of(project.session()).asked()

    (project.root / "x.csv").write_text("x\n2\n3\n")

    assert set() == requests_of(project.session()).asked()


def test_correct__a_label_that_came_later(project):
    """A label that was filled in since registration is corrected on record, like every other; then it is settled."""
    labels = ["" if row in BLANK else str(label) for row, label in enumerate(LABELS)]
    project.gate(baseline=None, candidate={"predictions": "old.csv"}).rows_of_labels(labels).check()
    project.gate(baseline=None)
    ask(project)
    take_in(project.session(), [back(project, [("e60", WRONG), *right(range(61, 80))])])
    corrected = project.root / "corrected.csv"
    corrected.write_text("id,label\n" + "".join(f"e{row},{label}\n" for row, label in enumerate(LABELS)))

    assert 1 == correct(project.session(), corrected, "typed wrong").n_rows

    assert LABELS.tolist() == project.session().testset.read_labels().values.tolist()
    assert Verdict.PASS is project.check().verdict
    with pytest.raises(Misuse, match="no label differs"):
        correct(project.session(), corrected, "once more")


@pytest.mark.parametrize("name", ["labels.csv", "labels.jsonl"])
def test_take_in__numbers(project, name):
    """Where a condition reads numbers, labels are numbers, and a number is the same one however it is written."""
    empty = {"labels.csv": "id,label\ne0,1.5\ne1,\ne2,\n", "labels.jsonl": '{"id":"e0","label":1.5}\n'}[name]
    empty += '{"id":"e1","label":null}\n{"id":"e2","label":null}\n' if name.endswith("jsonl") else ""
    (project.root / name).write_text(empty)
    project.gate(condition="mae(n, max=10, sd=1) < 2 +/- 0.5", baseline=None, testset={"labels": name})
    requests_of(project.session()).write(np.arange(3))
    given = task("e2", annotations=[{"result": [{"type": "number", "value": {"number": 2.0}}]}])

    assert 2 == take_in(project.session(), [back(project, [("e1", "0.50")]), export(project, given)])

    assert [1.5, 0.5, 2] == project.session().testset.read_labels().plain()
    for wrong, words in (
        (("e1", "0.75"), "contradict"),
        (("e1", "0.5"), "imported twice"),
        (("e1", "x"), "not a number"),
    ):
        with pytest.raises(DataError, match=words):
            take_in(project.session(), [back(project, [wrong])])


# --- refused ---------------------------------------------------------------------------------------------------------

WRONG = (LABELS[60] + 1) % 10
TABLES = {
    "unknown example": ([("e60", LABELS[60]), ("x7", 1)], r"does not have: 'x7' \(.*back.csv', line 3\)"),
    "not asked": ([*right([60]), ("e200", LABELS[200])], "already|not asked"),
    "given twice": ([*right([60]), *right([60])], "given twice: 'e60'"),
    "contradicting within": ([*right([60]), ("e60", WRONG)], r"contradict each other: 'e60' \(.*line 3\)"),
    "contradicting the set": ([("e0", (LABELS[0] + 1) % 10), ("e1", (LABELS[1] + 1) % 10)], "'e0' .* and 1 other\n"),
    "there already": (right([0, 1, 2]), "has already, imported twice"),
    "unknown class": ([("e60", 11)], "unknown classes: 'e60'"),
    "words among numbers": ([("e60", "cat")], "unknown classes"),
    "no label": ([("e60", "")], "no new label is in"),
    "a score": ([("e60", 0.7)], "is not a class"),
}


@pytest.mark.parametrize("case", TABLES)
def test_take_in__refuses(pool, case):
    """Whatever is wrong is said with its place, and nothing is taken in: no label, no receipt, no entry."""
    rows, words = TABLES[case]
    pool.gate(testset={"labels": "labels.csv", "classes": [str(digit) for digit in range(10)]})
    before = (pool.root / "labels.csv").read_bytes()

    with pytest.raises((DataError, Misuse), match=words):
        take_in(pool.session(), [back(pool, rows)])

    assert before == (pool.root / "labels.csv").read_bytes()
    assert [] == Receipts(pool.session()).read()
    assert [] == pool.kinds()


def test_take_in__not_asked_for(pool):
    """A label that no check needs is refused, though the test set lacks it: who chose it could choose the verdict."""
    labels = ["" if row in BLANK or row == 300 else str(label) for row, label in enumerate(LABELS)]
    pool.rows_of_labels(labels)

    with pytest.raises(DataError, match="not asked for: 'e300'") as caught:
        take_in(pool.session(), [back(pool, [*right([60]), ("e300", LABELS[300])])])
    assert "--request FILE" in caught.value.hint


def test_take_in__words_among_numbers_where_no_class_is_declared(pool):
    """Classes are all numbers or all words, also where nothing declares them."""
    with pytest.raises(DataError, match="mixes numbers and text"):
        take_in(pool.session(), [back(pool, [("e60", "cat")])])
    assert [] == Receipts(pool.session()).read()


def test_take_in__imported_twice(pool):
    """The same file again is named for what it is; with a new label in it, too."""
    take_in(pool.session(), [back(pool, right([60]))])
    before = (pool.root / "labels.csv").read_bytes()

    for rows in ([60], [60, 61]):
        with pytest.raises(DataError, match="imported twice"):
            take_in(pool.session(), [back(pool, right(rows))])

    assert before == (pool.root / "labels.csv").read_bytes()
    assert 1 == len(Receipts(pool.session()).read())


def test_take_in__new_only(pool, capsys):
    """A whole project is exported each time: labels that are there and agree are passed over, another one is not."""
    take_in(pool.session(), [back(pool, right([60]))], by="ann")

    assert 1 == take_in(pool.session(), [back(pool, right([0, 60, 61]))], is_new_only=True, by="bob")
    assert {"ann": 1, "bob": 1} == holdings(pool.session()).received
    before = (pool.root / "labels.csv").read_bytes()
    words = ["labels", "import", str(back(pool, right([60, 61]))), "--new-only", "--gate", str(pool.root)]
    assert 0 == cli.run(words)
    assert f"nothing new: every label is in {pool.root / 'labels.csv'} already" in capsys.readouterr().out
    assert before == (pool.root / "labels.csv").read_bytes()
    with pytest.raises(Misuse, match="no new label is in"):
        take_in(pool.session(), [back(pool, [("e62", "")])], is_new_only=True)
    with pytest.raises(DataError, match="contradict those of the test set: 'e60'"):
        take_in(pool.session(), [back(pool, [("e60", WRONG), *right([62])])], is_new_only=True)


def test_take_in__two_files_with_one_label(pool):
    """Two people's files with one example: it is for the owner to say which counts."""
    files = [back(pool, right([60])), back(pool, right([60, 61]), "other.csv")]

    with pytest.raises(DataError, match=r"given twice: 'e60' \(.*other.csv', line 2\)"):
        take_in(pool.session(), files)


EXPORTS = {
    "people disagree": ([task("e60", "1", "2")], "do not agree"),
    "two choices": (
        [task("e60", annotations=[{"result": [{"value": {"choices": ["1", "2"]}}]}])],
        "task 1 does not hold exactly one choice",
    ),
    "another test set": ([task("e60", "1", meta={"testset": "0" * 32})], "was asked for test set '000000000000'"),
    "predictions": ([task("e60", "1", predictions=[{"result": []}])], "a model's prediction"),
    "made of a prediction": (
        [task("e60", annotations=[{"parent_prediction": 3, "result": []}])],
        "a model's prediction",
    ),
    "no example": ([{"data": {"text": "x"}, "annotations": []}], r"task 1 names no example: `data.id`"),
    "minimal": ([{"id": "e60", "choice": "1"}], "names no example"),
    "not tasks": (["e60"], "is not a list of tasks"),
    "annotations that are none": ([task("e60", annotations={"a": 1})], "`annotations` is not a list"),
}


@pytest.mark.parametrize("case", EXPORTS)
def test_take_in__refuses_exports(pool, case):
    """An export that is of another kind, of another test set, or leans to a model, is refused."""
    tasks, words = EXPORTS[case]

    with pytest.raises(DataError, match=words):
        take_in(pool.session(), [export(pool, *tasks)])
    assert [] == Receipts(pool.session()).read()


def test_take_in__refuses_what_is_no_json(pool):
    """A broken export is named."""
    path = pool.root / "export.json"
    path.write_text("[{")

    with pytest.raises(DataError, match="is not JSON"):
        take_in(pool.session(), [path])


def test_take_in__refuses_a_table_without_the_column(pool):
    """The column that was filled in is named as it was asked for."""
    path = pool.root / "back.csv"
    path.write_text("id,class\ne30,1\n")

    with pytest.raises(DataError, match="has no column 'label' among its 2"):
        take_in(pool.session(), [path])


def test_take_in__refuses_other_labels_than_the_registered_ones(project):
    """A file of labels in which something else was changed takes nothing in."""
    labels = ["" if row in BLANK else str(label) for row, label in enumerate(LABELS)]
    project.gate(baseline=None, candidate={"predictions": "old.csv"}).rows_of_labels(labels).check()
    project.gate(baseline=None)
    ask(project)
    project.rows_of_labels([str((LABELS[0] + 1) % 10), *labels[1:]])

    with pytest.raises(DataError, match="labels are not those"):
        take_in(project.session(), [back(project, right())])


def test_take_in__refuses_a_retired_set(project):
    """Nothing is judged on a retired set, and its labels stand as they are."""
    project.check()
    retire(project.session(), "enough")

    with pytest.raises(TestSetRetired, match="stand as they are"):
        take_in(project.session(), [back(project, right())])


def test_take_in__refuses_arrays(project):
    """Only text tables can be filled in; what to do is said."""
    np.savez(project.root / "y.npz", id=[f"e{i}" for i in range(3)], label=np.array([1.0, np.nan, np.nan]))
    project.gate(testset={"labels": "y.npz"})
    requests_of(project.session()).write(np.array([1, 2]))

    with pytest.raises(Misuse, match="no text table"):
        take_in(project.session(), [back(project, [("e1", 4)])])


def test_take_in__labels_without_rows_or_ids(project):
    """Without ids a row of its own cannot be made: the owner is told, and nothing is taken in."""
    (project.root / "labels.csv").write_text("label\n")
    (project.root / "x.csv").write_text("x\n1\n2\n")
    project.gate(testset={"labels": "labels.csv", "features": "x.csv"})
    requests_of(project.session()).write(np.array([0, 1]))
    path = project.root / "back.csv"
    path.write_text("row,label\n1,3\n")

    with pytest.raises(DataError, match="no rows for 1 examples"):
        take_in(project.session(), [path])

    (project.root / "labels.csv").write_text('label\n""\n""\n')
    assert 1 == take_in(project.session(), [path])
    assert 'label\n3\n""\n' == (project.root / "labels.csv").read_text()


# --- interrupted -----------------------------------------------------------------------------------------------------


def test_take_in__machine_that_died_in_between(pool, monkeypatch):
    """Doing it again completes it; another label than the one on the receipt contradicts it."""
    with monkeypatch.context() as patch:
        patch.setattr(labeling, "put_in_place", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            take_in(pool.session(), [back(pool, right([60, 61]))], by="ann")
    assert N_EXAMPLES - len(BLANK) == holdings(pool.session()).n_labels

    with pytest.raises(DataError, match="contradict those of the test set: 'e60'"):
        take_in(pool.session(), [back(pool, [("e60", WRONG)])])
    assert 2 == take_in(pool.session(), [back(pool, right([60, 61]))], by="bob")

    assert {"bob": 2} == holdings(pool.session()).received


def test_receipts__damaged(pool):
    """A book that cannot be read is named, and nothing is taken in."""
    book = Receipts(pool.session()).file
    book.parent.mkdir(parents=True, exist_ok=True)
    book.write_text("nonsense\n")

    with pytest.raises(DataError, match=r"receipts for labels .* cannot be read"):
        take_in(pool.session(), [back(pool, right())])


# --- what a request tells --------------------------------------------------------------------------------------------


def test_request__says_nothing_of_predictions(project):
    """Models that differ on the same examples in other ways are asked about in the same bytes."""
    project.rows_of_labels([""] * N_EXAMPLES)
    said = []
    for shift in (1, 2, 5):
        values = LABELS.copy()
        values[60:160] = (values[60:160] + shift) % 10
        project._table("old.csv", "prediction", values)
        project.model("new.csv", 0)
        ask(project)
        folder = project.root / ".proctor/requests"
        said.append({path.name: path.read_bytes() for path in folder.iterdir()})

    assert 2 == len(said[0])
    assert said[0] == said[1] == said[2]
