"""A model that is another one as the baseline than it was as the candidate gains nothing by it (theory.md §4.3.4)."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from sealed import Project, program

# It guesses, each time anew: as the baseline it is surely not what was accepted.
GUESSES = """
import csv, random, sys
rows = list(csv.DictReader(open(sys.argv[1])))
with open(sys.argv[2], "w") as file:
    file.write("id,prediction\\n")
    for row in rows:
        file.write(row["id"] + "," + random.choice({names}) + "\\n")
"""


def git(project: Project, *words: str) -> None:
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *name, *words], cwd=project.root, check=True, capture_output=True)


def commit(project: Project, text: str) -> None:
    """Commit the candidate's program."""
    (project.root / "predict.py").write_text(text)
    git(project, "add", "predict.py", "proctor.yml")
    git(project, "commit", "-q", "-m", "next")


@pytest.fixture(params=["open", "sealed"])
def project(request: pytest.FixtureRequest, tmp_path) -> Project:
    """A repository whose first accepted model guesses; what the gate kept of its predictions is gone."""
    project = Project(tmp_path / "project", request.param)
    project.root.mkdir()
    project.testset().gate(condition="n - o > 0.1 +/- 0.1", first="accept", disagreement=0.9)
    git(project, "init", "-q")
    from sealed import LABEL_TOKENS

    commit(project, GUESSES.replace("{names}", repr(LABEL_TOKENS)))
    assert "first accepted" == project.check(0)["basis"]
    return project


def test_baseline__that_predicts_otherwise_than_when_it_was_accepted(project: Project):
    """On open inputs it is refused, free, with the way on; on sealed ones that is an outcome, and charged."""
    shutil.rmtree(project.root / ".proctor/store")
    commit(project, program())
    before = project.kinds()

    ran = project.proctor("check", "--json")

    if project.inputs == "open":
        assert 5 == ran.code, ran.out + ran.err
        assert "does not give the predictions with which it was accepted" in ran.err
        assert "fix its seed" in ran.err
        assert before == project.kinds()
    else:
        assert 1 == ran.code, ran.out + ran.err
        assert [*before, "pending", "evaluation"] == project.kinds()
        assert "accepted" not in ran.err


def test_baseline__whose_predictions_were_kept_is_what_was_accepted(project: Project):
    """Where its predictions are kept the model is not run again, and the comparison is with what was accepted."""
    commit(project, program())

    assert "pass" == project.check(0)["verdict"]


def test_pin__says_nothing_that_can_be_tried_out(project: Project):
    """Two test sets with the same examples and other keys pin the same predictions differently, if they are sealed."""
    pins = [entry["body"].get("predictions") for entry in project.entries()]

    assert [64] == [len(pin) for pin in pins if pin]


def test_fault_before_the_program_begins__is_not_charged(project: Project):
    """A program that is not there costs nothing; what was begun on sealed inputs is taken up when it is."""
    line = f"{sys.executable} predict.py {{features}} {{predictions}}"
    commit(project, program())
    project.gate(
        condition="n - o > 0.1 +/- 0.1", first="accept", disagreement=0.9,
        candidate={"command": line.replace(sys.executable, "no-such-interpreter"), "files": ["predict.py"]},
    )  # fmt: skip
    before = project.proctor("status", "--json", code=0).json["budget"]

    ran = project.proctor("check")

    assert 5 == ran.code
    assert "'no-such-interpreter' was not found" in ran.err
    assert before == project.proctor("status", "--json", code=0).json["budget"]
    assert "evaluation" not in project.kinds()[3:]
