"""`proctor init` and `proctor explain`, as a new user meets them."""

from __future__ import annotations

import gzip
import json
import subprocess
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from proctor import conditions, gatefile
from proctor.cli.explain import explain
from proctor.cli.init import init
from proctor.errors import ConditionError, Misuse, ProctorError
from proctor.gatefile.draft import READY_MADE, Draft
from proctor.gatefile.findings import Found, Role, search
from proctor.planning import Request
from proctor.planning import plan as make_plan
from proctor.words import explain as explained


def write(folder: Path, files: dict[str, str]) -> Path:
    """A folder with *files*."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def run(folder: Path, *options: str, answers: str = "") -> Result:
    return CliRunner().invoke(init, [str(folder), *options], input=answers, catch_exceptions=False)


EXAM = {"exam/labels.csv": "id,label\n1,a\n", "exam/features.csv": "id,x\n1,2\n"}


FOUND = {
    "index of pandas": ("labels.csv", ",id,label\n0,a,1\n", "id", "label", False),
    "index made a column": ("labels.csv", "index,id,label\n0,a,1\n", "id", "label", False),
    "index that is all there is": ("labels.csv", "index,label\n0,1\n", "index", "label", False),
    "tabs": ("labels.tsv", "id\tlabel\tx\na\t1\t2\n", "id", "label", True),
}


@pytest.mark.parametrize(("name", "content", "ids", "value", "more"), FOUND.values(), ids=FOUND)
def test_search__tables_as_people_have_them(tmp_path, name, content, ids, value, more):
    """An index is neither ids nor anything else as long as there are ids."""
    write(tmp_path, {name: content})

    assert (Found(name, Role.LABELS, ids, value, holds_more=more),) == search(tmp_path)


def test_search__packed_and_in_parts(tmp_path):
    """Packed tables are looked into; a folder of Parquet files is one table; what is damaged has no columns."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    (tmp_path / "labels.csv.gz").write_bytes(gzip.compress(b"id,truth\na,1\n"))
    (tmp_path / "features.jsonl.gz").write_bytes(gzip.compress(b'{"id": 1}')[:-9])
    (tmp_path / "new.parquet").mkdir()
    pq.write_table(pa.table({"id": ["a"], "y_pred": [1]}), tmp_path / "new.parquet/part-0.parquet")

    assert {
        Found("labels.csv.gz", Role.LABELS, "id", "truth"),
        Found("features.jsonl.gz", Role.FEATURES),
        Found("new.parquet", Role.PREDICTIONS, "id", "y_pred"),
    } == set(search(tmp_path))


def test_init__predictions(tmp_path):
    """Labels, features and predictions are found by their headers, the old predictions become the baseline."""
    write(tmp_path, {**EXAM, "new.csv": "id,prediction\n1,a\n", "old.csv": "id,prediction\n1,b\n"})

    result = run(tmp_path, "--yes")

    gate = gatefile.load(tmp_path)
    assert 0 == result.exit_code
    assert gatefile.TestSetSource(labels="exam/labels.csv", features="exam/features.csv") == gate.testset
    assert gatefile.PredictionsFile("new.csv") == gate.candidate
    assert gatefile.PredictionsFile("old.csv") == gate.baseline


def test_init__other_columns(tmp_path):
    """Columns under other names are named in the gate file."""
    predictions = json.dumps({"example_id": 1, "y_pred": "a"})
    write(tmp_path, {"test/y.csv": "example_id,target\n1,a\n", "preds.jsonl": predictions})

    run(tmp_path, "--yes")

    gate = gatefile.load(tmp_path)
    assert gatefile.TestSetSource(labels="test/y.csv", id="example_id", label="target") == gate.testset
    assert gatefile.PredictionsFile("preds.jsonl", "example_id", "y_pred") == gate.candidate


@pytest.mark.parametrize(("column", "is_named"), [("text_id", False), ("id", True)])
def test_init__columns_of_ids(tmp_path, column, is_named):
    """Predictions whose ids have the test set's name for them need not name it; others must, `id` included."""
    write(tmp_path, {"exam/y.csv": "text_id,label\n1,a\n", "new.csv": f"{column},prediction\n1,a\n"})

    run(tmp_path, "--yes")

    assert column == gatefile.load(tmp_path).candidate.id
    assert 1 + is_named == (tmp_path / "proctor.yml").read_text().count("\n  id: ")


def test_init__model(tmp_path):
    """An estimator is trusted explicitly, and the line says what that means."""
    write(tmp_path, {**EXAM, "model.joblib": ""})

    run(tmp_path, "--yes")

    assert gatefile.Model("model.joblib", trust=("pickle",)) == gatefile.load(tmp_path).candidate
    assert "runs whatever code is in it" in (tmp_path / "proctor.yml").read_text()


def test_init__model_that_holds_no_code(tmp_path):
    """A format of data alone needs no trust, and JSON may be anything."""
    write(tmp_path, {**EXAM, "model.onnx": "", "package.json": "{}"})

    run(tmp_path, "--yes")

    assert gatefile.Model("model.onnx") == gatefile.load(tmp_path).candidate
    assert "trust" not in (tmp_path / "proctor.yml").read_text()


def test_init__script(tmp_path):
    """A script that predicts becomes a command; outside of git it is known by its file, which is declared."""
    write(tmp_path, {**EXAM, "predict.py": ""})
    command = "python predict.py {features} {predictions}"

    run(tmp_path, "--yes")
    assert gatefile.Command(command, files=("predict.py",)) == gatefile.load(tmp_path).candidate

    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    run(tmp_path, "--yes", "--force")
    assert gatefile.Command(command) == gatefile.load(tmp_path).candidate


def test_init__one_file_of_features_and_labels(tmp_path):
    """One table of everything serves as both: the gate leaves the labels out of what a model is shown."""
    write(tmp_path, {"test.csv": "x,target\n1,a\n", "train.csv": "x,target\n1,a\n", "model.pkl": ""})

    result = run(tmp_path, "--yes")

    assert (
        gatefile.TestSetSource(labels="test.csv", features="test.csv", label="target")
        == gatefile.load(tmp_path).testset
    )
    assert "once the labels are in a file of their own" in result.output


def test_init__labels_without_ids(tmp_path):
    """Predictions alone are not enough where nothing says which example is which: features are to be filled in."""
    write(tmp_path, {"y_test_labels.npy": "", "new.npy": "", "old.npy": ""})

    result = run(tmp_path, "--yes")

    gate = gatefile.load(tmp_path)
    assert (gatefile.PredictionsFile("new.npy"), gatefile.PredictionsFile("old.npy")) == (gate.candidate, gate.baseline)
    assert "to fill in: features" in result.output


@pytest.mark.parametrize(
    ("n_examples", "expected"),
    [
        (20_000, ("n - o > 0.01 +/- 0.01", 3, "")),
        (3_000, ("n - o > 0.01 +/- 0.02", 3, "the tolerance was set to 0.02")),
        (400, ("n - o > 0.01 +/- 0.045", 1, "32 steps with 1 pass are expected")),
        (50, ("n - o > 0.01 +/- 0.01", 3, "too few for any tolerance of use: take more")),
    ],
)
def test_init__fits_the_examples_at_hand(tmp_path, n_examples, expected):
    """The tolerance, and where need be the life that is expected, are those that the examples reach; or it says so."""
    labels = "id,label\n" + "".join(f"{i},a\n" for i in range(n_examples))
    write(tmp_path, {"exam/labels.csv": labels, "new.csv": "id,prediction\n"})

    result = run(tmp_path, "--yes")

    gate = gatefile.load(tmp_path)
    assert expected[:2] == (gate.condition, gate.stakes.passes)
    assert expected[2] in result.output
    plan = make_plan(gate.formula, Request(gate.contract, gate.stakes, gate.power, gate.disagreement))
    assert (n_examples >= plan.examples) is (n_examples > 50)


@pytest.mark.parametrize(
    ("tolerance", "disagreement", "note"), [("0.05", 0.1, "raise the tolerance or take more of them"), ("0.1", 0.2, "")]
)
def test_init__own_condition_is_left_alone(tmp_path, tolerance, disagreement, note):
    """A condition of the user's own stays, with a share of changes under which it can pass; what it lacks is said."""
    labels = "id,label\n" + "".join(f"{i},a\n" for i in range(200))
    write(tmp_path, {"exam/labels.csv": labels, "new.csv": "id,prediction\n"})

    result = run(tmp_path, "--yes", "--condition", f"n - o > 0 +/- {tolerance}")

    gate = gatefile.load(tmp_path)
    assert (f"n - o > 0 +/- {tolerance}", disagreement) == (gate.condition, gate.disagreement)
    assert bool(note) is ("note" in result.output)
    assert note in result.output
    assert make_plan(gate.formula, gate.request()).examples > 0


def test_init__nothing_found(tmp_path):
    """Without data a gate file is written all the same, and what is to be filled in is marked."""
    result = run(tmp_path, "--yes")

    assert gatefile.PredictionsFile("new.csv") == gatefile.load(tmp_path).candidate
    assert 2 == (tmp_path / "proctor.yml").read_text().count("TO FILL IN")
    assert "to fill in: candidate, labels" in result.output


def test_init__asks(tmp_path):
    """What cannot be found out is asked, again if the answer is none."""
    write(tmp_path, {**EXAM, "a.csv": "id,prediction\n", "b.csv": "id,prediction\n"})

    result = run(tmp_path, answers="9\n2\n4\nmany\n0.2\n")

    gate = gatefile.load(tmp_path)
    assert 0 == result.exit_code
    assert gatefile.PredictionsFile("b.csv") == gate.candidate
    assert (READY_MADE[3].condition, 0.2) == (gate.condition, gate.disagreement)


def test_init__nobody_to_ask(tmp_path):
    """Without a terminal and without --yes the message names the option, and nothing is written."""
    with pytest.raises(Misuse, match="--yes"):
        run(tmp_path)

    assert [] == list(tmp_path.iterdir())


def test_init__condition(tmp_path):
    """A condition of one's own is written as it is; a broken one writes nothing."""
    run(tmp_path, "--yes", "--condition", "n > 0.9 or d < 0.01")
    assert "n > 0.9 or d < 0.01" == gatefile.load(tmp_path).condition

    with pytest.raises(ConditionError):
        run(tmp_path, "--yes", "--force", "--condition", "n = 0.9")
    assert "n > 0.9 or d < 0.01" == gatefile.load(tmp_path).condition


@pytest.mark.parametrize("one", READY_MADE, ids=lambda one: one.name)
def test_init__condition_by_name(tmp_path, one):
    """A ready-made condition can be named; it comes with its mode, and the help says which there are."""
    run(tmp_path, "--yes", "--condition", one.name)

    gate = gatefile.load(tmp_path)
    assert (one.condition, one.mode) == (gate.condition, gate.mode)
    assert one.name in run(tmp_path, "--help").output


def test_init__first(tmp_path):
    """A condition that needs no baseline judges the first model too."""
    run(tmp_path, "--yes", "--condition", "n > 0.9 +/- 0.01")
    assert gatefile.First.JUDGE is gatefile.load(tmp_path).first

    run(tmp_path, "--yes", "--force", "--condition", "n > 0.9 +/- 0.01 /\\ n > o")
    assert gatefile.First.ACCEPT is gatefile.load(tmp_path).first


def test_init__does_not_overwrite(tmp_path):
    """A gate file that is there stays, unless --force says otherwise."""
    write(tmp_path, {"proctor.yml": "mine"})

    with pytest.raises(Misuse, match="--force"):
        run(tmp_path, "--yes")
    assert "mine" == (tmp_path / "proctor.yml").read_text()

    run(tmp_path, "--yes", "--force")
    assert "mine" != (tmp_path / "proctor.yml").read_text()


def test_init__says_what_next(tmp_path):
    """The next commands are named, and that the labels need a place of their own."""
    result = run(tmp_path, "--yes")

    assert "proctor plan" in result.output
    assert "proctor testset seal" in result.output


def test_search__leaves_out(tmp_path):
    """Training data, hidden folders, environments and what lies too deep are no exam."""
    paths = ("train.csv", "venv/y.csv", "a/b/c/d/y.csv", ".hidden/y.csv", "data/valid/y.csv")
    write(tmp_path, dict.fromkeys(paths, "id,label\n"))

    assert () == search(tmp_path)


def test_search__likeliest_first(tmp_path):
    """A file called test comes before others with the same header."""
    write(tmp_path, {"all.csv": "id,label\n", "z/test.csv": "id,label\n", "notes.csv": "a,b\n"})

    assert ["z/test.csv", "all.csv"] == [one.path for one in search(tmp_path)]


def test_search__labels_beside_features(tmp_path):
    """A file of labels that holds more is told from one that does not."""
    write(tmp_path, {"test.csv": "id,x,label\n"})

    assert (Found("test.csv", Role.LABELS, "id", "label", holds_more=True),) == search(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PK\x03\x04broken", b"{not json"])
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "npz", "parquet", "npy"])
def test_search__broken_files(tmp_path, suffix, content):
    """A file that cannot be read is judged by its name."""
    (tmp_path / f"labels.{suffix}").write_bytes(content)

    assert [(f"labels.{suffix}", Role.LABELS)] == [(one.path, one.role) for one in search(tmp_path)]


def test_search__npz(tmp_path):
    """Names of arrays count as columns."""
    with zipfile.ZipFile(tmp_path / "exam.npz", "w") as archive:
        archive.writestr("id.npy", b"")
        archive.writestr("y_true.npy", b"")

    assert (Found("exam.npz", Role.LABELS, "id", "y_true"),) == search(tmp_path)


@pytest.mark.parametrize("one", READY_MADE, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "path",
    ["a b.csv", "a #b.csv", "a: b.csv", "yes", "1e3", "'q'.csv", "ü.csv", "-a.csv", "{a}", "data/of-a-long-path/y.csv"],
)
def test_draft__is_read_back(one, path):
    """Whatever the files are called, the text is read back to what it was made of, disagreement included."""
    draft = Draft(
        condition=one.condition,
        candidate=gatefile.PredictionsFile(path, path, path),
        labels=path,
        mode=one.mode,
        label=path,
        features=path,
    )

    gate = gatefile.loads(draft.text())

    assert (one.condition, one.mode, 0.1) == (gate.condition, str(gate.mode), gate.disagreement)
    assert gatefile.TestSetSource(labels=path, features=path, label=path) == gate.testset
    assert gatefile.PredictionsFile(path, path, path) == gate.candidate


# --- explain ---------------------------------------------------------------------------------------------------------


def test_explain__in_plain_words():
    """Every sentence of the explanation is printed, whatever the width."""
    result = CliRunner().invoke(explain, ["n - o > 0.02 +/- 0.01", "--reliability", "0.999"])

    told = explained("n - o > 0.02 +/- 0.01", "fp-free", 0.999)
    words = " ".join(result.output.replace("\n", " ").split())
    assert 0 == result.exit_code
    assert [] == [one for one in (*told.asks, *told.passing_means, *told.passing_does_not_mean) if one not in words]


def test_explain__json():
    """As JSON, with the canonical condition; one that begins with a minus is no option."""
    result = CliRunner().invoke(explain, ["-o + n>0.02", "--json"])

    content = json.loads(result.output)
    assert str(conditions.parse("-o + n > 0.02")) == content["condition"]
    assert {"asks", "passing_means", "passing_does_not_mean", "mode", "reliability"} <= content.keys()


def test_explain__condition_of_the_gate_file(tmp_path, monkeypatch):
    """Without a condition it is the gate file's, with its mode and reliability; options win over these."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ProctorError, match=r"no proctor\.yml"):
        CliRunner().invoke(explain, [], catch_exceptions=False)
    run(tmp_path, "--yes", "--condition", "no-regression")

    found, named = (
        json.loads(CliRunner().invoke(explain, [*options, "--json"], catch_exceptions=False).output)
        for options in ([], ["--mode", "fp-free", "--reliability", "0.9"])
    )

    assert ("n - o > 0 +/- 0.01", "fn-free", 0.999) == (found["condition"], found["mode"], found["reliability"])
    assert ("n - o > 0 +/- 0.01", "fp-free", 0.9) == (named["condition"], named["mode"], named["reliability"])


def test_explain__refuses():
    """A condition that cannot be read is misuse."""
    with pytest.raises(ConditionError):
        CliRunner().invoke(explain, ["n = 1"], catch_exceptions=False)
