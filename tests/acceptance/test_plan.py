"""`proctor plan`, whole process and command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from proctor import cli, gatefile
from proctor.cli.report import plan_of
from proctor.gate.needs import next_set_hint
from proctor.preflight import accounts
from proctor.reports.plan import to_json

QUERY_I = ["--condition", "n - o > 0.02 +/- 0.02", "--reliability", "0.998", "--steps", "7", "--disagreement", "0.1"]
GATE = """\
condition: n > 0.8 +/- 0.05
testset:
  labels: y.csv
candidate:
  predictions: new.csv
"""
SCRIPT = """\
ml:
  - script     : ./test_model.py
  - condition  : n - o > 0.02 +/- 0.01
  - reliability: 0.9999
  - mode       : fp-free
  - adaptivity : full
  - steps      : 32
"""


def planned(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert cli.run(["plan", *arguments, "--json"]) == 0
    content: dict[str, object] = json.loads(capsys.readouterr().out)
    return content


def test_plan__papers_query_in_a_process() -> None:
    """The paper's query I by its own bound: the answer comes first; NumPy is not loaded for it."""
    code = "import sys; from proctor import cli; cli.run(sys.argv[1:]); print('numpy' in sys.modules, file=sys.stderr)"
    arguments = ["plan", *QUERY_I, "--adaptivity", "none", "--bound", "bennett"]

    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[1].strip() == "4,713 examples, about 471 labels"
    assert done.stderr == "False\n"


def test_plan__json(capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` has examples, labels, clauses and life."""
    content = planned([*QUERY_I, "--adaptivity", "full", "--bound", "hoeffding"], capsys)

    assert content["examples"] == 58799
    assert {"labels", "clauses", "life"} <= set(content)


def test_plan__sequential(capsys: pytest.CaptureFixture[str]) -> None:
    """`--sequential` says how many labels are read until a decision; the rest of the plan stays as it is."""
    query = ["--condition", "n - o > 0 +/- 0.05", "--disagreement", "0.3", "--power", "0.9", "--steps", "2"]
    plain, found = planned(query, capsys), planned([*query, "--sequential"], capsys)
    sequential = found.pop("sequential")
    assert found == plain
    assert isinstance(sequential, dict)
    assert 0 < sequential["unchanged"] < sequential["gained"] < sequential["most"]


def test_plan__reads_the_gate_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without arguments the gate file of the folder is planned; options override it."""
    (tmp_path / "proctor.yml").write_text(GATE)
    monkeypatch.chdir(tmp_path)

    plain, other = planned([], capsys), planned(["--reliability", "0.9", "--steps", "2"], capsys)

    assert plain["condition"] == "n > 0.8 +/- 0.05"
    assert int(str(other["examples"])) < int(str(plain["examples"]))


@pytest.mark.parametrize("options", [[], ["--steps", "9"]])
def test_plan__prices_the_feedback_of_the_gate_file(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the gate file declares beside the verdict is in the plan, whatever options override."""
    file = tmp_path / "proctor.yml"
    file.write_text(GATE)
    plain = planned([str(file), *options], capsys)
    file.write_text(GATE + "feedback: three-way\n")

    priced = planned([str(file), *options], capsys)

    assert f"without it {plain['examples']:,} examples" in "".join(priced["notes"])
    assert plain["examples"] < priced["examples"]


def test_plan__has_the_figures_of_everybody_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Plan, report, preflight and the hint at the next test set count the price of feedback alike."""
    file = tmp_path / "proctor.yml"
    file.write_text(GATE + "feedback: three-way\n")
    gate = gatefile.load(file)

    found = planned([str(file), "--examples", "400"], capsys)

    reported, drawn_up = plan_of(gate, 400), accounts.planned(gate)
    assert reported is not None
    assert json.loads(json.dumps(to_json(reported, gate.condition))) == found
    assert drawn_up.examples == found["examples"]
    assert f"needs {found['examples']:,} examples" in next_set_hint(gate, None)


def test_plan__reads_the_papers_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The paper's own section is planned as it stands, and by its own bound to the digit."""
    script = tmp_path / ".travis.yml"
    script.write_text(SCRIPT)

    assert planned([str(script), "--bound", "hoeffding"], capsys)["examples"] == 641684


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--condition", "n - o > 0.02 +/- 0.02", "--disagreement", "0.05"], "could never pass"),
        (["--condition", "n - o > 0.02"], "names no tolerance"),
        (["--condition", "n > 0.8 +/- 0.01", "--reliability", "99"], "99"),
        (["--condition", "n > 0.8 +/- 0.01", "--examples", "0"], "--examples"),
        (["--condition", "n > 0.8 +/- 0.01", "--plot", "x.png"], "'x.png' does not end in .svg"),
        (["--condition", "n > 0.8 +/- 0.01", "--sequential"], "not for `n > 0.8 +/- 0.01`"),
        (["--condition", "n - o > 0 +/- 0.03", "--sequential", "--releases", "5"], "--sequential plans one test set"),
        (["--condition", "n - o > 0 +/- 0.03", "--pass-rate", "0.3"], "--pass-rate is about a project"),
        (["--condition", "n - o > 0 +/- 0.03", "--development", "500"], "Say how many releases: --releases 50."),
        (["nowhere.yml"], "nowhere.yml"),
    ],
)
def test_plan__misuse(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be planned is misuse: exit code 2, the value quoted, no traceback."""
    assert cli.run(["plan", *arguments]) == 2

    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_plan__markdown(capsys: pytest.CaptureFixture[str]) -> None:
    """`--markdown` prints Markdown."""
    assert cli.run(["plan", *QUERY_I, "--adaptivity", "none", "--bound", "bennett", "--markdown"]) == 0

    assert capsys.readouterr().out.startswith("### 4,713 examples, about 471 labels")


def test_plan__plot_svg(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--plot FILE.svg` draws without any plotting library; a file that cannot be written is an error."""
    target = tmp_path / "plan.svg"

    assert cli.run(["plan", *QUERY_I, "--bound", "hoeffding", "--plot", str(target)]) == 0
    assert target.read_text().startswith("<svg")
    assert cli.run(["plan", *QUERY_I, "--bound", "hoeffding", "--plot", str(target / "no" / "plan.svg")]) == 2
    assert "plan.svg" in capsys.readouterr().err
