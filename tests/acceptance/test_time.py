"""
On sealed inputs time tells nothing: neither the ledger nor the length of a job depends on what a model did.

Three charged fails that each named the best of 256 subsets of the inputs, by the moment at which the program ended,
were enough for a model that is right on exactly those and guesses elsewhere.
"""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sealed import Project

from proctor.gate.check import check
from proctor.gatefile import load
from proctor.runtime import Runtime

SLOT_S = 2
HONEST_S = SLOT_S + 2.0  # the slot, a moment to end and to read, and another one to judge
NOISE_S = 0.8  # what processes differ by on a busy machine

# A program that ends at once, late, by a crash, by hanging, without output, with output that is none, or leaving much
# to clear away: `wrong` everywhere, so that each is a fail.
WAYS = {
    "at once": "",
    "late": "import time; time.sleep(1.2)",
    "crash": "sys.exit(3)",
    "late crash": "import time; time.sleep(0.9); sys.exit(3)",
    "hang": "import time; time.sleep(600)",
    "no output": "import os; os._exit(0)",
    "rubbish": "open(sys.argv[2], 'wb').write(bytes(range(256)) * 4000); sys.exit(0)",
    "many files": "import os; [open(f'{os.path.dirname(sys.argv[2])}/{i}', 'w') for i in range(3000)]",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A sealed exam whose gate takes two seconds for each run."""
    root = tmp_path / "project"
    root.mkdir()
    return Project(root).testset().gate(**_gate())


def _gate(**overrides: Any) -> dict[str, Any]:
    command = {"command": f"{sys.executable} predict.py {{features}} {{predictions}}", "files": ["predict.py"]}
    return {"candidate": command, "slot": SLOT_S, "reliability": 0.9, **overrides}


def _judged(project: Project) -> float:
    """Seconds from the entry that the program is about to run to its outcome, as a watch at the ledger takes them."""
    written = []

    def now() -> str:
        written.append(time.monotonic())
        return "2026-11-23T21:43:07+00:00"

    runtime = Runtime({**os.environ, "PROCTOR_KEY": project.key}, now=now)
    check(load(project.root), runtime)
    return written[-1] - min(each for each in written if written[-1] - each > SLOT_S)


def test_check__takes_the_same_time_whatever_the_model_does(project: Project):
    """A job on sealed inputs is as long for a crash, a hang and an early or late end; so are its entries alike."""
    project.candidate(wrong=399, before="import time")
    _judged(project)  # what is only done the first time is of no interest
    took = {}
    for way, before in WAYS.items():
        project.candidate(wrong=400, before=before)
        took[way] = _judged(project)

    assert max(took.values()) - min(took.values()) < NOISE_S, took
    assert min(took.values()) > HONEST_S, took
    entries = [entry for entry in project.entries() if entry["kind"] in ("pending", "evaluation")]
    assert 2 * len(WAYS) + 2 == len(entries)
    assert {"2026-11-23T21:43:00+00:00"} == {entry["at"] for entry in entries}
    assert {None} == {entry["body"].get("feedback") for entry in entries}


def test_check__tells_no_time_of_a_sleeping_program(project: Project):
    """Nothing that is printed and no file that is left is of the moment when the program ended."""
    project.candidate(wrong=0)
    begun = time.time()
    ran = project.proctor("check", "--json", code=0)

    files = [file for file in (project.root / ".proctor").rglob("*") if file.is_file()]
    afterwards = [file.name for file in files if file.stat().st_mtime > begun + HONEST_S]
    assert any(name.endswith(".npz") for name in afterwards), afterwards
    assert not re.search(r"\d\.\d+ s\b", ran.out + ran.err)
    ends = [entry["at"][16:] for entry in project.entries() if entry["kind"] in ("pending", "evaluation")]
    assert [":00+00:00", ":00+00:00"] == ends


def test_check__declared_slots_are_charged(project: Project):
    """Where outcomes may appear earlier, the slot that a program ends in is released, and charged as declared."""
    project.gate(**_gate(slot={"seconds": 1, "most": 4}))
    bits = []
    for sleep in (0.0, 2.6):
        project.candidate(wrong=400, before=f"import time; time.sleep({sleep})")
        bits.append(project.check(1)["budget"]["leakage_bits"])

    feedback = [entry["body"]["feedback"] for entry in project.entries() if entry["kind"] == "evaluation"]
    words = [each["message"] for each in feedback]
    assert "ended in slot 1" == words[0]
    assert words[1] in ("ended in slot 2", "ended in slot 3")
    assert [-0.693 * int(word[-1]) for word in words] == pytest.approx([f["log_probability"] for f in feedback], 1e-3)
    assert bits[0] > 1
    assert bits[1] - bits[0] > 2


def test_plan__says_what_a_slot_costs(project: Project):
    """Whoever plans is told what sealed inputs cost in time, and declared slots in bits."""
    plain = project.proctor("plan", code=0).out
    project.gate(**_gate(slot={"seconds": 1, "most": 4}))
    priced = project.proctor("plan", code=0).out

    assert "each model that is run takes 2 s" in " ".join(plain.split())
    assert "up to 4 slots of 1 s" in " ".join(priced.split())
    assert "`feedback` costs up to 4 bits" in " ".join(priced.split())


def test_rehearsal__says_that_a_model_is_close_to_its_slot(project: Project):
    """A model that needs most of its slot on the public sample is told so while nothing is at stake."""
    (project.root / "sample.csv").write_text("id,x,text\na,1,b\nb,2,c\n")
    testset = {"labels": "exam/labels.csv.sealed", "features": "exam/features.csv.sealed", "inputs": "sealed"}
    project.gate(**_gate(testset={**testset, "sample": "sample.csv"}))
    project.candidate(wrong=0, before="import time; time.sleep(1.2)")

    said = project.proctor("check", code=0).err

    assert re.search(r"the candidate took [12] s of 2 s on the public sample", said), said


# A program that names one of eight subsets of the inputs by the moment at which it ends.
SPEAKER = """\
import time
time.sleep({secret} / 8 * {slot} * 0.8)
"""


def test_attack__subset_named_by_the_moment_of_the_end(project: Project):
    """Programs that would each say another number by the moment of their end say the same: nothing."""
    project.candidate(wrong=399)
    _judged(project)
    heard = []
    for secret in range(0, 8, 3):
        project.candidate(wrong=400, before=SPEAKER.format(secret=secret, slot=SLOT_S))
        heard.append(_judged(project))

    assert max(heard) - min(heard) < NOISE_S / 2, heard
