"""Gates on numbers: predictions and labels of a regression, scores of a judge, and what can be wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import here

N_EXAMPLES = 600


def write(file: Path, column: str, values: object) -> None:
    file.write_text("\n".join([f"id,{column}", *(f"e{i},{value}" for i, value in enumerate(values))]) + "\n")


@pytest.fixture
def regression(tmp_path: Path) -> Path:
    """A project whose new model errs half as much as the old one."""
    true, new, old = np.random.default_rng(5).normal(0, 1, (3, N_EXAMPLES)).round(4)
    write(tmp_path / "labels.csv", "label", true * 5)
    write(tmp_path / "new.csv", "prediction", (true * 5 + new).round(4))
    write(tmp_path / "old.csv", "prediction", (true * 5 + 2 * old).round(4))
    (tmp_path / "proctor.yml").write_text(
        "condition: mae(n, max=10) < 0.9 * mae(o, max=10)\n"
        "testset: {labels: labels.csv}\ncandidate: {predictions: new.csv}\nbaseline: {predictions: old.csv}\n"
    )
    return tmp_path


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """A project whose candidate comes with the scores of a judge, and no labels."""
    scores = np.random.default_rng(6).beta(8, 2, N_EXAMPLES).round(3)
    write(tmp_path / "judge.csv", "score", scores)
    (tmp_path / "ids.csv").write_text("\n".join(["id", *(f"e{i}" for i in range(N_EXAMPLES))]) + "\n")
    (tmp_path / "proctor.yml").write_text(
        "condition: mean(n) > 0.7\ntestset: {labels: ids.csv}\n"
        "candidate: {predictions: judge.csv, prediction: score}\nfirst: judge\n"
    )
    return tmp_path


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    """A project whose candidate gives probabilities of fraud."""
    rng = np.random.default_rng(7)
    is_fraud = rng.random(N_EXAMPLES) < 0.4
    write(tmp_path / "labels.csv", "label", np.where(is_fraud, "fraud", "fine"))
    chances = np.where(is_fraud, rng.beta(8, 2, N_EXAMPLES), rng.beta(2, 8, N_EXAMPLES)).round(4)
    write(tmp_path / "scores.csv", "prediction", chances)
    (tmp_path / "proctor.yml").write_text(
        'condition: auc(n, "fraud") > 0.9 and brier(n, "fraud") < 0.15\n'
        "testset: {labels: labels.csv}\ncandidate: {predictions: scores.csv}\nfirst: judge\n"
    )
    return tmp_path


def test_check__of_probabilities(scored: Path) -> None:
    """AUC and Brier score are judged together, on labels that are classes; a probability of 1.2 is refused."""
    ran = here(scored, "check")
    assert (0, True) == (ran.code, "the AUC of new for class fraud is above 90 %" in ran.out), ran.out + ran.err

    text = (scored / "scores.csv").read_text().splitlines()
    (scored / "scores.csv").write_text("\n".join([text[0], "e0,1.2", *text[2:]]) + "\n")
    ran = here(scored, "check")
    assert (True, True) == (ran.code > 1, "line 2: 1.2 lies outside the range of the condition, 0 to 1" in ran.err)

    gate = scored / "proctor.yml"
    gate.write_text(gate.read_text().replace(' and brier(n, "fraud") < 0.15', ""))
    assert here(scored, "check").code == 0  # scores that rank may be of any size


RANKED = 'auc(n, "fraud") - auc(o, "fraud") > -0.02'
CALIBRATED = 'ece(n, "fraud", bins=4) < 0.4'


@pytest.mark.parametrize(
    ("condition", "file", "lines", "says"),
    [
        (RANKED, "scores.csv", {1: "e0,"}, "no prediction in 1 of 600 rows"),
        (RANKED, "scores.csv", {1: "e0,nan"}, "line 2: 'nan' is not a number"),
        (RANKED, "scores.csv", {1: "e0,fraud"}, "line 2: 'fraud' is not a number"),
        (RANKED, "scores.csv", {0: "id,probability"}, "has no column 'prediction'"),
        (RANKED, "old.csv", {2: "e1,inf"}, "line 3: inf is not a finite number"),
        (RANKED, "old.csv", {2: "e0,0.5"}, "gives 1 id (e0) more than once"),
        (CALIBRATED, "scores.csv", {1: "e0,1.2"}, "line 2: 1.2 lies outside the range of the condition, 0 to 1"),
        (CALIBRATED, "scores.csv", {3: "e2,-0.1"}, "line 4: -0.1 lies outside the range of the condition, 0 to 1"),
        ("error_quantile(n, 0.9) < 1", "scores.csv", {}, "'labels.csv', column 'label'"),
        ("rmse(n, max=1) < 0.5", "scores.csv", {}, "'labels.csv', column 'label'"),
    ],
)
def test_check__says_what_is_wrong_with_numbers(
    scored: Path, condition: str, file: str, lines: dict[int, str], says: str
) -> None:
    """A file that cannot be what the condition asks for is refused by its line or its name, and nothing is spent."""
    (scored / "old.csv").write_text((scored / "scores.csv").read_text())
    (scored / "proctor.yml").write_text(
        f"condition: {condition}\ntestset: {{labels: labels.csv}}\ncandidate: {{predictions: scores.csv}}\n"
        "baseline: {predictions: old.csv}\n"
    )
    rows = (scored / file).read_text().splitlines()
    for at, row in lines.items():
        rows[at] = row
    (scored / file).write_text("\n".join(rows) + "\n")

    ran = here(scored, "check")

    assert (5, True) == (ran.code, says in ran.err), ran.out + ran.err
    assert 0 == here(scored, "status", "--json").json["budget"]["evaluations"]


def test_check__of_one_kind_alone_shows_nothing(scored: Path) -> None:
    """Where every label is of the class, no pair can be ranked: the clause does not pass."""
    write(scored / "labels.csv", "label", ["fraud"] * N_EXAMPLES)
    (scored / "proctor.yml").write_text(
        f"condition: {RANKED}\ntestset: {{labels: labels.csv, classes: [fraud, fine]}}\n"
        "candidate: {predictions: scores.csv}\nbaseline: {predictions: scores.csv}\n"
    )
    assert 1 == here(scored, "check").code


def test_check__of_a_regression_passes_and_is_recorded(regression: Path) -> None:
    """The verdict, in words; asked again it is the recorded one; labels written otherwise are the same labels."""
    first = here(regression, "check")
    assert (0, True) == (first.code, "mean absolute error of new is below 0.9 times that of old" in first.out)
    assert "points" not in first.out  # the unit of an error is its own

    text = (regression / "labels.csv").read_text().splitlines()
    (regression / "labels.csv").write_text("\n".join([text[0], *(line + "0" for line in text[1:])]) + "\n")
    again = here(regression, "check", "--json")
    assert (0, True) == (again.code, again.json["replayed"])


def test_check__of_a_worse_model_fails(regression: Path) -> None:
    """With new and old exchanged nothing is shown."""
    gate = regression / "proctor.yml"
    gate.write_text(gate.read_text().replace("{predictions: new", "{predictions: x").replace("old.csv", "new.csv"))
    gate.write_text(gate.read_text().replace("{predictions: x.csv", "{predictions: old.csv"))

    assert here(regression, "check").code == 1


def test_check__changed_labels_are_refused(regression: Path) -> None:
    """A number that was changed after registration is another label; a new question is not asked of it."""
    assert here(regression, "check").code == 0
    gate = regression / "proctor.yml"
    gate.write_text(gate.read_text().replace("0.9 *", "0.8 *"))
    lines = (regression / "labels.csv").read_text().splitlines()
    (regression / "labels.csv").write_text("\n".join([lines[0], "e0,77.5", *lines[2:]]) + "\n")

    ran = here(regression, "check")

    assert (True, False) == (ran.code > 1, "77.5" in ran.err)


def test_check__of_scores_needs_no_labels(judged: Path) -> None:
    """The ids alone make the test set; a plan and a preflight speak of no labels."""
    ran = here(judged, "check")
    assert (0, True) == (ran.code, "the mean score of new is above 0.7" in ran.out)

    planned = here(judged, "plan", "--condition", "mean(n, sd=0.2) > 0.7 +/- 0.02")
    assert "no labels" in planned.out
    assert "600 predictions, well formed" in here(judged, "preflight").out


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1.3", "'judge.csv', column 'score', line 11: 1.3 lies outside the range of the condition, 0 to 1"),
        ("nan", "'judge.csv', column 'score', line 11: 'nan' is not a number"),
        ("inf", "'judge.csv', column 'score', line 11: inf is not a finite number"),
        ('"0,5"', "'judge.csv', column 'score', line 11: '0,5' is not a number"),
        ("1_0", "'judge.csv', column 'score', line 11: '1_0' is not a number"),
        ("good", "'judge.csv', column 'score', line 11: 'good' is not a number"),
        ("", "'judge.csv' has no prediction in 1 of 600 rows: line 11"),
    ],
)
def test_check__bad_scores_are_told_by_value_file_and_line(judged: Path, cell: str, words: str) -> None:
    """Nothing is spent: the ledger is not even begun."""
    lines = (judged / "judge.csv").read_text().splitlines()
    lines[10] = f"e9,{cell}"
    (judged / "judge.csv").write_text("\n".join(lines) + "\n")

    ran = here(judged, "check")

    assert (True, True) == (ran.code > 1, words in ran.err), ran.err
    assert not (judged / ".proctor/ledger.db").exists()


def test_check__bad_labels_are_not_quoted(regression: Path) -> None:
    """That a label is no number is said without it."""
    lines = (regression / "labels.csv").read_text().splitlines()
    (regression / "labels.csv").write_text("\n".join([lines[0], "e0,secret", *lines[2:]]) + "\n")

    ran = here(regression, "check")

    assert (True, False) == ("a cell that is not shown here is not a number" in ran.err, "secret" in ran.err)


@pytest.mark.parametrize("suffix", [".npz", ".jsonl"])
def test_check__reads_numbers_from_every_format(regression: Path, suffix: str) -> None:
    """What is predicted is the same number, however it is written."""
    lines = (regression / "new.csv").read_text().splitlines()[1:]
    ids, values = [line.split(",")[0] for line in lines], [float(line.split(",")[1]) for line in lines]
    file = regression / f"new{suffix}"
    match suffix:
        case ".npz":
            np.savez(file, prediction=np.array(values), id=np.array(ids))
        case _:
            rows = (f'{{"id": "{name}", "prediction": {value}}}' for name, value in zip(ids, values, strict=True))
            file.write_text("\n".join(rows) + "\n")
    assert here(regression, "check").code == 0
    gate = regression / "proctor.yml"
    gate.write_text(gate.read_text().replace("new.csv", file.name))

    ran = here(regression, "check", "--json")

    assert (0, True) == (ran.code, ran.json["replayed"]), ran.err


def test_preflight__forecasts_from_development_examples(regression: Path) -> None:
    """With development data at hand the chance of a pass is told."""
    for name in ("labels", "new", "old"):
        text = (regression / f"{name}.csv").read_text().replace("\ne", "\ndev")
        (regression / f"dev_{name}.csv").write_text(text)

    ran = here(
        regression,
        "preflight",
        "--development-labels=dev_labels.csv",
        "--development-candidate=dev_new.csv",
        "--development-baseline=dev_old.csv",
    )

    assert "over 98 % if the test set is like the 600 development examples" in ran.out, ran.out + ran.err


def test_check__an_estimate_reads_no_more_than_the_condition(regression: Path) -> None:
    """An accuracy cannot be released of what is read as numbers; the difference that is judged can."""
    gate = regression / "proctor.yml"
    judged = gate.read_text()
    gate.write_text(judged + "feedback: {estimate: {of: n, from: 0, to: 1, step: 0.1}}\n")
    ran = here(regression, "check")
    assert (True, True) == (ran.code > 1, "reads predictions or labels otherwise than the condition" in ran.err)

    estimate = '"mae(n, max=10) - mae(o, max=10)"'
    gate.write_text(judged + f"feedback: {{estimate: {{of: {estimate}, from: -2, to: 2, step: 0.5}}}}\n")
    ran = here(regression, "check")
    assert (0, True) == (ran.code, "≈ -1" in ran.out), ran.out + ran.err


def test_init__of_numbers_expects_that_all_of_them_change(regression: Path) -> None:
    """The gate file that it writes is judged as it is."""
    (regression / "proctor.yml").unlink()

    assert 0 == here(regression, "init", "--yes", "--condition", "smaller-errors").code
    text = (regression / "proctor.yml").read_text()
    assert "disagreement: 1 " in text
    assert "which predicts numbers" in text
    assert 0 == here(regression, "check").code
