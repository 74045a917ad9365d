"""A test set without labels: asked for, taken back, judged; and what developers see of it."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from command_line import Ran
from workshop import Workshop

from proctor.testset.keys import generate_key

N_EXAMPLES = 600
CLASSES = [str(digit) for digit in range(10)]


@pytest.fixture
def pool(workshop: Workshop) -> Workshop:
    """A pool without any label, and a new model that is right where the old one was wrong, on 120 examples."""
    workshop.testset(N_EXAMPLES).predictions("old.csv", range(180)).predictions("new.csv", range(120, 180))
    testset = {"labels": "exam/labels.csv", "features": "exam/features.csv", "classes": CLASSES}
    workshop.gate(condition="n - o > 0.02 +/- 0.1", disagreement=0.3, testset=testset)
    (workshop.root / "exam/labels.csv").write_text("id,label\n")
    return workshop


def tasks_of(pool: Workshop) -> list[dict]:
    return json.loads(pool.proctor("labels", "request", "--form", "label-studio").out)


def labeled(pool: Workshop, tasks: list[dict]) -> list[dict]:
    """The tasks as Label Studio exports them once ann has labeled them."""
    return [
        {
            **task,
            "id": number,
            "predictions": [],
            "annotations": [
                {
                    "completed_by": {"id": 1, "email": "ann@example.org"},
                    "created_at": "2026-11-03T09:00:00Z",
                    "was_cancelled": False,
                    "result": [{"type": "choices", "value": {"choices": [str(pool.labels[int(task["data"]["x"])])]}}],
                }
            ],
        }
        for number, task in enumerate(tasks, 1)
    ]


def test_pool__asked_for_taken_back_and_judged(pool):
    """From no label at all to a verdict, by Label Studio for one half and by a table for the other."""
    asked = pool.proctor("check")
    assert 3 == asked.code

    tasks = tasks_of(pool)
    assert {f"e{i}" for i in range(120)} == {task["data"]["id"] for task in tasks}
    assert {"id", "x"} == set(tasks[0]["data"])
    (pool.root / "export.json").write_text(json.dumps(labeled(pool, tasks[:60])))
    first = pool.proctor("labels", "import", "export.json", "--json").json
    assert (60, 60, 60) == (first["imported"], first["n_labels"], first["n_wanted"])

    assert 3 == pool.proctor("check").code
    rest = list(csv.DictReader(pool.proctor("labels", "request").out.splitlines()))
    assert [task["data"]["id"] for task in tasks[60:]] == [row["id"] for row in rest]
    pool.table("back.csv", ("id", "label"), ((row["id"], pool.labels[int(row["id"][1:])]) for row in rest))
    second = pool.proctor("labels", "import", "back.csv", "--by", "bob")

    assert 0 == second.code, second.err
    assert "labels     120 of 600 examples have one" in second.out
    assert 0 == pool.proctor("check").code
    assert "no label is asked for" in pool.proctor("labels", "request").err
    shown = pool.proctor("labels", "show").out
    assert ["60 from ann@example.org", "60 from bob"] == re.findall(r"received +(.*)", shown)
    assert "imported twice" in pool.proctor("labels", "import", "back.csv").err


def test_pool__sealed_labels(pool):
    """Sealed, it goes the same way, and no label stands in the open afterwards but in the owner's own file."""
    key = generate_key().text
    env = {"PROCTOR_KEY": key}
    assert 0 == pool.proctor("testset", "seal", "exam/labels.csv", env=env).code
    (pool.root / "exam/labels.csv").unlink()
    pool.gate(
        condition="n - o > 0.02 +/- 0.1",
        disagreement=0.3,
        testset={"labels": "exam/labels.csv.sealed", "features": "exam/features.csv", "classes": CLASSES},
    )
    assert 3 == pool.proctor("check", env=env).code
    tasks = json.loads(pool.proctor("labels", "request", "--form", "label-studio", env=env).out)
    (pool.root / "export.json").write_text(json.dumps(labeled(pool, tasks)))

    assert 5 == pool.proctor("labels", "import", "export.json").code
    assert 0 == pool.proctor("labels", "import", "export.json", env=env).code

    assert 0 == pool.proctor("check", env=env).code
    sealed = (pool.root / "exam/labels.csv.sealed").read_bytes()
    kept = [path.read_bytes() for path in pool.root.glob(".proctor/owner/*.*")]
    assert len(kept) >= 2
    assert all(content.startswith(b"PROCTOR") for content in (sealed, *kept))


def test_pool__bought_batch_by_batch(pool):
    """Two batches of a hundred and twenty labels are enough; until then `check` says one thing, and never a number."""
    testset = {"labels": "exam/labels.csv", "features": "exam/features.csv", "classes": CLASSES}
    pool.gate(condition="n - o > 0.02 +/- 0.1", disagreement=0.3, testset=testset, labels="sequential")
    said = [pool.proctor("check")]
    sizes = []
    while "collected" not in pool.proctor("labels", "next", "--batch", "25").out:
        said.append(pool.proctor("check"))
        rows = list(csv.DictReader(pool.proctor("labels", "request").out.splitlines()))
        pool.table("back.csv", ("id", "label"), ((row["id"], pool.labels[int(row["id"][1:])]) for row in rows))
        assert 0 == pool.proctor("labels", "import", "back.csv", "--by", "ann").code
        said.append(pool.proctor("check"))
        sizes.append(len(rows))

    assert [25, 25] == sizes
    assert 3 == said[0].code
    assert [said[0]] * 5 == said
    assert not re.search(r"\d", said[0].out + said[0].err)
    assert 0 == pool.proctor("check").code
    assert ["registration", "evaluation"] == [each["kind"] for each in _ledger(pool)]
    assert [] == pool.proctor("labels", "next", "--json").json["questions"]
    assert "no question waits" in pool.proctor("labels", "next").err


BAD = {
    "not asked": ("id,label\ne500,1\n", "not asked for"),
    "unknown": ("id,label\nz,1\n", "does not have"),
    "class": ("id,label\ne0,77\n", "unknown classes"),
    "twice": ("id,label\ne0,1\ne0,1\n", "given twice"),
    "contradicting": ("id,label\ne0,1\ne0,2\n", "contradict each other"),
    "nothing": ("id,label\n", "no new label"),
    "no columns": ("a,b\n1,2\n", "has no column 'id'"),
}


def test_import__refuses_with_nothing_taken_in(pool):
    """Each is a clear error in words and as JSON; the labels and the ledger stay as they were."""
    pool.proctor("check")

    for name, (content, words) in BAD.items():
        (pool.root / "back.csv").write_text(content)
        ran = pool.proctor("labels", "import", "back.csv", "--json")
        assert (True, True) == (ran.code in {2, 5}, words in ran.json["error"]["message"]), name

    assert "id,label\n" == (pool.root / "exam/labels.csv").read_text()
    assert not list(pool.root.glob(".proctor/owner/*.receipts.jsonl"))
    assert 0 == pool.proctor("status", "--json").json["budget"]["evaluations"]


def test_exit_3__says_neither_which_nor_how_many(pool):
    """Pools that lack more or fewer labels, of these examples or of those, get the same words and the same status."""
    said: list[tuple[Ran, Ran, Ran]] = []
    for there in ((), range(50), range(60, 119)):
        rows = [(f"e{row}", pool.labels[row] if row in there else "") for row in range(N_EXAMPLES)]
        pool.table("exam/labels.csv", ("id", "label"), rows)
        said.append((pool.proctor("check"), pool.proctor("check", "--json"), pool.proctor("status")))

    assert 3 == said[0][0].code
    assert said[0] == said[1] == said[2]


def test_verdict__and_its_account_do_not_depend_on_how_labels_came(pool, tmp_path):
    """The same labels in one delivery, in two, or from the beginning: the ledger says the same."""
    entries = []
    for parts in ((120,), (50, 120)):
        other = Workshop(tmp_path / f"in-{len(parts)}")
        other.root.mkdir()
        for name in ("old.csv", "new.csv", "proctor.yml"):
            (other.root / name).write_bytes((pool.root / name).read_bytes())
        other.testset(N_EXAMPLES)
        (other.root / "exam/labels.csv").write_text("id,label\n")
        for start, end in zip((0, *parts), parts, strict=False):
            assert 3 == other.proctor("check").code
            other.table("back.csv", ("id", "label"), ((f"e{i}", other.labels[i]) for i in range(start, end)))
            assert 0 == other.proctor("labels", "import", "back.csv").code
        assert 0 == other.proctor("check").code
        entries.append([each["kind"] for each in _ledger(other)])

    assert entries[0] == entries[1] == ["registration", "evaluation"]


def _ledger(workshop: Workshop) -> list[dict]:
    assert 0 == workshop.proctor("ledger", "export", "books.jsonl").code
    return [json.loads(line) for line in Path(workshop.root, "books.jsonl").read_text().splitlines()]
