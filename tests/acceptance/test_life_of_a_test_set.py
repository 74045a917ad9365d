"""The life of a test set, registered, sealed, corrected, retired, renewed, told about, opened."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from proctor.testset.keys import generate_key


def owner(workshop, *arguments, code=0, env=None):
    done = workshop.proctor("testset", *arguments, env={"PROCTOR_ACTOR": "ada", **(env or {})})
    assert code == done.code, done.out + done.err
    return done


def check(workshop, *arguments, code=0, env=None):
    ran = workshop.proctor("check", "--json", *arguments, env=env)
    assert code == ran.code, ran.out + ran.err
    return ran.json


def entries(workshop, kind=None):
    found = workshop.proctor("ledger", "show", "--json").json["entries"]
    return [entry for entry in found if kind in (None, entry["kind"])]


def second_exam(workshop, n_examples=2_000, offset=1_000_000, folder="exam2"):
    """Fresh examples under other ids, with the old model's and a new model's predictions on them."""
    labels = np.random.default_rng(offset).integers(0, 10, n_examples)
    (workshop.root / folder).mkdir()
    ids = [f"{folder}-{i}" for i in range(n_examples)]
    workshop.table(f"{folder}/features.csv", ("id", "x"), ((name, offset + i) for i, name in enumerate(ids)))
    workshop.table(f"{folder}/labels.csv", ("id", "label"), zip(ids, labels, strict=True))
    for model, wrong in (("present", 400), ("better", 160)):
        values = labels.copy()
        values[:wrong] = (values[:wrong] + 1) % 10
        workshop.table(f"{folder}/{model}.csv", ("id", "prediction"), zip(ids, values, strict=True))
    return {"labels": f"{folder}/labels.csv", "features": f"{folder}/features.csv"}


@pytest.fixture
def accepted(ready):
    """A workshop whose ledger holds a first accepted model."""
    ready.gate(baseline=None, candidate={"predictions": "old.csv"})
    check(ready)
    return ready


# --- corrections -----------------------------------------------------------------------------------------------------


def corrected_labels(workshop, rows, name="corrected.csv"):
    labels = workshop.labels.copy()
    labels[rows] = (labels[rows] + 5) % 10
    workshop.table(name, ("id", "label"), ((f"e{i}", label) for i, label in enumerate(labels)))


def test_correct__number_in_the_ledger_rows_and_reason_in_the_owners_record(ready):
    """Past verdicts stand, later checks take the corrected labels, and who may not know reads a number alone."""
    first = check(ready)
    corrected_labels(ready, [1998, 1999])

    said = owner(ready, "correct", "corrected.csv", "--reason", "two annotators erred").out

    assert "corrected 2 labels" in said
    (entry,) = entries(ready, "correction")
    assert 2 == entry["body"]["n_rows"]
    assert "annotators" not in json.dumps(entry)
    note = json.loads((ready.root / ".proctor/owner.jsonl").read_text().splitlines()[-1])
    assert (["e1998", "e1999"], "two annotators erred") == (note["correction"], note["reason"])
    assert (ready.root / "corrected.csv").read_bytes() == (ready.root / "exam/labels.csv").read_bytes()
    assert (True, first["entry"]) == tuple(check(ready)[key] for key in ("replayed", "entry"))
    ready.predictions("other.csv", range(150, 400))
    assert 2 == check(ready, "--candidate", "other.csv")["step"]


def test_correct__refusals(ready):
    """Nothing is recorded where nothing was corrected, labels are left out, or the test set is not in the books."""
    owner(ready, "correct", "exam/labels.csv", code=2)
    check(ready)
    assert "no label differs" in owner(ready, "correct", "exam/labels.csv", code=2).err
    ready.table("part.csv", ("id", "label"), [(f"e{i}", 3) for i in range(5)])
    assert "have none in the corrected file" in owner(ready, "correct", "part.csv", code=2).err

    assert [] == entries(ready, "correction")


def test_correct__interrupted_act_is_completed(ready):
    """An act that was recorded but not carried out is completed by doing it again, and is recorded once."""
    check(ready)
    register = next((ready.root / ".proctor/owner").glob("*.npz"))
    labels = ready.root / "exam/labels.csv"
    before = register.read_bytes(), labels.read_bytes()
    corrected_labels(ready, [7])
    owner(ready, "correct", "corrected.csv")
    for path, content in zip((register, labels), before, strict=True):
        path.write_bytes(content)  # as if the process had died right after the ledger's entry

    assert "completed now" in owner(ready, "correct", "corrected.csv").out

    assert 1 == len(entries(ready, "correction"))
    assert labels.read_bytes() == (ready.root / "corrected.csv").read_bytes()
    ready.predictions("other.csv", range(150, 400))
    check(ready, "--candidate", "other.csv")


# --- the end ---------------------------------------------------------------------------------------------------------


def test_life__sealed_labels_are_corrected_sealed_and_opened_at_the_end(ready):
    """
    From sealing to retirement: corrected labels stay sealed, then lie in the open.

    Recorded answers are given to the end and beyond; anything new ends with exit code 4, and says why.
    """
    env = {"PROCTOR_KEY": generate_key().text}
    owner(ready, "seal", "exam/labels.csv", env=env)
    ready.gate(testset={"labels": "exam/labels.csv.sealed", "features": "exam/features.csv"})
    (ready.root / "exam/labels.csv").unlink()
    first = check(ready, env=env)
    corrected_labels(ready, [3, 4, 5])
    corrected = json.loads(owner(ready, "correct", "corrected.csv", "--json", env=env).out)
    assert (3, False, "labels.csv.sealed") == (
        corrected["corrected"], corrected["recorded_before"], Path(corrected["labels"]).name
    )  # fmt: skip
    assert (ready.root / "exam/labels.csv.sealed").read_bytes().startswith(b"PROCTOR")
    ready.predictions("other.csv", range(150, 400))
    assert 2 == check(ready, "--candidate", "other.csv", env=env)["step"]

    said = owner(ready, "retire", "--yes", "--reason", "a fresh one is here", env=env).out

    assert "labels.csv" in said
    assert (ready.root / "corrected.csv").read_bytes() == (ready.root / "exam/labels.csv").read_bytes()
    assert (True, first["entry"]) == tuple(check(ready, env=env)[key] for key in ("replayed", "entry"))
    ready.predictions("third.csv", range(140, 400))
    refused = ready.proctor("check", "--candidate", "third.csv", env=env)
    assert 4 == refused.code
    assert "a fresh one is here" in refused.err


def test_retire__is_recorded_once(ready):
    """Doing it again opens the files again and appends nothing."""
    owner(ready, "retire", "--yes", code=2)
    check(ready)
    once = json.loads(owner(ready, "retire", "--yes", "--reason", "spent", "--json").out)

    assert "before" in owner(ready, "retire", "--yes").out
    again = json.loads(owner(ready, "retire", "--yes", "--json").out)

    assert ("spent", False, {}) == (once["reason"], once["recorded_before"], once["outcomes"])
    assert {**once, "recorded_before": True} == again
    assert 1 == len(entries(ready, "retirement"))


def test_retire__nobody_there_to_answer(ready):
    """What cannot be taken back is not done because nobody could be asked: exit code 2, and nothing is recorded."""
    check(ready)

    said = owner(ready, "retire", code=2).err

    assert "nobody is there to answer; say --yes" in said
    assert [] == entries(ready, "retirement")


def test_retire__another_reason_later(ready):
    """The first reason is on record; whoever gives another one is told that it stands."""
    check(ready)
    assert "" == owner(ready, "retire", "--yes", "--reason", "spent").err

    assert "" == owner(ready, "retire", "--yes", "--reason", "spent").err
    assert "the recorded reason stands: spent" in owner(ready, "retire", "--yes", "--reason", "leaked").err


def test_none__the_owner_reads_outcomes_and_retirement_opens_them(ready):
    """Under none: withheld from everybody, read by the owner, refused where the record was changed, opened at last."""
    ready.gate(adaptivity="none", steps=5)
    check(ready)
    ready.predictions("worse.csv", range(600))
    check(ready, "--candidate", "worse.csv")

    read = json.loads(owner(ready, "outcomes", "--json").out)
    assert ["pass", "fail"] == [each["outcome"] for each in read]
    assert 160 == read[0]["private"]["figures"]["clauses"][0]["counts"]["wins"]
    for text in (owner(ready, "show").out, owner(ready, "show", "--json").out):
        assert '"fail"' not in text
        assert "retired" not in text.splitlines()[0]

    record = ready.root / ".proctor/owner.jsonl"
    whole = record.read_text()
    record.write_text(whole.replace('"outcome": "fail"', '"outcome": "pass"'))
    assert "was changed" in owner(ready, "outcomes", code=5).out
    assert "cannot be opened" in owner(ready, "retire", "--yes", code=5).err
    record.write_text(whole)

    owner(ready, "retire", "--yes")

    (entry,) = entries(ready, "retirement")
    assert ["pass", "fail"] == list(entry["body"]["outcomes"].values())
    shown = json.loads(owner(ready, "show", "--json").out)["testset"]["verdicts"]
    assert ["pass", "fail"] == [each["outcome"] for each in shown]


def test_outcomes__with_the_key_no_file_is_needed(ready):
    """With the owner's key the figures stand sealed in the ledger; without it they are not to be had."""
    env = {"PROCTOR_KEY": generate_key().text}
    ready.gate(adaptivity="none", steps=5)
    check(ready, env=env)

    assert not (ready.root / ".proctor/owner.jsonl").exists()
    assert "pass" in owner(ready, "outcomes", env=env).out
    assert "key is not here" in owner(ready, "outcomes", code=5).out
    assert "key" in owner(ready, "outcomes", code=5, env={"PROCTOR_KEY": generate_key().text}).err


# --- more examples ---------------------------------------------------------------------------------------------------


def test_extend__from_the_command_line(ready):
    """What was added, what is to be run, and what may not decide it; none of the owner's figures."""
    check(ready)
    labels = np.random.default_rng(5).integers(0, 10, 300)
    ready.table("march-labels.csv", ("id", "label"), ((f"m{i}", label) for i, label in enumerate(labels)))
    ready.table("march-features.csv", ("id", "x"), ((f"m{i}", 70_000 + i) for i in range(300)))
    march = ("extend", "march-labels.csv", "--features", "march-features.csv", "--reason", "March")

    said = owner(ready, *march).out

    assert "grew by 300 examples to 2,300" in said
    assert "new.csv has no predictions for them yet: run its model on all 2,300." in said
    assert "Never from estimates, p-values" in said
    assert "extended   by 300 examples to 2,300 in entry 3: March" in owner(ready, "show").out
    assert "2,300 examples" in ready.proctor("status").out
    refused = ready.proctor("check")
    assert (5, True) == (refused.code, "run the model on all 2,300 examples" in refused.err)
    assert json.loads(owner(ready, *march, "--json").out)["recorded_before"]


# --- the next one ----------------------------------------------------------------------------------------------------


def test_renew__the_accepted_model_is_the_baseline_of_the_next_set(accepted):
    """The successor knows its predecessor, starts with what that has left, and measures the accepted model."""
    files = second_exam(accepted)
    accepted.gate(baseline=None, testset=files)
    assert "--baseline" in owner(accepted, "renew", code=2).err

    said = json.loads(owner(accepted, "renew", "--baseline", "exam2/present.csv", "--json").out)

    assert (2, "exam2/present.csv") == (said["number"], said["baseline"])
    assert (True, 0.001) == (said["inherits"], pytest.approx(said["error_sum"]))
    first, second = (entry["body"] for entry in entries(accepted, "registration"))
    assert first["testset"] == second["predecessor"]
    assert second["anchor"]["source"] == "exam2/present.csv"
    measured = json.loads((accepted.root / ".proctor/owner.jsonl").read_text().splitlines()[-1])
    assert (1_600, 2_000) == (measured["right"], measured["labeled"])
    report = check(accepted, "--candidate", "exam2/better.csv")
    assert ("pass", 1, "exam2/present.csv") == (report["verdict"], report["step"], report["baseline"])
    told = accepted.proctor("check", "--candidate", "exam2/better.csv").out
    assert "for the whole life of this test set and of those that it inherits from" in " ".join(told.split())
    shown = owner(accepted, "show").out
    assert "together   0.001" in shown
    assert "0.001, handed on by set 1" in shown
    assert "0.001, of which 0.001 was handed on" in shown
    assert "registered already" in owner(accepted, "renew", "--baseline", "exam2/present.csv", code=2).err


def test_renew__what_the_last_set_has_left_is_handed_on_once(ready):
    """Whatever is spent stays spent; the old set answers what it has answered, and nothing new."""
    first = check(ready)
    old = {"labels": "exam/labels.csv", "features": "exam/features.csv"}
    ready.predictions("other.csv", range(150, 400))
    files = second_exam(ready)
    ready.gate(baseline=None, testset=files)
    renewed = json.loads(owner(ready, "renew", "--baseline", "exam2/present.csv", "--json").out)

    (founder, heir) = json.loads(owner(ready, "show", "--json").out)["lineage"]["sets"]
    assert founder["handed_on"] == heir["error_probability"] < founder["error_probability"] == renewed["error_sum"]
    ready.gate(testset=old)
    assert first["entry"] == check(ready)["entry"]
    refused = ready.proctor("check", "--candidate", "other.csv")
    assert 4 == refused.code
    assert f"was handed on to test set {renewed['testset'][:12]}" in refused.err
    assert "handed on" in ready.proctor("status").out
    assert "no fresh test set is needed" in owner(ready, "notify", "--print", code=2).err
    third = second_exam(ready, folder="exam3", offset=3_000_000)
    ready.gate(baseline=None, testset=third, candidate={"predictions": "exam3/better.csv"})
    refused = ready.proctor("check")
    assert (5, True) == (refused.code, "`proctor testset renew`" in refused.err)


def test_renew__a_budget_of_its_own_is_declared(accepted):
    """A reliability that is said for the new set is its own, must be the gate file's, and the sum is shown."""
    files = second_exam(accepted)
    accepted.gate(baseline=None, testset=files, reliability=0.99)
    present = ("renew", "--baseline", "exam2/present.csv")
    unsaid = owner(accepted, *present, code=2).err
    assert "the project's reliability is 0.999" in unsaid
    assert "--reliability 0.99" in unsaid
    assert "Write `reliability: 0.995`" in owner(accepted, *present, "--reliability", "0.995", code=2).err
    none = owner(accepted, *present, "--reliability", "2", code=2).err
    assert "a reliability lies between 0 and 1, not 2.0" in none
    assert "Write" not in none
    both = owner(accepted, *present, "--reliability", "0.99", "--project-reliability", "0.9", code=2)
    assert "two ways" in both.err

    said = json.loads(owner(accepted, *present, "--reliability", "0.99", "--json").out)

    assert (False, 0.011) == (said["inherits"], pytest.approx(said["error_sum"]))


@pytest.mark.parametrize("renews", [False, True])
def test_check__a_new_set_without_renewal_says_what_is_lost(accepted, renews):
    """Files that are only exchanged make a set without a past; the acceptance on it says so, a renewed one does not."""
    files = second_exam(accepted)
    if renews:
        accepted.gate(testset=files, baseline=None, candidate={"predictions": "exam2/present.csv"})
        owner(accepted, "renew", "--baseline", "exam2/present.csv")
    else:
        accepted.gate(baseline=None, candidate={"predictions": "exam2/present.csv"})
        for name in ("labels.csv", "features.csv"):
            (accepted.root / "exam2" / name).replace(accepted.root / "exam" / name)

    notes = check(accepted)["notes"]

    assert any("`proctor testset renew` before the first check" in note for note in notes) is not renews


def test_renew__examples_of_the_predecessor_are_refused(accepted):
    """A successor that contains examples of a registered set is refused with their number, and nothing is recorded."""
    files = second_exam(accepted)
    old = (accepted.root / "exam/features.csv").read_text().splitlines()[1:4]
    for name, lines in (("features", old), ("labels", [f"e{i},1" for i in range(3)])):
        path = accepted.root / f"exam2/{name}.csv"
        path.write_text(path.read_text() + "\n".join(lines) + "\n")
    accepted.gate(baseline=None, testset=files)

    refused = owner(accepted, "renew", "--baseline", "exam2/present.csv", code=5)

    assert "3 of its 2,003 examples in common" in refused.err
    assert 1 == len(entries(accepted, "registration"))


def test_renew__a_command_is_run_on_the_new_examples(ready):
    """An accepted program is measured by running it; a first check afterwards has a baseline."""
    (ready.root / "predict.py").write_text(
        "import csv, sys\n"
        "rows = list(csv.DictReader(open(sys.argv[1])))\n"
        "out = csv.writer(open(sys.argv[2], 'w', newline=''))\n"
        "out.writerow(['id', 'prediction'])\n"
        "out.writerows([row['id'], int(row['x']) % 10] for row in rows)\n"
    )
    program = {"command": "python predict.py {features} {predictions}", "files": ["predict.py"]}
    ready.gate(baseline=None, candidate=program)
    check(ready)
    ready.gate(baseline=None, candidate=program, testset=second_exam(ready))

    said = json.loads(owner(ready, "renew", "--json").out)

    assert "python predict.py {features} {predictions}" == said["baseline"]
    again = check(ready)
    assert ("first accepted", True) == (again["basis"], again["replayed"])


def test_renew__share_of_a_projects_reliability(workshop):
    """Set j takes 2^-j of the project's error probability; one that would take more is told what it must say."""
    workshop.testset().predictions("old.csv", range(400)).gate(reliability=0.99, baseline=None)
    refused = owner(workshop, "register", "--project-reliability", "0.99", code=2)
    assert "`reliability: 0.995`" in refused.err
    workshop.gate(reliability=0.995, baseline=None)
    owner(workshop, "register", "--project-reliability", "0.99", "--baseline", "old.csv")
    files = second_exam(workshop)
    workshop.gate(reliability=0.995, baseline=None, testset=files)
    owner(workshop, "register", code=2)  # outside the lineage it would not be counted

    refused = owner(workshop, "renew", "--baseline", "exam2/present.csv", code=2)

    assert "`reliability: 0.9975`" in refused.err
    workshop.gate(reliability=0.9975, baseline=None, testset=files)
    said = json.loads(owner(workshop, "renew", "--baseline", "exam2/present.csv", "--json").out)
    assert (0.0075, 0.01) == pytest.approx((said["error_sum"], said["project_error"]))


SLOT_S = 4  # the program needs less than one of them; by default a run on sealed inputs takes twenty

PROGRAM = """\
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
if {crashes}:
    raise SystemExit(1)
out = csv.writer(open(sys.argv[2], "w", newline=""))
out.writerow(["id", "prediction"])
out.writerows([row["id"], int(row["x"]) % 10] for row in rows)
"""


@pytest.mark.parametrize(
    ("crashes", "ending"), [("False", "first accepted"), ('int(rows[0]["x"]) > 999_999', "judged")]
)
def test_renew__on_sealed_inputs_the_baseline_is_charged(ready, crashes, ending):
    """That a model runs on sealed inputs tells something: its acceptance there is charged, and so is its crash."""
    env = {"PROCTOR_KEY": generate_key().text}
    (ready.root / "predict.py").write_text(PROGRAM.format(crashes=crashes))
    program = {"command": "python predict.py {features} {predictions}", "files": ["predict.py"]}
    second_exam(ready)
    for folder in ("exam", "exam2"):
        names = {what: f"{folder}/{what}.csv" for what in ("labels", "features")}
        owner(ready, "seal", names["labels"], "--features", names["features"], env=env)
        for name in names.values():
            (ready.root / name).unlink()

    def gate(folder):
        sealed = {what: f"{folder}/{what}.csv.sealed" for what in ("labels", "features")}
        ready.gate(baseline=None, candidate=program, testset={**sealed, "inputs": "sealed"}, slot=SLOT_S)

    gate("exam")
    check(ready, env=env)
    gate("exam2")

    said = json.loads(owner(ready, "renew", "--json", env=env).out)

    last = entries(ready)[-1]["body"]
    outcome = "pass" if ending == "first accepted" else "fail"
    assert (outcome, ending, said["testset"]) == (last["outcome"], last["basis"], last["testset"])
    assert "no evaluation is pending" in owner(ready, "abort", code=2, env=env).err
    owner(ready, "retire", "--yes", env=env)
    assert (ready.root / "exam2/features.csv").read_text().startswith("id,x\nexam2-0,1000000\n")


def test_notify__from_the_command_line(ready):
    """`--print` gives the text for an issue; a run without a mail server ends with 5 and says what to set."""
    ready.gate(adaptivity="firstChange", steps=3, notify={"mail": "ada@example.com"})
    owner(ready, "notify", code=2)
    check(ready)

    assert "its budget is spent" in owner(ready, "notify", "--print").out.lower()
    failed = owner(ready, "notify", code=5, env={"PROCTOR_SMTP_HOST": ""})
    assert "PROCTOR_SMTP_HOST" in failed.out
    (tried,) = json.loads(owner(ready, "notify", "--json", code=5, env={"PROCTOR_SMTP_HOST": ""}).out)
    assert ("failed", "mail", None) == (tried["state"], tried["medium"], tried["at"])
    assert {"subject", "text"} == json.loads(owner(ready, "notify", "--print", "--json").out).keys()
