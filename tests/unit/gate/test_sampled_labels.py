"""`labels: sampled`: what is asked for, what is judged, and what cannot be had without the owner's key."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from proctor.errors import KeyFault, LabelsMissing
from proctor.testset.keys import generate_key

from .project import LABELS, N_EXAMPLES, Project, start

CONDITION = 'recall(n, "1") - recall(o, "1") > 0 +/- 0.2'
POSITIVE = LABELS < 5


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Half of the examples are of class 1; the old model misses 60 of them that the new one finds."""
    made = start(tmp_path / "p", {"PROCTOR_KEY": generate_key().text})
    truth = POSITIVE.astype(int)
    old = truth.copy()
    old[np.flatnonzero(POSITIVE)[:60]] = 0
    made.labels(truth)
    made._table("new.csv", "prediction", truth)
    made._table("old.csv", "prediction", old)
    return made.gate(condition=CONDITION, labels="sampled")


def asked_for(project: Project) -> set[str]:
    """Ids of the examples whose labels are asked for, once there is none."""
    project.rows_of_labels([""] * N_EXAMPLES)
    with pytest.raises(LabelsMissing):
        project.check()
    (request,) = (project.root / ".proctor/requests").glob("*.csv")
    return {row["id"] for row in csv.DictReader(request.read_text().splitlines())}


def test_check__asks_for_disagreements_and_for_a_share_of_the_rest(project: Project) -> None:
    """
    All 60 examples on which one model alone says the class, and about a tenth of the other 340.

    The key is another one each time: 34 are expected, and numbers outside of 5 to 80 have a probability below 1e-10.
    """
    asked = asked_for(project)

    assert {f"e{row}" for row in np.flatnonzero(POSITIVE)[:60]} <= asked
    assert 60 + 5 <= len(asked) <= 60 + 80


def test_check__is_decided_by_the_labels_that_were_asked_for(project: Project) -> None:
    """The verdict comes with these alone, and no other label changes it."""
    asked = asked_for(project)
    truth = POSITIVE.astype(int)
    project.rows_of_labels([str(label) if f"e{row}" in asked else "" for row, label in enumerate(truth)])

    assert project.check().verdict is not None
    assert "pass" == project.check().verdict.value


def test_check__draws_the_same_examples_in_the_whole_life(project: Project) -> None:
    """A second candidate's labels are those of its own disagreements, and the share that was drawn before."""
    first = asked_for(project)
    for request in (project.root / ".proctor/requests").iterdir():
        request.unlink()
    project._table("new.csv", "prediction", np.where(np.arange(N_EXAMPLES) < 390, POSITIVE.astype(int), 0))

    again = asked_for(project)

    changed = {f"e{row}" for row in range(390, N_EXAMPLES)} | {f"e{row}" for row in np.flatnonzero(POSITIVE)[:60]}
    assert first - changed == again - changed


def test_check__needs_the_key(project: Project) -> None:
    """Draws that anybody could make would be no draws; nothing is spent, and the way on is said."""
    del project.environ["PROCTOR_KEY"]

    with pytest.raises(KeyFault, match="draws examples by the owner's key") as refused:
        project.check()

    assert "proctor testset seal" in refused.value.hint
    assert not [kind for kind in project.kinds() if kind != "registration"]
