"""
Many checks at once on one test set: one sequence, no level staked twice, every caller answered (issue 4 item 2).

Whole processes on an SQLite ledger; what they were told is compared with the fold over the ledger alone.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest

from proctor.budget import Adaptive, Adaptivity, Contract, Mode, Step, open_account
from proctor.ledger import open_ledger, verify
from proctor.ledger.records import Evaluated, from_body

PROCESSES = 12
PASSING = {0, 4, 9}


@pytest.fixture
def busy(workshop):
    """A test set of 500 examples and a dozen candidates, of which three are better at any level of the account."""
    workshop.testset(500).predictions("old.csv", range(100)).gate(condition="n - o > 0.02 +/- 0.08")
    for who in range(PROCESSES):
        wrong = range(60 + who, 100) if who in PASSING else range(who % 3, 100 + who)
        workshop.predictions(f"new-{who}.csv", wrong)
    return workshop


def started(workshop, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "proctor", "check", "--json", *arguments],
        cwd=workshop.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(processes) -> list[dict]:
    """What each process printed; a clear error shows as one."""
    ended = [(process.communicate(timeout=120), process) for process in processes]
    for (out, err), process in ended:
        assert process.returncode in (0, 1), out + err
    return [json.loads(out) for (out, _), _ in ended]


def evaluations(workshop) -> list[Evaluated]:
    """The charged evaluations, in the order of the ledger."""
    with open_ledger(".proctor/ledger.db", workshop.root) as ledger:
        entries = ledger.read()
    assert verify(entries) == ()
    records = [from_body(entry.kind, entry.body, entry.number) for entry in entries]
    return [record for record in records if isinstance(record, Evaluated)]


@pytest.mark.slow
def test_check__dozen_candidates_at_once(busy):
    """
    The transcript is one sequence; each was judged at the level that the sequence before it leaves, none twice.

    Every caller gets the outcome that its own candidate has in the ledger, with a step of its own.
    """
    reports = answers([started(busy, "--candidate", f"new-{who}.csv") for who in range(PROCESSES)])

    assert list(range(1, PROCESSES + 1)) == sorted(report["step"] for report in reports)
    assert not any(report["replayed"] for report in reports)
    taken = evaluations(busy)
    account = open_account(Contract(0.999, Mode.FP_FREE, Adaptivity.RECYCLING))
    stakes = Adaptive()
    levels = []
    for record in taken:
        assert account.next_log_level(stakes) == pytest.approx(record.log_level, rel=1e-12)
        levels.append(record.log_level)
        account = account.after(Step(record.outcome == "pass", stakes))
    told = {report["candidate"]: (report["verdict"], report["step"]) for report in reports}
    assert {record.candidate.source: (record.outcome, i) for i, record in enumerate(taken, 1)} == told
    assert {f"new-{who}.csv" for who in PASSING} == {name for name, (verdict, _) in told.items() if verdict == "pass"}
    # Each outcome that must prove itself has a prefix-free place in the code: what was staked sums to at most delta.
    staked = sum(math.exp(level) for record, level in zip(taken, levels, strict=True) if record.outcome == "fail")
    assert staked < 0.001
    said = busy.proctor("status", "--json")
    assert 0 == said.code, said.err
    status = said.json["budget"]
    assert (PROCESSES, len(PASSING)) == (status["evaluations"], status["passes"])
    assert account.leakage_bits == pytest.approx(status["leakage_bits"], abs=1e-5)
    assert account.next_log_level(stakes) == pytest.approx(status["next_level_log"], rel=1e-12)


def test_check__one_candidate_from_many_processes_is_judged_once(busy):
    """The same question from several processes at the same moment is one evaluation, and the same answer to all."""
    reports = answers([started(busy, "--candidate", "new-0.csv") for _ in range(6)])

    assert 1 == len(evaluations(busy))
    assert {("pass", 1)} == {(report["verdict"], report["step"]) for report in reports}
    assert 5 == sum(report["replayed"] for report in reports)


def test_check__none_from_many_processes(busy):
    """Under none the owner's record opens every commitment of the ledger, also those of evaluations that raced."""
    busy.gate(condition="n - o > 0.02 +/- 0.08", adaptivity="none", steps=8)

    reports = answers([started(busy, "--candidate", f"new-{who}.csv") for who in range(4)])

    assert {"withheld"} == {report["verdict"] for report in reports}
    lines = (busy.root / ".proctor/owner.jsonl").read_text().splitlines()
    opened = {record["private"]: record["outcome"] for record in map(json.loads, lines)}
    taken = evaluations(busy)
    assert 4 == len(taken)
    assert sorted(["pass", "fail", "fail", "fail"]) == sorted(opened[record.private] for record in taken)
