"""`proctor check --if-changed`: a commit that leaves the model alone asks no question, and is charged for none."""

import json
import subprocess
from xml.etree import ElementTree as ET

import pytest
from workshop import Workshop

from proctor import __version__

SAID = "nothing to judge: the candidate is the model that it would be compared with"


def git(workshop: Workshop, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", *identity, *arguments], cwd=workshop.root, check=True, capture_output=True)


def commit(workshop: Workshop, message: str) -> None:
    git(workshop, "add", "-A")
    git(workshop, "commit", "-q", "-m", message)


@pytest.fixture
def branch(ready: Workshop) -> Workshop:
    """A repository whose main branch holds the old model, and a branch with a commit on its documentation."""
    git(ready, "init", "-q", "-b", "main")
    (ready.root / ".gitignore").write_text("exam/\n")
    ready.gate(baseline={"revision": "main"}).predictions("new.csv", range(400))
    commit(ready, "the model")
    git(ready, "checkout", "-q", "-b", "docs")
    (ready.root / "README.md").write_text("words\n")
    commit(ready, "words")
    return ready


def entries(workshop: Workshop) -> int:
    return len(workshop.proctor("ledger", "show", "--json").json)


def test_check__if_changed_passes_an_unchanged_model_over(branch: Workshop):
    """Once the gate has a verdict on this test set, the same model is not asked about again, in no format."""
    assert branch.proctor("check", "--if-changed").code == 0  # the first candidate is accepted
    branch.predictions("new.csv", range(160, 400))
    commit(branch, "a better one")
    assert "PASS" in branch.proctor("check", "--if-changed").out
    branch.predictions("new.csv", range(400))
    commit(branch, "the old one again")
    before = entries(branch)

    told = branch.proctor("check", "--if-changed", "--junit", "j.xml", "--sarif", "s.sarif")
    assert (told.code, told.out.strip(), told.err) == (0, SAID, "")
    assert json.loads(branch.proctor("check", "--if-changed", "--json").out) == {
        "unchanged": True, "gate": "proctor", "version": __version__, "exit_code": 0
    }  # fmt: skip
    suite = ET.parse(branch.root / "j.xml").getroot()[0]  # our own
    assert (suite.get("skipped"), suite.get("failures"), suite.get("errors")) == ("1", "0", "0")
    assert suite.find("testcase/skipped").get("message") == SAID
    assert json.loads((branch.root / "s.sarif").read_text())["runs"][0]["results"] == []
    assert entries(branch) == before


def test_check__if_changed_accepts_the_first_candidate(branch: Workshop):
    """On the first run of a gate the model becomes the baseline, unchanged or not, and nothing is spent."""
    told = branch.proctor("check", "--if-changed", "--json")
    assert (told.code, told.json["basis"], told.json["budget"]["evaluations"]) == (0, "first accepted", 0)


def test_check__if_changed_judges_a_model_that_has_changed(branch: Workshop):
    """The option changes nothing for a commit that changes the model, committed or not."""
    branch.predictions("new.csv", range(160, 400))
    assert branch.proctor("check", "--if-changed", "--json").json["verdict"] == "pass"
    assert branch.proctor("check", "--if-changed", "--json").json["replayed"]


def test_check__if_changed_by_prediction_files(ready: Workshop):
    """Two files with the same predictions are one model, too."""
    ready.proctor("check")
    before = entries(ready)
    ready.predictions("new.csv", range(400))
    assert ready.proctor("check", "--if-changed").out.strip() == SAID
    assert entries(ready) == before


def test_check__if_changed_still_refuses_what_cannot_be_read(branch: Workshop):
    """Passing over is an answer about a model; without a test set there is none."""
    branch.proctor("check", "--if-changed")
    (branch.root / "exam/features.csv").unlink()
    assert branch.proctor("check", "--if-changed").code == 5


def test_check__if_changed_judges_another_model_of_the_same_files(branch: Workshop):
    """A gate file that names another file or another column submits another model, though no file has changed."""
    branch.proctor("check", "--if-changed")
    git(branch, "checkout", "-q", "main")
    branch.predictions("other.csv", range(600))
    commit(branch, "a bad model that nobody asks about")
    git(branch, "checkout", "-q", "-b", "swap")
    branch.gate(baseline={"revision": "main"}, candidate={"predictions": "other.csv"})
    assert branch.proctor("check", "--if-changed", "--json").json["verdict"] == "fail"


def test_check__if_changed_repeats_the_answer_of_a_commit(branch: Workshop):
    """A first candidate that was judged and failed is not passed over: not on a re-run, and not by the next commit."""
    branch.gate(baseline={"revision": "main"}, first="judge", condition="n > 0.95 +/- 0.03 and n - o > 0 +/- 0.03")
    commit(branch, "judge the first one")
    first = branch.proctor("check", "--if-changed", "--json").json
    assert first["verdict"] == "fail"
    git(branch, "commit", "-q", "--allow-empty", "-m", "again")
    again = branch.proctor("check", "--if-changed", "--json").json
    assert (again["verdict"], again["replayed"], again["entry"]) == ("fail", True, first["entry"])


def test_check__if_changed_asks_what_compares_with_nothing(branch: Workshop):
    """A condition on the new model alone is about every commit's model."""
    branch.gate(baseline={"revision": "main"}, condition="n > 0.95 +/- 0.03", first="judge")
    assert [1, 1] == [branch.proctor("check", "--if-changed").code for _ in range(2)]


def test_check__if_changed_is_not_misled_by_a_model_judged_against_itself(branch: Workshop):
    """Somebody's plain check of an unchanged model fails, and blocks no commit that leaves the model alone."""
    branch.proctor("check", "--if-changed")
    branch.predictions("new.csv", range(160, 400))
    commit(branch, "a better one")
    branch.proctor("check")
    branch.predictions("new.csv", range(400))
    commit(branch, "the old one again")
    assert branch.proctor("check").code == 1
    assert SAID in branch.proctor("check", "--if-changed").out


def test_check__if_changed_under_an_accepted_baseline(ready: Workshop):
    """The accepted model gets its acceptance repeated; after the condition was edited there is nothing to ask of it."""
    ready.gate(baseline=None)
    ready.proctor("check")
    assert ready.proctor("check", "--if-changed", "--json").json["replayed"]
    ready.gate(baseline=None, condition="n - o > 0.03 +/- 0.02")
    assert SAID in ready.proctor("check", "--if-changed").out


@pytest.mark.parametrize("env", [{}, {"PROCTOR_COMMIT": "c" * 40}], ids=["no commit", "one commit"])
def test_check__an_accepted_model_is_judged_against_another_baseline(ready: Workshop, monkeypatch, env):
    """That it was better than an old model says nothing of the one that it is to be compared with now."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    ready.predictions("best.csv", range(60))
    assert ready.proctor("check").code == 0
    assert ready.proctor("check", "--baseline", "best.csv", "--json").json["verdict"] == "fail"
    assert ready.proctor("check", "--json").json["replayed"]
