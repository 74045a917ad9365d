"""
What leaves the gate: command lines on labels that are long random words, and everything they produced is searched.

No label and no private count stands in what a developer sees, whatever went wrong (design.md, rule 3; theory.md §4.3).
"""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys

import numpy as np
import pytest
from command_line import here

from proctor.testset.keys import generate_key

N_EXAMPLES = 500
WORDS = [f"{np.random.default_rng(i).bytes(12).hex()}" for i in range(10)]
NOISE = re.compile(
    r"\d{4}-\d\d-\d\dT[^\"]*|\b[0-9a-f]{8,64}\b|\b\d\d\d\d-\d\d-\d\d \d\d:\d\d(:\d\d)?|ranks\\?\"+: ?\\?\"+[^\"]*"
)
MODES = ((), ("--json",), ("--markdown",))


class Secret:
    """A project whose labels are words that occur nowhere else: predictions are other words for most examples."""

    def __init__(self, workshop, wins: int, losses: int, seed: int = 5) -> None:
        self.workshop, self.root = workshop, workshop.root
        rng = np.random.default_rng(seed)
        (self.root / "exam").mkdir(exist_ok=True)
        # The labels of examples that nobody gets right are seen in no prediction: any of them in an output is a leak.
        self.labels = [WORDS[i] for i in rng.integers(0, len(WORDS), N_EXAMPLES)]
        old, new = ["no"] * N_EXAMPLES, ["none"] * N_EXAMPLES
        rows = rng.permutation(N_EXAMPLES)
        new_right, old_right = rows[:wins], rows[wins : wins + losses]
        public = {}
        for row in (*new_right, *old_right):
            public[row] = f"public-{row % 7}"
            self.labels[row] = public[row]
        for row in new_right:
            new[row] = public[row]
        for row in old_right:
            old[row] = public[row]
        workshop.table("exam/features.csv", ("id", "x"), ((f"e{i}", i) for i in range(N_EXAMPLES)))
        self.write_labels()
        for name, values in (("old.csv", old), ("new.csv", new)):
            workshop.table(name, ("id", "prediction"), ((f"e{i}", value) for i, value in enumerate(values)))
        workshop.gate(condition="n - o > 0.02 +/- 0.2", disagreement=None, power=0.5)

    def write_labels(self) -> None:
        rows = ((f"e{i}", label) for i, label in enumerate(self.labels))
        self.workshop.table("exam/labels.csv", ("id", "label"), rows)

    def produced(self) -> dict[str, bytes]:
        """Every file that the runs left behind, the user's own apart."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.glob(".proctor/**/*")
            if path.is_file()
        }


@pytest.fixture
def secret(workshop):
    """A candidate that passes: 223 wins, 31 losses."""
    return Secret(workshop, 223, 31)


def assert_silent(text: bytes | str, *counts: int) -> None:
    """No label, and none of these counts as a number of its own."""
    content = text.encode() if isinstance(text, str) else text
    for word in WORDS:
        assert word.encode() not in content
        assert bytes.fromhex(word) not in content
    for number in counts:
        assert not re.search(rb"(?<![\w.])%d(?![\w.])" % number, content), number


@pytest.mark.parametrize("key", [None, "owner"], ids=["no key", "owner's key"])
def test_check__no_label_and_no_count_in_anything_it_produced(secret, key):
    """Reports of every kind, ledger, store and status: nothing that was computed from labels, and no label."""
    env = {"PROCTOR_KEY": generate_key().text} if key is not None else {}
    ran = [secret.workshop.proctor("check", *mode, env=env) for mode in MODES]
    ran += [secret.workshop.proctor("status", *mode, env=env) for mode in MODES]
    ran.append(secret.workshop.proctor("ledger", "show", "--json", env=env))

    assert {0} == {one.code for one in ran}, [one.err for one in ran]
    for one in ran:
        assert_silent(NOISE.sub("", one.out + one.err), 223, 31, 192, 254, 246)
    produced = secret.produced()
    assert ".proctor/ledger.db" in produced
    for name, content in produced.items():
        assert_silent(content)
        if name.startswith(".proctor/ledger"):
            assert b"wins" not in content
            assert b"estimate" not in content
            assert not re.search(rb"(?<![\w.])(223|192)(?![\w.])", content)


def test_check__private_files_are_closed_to_others(secret):
    """What the gate keeps for the owner can be read by the owner alone."""
    secret.workshop.proctor("check", "--owner", "private/figures.jsonl")
    kept = [path for path in (secret.root / ".proctor/owner").rglob("*") if path.is_file()]
    private = [secret.root / "private/figures.jsonl", *kept]

    assert len(private) >= 2
    for path in private:
        assert 0o600 == stat.S_IMODE(path.stat().st_mode), path


def test_labels_missing__the_request_is_closed_to_others_and_not_repeated(secret):
    """The file that names rows is for the owner's eyes: mode 0600 in a closed folder; messages name none of them."""
    wanted = range(0, N_EXAMPLES, 5)
    for row in wanted:
        secret.labels[row] = ""
    secret.write_labels()

    ran = secret.workshop.proctor("check")

    assert 3 == ran.code
    folder = secret.root / ".proctor/requests"
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert not re.search(r"\be\d+\b", ran.out + ran.err)
    assert_silent(ran.out + ran.err)
    wanted_and_asked = list(folder.iterdir())
    assert 2 == len(wanted_and_asked)
    for path in wanted_and_asked:
        assert 0o600 == stat.S_IMODE(path.stat().st_mode), path
        assert_silent(path.read_bytes())


BROKEN_LABELS = {
    "without header": lambda lines: lines.pop(0),
    "scores among words": lambda lines: lines.__setitem__(9, "e8,0.5"),
    "numbers among words": lambda lines: lines.__setitem__(9, "e8,4711"),
    "a row too long": lambda lines: lines.__setitem__(9, lines[9] + ",x"),
    "semicolons": lambda lines: lines.__setitem__(slice(None), [line.replace(",", ";") for line in lines[1:]]),
    "an id twice": lambda lines: lines.__setitem__(9, lines[8]),
    "a column twice": lambda lines: lines.__setitem__(slice(None), [f"{WORDS[0]},{WORDS[0]}", *lines]),
    "an open quote": lambda lines: lines.__setitem__(9, 'e8,"' + WORDS[1]),
    "labels as ids": lambda lines: lines.__setitem__(0, "label,id"),
    "not declared": lambda lines: None,
}


@pytest.mark.parametrize("harm", BROKEN_LABELS.values(), ids=BROKEN_LABELS)
def test_check__errors_about_labels_do_not_quote_them(secret, harm):
    """Whatever is wrong with the file of labels, no label is in the message."""
    lines = (secret.root / "exam/labels.csv").read_text().splitlines()
    harm(lines)
    (secret.root / "exam/labels.csv").write_text("\n".join(lines) + "\n")
    testset = {"labels": "exam/labels.csv", "features": "exam/features.csv", "classes": ["public-1"]}
    secret.workshop.gate(condition="n - o > 0.02 +/- 0.2", disagreement=None, power=0.5, testset=testset)

    ran = here(secret.root, "check", "--json")

    assert ran.code in (2, 5), ran.out
    assert_silent(ran.out + ran.err)


BUG = """
import sys
from proctor import cli
def broken(panel, labels, *more):
    secret = labels.values[:3].tolist()
    raise RuntimeError(f"cannot count {secret}")
import proctor.sample
proctor.sample.joint_counts = broken
sys.exit(cli.run(["check", *sys.argv[1:]]))
"""


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_bug_report__carries_no_value(secret, mode):
    """An exception of ours with labels in its text: exit code 70, a report to paste, and none of its values."""
    done = subprocess.run(
        [sys.executable, "-c", BUG, *mode], cwd=secret.root, capture_output=True, text=True, check=False, timeout=60
    )

    assert 70 == done.returncode, done.stderr
    assert "RuntimeError" in done.stderr
    assert "cannot count" not in done.stdout + done.stderr
    assert_silent(done.stdout + done.stderr)


def test_none__no_output_shows_the_outcome(workshop, tmp_path_factory):
    """Under none a passing and a failing candidate look alike: outputs, exit codes, status and ledger's words."""

    def story(wins: int, losses: int) -> tuple[list[int], str]:
        secret = Secret(type(workshop)(tmp_path_factory.mktemp("none")), wins, losses)
        secret.workshop.gate(condition="n - o > 0.02 +/- 0.2", disagreement=None, power=0.5, adaptivity="none", steps=4)
        commands = [("check", *mode) for mode in MODES] + [("status", *mode) for mode in MODES]
        commands.append(("ledger", "show", "--json"))
        ran = [here(secret.root, *command) for command in commands]
        return [one.code for one in ran], NOISE.sub("#", "".join(one.out + one.err for one in ran))

    passing, failing = story(223, 31), story(31, 223)

    assert [0] * 7 == passing[0]
    assert passing == failing


def blank(secret: Secret) -> None:
    secret.labels[:100] = [""] * 100
    secret.write_labels()


def shorten(secret: Secret) -> None:
    path = secret.root / "new.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-3]) + "\n")


TWINS = {
    "pass": (0, lambda secret: None),
    "missing labels": (3, blank),
    "a candidate too short": (5, shorten),
    "out of reach": (4, lambda secret: secret.workshop.gate(condition="n - o > 0.02 +/- 0.001", power=0.9)),
}


@pytest.mark.parametrize(("code", "harm"), TWINS.values(), ids=TWINS)
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_twins__that_end_alike_print_the_same_bytes(workshop, tmp_path_factory, code, harm, mode):
    """Two runs that differ only in the labels of examples nobody gets right, or in which, and end alike look alike."""

    def printed(other: bool) -> str:
        secret = Secret(type(workshop)(tmp_path_factory.mktemp("twin")), 223, 31)
        if other:
            secret.labels = [
                WORDS[(WORDS.index(label) + 1) % 10] if label in WORDS else label for label in secret.labels
            ]
            first = next(i for i, label in enumerate(secret.labels) if label not in WORDS)
            secret.labels[first] = WORDS[0]  # one win or loss less
            secret.write_labels()
        harm(secret)
        ran = here(secret.root, "check", *mode)
        assert code == ran.code, ran.err
        return NOISE.sub("#", ran.out + ran.err)

    assert printed(False) == printed(True)


FILES = ("junit.xml", "sarif.json", "history.html", "history.json", "verdict.svg", "budget.svg", "endpoint.json")
COMMANDS = (
    *(("check", *mode) for mode in MODES),
    ("check", "--candidate", "old.csv", "--junit", "junit.xml", "--sarif", "sarif.json"),
    ("check", "--junit", "junit.xml", "--sarif", "sarif.json"),
    *(("status", *mode) for mode in MODES),
    ("report", "--html", "history.html", "--json", "history.json"),
    ("badge", "--svg", "verdict.svg", "--endpoint", "endpoint.json"),
    ("badge", "--budget", "--svg", "budget.svg"),
    ("ledger", "show"),
    ("ledger", "show", "--json"),
    ("ledger", "export"),
    ("ledger", "export", "--format", "csv"),
)


def without_noise(text: str) -> str:
    """Text without times, random identifiers and hashes; of a sealed record the length stays."""
    sealed = re.sub(r"sealed1\.[\w=-]+", lambda found: f"<sealed: {len(found[0])} characters>", text)
    return NOISE.sub("#", sealed)


@pytest.mark.parametrize("key", [None, "owner"], ids=["no key", "owner's key"])
@pytest.mark.parametrize("feedback", [None, "three-way"], ids=["verdict alone", "three-way"])
def test_twins__with_one_transcript_look_alike_in_every_output(workshop, tmp_path_factory, monkeypatch, key, feedback):
    """
    A pass and a fail, told in every format there is: what was computed from the labels shows nowhere else.

    The twins have other labels, and other numbers of wins and losses: 223 to 31, and 230 to 27.
    """
    if key is not None:
        monkeypatch.setenv("PROCTOR_KEY", generate_key().text)

    def told(wins: int, losses: int, seed: int) -> dict[str, str]:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))  # the twin's own machine
        secret = Secret(type(workshop)(tmp_path_factory.mktemp("twin")), wins, losses, seed)
        secret.workshop.gate(condition="n - o > 0.02 +/- 0.2", disagreement=None, power=0.5, feedback=feedback)
        ran = {" ".join(command): here(secret.root, *command) for command in COMMANDS}
        assert {0, 1} == {one.code for one in ran.values()}, [one.err for one in ran.values()]
        said = {name: f"{one.code}\n{one.out}\n{one.err}" for name, one in ran.items()}
        written = {name: (secret.root / name).read_text() for name in FILES}
        return {name: without_noise(text) for name, text in (said | written).items()}

    one, other = told(223, 31, 5), told(230, 27, 5)

    assert one == other


def test_replay__says_nothing_new(secret):
    """The recorded answer differs from the first one in nothing but the remark that it is one."""
    first, again = (secret.workshop.proctor("check", "--json").json for _ in range(2))

    assert {"replayed", "notes"} >= {key for key in first if first[key] != again[key]}
    assert json.dumps(first["budget"]) == json.dumps(again["budget"])
