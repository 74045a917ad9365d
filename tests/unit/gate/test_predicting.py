"""What models predict: each is read once, refused where it is not the accepted one, and recognized again."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from proctor.errors import DataError, ModelError
from proctor.gate.asking import Asked, asked
from proctor.gate.predicted import ModelPredictions
from proctor.gate.session import Session, Stance
from proctor.ledger.records import Adopted
from proctor.ledger.submissions import Submission
from proctor.predictions import PredictionSet
from proctor.runtime import Runtime

from .project import LABELS, Project

# A model that knows the labels by heart and is wrong on the rows that a file beside it names, which is none of it.
PROGRAM = f"""\
import csv, pathlib, sys
labels = {LABELS.tolist()}
wrong = int(pathlib.Path({{mood!r}}).read_text())
with open(sys.argv[2], "w", newline="") as file:
    rows = csv.writer(file)
    rows.writerow(["id", "prediction"])
    rows.writerows([f"e{{{{i}}}}", (label + (i < wrong)) % 10] for i, label in enumerate(labels))
"""


def question(session: Session) -> Asked:
    return asked(session, session.books().life)


def judged(project: Project) -> Session:
    return project.session(Stance.JUDGE)


def command(project: Project) -> Project:
    """A candidate that is run, and predicts otherwise when the mood of the day is another one."""
    mood = project.root / "mood"
    mood.write_text("40")
    (project.root / "predict.py").write_text(PROGRAM.format(mood=str(mood)))
    return project.features().gate(
        testset={"labels": "labels.csv", "features": "features.csv"},
        candidate={"command": f"{sys.executable} predict.py {{features}} {{predictions}}", "files": ["predict.py"]},
        baseline=None,
        sandbox="none",
    )


# --- read once -------------------------------------------------------------------------------------------------------


def test_of__reads_each_model_once(project: Project) -> None:
    """A file that is changed while it is judged changes nothing: it was read."""
    session = judged(project)
    what = question(session)
    first = session.predicting.of(what.candidate)
    project.model("new.csv", 300)

    assert first is session.predicting.of(what.candidate)


def test_of__is_in_the_order_of_the_test_set(project: Project) -> None:
    """Rows in another order are the same predictions."""
    session = judged(project)
    straight = session.predicting.of(session.candidate).values
    head, *rows = (project.root / "new.csv").read_text().splitlines()
    (project.root / "new.csv").write_text("\n".join([head, *reversed(rows)]) + "\n")
    session = judged(project)

    assert np.array_equal(straight, session.predicting.of(session.candidate).values)


def test_of__predictions_that_do_not_fit_are_refused(project: Project) -> None:
    """Every example needs a prediction."""
    (project.root / "new.csv").write_text("id,prediction\ne0,1\n")
    session = judged(project)

    with pytest.raises(DataError):
        session.predicting.of(session.candidate)


def test_of__remarks_what_was_matched_by_order(project: Project) -> None:
    """Predictions without ids are matched by their order, and that is said."""
    values = "\n".join(map(str, LABELS))
    (project.root / "new.csv").write_text(f"prediction\n{values}\n")
    said: list[str] = []
    session = replace(judged(project), runtime=Runtime(dict(project.environ), remark=said.append))

    session.predicting.of(session.candidate)

    assert 1 == len(said)
    assert "matched by their order" in said[0]


# --- what an evaluation looks at -------------------------------------------------------------------------------------


def test_sample__holds_both_models_and_the_labels(project: Project) -> None:
    """The sample counts what the files hold: 120 wins, and no loss."""
    session = judged(project)
    what = question(session)

    sample = session.predicting.sample(what.candidate, what.baseline, what.anchor)

    new, old = sample.panel.candidate, sample.panel.baseline
    assert old is not None
    assert (400, 40, 160) == (sample.n_examples, int(np.sum(new != LABELS)), int(np.sum(old != LABELS)))
    assert np.array_equal(LABELS, sample.labels.values)


def test_sample__the_anchor_is_the_baseline_of_registration(project: Project) -> None:
    """Before a test set is registered the anchor is today's baseline, afterwards the one of that day."""
    project.gate(condition="n - a > 0 +/- 0.15")
    what = question(judged(project))
    assert what.baseline is not None
    assert what.baseline is what.anchor

    project.check()
    project.model("other.csv", 100).gate(condition="n - a > 0 +/- 0.15", baseline={"predictions": "other.csv"})
    later = question(judged(project))

    assert later.anchor is not None
    assert what.baseline.submission == replace(later.anchor.submission, commit=None)
    assert later.baseline is not None
    assert later.anchor.submission != later.baseline.submission


# --- running ---------------------------------------------------------------------------------------------------------


def broken(name: str, ran: list[str]) -> ModelPredictions:
    def read() -> PredictionSet:
        ran.append(name)
        raise ModelError(f"{name} crashed")

    return ModelPredictions(Submission(name * 64, name), read)


def test_perform__runs_the_others_after_a_crash(project: Project) -> None:
    """That one has crashed must not be told by how long the rest takes; it is seen when it is judged."""
    ran: list[str] = []
    predicting = judged(project).predicting
    one, other = broken("a", ran), broken("b", ran)

    predicting.perform(one, None, other, one)

    assert ["a", "b"] == ran
    with pytest.raises(ModelError, match="b crashed"):
        predicting.of(other)


def test_perform__what_cannot_be_handled_is_a_crash(project: Project) -> None:
    """What a model leaves behind is its own fault, and no error of the gate."""

    def read() -> PredictionSet:
        raise IsADirectoryError("predictions.csv")

    predicting, model = judged(project).predicting, ModelPredictions(Submission("a" * 64, "a"), read)

    predicting.perform(model)

    with pytest.raises(ModelError, match="left what cannot be read"):
        predicting.of(model)


# --- recognizing -----------------------------------------------------------------------------------------------------


def test_refuse_unfaithful__model_that_predicts_otherwise_than_when_it_was_accepted(project: Project) -> None:
    """Worse as the baseline, it would make any candidate better: refused, and nothing is spent."""
    accepted = command(project).check()
    assert "predict.py" in accepted.candidate
    session = judged(project)
    books, model = session.books(), session.candidate
    session.predicting.of(model)
    session.predicting.refuse_unfaithful(books.life, model)
    (project.root / "mood").write_text("200")
    session = judged(project)

    with pytest.raises(DataError, match="does not give the predictions with which it was accepted"):
        session.predicting.refuse_unfaithful(books.life, session.candidate)


def test_refuse_unfaithful__says_nothing_of_a_model_that_was_never_accepted(project: Project) -> None:
    """There is nothing to hold it to."""
    command(project).check()
    (project.root / "predict.py").write_text((project.root / "predict.py").read_text() + "# another\n")
    (project.root / "mood").write_text("200")
    session = judged(project)

    session.predicting.refuse_unfaithful(session.books().life, session.candidate, None)


def test_pinned__a_file_by_its_digest(project: Project) -> None:
    """A file of predictions is known by its own digest, and needs nothing else."""
    project.gate(baseline=None).check()
    (of_file,) = project.records(Adopted)
    assert of_file.predictions is None


def test_pinned__a_model_by_what_it_predicts(project: Project) -> None:
    """A model that is run is known by its predictions, the same each time."""
    session = judged(command(project))
    session.predicting.of(session.candidate)
    record = Adopted(session.testset.fingerprint, "n > 0.5", session.candidate.submission, session.origin)
    pins = {session.predicting.pinned(record).predictions for _ in range(2)}

    assert 1 == len(pins)
    assert 64 == len(pins.pop() or "")


def test_pinned__at_random_where_nothing_was_predicted(project: Project) -> None:
    """An accepted model that gave no predictions looks like one that did."""
    session = judged(command(project))
    record = Adopted(session.testset.fingerprint, "n > 0.5", session.candidate.submission, session.origin)

    pins = {session.predicting.pinned(record).predictions for _ in range(2)}

    assert [64, 64] == [len(pin or "") for pin in pins]


def test_keep__only_models_that_gave_valid_predictions(project: Project) -> None:
    """Of a model that was not read nothing is kept; what is kept is found again by its digest."""
    session = judged(project)
    what = question(session)
    session.predicting.of(what.candidate)

    session.predicting.keep(what.candidate, what.baseline, None)

    assert what.baseline is not None
    kept = session.runner.store
    assert (True, False) == (kept.has(what.candidate.submission.digest), kept.has(what.baseline.submission.digest))
