"""`proctor check --if-changed`: a commit that leaves the model alone asks no question, and is charged for none."""

import json
import subprocess
from xml.etree import ElementTree as ET

import pytest
from conftest import Workshop

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


def test_check__without_the_option_every_candidate_is_judged(branch: Workshop):
    """Whoever asks gets an answer: the same model is not better than itself."""
    assert branch.proctor("check", "--json").json["verdict"] == "fail"


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
