"""The examples, run as their readers run them; a story that is no longer true fails here."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
TIME_LIMIT_S = 240  # a minute on a machine that does nothing else


def tell(story: str, folder: Path, *options: str) -> str:
    """Run a story's script in *folder* and return what it printed; it ends with 0 if all went as told."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / story / "run.py", "--folder", folder, *options],
        env={**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1", "PROCTOR_ACTOR": "a reader"},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def load(path: Path) -> ModuleType:
    """A script of an example as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def verdicts(output: str) -> list[tuple[str, str]]:
    """Verdicts by commit, as printed: title of the commit, and the word that leads its report."""
    return re.findall(r"^── (.+?) ─+\n(?:(?!── ).*\n)*? {2}(PASS|FAIL) ", output, re.MULTILINE)


def without_hashes(output: str) -> str:
    """What is printed in every run alike: no heads of the ledger, and in the history no times, commits and names."""
    same = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d  [0-9a-f]{8}  .{12}", "", output)
    return re.sub(r"(?<=head )[0-9a-f]{8}", "", same)


@pytest.fixture
def releases() -> None:
    """The releases of chardet, installed now if that is asked for; the test is skipped where they are missing."""
    installer = load(EXAMPLES / "chardet/releases.py")
    folder = installer.default_folder()
    if os.environ.get("PROCTOR_TEST_CHARDET") == "1":
        installer.install(folder)
    if absent := installer.missing(folder):
        pytest.skip(f"chardet {', '.join(absent)} not installed: run examples/chardet/releases.py once")


@pytest.mark.slow
def test_digits__passes_fails_and_the_end_of_the_test_set(tmp_path: Path) -> None:
    """In the story of the digits, commits pass and fail, and in the end a fresh test set is needed."""
    told = tell("digits", tmp_path)

    assert {"PASS", "FAIL"} == {verdict for _, verdict in verdicts(told)}
    assert told.rstrip().endswith("the test set used up: yes")


@pytest.mark.slow
def test_search__reports_no_gain_that_is_not_there(tmp_path: Path) -> None:
    """A search that looks at the test set deceives itself; what one through the gate reports is true, and drawn."""
    told = tell("search", tmp_path, "--questions", "20")

    gains = dict(re.findall(r"^(\w+): reports (\S+) points", told, re.MULTILINE))
    assert ("+0.0", {"naive", "greedy", "honest"}) == (gains["greedy"], gains.keys())
    assert float(gains["naive"]) > 0 < float(gains["honest"])
    drawing = (tmp_path / "gain.svg").read_text(encoding="utf-8")
    assert drawing.startswith("<svg")
    assert all(f">{name}</text>" in drawing for name in (*gains, "reported", "true"))


@pytest.mark.slow
def test_pool__ships_as_much_for_fewer_labels(tmp_path: Path) -> None:
    """In a quarter of the year a growing test set ships what fresh ones do, for fewer labels, and both are drawn."""
    told = tell("pool", tmp_path, "--commits", "50")

    found = re.findall(r"^(pool|fresh): (\d+) improvements shipped, 0 wrong, ([\d,]+) labels paid", told, re.MULTILINE)
    years = {name: (int(shipped), int(labels.replace(",", ""))) for name, shipped, labels in found}
    assert years["pool"][0] >= years["fresh"][0] > 0
    assert years["pool"][1] < years["fresh"][1]
    assert "fresh: commit 38: test set" in told
    drawing = (tmp_path / "year.svg").read_text(encoding="utf-8")
    assert all(f">{name}</text>" in drawing for name in ("pool", "fresh", "labels paid"))


def test_judge__conversations_are_observations(tmp_path: Path) -> None:
    """Counting prompts deceives as often as the README says, and the gate, which counts conversations, is right."""
    told = tell("judge", tmp_path)

    counted = r"(prompts|conversations), it passes on (\d+) of 200"
    readme = (EXAMPLES / "judge/README.md").read_text(encoding="utf-8")
    assert re.findall(counted, told) == re.findall(
        r"^\| (prompts|conversations) \| (\d+) of 200 \|", readme, re.MULTILINE
    )
    assert load(EXAMPLES / "judge/run.py").GATE in readme
    assert ["FAIL", "PASS"] == re.findall(r"^  (FAIL|PASS) ", told, re.MULTILINE)
    assert "each conversation counting once" in told


@pytest.mark.slow
@pytest.mark.parametrize("story", ["fraud", "regression"])
def test_drawn__judges_models_as_the_readme_says(story: str, tmp_path: Path) -> None:
    """The README's table has the models, what is true of each, and its verdict; the gate that it shows is the gate."""
    readme = (EXAMPLES / story / "README.md").read_text(encoding="utf-8")
    gate = (EXAMPLES / story / "proctor.yml").read_text(encoding="utf-8")
    table = re.findall(r"^\| ([^|]+) \| (\d.*) \| (pass|fail) \|$", readme, re.MULTILINE)

    told = tell(story, tmp_path)

    shown = re.findall(r"^── (.+?) ─+\n {3}truly: (.+)\n\n {2}(PASS|FAIL) ", told, re.MULTILINE)
    assert [(model, verdict.upper()) for model, _, verdict in table] == [(model, word) for model, _, word in shown]
    for (model, figures, _), (_, truly, _) in zip(table, shown, strict=True):
        assert set(re.findall(r"\d+[.\d]*", figures)) <= set(re.findall(r"\d+[.\d]*", truly)), model
    assert re.findall(r"^```yaml\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)[0] in gate


@pytest.mark.slow
@pytest.mark.usefixtures("releases")
def test_chardet__judges_releases_as_the_readme_says(tmp_path: Path) -> None:
    """Each release of chardet gets the verdict that the README's table gives it, for free where it says so."""
    readme = (EXAMPLES / "chardet/README.md").read_text(encoding="utf-8")
    promised = re.findall(r"^\| ([\d.]+) \| (pass|fail)(, free)? \|", readme, re.MULTILINE)

    told = tell("chardet", tmp_path)

    assert [(f"chardet {release}", verdict.upper()) for release, verdict, _ in promised] == verdicts(told)
    assert sum(bool(free) for *_, free in promised) == told.count("asked before")
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    printed = [without_hashes(part) for language, part in fences if not language]
    assert [True, True] == [part in without_hashes(told) for part in printed]


def test_chardet__exam_has_one_truth_for_each_example() -> None:
    """Every byte string of the exam is decoded by its own codec, the same exam is made each time, and none is ASCII."""
    testset = load(EXAMPLES / "chardet/exam.py").make_exam(300)

    assert load(EXAMPLES / "chardet/exam.py").make_exam(300) == testset
    assert all(data.decode(codec) for data, codec in testset.items())
    assert "ascii" not in testset.values()
    assert len(set(testset.values())) > 20


@pytest.mark.parametrize("questions", ["0", "-1", "2001", "many"])
def test_search__number_of_questions(questions: str, tmp_path: Path) -> None:
    """A number of questions that no search can ask is refused, and nothing is begun."""
    done = ask("search", "--folder", str(tmp_path / "new"), f"--questions={questions}")

    assert (2, True) == (done.returncode, "is not a whole number from 1 to 2,000" in done.stderr)
    assert not (tmp_path / "new").exists()


def test_regression__folder_that_was_used(tmp_path: Path) -> None:
    """The story is told once in a folder: its books would go on, and the answers be others."""
    (tmp_path / ".proctor").mkdir()

    done = ask("regression", "--folder", str(tmp_path))

    assert (2, True) == (done.returncode, "name another folder" in done.stderr)


def ask(story: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a story that will not be told."""
    command = [sys.executable, str(EXAMPLES / story / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
