"""`proctor badge` and `proctor report` on a test set that was never used, and their misuse."""

from __future__ import annotations

import json

import pytest

from proctor import cli

GATE = """\
condition: n - o > 0.02 +/- 0.02
disagreement: 0.1
testset: {labels: labels.csv}
candidate: {predictions: new.csv}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A gate file and a test set, in the present folder."""
    (tmp_path / "proctor.yml").write_text(GATE)
    (tmp_path / "labels.csv").write_text("id,label\n" + "".join(f"{i},a\n" for i in range(3000)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_badge__prints_an_image(project, capsys):
    """Without options it is the last verdict, as SVG, on the output."""
    assert 0 == cli.run(["badge"])

    assert "not judged yet" in capsys.readouterr().out
    assert not (project / ".proctor").exists()


def test_badge__files(project, capsys):
    """Image and endpoint go to files, folders included; nothing is printed."""
    assert 0 == cli.run(["badge", "--budget", "--svg", "out/b.svg", "--endpoint", "out/b.json"])

    assert (project / "out/b.svg").read_text().startswith("<svg")
    assert "test set" == json.loads((project / "out/b.json").read_text())["label"]
    assert "" == capsys.readouterr().out


def test_report__page_and_facts(project, capsys):
    """The page and the JSON are written, and nothing is spent."""
    assert 0 == cli.run(["report", "--html", "history.html", "--json", "history.json"])

    page = (project / "history.html").read_text()
    assert "not judged yet" in page
    assert "3,000 examples at hand reach ±" in page
    assert 3000 == json.loads((project / "history.json").read_text())["testset"]["n_examples"]
    assert ["wrote history.html", "wrote history.json"] == capsys.readouterr().out.splitlines()


def test_report__without_a_plan(project):
    """Where nothing can be planned the page is written all the same."""
    (project / "proctor.yml").write_text(
        GATE.replace("disagreement: 0.1\n", "").replace("0.02 +/- 0.02", "0.9 +/- 0.9")
    )

    assert 0 == cli.run(["report", "--html", "history.html"])
    assert "<h2>Plan</h2>" not in (project / "history.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["badge", "--budget", "--verdict"], "two badges"),
        (["badge", "--svg", "proctor.yml/x.svg"], "cannot be written"),
        (["report"], "neither --html nor --json"),
        (["report", "--html", "."], "cannot be written"),
    ],
)
def test_misuse(project, capsys, arguments, said):
    """The error says what is wrong; exit code 2."""
    assert 2 == cli.run(arguments)
    assert said in capsys.readouterr().err
