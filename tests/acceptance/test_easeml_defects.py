"""
What goes wrong in the public code of ease.ml/ci, one test against each defect that no other test names.

1 silent N = 0, and 7 split of a composite expression (one bounded variable, no split): tests/unit/planning ·
2, 3 margins and units, 4 `d` always 0, 5 failed commit as baseline: test_check.py ·
10 labels out of the model's sight: test_attacks.py · 11 unsafe YAML: tests/unit/gatefile/test_paper.py ·
12 parser: tests/unit/conditions.
"""

from __future__ import annotations

import re


def test_defect_6__baseline_is_measured_on_the_same_examples(ready):
    """The baseline's accuracy is no stored number: on a new test set the old model is measured again."""
    assert ready.proctor("check", "--owner", "first.jsonl").code == 0
    ready.testset(seed=8, prefix="f").predictions("old.csv", range(160, 400)).predictions("new.csv", range(160, 400))
    features = (ready.root / "exam/features.csv").read_text().replace(",", ",1000")
    (ready.root / "exam/features.csv").write_text(features.replace("id,1000x", "id,x"))

    ran = ready.proctor("check", "--json")

    assert (1, "fail", 1) == (ran.code, ran.json["verdict"], ran.json["step"])


def test_defect_8__no_accuracy_is_shown(ready):
    """Neither model's accuracy (0.8 and 0.88) nor their difference is anywhere in what developers see."""
    shown = "".join(ready.proctor("check", *options).out for options in ((), ("--json",), ("--markdown",)))
    shown += ready.proctor("status", "--json").out + ready.proctor("ledger", "show", "--json").out
    shown = re.sub(r"[0-9a-f]{8,}", "", shown)  # hashes: any four digits come up in one of them now and then

    for figure in ("0.88", "88 %", "0.80", "80 %", "0.08", "8 points", "1760", "1600", "160,"):
        assert figure not in shown


def test_defect_9__editing_gate_file_or_data_does_not_reset_the_count(ready):
    """The count of uses belongs to the examples: another gate file, other names and other keys change nothing."""
    assert ready.proctor("check").code == 0
    ready.gate(name="another-gate", condition="n - o > 0 +/- 0.02", steps=99, power=0.6)
    (ready.root / "proctor.yml").rename(ready.root / "other.yml")

    ran = ready.proctor("check", "other.yml", "--json")

    assert ran.json["step"] == 2


def test_defect_13__every_rerun_is_accounted_for(ready):
    """A re-run is the recorded answer, and says so; it is no new evaluation."""
    codes = [ready.proctor("check").code for _ in range(3)]

    status = ready.proctor("status", "--json").json
    assert ([0, 0, 0], 1) == (codes, status["budget"]["evaluations"])
