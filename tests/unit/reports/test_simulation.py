"""What `proctor simulate` prints and draws."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from proctor import charts
from proctor.cli.simulate import simulate
from proctor.errors import Misuse
from proctor.reports import simulation as report
from proctor.reports.simulation import Study, Tally

QUICK = ["--condition", "n > 0.6 +/- 0.05", "--reliability", "0.9", "--examples", "200", "--repetitions", "10"]
GATE = """\
condition: n - o > 0.05 +/- 0.05
reliability: 0.8
steps: 4
passes: 1
testset: {labels: y.csv}
candidate: {predictions: new.csv}
baseline: {predictions: old.csv}
"""


def a_tally(gate: str, false: int, *, is_ours: bool, condition: str = "n - o > 0") -> Tally:
    return Tally(
        gate=gate,
        condition=condition,
        is_ours=is_ours,
        lives=50,
        false_lives=false,
        interval=(max(0.0, false / 50 - 0.1), 0.3),
        commits=4,
        passes=1,
        leakage_bits=2.5,
        false_by_commit=(0, 0, 1, false),
        overestimate=0.01,
        gain=-0.0001,
    )


def a_study(kind: str = "attack", false: int = 2) -> Study:
    tallies = (a_tally("point comparison", 50, is_ours=False), a_tally("proctor, adaptive", false, is_ours=True))
    return Study(
        kind=kind,
        mode="fp-free",
        error_probability=0.1,
        examples=500,
        steps=4,
        repetitions=50,
        seed=7,
        world="a world",
        developer="plays",
        tallies=tallies,
    )


def test_terminal__says_what_speaks_against_the_promise() -> None:
    """Every gate has its row, and the promise is judged by the gates that have an account."""
    text = report.terminal(a_study())

    assert "point comparison" in text
    assert "100 %" in text
    assert "at most 10 % of the lives with a false pass: nothing here contradicts it" in text
    assert "-0.0 points" not in text


def test_terminal__a_broken_promise_is_a_bug() -> None:
    """An account whose interval lies above δ is reported, loudly."""
    assert "CONTRADICT" in report.terminal(a_study(false=40))


def test_markdown__one_table_for_each_condition() -> None:
    """Conditions head their own tables."""
    both = replace(
        a_study("ratchet"), tallies=(*a_study().tallies, a_tally("x", 0, is_ours=True, condition="n - a > 0"))
    )

    text = report.markdown(both)

    assert 2 == text.count("| gate |")
    assert "`n - a > 0`" in text


def test_to_json__round_trips() -> None:
    """What programs read has every figure of the tallies."""
    content = json.loads(json.dumps(report.to_json(a_study())))

    assert [1.0, 0.04] == [gate["false_share"] for gate in content["gates"]]
    assert not content["promise_contradicted"]


@pytest.mark.parametrize("kind", ["attack", "ratchet"])
def test_svg__is_well_formed_and_names_every_gate(kind: str) -> None:
    """The drawing is valid XML and has a line, an interval and a name for each gate."""
    root = ET.fromstring(charts.document([report.chart(a_study(kind))]))

    names = [element.text or "" for element in root.findall(".//{*}text") if ": " in (element.text or "")]
    assert ["promised", "point comparison", "proctor, adaptive"] == [name.split(":")[0] for name in names]
    assert (kind == "ratchet") == all(name.endswith("points") for name in names[1:])
    assert 2 * 2 + 1 + 3 == len(list(root.findall(".//{*}path")))


def test_simulate__prints_draws_and_repeats(tmp_path: Path) -> None:
    """The command prints JSON, draws the plot, and gives the same bytes for the same seed."""
    target = tmp_path / "attack.svg"
    arguments = [*QUICK, "--steps", "5", "--seed", "3", "--json", "--plot", str(target)]

    first, second = (CliRunner().invoke(simulate, arguments) for _ in range(2))

    assert 0 == first.exit_code
    assert first.output == second.output
    assert 3 == json.loads(first.output)["seed"]
    assert target.read_text(encoding="utf-8").startswith("<svg")


def test_simulate__reads_the_gate_file(tmp_path: Path) -> None:
    """Condition, contract, steps and a baseline that does not move come from the gate file."""
    (tmp_path / "proctor.yml").write_text(GATE)
    arguments = [str(tmp_path / "proctor.yml"), "--examples", "200", "--repetitions", "10", "--json"]

    content = json.loads(CliRunner().invoke(simulate, arguments, catch_exceptions=False).output)

    assert (4, "n - o > 0.05 +/- 0.05") == (content["steps"], content["gates"][0]["condition"])
    assert 0.2 == pytest.approx(content["error_probability"])


def test_simulate__plays_on_a_table(tmp_path: Path) -> None:
    """With real predictions the world is the table."""
    random = np.random.default_rng(2)
    labels = random.integers(0, 2, 1000)
    flips = random.random((4, 1000)) < 0.3
    np.savez(tmp_path / "t.npz", y=labels, p=np.where(flips, 1 - labels, labels))
    arguments = [*QUICK, "--mode", "aa", "--steps", "4", "--predictions", str(tmp_path / "t.npz"), "--markdown"]

    done = CliRunner().invoke(simulate, arguments, catch_exceptions=False)

    assert "the 1,000 examples of t.npz" in done.output


def test_simulate__demonstrates_without_a_gate_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing says what is asked, a condition that suits the mode is played."""
    monkeypatch.chdir(tmp_path)
    arguments = ["--mode", "aa", "--steps", "3", "--examples", "100", "--repetitions", "5"]

    assert "n - o > 0 +/- 0.01" in CliRunner().invoke(simulate, arguments, catch_exceptions=False).output


def test_simulate__protects_fails(tmp_path: Path) -> None:
    """In `fn-free` the false outcome that is counted is a FAIL."""
    done = CliRunner().invoke(simulate, [*QUICK, "--steps", "4", "--protect", "fn-free"], catch_exceptions=False)

    assert "false fail" in done.output


def test_simulate__says_that_the_exact_tests_are_played(tmp_path: Path) -> None:
    """A bound of the paper in the gate file is named as what was not simulated."""
    (tmp_path / "proctor.yml").write_text(
        GATE.replace("steps: 4\npasses: 1", "adaptivity: full\nsteps: 4\nbound: bennett")
    )
    arguments = [str(tmp_path / "proctor.yml"), "--examples", "200", "--repetitions", "5"]

    done = CliRunner().invoke(simulate, arguments, catch_exceptions=False)

    assert "note: the exact tests were simulated; `bound: bennett`" in done.output


@pytest.mark.parametrize(("plot", "message"), [("x.png", "does not end in .svg"), ("/dev/null/x.svg", "/dev/null/x")])
def test_simulate__plots_that_cannot_be_written(plot: str, message: str) -> None:
    """The message quotes the name; nothing is simulated for a format that cannot be drawn."""
    done = CliRunner().invoke(simulate, [*QUICK, "--steps", "2", "--passes", "1", "--plot", plot])

    assert 0 != done.exit_code
    assert message in done.output + str(done.exception)


STAKES = ("--mode", "stakes", "--steps", "20", "--repetitions", "3", "--condition")


def test_simulate__stakes(tmp_path: Path) -> None:
    """Teams side by side: false passes, improvements that pass of those committed, and bits."""
    plot = tmp_path / "stakes.svg"
    done = CliRunner().invoke(simulate, [*STAKES, "n - o > 0 +/- 0.01", "--json", "--plot", str(plot)])

    found = json.loads(done.output)
    by_name = {each["gate"]: each for each in found["gates"]}
    alone, informed, high = (by_name[name] for name in ("no stakes", "informed stakes", "always stakes 0.95"))
    assert {"informed, 2 points flattered", "informed, test set extended twice"} < by_name.keys()
    assert informed["leakage_bits"] < 0.6 * alone["leakage_bits"] < high["leakage_bits"]
    assert alone["improvements"][0] <= informed["improvements"][0] <= informed["improvements"][1]
    assert (None, 20) == (informed["gain"], len(informed["false_by_commit"]))
    assert plot.read_text().startswith("<svg")
    said = CliRunner().invoke(simulate, [*STAKES, "n - o > 0 +/- 0.01"]).output
    assert re.search(r"leakage +improvements that pass$", said, re.MULTILINE)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (("n > 0.8 +/- 0.01",), "one gain over the baseline"),
        (("n - o > 0",), "with its tolerance"),
        (("n - o > 0 +/- 0.1",), "cannot come of 0.1 of the predictions"),
        (("n - o > 0 +/- 0.01", "--protect", "fn-free"), "alone"),
    ],
)
def test_simulate__stakes_that_are_not_simulated(how: tuple[str, ...], message: str) -> None:
    """Stakes are about one gain under the account that knows them; all else is refused in words."""
    done = CliRunner().invoke(simulate, [*STAKES, *how])

    assert isinstance(done.exception, Misuse)
    assert message in str(done.exception)


def test_simulate__misuse_is_told() -> None:
    """A condition that suits no ratchet is refused with advice."""
    done = CliRunner().invoke(simulate, [*QUICK, "--mode", "ratchet"])

    assert isinstance(done.exception, Misuse)
