"""`proctor init` in a repository that belongs to another tool: the matching gate, and the line to add."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from proctor import gatefile
from proctor.cli.init import init
from proctor.errors import Misuse
from proctor.gatefile import Accepted, Command, Model, PredictionsFile, Versioned
from proctor.gatefile.house import Addition, additions, latest_logs

ROOT = Path(__file__).parents[3]
REAL = Path(__file__).parents[1] / "predictions/real_logs"
NEW = PredictionsFile("new.csv")
DAG = "from airflow.sdk import dag\n"
KEDRO = '[tool.kedro]\npackage_name = "fraud"\n'


def write(folder: Path, files: dict[str, str]) -> Path:
    """A folder with *files*."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def run(folder: Path, *options: str, answers: str = "") -> Result:
    return CliRunner().invoke(init, [str(folder), *options], input=answers, catch_exceptions=False)


def run_here(*words: str) -> Result:
    return CliRunner().invoke(init, words, catch_exceptions=False)


def added(content: str, one: Addition) -> str:
    """A file with the line below the one that it belongs under."""
    head = one.place.removeprefix("under ") + ":\n"
    assert head in content
    return content.replace(head, f"{head}{one.line}\n")


@pytest.mark.parametrize(
    ("candidate", "files"),
    [
        (PredictionsFile("out/new, é.csv"), ["out/new, é.csv"]),
        (Model("model.skops"), ["model.skops"]),
        (Command("sh run.sh {predictions}", ("run.sh", "model.bin")), ["run.sh", "model.bin"]),
        (Command("sh run.sh {predictions}"), []),
    ],
)
def test_additions__stage_of_dvc(tmp_path, candidate, files):
    """The stage depends on all that the candidate is declared to be, and its verdict is a metric."""
    stages = "stages:\n  train:\n    cmd: python train.py\n"
    write(tmp_path, {"dvc.yaml": stages})

    (one,) = additions(tmp_path, candidate)

    pipeline = yaml.safe_load(added(stages, one))["stages"]
    assert "python train.py" == pipeline["train"]["cmd"]
    assert {
        "cmd": "proctor check --json > proctor.json",
        "deps": [*files, "proctor.yml"],
        "metrics": [{"proctor.json": {"cache": False}}],
    } == pipeline["gate"]


def test_additions__entry_point_of_mlflow(tmp_path):
    project = "name: fraud\nentry_points:\n  main: {command: python train.py}\n"
    write(tmp_path, {"MLproject": project})

    (one,) = additions(tmp_path, NEW)

    assert {"command": "proctor check"} == yaml.safe_load(added(project, one))["entry_points"]["gate"]


def test_additions__hook_and_node_of_kedro(tmp_path):
    """The lines are those of the example, and are said of its files where they do not have them yet."""
    shutil.copytree(ROOT / "examples/kedro", tmp_path, dirs_exist_ok=True)
    assert () == additions(tmp_path, NEW)
    settings = (tmp_path / "src/fraud/settings.py").read_text()
    for path in (tmp_path / "src").rglob("*.py"):
        path.write_text("from kedro.pipeline import node\n")

    hook, node = additions(tmp_path, NEW)

    assert {hook.line, hook.imports} <= set(settings.splitlines())
    assert ("src/fraud/settings.py", "src/fraud/pipeline_registry.py") == (hook.file, node.file)
    ast.parse(f"{node.imports}\n{node.line}")
    write(tmp_path, {"src/fraud/pipelines/model/pipeline.py": "def create_pipeline(): ..."})
    write(tmp_path, {"src/fraud/settings.py": "HOOKS = (\n    Others(),\n)\n"})
    hook, node = additions(tmp_path, NEW)
    assert ("in HOOKS", "GateHooks(),") == (hook.place, hook.line)
    assert "src/fraud/pipelines/model/pipeline.py" == node.file


def test_additions__operator_of_airflow(tmp_path):
    """A worker of Airflow runs anywhere, so the gate file is named by its whole path."""
    write(tmp_path, {"dags/helpers.py": "", "dags/train.py": DAG})

    (one,) = additions(tmp_path, NEW)

    call = ast.parse(one.line, mode="eval").body
    assert isinstance(call, ast.Call)
    given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    assert "dags/train.py" == one.file
    assert {"task_id": "gate", "gate": str(tmp_path.resolve() / "proctor.yml"), "fails_task": True} == given


@pytest.mark.parametrize(
    "files",
    [
        {"dvc.yaml": "stages:\n  gate: {cmd: proctor check}\n"},
        {"MLproject": "entry_points:\n  gate: {command: proctor check}\n"},
        {"dags/train.py": DAG + "from proctor.surfaces.airflow import ProctorCheckOperator\n"},
        {"dags/notes.py": "", "dags/a.txt": DAG},
        {"pyproject.toml": "[tool.kedro\n", "dags": "a file"},
        {"pyproject.toml": '[tool.kedro]\npackage_name = "../elsewhere"\n'},
        {"pyproject.toml": "[tool]\nkedro = 3\n"},
    ],
    ids=str,
)
def test_additions__none(tmp_path, files):
    """Nothing is said where the gate is at home already, or where the tool is not."""
    assert () == additions(write(tmp_path, files), NEW)


def test_init__says_the_line(tmp_path):
    """Every line is printed as it is, below the file that it belongs to."""
    write(tmp_path, {"dvc.yaml": "stages:\n", "MLproject": "entry_points:\n", "pyproject.toml": KEDRO})

    lines = [line.strip() for line in run(tmp_path, "--yes").output.splitlines()]

    told = additions(tmp_path, gatefile.load(tmp_path).candidate)
    assert 4 == len(told)
    assert [] == [one for one in told if one.line.strip() not in lines or one.imports.strip() not in {*lines, ""}]


def test_init__kedro_hands_over_a_table(tmp_path):
    """In a project of Kedro the candidate is the table that the node writes, not a model that lies there."""
    write(tmp_path, {"pyproject.toml": KEDRO, "data/06_models/model.pkl": "", "exam/labels.csv": "id,label\n1,a\n"})

    result = run(tmp_path, "--yes")

    assert PredictionsFile("data/new.csv") == gatefile.load(tmp_path).candidate
    assert "to fill in" not in result.output


def test_init__pointers_of_dvc(tmp_path):
    """A pointer counts as the file that it stands for; beside that file it is nothing."""
    write(tmp_path, {"exam/labels.csv.dvc": "outs:\n", "new.csv": "id,prediction\n", "new.csv.dvc": "outs:\n"})

    run(tmp_path, "--yes")

    gate = gatefile.load(tmp_path)
    assert ("exam/labels.csv", NEW) == (gate.testset.labels, gate.candidate)


LOGS = [
    "logs/2026-05-01T10-00-00+00-00_sums_aBc.eval",
    "logs/2026-04-01T10-00-00+00-00_sums_xYz.eval",
    "logs/2026-03-01T10-00-00+00-00_sums_old.eval",
]


def test_latest_logs__by_their_names():
    """The two newest of one task, whatever folder they lie in; of logs without a date nobody knows which is newer."""
    harness = ["a/samples_sums_2026-06-01T00-00-00.1.jsonl", "b/samples_sums_2026-06-02T00-00-00.1.jsonl"]

    assert (LOGS[0], LOGS[1]) == latest_logs(reversed(LOGS))
    assert (harness[1], harness[0]) == latest_logs([*LOGS, *harness])
    assert (LOGS[0], LOGS[1]) == latest_logs([*LOGS, harness[0]])
    assert latest_logs(["old.eval", "new.eval"]) is None
    assert latest_logs([LOGS[0], harness[0]]) is None
    assert latest_logs([]) is None


def _with_logs(folder: Path) -> Path:
    (folder / "logs").mkdir()
    for name, log in zip(LOGS, ("new", "old"), strict=False):
        shutil.copy(REAL / f"inspect/{log}.eval", folder / name)
    return folder


def test_init__offers_the_logs(tmp_path):
    """Where nothing but logs lies, the gate is made from the latest two of one task."""
    result = run(_with_logs(tmp_path), "--yes")

    gate = gatefile.load(tmp_path)
    assert 0 == result.exit_code
    assert (LOGS[0], LOGS[1]) == (gate.candidate.predictions, gate.baseline.predictions)
    assert (tmp_path / "exam/labels.csv").read_text().startswith("example,label\n")


def test_init__logs_are_not_wanted(tmp_path):
    """The offer can be declined; the line that takes it up later is said then."""
    result = run(_with_logs(tmp_path), answers="2\n\n\n\n\n\n")

    assert "new.csv" == gatefile.load(tmp_path).candidate.predictions
    assert f"proctor init --force {tmp_path / LOGS[0]} {tmp_path / LOGS[1]}" in result.output


URI, OLD_URI = "models:/fraud@challenger", "models:/fraud@champion"
EXAM = {"exam/labels.csv": "id,label\n1,a\n", "exam/features.csv": "id,x\n1,2\n"}


@pytest.mark.parametrize(("uris", "baseline"), [([URI], Accepted()), ([URI, OLD_URI], Versioned(OLD_URI))])
def test_init__models_that_mlflow_keeps(tmp_path, monkeypatch, uris, baseline):
    """A URI is the candidate, a second one the baseline, and the line is said that names the server."""
    monkeypatch.chdir(write(tmp_path, EXAM))

    said = run_here("--yes", *uris).output

    gate = gatefile.load(tmp_path)
    assert (Versioned(URI), baseline, "exam/features.csv") == (gate.candidate, gate.baseline, gate.testset.features)
    assert "runstore: http://…" in said
    with (tmp_path / "proctor.yml").open("a") as file:
        file.write("runstore: http://mlflow.example\n")
    assert "http://mlflow.example" == gatefile.load(tmp_path).runstore.url


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (["models:/fraud"], "'models:/fraud' names no version of a model"),
        ([URI, "exam/labels.csv"], "init takes a folder, the logs of two runs, or one or two URIs"),
        ([URI, OLD_URI, URI], "init takes a folder, the logs of two runs, or one or two URIs"),
        (["nowhere"], "nowhere does not exist"),
    ],
)
def test_init__other_subjects(tmp_path, monkeypatch, places, message):
    monkeypatch.chdir(write(tmp_path, EXAM))

    with pytest.raises(Misuse, match=message):
        run_here("--yes", *places)

    assert not (tmp_path / "proctor.yml").exists()
