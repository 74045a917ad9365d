"""The same question gets the same answer and costs nothing, however it is put; another one is never taken for it."""

from __future__ import annotations

import csv
import json
import random
import shutil
from pathlib import Path

import pytest
from workshop import Workshop

from proctor.testset.keys import generate_key

FIRST_VERSION = Path(__file__).with_name("first_version")


def check(workshop, *arguments):
    ran = workshop.proctor("check", "--json", *arguments)
    assert ran.code in (0, 1), ran.err
    return ran.json


SPELLINGS = [
    "n - o > 0.02 +/- 0.02",
    "n > o + 0.02 +/- 0.01",
    "o < n - 0.02",
    "((n - o > 0.02 +/- 0.03))",
    "2 * n - 2 * o > 0.04 +/- 0.05",
    "n - o > 0.02 +/- 0.02 and n - o > 0.02 +/- 0.02",
    "0.020 < n - o",
]


def test_condition__in_any_spelling_is_one_question(ready):
    """Seven ways to write one condition, with other tolerances, are asked and paid once."""
    said = []
    for text in SPELLINGS:
        ready.gate(condition=text)
        said.append(check(ready))

    assert [False] + [True] * 6 == [each["replayed"] for each in said]
    assert {1} == {each["budget"]["evaluations"] for each in said}


@pytest.mark.parametrize(
    "text", ["n - o > 0.03 +/- 0.05", "n - o > 0.02 +/- 0.05 and d < 0.3 +/- 0.05", "n > 0.85 +/- 0.05"]
)
def test_condition__that_asks_something_else_is_another_question(ready, text):
    """Another threshold, another clause or another quantity is judged by itself."""
    check(ready)
    ready.gate(condition=text, disagreement=0.2)

    assert not check(ready)["replayed"]


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def shuffled(path: Path) -> None:
    head, *rows = rows_of(path)
    random.Random(1).shuffle(rows)
    path.write_text("\n".join(",".join(row) for row in [head, *rows]) + "\n")


def quoted(path: Path) -> None:
    path.write_text("\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows_of(path)) + "\r\n")


def with_another_column(path: Path) -> None:
    head, *rows = rows_of(path)
    path.write_text("\n".join(",".join(row) for row in [[*head, "score"], *([*row, "0.5"] for row in rows)]) + "\n")


@pytest.mark.parametrize("rewrite", [shuffled, quoted, with_another_column])
@pytest.mark.parametrize("whose", ["new.csv", "old.csv"])
def test_predictions__written_again_are_the_same(ready, rewrite, whose):
    """Rows in another order, quotes, line ends, columns that nobody asked for: the predictions are what counts."""
    check(ready)
    rewrite(ready.root / whose)

    assert check(ready)["replayed"]


def test_predictions__that_differ_in_one_row_are_others(ready):
    """One other prediction of the candidate, or of the baseline, is another question."""
    check(ready)
    ready.predictions("new.csv", range(161, 400))
    assert not check(ready)["replayed"]
    ready.predictions("older.csv", range(1, 400))
    assert not check(ready, "--baseline", "older.csv")["replayed"]


def test_order_of_the_test_set__does_not_matter(ready):
    """The test set's own file in another order is the same test set, and the question about it the same."""
    check(ready)
    for name in ("exam/features.csv", "exam/labels.csv"):
        shuffled(ready.root / name)

    assert check(ready)["replayed"]


@pytest.fixture
def locked(ready: Workshop) -> Workshop:
    """A project whose labels are sealed, after one check of new.csv with the owner's key, which is not here."""
    env = {"PROCTOR_KEY": generate_key().text}
    assert 0 == ready.proctor("testset", "seal", "exam/labels.csv", env=env).code
    (ready.root / "exam/labels.csv").unlink()
    ready.gate(testset={"labels": "exam/labels.csv.sealed"})
    assert 0 == ready.proctor("check", env=env).code
    return ready


def test_answers_without_the_key__are_for_the_same_predictions(locked):
    """Where the examples are locked away, a file that was judged is known by its own ids, however it is written."""
    shuffled(locked.root / "new.csv")

    assert check(locked)["replayed"]
    assert json.loads(locked.proctor("preflight", "--json").out)["figures"]["is_replay"]


@pytest.mark.parametrize("is_baseline_too", [False, True], ids=["old baseline", "the accepted one as baseline"])
def test_answers_without_the_key__are_for_no_other_predictions(locked, is_baseline_too):
    """No other file, and none about other ids, gets the answer of the judged one."""
    locked.gate(
        testset={"labels": "exam/labels.csv.sealed"},
        baseline={"predictions": "new.csv" if is_baseline_too else "old.csv"},
    )
    locked.predictions("bad.csv", range(1_900))
    head, *rows = rows_of(locked.root / "new.csv")
    locked.table("renamed.csv", head, [[f"x{name}", value] for name, value in rows])
    locked.table("alone.csv", head[1:], [row[1:] for row in rows])

    for name in ("bad.csv", "renamed.csv", "alone.csv"):
        ran = locked.proctor("check", "--candidate", name)
        assert (5, True) == (ran.code, "PROCTOR_KEY" in ran.err), name


def test_contestants__that_the_condition_does_not_name_do_not_count(ready):
    """A floor on the new model is the same question whatever has been accepted meanwhile."""
    ready.gate(condition="n > 0.85 +/- 0.05", baseline=None, first="judge")
    first = check(ready)
    ready.predictions("other.csv", range(10))
    check(ready, "--candidate", "other.csv")

    again = check(ready)

    assert (True, first["verdict"], first["step"]) == (again["replayed"], again["verdict"], again["step"])


def test_anchor__is_part_of_a_question_about_it(ready):
    """Two gates on one test set, each with an anchor of its own: one never gets the other's answer."""
    ready.predictions("weak.csv", range(900)).predictions("strong.csv", range(50)).predictions("mid.csv", range(400))
    about = {"condition": "n - a > 0.05 +/- 0.05", "disagreement": 0.5}
    for name in ("weak", "strong"):
        ready.gate(**about, name=name, candidate={"predictions": f"{name}.csv"}, baseline=None)
        (ready.root / "proctor.yml").rename(ready.root / f"{name}.yml")
        assert "first accepted" == check(ready, f"{name}.yml")["basis"]
    said = {name: check(ready, f"{name}.yml", "--candidate", "mid.csv") for name in ("weak", "strong")}

    assert {"weak": "pass", "strong": "fail"} == {name: each["verdict"] for name, each in said.items()}
    assert not said["strong"]["replayed"]


@pytest.fixture
def first_version(tmp_path: Path) -> Workshop:
    """A project with the ledger that version 0.1 wrote: one acceptance, four evaluations on 400 examples."""
    shutil.copytree(FIRST_VERSION, tmp_path, dirs_exist_ok=True)
    workshop = Workshop(tmp_path)
    imported = workshop.proctor("ledger", "import", "ledger.jsonl", "--ledger", ".proctor/ledger.db")
    assert 0 == imported.code, imported.err
    return workshop


def test_ledger_of_the_first_version__gives_its_answers(first_version):
    """Questions that were asked then get their recorded answers, free, though predictions had other digests then."""
    for condition, file, verdict, step in (
        ("n - o > 0.02 +/- 0.05", "better.csv", "pass", 2),
        ("o < n - 0.02", "better.csv", "pass", 2),
        ("n > 0.8", "better.csv", "pass", 3),
        ("n - a > 0.02 +/- 0.1", "better.csv", "pass", 4),
    ):
        first_version.gate(
            condition=condition, reliability=0.99, disagreement=0.4, baseline=None,
            testset={"labels": "labels.csv"}, candidate={"predictions": file},
        )  # fmt: skip
        said = check(first_version)
        assert (True, verdict, step) == (said["replayed"], said["verdict"], said["step"]), condition
        assert 4 == said["budget"]["evaluations"]


def test_ledger_of_the_first_version__verifies_and_goes_on(first_version):
    """Its chain verifies, its account is what it was, and new evaluations are added to it."""
    assert 0 == first_version.proctor("ledger", "verify", "--ledger", ".proctor/ledger.db").code
    first_version.gate(
        condition="n - o > 0.03 +/- 0.15", reliability=0.99, disagreement=0.4, baseline={"predictions": "first.csv"},
        testset={"labels": "labels.csv"}, candidate={"predictions": "same.csv"},
    )  # fmt: skip
    before = json.loads(first_version.proctor("status", "--json").out)["budget"]
    assert (4, 3, 6.1) == (before["evaluations"], before["passes"], round(before["leakage_bits"], 1))

    said = check(first_version)

    assert ("fail", 5) == (said["verdict"], said["step"])
