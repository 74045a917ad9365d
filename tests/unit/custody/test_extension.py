"""Growing test sets: the account goes on, questions are new, and whatever is not a fresh example is refused."""

from __future__ import annotations

import csv
import dataclasses
import os
from unittest import mock

import numpy as np
import pytest
from gate.project import LABELS, N_EXAMPLES, Project

from proctor import cli, gatefile
from proctor.custody import changes
from proctor.custody.changes import Attempt
from proctor.custody.corrections import correct
from proctor.custody.extension import extend
from proctor.custody.retirement import retire
from proctor.custody.settings import name_baseline
from proctor.custody.succession import Wish, register
from proctor.errors import (
    AccountHandedOn,
    BudgetSpent,
    DataError,
    EvaluationPending,
    LedgerCorrupt,
    Misuse,
    TestSetRetired,
    ToleranceOutOfReach,
)
from proctor.gate.check import check as judge
from proctor.gate.registry import Registry
from proctor.ledger.lives import lives
from proctor.ledger.records import Evaluated, Extended
from proctor.runtime import Runtime
from proctor.testset.keys import generate_key

from .test_succession import renewed

MORE = np.random.default_rng(14).integers(0, 10, 100)
REASON = "those that arrived in March"


def table(project: Project, name: str, column: str, values, first: int = N_EXAMPLES) -> None:
    with (project.root / name).open("w", newline="") as file:
        csv.writer(file).writerows([("id", column), *((f"e{i}", value) for i, value in enumerate(values, first))])


def grow(project: Project, **how):
    """Extend by a hundred examples."""
    table(project, "more.csv", "label", MORE)
    return extend(project.session(**how), [project.root / "more.csv"], [], REASON)


def predict_all(project: Project, name: str, n_wrong: int) -> None:
    """Predictions on all examples, the new ones included."""
    values = np.concatenate([LABELS, MORE])
    values[:n_wrong] = (values[:n_wrong] + 1) % 10
    table(project, name, "prediction", values, 0)


def life_of(project: Project):
    (life,) = lives(project.entries()).values()
    return life


def test_extend__account_goes_on_and_the_question_is_new(project):
    """The same candidate and commit on more examples is another question, and paid; asked again, it is answered."""
    first = project.check()
    before = life_of(project).account

    done = grow(project)

    assert (100, 500) == (done.record.n_added, done.record.n_examples)
    assert before == life_of(project).account
    for name, n_wrong in (("old.csv", 160), ("new.csv", 40)):
        predict_all(project, name, n_wrong)
    project.gate(baseline={"predictions": "old.csv"})
    name_baseline(project.session(), project.root / "old.csv")
    second, third = project.check(), project.check()
    assert (first.entry, second.entry) != (second.entry, first.entry)
    assert (2, False, True) == (second.step, second.replayed, third.replayed)
    assert (500, first.testset.fingerprint) == (second.testset.n_examples, second.testset.fingerprint)


def test_extend__predictions_of_before_are_named_with_what_to_run(project):
    """A file without the new ids is refused by its name, free, with what makes it fit."""
    project.check()
    grow(project)

    with pytest.raises(DataError, match=r"new.csv' has no prediction for 100 ids") as caught:
        project.check()

    assert "run the model on all 500 examples" in caught.value.hint
    assert 1 == len(project.records(Evaluated))


def test_extend__accepted_predictions_are_named_with_what_to_run(project):
    """An accepted file of predictions is about the examples of before, and says so."""
    project.gate(baseline=None)
    project.check()
    grow(project)
    predict_all(project, "new.csv", 20)

    with pytest.raises(DataError, match="predicted the test set before its examples were changed") as caught:
        project.check()
    assert "proctor testset baseline" in caught.value.hint


PROGRAM = "import csv, sys\nrows = list(csv.DictReader(open(sys.argv[1])))\nout = csv.writer(open(sys.argv[2], 'w'))\n"
PROGRAM += "out.writerow(['id', 'prediction'])\nout.writerows([r['id'], int(r['x']) % {modulus}] for r in rows)\n"


def test_extend__models_are_run_again(project):
    """An accepted program is run on the new examples, recognized on the old ones, and compared on all."""
    project.environ["PROCTOR_COMMIT"] = ""
    (project.root / "model.py").write_text(PROGRAM.format(modulus=7))
    project.features()
    program = {"command": "python model.py {features} {predictions}", "files": ["model.py"]}
    testset = {"labels": "labels.csv", "features": "features.csv"}
    project.gate(baseline=None, candidate=program, testset=testset)
    project.check()
    table(project, "more.csv", "label", MORE)
    table(project, "more-x.csv", "x", np.arange(5_000, 5_100))

    with pytest.raises(Misuse, match="has features, and those of the new examples are not named"):
        extend(project.session(), [project.root / "more.csv"], [], REASON)
    extend(project.session(), [project.root / "more.csv"], [project.root / "more-x.csv"], REASON)

    again = project.check()
    assert ("first accepted", True, 500) == (again.basis, again.replayed, again.testset.n_examples)
    assert 501 == len((project.root / "features.csv").read_text().splitlines())


def test_extend__new_examples_that_do_not_look_like_the_others(project, capsys):
    """A note that says by which feature; of features that are drawn alike there is none."""
    rng = np.random.default_rng(6)
    table(project, "features.csv", "x", rng.normal(size=N_EXAMPLES), 0)
    project.gate(testset={"labels": "labels.csv", "features": "features.csv"}).check()
    more, more_x = (project.root / name for name in ("more.csv", "more-x.csv"))
    said = []
    for shift, first in ((0, N_EXAMPLES), (2, N_EXAMPLES + 100)):
        table(project, more.name, "label", MORE, first)
        table(project, more_x.name, "x", rng.normal(size=100) + shift, first)
        words = ["testset", "extend", str(more), str(project.root), "--features", str(more_x), "--reason", REASON]
        assert 0 == cli.run(words)
        said.append(capsys.readouterr().err)

    assert "" == said[0]
    assert "note: the new examples do not look like those of before: 'x' is at most" in said[1]


def test_extend__sealed_labels_stay_sealed(project):
    """The new labels are sealed with the set's key, for the same inputs; another key opens nothing."""
    project.sealed().check()
    sealed = project.root / "labels.csv.sealed"
    own, project.environ["PROCTOR_KEY"] = project.environ["PROCTOR_KEY"], generate_key().text
    with pytest.raises(LedgerCorrupt, match=r"^wrong key: every entry"):
        grow(project)
    project.environ["PROCTOR_KEY"] = own
    before = sealed.read_bytes()

    grow(project)

    assert sealed.read_bytes() != before
    assert b"label" not in sealed.read_bytes()[200:]
    for name, n_wrong in (("old.csv", 160), ("new.csv", 30)):
        predict_all(project, name, n_wrong)
    project.gate(baseline={"predictions": "old.csv"}, testset={"labels": "labels.csv.sealed"})
    name_baseline(project.session(), project.root / "old.csv")
    assert ("pass", 500) == (project.check().verdict, project.check().testset.n_examples)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,label\ne7,1\nf2,3\n", "1 id of the new examples stands in the test set already"),
        ("id,label\n" + "".join(f"e{i},{LABELS[i]}\n" for i in range(N_EXAMPLES)) + "f1,2\n", "400 ids of the new"),
        ("id,truth\nf1,1\n", "line of column names"),
        ("id,label\nf1,1\nf1,2\n", "2 times"),
        ("id,label\nf1,\n", "have no label|has no label"),
        ("id,label\nf1,cat\n", "."),
    ],
)
def test_extend__refusals(project, content, message):
    """Known ids, whole files, other columns, ids given twice and labels that are none: clear, and nothing recorded."""
    project.check()
    before = (project.root / "labels.csv").read_bytes()
    (project.root / "more.csv").write_text(content)

    with pytest.raises((DataError, Misuse), match=message):
        extend(project.session(), [project.root / "more.csv"], [], REASON)

    assert [] == project.records(Extended)
    assert before == (project.root / "labels.csv").read_bytes()


def test_extend__labels_of_another_task(project):
    """Where no new label is a class of before, nothing is recorded; where one is, the others are new classes."""
    words = np.array(["cat", "dog"])[LABELS % 2]
    for name, column in (("labels.csv", "label"), ("old.csv", "prediction"), ("new.csv", "prediction")):
        table(project, name, column, words, 0)
    project.check()
    table(project, "more.csv", "label", ["ham", "spam"])

    with pytest.raises(DataError, match="none of the new labels is a class"):
        extend(project.session(), [project.root / "more.csv"], [], REASON)

    table(project, "more.csv", "label", ["ham", "cat"])
    extend(project.session(), [project.root / "more.csv"], [], REASON)
    assert [2] == [record.n_added for record in project.records(Extended)]


def test_extend__examples_under_other_ids(project):
    """Old features under new ids are the old examples."""
    project.features().check()
    table(project, "more.csv", "label", MORE)
    table(project, "more-x.csv", "x", np.arange(100))

    with pytest.raises(DataError, match="100 of the 100 new examples are in test set"):
        extend(project.session(), [project.root / "more.csv"], [project.root / "more-x.csv"], REASON)


def balanced(project: Project, name: str, n_rows: int, first: int) -> None:
    """Features of which one is balanced by design, and the other is the date: no row is in two tables."""
    with (project.root / name).open("w", newline="") as file:
        rows = ((f"e{first + i}", i % 16, f"day {first} {i % 9}") for i in range(n_rows))
        csv.writer(file).writerows([("id", "store", "day"), *rows])


def test_extend__columns_that_are_balanced_by_design(project, capsys):
    """The column is named, with what to do; faults of the files are said first; and the owner's word is on record."""
    balanced(project, "features.csv", N_EXAMPLES, 0)
    project.gate(testset={"labels": "labels.csv", "features": "features.csv"}).check()
    more, more_x = project.root / "more.csv", project.root / "more-x.csv"
    values = np.random.default_rng(5).integers(0, 10, N_EXAMPLES)
    table(project, "more.csv", "label", values)

    balanced(project, "more-x.csv", N_EXAMPLES - 9, N_EXAMPLES)
    with pytest.raises(DataError, match="9 examples, 'e791' the first"):
        extend(project.session(), [more], [more_x], REASON)
    balanced(project, "more-x.csv", N_EXAMPLES, N_EXAMPLES)
    with pytest.raises(DataError, match="column 'store' has each of its values about as often as in test") as caught:
        extend(project.session(), [more], [more_x], REASON)
    assert "balanced by design" in caught.value.hint
    assert "--another-set REASON" in caught.value.hint
    table(project, "more.csv", "label", ["ham"] * N_EXAMPLES)
    with pytest.raises(DataError, match="mixes numbers and text"):
        extend(project.session(), [more], [more_x], REASON)

    table(project, "more.csv", "label", values)
    words = ["testset", "extend", str(more), str(project.root), "--features", str(more_x), "--reason", REASON]
    assert 2 == cli.run([*words, "--another-set", " "])
    assert 0 == cli.run([*words, "--another-set", "25 of each store, as every month"])
    assert ["25 of each store, as every month"] == [each.another for each in project.records(Extended)]
    capsys.readouterr()
    assert 0 == cli.run(["testset", "show", str(project.root)])
    assert f"{REASON}; others than they look like: 25 of each store, as every month" in capsys.readouterr().out


def test_extend__another_set_excuses_no_example_that_is_there(project):
    """Rows and ids that are in the books are refused whatever is said of them."""
    project.features().check()
    table(project, "more.csv", "label", MORE)
    table(project, "more-x.csv", "x", np.arange(100))

    with pytest.raises(DataError, match="100 of the 100 new examples are in test set"):
        extend(project.session(), [project.root / "more.csv"], [project.root / "more-x.csv"], REASON, "by chance")


def test_extend__examples_of_another_set(project):
    """What was in any registered set, one that was followed too, is no fresh example."""
    project.check()
    renewed(project, "two")
    register(project.session(), Wish(follows=True, baseline=project.root / "two-present.csv"))
    (project.root / "more.csv").write_text("id,label\ne3,1\nf1,2\n")

    with pytest.raises(DataError, match="1 of the 2 new examples are in test set"):
        extend(project.session(), [project.root / "more.csv"], [], REASON)


@pytest.mark.parametrize("has_features", [False, True])
def test_extend__says_which_of_several_files_holds_known_examples(project, has_features):
    """By their ids or by their features: in a long list of files nobody would find it."""
    (project.features() if has_features else project).check()
    names, said = ("march", "april", "may"), r"new examples \('[^',]*april[^',]*'\) (stand|are) in"
    for place, name in enumerate(names):
        first = 1_000 * (place + 1)
        is_known = name == "april"
        table(project, f"{name}.csv", "label", MORE, 0 if is_known and not has_features else first)
        table(project, f"{name}-x.csv", "x", np.arange(100) + (350 if is_known else first), first)
    files = [[project.root / f"{name}{end}.csv" for name in names] for end in ("", "-x")]

    with pytest.raises(DataError, match=said):
        extend(project.session(), files[0], files[1] if has_features else [], REASON)
    assert [] == project.records(Extended)


def test_extend__says_which_of_several_files_is_at_fault(project):
    """An undeclared class and an id given twice are named by their own file, and the class by its line."""
    project.gate(testset={"labels": "labels.csv", "classes": list(range(10))}).check()
    good, bad = project.root / "march.csv", project.root / "april.csv"
    table(project, good.name, "label", MORE[:3])
    for first, values, said in (
        (N_EXAMPLES + 3, (1, 77), r"april.csv' has 1 label that is not a declared class, in line 3"),
        (N_EXAMPLES + 2, (1, 2), rf"april.csv' gives the id 'e{N_EXAMPLES + 2}' that '.*march.csv' gives, too"),
    ):
        table(project, bad.name, "label", values, first)
        with pytest.raises(DataError, match=said):
            extend(project.session(), [good, bad], [], REASON)

    assert [] == project.records(Extended)


def test_extend__several_files_at_once(project, capsys):
    """Cohorts in files of their own are one extension, in their order; a last folder or gate file is the gate's."""
    project.check()
    table(project, "march.csv", "label", MORE[:60])
    table(project, "april.csv", "label", MORE[60:], 1_000)
    files = [str(project.root / name) for name in ("march.csv", "april.csv")]

    assert 0 == cli.run(["testset", "extend", *files, str(project.root / "proctor.yml"), "--reason", REASON])

    assert "grew by 100 examples to 500" in capsys.readouterr().out
    rows = (project.root / "labels.csv").read_text().splitlines()
    assert ("e400", "e459", "e1000") == tuple(rows[place].split(",")[0] for place in (401, 460, 461))


def test_extend__again_when_it_is_done(project, capsys):
    """What is there is said with its entry and its reason, and no file is touched; after the next one it is refused."""
    project.sealed().check()
    grow(project)
    sealed = (project.root / "labels.csv.sealed").read_bytes()
    more = str(project.root / "more.csv")
    words = ["testset", "extend", more, str(project.root), "--reason", "for another reason"]
    with mock.patch.dict(os.environ, project.environ):
        assert 0 == cli.run(words)

    said = capsys.readouterr()
    assert "has the 100 examples of these files already, since entry 3 of the ledger, 20" in said.out
    assert "completed" not in said.out
    assert f"the recorded reason stands: {REASON}" in said.err
    assert sealed == (project.root / "labels.csv.sealed").read_bytes()
    assert 1 == len(project.records(Extended))

    table(project, "april.csv", "label", MORE[:50], 1_000)
    extend(project.session(), [project.root / "april.csv"], [], REASON)
    with pytest.raises(DataError, match="100 ids of the new examples stand in the test set already"):
        extend(project.session(), [project.root / "more.csv"], [], REASON)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["labels.csv"], "labels.csv' is the test set's own file"),
        (["more.csv", "more.csv"], "more.csv' is named twice"),
        (["more.csv", "copy.csv"], "copy.csv' gives the id 'e400' that '.*more.csv' gives, too"),
        (["whole.csv"], "are the last ones of the test set already"),
        (["end.csv"], "are the last ones of the test set already"),
        (["relabeled.csv"], "100 ids of the new examples stand in the test set already"),
    ],
)
def test_extend__files_named_amiss(project, files, message):
    """The set's own file and its last rows repeat nothing that was added; of two files alike none is taken."""
    project.check()
    grow(project)
    for name, first in (("whole.csv", 1), ("end.csv", 451), ("copy.csv", 401)):
        rows = (project.root / "labels.csv").read_bytes().splitlines(keepends=True)
        (project.root / name).write_bytes(b"".join([rows[0], *rows[first:]]))
    table(project, "relabeled.csv", "label", (MORE + 1) % 10)

    with pytest.raises((DataError, Misuse), match=message):
        extend(project.session(), [project.root / name for name in files], [], REASON)

    assert 1 == len(project.records(Extended))


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "x" * 201])
def test_extend__reason_is_one_line(project, reason):
    """The reason is public: one printable line."""
    with pytest.raises(Misuse, match="one line"):
        extend(project.session(), [project.root / "more.csv"], [], reason)


def test_extend__a_set_that_is_over(project):
    """Neither a retired set grows, nor one whose account was handed on."""
    project.check()
    gate = (project.root / "proctor.yml").read_text()
    renewed(project, "two")
    register(project.session(), Wish(follows=True, baseline=project.root / "two-present.csv"))
    (project.root / "proctor.yml").write_text(gate)

    with pytest.raises(AccountHandedOn, match="was handed on"):
        grow(project)
    retire(project.session(), "enough")
    with pytest.raises(TestSetRetired, match="no longer changes"):
        grow(project)


def test_extend__a_set_that_has_spent_all(project):
    """No example brings back a budget that is spent."""
    project.gate(stakes="guaranteed", steps=1, passes=1).model("new.csv", 160)
    project.check()

    with pytest.raises(BudgetSpent, match="no example brings back"):
        grow(project)


def test_extend__while_an_evaluation_has_begun(project):
    """An evaluation that has begun is about the examples that were in use then."""
    project.check()
    project.begin()

    with pytest.raises(EvaluationPending, match="has begun and not ended"):
        grow(project)


@pytest.mark.parametrize("written", [0, 1])
def test_extend__machine_that_died_after_the_entry(project, monkeypatch, written):
    """The old files are refused until the same command completes what was recorded; it is recorded once."""
    project.features().check()
    table(project, "more.csv", "label", MORE)
    table(project, "more-x.csv", "x", np.arange(5_000, 5_100))
    act = ([project.root / "more.csv"], [project.root / "more-x.csv"], REASON)
    real, calls = changes.put_in_place, []

    def dies(*arguments) -> None:
        calls.append(arguments)
        if len(calls) > written:
            raise KeyboardInterrupt
        real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(changes, "put_in_place", dies)
        with pytest.raises(KeyboardInterrupt):
            extend(project.session(), *act)
    with pytest.raises(DataError, match="which was extended to 500"):
        project.check()

    done = extend(project.session(), *act)

    assert Attempt.COMPLETING is done.attempt
    assert 1 == len(project.records(Extended))
    assert Attempt.REPEATED is extend(project.session(), *act).attempt
    predict_all(project, "new.csv", 20)
    assert 501 == len((project.root / "labels.csv").read_text().splitlines())


def test_extend__machine_that_died_before_the_register_was_written(project, monkeypatch):
    """The register that the entry speaks of was drafted before it, and is settled by the same command again."""
    project.check()
    with monkeypatch.context() as patch:
        patch.setattr(Registry, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            grow(project)

    assert Attempt.COMPLETING is grow(project).attempt

    table(project, "april.csv", "label", MORE[:50], 1_000)
    assert 550 == extend(project.session(), [project.root / "april.csv"], [], REASON).record.n_examples


def test_extend__then_correct(project):
    """Labels of an extended set are corrected as ever, and it grows on from there."""
    project.check()
    grow(project)
    labels = np.concatenate([LABELS, MORE])
    labels[450] = (labels[450] + 1) % 10
    table(project, "corrected.csv", "label", labels, 0)

    assert 1 == correct(project.session(), project.root / "corrected.csv", "typed wrong").n_rows
    table(project, "april.csv", "label", MORE[:50], 1_000)
    done = extend(project.session(), [project.root / "april.csv"], [], "those of April")

    assert 550 == done.record.n_examples
    life = life_of(project)
    assert (550, life.labels) == (life.in_use.n_examples, done.record.labels)


def test_extend__changed_labels_are_refused(project):
    """Labels that were changed without a word are no labels to go on from."""
    project.check()
    labels = LABELS.copy()
    labels[3] = (labels[3] + 1) % 10
    project.labels(labels)

    with pytest.raises(DataError, match="labels are not those"):
        grow(project)


def test_hint__says_both_ways_on(project):
    """Exit 4 says how many examples are lacking, and so many are enough."""
    project.check()
    project.model("third.csv", 10).gate(candidate={"predictions": "third.csv"}, condition="n - o > 0 +/- 0.05")

    with pytest.raises(ToleranceOutOfReach) as caught:
        project.check()

    assert "labeled examples: `proctor testset extend`. They are enough for the next evaluation." in caught.value.hint
    more, lasting = (
        int(caught.value.hint.split(words)[1].split(" ")[0].replace(",", "")) for words in ("at least ", "With ")
    )
    assert more < lasting
    values = np.random.default_rng(3).integers(0, 10, more)
    table(project, "more.csv", "label", values)
    extend(project.session(), [project.root / "more.csv"], [], REASON)
    with pytest.raises(DataError, match="has no prediction for"):
        project.check()


# --- at once ---------------------------------------------------------------------------------------------------------


def test_extend__two_at_once(shared):
    """Of two extensions of the same files one is recorded; the other is decided again, and refused until it follows."""
    table(shared, "march.csv", "label", MORE)
    table(shared, "april.csv", "label", MORE[:50], 1_000)
    labels = shared.root / "labels.csv"
    mine, theirs = labels.read_bytes(), []

    def come_between() -> str:
        if not theirs:
            theirs.append(b"")
            extend(shared.session(), [shared.root / "march.csv"], [], REASON)
            theirs[0] = labels.read_bytes()
            labels.write_bytes(mine)  # in the other one's clone they are as they were
        return "2026-11-23T21:43:00Z"

    session = dataclasses.replace(shared.session(), runtime=Runtime(dict(shared.environ), now=come_between))
    with pytest.raises(DataError, match="which was extended to 500"):
        extend(session, [shared.root / "april.csv"], [], REASON)

    labels.write_bytes(theirs[0])
    assert 1 == len(shared.records(Extended))
    done = extend(shared.session(), [shared.root / "april.csv"], [], REASON)
    assert 550 == done.record.n_examples


def test_extend__while_a_candidate_is_being_judged(shared):
    """A verdict on the examples of before is not recorded behind the extension: the check is decided again."""
    shared.model("third.csv", 10).gate(candidate={"predictions": "third.csv"}, ledger=shared.session().gate.ledger)
    waiting = [True]

    def come_between(sentence: str) -> None:
        if sentence == "judging" and waiting:
            waiting.clear()
            grow(shared)

    with pytest.raises(DataError, match="which was extended to 500"):
        judge(gatefile.load(shared.root), Runtime(dict(shared.environ), progress=come_between))

    assert 1 == len(shared.records(Evaluated))
