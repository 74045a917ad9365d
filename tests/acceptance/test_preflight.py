"""`proctor preflight`: what it finds, what it never opens, what it never spends."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import yaml

PREDICT = """\
import csv, sys
with open(sys.argv[1], newline="") as file:
    rows = list(csv.DictReader(file))
with open(sys.argv[2], "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["id", "prediction"])
    out.writerows([row["id"], int(row["x"]) * {factor} % 10] for row in rows)
"""


def preflight(workshop, *arguments, code=0):
    """The findings by name, and the figures."""
    ran = workshop.proctor("preflight", "--json", *arguments)
    assert code == ran.code, ran.out + ran.err
    return {finding["name"]: finding for finding in ran.json["findings"]}, ran.json["figures"]


def develop(workshop, n_examples=500, wrong=range(100), better=range(50, 100)):
    """Development examples d0, d1, …, with labels, and predictions of an old and a new model on them."""
    labels = np.random.default_rng(3).integers(0, 10, n_examples)
    workshop.table("dev.csv", ("id", "x"), ((f"d{i}", 100_000 + i) for i in range(n_examples)))
    workshop.table("dev-labels.csv", ("id", "label"), ((f"d{i}", label) for i, label in enumerate(labels)))
    for name, rows in (("dev-old.csv", wrong), ("dev-new.csv", better)):
        values = labels.copy()
        values[list(rows)] = (values[list(rows)] + 1) % 10
        workshop.table(name, ("id", "prediction"), ((f"d{i}", value) for i, value in enumerate(values)))
    return (
        *("--development", "dev.csv", "--development-labels", "dev-labels.csv"),
        *("--development-candidate", "dev-new.csv", "--development-baseline", "dev-old.csv"),
    )


def test_preflight__all_is_well(ready):
    """Plan, cost and predictions of a fresh test set; nothing is written."""
    before = sorted(path.name for path in ready.root.iterdir())

    findings, figures = preflight(ready)

    assert {"ok"} == {finding["mark"] for name, finding in findings.items() if name != "chance"}
    assert "can resolve ±" in findings["plan"]["text"]
    # Laplace's code: the first pass costs ln 5, the first fail ln 5/4 (theory.md §4.1).
    assert np.log2([5, 5 / 4]) == pytest.approx([figures["bits_if_pass"], figures["bits_if_fail"]])
    assert np.log(0.001 / 5) == pytest.approx(figures["log_level"])
    assert "2,000 predictions, well formed" in findings["candidate"]["text"]
    assert before == sorted(path.name for path in ready.root.iterdir() if path.name != ".proctor")


def test_preflight__never_opens_the_labels_and_never_spends(ready):
    """It works without the file of labels, and the ledger is the same before and after."""
    assert 0 == ready.proctor("check").code
    ready.predictions("other.csv", range(150, 400)).gate(candidate={"predictions": "other.csv"})
    ledger = (ready.root / ".proctor/ledger.db").read_bytes()
    with_labels = ready.proctor("preflight").out
    (ready.root / "exam/labels.csv").unlink()

    assert with_labels == ready.proctor("preflight").out
    assert ledger == (ready.root / ".proctor/ledger.db").read_bytes()


def test_preflight__cost_is_what_the_check_then_takes(ready):
    """The announced price of a pass is the leakage that a pass adds."""
    _, figures = preflight(ready)

    report = ready.proctor("check", "--json").json

    assert figures["bits_if_pass"] == pytest.approx(report["budget"]["leakage_bits"], abs=1e-6)


def test_preflight__recorded_answer_costs_nothing(ready):
    """A candidate that was judged before is announced as a replay."""
    ready.proctor("check")

    findings, figures = preflight(ready)

    assert figures["is_replay"]
    assert "recorded answer, at no cost" in findings["cost"]["text"]


def test_preflight__recorded_answer_of_a_retired_set(ready):
    """That a recorded answer is still given does not hide that the set is retired."""
    ready.proctor("check")
    ready.proctor("testset", "retire", "--yes")

    findings, figures = preflight(ready)

    assert figures["is_replay"]
    assert "2,000 examples; retired, 1 evaluation so far" == findings["test set"]["text"]


def test_preflight__first_candidate(ready):
    """Without a baseline the first candidate is accepted at no cost, and that is said."""
    ready.gate(baseline=None)

    assert "accepted as the first one, at no cost" in preflight(ready)[0]["cost"]["text"]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("id,prediction\ne0,1\n", "has no prediction for 1,999 ids"),
        ("id,class\ne0,1\n", "no column 'prediction'"),
        (None, "there is no file 'new.csv'"),
    ],
    ids=["incomplete", "another column", "missing"],
)
def test_preflight__bad_predictions(ready, content, word):
    """Predictions that a check would refuse are a problem with the check's own exit code."""
    (ready.root / "new.csv").unlink()
    if content:
        (ready.root / "new.csv").write_text(content)

    findings, _ = preflight(ready, code=5)

    assert ("problem", True) == (findings["candidate"]["mark"], word in findings["candidate"]["text"])


def test_preflight__out_of_reach(ready):
    """A tolerance that the next evaluation cannot resolve is exit code 4, as in the check."""
    ready.gate(condition="n - o > 0.02 +/- 0.001")

    findings, _ = preflight(ready, code=4)

    assert "a fresh test set is needed" in findings["plan"]["text"]


def test_preflight__another_contract(ready):
    """A contract that contradicts the registration is exit code 2."""
    ready.proctor("check")
    ready.gate(reliability=0.99)

    assert "contradicts" in preflight(ready, code=2)[0]["ledger"]["text"]


def test_preflight__machine_without_the_test_set(ready):
    """A developer's machine without the test set: well-formedness, the plan of a fresh set, and what is not known."""
    options = develop(ready)
    for name in ("features", "labels"):
        (ready.root / f"exam/{name}.csv").unlink()

    findings, figures = preflight(ready, *options)

    assert "skipped" == findings["test set"]["mark"]
    assert "a fresh test set for this takes" in findings["plan"]["text"]
    assert "not compared with the test set" in findings["candidate"]["text"]
    assert figures["chance"] > 0.9


def test_preflight__development_data(ready):
    """Share of changed predictions and the chance of a pass come from the development data, and say how."""
    findings, figures = preflight(ready, *develop(ready))

    assert (0.1, 500) == (figures["changed"], figures["development_examples"])
    assert "10 % of the predictions change" in findings["changes"]["text"]
    assert "simulated evaluations each, of 2,000 examples, at the next level" in findings["chance"]["text"]
    assert figures["chance"] > 0.95


def test_preflight__more_changes_than_planned_and_no_gain(ready):
    """More changes than the plan counts on, and a likely fail, are warnings: they stop nobody."""
    findings, figures = preflight(ready, *develop(ready, better=range(50, 150)))

    assert ("warning", "warning") == (findings["changes"]["mark"], findings["chance"]["mark"])
    assert "the gate file expects 10 %" in findings["changes"]["text"]
    assert figures["chance"] < 0.05


def test_preflight__figures_do_not_depend_on_the_test_set(ready):
    """Two test sets with other labels and other predictions on them give the same figures."""
    options = develop(ready)
    first = preflight(ready, *options)[1]
    ready.testset(seed=8).predictions("old.csv", range(50)).predictions("new.csv", range(700))

    assert first == preflight(ready, *options)[1]


@pytest.mark.parametrize("trick", ["its own file", "a copy of some rows"])
def test_preflight__test_set_is_no_development_data(ready, trick):
    """The test set passed off as development data is refused before one of its labels is used."""
    names = ("exam/features.csv", "exam/labels.csv")
    if trick == "a copy of some rows":
        for name in names:
            lines = (ready.root / name).read_text().splitlines()[:40]
            (ready.root / name.split("/")[1]).write_text("\n".join(lines) + "\n")
        names = ("features.csv", "labels.csv")

    findings, figures = preflight(ready, "--development", names[0], "--development-labels", names[1], code=2)

    assert "problem" == findings["development"]["mark"]
    assert figures["chance"] is None


@pytest.fixture
def runnable(ready):
    """The candidate is a program that multiplies; three public examples; the old one is at the revision `old`."""

    def git(*arguments):
        environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
        subprocess.run(command, cwd=ready.root, env=environ, check=True, capture_output=True)

    ready.table("sample.csv", ("id", "x"), ((f"s{i}", i) for i in range(3)))
    labels = ready.n_examples
    ready.table("dev.csv", ("id", "x"), ((f"d{i}", labels + i) for i in range(400)))
    ready.table("dev-labels.csv", ("id", "label"), ((f"d{i}", (labels + i) * 3 % 10) for i in range(400)))
    ready.gate(
        candidate={"command": f"{sys.executable} predict.py {{features}} {{predictions}}", "files": ["predict.py"]},
        baseline={"revision": "old"},
        testset={"labels": "exam/labels.csv", "features": "exam/features.csv", "sample": "sample.csv"},
        sandbox="none",
        disagreement=0.9,
        condition="n - o > 0.02 +/- 0.1",
    )
    (ready.root / "predict.py").write_text(PREDICT.format(factor=7))
    git("init", "--quiet")
    git("add", "predict.py", "proctor.yml")
    git("commit", "--quiet", "-m", "old")
    git("tag", "old")
    (ready.root / "predict.py").write_text(PREDICT.format(factor=3))
    return ready


def test_preflight__program_runs_on_public_examples(runnable):
    """A program is tried on the public sample."""
    assert "ran on 3 public examples; well formed" in preflight(runnable)[0]["candidate"]["text"]


def test_preflight__program_and_its_old_revision_run_on_development_data(runnable):
    """Candidate and baseline are run on the development data; no prediction files are needed."""
    findings, figures = preflight(runnable, "--development", "dev.csv", "--development-labels", "dev-labels.csv")

    assert "ran on 400 development examples" in findings["candidate"]["text"]
    assert 0.8 == pytest.approx(figures["changed"])  # 3x = 7x modulo 10 for multiples of 5 only
    assert figures["chance"] > 0.95


def test_preflight__program_that_crashes(runnable):
    """A crash is found before the push, with the program's own last words."""
    (runnable.root / "predict.py").write_text("raise SystemExit('no weights')\n")

    findings, _ = preflight(runnable, code=5)

    assert "no weights" in findings["candidate"]["text"]


def test_preflight__sealed_inputs_without_the_key(runnable):
    """Where the inputs are sealed and the key is not here, the candidate is tried and the account is not known."""
    gate = yaml.safe_load((runnable.root / "proctor.yml").read_text())
    for name in ("features", "labels"):
        (runnable.root / f"exam/{name}.csv").write_bytes(b"PROCTOR" + bytes(200))
    gate["testset"]["inputs"] = "sealed"
    gate["sandbox"] = "auto"
    (runnable.root / "proctor.yml").write_text(yaml.safe_dump(gate))

    ran = runnable.proctor("preflight", "--json", env={"PROCTOR_KEY": ""})

    findings = {finding["name"]: finding for finding in ran.json["findings"]}
    assert "skipped" == findings["test set"]["mark"]
    assert findings["candidate"]["text"].startswith(("ran on 3 public examples", "no sandbox", "the isolation"))


def test_preflight__markdown_and_text(ready):
    """Both forms for people say the same sentences and end with what it means."""
    text, markdown = ready.proctor("preflight").out, ready.proctor("preflight", "--markdown").out

    for words in ("Nothing stands in the way of a check", "level 0.0002; a pass costs 2.3 bits, a fail 0.3 bits"):
        assert words in text
        assert words in markdown


def test_preflight__imports_no_more_than_a_check_has_to(ready):
    """Without development data it is bounded by NumPy and `scipy.special`: no other heavy library is loaded."""
    code = (
        "import sys; from proctor import cli; code = cli.run(['preflight']); "
        "print('imported', *sorted(name for name in sys.modules if name.count('.') < 2)); sys.exit(code)"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ready.root, check=True, capture_output=True, text=True)

    imported = set(done.stdout.rpartition("imported")[2].split())
    assert "numpy" in imported
    heavy = {"pandas", "sklearn", "joblib", "requests", "jinja2", "cryptography", "sqlalchemy", "psycopg", "matplotlib"}
    assert set() == imported & (heavy | {"scipy.stats", "scipy.optimize", "scipy.sparse"})
