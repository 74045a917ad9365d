"""A search that asks the gate after every candidate: kept, reverted, or at the end of the test set."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from gate.project import LABELS, N_EXAMPLES, Project

import proctor
from proctor import gatefile
from proctor.custody.retirement import retire
from proctor.errors import DataError, Misuse
from proctor.reports import sentences


def predictions(n_wrong: int) -> np.ndarray:
    """Classes, of which the first so many are wrong."""
    values = LABELS.copy()
    values[:n_wrong] = (values[:n_wrong] + 1) % 10
    return values


def by_id(values: np.ndarray, order: range | None = None) -> Mapping[str, int]:
    return {f"e{index}": int(values[index]) for index in order or range(N_EXAMPLES)}


@pytest.fixture
def search(project: Project) -> Project:
    """A project whose gate compares with the candidate that was kept last; a poor one was."""
    project.gate(baseline=None, disagreement=0.5)
    assert isinstance(ask(project, predictions(160)), proctor.Kept)
    return project


def ask(project: Project, candidate: object = None) -> proctor.Answer:
    return proctor.keep(candidate, project.root, proctor.Runtime(dict(project.environ)))


def test_keep__better_is_kept_and_worse_is_reverted(search: Project) -> None:
    """A proven candidate becomes what the next one is compared with; each question is in the books."""
    assert isinstance(better := ask(search, predictions(20)), proctor.Kept)
    assert isinstance(worse := ask(search, predictions(90)), proctor.Reverted)

    assert (True, False) == (bool(better), bool(worse))
    assert ["registration", "adoption", "evaluation", "evaluation"] == search.kinds()
    assert [1, 2] == [better.release.step, worse.release.step]
    assert worse.release.baseline.startswith("new.csv")


def test_keep__foresees_nothing(search: Project) -> None:
    """How long the set will last takes as long as judging: the release says that it was left out; the status has it."""
    release = ask(search, predictions(20)).release

    assert not release.budget.is_reach_known
    assert "proctor status" in sentences.resolution(release)
    assert "not worked out" in sentences.forecast(release)
    status = proctor.status(gatefile.load(search.root), proctor.Runtime(dict(search.environ)))
    assert status.budget.next_tolerance is not None
    assert release.budget.next_level_log == status.budget.next_level_log


def test_keep__asked_again_is_free(search: Project) -> None:
    """Who was killed before the answer arrived asks again: the same answer, and no second charge."""
    first = ask(search, predictions(20))
    before = search.entries()

    again = ask(search)  # what lies in the candidate's file

    assert isinstance(again, proctor.Kept)
    assert again.release.replayed
    assert (first.release.entry, before) == (again.release.entry, search.entries())


def test_keep__one_that_was_succeeded_is_not_kept_again(search: Project) -> None:
    """A pass that is told again does not bring back a model that a better one has followed."""
    search.environ["PROCTOR_COMMIT"] = "d" * 40
    assert ask(search, predictions(80))
    assert ask(search, predictions(10))

    assert not ask(search, predictions(80))
    assert ask(search, predictions(10))


@pytest.mark.parametrize(
    "values",
    [by_id(predictions(20)), by_id(predictions(20), range(N_EXAMPLES - 1, -1, -1)), predictions(20).tolist()],
    ids=["mapping", "mapping in another order", "list"],
)
def test_keep__takes_predictions_in_any_form(search: Project, values: object) -> None:
    """The same predictions are the same question, however they are handed over."""
    assert ask(search, predictions(20))

    answer = ask(search, values)

    assert answer
    assert answer.release.replayed


def test_keep__takes_a_file(search: Project) -> None:
    """A path names a file of predictions in place of the gate file's."""
    search.model("third.csv", 20)

    answer = ask(search, search.root / "third.csv")

    assert answer
    assert "third.csv" == answer.release.candidate


def test_keep__end_of_the_test_set_is_an_answer(search: Project) -> None:
    """A test set that answers nothing new ends a search without an error, and says what to do; nothing was spent."""
    retire(search.session(), "published")
    before = search.entries()

    answer = ask(search, predictions(20))

    assert isinstance(answer, proctor.Exhausted)
    assert not answer
    assert "published" in answer.reason
    assert answer.advice
    assert before == search.entries()


def test_keep__candidate_that_cannot_be_read_costs_nothing(search: Project) -> None:
    """Predictions of too few examples are an error, and the search may go on."""
    before = search.entries()

    with pytest.raises(DataError, match=r"has 3 predictions"):
        ask(search, [1, 2, 3])

    assert before == search.entries()
    assert ask(search, predictions(20))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"baseline": {"predictions": "old.csv"}}, "kept last"),
        ({"adaptivity": "none -> owner@example.org", "steps": 3}, "withholds outcomes"),
        ({"candidate": {"command": "python predict.py {features} {predictions}"}}, "handed over in a CSV file"),
        ({"candidate": {"predictions": "new.npy"}}, "'new.npy'"),
    ],
)
def test_keep__gate_that_cannot_serve_a_search(project: Project, keys: dict[str, object], said: str) -> None:
    """Nothing is asked of a gate with another baseline, with answers that it keeps back, or without a file for them."""
    project.features()
    project.gate(**{"baseline": None, "testset": {"labels": "labels.csv", "features": "features.csv"}, **keys})

    with pytest.raises(Misuse, match=said):
        ask(project, predictions(20))

    assert [] == project.kinds()


def test_keep__never_writes_through_a_link(search: Project) -> None:
    """A candidate's file that was replaced by a link to the labels is replaced in turn; the labels stay."""
    labels = (search.root / "labels.csv").read_bytes()
    (search.root / "new.csv").unlink()
    (search.root / "new.csv").symlink_to("labels.csv")

    assert ask(search, predictions(20))

    assert labels == (search.root / "labels.csv").read_bytes()


def test_keep__one_question_at_a_time(search: Project) -> None:
    """Whoever comes second waits for its turn, before its predictions are written."""
    before = (search.root / "new.csv").read_bytes()
    answers: list[proctor.Answer] = []
    second = threading.Thread(target=lambda: answers.append(ask(search, predictions(20))))
    with (search.root / ".proctor/search.lock").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        second.start()
        second.join(0.5)
        assert (True, before) == (second.is_alive(), (search.root / "new.csv").read_bytes())
    second.join()

    assert [True] == [bool(answer) for answer in answers]


def test_import__pulls_no_tool() -> None:
    """Neither `import proctor` nor a search loads any of the tools that proctor is at home in."""
    tools = "('airflow', 'dvc', 'inspect_ai', 'kedro', 'kfp', 'mlflow', 'pandas', 'pyarrow')"
    script = (
        f"import sys, proctor; proctor.keep; print([name for name in sys.modules if name.partition('.')[0] in {tools}])"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path.home())

    assert "[]" == done.stdout.strip()
