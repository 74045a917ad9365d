"""Releases and states that the tests of renderers, run store and GitHub code share."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from proctor.release import (
    Answer,
    Basis,
    BudgetReport,
    HistoryRow,
    JointRelease,
    Release,
    Status,
    TestSetFacts,
    Verdict,
)

CONDITION = "n - o > 0.01 +/- 0.01 /\\ n - a > 0 +/- 0.02"
HOSTILE = (
    "<!-- proctor:gate=evil --> </title><script>alert(1)</script> @everyone `x` ]]> ![i](http://e.example/i)"
    " ::error::x\n# H | \x00\u202e"
)

TESTSET = TestSetFacts(
    fingerprint="f3" * 32, n_examples=5000, reliability=0.999, mode="fp-free", adaptivity="recycling", inputs="open"
)
BUDGET = BudgetReport(
    evaluations=9,
    passes=2,
    evaluations_left=None,
    passes_left=None,
    leakage_bits=7.7,
    next_level_log=-13.2,
    next_tolerance=0.009,
    asked_tolerance=0.01,
    lasts_passes=3,
    lasts_fails=40,
    bits_left=5.1,
)
RELEASE = Release(
    verdict=Verdict.PASS,
    exit_code=0,
    basis=Basis.JUDGED,
    condition=CONDITION,
    meaning="new is better than old by more than 1 point, and better than the anchor",
    gate="proctor.yml",
    testset=TESTSET,
    step=9,
    replayed=False,
    entry=10,
    ledger_head="7f3a9c21" * 8,
    budget=BUDGET,
    at="2026-11-23T12:00:00+00:00",
    version="0.1.0",
    commit="0123456789abcdef0123456789abcdef01234567",
    candidate="new.csv",
    baseline="entry 4",
)


def make_release(**overrides: Any) -> Release:
    """A passing release, with *overrides*."""
    return replace(RELEASE, **overrides)


def make_budget(**overrides: Any) -> BudgetReport:
    """The budget after nine evaluations and two passes, with *overrides*."""
    return replace(BUDGET, **overrides)


def make_history(verdicts: str = "ffpfffpff", **overrides: Any) -> tuple[HistoryRow, ...]:
    """One row for each letter: ``p`` pass, ``f`` fail, ``w`` withheld."""
    words = {"p": Verdict.PASS, "f": Verdict.FAIL, "w": Verdict.WITHHELD}
    rows, bits = [], 0.0
    for step, letter in enumerate(verdicts, start=1):
        bits += 2.3 if letter == "p" else 0.35
        row = HistoryRow(
            entry=step + 1,
            step=step,
            at=f"2026-11-{step % 28 + 1:02d}T09:30:00+00:00",
            verdict=words[letter],
            basis=Basis.JUDGED,
            condition=CONDITION,
            commit=f"{step:02x}" * 20,
            actor="ada",
            log_level=-8.5 - bits * 0.69,
            leakage_bits=bits,
        )
        rows.append(replace(row, **overrides))
    return tuple(rows)


def make_status(verdicts: str = "ffpfffpff", **overrides: Any) -> Status:
    """A test set's state after *verdicts*."""
    status = Status(
        gate="proctor.yml",
        condition=CONDITION,
        testset=TESTSET,
        budget=BUDGET,
        ledger_head="7f3a9c21" * 8,
        version="0.1.0",
        history=make_history(verdicts),
    )
    return replace(status, **overrides)


def make_joint(fails: str | None = None) -> JointRelease:
    """A release of two enforced conditions and one that only informs, of which the one named *fails*."""
    names, stopped = ("better", "lean", "good"), False
    answers = []
    for step, name in enumerate(names, 9):
        verdict = Verdict.FAIL if name == fails else Verdict.PASS
        release = None if stopped else make_release(verdict=verdict, step=step, entry=step + 1, condition=CONDITION)
        answers.append(Answer(name=name, condition=CONDITION, enforce=name != "lean", release=release))
        stopped = stopped or answers[-1].is_failure
    deciding = next((each for each in answers if each.is_failure), answers[-1]).release
    assert deciding is not None
    facts = {field.name: getattr(deciding, field.name) for field in fields(Release)}
    return JointRelease(**facts, conditions=tuple(answers))
