"""Classes whose scores are predicted, at registration: the owner is told of one that no label is, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from proctor.custody.succession import Wish, register
from proctor.errors import Misuse
from proctor.runtime import Runtime

from .project import LABELS, N_EXAMPLES, Project

SPELLED = ('auc(n, "{}") > 0.6', 'ece(n, "{}", bins=2) < 0.6', 'brier(n, "{}") < 0.6', 'logloss(n, "{}", max=5) < 4')


def ask(project: Project, text: str, name: object, **testset: object) -> Project:
    """A gate on probabilities, which are random, of a class of this name."""
    said = np.random.default_rng(1).random(N_EXAMPLES)
    rows = "".join(f"e{i},{each}\n" for i, each in enumerate(said))
    (project.root / "new.csv").write_text(f"id,prediction\n{rows}")
    files = {"labels": "labels.csv", **testset}
    return project.gate(condition=text.format(name), baseline=None, first="judge", testset=files)


@pytest.mark.parametrize("text", SPELLED)
def test_register__the_owner_hears_of_a_class_that_no_label_is(project: Project, text: str) -> None:
    ask(project, text, "spam")

    with project.session() as session, pytest.raises(Misuse, match="speaks of a class that no label has"):
        register(session, Wish(follows=False))

    assert [] == project.kinds()
    ask(project, text, LABELS[0])
    with project.session() as session:
        assert register(session, Wish(follows=False)).life.in_use.n_examples == N_EXAMPLES


@pytest.mark.parametrize("name", ["spam", int(LABELS[0])])
def test_check__says_the_same_whether_a_label_is_it_or_not(project: Project, name: object) -> None:
    """A refusal would tell which labels there are, for nothing; a warning is given once, at registration."""
    said: list[str] = []
    runtime = Runtime(dict(project.environ), remark=said.append)
    ask(project, SPELLED[0], name).check(runtime)
    ask(project, SPELLED[0].replace("0.6", "0.7"), name).check(replace(runtime))

    assert [f"the class {str(name)!r}" in each for each in said if "letter by letter" in each] == [True]


def test_check__declared_classes_leave_nothing_to_say(project: Project) -> None:
    said: list[str] = []
    ask(project, SPELLED[0], LABELS[0], classes=[str(each) for each in range(10)])

    project.check(Runtime(dict(project.environ), remark=said.append))

    assert not any("letter by letter" in each for each in said)


def test_register__labels_that_are_to_come_may_be_of_any_class(project: Project) -> None:
    ask(project.rows_of_labels(["1"] * 10 + [""] * (N_EXAMPLES - 10)), SPELLED[0], "spam")

    with project.session() as session:
        register(session, Wish(follows=False))

    assert ["registration"] == project.kinds()
