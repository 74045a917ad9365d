"""Logs of other tools' evaluations, as the tools themselves wrote them: read, aligned, and refused where not whole."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from proctor.counting.reading import Numbers
from proctor.errors import DataError, MissingExtra
from proctor.predictions import ColumnNames, Source, read_predictions
from proctor.predictions.logs import Log, read_log

zstandard = pytest.importorskip("zstandard", reason="logs of Inspect are packed by it")

REAL = Path(__file__).with_name("real_logs")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "proctor"
N_SAMPLES, RIGHT, RIGHT_BEFORE = 8, 6, 3


def lmeval(name: str, task: str = "sums") -> Path:
    (found,) = (REAL / "lmeval" / name).glob(f"samples_{task}_*.jsonl")
    return found


PAIRS = {
    "Inspect": (REAL / "inspect/new.eval", REAL / "inspect/old.eval"),
    "Inspect, as JSON": (REAL / "inspect/new.eval", REAL / "inspect/whole.json"),
    "lm-evaluation-harness": (lmeval("new"), lmeval("old")),
    "MLflow": (REAL / "mlflow/new.json", REAL / "mlflow/old.json"),
}


def log(path: Path, **how: Any) -> Log:
    return read_log(Source(path, **how))


def n_correct(path: Path, name: str = "prediction") -> int:
    return list(read_predictions(path, ColumnNames("example", name)).values).count("correct")


@pytest.mark.parametrize(("new", "old"), PAIRS.values(), ids=PAIRS)
def test_read__two_runs_of_one_task(new: Path, old: Path) -> None:
    """Scores become correct and incorrect; both runs name the examples alike, and answers are there as given."""
    found, before = log(new), log(old)

    assert (found.tool, found.task) == (before.tool, before.task)
    assert N_SAMPLES == len(found.ids)
    assert sorted(found.examples) == sorted(before.examples)
    assert (RIGHT, RIGHT_BEFORE) == (n_correct(new), n_correct(old))
    assert found.answers is not None
    assert {"0", "2", "10", "7"} <= set(found.answers)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (REAL / "inspect/two-scorers.eval", ["match", "includes"]),
        (lmeval("old", "filtered"), ["exact_match,strict", "exact_match,flexible"]),
        (REAL / "promptfoo.json", ["new", "old"]),
    ],
    ids=["Inspect", "lm-evaluation-harness", "promptfoo"],
)
def test_read__several_scores_are_columns(path: Path, names: list[str]) -> None:
    """Where there is more than one score, none is taken unasked; each is there by the name that the tool gives it."""
    with pytest.raises(DataError, match="has no column 'prediction'") as caught:
        read_predictions(path, ColumnNames("example"))

    assert all(repr(name) in caught.value.message for name in names)
    assert "prediction: NAME" in caught.value.hint
    assert RIGHT_BEFORE == n_correct(path, names[1])


def test_read__promptfoo_holds_both_runs() -> None:
    found = log(REAL / "promptfoo.json")

    assert ("promptfoo", "sums", N_SAMPLES) == (found.tool, found.task, len(found.ids))
    assert RIGHT == found.marks["new"].count("correct")


@pytest.mark.parametrize("path", [*(pair[1] for pair in PAIRS.values()), REAL / "promptfoo.json"], ids=lambda p: p.name)
def test_read__cut_off_anywhere(path: Path, tmp_path: Path) -> None:
    """A log that ends in the middle is no log, wherever it ends."""
    whole = path.read_bytes()
    cut = tmp_path / path.name
    for tenth in range(1, 10):
        end = len(whole) * tenth // 10
        cut.write_bytes(whole[: end - (whole[end - 1 : end] == b"\n")])
        with pytest.raises(DataError, match=r"is not a whole log|not a log as its tool writes it"):
            read_log(Source(cut))


def test_read__run_that_cannot_be_judged() -> None:
    """A run that failed."""
    with pytest.raises(DataError, match="ended with the status 'error'"):
        log(REAL / "inspect/failed.eval")


def test_read__epochs() -> None:
    """A run that asks everything twice has two rows for each sample, and neither is lost."""
    found = log(REAL / "inspect/epochs.eval")

    assert 2 * N_SAMPLES == len(found.ids)
    assert {2} == set(Counter(found.examples).values())


def test_read__repeats_of_promptfoo(tmp_path: Path) -> None:
    """`--repeat 2` runs each test twice and numbers them on; they are two answers to one question, not two examples."""

    def repeat(content: Any) -> None:
        results = content["results"]["results"]
        content["results"]["results"] = [
            {**result, "testIdx": 2 * result["testIdx"] + epoch} for epoch in (1, 0) for result in results
        ]

    once = log(REAL / "promptfoo.json")
    twice = log(_changed(tmp_path, REAL / "promptfoo.json", repeat))

    assert Counter(once.examples + once.examples) == Counter(twice.examples)


def _changed(tmp_path: Path, path: Path, change: Any) -> Path:
    content = json.loads(path.read_text())
    change(content)
    target = tmp_path / path.name
    target.write_text(json.dumps(content))
    return target


CHANGES = {
    "one sample is missing": (
        "inspect/whole.json", lambda c: c["samples"].pop(), "holds 7 of 8 samples"),
    "a sample has no score": (
        "inspect/whole.json", lambda c: c["samples"][2]["scores"].clear(), "'match' is missing in sample 'sum-2'"),
    "a score is partial": (
        "inspect/whole.json", lambda c: c["samples"][1]["scores"]["match"].update(value="P"), "'match' is 'P' in"),
    "a run was invalidated": (
        "inspect/whole.json", lambda c: c.update(invalidated=True), "was invalidated"),
    "another form": (
        "inspect/whole.json", lambda c: c["samples"][1].pop("input"), "it lacks 'input'"),
    "a sample is there twice": (
        "inspect/whole.json", lambda c: c["samples"].__setitem__(1, c["samples"][0]), "'sum-0' more than once"),
    "no samples": (
        "mlflow/new.json", lambda c: c["data"].clear(), "holds no samples"),
    "a row is short": (
        "mlflow/new.json", lambda c: c["data"][0].pop(), "not a log as its tool writes it"),
    "a column is there twice": (
        "mlflow/new.json",
        lambda c: (c["columns"].append("request"), [row.append("x") for row in c["data"]]), "not a log as its tool"),
    "nothing that was asked": (
        "mlflow/new.json", lambda c: c["columns"].__setitem__(c["columns"].index("request"), "x"), "what was asked"),
    "an answer is an error": (
        "promptfoo.json", lambda c: c["results"]["results"][0].update(failureReason=2), "has no answer to test 0"),
    "an answer is missing": (
        "promptfoo.json", lambda c: [c["results"]["results"].pop(), c["results"]["results"].pop(0)], "is missing in"),
    "an answer is there twice": (
        "promptfoo.json", lambda c: c["results"]["results"].append(c["results"]["results"][0]), "more than once"),
    "an old form": (
        "promptfoo.json", lambda c: c["results"]["results"][0].pop("testIdx"), "it lacks 'testIdx'"),
    "no log at all": (
        "mlflow/new.json", lambda c: c.pop("columns"), "no log that proctor knows"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "change", "said"), CHANGES.values(), ids=CHANGES)
def test_read__what_is_wrong_is_said(tmp_path: Path, name: str, change: Any, said: str) -> None:
    """Nothing is dropped or filled in: a log with a gap is refused, and the gap is named."""
    with pytest.raises(DataError, match=said):
        log(_changed(tmp_path, REAL / name, change))


@pytest.mark.parametrize("name", ["a sample has no score", "an answer is there twice", "an answer is an error"])
def test_read__private_log_tells_nothing(tmp_path: Path, name: str) -> None:
    """Of a log that serves as labels no id and no score is told."""
    file, change, _ = CHANGES[name]
    with pytest.raises(DataError) as caught:
        log(_changed(tmp_path, REAL / file, change), is_private=True)

    assert "sum-" not in str(caught.value)
    assert "test 0" not in str(caught.value)
    assert "match" not in caught.value.message


def test_read__same_id_for_another_question(tmp_path: Path) -> None:
    """An example is known by what was asked, too: a shuffled set of data does not match by its numbers."""

    def exchange(content: Any) -> None:
        first, second = content["samples"][:2]
        first["id"], second["id"] = second["id"], first["id"]

    exchanged = log(_changed(tmp_path, REAL / "inspect/whole.json", exchange))

    assert set(exchanged.ids) == set(log(REAL / "inspect/new.eval").ids)
    assert 2 == len(set(exchanged.examples) - set(log(REAL / "inspect/new.eval").examples))


def test_read__scores_that_are_numbers(tmp_path: Path) -> None:
    """A grade in each sample is a number, which a condition on a mean reads; beside a score that is right or wrong
    it is a column of its name."""

    def graded(content: Any) -> None:
        for number, sample in enumerate(content["samples"]):
            sample["scores"]["grade"] = {"value": number / 8, "answer": None}

    def graded_alone(content: Any) -> None:
        graded(content)
        for sample in content["samples"]:
            del sample["scores"]["match"]

    both = _changed(tmp_path, REAL / "inspect/whole.json", graded)
    assert RIGHT_BEFORE == n_correct(both)
    assert [0, 0.125] == list(read_predictions(both, ColumnNames("example", "grade", Numbers(0, 1))).values[:2])
    alone = _changed(tmp_path, REAL / "inspect/whole.json", graded_alone)
    assert 0.875 == read_predictions(alone, ColumnNames("example", numbers=Numbers())).values.max()
    with pytest.raises(DataError, match=r"0\.125"):
        read_predictions(alone, ColumnNames("example"))


def test_read__archive_packed_as_older_versions_do(tmp_path: Path) -> None:
    """An archive that is deflated is read without zstandard."""
    content = json.loads((REAL / "inspect/whole.json").read_text())
    samples = content.pop("samples")
    with zipfile.ZipFile(tmp_path / "old.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("summaries.json", json.dumps(samples))
        archive.writestr("header.json", json.dumps(content))

    assert log(tmp_path / "old.eval") == log(REAL / "inspect/whole.json")


def test_read__zstandard_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)

    with pytest.raises(MissingExtra, match="zstandard") as caught:
        log(REAL / "inspect/new.eval")

    assert "proctor[inspect]" in caught.value.hint


def test_read__archive_that_unpacks_to_more_than_it_says(tmp_path: Path) -> None:
    """A member is unpacked no further than its directory says, however small the archive is."""
    whole = (REAL / "inspect/new.eval").read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        member = archive.getinfo("summaries.json")
    packed = zstandard.ZstdCompressor().compress(b" " * (1 << 24))
    assert len(packed) < member.compress_size  # it fits into the place of the member
    start = member.header_offset + 30 + len("summaries.json") + len(member.extra)
    (tmp_path / "bomb.eval").write_bytes(whole[:start] + packed + whole[start + len(packed) :])

    with pytest.raises(DataError, match="not a whole log"):
        log(tmp_path / "bomb.eval")


def test_read_predictions__json_lines_of_anything_else(tmp_path: Path) -> None:
    """A table in JSON Lines is still a table, and one long line is no log."""
    (tmp_path / "new.jsonl").write_text('{"id": "a", "prediction": 1}\n')

    assert [1] == read_predictions(tmp_path / "new.jsonl").values.tolist()


RUNS = {
    "inspect": ("PROCTOR_INSPECT_PYTHON", "inspect-venv", "new.eval"),
    "lmeval": ("PROCTOR_LMEVAL_PYTHON", "lmeval-venv", "new/*/samples_sums_*.jsonl"),
    "mlflow": ("PROCTOR_MLFLOW_PYTHON", "mlflow-venv", "new.json"),
}


@pytest.mark.slow
@pytest.mark.parametrize("tool", RUNS)
def test_read__log_that_the_tool_writes_now(tool: str, tmp_path: Path) -> None:
    """The tool itself, in an environment of its own, writes a log that is read as the recorded one is."""
    if os.environ.get("PROCTOR_TEST_LOGS") != "1":
        pytest.skip("the recorded logs stand in for the tools: PROCTOR_TEST_LOGS=1 runs the tools themselves")
    variable, folder, pattern = RUNS[tool]
    python = Path(os.environ.get(variable) or CACHE / folder / "bin/python")
    if not python.exists():
        pytest.skip(f"no environment with {tool}: .ci/logs-venvs.sh makes it")
    script = shutil.copy(REAL / f"{tool}_runs.py", tmp_path)
    quiet = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}

    done = subprocess.run(
        [python, script, tmp_path], cwd=tmp_path, env={**os.environ, **quiet}, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stderr
    (written,) = tmp_path.glob(pattern)
    assert RIGHT == n_correct(written)
