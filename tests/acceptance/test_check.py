"""`proctor check`: verdicts, replays, what is shown and what is not."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

BUDGET_KEYS = {
    "evaluations",
    "passes",
    "evaluations_left",
    "passes_left",
    "leakage_bits",
    "next_level_log",
    "next_tolerance",
}


def check(workshop, *arguments, code=None):
    ran = workshop.proctor("check", "--json", *arguments)
    if code is not None:
        assert code == ran.code, ran.out + ran.err
    return ran.json


def test_check__pass(ready):
    """A clear gain passes: exit code 0, a whole JSON report, an entry in the ledger."""
    report = check(ready, code=0)

    assert ("pass", 0, 1, False, "open") == tuple(
        report[key] for key in ("verdict", "exit_code", "step", "replayed", "inputs")
    )
    assert report["condition"] == "n - o > 0.02 +/- 0.02"
    assert report["budget"].keys() >= BUDGET_KEYS
    assert (1, 1) == (report["budget"]["evaluations"], report["budget"]["passes"])
    assert re.fullmatch("[0-9a-f]{64}", report["ledger_head"])
    assert (ready.root / ".proctor/ledger.db").exists()


def test_check__terminal_leads_with_the_verdict(ready):
    """The report for people begins with PASS and says how sure it is, for how long, and under which assumption."""
    ran = ready.proctor("check")

    assert ran.out.strip().startswith("PASS   new is better than old by more than 2 points")
    for words in ("sure to 99.9 %", "inputs open", "1 evaluation, 1 pass so far", "leakage", "ledger"):
        assert words in ran.out


def test_check__loads_nothing_of_scipy(ready):
    """Loading scipy.special takes longer than the rest of a small check; the tails of a few thousand do without."""
    code = "import sys; from proctor import cli; cli.run(['check']); print('scipy' in sys.modules, file=sys.stderr)"

    done = subprocess.run([sys.executable, "-c", code], cwd=ready.root, capture_output=True, text=True, check=True)

    assert "PASS" in done.stdout
    assert "False" == done.stderr.splitlines()[-1]


def test_check__predictions_without_ids(ready):
    """They are matched by their order, and standard error says so; standard output holds JSON and no more."""
    ready.table("new.csv", ("prediction",), ([label] for label in ready.labels))

    ran = ready.proctor("check", "--json")

    assert "pass" == ran.json["verdict"]
    assert "note: the predictions of new.csv were matched by their order, because they have no ids\n" == ran.err


def test_check__model_is_not_shown_ids_of_another_name(workshop):
    """The column of ids that the test set names is none of an estimator's features."""
    workshop.testset(200)
    rows = [(7 * i, i % 2) for i in range(200)]
    workshop.table("exam/features.csv", ("number", "x"), rows)
    workshop.table("exam/labels.csv", ("number", "label"), rows)
    joblib.dump(DecisionTreeClassifier().fit([[0], [1]], [0, 1]), workshop.root / "m.joblib")
    testset = {"labels": "exam/labels.csv", "features": "exam/features.csv", "id": "number"}
    model = {"model": "m.joblib", "trust": "pickle"}
    workshop.gate(condition="n > 0.5 +/- 0.2", testset=testset, candidate=model, baseline=None, first="judge")

    assert "pass" == check(workshop, code=0)["verdict"]


def test_check__named_files_have_the_declared_columns(ready):
    """`--candidate` and `--baseline` name files in place of the gate file's, with the columns that it declares."""
    for name in ("new.csv", "old.csv"):
        text = (ready.root / name).read_text().replace("id,prediction", "key,guess")
        (ready.root / f"my-{name}").write_text(text)
    ready.gate(candidate={"predictions": "x.csv", "id": "key", "prediction": "guess"}, baseline=None)

    ran = ready.proctor("check", "--candidate", "my-new.csv", "--baseline", "my-old.csv", "--json")

    assert ("pass", "") == (ran.json["verdict"], ran.err)


def test_check__fail(ready):
    """No gain fails: exit code 1, and nothing is said of how close it was."""
    ready.predictions("new.csv", range(390))

    ran = ready.proctor("check")

    assert ran.code == 1
    assert ran.out.strip().startswith("FAIL   not shown: new is better than old by more than 2 points")
    assert "0.5" not in ran.out


def test_check__same_question_same_answer(ready):
    """A re-run is answered from the ledger and costs nothing."""
    first = check(ready, code=0)

    again = check(ready, code=0)

    assert (True, first["step"], first["ledger_head"]) == (again["replayed"], again["step"], again["ledger_head"])
    assert first["budget"] == again["budget"]


def test_check__re_encoded_predictions_are_another_submission_but_files_elsewhere_are_not(ready):
    """A question is known by the bytes that were submitted, not by the name of the file."""
    check(ready, code=0)
    (ready.root / "copy.csv").write_bytes((ready.root / "new.csv").read_bytes())

    assert check(ready, "--candidate", "copy.csv", code=0)["replayed"]


@pytest.mark.parametrize("wrong", [range(160, 400), range(390)], ids=["pass", "fail"])
def test_check__two_runs_that_differ_only_in_hidden_labels_print_the_same_bytes(ready, tmp_path_factory, wrong):
    """Nothing but verdict and budget leaves the gate (design.md, rule 3)."""

    def printed(flip: int) -> str:
        workshop = type(ready)(tmp_path_factory.mktemp("twin")).testset()
        workshop.predictions("old.csv", range(400)).predictions("new.csv", wrong).gate()
        labels = workshop.labels.copy()
        labels[-flip:] = (labels[-flip:] + 5) % 10  # both models are wrong there now
        workshop.write_labels(labels)
        texts = [workshop.proctor("check", *options).out for options in ((), ("--json",), ("--markdown",))]
        texts += [workshop.proctor("status", *options).out for options in ((), ("--json",))]
        volatile = r"[0-9a-f]{64}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d[0-9:.+Z]*|head `?[0-9a-f]+`?"
        return re.sub(volatile, "…", "\n".join(texts))

    assert printed(3) == printed(9)


def test_check__another_column_of_the_same_file_is_another_candidate(ready):
    """Predictions of two models in one file: the recorded answer of the one is not that of the other."""
    good, bad = ((ready.root / name).read_text().split() for name in ("new.csv", "old.csv"))
    rows = (f"{one},{other.split(',')[1]}" for one, other in zip(good[1:], bad[1:], strict=True))
    (ready.root / "both.csv").write_text("\n".join(["id,good,bad", *rows]) + "\n")

    def asked(column):
        ready.gate(candidate={"predictions": "both.csv", "prediction": column})
        report = ready.proctor("check", "--json").json
        return report["verdict"], report["replayed"]

    assert [("pass", False), ("fail", False), ("pass", True)] == [asked(name) for name in ("good", "bad", "good")]


def test_check__first_commit_is_accepted_and_becomes_the_baseline(ready):
    """Without a baseline the first candidate is accepted, at no cost; the next one is compared with it."""
    ready.gate(baseline=None, candidate={"predictions": "old.csv"})
    first = check(ready, code=0)
    assert ("first accepted", 0, 0) == (first["basis"], first["step"], first["budget"]["evaluations"])

    ready.gate(baseline=None)
    second = check(ready, code=0)

    assert ("judged", 1, "pass") == (second["basis"], second["step"], second["verdict"])


def test_check__failed_commit_does_not_become_the_baseline(ready):
    """easeml defect 5: 80 %, 70 % (fail), 79 % must not pass against 70 %."""
    ready.gate(baseline=None, candidate={"predictions": "old.csv"})
    check(ready, code=0)
    ready.predictions("worse.csv", range(600)).gate(baseline=None, candidate={"predictions": "worse.csv"})
    check(ready, code=1)
    ready.predictions("third.csv", range(420)).gate(baseline=None, candidate={"predictions": "third.csv"})

    assert check(ready, code=1)["verdict"] == "fail"


def test_check__accepted_baseline_asked_again_repeats_its_pass(ready):
    """The candidate that is the accepted baseline gets its PASS again, at no cost."""
    ready.gate(baseline=None, candidate={"predictions": "old.csv"})
    check(ready, code=0)
    ready.gate(baseline=None)
    check(ready, code=0)

    again = check(ready, code=0)

    assert (True, 1) == (again["replayed"], again["step"])
    assert any("accepted baseline" in note for note in again["notes"])


def test_check__first_judge_judges_the_clauses_on_n_alone(ready):
    """`first: judge` names its own condition and judges it."""
    ready.gate(condition="n > 0.8 +/- 0.03 /\\ n - o > 0.02 +/- 0.02", first="judge", baseline=None)

    report = check(ready, code=0)

    assert ("n > 0.8 +/- 0.03", 1) == (report["condition"], report["step"])


def test_check__conditions_on_d_are_measured(ready):
    """easeml defect 4: a candidate that changes 12 % of the predictions does not pass `d < 0.1`."""
    ready.gate(condition="d < 0.10 +/- 0.02").predictions("new.csv", range(160, 400))

    assert check(ready, code=1)["verdict"] == "fail"


def test_check__margin_is_kept(ready):
    """easeml defects 2 and 3: a gain of 2.1 points does not pass `> 0.02 +/- 0.02`, nor one of 0.03 points."""
    ready.predictions("new.csv", range(42, 400))
    assert check(ready, code=1)["verdict"] == "fail"

    ready.predictions("new.csv", range(1, 400))
    assert check(ready, code=1)["verdict"] == "fail"


def test_check__fn_free_passes_what_cannot_be_told(ready):
    """In fn-free, not knowing passes, and only a proven violation fails."""
    ready.gate(mode="fn-free", condition="n - o > 0 +/- 0.02").predictions("new.csv", range(390))
    assert check(ready, code=0)["verdict"] == "pass"

    ready.predictions("new.csv", range(700))
    report = check(ready, code=1)
    assert ("fail", 1, "fails") == (report["verdict"], report["budget"]["passes"], report["budget"]["counts"])


def test_check__none_withholds_the_outcome_everywhere(ready):
    """Under none no output shows an outcome; it is in the owner's record, which only its owner can read."""
    ready.gate(adaptivity="none", steps=5)
    passing = ready.proctor("check", "--json")
    ready.predictions("new.csv", range(600))
    failing = ready.proctor("check", "--json")

    assert (0, 0) == (passing.code, failing.code)
    assert ("withheld", None) == (failing.json["verdict"], failing.json["budget"]["passes"])
    assert "withheld" in ready.proctor("check").out
    assert passing.json["meaning"] == failing.json["meaning"]
    record = ready.root / ".proctor/owner.jsonl"
    assert ["pass", "fail"] == [json.loads(line)["outcome"] for line in record.read_text().splitlines()]
    assert 0o600 == stat.S_IMODE(record.stat().st_mode)
    assert '"pass"' not in ready.proctor("ledger", "show", "--json").out


def test_check__none_makes_every_evaluated_commit_the_baseline(ready):
    """theory.md §4: with the last accepted model as baseline, the gate itself would be the adaptive party."""
    ready.gate(adaptivity="none", steps=5, baseline=None, candidate={"predictions": "old.csv"})
    check(ready, code=0)
    ready.predictions("worse.csv", range(600)).gate(
        adaptivity="none", steps=5, baseline=None, candidate={"predictions": "worse.csv"}
    )
    check(ready, code=0)
    ready.gate(adaptivity="none", steps=5, baseline=None)

    assert "worse.csv" in check(ready, code=0)["baseline"]


def test_check__tells_baseline_and_candidate_of_one_path_apart(ready):
    """With `baseline: accepted` both are the same file; the ledger's entry says which one it was, in replays too."""
    ready.predictions("new.csv", range(400)).gate(baseline=None)
    first = check(ready, code=0)
    ready.predictions("new.csv", range(160, 400))

    reports = [check(ready, code=0) for _ in range(2)]

    expected = [("new.csv", f"new.csv (entry {first['entry']})", replayed) for replayed in (False, True)]
    assert expected == [(each["candidate"], each["baseline"], each["replayed"]) for each in reports]


def test_check__first_change_ends_at_the_first_pass(ready):
    """firstChange: the set is retired at the first PASS; recorded answers are still given."""
    ready.gate(adaptivity="firstChange", steps=5)
    check(ready, code=0)
    ready.predictions("other.csv", range(100, 400))

    ran = ready.proctor("check", "--candidate", "other.csv")

    assert ran.code == 4
    assert "fresh test set" in ran.err
    assert check(ready, code=0)["replayed"]


def test_check__owner_file_holds_the_private_figures(ready):
    """--owner writes counts, estimates, bounds and p-values, readable by the owner alone, and prints none of them."""
    ran = ready.proctor("check", "--owner", "private.jsonl")

    record = json.loads((ready.root / "private.jsonl").read_text())
    clause = record["figures"]["clauses"][0]
    assert clause["counts"] == {"wins": 160, "losses": 0}
    assert 160 / 2_000 == pytest.approx(clause["estimate"])
    assert clause["lower_bound"] < clause["estimate"] < clause["upper_bound"]
    assert clause["p_value"] < 1e-3
    assert 0o600 == stat.S_IMODE((ready.root / "private.jsonl").stat().st_mode)
    assert not re.search(r"\b160\b", ran.out)


def test_check__paper_script(ready):
    """The `ml:` section of ease.ml/ci is judged once the command line names the files."""
    (ready.root / ".travis.yml").write_text(
        "language: python\nml:\n  - script: ./test_model.py\n  - condition: n - o > 0.02 +/- 0.06\n"
        "  - reliability: 0.99\n  - mode: fp-free\n  - adaptivity: firstChange\n  - steps: 3\n"
    )
    files = ("--labels", "exam/labels.csv", "--candidate", "new.csv", "--baseline", "old.csv")

    report = check(ready, ".travis.yml", *files, code=0)

    assert ("pass", "firstChange") == (report["verdict"], report["testset"]["adaptivity"])


def test_check__shuffled_and_renamed_test_set_is_the_same_account(ready):
    """One account per test set, found by what it is: a shuffled file under another name changes nothing."""
    check(ready, code=0)
    rng = np.random.default_rng(5)
    for name, header in (("features", "id,x"), ("labels", "id,label")):
        lines = (ready.root / f"exam/{name}.csv").read_text().splitlines()[1:]
        shuffled = [lines[i] for i in rng.permutation(len(lines))]
        (ready.root / f"{name}-2.csv").write_text("\n".join([header, *shuffled]) + "\n")
    ready.gate(testset={"labels": "labels-2.csv", "features": "features-2.csv"})
    ready.predictions("other.csv", range(150, 400))

    assert "are not those that this test set was registered with" in ready.proctor("check").err
    assert 0 == ready.proctor("testset", "settings", "--accept", "--yes").code
    assert check(ready, "--candidate", "other.csv", code=0)["step"] == 2


def test_check__added_columns_are_the_same_account(ready):
    """Another column in the file of features does not make another test set of it."""
    check(ready, code=0)
    lines = (ready.root / "exam/features.csv").read_text().splitlines()
    wider = [lines[0] + ",length", *(f"{line},{len(line)}" for line in lines[1:])]
    (ready.root / "exam/features.csv").write_text("\n".join(wider) + "\n")

    assert check(ready, "--candidate", "old.csv", code=1)["step"] == 2


@pytest.mark.parametrize("edit", ["changed", "extended", "shortened"])
def test_check__edited_test_set_is_refused(ready, edit):
    """Changing or adding rows does not buy a new budget."""
    check(ready, code=0)
    lines = (ready.root / "exam/features.csv").read_text().splitlines()
    if edit == "changed":
        lines[1] = "e0,123456"
    elif edit == "extended":
        lines.append("e2000,2000")
    else:
        lines.pop()
    (ready.root / "exam/features.csv").write_text("\n".join(lines) + "\n")
    n = len(lines) - 1
    ready.table("exam/labels.csv", ("id", "label"), ((f"e{i}", 1) for i in range(n)))
    for name in ("new.csv", "old.csv"):
        ready.table(name, ("id", "prediction"), ((f"e{i}", i % 3) for i in range(n)))

    ran = ready.proctor("check")

    assert ran.code == 5
    assert "in common" in ran.err or "which is known by other features" in ran.err


def test_check__changed_labels_are_refused_without_their_number(ready):
    """Labels that changed since registration are refused; how many is not told, and nothing is spent."""
    check(ready, code=0)
    labels = ready.labels.copy()
    labels[:3] = (labels[:3] + 1) % 10
    ready.write_labels(labels)
    ready.predictions("other.csv", range(100, 400))

    ran = ready.proctor("check", "--candidate", "other.csv")

    assert ran.code == 5
    assert "are not those that this test set was registered with" in ran.err
    assert "3" not in ran.err
    assert ready.proctor("status", "--json").json["budget"]["evaluations"] == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [("reliability", 0.99), ("mode", "fn-free"), ("adaptivity", "full")],
)
def test_check__edited_contract_is_refused_and_explained(ready, key, value):
    """The contract is frozen at registration; the message says what may still be changed."""
    check(ready, code=0)
    ready.gate(**{key: value}, **({"steps": 9} if value == "full" else {}))
    ready.predictions("new.csv", range(150, 400))

    ran = ready.proctor("check")

    assert ran.code == 2
    assert key in ran.err
    assert "stakes" in ran.err


def test_check__condition_and_stakes_may_change(ready):
    """The condition is one more thing the developer chooses; stakes may be re-planned from what is left."""
    check(ready, code=0)
    ready.gate(condition="n - o > 0.01 +/- 0.02", stakes="guaranteed", steps=9, passes=2)

    report = check(ready, code=0)

    assert (2, False) == (report["step"], report["replayed"])
    assert (8, 1) == (report["budget"]["evaluations_left"], report["budget"]["passes_left"])


def test_check__tolerance_out_of_reach_spends_nothing(ready):
    """Exit code 4 before any label is read, with the size that the next test set needs."""
    ready.gate(condition="n - o > 0.02 +/- 0.005", power=0.9)
    (ready.root / "exam/labels.csv").write_text("this is not even read\n")

    ran = ready.proctor("check")

    assert ran.code == 4
    assert re.search(r"[\d,]{5,} examples", ran.err)
    assert not (ready.root / ".proctor/ledger.db").exists()


def test_check__missing_labels_are_requested(ready):
    """Exit code 3: the rows that need labels go into a file for the owner; nothing is spent."""
    rows = [(f"e{i}", "" if i < 10 else label) for i, label in enumerate(ready.labels)]
    ready.table("exam/labels.csv", ("id", "label"), rows)

    ran = ready.proctor("check")

    assert ran.code == 3
    assert "Once the labels are there (`proctor labels import FILE`), run the same command again." in ran.err
    assert "e0" not in ran.err
    request = re.search(r"\S+\.csv", ran.err.split("request")[-1])
    assert request is not None
    assert ready.proctor("status", "--json").json["budget"]["evaluations"] == 0


def test_check__labels_on_disagreements_alone_give_the_same_verdict(ready):
    """theory.md §3.2: examples on which the predictions agree need no label."""
    rows = [(f"e{i}", label if i < 400 else "") for i, label in enumerate(ready.labels)]
    ready.table("exam/labels.csv", ("id", "label"), rows)

    assert check(ready, code=0)["verdict"] == "pass"


def test_check__keeps_its_own_out_of_git(ready):
    """Whoever adds everything to the repository adds nothing that the gate keeps, and is judged as before."""
    subprocess.run(["git", "init", "--quiet"], cwd=ready.root, check=True)
    ready.gate(baseline=None)
    assert 0 == ready.proctor("check").code
    subprocess.run(["git", "add", "--all"], cwd=ready.root, check=True)

    listed = subprocess.run(["git", "ls-files"], cwd=ready.root, check=True, capture_output=True, text=True).stdout

    assert "proctor.yml" in listed
    assert ".proctor" not in listed
    assert 1 == ready.predictions("worse.csv", range(500)).proctor("check", "--candidate", "worse.csv").code


def test_check__a_second_ledger_is_refused_and_leaves_the_first_one_usable(ready):
    """Another ledger in the gate file buys no fresh budget; put back, the first one goes on."""
    assert 0 == ready.proctor("check").code
    ready.gate(ledger=".proctor/other.db")
    refused = ready.proctor("check")
    assert 5 == refused.code
    assert "the books were cut back, or are others" in refused.err
    ready.gate().predictions("new.csv", range(150, 400))
    assert 0 == ready.proctor("check").code
    assert 1 == len(list((ready.root / ".proctor/owner").glob("*.labels.npz")))
