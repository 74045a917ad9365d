"""What of a project no model may see, whichever gate it is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor import gatefile
from proctor.gate.hidden import hidden_paths

GATE = "condition: n > 0.8\ntestset: {labels: %s}\ncandidate: {predictions: new.csv}\n%s"


def write(root: Path, file: str, labels: str, more: str = "") -> Path:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(GATE % (labels, more))
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (".git/objects", ".git/refs"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    return tmp_path


@pytest.mark.parametrize("other", ["gates/ham.yml", "proctor-ham.yaml", "models/ham/proctor.yml"])
def test_hidden_paths__of_every_gate_of_the_project(project: Path, other: str) -> None:
    """The labels, books, key and record of another gate, under whatever name its file goes."""
    first = write(project, "proctor.yml", "exam/spam.csv")
    write(project, other, "ham.csv", "ledger: ham.db\nowner: {key: ham.key, record: ham.jsonl}\n")

    found = hidden_paths(gatefile.load(first))

    folder = (project / other).parent
    theirs = {folder / name for name in ("ham.csv", "ham.db", "ham.key", "ham.jsonl")}
    assert {project / "exam/spam.csv", project / ".proctor", *theirs} <= set(found)


def test_hidden_paths__of_a_gate_below_are_those_above_too(project: Path) -> None:
    write(project, "proctor.yml", "exam/spam.csv")
    below = write(project, "models/ham/proctor.yml", "ham.csv")

    assert project / "exam/spam.csv" in hidden_paths(gatefile.load(below))


def test_hidden_paths__of_a_checkout_are_those_of_its_own_day(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A commit cannot take a file away from the baseline by calling it some gate's labels."""
    first = write(project, "proctor.yml", "exam/spam.csv")
    write(project, "evil.yml", "weights.bin")
    tree = tmp_path_factory.mktemp("tree")

    found = hidden_paths(gatefile.load(first), tree, tree)

    assert tree / "exam/spam.csv" in found
    assert not any("weights.bin" in path.name for path in found)


@pytest.mark.parametrize("text", ["", "a: [", "condition: x\ntestset: 3\n", "\0"])
def test_hidden_paths__files_that_are_no_gates_are_no_fault(project: Path, text: str) -> None:
    first = write(project, "proctor.yml", "exam/spam.csv")
    (project / "other.yml").write_text(text)

    assert project / "exam/spam.csv" in hidden_paths(gatefile.load(first))
