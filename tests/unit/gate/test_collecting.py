"""Labels bought batch by batch: asked for in the same words whatever they say, read in order, judged once."""

from __future__ import annotations

import itertools
import json
import math
import stat
import subprocess
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from proctor.budget import Mode
from proctor.conditions import Truth, normalize, parse
from proctor.counting.panel import Panel
from proctor.custody.labeling import collect, take_in, wanted
from proctor.errors import ContractError, DataError, GateFileError, LabelsMissing
from proctor.gate.collecting import Reader
from proctor.gate.owner_key import OwnerKey
from proctor.ledger.records import Evaluated
from proctor.planning import Terms
from proctor.predictions import Labels
from proctor.release import Verdict
from proctor.runtime import Runtime
from proctor.sample import Sample

from .project import LABELS, N_EXAMPLES, Project

SEQUENTIAL = {"labels": "sequential", "condition": "n - o > 0 +/- 0.1"}


@pytest.fixture
def pool(project: Project) -> Project:
    """A pool without a label, whose new model is right on 120 examples on which the old one is wrong."""
    return project.gate(**SEQUENTIAL).rows_of_labels([""] * N_EXAMPLES)


def ask(project: Project, **how) -> str:
    """What whoever asks is told while labels are collected."""
    with pytest.raises(LabelsMissing) as refused:
        project.check(**how)
    return f"{refused.value.message} {refused.value.hint}"


def label(project: Project) -> int:
    """Have everything labeled that is asked for; gives how much that was."""
    session = project.session()
    names = session.testset.names(wanted(session))
    rows = "".join(f"{name},{LABELS[int(name[1:])]}\n" for name in names)
    (project.root / "back.csv").write_text(f"id,label\n{rows}")
    return take_in(project.session(), [project.root / "back.csv"]) if names else 0


def labeled_until_collected(project: Project, batch: int = 10) -> list[int]:
    """Sizes of the batches that were bought until every question was collected."""
    bought = []
    while not all(each.is_collected for each in collect(project.session(), batch)):
        bought.append(label(project))
    return bought


# --- the life of a question ------------------------------------------------------------------------------------------


def test_check__asks_until_collected_and_then_judges(pool):
    """Exit 3 in the same words before every batch; one verdict, one charge, and far fewer labels than disagreements."""
    said = {ask(pool)}
    bought = []
    while not all(each.is_collected for each in collect(pool.session(), 10)):
        said.add(ask(pool))
        bought.append(label(pool))
        said.add(ask(pool))

    release = pool.check()

    assert (1, Verdict.PASS) == (len(said), release.verdict)
    assert len(bought) > 1
    assert sum(bought) < 100 < 120
    assert ["registration", "evaluation"] == pool.kinds()
    assert [] == collect(pool.session(), 10)
    assert pool.check().replayed


def test_check__says_the_same_whatever_is_decided_already(pool):
    """Whether all labels are there, none, or just enough: nobody is told, and no verdict comes before `labels next`."""
    said = {ask(pool), ask(pool)}
    pool.labels(LABELS)
    said |= {ask(pool), ask(pool)}
    pool.model("new.csv", 160)  # another question, decided before a label is read
    said |= {ask(pool), ask(pool)}

    assert 1 == len(said)
    assert ["registration"] == pool.kinds()


def test_check__verdict_does_not_depend_on_how_labels_came(project):
    """Batches of one, of thirty, or all labels from the beginning: the public record is the same."""
    records = []
    for batch in (7, 30, None):
        (project.root / "proctor.yml").unlink()
        root = project.root / f"of-{batch}"
        root.mkdir()
        other = Project(root, project.environ).labels(LABELS).model("old.csv", 160).model("new.csv", 130)
        other.gate(**SEQUENTIAL)
        if batch is not None:
            other.rows_of_labels([""] * N_EXAMPLES)
        ask(other)
        labeled_until_collected(other, batch or 10)
        other.check()
        (record,) = other.records(Evaluated)
        records.append(replace(record, private="", origin=replace(record.origin, gate="")))
        project.gate()

    assert records[0] == records[1] == records[2]


def test_check__an_answered_question_is_not_collected_for(pool):
    """Asked anew, it is asked for like any other, and pays again."""
    ask(pool)
    labeled_until_collected(pool)
    pool.check()
    ask(pool, asks_anew=True)

    assert [True] == [each.is_collected for each in collect(pool.session(), 1_000)]
    pool.check(asks_anew=True)
    assert 2 == len(pool.records(Evaluated))


def test_check__another_level_or_plan_is_collected_for_again(pool):
    """A note holds for the tests it names: nobody learns by another stake or plan whether less would have done."""
    said = ask(pool)
    labeled_until_collected(pool)

    assert said == ask(pool, stake=0.5)
    assert said == ask(pool)
    assert said == ask(pool.gate(**SEQUENTIAL, power=0.99))
    labeled_until_collected(pool)
    assert Verdict.PASS is pool.check().verdict


def test_check__stake(pool):
    """A declared stake is in the ledger before the labels are read, and in the level at which they were collected."""
    ask(pool, stake=0.5)
    labeled_until_collected(pool)

    assert Verdict.PASS is pool.check(stake=0.5).verdict
    assert ["registration", "pending", "evaluation"] == pool.kinds()


def test_check__fn_free(pool):
    """Where a fail must be proven, a good model passes at the end of the bets, and a bad one is shown to be bad."""
    pool.gate(**SEQUENTIAL, mode="fn-free")
    for n_wrong, verdict in ((40, Verdict.PASS), (320, Verdict.FAIL)):
        ask(pool.model("new.csv", n_wrong))
        labeled_until_collected(pool)
        assert verdict is pool.check().verdict


def test_check__with_a_clause_that_needs_no_label(pool):
    """The share of changed predictions is counted; the clause beside it is read."""
    pool.gate(**{**SEQUENTIAL, "condition": "d < 0.5 +/- 0.1 and n - o > 0 +/- 0.1"})
    ask(pool)
    labeled_until_collected(pool)

    assert Verdict.PASS is pool.check().verdict


@pytest.mark.parametrize("condition", ["n > 0.6 +/- 0.1", "n - o > 0 +/- 0.1 and n > 0.6 +/- 0.1", "error(n) < 0.4"])
def test_check__accuracy(pool, condition):
    """An accuracy asks for the labels of all examples, in order, and is decided long before the last."""
    pool.gate(**{**SEQUENTIAL, "condition": condition})
    ask(pool)
    bought = labeled_until_collected(pool, 50)

    assert Verdict.PASS is pool.check().verdict
    assert sum(bought) <= N_EXAMPLES / 2
    pool.model("worse.csv", 300).gate(
        **{**SEQUENTIAL, "condition": condition, "candidate": {"predictions": "worse.csv"}}
    )
    ask(pool)
    labeled_until_collected(pool, 50)
    assert Verdict.FAIL is pool.check().verdict


def test_check__first_candidate(pool):
    """A first candidate is judged in order by the clauses on its own accuracy."""
    condition = "n - o > 0 +/- 0.1 and n > 0.6 +/- 0.1"
    pool.gate(**{**SEQUENTIAL, "condition": condition}, first="judge", baseline="accepted")
    ask(pool)
    labeled_until_collected(pool, 50)
    assert Verdict.PASS is pool.check().verdict


def test_collect__several_questions_at_once(pool):
    """One request for what two of them lack; the one whose baseline is past is dropped."""
    ask(pool)
    ask(pool.model("new.csv", 80))
    assert 2 == len(collect(pool.session(), 5))
    assert 5 <= label(pool) <= 10

    labeled_until_collected(pool)
    assert Verdict.PASS is pool.check().verdict


def test_collect__baseline_of_the_past(project):
    """Nothing is bought for a question about a model that is the baseline no more."""
    project.gate(**SEQUENTIAL, baseline="accepted").model("new.csv", 160).check()
    for n_wrong in (40, 60):
        ask(project.model("new.csv", n_wrong))
    assert [True, True] == [each.is_collected for each in collect(project.session(), 1)]
    project.check()

    assert [] == collect(project.session(), 1)


# --- refusals --------------------------------------------------------------------------------------------------------

BAD = {
    "clause": ({"condition": "n - o > 0 +/- 0.1 and 2 * n - o > 0.5 +/- 0.1"}, "`2 * n - o > 0.5 +/- 0.1` is none"),
    "ratio": ({"condition": "n - 1.1 * o > 0 +/- 0.1"}, "`n - 1.1 * o > 0 +/- 0.1` is none"),
    "estimate": ({"feedback": {"estimate": {"of": "n - o", "from": 0, "to": 1, "step": 0.5}}}, "the verdict alone"),
    "three-way": ({"feedback": "three-way"}, "the verdict alone"),
    "bound": ({"bound": "hoeffding", "power": None}, "`bound: hoeffding`"),
    "clusters": ({"testset": {"labels": "labels.csv", "features": "x.csv", "cluster": "who"}}, "examples in clusters"),
    "sealed": (
        {
            "testset": {"labels": "labels.csv", "features": "x.csv", "inputs": "sealed"},
            "candidate": {"command": "p {features} {predictions}"},
        },
        "sealed inputs need all labels",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_gate__refuses_what_cannot_be_read_in_order(project, name):
    """Whatever no test reads in order, or would tell how far labels were read, is refused by name."""
    keys, words = BAD[name]
    with pytest.raises(GateFileError, match=r"(?s).*") as refused:
        project.gate(**{**SEQUENTIAL, **keys}).session()
    assert words in str(refused.value)


def test_gate__a_commit_cannot_leave_it(pool):
    """With `labels: all` it would be told for free whether every label is there, which follows from outcomes."""
    ask(pool)
    with pytest.raises(ContractError, match="`labels`"):
        pool.gate().check()


def test_check__labels_that_went_away(pool):
    """A note without its labels is no verdict."""
    ask(pool)
    before = (pool.root / "labels.csv").read_bytes()
    labeled_until_collected(pool)
    (pool.root / "labels.csv").write_bytes(before)

    with pytest.raises(DataError, match="not here any more"):
        pool.check()


def test_waiting__is_for_the_owner_alone(pool):
    """Files that nobody else reads; one that is damaged is named."""
    ask(pool)
    (file,) = (pool.root / ".proctor/requests").glob("question-*.json")
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)

    file.write_text("{")
    for act in (pool.check, lambda: collect(pool.session(), 1)):
        with pytest.raises(DataError, match="question that waits"):
            act()


def test_note__is_the_owners(project):
    """Where labels are sealed nobody else can note that they are collected, not even by what is noted elsewhere."""
    project.features().sealed()
    testset = {"labels": "labels.csv.sealed", "features": "features.csv"}
    project.gate(**SEQUENTIAL, testset=testset)
    ask(project)
    labeled_until_collected(project)
    (file,) = (project.root / ".proctor/requests").glob("question-*.json")
    note = json.loads(file.read_text())["collected"]
    said = ask(project.model("new.csv", 50))
    (other,) = {*(project.root / ".proctor/requests").glob("question-*.json")} - {file}

    for forged in (note, OwnerKey(project.session().gate, Runtime({})).sign("x"), "0" * 64):
        other.write_text(json.dumps({**json.loads(other.read_text()), "collected": forged}))
        assert said == ask(project)
    assert Verdict.PASS is project.model("new.csv", 40).check().verdict


def test_note__that_came_with_a_commit(pool):
    """What a repository tracks is nobody's note."""
    ask(pool)
    labeled_until_collected(pool)
    subprocess.run(["git", "init", "-q", pool.root], check=True)
    subprocess.run(["git", "-C", pool.root, "add", "-f", ".proctor/requests"], check=True)

    with pytest.raises(DataError, match="came with a commit"):
        pool.check()


# --- the promise -----------------------------------------------------------------------------------------------------

N, LEVEL = 5, 0.3
ORDER = np.array([3, 0, 1, 4, 2])
OUTCOMES = {1: (1, 0), -1: (0, 1), 0: (0, 0)}


def reader(wins, known, order=ORDER, condition="n - o > 0", mode=Mode.FP_FREE):
    """A reader of a few examples whose class is 1, with an outcome each, in the order of the file."""
    new, old = np.array([OUTCOMES[each] for each in wins]).T
    terms = Terms(mode, math.log(LEVEL), math.log(0.1), 0.5)
    sample = Sample(Panel(new, old, None), Labels(np.ones(len(wins), np.int64), known), order)
    return Reader(normalize(parse(condition)), terms, sample)


def bought(wins, there, batch, order=ORDER):
    """The value of the condition once everything is bought that is asked for, batch by batch."""
    known = there.copy()
    while len(rows := reader(wins, known, order).still_needed):
        known[rows[:batch]] = True
    return reader(wins, known, order).truth


def chances(proofs):
    """Chances of the *proofs*, by ties, at the boundary of no gain, for shares of discordant examples up to 1."""
    for psi in (Fraction(eighths, 8) for eighths in range(1, 9)):
        yield sum(k * (psi / 2) ** (N - ties) * (1 - psi) ** ties for ties, k in proofs.items())


def test_reader__keeps_its_level():
    """
    However many labels come at a time, and whichever are there: every sequence is read, in fractions.

    Read first where an earlier candidate, which won where this one does, had labels bought, they prove what is false.
    """
    proofs = {"in order": Counter(), "there first": Counter()}
    for wins in itertools.product((-1, 0, 1), repeat=N):
        there = np.array(wins) == 1
        found = {bought(wins, np.zeros(N, np.bool_), 1), bought(wins, there, 1), bought(wins, ~there, 4)}
        assert 1 == len(found)
        proofs["in order"][wins.count(0)] += found == {Truth.TRUE}
        early = np.argsort(~there, kind="stable")
        proofs["there first"][wins.count(0)] += bought(wins, there, 1, early) is Truth.TRUE

    assert all(chance <= Fraction(LEVEL) for chance in chances(proofs["in order"]))
    assert max(chances(proofs["there first"])) > Fraction(LEVEL)


def test_reader__tests_at_the_level_of_their_clause():
    """A part of OR has its share of the level and no more, and a part of AND all of it; nothing depends on labels."""
    for word, share in (("or", 0.5), ("and", 1.0)):
        for known in (np.zeros(N, np.bool_), None):
            tests = reader((1, 1, 0, 0, -1), known, condition=f"n - o > 0 {word} n - o > 0.1").tests
            assert [pytest.approx(math.log(LEVEL * share))] * 2 == [test.log_level for test in tests]


@pytest.mark.parametrize(
    ("condition", "mode", "found"),
    [
        ("d < 0.1 and n - o > 0", Mode.FP_FREE, Truth.FALSE),
        ("d > 0.01 or n - o > 0", Mode.FN_FREE, Truth.TRUE),
        ("d < 0.1 or n - o > -0.5", Mode.FP_FREE, None),
        ("d > 0.01 and n - o > 0.5", Mode.FN_FREE, None),
    ],
)
def test_reader__asks_for_no_label_that_cannot_change_the_verdict(condition, mode, found):
    """Where a clause that needs no label decides, the others are not read."""
    read = reader((1, 1, 1, 1, -1), np.zeros(N, np.bool_), condition=condition, mode=mode)
    assert (found, found is None) == (read.truth, bool(len(read.still_needed)))


def test_reader__a_label_out_of_turn_has_no_part():
    """What comes next follows from the labels up to there, whatever labels are there behind it."""
    for behind in itertools.product((-1, 1), repeat=N - 1):
        wins = np.zeros(N, np.int64)
        wins[ORDER] = (1, *behind)
        known = np.ones(N, np.bool_)
        known[ORDER[0]] = False
        assert [ORDER[0]] == reader(wins, known).still_needed.tolist()
