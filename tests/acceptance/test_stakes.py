"""Declared stakes: what they cost, who may change them, and what is refused."""

from __future__ import annotations

import json
import re
import shutil

import pytest


def check(workshop, *arguments, code):
    ran = workshop.proctor("check", "--json", *arguments)
    assert code == ran.code, ran.out + ran.err
    return ran.json


def kinds(workshop):
    ran = workshop.proctor("ledger", "show", "--json")
    return [entry["kind"] for entry in ran.json["entries"]] if ran.code == 0 else []


def test_stake__on_a_pass_makes_it_cheap(ready):
    """A pass that was staked on leaks less than one that was not, and the stake is in the ledger before the verdict."""
    staked = check(ready, "--stake", "0.9", code=0)

    assert ["registration", "pending", "evaluation"] == kinds(ready)
    assert staked["budget"]["leakage_bits"] < 1
    assert ["staked 0.9 on a pass, declared before it was judged"] == staked["notes"]
    shutil.rmtree(ready.root / ".proctor")
    assert check(ready, code=0)["budget"]["leakage_bits"] > 2


def test_stake__asked_again_with_another_gets_the_recorded_answer(ready):
    """Whatever stake is named later, the recorded answer is given, free; --again asks anew and pays."""
    first = check(ready, "--stake", "0.9", code=0)
    again = check(ready, "--stake", "0.1", code=0)
    assert again["replayed"]
    assert first["budget"] == again["budget"]

    paid = check(ready, "--stake", "0.5", "--again", code=0)

    assert not paid["replayed"]
    assert [0.9, 0.5] == [row["stake"] for row in ready.proctor("status", "--json").json["history"]]
    assert ["staked 0.9", "staked 0.5"] == re.findall(r"staked [\d.]+", ready.proctor("status").out)
    heads, *lines = (line.split() for line in ready.proctor("ledger", "show").out.splitlines())
    assert "stake" in heads
    assert ["0.9", "0.9", "0.5", "0.5"] == [each for line in lines for each in line if each in ("0.9", "0.5")]
    assert (2, first["budget"]["leakage_bits"]) < (paid["budget"]["evaluations"], paid["budget"]["leakage_bits"])


def test_stake__high_and_wrong_costs_more(ready):
    """A fail that was staked against leaks bits; without a stake it costs a fraction of one."""
    ready.predictions("new.csv", range(400))
    staked = check(ready, "--stake", "0.95", code=1)["budget"]["leakage_bits"]
    shutil.rmtree(ready.root / ".proctor")

    assert staked > 3 * check(ready, code=1)["budget"]["leakage_bits"]


@pytest.mark.parametrize("stake", ["0", "1", "0.96", "-1", "nan", "0.0000001"])
def test_stake__outside_its_range_is_refused(ready, stake):
    """Nothing is spent on what is no stake, and the message says what one is."""
    ran = ready.proctor("check", "--stake", stake)

    assert 2 == ran.code
    assert "a stake is at least 0.000001 and at most 0.95" in ran.err
    assert [] == kinds(ready)


def test_stake__under_the_papers_policies_is_refused(ready):
    """Levels are fixed there: a stake has no meaning."""
    ready.gate(adaptivity="full", steps=4)

    ran = ready.proctor("check", "--stake", "0.5")

    assert (2, []) == (ran.code, kinds(ready))
    assert "no meaning under `adaptivity: full`" in ran.err


def test_stake__of_a_check_that_died_stands(ready):
    """A stake that is in the ledger is not changed by naming another one afterwards: the evaluation goes on with it."""
    check(ready, "--stake", "0.25", code=0)
    exported = ready.proctor("ledger", "export")
    assert 0 == exported.code, exported.err
    kept = [line for line in exported.out.splitlines() if line and json.loads(line)["kind"] != "evaluation"]
    shutil.rmtree(ready.root / ".proctor")
    (ready.root / "begun.jsonl").write_text("\n".join(kept) + "\n")
    imported = ready.proctor("ledger", "import", "begun.jsonl")
    assert 0 == imported.code, imported.err

    taken_up = check(ready, "--stake", "0.9", code=0)

    assert ["staked 0.25 on a pass, declared before it was judged"] == taken_up["notes"]
