"""The gate file: what is read, what is refused, and where the message points."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from proctor import gatefile
from proctor.budget import Adaptive, Adaptivity, Contract, Guaranteed, Mode
from proctor.conditions import clauses
from proctor.errors import GateFileError
from proctor.gatefile.slot import Slot
from proctor.planning import Bound, Request

SHORT = """\
condition: n - o > 0.02 +/- 0.01
testset:
  labels: exam/labels.csv
candidate:
  predictions: new.csv
"""

FULL = """\
name: spam
condition: n - o > 0.01 +/- 0.01 /\\ n - a > 0 +/- 0.02
reliability: 0.9999
power: 0.9
mode: fn-free
adaptivity: recycling
stakes: guaranteed
bound: exact
steps: 40
passes: 5
disagreement: 1e-1
testset:
  name: spring
  labels: exam/labels.csv
  features: exam/features.csv
  sample: exam/sample.csv
  id: key
  label: target
  inputs: sealed
  classes: [ham, spam, 2]
candidate:
  command: python predict.py {features} {predictions}
  files: [predict.py, weights.bin]
  timeout: 30
  id: key
  prediction: guess
first: accept
baseline: {revision: main}
ledger: git:origin/proctor-ledger
runstore: {url: "http://127.0.0.1:5000", experiment: spam, owner_experiment: private}
sandbox: required
feedback: {estimate: {of: n - o, from: -0.1, to: 0.1, step: 0.01}}
owner: {record: /owner/record.jsonl, key: /owner/key}
notify: {mail: owner@example.com}
"""


def problems(text: str) -> list[str]:
    """Messages without the hint, one for each problem."""
    with pytest.raises(GateFileError) as caught:
        gatefile.loads_any(text, "gate.yml")
    return caught.value.message.splitlines()


def with_lines(*lines: str) -> str:
    """A valid gate file with further lines at its end, from line 6 on."""
    return SHORT + "\n".join(lines)


def with_candidate(candidate: str, *lines: str, testset: str = "{labels: y.csv, features: x.csv}") -> str:
    """A valid gate file about another candidate, which stands in line 3."""
    return "\n".join(["condition: n > 0.8 +/- 0.01", f"testset: {testset}", f"candidate: {candidate}", *lines])


# --- what is read ----------------------------------------------------------------------------------------------------


def test_loads__defaults():
    """Five lines do: everything else has the default of design.md."""
    gate = gatefile.loads(SHORT)

    assert Contract(0.999, Mode.FP_FREE, Adaptivity.RECYCLING, None) == gate.contract
    assert Adaptive(32, 3) == gate.stakes
    assert Bound.EXACT is gate.bound
    assert gatefile.PredictionsFile("new.csv") == gate.candidate
    assert gatefile.Accepted() == gate.baseline
    assert gatefile.First.ACCEPT is gate.first
    assert (".proctor/ledger.db", None, "proctor") == (gate.ledger, gate.runstore, gate.name)
    assert gatefile.VerdictOnly() == gate.feedback


def test_loads__every_key():
    """Every key of the table is read into its own type."""
    gate = gatefile.loads(FULL)

    assert "spam" == gate.name
    assert Contract(0.9999, Mode.FN_FREE) == gate.contract
    assert Guaranteed(40, 5) == gate.stakes
    assert (0.9, 0.1) == (gate.power, gate.disagreement)
    assert gate.testset == gatefile.TestSetSource(
        labels="exam/labels.csv",
        features="exam/features.csv",
        id="key",
        label="target",
        name="spring",
        sample="exam/sample.csv",
        inputs=gatefile.Inputs.SEALED,
        classes=("ham", "spam", "2"),
    )
    line = "python predict.py {features} {predictions}"
    assert gatefile.Command(line, ("predict.py", "weights.bin"), 30.0, "key", "guess") == gate.candidate
    assert gatefile.Revision("main") == gate.baseline
    assert "git:origin/proctor-ledger" == gate.ledger
    assert gatefile.RunStoreTarget("http://127.0.0.1:5000", "spam", "private") == gate.runstore
    assert gatefile.Isolation(gatefile.Sandbox.REQUIRED) == gate.sandbox
    assert gatefile.Estimate("n - o", -0.1, 0.1, 0.01) == gate.feedback
    assert gatefile.Owner("/owner/record.jsonl", "/owner/key") == gate.owner
    assert gatefile.Notify(mail="owner@example.com") == gate.notify


def test_loads__short_forms():
    """A run store is its address; feedback is a word."""
    gate = gatefile.loads(with_lines("runstore: https://mlflow.example", "feedback: three-way"))

    assert gatefile.RunStoreTarget("https://mlflow.example", "proctor", None) == gate.runstore
    assert gatefile.ThreeWay() == gate.feedback


def test_loads__model():
    """An estimator is taken where its pickle is trusted."""
    gate = gatefile.loads(with_candidate("{model: m.joblib, trust: pickle}"))

    assert gatefile.Model("m.joblib", trust=("pickle",)) == gate.candidate


@pytest.mark.parametrize(("text", "number"), [("1e-3", 0.001), ("1E-3", 0.001), (".5", 0.5), ("+5.e-1", 0.5)])
def test_loads__numbers_that_yaml_takes_for_text(text, number):
    """`1e-3` is a number here, whatever PyYAML thinks of it."""
    assert number == gatefile.loads(with_lines(f"disagreement: {text}")).disagreement


@pytest.mark.parametrize(
    ("typed", "advice"),
    [("95", "; write 0.95"), ("2", ""), ("1.5", ""), ("100", ""), ("20 %", ""), ("1,5", ""), ("0,95", "; write 0.95")],
)
def test_policy_from_options__suggests_nothing_that_it_would_refuse(typed, advice):
    """What is suggested instead of a number lies in the number's domain itself."""
    with pytest.raises(GateFileError) as caught:
        gatefile.policy_from_options({"condition": "n > 0.8", "reliability": typed})

    assert advice == "".join(re.findall("; write .*", caught.value.message))


@pytest.mark.parametrize(
    "word", ["firstChange", "full", "none", "none -> owner@example.com", "none->owner@example.com"]
)
def test_loads__papers_policies(word):
    """The paper's policies carry their steps into the contract, and `none` the address."""
    gate = gatefile.loads(with_lines(f"adaptivity: {word}", "steps: 7"))

    assert 7 == gate.contract.steps
    assert ("owner@example.com" if "@" in word else None) == gate.recipient


def test_loads__passes_never_exceed_steps_by_default():
    """A small number of steps lowers the passes that are expected, and a large number of passes raises the steps."""
    assert Adaptive(2, 2) == gatefile.loads(with_lines("steps: 2")).stakes
    assert Adaptive(50, 50) == gatefile.loads(with_lines("passes: 50")).stakes


def test_load__relative_to_its_folder(tmp_path):
    """Paths start from the gate file's folder; absolute ones stay."""
    (tmp_path / "proctor.yml").write_text(SHORT)

    gate = gatefile.load(tmp_path)

    assert tmp_path / "exam/labels.csv" == gate.resolve(gate.testset.labels)
    assert Path("/data/y.csv") == gate.resolve("/data/y.csv")


@pytest.mark.parametrize(
    ("file", "name"),
    [("proctor.yml", "proctor"), ("models/spam/proctor.yml", "spam"), ("a/ham.yml", "ham"), (".travis.yml", "travis")],
)
def test_name_of__is_that_of_the_file(tmp_path, monkeypatch, file, name):
    """Without `name` a gate is called like its file, or the folder of a `proctor.yml`, however its path is written."""
    (tmp_path / ".git").mkdir()
    folder = (tmp_path / file).parent
    folder.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path)

    assert name == gatefile.loads(SHORT, file).name
    assert name == gatefile.name_of(tmp_path / file)
    monkeypatch.chdir(folder)
    assert name == gatefile.name_of(Path(Path(file).name))
    assert name == gatefile.name_of(Path("..", folder.name, Path(file).name))


def test_name_of__outside_of_a_repository(tmp_path):
    """Where there is no repository whose gates could be told apart, the usual file has the usual name."""
    assert "proctor" == gatefile.name_of(tmp_path / "models/spam/proctor.yml")


def test_load__byte_order_mark(tmp_path):
    """Editors that write a byte order mark are forgiven."""
    (tmp_path / "proctor.yml").write_text(SHORT, encoding="utf-8-sig")

    assert "n - o > 0.02 +/- 0.01" == gatefile.load(tmp_path).condition


def test_request__is_all_that_the_gate_file_says():
    """Whoever plans asks for the same: the contract, the stakes, what is anticipated, and the price of feedback."""
    gate = gatefile.loads(with_lines("power: 0.9", "disagreement: 0.1", "passes: 2", "feedback: three-way"))

    asked = gate.request(5000)

    expected = Request(gate.contract, Adaptive(32, 2), 0.9, 0.1, Bound.EXACT, 5000, feedback_bits=1.0)
    assert expected == asked
    assert gate.request().examples is None
    assert 0.0 == gatefile.policy_from_options({"condition": "n > 0.9"}).request().feedback_bits


def test_policy__log_miss():
    """The miss probability is 1 − power, by default 1 − reliability, without the rounding error of a subtraction."""
    assert math.log(0.001) == gatefile.loads(SHORT).log_miss
    assert math.log(0.1) == gatefile.loads(with_lines("power: 0.9")).log_miss


def test_estimate__points():
    """The grid holds both ends, each point the decimal number that was meant."""
    points = gatefile.Estimate("n - o", -0.1, 0.1, 0.05).points

    assert (-0.1, -0.05, 0.0, 0.05, 0.1) == points


# --- options of the command line -------------------------------------------------------------------------------------


def test_policy_from_options__reads_like_a_file():
    """Options are checked by the same table."""
    policy = gatefile.policy_from_options(
        {"condition": "n > 0.8 +/- 0.1", "adaptivity": "full", "steps": "7", "bound": "hoeffding", "mode": "fn-free"}
    )

    assert Contract(0.999, Mode.FN_FREE, Adaptivity.FULL, 7) == policy.contract
    assert Bound.HOEFFDING is policy.bound


def test_policy_from_options__names_the_option():
    """A message names the option instead of a line, all at once."""
    with pytest.raises(GateFileError) as caught:
        gatefile.policy_from_options({"condition": "n > 0.8", "reliability": "99.9", "steps": "many"})

    assert [
        "--reliability: `reliability` must be at least 0.5 and below 1, not 99.9; write 0.999",
        "--steps: `steps` must be a number, not `many`",
    ] == caught.value.message.splitlines()


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        ("{predictions: new.csv}", gatefile.PredictionsFile("new.csv", "text_id")),
        ("{predictions: new.csv, id: key}", gatefile.PredictionsFile("new.csv", "key")),
        ("{predictions: new.csv, id: id}", gatefile.PredictionsFile("new.csv", "id")),
        ("{model: m.pkl, trust: pickle}", gatefile.Model("m.pkl", trust=("pickle",), id="text_id")),
        ("{model: 'models:/f@c'}", gatefile.Versioned("models:/f@c", id="text_id")),
        ("{command: '{features} {predictions}'}", gatefile.Command("{features} {predictions}", id="text_id")),
    ],
)
def test_loads__column_of_ids_is_that_of_the_test_set(candidate, expected):
    """Where the test set names its column of ids, every file has it under that name unless it names its own."""
    testset = "{labels: y.csv, features: x.csv, id: text_id}"

    gate = gatefile.loads(with_candidate(candidate, "baseline: {predictions: old.csv}", testset=testset))

    assert expected == gate.candidate
    assert gatefile.PredictionsFile("old.csv", "text_id") == gate.baseline


# --- what is refused -------------------------------------------------------------------------------------------------


def test_loads__every_problem_at_once():
    """All problems are told together, in the order of the file, each with line and column."""
    text = "condition: n > 0.8\nreliability_: 0.9\nmode: on\ntestset:\n  label: y\n  label_s: a\nsteps: 1_000\n"
    descriptions = gatefile.json_schema()["properties"]
    labels = descriptions["testset"]["properties"]["labels"]

    assert [
        f"gate.yml:1:1: `candidate` is missing. {descriptions['candidate']['description']}",
        "gate.yml:2:1: unknown key `reliability_`; did you mean `reliability`?",
        "gate.yml:3:7: `mode` must be `fp-free` or `fn-free`, not `on`, which YAML reads as true",
        f"gate.yml:4:1: `labels` is missing in `testset`. {labels['description']}",
        "gate.yml:6:3: unknown key `label_s`; did you mean `labels`?",
        "gate.yml:7:8: `steps` must be a number, not the number `1_000`; write 1000",
    ] == problems(text)


BROKEN_LINES = [
    ("reliability: 99.9", "6:14", "write 0.999"),
    ("reliability: 99.9 %", "6:14", "write 0.999"),
    ("reliability: 99.9%", "6:14", "write 0.999"),
    ("reliability: '0.999'", "6:14", "leave the quotation marks out"),
    ("reliability: 0,999", "6:14", "write 0.999"),
    ("reliability: 0.001", "6:14", "0.999 is one chance in a thousand"),
    ("reliability: 1", "6:14", "below 1"),
    ("reliability: 1e999", "6:14", "must be at least 0.5 and below 1"),
    ("reliability: .nan", "6:14", "must be a number"),
    ("reliability: yes", "6:14", "`yes`, which YAML reads as true"),
    ("reliability:", "6:13", "must be a number, not nothing"),
    ("reliability: [0.9]", "6:14", "not a list"),
    ("reliability: high", "6:14", "`high`"),
    ("steps: 12:30", "6:8", "in base 60"),
    ("steps: 010", "6:8", "in base 8"),
    ("steps: 7.5", "6:8", "must be a whole number, not 7.5"),
    ("steps: 0", "6:8", "at least 1"),
    ("steps: 1e3", "6:8", "must be a whole number"),
    ("passes: 40\nsteps: 32", "6:1", "40 `passes` cannot come out of 32 `steps`"),
    ("mode: fp_free", "6:7", "did you mean `fp-free`?"),
    ("mode: off", "6:7", "which YAML reads as false"),
    ("mode: [fp-free]", "6:7", "not a list"),
    ("adaptivity: none - owner@example.com", "6:13", "write none -> someone@example.com"),
    ("adaptivity: firstchange\nsteps: 3", "6:13", "did you mean `firstChange`?"),
    ("adaptivity: full", "6:1", "needs `steps`"),
    ("adaptivity: full\nsteps: 7\npasses: 2", "8:1", "`passes` means nothing under `adaptivity: full`"),
    ("adaptivity: none\nsteps: 7\nstakes: adaptive", "8:1", "`stakes` means nothing under `adaptivity: none`"),
    ("bound: hoeffding\npower: 0.9", "7:1", "`power` means nothing under `bound: hoeffding`"),
    ("disagreement: 0", "6:15", "above 0"),
    ("disagreement: 10", "6:15", "write 0.1"),
    ("first: judge", "6:1", "needs a clause on n alone"),
    ("baseline: accept", "6:11", "`accept`"),
    (
        "baseline: main",
        "6:11",
        "{model: models:/NAME@ALIAS} or {predictions: FILE}, not `main`",
    ),
    ("model: m.pkl", "6:1", "unknown key `model`; it belongs in `candidate:`"),
    ("features: x.csv", "6:1", "unknown key `features`; it belongs in `testset:`"),
    ("labels: y.csv", "6:9", "must be `all`, `sequential` or `sampled` or a file in `testset:`, not `y.csv`"),
    ("mode: true", "6:7", "not `true`"),
    ("baseline: {revisions: main}", "6:11", "needs one of `predictions:`, `revision:`, `model:`, not `revisions:`"),
    ("baseline: {revision: main, predictions: a.csv}", "6:11", "not `predictions:` and `revision:`"),
    ("baseline: {revision: --upload-pack=x}", "6:22", "branch, tag or commit"),
    ("baseline: {revision: 1234567}", "6:22", "put it in quotation marks"),
    ("name: 2024-01-01", "6:7", "which YAML reads as a date"),
    ('name: "a\\nb"', "6:7", "one line"),
    ('name: "\\e[31m"', "6:7", "control character"),
    ("name: ''", "6:7", "`name` is empty"),
    ("ledger: mysql://host/db", "6:9", "`mysql://host/db`"),
    ("ledger: postgresql://u:secret@host/db", "6:9", "PGPASSWORD"),
    ("ledger: git:proctor-ledger", "6:9", "git:origin/proctor-ledger"),
    ("runstore: localhost:5000", "6:11", "http://127.0.0.1:5000"),
    ("runstore: https://u:secret@host", "6:11", "MLFLOW_TRACKING_PASSWORD"),
    ("sandbox: no", "6:10", "which YAML reads as false"),
    ("sandbox: {tier: requird}", "6:17", "did you mean `required`?"),
    ("sandbox: {device: [/dev/kfd]}", "6:11", "did you mean `devices`?"),
    ("sandbox: {devices: /dev/kfd}", "6:20", "`devices` must be a list"),
    ("sandbox: {devices: [nvidia0]}", "6:21", "below /dev, as in /dev/nvidia0, not `nvidia0`"),
    ("sandbox: {devices: [/dev]}", "6:21", "not `/dev`"),
    ("sandbox: {devices: [/dev/../etc/shadow]}", "6:21", "not `/dev/../etc/shadow`"),
    ("sandbox: {devices: [/dev/dri/..]}", "6:21", "not `/dev/dri/..`"),
    ("sandbox: {folders: [/]}", "6:21", "not `/`"),
    ("sandbox: {folders: [models]}", "6:21", "goes into `files` of `candidate`), not `models`"),
    ("sandbox: {folders: [/opt/../root]}", "6:21", "not `/opt/../root`"),
    ('sandbox: {folders: ["~/cuda"]}', "6:21", "not `~/cuda`"),
    ("feedback: {estimate: {of: n - o, from: 0, to: 1, step: 0.3}}", "6:50", "does not lead from 0 to 1"),
    ("feedback: {estimate: {of: n - o, from: 1, to: 0, step: 0.5}}", "6:43", "`to` must be above `from`"),
    ("feedback: {estimate: {of: n - o, from: 0, to: 1, step: 1e-5}}", "6:50", "more than 10,000"),
    ("feedback: {estimate: {of: n -, from: 0, to: 1, step: 0.5}}", "6:23", "not an expression"),
    ("feedback: {estimate: {of: n, from: 0, to: 1, step: 0.5, probabilities: [0.5, 0.5]}}", "6:57", "3 points"),
    ("feedback: {estimate: {of: n, from: 0, to: 1, step: 1, probabilities: [0.5, 0.4]}}", "6:55", "sum to 0.9"),
    ("feedback: three way", "6:11", "did you mean `three-way`?"),
    ("owner: {records: a}", "6:9", "did you mean `record`?"),
    ("notify: {mail: nobody}", "6:16", "as in owner@example.com, not `nobody`"),
    ("notify: {webhook: chat}", "6:19", "as in https://"),
    ("testset: {labels: b}", "6:1", "`testset` is given twice (first in line 2)"),
    ("name: &a x\nledger: *a", "7:9", "an alias"),
    ("<<: {steps: 3}", "6:1", "unknown key `<<`"),
    ("name: !!python/object/apply:os.system [id]", "6:7", "the tag `tag:yaml.org,2002:python/object/apply:os.system`"),
    ("? [name]\n: x", "6:3", "a key must be a word"),
    ("on: push", "6:1", "unknown key `on`"),
    ("\tname: x", "6:1", "a tab"),
    ("name: a: b", "6:8", "a second `: ` in one line"),
    ("name: [", "7:1", "not YAML"),
    ("name: 'a", "6:7", "a quotation mark that is not closed"),
    ('name: "C:\\data"', "6:10", "put the value in single ones"),
    ("name: @x", "6:7", "put it in quotation marks"),
    ("name: > 0.9", "6:9", "put it in quotation marks"),
    ("---\nname: x", "7:1", "a second document"),
    ("name: \x07", "6:7", "a character that YAML does not allow"),
]


@pytest.mark.parametrize(("lines", "place", "message"), BROKEN_LINES, ids=[line for line, _, _ in BROKEN_LINES])
def test_loads__refuses(lines, place, message):
    """Each wrong line is refused at its place, with the reason or what to write instead."""
    found = problems(with_lines(lines))

    assert [] != [line for line in found if line.startswith(f"gate.yml:{place}: ") and message in line], found


# candidate, test set, what the place points at, message
BROKEN_CANDIDATES = [
    ("{model: m.pkl}", "", "candidate:", "`trust: pickle`"),
    ("{model: m.pkl, trust: joblib}", "", "trust:", "`trust` must be `pickle`"),
    ("{model: 'models:/fraud'}", "", "'models:/fraud'", "names no version of a model"),
    ("{model: 'models:/fraud/7', trust: joblib}", "", "trust:", "is `pickle`, to load it by pyfunc"),
    ("{model: 'models:/fraud/7', files: [a.py]}", "", "files:", "`files` does not go with models:/fraud/7"),
    ("{model: 'models:/fraud/7'}", "{labels: y.csv}", "testset:", "`testset` needs `features`"),
    ("{predictions: a.csv, trust: pickle}", "", "trust:", "`trust` goes with `model:`, not with `predictions:`"),
    ("{predictions: a.csv, timeout: 3}", "", "timeout:", "`timeout` goes with `command:` or `model:`"),
    ("{predictions: a.csv, model: m.pkl}", "", "{predictions", "not `predictions:` and `model:`"),
    ("{}", "", "{}", "not an empty map"),
    ("new.csv", "", "new.csv", "not `new.csv`"),
    ("{command: python predict.py}", "", "python", "{features} and {predictions}"),
    ("{command: 'a {features} {predictions}', timeout: 0}", "", "0}", "above 0"),
    ("{command: 'a {features} {predictions}', files: []}", "", "[]", "must be a list, not an empty one"),
    ("{predictions: a.csv}", "{labels: y.csv, inputs: sealed}", "predictions:", "saw the inputs"),
    ("{model: m.pkl, trust: pickle}", "{labels: y.csv}", "testset:", "`testset` needs `features`"),
    ("{predictions: a.csv}", "{labels: y.csv, classes: [yes, no]}", "yes", "put it in quotation marks"),
    ("{predictions: a.csv}", "{labels: y.csv, classes: [null, cat]}", "null", "put it in quotation marks"),
    ("{predictions: a.csv}", "y.csv", "y.csv", "must be a map with the keys `labels`"),
]


@pytest.mark.parametrize(("candidate", "testset", "spot", "message"), BROKEN_CANDIDATES)
def test_loads__refuses_candidate(candidate, testset, spot, message):
    """Candidate and test set are refused where they do not make sense, alone or together."""
    text = with_candidate(candidate, testset=testset or "{labels: y.csv, features: x.csv}")

    found = next(line for line in problems(text) if message in line)

    line, column = map(int, found.split(":")[1:3])
    assert text.splitlines()[line - 1][column - 1 :].startswith(spot)


def test_loads__sandbox_as_a_map():
    """A GPU's devices and folders are opened beside the word for the isolation, which has a default."""
    gate = gatefile.loads(with_lines("sandbox: {devices: [/dev/nvidia0, /dev/dri], folders: [/usr/local/cuda/]}"))

    assert (
        gatefile.Isolation(gatefile.Sandbox.AUTO, ("/dev/nvidia0", "/dev/dri"), ("/usr/local/cuda/",)) == gate.sandbox
    )
    assert ("/dev/nvidia0", "/dev/dri", "/usr/local/cuda/") == gate.isolation.opened
    assert gatefile.loads(with_lines("sandbox: {tier: required}")) == gatefile.loads(with_lines("sandbox: required"))


def test_gate__demanded_isolation_opens_what_the_file_opens():
    """Whoever runs the gate may demand a sandbox; what is open in it stays what the gate file says."""
    gate = gatefile.loads(with_lines("sandbox: {tier: none, devices: [/dev/kfd]}"))

    found = replace(gate, demanded=gatefile.Sandbox.REQUIRED).isolation

    assert gatefile.Isolation(gatefile.Sandbox.REQUIRED, ("/dev/kfd",)) == found


@pytest.mark.parametrize("none", ["none", "{tier: none}", "{tier: none, devices: [/dev/kfd]}"])
def test_loads__sealed_inputs_need_the_sandbox(none):
    """Sealed inputs are never shown to a program that could carry them away."""
    sealed = "{labels: y.csv, features: x.csv, inputs: sealed}"

    found = problems(with_candidate("{model: m.pkl, trust: pickle}", f"sandbox: {none}", testset=sealed))

    assert [True] == ["sandbox" in line and line.startswith("gate.yml:4:1:") for line in found]


def test_gate__sealed_inputs_take_no_predictions():
    """Not even the command line can put a predictions file in the place of a model that must not see the inputs."""
    gate = gatefile.loads(FULL)

    with pytest.raises(GateFileError, match=r"`new\.csv` was made by somebody who saw them"):
        replace(gate, candidate=gatefile.PredictionsFile("new.csv"))


def test_loads__condition_shows_the_caret():
    """A condition that cannot be read is refused at its place, with its own text and a caret."""
    text = SHORT.replace("n - o > 0.02 +/- 0.01", "n - o > 1.2")

    found = problems(text)

    assert found[0].startswith("gate.yml:1:12: `condition`: ")
    assert any("^" in line for line in found)


def test_loads__condition_whose_backslash_yaml_has_eaten():
    """In double quotation marks `/\\ ` becomes `/ `, and the message says so."""
    text = SHORT.replace("n - o > 0.02 +/- 0.01", '"n - o > 0.02 +/- 0.01 /\\ d < 0.1"')

    assert any("YAML eats the backslash" in line for line in problems(text))


def test_loads__papers_bound_needs_a_tolerance():
    """The paper's estimators are sized by the tolerance, so each clause must have one."""
    text = SHORT.replace("n - o > 0.02 +/- 0.01", "n - o > 0.02 +/- 0.01 /\\ d < 0.1") + "bound: bennett"

    assert any("needs a tolerance for `d < 0.1`" in line for line in problems(text))


@pytest.mark.parametrize("text", ["", "   \n", "# only a comment\n", "---\n", "- a\n", "text\n", "1\n", "null\n"])
def test_loads__no_map(text):
    """A file that is empty or no map is refused as a whole, and never taken for defaults."""
    assert 1 == len(problems(text))


@pytest.mark.parametrize("text", ["[" * 200_000, "a: " + "{b: " * 500, "- " * 100_000])
def test_loads__deep_nesting(text):
    """Nesting that would overflow the stack of PyYAML's C code is refused, by us or by its own limit (6.0.4)."""
    assert re.search("nested too deeply|maximum nesting depth", problems(text)[0])


def test_loads__alias_bomb():
    """An alias is no value here, so that nothing can be multiplied."""
    bomb = "a: &a [x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(9))

    assert 18 == sum("an alias" in line for line in problems(bomb))


@pytest.mark.parametrize(
    ("lines", "spot", "message"),
    [
        (("bound: hoeffding",), "condition", "`bound: hoeffding` knows no slices"),
        (
            ("testset: {labels: y.csv}",),
            "testset",
            "`testset` needs `metadata` or `features`: the file with the columns of `x == 1`",
        ),
        (
            ("testset: {labels: y.csv, features: x.csv, inputs: sealed}",),
            "condition",
            "slices such as `x == 1` are judged on open inputs only so far",
        ),
    ],
)
def test_loads__slices_need_open_features(lines, spot, message):
    """Where a slice cannot be judged, the gate file is refused at the key that has to change."""
    lines = ("testset: {labels: y.csv, features: x.csv}",) * (not lines[0].startswith("testset")) + lines
    text = "\n".join(
        ["condition: n > 0.8 +/- 0.01 on x == 1", "candidate: {command: 'a {features} {predictions}'}", *lines]
    )

    found = next(line for line in problems(text) if message in line)

    assert text.splitlines()[int(found.split(":")[1]) - 1].startswith(spot)


def test_load__missing(tmp_path):
    """A file that is not there names the command that writes one."""
    with pytest.raises(GateFileError, match="proctor init"):
        gatefile.load(tmp_path)
    with pytest.raises(GateFileError, match="proctor init"):
        gatefile.load(tmp_path / "other.yml")


def test_load__not_text(tmp_path):
    """A file in another encoding is refused with the line."""
    (tmp_path / "proctor.yml").write_bytes(b"condition: n > 0.8\nname: \xff\xfe\n")

    with pytest.raises(GateFileError, match=r"proctor\.yml:2:1: not a text in UTF-8"):
        gatefile.load(tmp_path)


def test_load__huge(tmp_path):
    """More than a megabyte is no gate file, and is not parsed."""
    (tmp_path / "proctor.yml").write_text("#" * 1_000_001)

    with pytest.raises(GateFileError, match="larger than"):
        gatefile.load(tmp_path)


@pytest.mark.parametrize(
    "location",
    ["git:origin/proctor-ledger", "git:https://host/repo.git/ledger", "git:/srv/repo.git/ledger", "git:up#team/ledger"],
)
def test_loads__ledger_on_a_git_branch(location):
    """A remote is a name, an address or a path, as the ledger itself takes them."""
    text = (
        f"{{condition: n > 0.8, testset: {{labels: y.csv}}, candidate: {{predictions: new.csv}}, ledger: '{location}'}}"
    )

    assert location == gatefile.loads(text).ledger


SAMPLED = 'condition: f1(n, "1") - f1(o, "1") > 0 +/- 0.1\ntestset: {labels: y.csv}\ncandidate: {predictions: new.csv}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{SAMPLED}\nfeedback: {{estimate: {{of: n, step: 0.1, from: 0, to: 1}}}}", "`estimate` counts all labels"),
        (SAMPLED.replace("f1(", "auc("), "the condition has none"),
        (SAMPLED.replace('f1(n, "1") - f1(o, "1")', "n - o"), "write `labels: all`"),
        (
            with_candidate("{model: m.onnx}", testset="{labels: y.csv, features: x.csv, inputs: sealed}"),
            "sealed inputs need all labels",
        ),
    ],
)
def test_loads__labels_are_drawn_where_something_can_be_saved(text: str, message: str) -> None:
    """`labels: sampled` is refused where it would save nothing, or where all labels are looked at."""
    assert any(message in line for line in problems(f"{text}\nlabels: sampled"))


def test_loads__labels_drawn_are_those_of_differences() -> None:
    """Every clause that can be judged by drawn labels is; others stay as they are."""
    text = SAMPLED.replace("0.1", "0.1 /\\ n > 0.5 +/- 0.1", 1)
    kinds = [type(each.quantity).__name__ for each in clauses(gatefile.loads(f"{text}\nlabels: sampled").formula)]
    assert kinds == ["Sampled", "Proportion"]


def test_loads__ledger_with_a_password():
    """A password in a remote's address is refused: gate files are committed."""
    ledger = "git:https://ada:secret@host/repo.git/ledger"
    text = (
        f"{{condition: n > 0.8, testset: {{labels: y.csv}}, candidate: {{predictions: new.csv}}, ledger: '{ledger}'}}"
    )

    with pytest.raises(GateFileError, match="password"):
        gatefile.loads(text)


SEALED = "{labels: y.csv.sealed, features: x.csv.sealed, inputs: sealed}"


@pytest.mark.parametrize(
    ("timeout", "lines", "testset", "pace", "seconds"),
    [
        ("", "", SEALED, Slot(20.0), 20.0),
        (", timeout: 7", "", SEALED, Slot(7.0), 7.0),
        ("", "slot: 5", SEALED, Slot(5.0), 5.0),
        ("", "slot: {seconds: 5, most: 8}", SEALED, Slot(5.0, 8), 40.0),
        ("", "", "{labels: y.csv, features: x.csv}", None, 600.0),
        (", timeout: 7", "", "{labels: y.csv, features: x.csv}", None, 7.0),
    ],
)
def test_slot(timeout: str, lines: str, testset: str, pace: Slot | None, seconds: float):
    """On sealed inputs a run takes the slot, else the candidate's `timeout`, else 20 seconds; on open ones, no slot."""
    text = with_candidate(f"{{model: m.joblib, trust: pickle{timeout}}}", testset=testset)

    gate = gatefile.loads(f"{text}\n{lines}\n")

    assert (pace, seconds) == (gate.pace, gate.seconds)


def test_slot__price_is_planned_for():
    """What the time of an outcome may cost counts like feedback; a plain slot costs nothing."""
    text = with_candidate("{model: m.joblib, trust: pickle}", testset=SEALED)

    plain, priced = gatefile.loads(text), gatefile.loads(f"{text}\nslot: {{seconds: 5, most: 3}}\n")

    assert 0 == plain.feedback_bits
    assert 3 == pytest.approx(priced.feedback_bits)
    assert "20 s" in plain.notes_on_time[0]
    assert "3 bits for the last" in priced.notes_on_time[0]


@pytest.mark.parametrize(
    ("timeout", "lines", "testset", "message"),
    [
        ("", "slot: 5", "{labels: y.csv, features: x.csv}", "`slot` goes with `inputs: sealed` only"),
        (", timeout: 3", "slot: 5", SEALED, "leave `timeout` out"),
        ("", "slot: {most: 8}\nadaptivity: none\nsteps: 4", SEALED, "`adaptivity: none` releases none"),
        ("", "slot: 0", SEALED, "above 0"),
        ("", "slot: {chance: 1}", SEALED, "below 1"),
        ("", "slot: {most: 0}", SEALED, "at least 1"),
    ],
)
def test_slot__refused(timeout: str, lines: str, testset: str, message: str):
    """A slot that means nothing is refused, with what to write instead."""
    text = with_candidate(f"{{model: m.joblib, trust: pickle{timeout}}}", testset=testset)

    assert [] != [line for line in problems(f"{text}\n{lines}\n") if message in line]
