"""Dropping the oldest examples: the account goes on, models are recognized on what stays, and nothing comes back."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt

import numpy as np
import pytest
from gate.project import LABELS, N_EXAMPLES, Project

from proctor import cli, gatefile
from proctor.custody import changes
from proctor.custody.changes import Attempt
from proctor.custody.dropping import Before, Oldest, drop
from proctor.custody.extension import extend
from proctor.custody.retirement import retire
from proctor.custody.settings import name_baseline
from proctor.custody.succession import Wish, register
from proctor.errors import DataError, EvaluationPending, Misuse, TestSetRetired
from proctor.gate.check import check as judge
from proctor.ledger.lives import lives
from proctor.ledger.records import Dropped, Evaluated
from proctor.runtime import Runtime

REASON = "older than a year, as agreed"
PROGRAM = "import csv, sys\nrows = list(csv.DictReader(open(sys.argv[1])))\nout = csv.writer(open(sys.argv[2], 'w'))\n"
PROGRAM += "out.writerow(['id', 'prediction'])\nout.writerows([r['id'], (int(r['x']) + {shift}) % 10] for r in rows)\n"


def table(project: Project, name: str, header, rows) -> None:
    with (project.root / name).open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def predict(project: Project, name: str, first: int, n_wrong: int) -> None:
    """Predictions on the examples from *first* on."""
    values = LABELS[first:].copy()
    values[:n_wrong] = (values[:n_wrong] + 1) % 10
    rows = ((f"e{i}", value) for i, value in enumerate(values, first))
    table(project, name, ("id", "prediction"), rows)


def dated(project: Project) -> None:
    """Features with a date, one example a day from 1 January 2026 on, in no order of time; a cell has two lines."""
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=int(i)) for i in np.random.default_rng(5).permutation(N_EXAMPLES)]
    rows = [(f"e{i}", i, f"{day}T08:00", "a\nb" if i == 7 else "c") for i, day in enumerate(days)]
    table(project, "features.csv", ("id", "x", "arrived", "text"), rows)
    project.gate(testset={"labels": "labels.csv", "features": "features.csv"})


def life_of(project: Project):
    (life,) = lives(project.entries()).values()
    return life


def test_drop__account_goes_on_and_the_question_is_new(project):
    """The same candidate on fewer examples is another question, and paid; asked again, it is answered."""
    first = project.check()
    before = life_of(project).account

    done = drop(project.session(), Oldest(100), REASON)

    assert (100, 300, "the oldest 100 examples") == (done.record.n_dropped, done.record.n_examples, done.record.rule)
    assert before == life_of(project).account
    with pytest.raises(DataError, match="100") as caught:
        project.check()
    assert "run the model on all 300 examples" in caught.value.hint
    predict(project, "old.csv", 100, 120)
    predict(project, "new.csv", 100, 20)
    name_baseline(project.session(), project.root / "old.csv")
    second, third = project.check(), project.check()
    assert (2, False, True) == (second.step, second.replayed, third.replayed)
    assert (300, first.testset.fingerprint) == (second.testset.n_examples, second.testset.fingerprint)


def test_drop__by_a_date_that_was_registered(project):
    """Rows go from every file by their date, whatever their order, and other rows stay as they are written."""
    dated(project)
    project.check()

    done = drop(project.session(), Before(dt.date(2026, 4, 11), "arrived"), REASON)

    assert (100, "those with 'arrived' before 2026-04-11") == (done.record.n_dropped, done.record.rule)
    with (project.root / "features.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (project.root / "labels.csv").open(newline="") as file:
        assert [row["id"] for row in rows] == [row["id"] for row in csv.DictReader(file)]
    assert (300, "2026-04-11T08:00") == (len(rows), min(row["arrived"] for row in rows))
    assert {"a\nb", "c"} >= {row["text"] for row in rows}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Before(dt.date(2026, 4, 11), "label"), "not known by a column 'label'"),
        (Before(dt.date(2026, 4, 11), "text"), "cannot be read"),
        (Before(dt.date(2026, 1, 1), "arrived"), "that is none of the 400"),
        (Before(dt.date(2030, 1, 1), "arrived"), "that is every one of the 400"),
        (Oldest(400), "that is every one of the 400"),
    ],
)
def test_drop__refusals(project, rule, message):
    """Dates that anybody could have changed, no dates, and rules by which nothing stays or goes: nothing recorded."""
    dated(project)
    project.check()

    with pytest.raises((DataError, Misuse), match=message):
        drop(project.session(), rule, REASON)

    assert [] == project.records(Dropped)


def test_drop__dropped_examples_never_come_back(project):
    """Neither in an extension nor as another test set, which would have a budget of its own."""
    project.check()
    gone = [(f"e{i}", label) for i, label in enumerate(LABELS[:100])]
    drop(project.session(), Oldest(100), REASON)
    table(project, "more.csv", ("id", "label"), gone)

    with pytest.raises(DataError, match="100 of the 100 new examples are in test set"):
        extend(project.session(), [project.root / "more.csv"], [], REASON)
    project.gate(testset={"labels": "more.csv"})
    with pytest.raises(DataError, match="100 of its 100 ids in common"):
        register(project.session(), Wish(follows=False))


def test_drop__then_extend_then_drop(project):
    """Cohorts come and go; what is oldest is what was there first."""
    project.check()
    table(project, "more.csv", ("id", "label"), [(f"f{i}", i % 10) for i in range(50)])

    drop(project.session(), Oldest(100), REASON)
    extend(project.session(), [project.root / "more.csv"], [], "those of March")
    done = drop(project.session(), Oldest(100), REASON)

    assert 250 == done.record.n_examples
    assert "e200" == (project.root / "labels.csv").read_text().splitlines()[1].split(",")[0]
    assert done.record.labels == life_of(project).labels


def test_drop__in_another_order_than_extended(project):
    """If younger examples were put in front, they would be dropped for the oldest."""
    project.check()
    table(project, "more.csv", ("id", "label"), [(f"f{i}", i % 10) for i in range(50)])
    extend(project.session(), [project.root / "more.csv"], [], "those of March")
    header, *rows = (project.root / "labels.csv").read_text().splitlines()
    (project.root / "labels.csv").write_text("\n".join([header, *reversed(rows)]) + "\n")

    with pytest.raises(DataError, match="another order"):
        drop(project.session(), Oldest(50), REASON)


def program(project: Project, shift: int) -> dict[str, object]:
    (project.root / "model.py").write_text(PROGRAM.format(shift=shift))
    return {"command": "python model.py {features} {predictions}", "files": ["model.py"]}


def accepted_program(project: Project) -> None:
    """Accept a program on open inputs as the first baseline."""
    project.features()
    project.environ["PROCTOR_COMMIT"] = ""
    testset = {"labels": "labels.csv", "features": "features.csv"}
    project.gate(baseline=None, candidate=program(project, 0), testset=testset)
    project.check()


def test_drop__accepted_model_is_recognized_on_what_stays(project):
    """What it predicts there is noted with the drop, and its predictions are kept for the next comparison."""
    accepted_program(project)

    done = drop(project.session(), Oldest(100), REASON)

    assert 1 == len(done.record.pins)
    project.gate(
        baseline=None, candidate=program(project, 1), testset={"labels": "labels.csv", "features": "features.csv"}
    )
    assert (300, True) == ((found := project.check()).testset.n_examples, found.basis == "judged")


def test_drop__model_of_which_nothing_was_noted(project):
    """Where its predictions were not at hand, an accepted model is not taken for the baseline on its word."""
    accepted_program(project)
    for kept in (project.root / ".proctor").rglob("*.npz"):
        if "labels" not in kept.name:
            kept.unlink()
    done = drop(project.session(), Oldest(100), REASON)
    assert {} == done.record.pins
    (accepted,) = [taken.record.candidate for taken in life_of(project).verdicts]
    session = project.session()

    with pytest.raises(DataError, match="examples were dropped since") as caught:
        session.predicting.refuse_unfaithful(life_of(project), session.runner.earlier(accepted))
    assert "proctor testset baseline" in caught.value.hint


def test_drop__labels_in_an_archive(project):
    """Labels in NPZ grow and shrink as those in text do, and the gate reads what was written."""
    names = np.array([f"e{i}" for i in range(N_EXAMPLES)])
    np.savez(project.root / "labels.npz", id=names, label=LABELS)
    np.savez(project.root / "more.npz", id=np.array([f"f{i}" for i in range(50)]), label=np.arange(50) % 10)
    project.gate(testset={"labels": "labels.npz"})
    project.check()

    assert 450 == extend(project.session(), [project.root / "more.npz"], [], "those of March").record.n_examples
    assert 350 == drop(project.session(), Oldest(100), REASON).record.n_examples

    with np.load(project.root / "labels.npz") as found:
        assert ("e100", "f49") == (found["id"][0], found["id"][-1])
    with pytest.raises(DataError) as caught:
        project.check()
    assert "run the model on all 350 examples" in caught.value.hint


def test_drop__sealed_labels_stay_sealed(project):
    """The labels that stay are sealed again, for the same inputs."""
    project.sealed().check()

    drop(project.session(), Oldest(100), REASON)

    sealed = (project.root / "labels.csv.sealed").read_bytes()
    assert sealed.startswith(b"PROCTOR")
    predict(project, "old.csv", 100, 120)
    predict(project, "new.csv", 100, 20)
    project.gate(testset={"labels": "labels.csv.sealed"})
    name_baseline(project.session(), project.root / "old.csv")
    assert ("pass", 300) == (project.check().verdict, project.check().testset.n_examples)


@pytest.mark.parametrize("written", [0, 1])
def test_drop__machine_that_died_after_the_entry(project, monkeypatch, written):
    """The old files are refused until the same command completes what was recorded; it is recorded once."""
    project.features().check()
    real, calls = changes.put_in_place, []

    def dies(*arguments) -> None:
        calls.append(arguments)
        if len(calls) > written:
            raise KeyboardInterrupt
        real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(changes, "put_in_place", dies)
        with pytest.raises(KeyboardInterrupt):
            drop(project.session(), Oldest(100), REASON)
    with pytest.raises(DataError, match="which was reduced to 300"):
        project.check()

    assert Attempt.COMPLETING is drop(project.session(), Oldest(100), REASON).attempt

    assert 1 == len(project.records(Dropped))
    assert 301 == len((project.root / "labels.csv").read_text().splitlines())
    assert 301 == len((project.root / "features.csv").read_text().splitlines())
    assert 200 == drop(project.session(), Oldest(100), REASON).record.n_examples


def test_drop__on_the_command_line(project, capsys):
    """The command says what it did, what to run, and what may not decide it; a rule is said in one way."""
    project.check()
    act = ("testset", "drop", str(project.root), "--reason", REASON)

    assert 2 == cli.run([*act, "--oldest", "3", "--before", "2026-01-01"])
    assert "Say either --oldest N, or --before DATE" in capsys.readouterr().err
    assert 0 == cli.run([*act, "--oldest", "3"])

    out = capsys.readouterr().out
    assert "dropped 3 examples, 397 stay" in out
    assert "old.csv is about more examples: run its model on all 397." in out
    assert "Never from labels" in out
    assert 0 == cli.run(["testset", "show", str(project.root)])
    assert f"by 3 examples to 397 in entry 3 (the oldest 3 examples): {REASON}" in capsys.readouterr().out


def test_drop__is_shown_with_extensions_in_order_of_time(project, capsys):
    """The life of the test set is told as it was."""
    project.check()
    extend_by(project, 7, 1_000)
    drop(project.session(), Oldest(1), REASON)
    extend_by(project, 1, 2_000)

    assert 0 == cli.run(["testset", "show", str(project.root)])

    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("extended", "reduced"))]
    assert ["by 7 examples to 407", "by 1 example to 406", "by 1 example to 407"] == [
        line[11:].split(" in entry")[0] for line in lines
    ]


def extend_by(project: Project, n_examples: int, first: int) -> None:
    rows = ((f"e{i}", i % 10) for i in range(first, first + n_examples))
    table(project, "more.csv", ("id", "label"), rows)
    extend(project.session(), [project.root / "more.csv"], [], "those of March")


def test_drop__leaves_too_few_on_purpose_alone(project, capsys):
    """Where the next evaluation would be out of reach, the owner has to say so: what goes never comes back."""
    project.check()
    act = ["testset", "drop", str(project.root), "--oldest", str(N_EXAMPLES - 1), "--reason", REASON]

    assert 2 == cli.run(act)
    said = capsys.readouterr().err
    assert "1 example would stay, and the next evaluation takes" in said
    assert "What is dropped never comes back" in said
    assert [] == project.records(Dropped)

    assert 0 == cli.run([*act, "--yes"])
    assert "dropped 399 examples, 1 stays" in capsys.readouterr().out


def test_drop__a_set_that_is_over_or_being_asked(project):
    """While an evaluation has begun, and after retirement, examples stay."""
    project.check()
    project.begin()
    with pytest.raises(EvaluationPending, match="has begun and not ended"):
        drop(project.session(), Oldest(100), REASON)
    assert 1 == len(project.records(Evaluated))


def test_drop__a_retired_set(project):
    """A retired set is an archive."""
    project.check()
    retire(project.session(), "enough")

    with pytest.raises(TestSetRetired, match="no longer changes"):
        drop(project.session(), Oldest(100), REASON)


# --- at once ---------------------------------------------------------------------------------------------------------


def test_drop__two_at_once(shared):
    """Of two drops from the same files one is recorded; the other is decided again, and refused until it follows."""
    labels = shared.root / "labels.csv"
    mine, theirs = labels.read_bytes(), []

    def come_between() -> str:
        if not theirs:
            theirs.append(b"")
            drop(shared.session(), Oldest(50), REASON)
            theirs[0] = labels.read_bytes()
            labels.write_bytes(mine)  # in the other one's clone they are as they were
        return "2026-11-23T21:43:00Z"

    session = dataclasses.replace(shared.session(), runtime=Runtime(dict(shared.environ), now=come_between))
    with pytest.raises(DataError, match="which was reduced to 350"):
        drop(session, Oldest(100), REASON)

    labels.write_bytes(theirs[0])
    assert 1 == len(shared.records(Dropped))
    assert 250 == drop(shared.session(), Oldest(100), REASON).record.n_examples


def test_drop__while_a_candidate_is_being_judged(shared):
    """A verdict on the examples of before is not recorded behind the drop: the check is decided again."""
    shared.model("third.csv", 10).gate(candidate={"predictions": "third.csv"}, ledger=shared.session().gate.ledger)
    waiting = [True]

    def come_between(sentence: str) -> None:
        if sentence == "judging" and waiting:
            waiting.clear()
            drop(shared.session(), Oldest(50), REASON)

    with pytest.raises(DataError, match="which was reduced to 350"):
        judge(gatefile.load(shared.root), Runtime(dict(shared.environ), progress=come_between))

    assert 1 == len(shared.records(Evaluated))
