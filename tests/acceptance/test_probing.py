"""
The developer who probes sealed inputs, by replays and by crashes (theory.md §4.3.3 and 4).

Whatever a candidate does after it has seen a sealed input is charged, looks like an ordinary verdict, and says nothing.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import alone
from sealed import INPUT_TOKEN, LABEL_TOKENS, Project, program

if not sys.platform.startswith("linux"):
    pytest.skip("the sandbox is Linux's", allow_module_level=True)

READ = "rows = list(csv.DictReader(open(sys.argv[1])))\n"
WRITE = "open(sys.argv[2], 'w').write"

ENDINGS = {
    "crashes if a region is not empty": READ + "sys.exit(any(100 <= int(row['x']) < 110 for row in rows))",
    "says what it saw, and crashes": READ + "print(rows); sys.exit(rows[0]['text'])",
    "writes nothing": "sys.exit(0)",
    "leaves rows out": READ + f"{WRITE}('id,prediction\\n' + rows[0]['id'] + ',{LABEL_TOKENS[0]}\\n'); sys.exit(0)",
    "names rows that do not exist": READ
    + f"{WRITE}('id,prediction\\n' + ''.join(f\"{{r['text']}},{LABEL_TOKENS[0]}\\n\" for r in rows)); sys.exit(0)",
    "predicts inputs": READ
    + f"{WRITE}('id,prediction\\n' + ''.join(f\"{{r['id']}},{{r['text']}}\\n\" for r in rows)); sys.exit(0)",
    "predicts numbers": READ
    + f"{WRITE}('id,prediction\\n' + ''.join(f\"{{r['id']}},{{r['x']}}\\n\" for r in rows)); sys.exit(0)",
    "has no such column": READ + f"{WRITE}(rows[0]['text'] + '\\n'); sys.exit(0)",
    "hangs": "import time; time.sleep(25)",
}


@pytest.fixture(scope="session")
def sealed_exam(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """An exam that is sealed once, for projects to copy."""
    return Project(tmp_path_factory.mktemp("sealed")).testset()


@pytest.fixture
def project(tmp_path: Path, sealed_exam: Project) -> Project:
    """A project with sealed inputs and a good candidate."""
    return copy_of(sealed_exam, tmp_path)


def copy_of(original: Project, folder: Path) -> Project:
    shutil.copytree(original.root / "exam", folder / "exam")
    return Project(folder, key=original.key).gate().candidate()


def without_volatile(text: str) -> str:
    """Without time stamps and hashes."""
    return re.sub(r"\b[0-9a-f]{8,64}\b|\d{4}-\d\d-\d\d[T ]\d\d:\d\d[0-9:.+Z]*", "…", text)


def test_replays__are_known_by_what_was_submitted(project: Project):
    """Two programs that agree on every sealed input are two questions, and both are charged; the same one is free."""
    first = project.candidate(wrong=300).check(1)
    second = project.candidate(wrong=300, before="# another question").check(1)
    again = project.candidate(wrong=300).check(1)

    assert [(1, False), (2, False), (1, True)] == [(ran["step"], ran["replayed"]) for ran in (first, second, again)]
    assert ["registration", *["pending", "evaluation"] * 2] == project.kinds()


@pytest.mark.parametrize("ending", ENDINGS)
def test_crash__is_a_charged_fail_that_looks_like_any_other(
    project: Project, tmp_path_factory, monkeypatch, ending: str
):
    """
    However a candidate ends after it has seen inputs: FAIL, charged, the very bytes of an honest FAIL, nothing told.

    The same program again gets the same answer for nothing.
    """
    gate = {"candidate": {"command": f"{sys.executable} predict.py {{features}} {{predictions}}", "timeout": 2}}
    gate["candidate"]["files"] = ["predict.py"]
    project.gate(**gate).candidate(before=ENDINGS[ending])

    ran = project.proctor("check", code=1)

    assert "" == ran.err
    assert not [token for token in (INPUT_TOKEN, *LABEL_TOKENS) if token in ran.out]
    assert ["registration", "pending", "evaluation"] == project.kinds()
    again = project.check(1)
    assert (True, 1, 1) == (again["replayed"], again["step"], again["budget"]["evaluations"])
    if ending == "writes nothing":
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))  # the twin's own machine
        twin = copy_of(project, tmp_path_factory.mktemp("twin")).candidate(wrong=300)
        honest = twin.proctor("check", code=1)
        assert without_volatile(honest.out) == without_volatile(ran.out)
        assert honest.err == ran.err


def test_crash__is_charged_each_time_another_program_probes(project: Project):
    """Three programs that probe three regions cost three evaluations, whether they crash or not."""
    steps = []
    for low in (100, 1000, 2000):
        region = f"sys.exit(any({low} <= int(row['x']) < {low + 10} for row in rows))"
        project.candidate(before=READ + region)
        steps.append(project.check(1)["step"])

    assert [1, 2, 3] == steps


def test_kept_predictions__have_a_size_that_tells_nothing(project: Project):
    """A model could write what packs well or badly, by what it saw; what is kept of it is as long either way."""
    project.check(0)
    noisy = (
        program()
        .replace("names[(x", "names[random.randrange(4) if i % 7 == 0 else (x")
        .replace("import csv", "import random, csv")
    )
    (project.root / "predict.py").write_text(noisy)
    project.check(0)

    kept = [file.stat().st_size for file in (project.root / ".proctor/store").glob("*.npz")]

    assert 2 == len(kept)
    assert 1 == len(set(kept))


def test_crash__in_fn_free_is_a_charged_pass(project: Project):
    """Where not knowing passes, a crash passes, and is charged (theory.md §4.3.4)."""
    project.gate(mode="fn-free").candidate(before="sys.exit(3)")

    report = project.check(0)

    assert ("pass", 1, 1) == (report["verdict"], report["step"], report["budget"]["evaluations"])


def test_public_sample__lets_honest_mistakes_cost_nothing(project: Project):
    """With `testset.sample` the candidate is tried on public examples first; what goes wrong there is told, free."""
    (project.root / "sample.csv").write_text("id,x,text\np1,1,public example\np2,2,public example\n")
    testset = {"labels": "exam/labels.csv.sealed", "features": "exam/features.csv.sealed", "inputs": "sealed"}
    project.gate(testset={**testset, "sample": "sample.csv"}).candidate(before="raise SystemExit('no such column')")

    ran = project.proctor("check", code=5)

    assert "no such column" in ran.err
    assert [] == project.entries()
    assert 1 == project.candidate().check(0)["step"]


def wait_for(project: Project, kind: str) -> None:
    deadline = time.monotonic() + 60
    while kind not in project.kinds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def killed(project: Project) -> Project:
    """A project whose gate was killed while the candidate looked at the inputs."""
    project.candidate(before="import time; time.sleep(1)")
    gate = project.start("check", key=project.key)
    wait_for(project, "pending")
    gate.send_signal(signal.SIGKILL)
    gate.communicate()
    return project


def test_killed_machine__is_repeated_free_with_the_same_artifact(killed: Project):
    """
    SIGKILL while the candidate looks at the inputs: others are told to wait, the same artifact takes the entry up.

    No process of the candidate's outlives the gate, and one evaluation is charged in all.
    """
    project = killed.candidate(before="# somebody else's")
    other = project.proctor("check", code=5)
    assert "has begun and not ended" in other.err
    assert "Wait for it" in other.err

    project.candidate(before="import time; time.sleep(1)")
    report = project.check(0)

    assert (1, False, 1) == (report["step"], report["replayed"], report["budget"]["evaluations"])
    assert ["registration", "pending", "evaluation"] == project.kinds()
    assert 2 == project.entries()[-1]["body"]["pending"]
    assert 2 == project.candidate(before="# somebody else's").check(0)["step"]


@pytest.mark.parametrize("has_key", [True, False], ids=["with the key", "without it"])
def test_killed_machine__is_said_by_status_and_preflight(killed: Project, has_key: bool):
    """What blocks every other check is said before one is run; the very question that is pending is not blocked."""
    key = killed.key if has_key else ""
    note = killed.proctor("status", "--json", code=0, key=key).json["notes"][0]
    same = killed.proctor("preflight", code=0, key=key).out
    other = killed.candidate(before="# somebody else's").proctor("preflight", code=5, key=key).out

    assert note.startswith("entry 2 is an evaluation that has begun and not ended: other checks wait for it")
    assert "`proctor testset abort`" in note
    assert "entry 2 is this evaluation, begun and not ended: a check takes it up" in same
    assert "entry 2 of the ledger is an evaluation on this test set that has begun and not ended" in other


@pytest.mark.parametrize(("before", "code", "basis"), [("", 0, "first accepted"), ("sys.exit(1)", 1, "judged")])
def test_first_acceptance__is_charged(project: Project, before: str, code: int, basis: str):
    """That the first candidate ran on sealed inputs tells something of them, too: it is a charged step, either way."""
    project.gate(first="accept", condition="n - o > 0 +/- 0.1", disagreement=0.3).candidate(wrong=200, before=before)

    report = project.check(code)

    assert (basis, 1, 1) == (report["basis"], report["step"], report["budget"]["evaluations"])
    assert ["registration", "pending", "evaluation"] == project.kinds()
    if code == 0:
        better = project.candidate().check(0)
        assert ("judged", 2) == (better["basis"], better["step"])


def git(project: Project, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=project.root, check=True, capture_output=True)


def test_baseline__that_crashes_is_no_free_probe_either(project: Project):
    """A revision that never took part is run as the baseline: its crash is charged, and its output not shown."""
    git(project, "init", "-q")
    project.gate(baseline={"revision": "HEAD~1"}, first="accept", condition="n - o > 0 +/- 0.1", disagreement=0.3)
    project.candidate(before=READ + "print(rows); sys.exit(rows[0]['text'])")
    for _ in range(2):
        git(project, "add", "-A")
        git(project, "commit", "-q", "-m", "A model")
        project.candidate()

    ran = project.proctor("check", code=1)

    assert "" == ran.err
    assert INPUT_TOKEN not in ran.out
    assert ["registration", "pending", "evaluation"] == project.kinds()


def test_baseline__that_cannot_be_made_again_is_not_the_candidates_fault(project: Project):
    """An accepted model with a file that git does not track is missed on a fresh machine before anything is charged."""
    git(project, "init", "-q")
    line = f"{sys.executable} predict.py {{features}} {{predictions}}"
    project.gate(
        condition="n - o > 0 +/- 0.1",
        disagreement=0.3,
        first="accept",
        candidate={"command": line, "files": ["predict.py", "weights.txt"]},
    )
    git(project, "add", "predict.py")
    git(project, "commit", "-q", "-m", "A model")
    (project.root / "weights.txt").write_text("built, and not committed")
    project.check(0)
    shutil.rmtree(project.root / ".proctor/store")

    ran = project.candidate(before="# another").proctor("check", code=5)

    assert "cannot be made again" in ran.err
    assert "there is no file 'weights.txt'" in ran.err
    assert ["registration", "pending", "evaluation"] == project.kinds()


@pytest.mark.parametrize("option", ["--candidate", "--baseline"])
def test_predictions_file__is_refused_on_the_command_line_too(project: Project, option: str):
    """Predictions on sealed inputs made elsewhere are refused however they are named; nothing is spent."""
    (project.root / "guess.csv").write_text("id,prediction\ne0,verdigris0\n")

    ran = project.proctor("check", option, "guess.csv", code=2)

    assert "sealed" in ran.err
    assert [] == project.entries()


def test_declared_open__sealed_inputs_are_refused(project: Project):
    """`inputs: open` over a sealed file would be a fresh account, and candidates whose output is shown: refused."""
    project.check(0)
    testset = {"labels": "exam/labels.csv.sealed", "features": "exam/features.csv.sealed", "inputs": "open"}
    project.gate(testset=testset).candidate(before=READ + "sys.exit(rows[0]['text'])")

    ran = project.proctor("check", code=5)

    assert "`inputs: open` is declared" in ran.err
    assert INPUT_TOKEN not in ran.err
    assert 1 == project.gate().proctor("status", "--json", code=0).json["budget"]["evaluations"]


@pytest.mark.parametrize("key", [{"id": "x"}, {"id": "text"}, {"label": "text"}], ids=str)
def test_other_columns__named_in_the_gate_file_buy_no_new_budget(project: Project, key: dict[str, str]):
    """Another column declared to be the id or the label does not make another test set of the same file."""
    project.check(0)
    testset = {"labels": "exam/labels.csv.sealed", "features": "exam/features.csv.sealed", "inputs": "sealed"}
    project.gate(testset=testset | key)

    status = project.proctor("status", "--json", code=0).json

    assert ("in use", 1) == (status["testset"]["state"], status["budget"]["evaluations"])


def test_dropped_features__buy_no_new_budget(project: Project):
    """The same sealed labels under a gate file that names no features are refused, not registered again."""
    project.check(0)
    (project.root / "guess.csv").write_text("id,prediction\n")
    testset = {"labels": "exam/labels.csv.sealed"}
    project.gate(testset=testset, candidate={"predictions": "guess.csv"})

    assert "belongs to the owner" in project.proctor("check", code=2).err
    assert "known by other features" in project.proctor("testset", "settings", "--accept", "--yes", code=5).err
    assert 1 == project.gate().proctor("status", "--json", code=0).json["budget"]["evaluations"]


def test_sandbox__shows_the_candidate_neither_labels_nor_key(project: Project):
    """The candidate looks for the exam, the key and the ledger from inside; it passes only if it finds none."""
    look = (
        "import os, pathlib\n"
        "found = [name for name in os.environ if 'PROCTOR' in name]\n"
        "found += [p for p in ('exam', '.proctor') if any(q.is_file() for q in pathlib.Path(p).rglob('*'))]\n"
        "assert not found, found\n"
    )
    project.way = alone

    assert "pass" == project.candidate(before=look).check(0)["verdict"]


@pytest.mark.parametrize(("name", "is_told"), [("figures.jsonl", True), (".proctor/figures.jsonl", False)])
def test_sandbox__hides_the_owners_file(project: Project, name: str, is_told: bool):
    """Private figures of earlier candidates are out of a model's sight; where they would not stay so, that is said."""
    look = f"import os\nassert not os.path.exists('{name}')\n"
    for wrong in range(2):
        ran = project.candidate(wrong, before=look).proctor("check", "--owner", name, code=0)

    assert is_told == ("lies where models run" in ran.err)
    assert 2 == len((project.root / name).read_text().splitlines())


def test_program__template_is_itself(project: Project):
    """The honest program is honest: what is tested above is what is put in front of it."""
    assert program() == (project.root / "predict.py").read_text()
