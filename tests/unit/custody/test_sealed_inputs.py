"""Sealed inputs that grow and shrink: files stay sealed under their key, and accepted models are recognized."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from gate.project import LABELS, N_EXAMPLES, Project

from proctor import cli
from proctor.cli.extend import lines
from proctor.custody import changes
from proctor.custody.changes import Attempt
from proctor.custody.dropping import Oldest, drop
from proctor.custody.extension import extend
from proctor.errors import DataError, KeyFault, Misuse
from proctor.gate.check import check as judge
from proctor.gate.session import Session
from proctor.gatefile import load
from proctor.ledger.records import Evaluated, Extended
from proctor.models import sandbox
from proctor.preflight.informed import refuse_shared
from proctor.release import Release
from proctor.runtime import Runtime
from proctor.testset import sealing
from proctor.testset.keys import Key, generate_key
from proctor.testset.sealing import fresh_pair, open_file, seal_file

MORE = np.random.default_rng(14).integers(0, 10, 100)
REASON = "those that arrived in March"
PROGRAM = """\
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
out = csv.writer(open(sys.argv[2], "w"))
out.writerow(["id", "prediction"])
bad = {wrong} if {honest} or len(rows) == 400 else len(rows)
out.writerows([row["id"], (int(row["x"]) + (place < bad)) % 10] for place, row in enumerate(rows))
"""


@pytest.fixture
def sealed(project: Project) -> Project:
    """Sealed labels and inputs, in which the last digit of a feature tells the label; a program was accepted."""
    if sandbox.strongest() is None:
        pytest.skip("sealed inputs need a sandbox, and neither bubblewrap nor Landlock works here")
    key = generate_key()
    project.environ |= {"PROCTOR_KEY": key.text, "PROCTOR_COMMIT": ""}
    write(project.root, 0, LABELS)
    seal(project.root, key, "labels.csv", "features.csv")
    return submit(project, 40)


def write(folder: Path, first: int, labels: np.ndarray, ending: str = "") -> list[Path]:
    """Labels and features of examples from *first* on."""
    folder.mkdir(exist_ok=True)
    names = [f"e{i}" for i in range(first, first + len(labels))]
    numbers = [10 * i + label for i, label in enumerate(labels, first)]
    paths = [folder / f"labels{ending}.csv", folder / f"features{ending}.csv"]
    for path, column, values in zip(paths, ("label", "x"), (labels, numbers), strict=True):
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("id", column), *zip(names, values, strict=True)])
    return paths


def seal(folder: Path, key: Key, labels: str, features: str) -> list[Path]:
    """Seal both files under *key*, and delete what lies open."""
    pair = fresh_pair()
    for name, context in ((labels, sealing.LABELS), (features, sealing.INPUTS)):
        seal_file(folder / name, folder / f"{name}.sealed", key, context, pair)
        (folder / name).unlink()
    return [folder / f"{name}.sealed" for name in (labels, features)]


def submit(project: Project, wrong: int, *, honest: bool = True, **gate) -> Project:
    """Submit a program that is wrong on so many examples; one that is not honest, on all if they are not 400."""
    (project.root / "model.py").write_text(PROGRAM.format(wrong=wrong, honest=honest))
    files = {"labels": "labels.csv.sealed", "features": "features.csv.sealed", "inputs": "sealed"}
    command = {"command": f"{sys.executable} model.py {{features}} {{predictions}}", "files": ["model.py"]}
    return project.gate(**{"testset": files, "candidate": command, "baseline": None, **gate})


def at_once(project: Project) -> Runtime:
    """The world, in which nobody waits for a slot to end."""
    return Runtime(dict(project.environ), pause=lambda _: None)


def check(project: Project) -> Release:
    return judge(load(project.root), at_once(project))


def owners(project: Project) -> Session:
    return dataclasses.replace(project.session(), runtime=at_once(project))


def grow(project: Project):
    """Extend by a hundred examples, whose files lie beside the project."""
    labels, features = write(project.root.parent / f"{project.root.name}-new", N_EXAMPLES, MORE)
    return extend(owners(project), [labels], [features], REASON)


def rows_of(project: Project, name: str) -> list[str]:
    key = owners(project).owner_key.key
    context = sealing.LABELS if name.startswith("labels") else sealing.INPUTS
    return open_file(project.root / name, key, context).decode().splitlines()


def test_extend__sealed_inputs(sealed):
    """Both files grow and stay sealed as a pair; the accepted model is recognized on all, and compared."""
    assert "first accepted" == check(sealed).basis
    pair = sealing.file_facts(sealed.root / "features.csv.sealed").pair

    done = grow(sealed)

    assert (100, 500, 1) == (done.record.n_added, done.record.n_examples, len(done.record.pins))
    assert [501, 501] == [len(rows_of(sealed, name)) for name in ("labels.csv.sealed", "features.csv.sealed")]
    assert pair == sealing.file_facts(sealed.root / "labels.csv.sealed").pair
    again = check(submit(sealed, 0, condition="n - o > 0 +/- 0.1"))
    assert ("judged", "pass", 500) == (again.basis, again.verdict, again.testset.n_examples)


def test_extend__says_where_the_owner_reads_of_it(sealed, tmp_path_factory):
    """In the record that was named, where one was: there the note is."""
    check(sealed)
    beside = tmp_path_factory.mktemp("owner")
    named = beside / "mine.jsonl"
    session = dataclasses.replace(owners(sealed), named_record=named)
    files = write(beside, N_EXAMPLES, MORE)

    said = lines(extend(session, files[:1], files[1:], REASON), session)

    assert f"How the accepted model does on them is for the owner alone: {named}." in said
    assert "added" in named.read_text()


def test_ledger_show__says_that_times_are_rounded(sealed, capsys):
    """Whoever reads a time to the minute is told why; of open inputs nothing is said, for nothing is rounded."""
    check(sealed)

    assert 0 == cli.run(["ledger", "show", "--last", "1", "--gate", str(sealed.root / "proctor.yml")])

    assert "an evaluation's time is rounded down to the minute" in capsys.readouterr().out


def test_extend__development_examples_are_told_to_the_owner(sealed, capsys):
    """On sealed inputs no check may say who is a member: `extend` refuses, and `show` tells whoever has the key."""
    check(sealed)
    labels, features = write(sealed.root.parent / f"{sealed.root.name}-new", N_EXAMPLES, MORE)
    for path in (labels, features):
        shutil.copy(path, sealed.root / f"dev-{path.name}")
    submit(sealed, 40, development={"labels": "dev-labels.csv", "features": "dev-features.csv"})
    session = owners(sealed)
    before = session.ledger.read()

    with pytest.raises(Misuse, match="100 examples in common"):
        extend(session, [labels], [features], REASON, refuses=partial(refuse_shared, session))
    assert before == session.ledger.read()
    grow(sealed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROCTOR_KEY", sealed.environ["PROCTOR_KEY"])
        assert 0 == cli.run(["testset", "show", str(sealed.root)])
    assert "100 examples in common with the test set" in capsys.readouterr().err


def test_extend__then_drop(sealed):
    """What was noted on the grown set is noted anew on what stays."""
    check(sealed)
    grow(sealed)

    done = drop(owners(sealed), Oldest(200), "older than a year")

    assert (300, 1) == (done.record.n_examples, len(done.record.pins))
    assert [301, 301] == [len(rows_of(sealed, name)) for name in ("labels.csv.sealed", "features.csv.sealed")]
    assert ("judged", 300) == ((found := check(submit(sealed, 0))).basis, found.testset.n_examples)


def test_extend__owner_learns_how_the_accepted_model_does_on_new_inputs(sealed):
    """A model that is bad where there are more examples than before: a mark that fits nothing, and a note."""
    check(submit(sealed, 40, honest=False))

    pins = grow(sealed).record.pins

    note = json.loads((sealed.root / ".proctor/owner.jsonl").read_text().splitlines()[-1])
    assert "does not give the predictions with which it was accepted" in note["problem"]
    assert [64] == [len(mark) for mark in pins.values()]
    found = check(submit(sealed, 0))
    assert ("fail", 2) == (found.verdict, len(sealed.records(Evaluated)))


def test_extend__honest_model_is_noted_with_its_counts(sealed):
    """How often it is right before and after, for the owner alone."""
    check(sealed)
    grow(sealed)

    note = json.loads((sealed.root / ".proctor/owner.jsonl").read_text().splitlines()[-1])
    assert {"right": 360, "labeled": 400} == note["before"]
    assert {"right": 100, "labeled": 100} == note["added"]


def test_extend__new_files_sealed_under_the_key_may_lie_in_the_project(sealed):
    """Under the key of the test set they are opened in memory; under another one nothing is spent."""
    check(sealed)
    names = [path.name for path in write(sealed.root, N_EXAMPLES, MORE, "-march")]
    with pytest.raises(Misuse, match="lies in the open in the project"):
        extend(owners(sealed), [sealed.root / names[0]], [sealed.root / names[1]], REASON)
    strange = seal(sealed.root, generate_key(), *names)
    with pytest.raises(KeyFault, match="was sealed under the key"):
        extend(owners(sealed), strange[:1], strange[1:], REASON)
    assert [] == sealed.records(Extended)
    write(sealed.root, N_EXAMPLES, MORE, "-march")
    own = seal(sealed.root, owners(sealed).owner_key.key, *names)

    assert 500 == extend(owners(sealed), own[:1], own[1:], REASON).record.n_examples


def test_extend__sealed_files_of_two_pairs(sealed):
    """Labels that were sealed with other features are refused."""
    check(sealed)
    key = owners(sealed).owner_key.key
    names = [path.name for path in write(sealed.root, N_EXAMPLES, MORE, "-march")]
    labels, _ = seal(sealed.root, key, *names)
    names = [path.name for path in write(sealed.root, N_EXAMPLES, MORE, "-april")]
    _, features = seal(sealed.root, key, *names)

    with pytest.raises(KeyFault, match="different test set"):
        extend(owners(sealed), [labels], [features], REASON)


def test_extend__machine_that_died_after_the_entry(sealed, monkeypatch):
    """Each sealed file is rewritten whole or not at all, and the same command completes what was recorded."""
    check(sealed)
    real, calls = changes.put_in_place, []

    def dies(*arguments) -> None:
        calls.append(arguments)
        if len(calls) > 1:
            raise KeyboardInterrupt
        real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(changes, "put_in_place", dies)
        with pytest.raises(KeyboardInterrupt):
            grow(sealed)
    assert 401 == len(rows_of(sealed, "features.csv.sealed"))
    with pytest.raises(DataError, match="which was extended to 500"):
        check(sealed)

    assert Attempt.COMPLETING is grow(sealed).attempt

    assert [501, 501] == [len(rows_of(sealed, name)) for name in ("labels.csv.sealed", "features.csv.sealed")]
    assert 1 == len(sealed.records(Extended))
