"""The labels before anything is judged: the registered ones, of no test set that is known, and all there."""

from __future__ import annotations

import csv
import stat

import numpy as np
import pytest

from proctor.errors import DataError, KeyFault, LabelsMissing
from proctor.gate import labels

from .project import LABELS, N_EXAMPLES, Project


def other(n_changed: int) -> np.ndarray:
    values = LABELS.copy()
    values[:n_changed] = (values[:n_changed] + 1) % 10
    return values


def refusal(project: Project) -> DataError:
    session = project.session()
    with pytest.raises(DataError) as refused:
        labels.refuse_corrected(session, session.life(session.books()))
    return refused.value


def test_refuse_corrected__registered_labels_go_on(project: Project) -> None:
    """The labels that were registered are taken, in whatever order their rows stand."""
    project.features().check()
    head, *rows = (project.root / "labels.csv").read_text().splitlines()
    (project.root / "labels.csv").write_text("\n".join([head, *reversed(rows)]) + "\n")
    session = project.session()

    labels.refuse_corrected(session, session.life(session.books()))


def test_refuse_corrected__says_neither_how_many_nor_which(project: Project) -> None:
    """One changed label and all of them get the same words."""
    project.check()

    said = {(error.message, error.hint) for error in (refusal(project.labels(other(n))) for n in (1, 7, N_EXAMPLES))}

    assert 1 == len(said)


def test_refuse_corrected__labels_that_cannot_be_read_are_others(project: Project) -> None:
    """What is wrong in a file of other labels would tell what is in it."""
    project.features().check()
    changed = refusal(project.labels(other(1)))
    (project.root / "labels.csv").write_text("id,label\ne0,1,2,3\n")

    assert changed.message == refusal(project).message


def test_refuse_corrected__labels_that_were_blank_may_be_filled(project: Project) -> None:
    """An example that is labeled since then is no change."""
    project.features().rows_of_labels([str(label) if row < 200 else "" for row, label in enumerate(LABELS)])
    project.check()
    session = project.labels(LABELS).session()

    labels.refuse_corrected(session, session.life(session.books()))


def test_refuse_corrected__without_the_register_the_key_tells(project: Project) -> None:
    """On a machine that has never registered anything, the key still tells whether labels were changed."""
    project.features().sealed().check()
    for register in (project.root / ".proctor/owner").glob("*.labels.npz"):
        register.unlink()
    session = project.session()

    labels.refuse_corrected(session, session.life(session.books()))


def test_refuse_corrected__register_of_another_is_named(project: Project) -> None:
    """A register that is not the one of the registration is a damaged file, and which one is said."""
    project.check()
    (register,) = (project.root / ".proctor/owner").glob("*.labels.npz")
    session = project.labels(other(5)).session()
    made = session.registry.made_from(session.testset.hashes, session.labels)
    register.write_bytes(made.to_bytes())

    assert f"{register.name} is not the one of this registration" in refusal(project).message


def test_refuse_known__labels_of_a_registered_set_under_other_ids(project: Project) -> None:
    """Other ids do not make another test set of the same labels, row by row."""
    project.check()
    table = (project.root / "labels.csv").read_text().replace("\ne", "\nx")
    (project.root / "labels.csv").write_text(table)
    session = project.session()

    with pytest.raises(DataError, match="row by row, are those of test set"):
        labels.refuse_known(session, session.books())


def test_refuse_known__says_nothing_of_another_test_set(project: Project) -> None:
    """Fresh examples with labels of their own are another test set."""
    project.check()
    project.labels(np.random.default_rng(5).integers(0, 10, N_EXAMPLES))
    table = (project.root / "labels.csv").read_text().replace("\ne", "\nx")
    (project.root / "labels.csv").write_text(table)
    session = project.session()

    labels.refuse_known(session, session.books())


def test_refuse_incomplete__asks_for_each_label_that_is_missing(project: Project) -> None:
    """The request names the examples for the owner's eyes; the message names none."""
    project.rows_of_labels(["" if row < 3 else str(label) for row, label in enumerate(LABELS)])

    with pytest.raises(LabelsMissing) as refused:
        labels.refuse_incomplete(project.session())

    (request,) = (project.root / ".proctor/requests").glob("*.csv")
    with request.open() as file:
        assert [["e0", ""], ["e1", ""], ["e2", ""], ["id", "label"]] == sorted(csv.reader(file))
    assert 0o600 == stat.S_IMODE(request.stat().st_mode)
    assert str(request) in refused.value.hint
    assert "e1" not in (refused.value.message + refused.value.hint).replace(str(request), "")


def test_refuse_incomplete__takes_whole_labels(project: Project) -> None:
    """Where all are there nothing is asked for."""
    labels.refuse_incomplete(project.session())

    assert not (project.root / ".proctor/requests").exists()


def test_refuse_corrected__sealed_labels_need_their_key(project: Project) -> None:
    """Without the key nothing can tell whether they are the registered ones."""
    project.features().sealed().check()
    del project.environ["PROCTOR_KEY"]
    session = project.session()

    with pytest.raises(KeyFault):
        labels.refuse_corrected(session, session.life(session.books()))
