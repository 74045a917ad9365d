"""
A table of what people get wrong: each ends in a clear message that names the next step, and in its exit code.

After each of them nothing is spent (the ledger has the entries that it had), nothing is lost (with the file put back,
the recorded answer is given), and no traceback is shown. The cases of one line run in this process, for speed; what
depends on signals, users and limits runs as a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from command_line import Ran, here

from proctor.ledger import GENESIS, Draft, open_ledger

N_EXAMPLES = 500
LEDGER = ".proctor/ledger.db"
HEADER = "id,prediction"
EXAM = {"labels": "exam/labels.csv", "features": "exam/features.csv"}


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A project whose test set has judged one candidate."""
    from workshop import Workshop

    workshop = Workshop(tmp_path_factory.mktemp("template")).testset(N_EXAMPLES)
    workshop.predictions("old.csv", range(100)).predictions("new.csv", range(40, 100))
    workshop.gate(condition="n - o > 0.02 +/- 0.05")
    assert workshop.proctor("check").code == 0
    return workshop.root


@pytest.fixture
def project(template, tmp_path):
    """A copy of that project, with another candidate that would pass; the one that was judged is first.csv."""
    from workshop import Workshop

    root = tmp_path / "project"
    shutil.copytree(template, root)
    workshop = Workshop(root)
    workshop.labels = np.loadtxt(root / "exam/labels.csv", delimiter=",", skiprows=1, usecols=1, dtype=int)
    (root / "new.csv").rename(root / "first.csv")
    workshop.predictions("new.csv", range(35, 100))
    return workshop


def entries_of(root: Path) -> list[tuple[int, str]]:
    """Numbers and hashes of the ledger's entries."""
    ledger = open_ledger(LEDGER, root)
    try:
        return [(entry.number, entry.hash) for entry in ledger.read()]
    finally:
        ledger.close()


def assert_refused(said: Ran, code: int, message: str) -> None:
    """An exit code, a message with the user's own value, a line that says what to do next; no verdict, no traceback."""
    assert code == said.code, said.out + said.err
    assert re.search(message, said.err), said.err
    lines = said.err.splitlines()
    assert lines[0].startswith("error: ")
    assert any(line.startswith("  ") and len(line.strip()) > 10 for line in lines[1:]), f"no next step: {said.err}"
    assert "Traceback" not in said.err
    assert "" == said.out


# --- the files -------------------------------------------------------------------------------------------------------

Harm = Callable[[Path], object]


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def to(content: bytes) -> Harm:
    return lambda path: path.write_bytes(content)


def edited(change: Callable[[list[str]], object]) -> Harm:
    """The file after its list of lines went through *change* (in place)."""

    def harm(path: Path) -> None:
        lines = lines_of(path)
        change(lines)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    return harm


def line(number: int, text: str) -> Harm:
    """The file with another line at *number* (0 is the header)."""
    return edited(lambda lines: lines.__setitem__(number, text))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def out_of_the_project(path: Path) -> None:
    """A link, as a commit can bring it, to what the system shows of the gate itself."""
    path.unlink()
    path.symlink_to("/proc/self/mem")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


RUBBISH = np.random.default_rng(1).bytes(5_000)

ANY_FILE: dict[str, tuple[Harm, str]] = {
    "empty": (to(b""), "is empty"),
    "missing": (Path.unlink, "there is no file"),
    "a directory": (folder, "cannot be read: Is a directory"),
    "a loop of links": (loop, "cannot be read: Too many levels"),
    "a link to the system": (out_of_the_project, "leads out of the project"),
    "a pipe": (pipe, "is a pipe or a device"),
    "a device": (endless, "leads out of the project"),
    "binary rubbish": (to(RUBBISH), "is not UTF-8"),
    "header alone": (edited(lambda lines: lines.__delitem__(slice(1, None))), "holds no (predictions|examples)"),
    "too many cells": (edited(lambda lines: lines.__setitem__(7, lines[7] + ",x")), "line 8 has 3 cells"),
    "open quote": (line(7, 'e6,"1'), "unexpected end of data"),
    "a column twice": (line(0, "id,id"), "twice"),
    "an id twice": (edited(lambda lines: lines.__setitem__(5, lines[6])), "e5"),
    "empty id": (line(5, ",1"), "the id is empty"),
}

PREDICTIONS: dict[str, tuple[Harm, str]] = {
    "too few": (
        edited(lambda lines: lines.__delitem__(slice(-3, None))),
        r"no prediction for 3 ids \(e497, e498, e499",
    ),
    "too many": (edited(lambda lines: lines.append("e500,1")), r"1 id \(e500\) that the test set does not have"),
    "another id": (line(5, "f4,1"), r"no prediction for 1 id \(e4\)"),
    "NaN": (line(5, "e4,nan"), "line 6: 'nan' is not a class"),
    "infinity": (line(5, "e4,inf"), "mixes numbers and text"),
    "empty cell": (line(5, "e4,"), "no prediction in 1 of 500 rows: line 6"),
    "scores": (line(5, "e4,0.73"), "line 6: '0.73' is not a class"),
    "text among numbers": (line(5, "e4,spam"), "mixes numbers and text"),
    "a number of thousands of digits": (line(5, "e4," + "9" * 50_000), "is not a class"),
    "a huge cell": (line(5, "e4," + "x" * 3_000_000), "is not a class"),
    "a cell beyond every limit": (line(5, "e4," + "x" * (65 * 1024 * 1024)), "field larger than field limit"),
    "text for integers": (
        edited(lambda lines: lines.__setitem__(slice(1, None), [f"e{i},spam" for i in range(N_EXAMPLES)])),
        "are text, but the labels are integers",
    ),
    "other columns": (line(0, "id,class"), "no column 'prediction'; it has 'id', 'class'"),
    "semicolons": (
        edited(lambda lines: lines.__setitem__(slice(None), [text.replace(",", ";") for text in lines])),
        "columns must be separated by commas",
    ),
}

LABELS: dict[str, tuple[Harm, str]] = {
    "a stranger's label": (line(5, "f4,1"), "labels 1 example that the test set does not have"),
    "scores": (line(5, "e4,0.73"), "a cell that is not shown here is not a class"),
    "other columns": (line(0, "id,class"), "has no column 'label'"),
    "corrected": (
        edited(lambda lines: lines.__setitem__(5, f"e4,{(int(lines[5][-1]) + 1) % 10}")),
        "1 labels? .*changed",
    ),
}

FEATURES: dict[str, tuple[Harm, str]] = {
    "changed rows": (line(5, "e4,123456"), "examples in common|known by other features"),
    "extended": (edited(lambda lines: lines.append("e500,500")), "examples in common|has 501|no prediction for 1 id"),
    "ids alone": (
        edited(lambda lines: lines.__setitem__(slice(None), [text.split(",")[0] for text in lines])),
        "no columns",
    ),
}

FILES = [
    pytest.param(file, *case, id=f"{file}: {name}")
    for file, table in {
        "new.csv": ANY_FILE | PREDICTIONS,
        "old.csv": ANY_FILE | {"too few": PREDICTIONS["too few"]},
        "exam/labels.csv": ANY_FILE | LABELS,
        "exam/features.csv": ANY_FILE | FEATURES,
    }.items()
    for name, case in table.items()
]


@pytest.mark.parametrize(("file", "harm", "message"), FILES)
def test_check__bad_file(project, file, harm, message):
    """A file that cannot be used is named with its fault; nothing is spent, and put right it is judged as if new."""
    before, whole = entries_of(project.root), (project.root / file).read_bytes()
    harm(project.root / file)

    said = here(project.root, "check")

    # Of registered labels nothing is told but that these are not they.
    assert_refused(said, 5, f"{message}|labels are not those" if file == "exam/labels.csv" else message)
    assert Path(file).name in said.err or "test set" in said.err
    assert before == entries_of(project.root)
    if (project.root / file).is_dir():
        (project.root / file).rmdir()
    (project.root / file).unlink(missing_ok=True)
    (project.root / file).write_bytes(whole)
    assert 0 == here(project.root, "check").code


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=array.dtype == object)
    return file.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


CLASSES = np.zeros(N_EXAMPLES, np.int64)
WHOLE = npz(prediction=np.random.default_rng(2).integers(0, 9, N_EXAMPLES))
DAMAGED = WHOLE[:300] + bytes(60) + WHOLE[360:]
FORMATS = {
    "unknown ending": ("new.txt", b"1\n", "not a format that proctor reads"),
    "NPY with objects": ("new.npy", npy(np.array([{}] * N_EXAMPLES, dtype=object)), "could run code"),
    "NPY cut short": ("new.npy", npy(CLASSES)[:-100], "cut short"),
    "NPY that promises too much": (
        "new.npy",
        npy(CLASSES).replace(b"(500,), }" + b" " * 10, b"(99999999999999,), }"[:19].ljust(19)),
        "cut short",
    ),
    "NPY of scores": ("new.npy", npy(np.zeros((N_EXAMPLES, 10))), "has the shape 500x10"),
    "NPY too short": ("new.npy", npy(CLASSES[:-1]), "499 predictions, but the test set has 500"),
    "NPY with NaN": ("new.npy", npy(np.full(N_EXAMPLES, np.nan)), "no prediction in 500 of 500 rows"),
    "NPY of broken text": ("new.npy", npy(np.full(N_EXAMPLES, b"\xff")), "not UTF-8"),
    "NPY of complex numbers": ("new.npy", npy(CLASSES.astype(complex)), "type complex128"),
    "NPZ of two lengths": ("new.npz", npz(id=CLASSES, prediction=CLASSES[1:]), "one and the same length"),
    "NPY of a type that is none": ("new.npy", npy(CLASSES).replace(b"<i8", b",i8"), "not a NumPy file"),
    "NPY with a header of other keys": ("new.npy", npy(CLASSES).replace(b"'descr'", b"b'escr'"), "not a NumPy file"),
    "NPZ with a text": ("new.npz", zipped("prediction", b"1,2,3"), "not an array"),
    "NPZ that is none": ("new.npz", RUBBISH, "not a NumPy file|pickled objects"),
    "NPZ cut in its middle": ("new.npz", DAMAGED, "not a NumPy file"),
    "JSON Lines with a list": ("new.jsonl", b'{"id": "e0", "prediction": 1}\n[1, 2]\n', "line 2 is not a JSON object"),
    "JSON Lines without end": ("new.jsonl", b"[" * 100_000, "line 1 is not JSON"),
    "JSON Lines with other keys": ("new.jsonl", b'{"id": "a", "prediction": 1}\n{"id": "b"}\n', "the same keys"),
    "JSON Lines with lists for classes": ("new.jsonl", b'{"id": "e0", "prediction": [1]}\n', "lists or objects"),
    "JSON Lines with half a character": ("new.jsonl", b'{"id": "e0", "prediction": "\\ud800"}\n', "is not a class"),
    "Parquet that is none": ("new.parquet", b"PAR1" + RUBBISH, "not a Parquet file"),
}


@pytest.mark.parametrize(("name", "content", "message"), FORMATS.values(), ids=FORMATS)
def test_check__bad_format(project, name, content, message):
    """Every format refuses what is not one class for each example, and nothing in it can run code."""
    before = entries_of(project.root)
    (project.root / name).write_bytes(content)

    assert_refused(here(project.root, "check", "--candidate", name), 5, message)
    assert before == entries_of(project.root)


def test_check__unknown_class(project):
    """A class that the gate file does not declare is refused, and named."""
    shutil.rmtree(project.root / ".proctor")  # declared classes are the owner's, and pinned
    project.gate(condition="n - o > 0.02 +/- 0.05", testset={**EXAM, "classes": list("0123456789")})
    line(5, "e4,77")(project.root / "new.csv")

    assert_refused(here(project.root, "check"), 5, "1 class that is not declared: '77'")


def test_check__labels_without_header_are_not_quoted(project):
    """A labels file that begins with a label instead of names is refused without repeating it."""
    path = project.root / "exam/labels.csv"
    path.write_text("e0,kestrel\n" + "".join(f"e{i},owl\n" for i in range(1, N_EXAMPLES)))
    said = here(project.root, "check", "--json")

    assert 5 == said.code
    assert "kestrel" not in said.out + said.err


WORDS = ["café", "ice cream"]


@pytest.fixture
def words(tmp_path):
    """A test set with words for labels, an old model that is right in 60 %, and one that is nearly always."""
    truth = [WORDS[i % 2] for i in range(1_000)]

    def write(name: str, share: float, spell: Callable[[str], str] = str) -> None:
        found = [word if i < 1_000 * share else WORDS[1 - i % 2] for i, word in enumerate(truth)]
        rows = (json.dumps({"id": f"e{i}", "prediction": spell(word)}) for i, word in enumerate(found))
        (tmp_path / name).write_text("\n".join(rows) + "\n\n")

    rows = "".join(f"{i},e{i},{word}\n" for i, word in enumerate(truth))
    (tmp_path / "labels.csv").write_text(",id,label\n" + rows, encoding="utf-8")
    (tmp_path / "proctor.yml").write_text(
        "{condition: n - o > 0.01 +/- 0.08, reliability: 0.99, power: 0.9, disagreement: 0.5, first: accept, "
        "testset: {labels: labels.csv}, candidate: {predictions: new.jsonl}, baseline: {predictions: old.jsonl}}"
    )
    write("new.jsonl", 0.95)
    write("old.jsonl", 0.6)
    return tmp_path, write


OTHER_SPELLINGS = {
    "decomposed": lambda word: unicodedata.normalize("NFD", word),
    "a line end": lambda word: word + "\n",
    "blanks that do not break": lambda word: "\u00a0" + word.replace(" ", "\u00a0"),
}


@pytest.mark.parametrize("spell", OTHER_SPELLINGS.values(), ids=OTHER_SPELLINGS)
@pytest.mark.parametrize(("name", "share", "code"), [("new.jsonl", 0.95, 0), ("old.jsonl", 0.97, 1)])
def test_check__one_class_in_other_spellings(words, spell, name, share, code):
    """A good model does not fail for its spelling, and a worse one does not pass for that of the old one."""
    root, write = words
    write(name, share, spell)

    assert code == here(root, "check").code


def test_check__one_class_in_two_cases(words):
    """Classes that differ in case alone are named before anything is judged."""
    root, write = words
    write("new.jsonl", 0.95, str.upper)

    assert_refused(here(root, "check"), 5, r"predicts the class 'CAF\\xc9', and .* the class 'caf\\xe9'")


# --- the ledger ------------------------------------------------------------------------------------------------------


def database(root: Path, *statements: str) -> None:
    connection = sqlite3.connect(root / LEDGER)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def cut(root: Path) -> None:
    path = root / LEDGER
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def of_a_later_version(root: Path) -> None:
    with open_ledger(LEDGER, root) as ledger:
        known = ledger.read()[0].body["testset"]
        ledger.append(Draft("teleported", {"testset": known}, "2026-11-23T12:00:00Z"), ledger.head())


def directory(root: Path) -> None:
    (root / LEDGER).unlink()
    (root / LEDGER).mkdir()


BODY = "UPDATE entry SET body = replace(body, '\"pass\"', '\"fail\"') WHERE number = 2"
LEDGERS: dict[str, tuple[Harm, str]] = {
    "rubbish": (lambda root: (root / LEDGER).write_bytes(RUBBISH), "damaged, or is not a ledger"),
    "emptied": (lambda root: (root / LEDGER).write_bytes(b""), "is an empty file, and no ledger ever is"),
    "cut in half": (cut, "damaged|not a ledger"),
    "a directory": (directory, "cannot be opened"),
    "another database": (lambda root: database(root, "PRAGMA application_id = 7"), "is not a ledger of proctor"),
    "later schema": (lambda root: database(root, "PRAGMA user_version = 99"), "schema version 99, this proctor knows"),
    "later kind of entry": (of_a_later_version, "teleported"),
    "edited": (lambda root: database(root, BODY), "entry 2 was edited"),
    "an entry removed": (lambda root: database(root, "DELETE FROM entry WHERE number = 1"), "entry 1"),
    "no table": (lambda root: database(root, "DROP TABLE entry"), "damaged|not a ledger"),
}


@pytest.mark.parametrize(("harm", "message"), LEDGERS.values(), ids=LEDGERS)
@pytest.mark.parametrize("command", ["check", "status"])
def test_ledger__unusable(project, command, harm, message):
    """A ledger that does not verify stops everything, is named, and stays as it is."""
    harm(project.root)
    before = (project.root / LEDGER).read_bytes() if (project.root / LEDGER).is_file() else b""

    assert_refused(here(project.root, command), 5, message)
    after = (project.root / LEDGER).read_bytes() if (project.root / LEDGER).is_file() else b""
    assert before == after


def test_ledger__locked(project, monkeypatch):
    """A ledger that somebody else keeps locked is waited for, and then named."""
    monkeypatch.setattr("proctor.ledger.sqlite.SqliteStore.__init__.__defaults__", (0.2,))
    other = sqlite3.connect(project.root / LEDGER, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert_refused(here(project.root, "check"), 5, "is locked by others")
    finally:
        other.close()

    assert 0 == here(project.root, "check").code


def test_ledger__cut_off_at_its_end_shows_against_a_published_head(project):
    """A ledger shortened to a whole chain cannot be told by itself; it is, by a head that was published."""
    head = entries_of(project.root)[-1][1]
    database(project.root, "DELETE FROM entry WHERE number = 2")

    said = here(project.root, "ledger", "verify", "--head", head)

    assert 5 == said.code
    assert "not among the 1 entries" in said.out + said.err


WRITTEN = {
    "store": (".proctor/store", "predictions cannot be kept"),
    "record of labels": (".proctor/owner", "owner's record .* cannot be written"),
    "ledger's folder": (".proctor", "cannot be (written|created|reached|kept)"),
}


@pytest.mark.parametrize(("place", "message"), WRITTEN.values(), ids=WRITTEN)
def test_check__place_that_cannot_be_written(project, place, message):
    """A file where a folder is needed stops a first check before anything is registered."""
    shutil.rmtree(project.root / ".proctor")
    (project.root / place).parent.mkdir(exist_ok=True)
    (project.root / place).write_text("a file")

    assert_refused(here(project.root, "check"), 5, message)
    assert not (project.root / LEDGER).exists()


def test_owner_file__that_cannot_be_written(project):
    """An owner's file in a place that is none: nothing is spent."""
    before = entries_of(project.root)

    assert_refused(here(project.root, "check", "--owner", "new.csv/x.jsonl"), 5, "cannot be written")
    assert before == entries_of(project.root)


@pytest.mark.parametrize("content", [b"", b"rubbish", npz(salt=CLASSES[:4])], ids=["empty", "rubbish", "half"])
def test_register_of_labels__damaged(project, content):
    """The record that tells corrected labels is checked; damaged, it is named."""
    (path,) = (project.root / ".proctor/owner").glob("*.npz")
    path.write_bytes(content)

    assert_refused(here(project.root, "check"), 5, "record of labels")


# --- gate file, options, repository ----------------------------------------------------------------------------------

GATE_FILES: dict[str, tuple[Harm, str]] = {
    "missing": (Path.unlink, "there is no proctor.yml"),
    "empty": (to(b""), "the file is empty"),
    "a directory": (folder, "cannot be read: Is a directory"),
    "binary rubbish": (to(RUBBISH), "UTF-8"),
    "a list": (to(b"- condition: n > 0.8\n"), "a map of keys"),
    "unknown key": (edited(lambda lines: lines.append("relaibility: 0.9")), r"relaibility.*reliability"),
    "duplicate key": (edited(lambda lines: lines.append("power: 0.9")), "power"),
    "bad condition": (line(0, "condition: n - o >> 0.02"), "condition"),
    "condition that cannot be": (line(0, "condition: n > 1.2"), "1.2"),
    "unknown name in the condition": (line(0, "condition: m > 0.2"), "m"),
    "reliability of 1": (line(1, "reliability: 1"), "reliability"),
    "reliability in words": (line(1, "reliability: high"), "reliability"),
    "no test set": (edited(lambda lines: lines.__setitem__(slice(None), lines[:3])), "`testset` is missing"),
    "a bomb of aliases": (to(b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"), "alias|anchor"),
    "a YAML tag": (to(b"condition: !!python/object/apply:os.system [id]\n"), "tag"),
}


@pytest.mark.parametrize(("harm", "message"), GATE_FILES.values(), ids=GATE_FILES)
def test_gate_file__unusable(project, harm, message):
    """A gate file that cannot be used is misuse: exit code 2, with the place and what to write instead."""
    before = entries_of(project.root)
    harm(project.root / "proctor.yml")

    assert_refused(here(project.root, "check"), 2, message)
    assert before == entries_of(project.root)


CONTRACTS = {"reliability": 0.99, "mode": "fn-free", "adaptivity": "full"}


@pytest.mark.parametrize("key", CONTRACTS)
def test_contract__edited(project, key):
    """What was fixed at registration cannot be edited; the message names the key and what may still change."""
    extra = {"steps": 9} if key == "adaptivity" else {}
    project.gate(condition="n - o > 0.02 +/- 0.05", **{key: CONTRACTS[key]}, **extra)
    before = entries_of(project.root)

    for command in ("check", "status"):
        said = here(project.root, command)
        assert_refused(said, 2, key)
        assert "may change" in said.err
    assert before == entries_of(project.root)


OPTIONS = {
    "unknown option": (("check", "--josn"), 2, "--josn"),
    "unknown command": (("chekc",), 2, "did you mean 'check'"),
    "two files": (("check", "proctor.yml", "other.yml"), 2, "other.yml"),
    "no such gate": (("check", "gates/spam.yml"), 2, "gates/spam.yml"),
    "no such candidate": (("check", "--candidate", "nwe.csv"), 5, "nwe.csv"),
    "no such baseline": (("check", "--baseline", "odl.csv"), 5, "odl.csv"),
    "no such labels": (("check", "--labels", "lables.csv"), 5, "labels are not those"),
    "option without value": (("check", "--candidate"), 2, "--candidate"),
    "status of nothing": (("status", "nowhere"), 2, "nowhere"),
}


@pytest.mark.parametrize(("arguments", "code", "message"), OPTIONS.values(), ids=OPTIONS)
def test_options__wrong(project, arguments, code, message):
    """A mistyped option, command or file is named, with what to do instead."""
    before = entries_of(project.root)

    assert_refused(here(project.root, *arguments), code, message)
    assert before == entries_of(project.root)


def test_status__needs_no_candidate(project):
    """What is left of a test set can be seen where there is no candidate, and by --labels alone."""
    (project.root / "new.csv").unlink()
    (project.root / ".travis.yml").write_text(
        "ml:\n  - script: ./test_model.py\n  - condition: n - o > 0.02 +/- 0.2\n  - reliability: 0.999\n"
        "  - mode: fp-free\n  - adaptivity: full\n  - steps: 3\n"
    )

    assert 0 == here(project.root, "status").code
    (project.root / "exam/features.csv").unlink()
    shutil.rmtree(project.root / ".proctor")
    assert 0 == here(project.root, "status", ".travis.yml", "--labels", "exam/labels.csv").code


def test_errors__as_json(project):
    """With --json an error is JSON on stdout too, with kind, message, hint and the exit code."""
    (project.root / "new.csv").unlink()

    said = here(project.root, "check", "--json")

    report = json.loads(said.out)
    assert (5, 5, "DataError") == (said.code, report["exit_code"], report["error"]["kind"])
    assert "new.csv" in report["error"]["message"]
    assert report["error"]["hint"]


def test_revision__without_a_repository(project):
    """A baseline by revision, outside of any repository: said so, nothing spent."""
    shutil.rmtree(project.root / ".proctor")  # a test set of its own: on a registered one the baseline is pinned
    project.gate(condition="n - o > 0.02 +/- 0.05", baseline={"revision": "main"})
    before = entries_of(project.root)

    said = here(project.root, "check")

    assert said.code in (2, 5)
    assert "git" in said.err or "repository" in said.err
    assert "Traceback" not in said.err
    assert "bug" not in said.err
    assert before == entries_of(project.root)


def commit_all(root: Path) -> None:
    """A repository whose branch `main` has everything in *root*."""
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    for command in (("init", "-q", "-b", "main"), ("add", "--all"), (*who, "commit", "-q", "-m", "A model")):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True)


PROGRAM = {"command": "python predict.py {features} {predictions}", "files": ["predict.py", "weights"]}


@pytest.mark.parametrize(
    ("candidate", "name"),
    [
        ({"model": "model.joblib", "trust": "pickle"}, "model.joblib"),
        (PROGRAM, "weights"),
        ({"predictions": "model.csv"}, "model.csv"),
    ],
    ids=["model", "program", "predictions"],
)
def test_revision__without_the_model(project, candidate, name):
    """A baseline that is not in its revision is named as the user knows it, with what to do; nothing is spent."""
    shutil.rmtree(project.root / ".proctor")
    project.gate(condition="n - o > 0.02 +/- 0.05", candidate=candidate, baseline={"revision": "main"})
    (project.root / "predict.py").write_text("pass\n")
    commit_all(project.root)
    shutil.copy(project.root / "new.csv", project.root / name)
    before = entries_of(project.root)

    said = here(project.root, "check")

    assert 5 == said.code
    assert f"the baseline is the revision 'main', and {name!r} is not in it" in said.err
    assert "Commit it there" in said.err
    assert "`baseline: accepted`" in said.err
    assert before == entries_of(project.root)


# --- models ----------------------------------------------------------------------------------------------------------

HEAD = "import sys, csv; rows = list(csv.reader(open(sys.argv[1])))[1:]; out = open(sys.argv[2], 'w'); "
MODELS = {
    "crashes": ("raise SystemExit('no such layer')", "exit code 1"),
    "is killed": ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
    "hangs": ("import time; time.sleep(30)", "did not finish within 1 seconds"),
    "writes nothing": ("pass", "wrote no predictions"),
    "prints rubbish": ("import sys; open(sys.argv[2], 'wb').write(bytes(range(256)) * 9)", "cannot be used"),
    "writes too few lines": (
        HEAD + "out.write('id,prediction\\n' + ''.join(f'{row[0]},1\\n' for row in rows[:-3]))",
        r"no prediction for 3 ids",
    ),
    "reads the labels": (
        "import pathlib; print(len(pathlib.Path('exam/labels.csv').read_text()))",
        "No such file|Permission denied|exit code 1",
    ),
    "reads the ledger": (
        "import pathlib; print(len(pathlib.Path('.proctor/ledger.db').read_bytes()))",
        "No such file|Permission denied|exit code 1",
    ),
}


@pytest.mark.parametrize(("script", "message"), MODELS.values(), ids=MODELS)
def test_model__misbehaves(project, script, message):
    """A model that does not do its job on open inputs costs nothing, and its own last words are shown."""
    from proctor.models import sandbox

    if "read_" in script and "pathlib" in script and sandbox.strongest() is None:
        pytest.skip("no sandbox on this machine")
    (project.root / "predict.py").write_text(script)
    project.gate(
        condition="n - o > 0.02 +/- 0.05",
        candidate={
            "command": "python predict.py {features} {predictions}",
            "files": ["predict.py"],
            "timeout": 1 if "sleep" in script else 20,
        },
    )
    before = entries_of(project.root)

    said = here(project.root, "check")
    own = "\n".join(text for text in said.err.splitlines() if not text.startswith("  | "))
    assert_refused(Ran(said.code, said.out, own), 5, message)
    assert before == entries_of(project.root)


# --- whole processes -------------------------------------------------------------------------------------------------


def small_disk() -> None:
    """No file may grow beyond 1 KiB: what a full disk does to a ledger."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))


@pytest.mark.parametrize("is_first", [True, False], ids=["first check", "later check"])
def test_process__full_disk(project, is_first):
    """A disk that is full: exit code 5, nothing spent; with space again the same command gives its answer."""
    before = entries_of(project.root)
    if is_first:
        shutil.rmtree(project.root / ".proctor")
        before = []

    done = subprocess.run(
        [sys.executable, "-m", "proctor", "check"],
        cwd=project.root,
        capture_output=True,
        text=True,
        preexec_fn=small_disk,  # no threads here
        check=False,
        timeout=60,
    )

    assert_refused(Ran(done.returncode, done.stdout, done.stderr), 5, "cannot be (written|created|kept)")
    assert before == entries_of(project.root)
    assert 0 == here(project.root, "check").code


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may look into; pytest's own are closed."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody who may not write")
def test_process__read_only_folder(project, open_folder):
    """Somebody who may read but not write gets an error and spends nothing; `status` and recorded answers work."""
    nobody = 65534
    own = project.root
    shutil.copytree(own, open_folder / "project")
    project.root = open_folder / "project"
    for path in (project.root, *project.root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    before = entries_of(project.root)

    def run(*arguments: str) -> Ran:
        script = (
            "import contextlib, io, os, sys\n"
            "from proctor import cli\n"
            "os.chdir(sys.argv[1])\n"
            "with contextlib.redirect_stdout(io.StringIO()):\n"
            "    cli.run(['check'])  # loads what is needed: the interpreter may be closed to others\n"
            "os.chdir(sys.argv[2])\n"
            f"os.setgroups([]); os.setgid({nobody}); os.setuid({nobody})\n"
            "sys.exit(cli.run(sys.argv[3:]))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, str(own), str(project.root), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    assert_refused(run("check"), 5, "cannot be (written|opened|kept)")
    assert before == entries_of(project.root)
    assert 0 == run("status").code
    assert 0 == run("check", "--candidate", "first.csv").code


INTERRUPTED = (130, -signal.SIGINT)  # the same for a shell; the second if it came while modules were being loaded


def is_running(script: str) -> bool:
    """True if a process has *script* in its command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if script.encode() in path.read_bytes():
                return True
    return False


def interrupt(process: subprocess.Popen[str], after: Callable[[], bool]) -> tuple[int, str, str]:
    deadline = time.monotonic() + 30
    while not after() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_process__interrupted(project):
    """Ctrl-C while the ledger is being waited for: exit code 130, nothing spent, and the same command works after."""
    before = entries_of(project.root)
    n_kept = len(list((project.root / ".proctor/store").iterdir()))
    other = sqlite3.connect(project.root / LEDGER, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    process = subprocess.Popen(
        [sys.executable, "-m", "proctor", "check"],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    code, out, err = interrupt(process, lambda: len(list((project.root / ".proctor/store").iterdir())) > n_kept)
    other.close()

    assert code in INTERRUPTED, err
    assert "" == out
    assert "interrupted" in err
    assert "Traceback" not in err
    assert before == entries_of(project.root)
    assert 0 == here(project.root, "check").code


def test_process__interrupted_while_a_model_runs(project):
    """Ctrl-C while a model runs: exit code 130, the model is ended too, nothing is spent."""
    before = entries_of(project.root)
    script = f"slow_{os.getpid()}.py"
    (project.root / script).write_text("import time; time.sleep(25)")
    project.gate(
        condition="n - o > 0.02 +/- 0.05",
        candidate={
            "command": f"python {script} {{features}} {{predictions}}",
            "files": [script],
            "timeout": 20,
        },
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "proctor", "check"],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    code, out, err = interrupt(process, lambda: is_running(script))

    assert code in INTERRUPTED, err
    assert "" == out
    assert "Traceback" not in err
    assert not is_running(script)
    assert before == entries_of(project.root)


def test_process__two_gates_at_once(project):
    """Two gates that judge at the same moment both get their answers, one after the other in the ledger."""
    project.predictions("other.csv", range(30, 100))
    commands = [["check", "--json"], ["check", "--json", "--candidate", "other.csv"]]

    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "proctor", *command], cwd=project.root, stdout=subprocess.PIPE, text=True
        )
        for command in commands
    ]
    reports = [json.loads(process.communicate(timeout=60)[0]) for process in processes]

    assert ["pass", "pass"] == [report["verdict"] for report in reports]
    assert [2, 3] == sorted(report["step"] for report in reports)
    assert GENESIS != entries_of(project.root)[-1][1]
