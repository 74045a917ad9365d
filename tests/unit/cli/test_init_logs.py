"""`proctor init LOG OLDLOG`: a gate from the logs of two runs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from proctor import gatefile
from proctor.cli.init import init
from proctor.errors import DataError, Misuse
from proctor.gate.check import check
from proctor.gatefile import PredictionsFile
from proctor.gatefile.declarations import Repeats
from proctor.release import Verdict
from proctor.runtime import Runtime

REAL = Path(__file__).parents[1] / "predictions/real_logs"
(RECORDED,) = (REAL / "lmeval/new").glob("samples_sums_*")
NAMES = "samples_sums_2026-01-01T00-00-00.jsonl", "old/samples_sums_2025-01-01T00-00-00.jsonl"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the present one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(init, arguments, input=answers, catch_exceptions=False)


def write(name: str, n_right: int, n_samples: int = 400, asked: str = "", grades: tuple[float, float] = (0, 1)) -> str:
    """A log of the harness: its recorded sample, under other numbers and with other scores."""
    sample = json.loads(RECORDED.read_text().splitlines()[0])
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        for number in range(n_samples):
            changed = {"doc_id": number, "doc_hash": f"{asked}{number:032}", "exact_match": grades[number < n_right]}
            file.write(json.dumps({**sample, **changed}) + "\n")
    return name


def test_init__makes_a_gate_that_judges(folder: Path) -> None:
    """Two logs are a gate: its file is read again, and the better run passes."""
    new, old = write(NAMES[0], 360), write(NAMES[1], 200)

    done = run("--yes", new, old, "--condition", "n - o > 0 +/- 0.1")

    gate = gatefile.load(folder)
    assert PredictionsFile(new, "example") == gate.candidate
    assert 0.4 == gate.disagreement
    assert "proctor check --candidate LOG" in done.output
    text = (folder / "proctor.yml").read_text()
    assert re.search(r"predictions: .* # the log of its run$", text, re.MULTILINE)
    assert "columns" not in text
    assert Verdict.PASS is check(gate, Runtime({"PROCTOR_ACTOR": "ada"})).verdict


def test_init__offers_what_can_be_asked_of_right_and_wrong(folder: Path) -> None:
    """Of answers that are right or wrong no error of numbers is offered."""
    done = run(write(NAMES[0], 360), write(NAMES[1], 200), answers="2\n")

    assert "new is right in more than 85 %" in done.output
    assert not re.search(r"\b(mae|mse|mean)\(", done.output)
    assert str(gatefile.load(folder).condition).startswith("n - o > 0")


def test_init__later_log_of_other_questions_is_refused(folder: Path) -> None:
    """Under the same numbers, other questions are other examples: the gate says so, and spends nothing."""
    run("--yes", write(NAMES[0], 360), write(NAMES[1], 200), "--condition", "n - o > 0 +/- 0.1")
    write(NAMES[0], 360, asked="x")

    with pytest.raises(DataError, match=r"\d+:[0-9a-f]{16}"):
        check(gatefile.load(folder), Runtime({"PROCTOR_ACTOR": "ada"}))

    assert not (folder / ".proctor/ledger.db").exists()


def test_init__one_file_with_both_runs(folder: Path) -> None:
    """Results of promptfoo hold several providers: each of the two scores is asked for, or taken in their order."""
    shutil.copy(REAL / "promptfoo.json", folder / "results.json")

    run("--yes", "results.json", "results.json", "--condition", "n > 0.5 +/- 0.2")

    gate = gatefile.load(folder)
    assert PredictionsFile("results.json", "example", "new") == gate.candidate
    assert PredictionsFile("results.json", "example", "old") == gate.baseline


def test_init__grades_are_judged_by_their_mean(folder: Path) -> None:
    """A score that is a number needs a condition on its mean, which is asked for; then the better run passes."""
    logs = write(NAMES[0], 360, grades=(0.25, 0.75)), write(NAMES[1], 200, grades=(0.25, 0.75))

    with pytest.raises(Misuse, match="is a number") as caught:
        run("--yes", *logs)
    assert "mean(n" in caught.value.hint
    assert not (folder / "exam").exists()

    run("--yes", *logs, "--condition", "mean(n, sd=0.25) - mean(o, sd=0.25) > 0 +/- 0.08")
    assert Verdict.PASS is check(gatefile.load(folder), Runtime({"PROCTOR_ACTOR": "ada"})).verdict


def test_init__asks_which_score_is_judged(folder: Path) -> None:
    """Of several scores that both logs have, one is chosen."""
    pytest.importorskip("zstandard", reason="logs of Inspect are packed by it")
    shutil.copy(REAL / "inspect/two-scorers.eval", folder / "new.eval")
    shutil.copy(REAL / "inspect/two-scorers.eval", folder / "old.eval")

    run("new.eval", "old.eval", "--condition", "n > 0.5 +/- 0.2", answers="2\n")

    assert PredictionsFile("new.eval", "example", "includes") == gatefile.load(folder).candidate


def test_init__two_logs_that_do_not_belong_together(folder: Path) -> None:
    """Other tasks, tools, examples or questions, or no score in common: refused, and nothing is written."""
    pytest.importorskip("zstandard", reason="logs of Inspect are packed by it")
    new = write(NAMES[0], 3, 8)
    shutil.copy(REAL / "inspect/old.eval", "old.eval")

    for old, said in (
        (write("samples_others_2026-01-01T00.jsonl", 3, 8), "different tasks: .*'sums' .*'others'"),
        ("old.eval", "different tasks: .*lm-evaluation-harness.*Inspect"),
        (write(NAMES[1], 3, 7), r"same examples: 1 are in .* alone \('7'\)"),
        (write("b/" + NAMES[0], 3, 8, asked="x"), "sample '0' asked something else"),
        (new, "holds one run"),
    ):
        with pytest.raises(DataError, match=said):
            run("--yes", new, old, "--condition", "n > 0.5 +/- 0.2")

    assert not (folder / "proctor.yml").exists()
    assert not (folder / "exam").exists()


def test_init__labels_that_are_there_are_kept(folder: Path) -> None:
    write("exam/labels.csv", 0, 0)
    new, old = write(NAMES[0], 6, 8), write(NAMES[1], 3, 8)

    with pytest.raises(Misuse, match="is there already"):
        run("--yes", new, old, "--condition", "n > 0.5 +/- 0.2")

    run("--yes", "--force", new, old, "--condition", "n > 0.5 +/- 0.2")
    assert (folder / "exam/labels.csv").read_text().startswith("example,label\n0:")


def test_init__takes_a_folder_or_two_logs() -> None:
    with pytest.raises(Misuse, match="a folder, the logs of two runs"):
        run("--yes", write(NAMES[0], 3, 8))


def test_init__epochs_are_averaged(folder: Path) -> None:
    """Runs that asked everything several times: the key is written, with a condition on means, or a clear no."""
    for name in ("epochs.eval", "old.eval"):
        shutil.copy(REAL / "inspect" / name, folder / name)
    with pytest.raises(Misuse, match="each sample was asked several times") as caught:
        run("--yes", "epochs.eval", "old.eval", "--condition", "no-regression")
    assert "mean(n) - mean(o)" in caught.value.hint
    assert not (folder / "exam").exists()

    run("--yes", "epochs.eval", "old.eval")

    gate = gatefile.load(folder)
    assert Repeats.AVERAGE is gate.testset.repeats
    assert "mean(n) - mean(o)" in gate.condition
    assert 9 == len((folder / "exam/labels.csv").read_text().splitlines())
    (folder / "proctor.yml").write_text((folder / "proctor.yml").read_text().replace("> 0 +/- 0.02", "> -0.9"))
    assert Verdict.PASS is check(gatefile.load(folder), Runtime({"PROCTOR_ACTOR": "ada"})).verdict
