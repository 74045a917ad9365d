"""
One test set, many hands: `proctor check` on ledgers that a team shares; in processes of their own where at once.

Every repository is a clone with a remote of its own; the ledger is a schema of a running PostgreSQL, or a branch of a
bare repository. Nothing is shared between the clones but the ledger and the files of the test set.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from command_line import Ran, here

from proctor.budget import Contract, fold
from proctor.gate import prediction_store
from proctor.ledger import entries, verify
from proctor.ledger.lives import lives, step_of

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))  # the places are shared with the ledger's unit tests

from ledger.places import git, make_place, running_postgresql

N_EXAMPLES = 600
AT_ONCE = 10
BACKENDS = ("postgresql", "git")

# Right wherever the label of e<i> is i % 10, except on the rows that `wrong.txt` names.
PREDICT = """\
import csv, pathlib, sys
first, last = map(int, pathlib.Path("wrong.txt").read_text().split())
rows = list(csv.DictReader(open(sys.argv[1])))
with open(sys.argv[2], "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["id", "prediction"])
    for row in rows:
        i = int(row["x"])
        writer.writerow([row["id"], (i + (first <= i < last)) % 10])
"""


@dataclass(frozen=True)
class Clone:
    """A clone in which one person or job works."""

    root: Path
    actor: str

    def commit(self, first: int, last: int) -> str:
        """Commit a model that is wrong on the rows from *first* on, up to *last*; gives the commit."""
        (self.root / "wrong.txt").write_text(f"{first} {last}\n")
        git(self.root, "add", "-A")
        # the name of the repository: two that are made in the same second would have the same commit
        message = f"Wrong from {first} to {last} in {self.root.name}"
        git(self.root, "commit", "-q", "--allow-empty", "-m", message)
        return git(self.root, "rev-parse", "HEAD").strip()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command line in a process of its own, beside others."""
        environ = {**os.environ, "NO_COLOR": "1", "PROCTOR_ACTOR": self.actor}
        return subprocess.Popen(
            [sys.executable, "-m", "proctor", *arguments],
            cwd=self.root, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def proctor(self, *arguments: str, code: int | None = None) -> Ran:
        ran = here(self.root, *arguments, env={"PROCTOR_ACTOR": self.actor})
        if code is not None:
            assert code == ran.code, ran.out + ran.err
        return ran

    def clone(self, name: str, actor: str, *options: str) -> Clone:
        """Another clone of this one's remote."""
        url = git(self.root, "remote", "get-url", "origin").strip()
        git(self.root.parent, "clone", "-q", *options, f"file://{url.removeprefix('file://')}", name)
        made = Clone(self.root.parent / name, actor)
        made.add_books()
        return made

    def add_books(self) -> None:
        """Name the remote of the ledger, where it is on a branch."""
        if (self.root.parent / "books.git").exists():
            git(self.root, "remote", "add", "books", str(self.root.parent / "books.git"))

    def push(self) -> None:
        git(self.root, "push", "-q", "origin", "HEAD")


def ended(process: subprocess.Popen[str]) -> Ran:
    out, err = process.communicate(timeout=120)
    return Ran(process.returncode, out, err)


@dataclass(frozen=True)
class Team:
    """A folder with the test set, a shared ledger, and a remote for each repository."""

    folder: Path
    ledger: str

    def repository(self, folder: str, actor: str, *, registers: bool = True, **overrides: Any) -> Clone:
        """A new repository with a gate of its name, a first model (wrong on 120 rows), and a clone of it."""
        git(self.folder, "init", "-q", "--bare", f"{folder}.git")
        git(self.folder, "clone", "-q", str(self.folder / f"{folder}.git"), folder)
        clone = Clone(self.folder / folder, actor)
        clone.add_books()
        (clone.root / "predict.py").write_text(PREDICT)
        (clone.root / ".gitignore").write_text(".proctor/\n")
        self.gate(clone, **{"name": folder, **overrides})
        for _ in range(2):  # HEAD~1 is named as a baseline
            clone.commit(0, 120)
        clone.push()
        if registers:
            self.register(clone)
        return clone

    def register(self, clone: Clone) -> None:
        """Register the test set, as its owner, unless that was done: its files lie out of every project."""
        if not clone.proctor("ledger", "export").out:
            clone.proctor("testset", "register", code=0)

    def gate(self, clone: Clone, **overrides: Any) -> None:
        content = {
            "condition": "n - o > 0 +/- 0.05",
            "reliability": 0.99,
            "power": 0.5,
            "disagreement": 0.25,
            "testset": {"labels": str(self.folder / "labels.csv"), "features": str(self.folder / "features.csv")},
            "candidate": {"command": f"{sys.executable} predict.py {{features}} {{predictions}}"},
            "ledger": self.ledger,
            "sandbox": "none",  # what is tested here is the books
            **overrides,
        }
        (clone.root / "proctor.yml").write_text(yaml.safe_dump(content, sort_keys=False))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A running PostgreSQL."""
    with running_postgresql() as address:
        yield address


def make_team(backend: str, folder: Path, server: str) -> Team:
    rows = range(N_EXAMPLES)
    (folder / "features.csv").write_text("id,x\n" + "".join(f"e{i},{i}\n" for i in rows))
    (folder / "labels.csv").write_text("id,label\n" + "".join(f"e{i},{i % 10}\n" for i in rows))
    if backend == "git":
        git(folder, "init", "-q", "--bare", "books.git")
        return Team(folder, "git:books/proctor-ledger")
    return Team(folder, make_place(backend, folder, server).location)


@pytest.fixture(params=BACKENDS)
def team(request: pytest.FixtureRequest, tmp_path: Path) -> Team:
    """A team on each kind of shared ledger."""
    address = request.getfixturevalue("server") if request.param == "postgresql" else ""
    return make_team(request.param, tmp_path, address)


@pytest.fixture
def git_team(tmp_path: Path) -> Team:
    """A team on a branch of a bare repository."""
    return make_team("git", tmp_path, "")


def transcript(clone: Clone) -> list[dict[str, Any]]:
    """The ledger's entries, verified and as one sequence."""
    shown = clone.proctor("ledger", "export", code=0)
    found = [entries.from_line(line) for line in shown.out.splitlines()]
    assert verify(found) == ()
    assert [entry.number for entry in found] == list(range(1, len(found) + 1))
    return found


def assert_levels_are_the_folds(found: list[Any]) -> float:
    """Every evaluation was judged at the level of everything before it; gives the leakage after the last."""
    [life] = lives(found).values()
    contract: Contract = life.registered.record.contract
    steps = []
    for taken in life.verdicts:
        if taken.entry.kind != "evaluation":
            continue
        assert fold(contract, steps).next_log_level(taken.record.stakes) == pytest.approx(taken.record.log_level)
        steps.append(step_of(taken.record, contract.mode))
    return fold(contract, steps).leakage_bits


def test_two_repositories__share_one_budget_and_the_ledger_says_who_spent_what(team: Team):
    """Different gates in different repositories spend from one account; commit, actor and condition are on record."""
    shop = team.repository("shop", "ada", baseline={"revision": "HEAD~1"})
    mail = team.repository("mail", "ben", baseline={"revision": "HEAD~1"}, condition="n > 0.7 +/- 0.05")
    commits = [shop.commit(0, 30), mail.commit(0, 60)]

    first = shop.proctor("check", "--json", code=0).json
    second = mail.proctor("check", "--json", code=0).json

    assert [1, 2] == [first["step"], second["step"]]
    assert {2} == {clone.proctor("status", "--json", code=0).json["budget"]["evaluations"] for clone in (shop, mail)}
    found = transcript(shop)
    assert ["registration", "evaluation", "evaluation"] == [entry.kind for entry in found]
    expected = [
        (commits[0], "ada", "shop", "n - o > 0 +/- 0.05"),
        (commits[1], "ben", "mail", "n > 0.7 +/- 0.05"),
    ]
    origins = [(entry.body["origin"], entry.body["condition"]) for entry in found[1:]]
    assert expected == [(o["commit"], o["actor"], o["gate"], condition) for o, condition in origins]
    history = mail.proctor("status", "--json").json["history"]
    spent = [(row["commit"], row["actor"], row["condition"]) for row in history]
    assert [(commit, actor, condition) for commit, actor, _, condition in expected] == spent
    assert first["budget"]["leakage_bits"] < second["budget"]["leakage_bits"]
    assert second["budget"]["leakage_bits"] == pytest.approx(assert_levels_are_the_folds(found), abs=1e-5)


def test_side_by_side__candidates_against_one_baseline_are_judged_on_their_own_in_ledger_order(team: Team):
    """That the first branch passed does not move the baseline of the second; only its level depends on the first."""
    ada = team.repository("shop", "ada", baseline={"revision": "origin/main"})
    ben = ada.clone("shop-ben", "ben")
    ada.commit(0, 20)
    ben.commit(0, 40)  # worse than Ada's, better than main

    reports = [clone.proctor("check", "--json", code=0).json for clone in (ada, ben)]

    assert [(1, "pass"), (2, "pass")] == [(report["step"], report["verdict"]) for report in reports]
    found = transcript(ben)
    assert found[1].body["baseline"]["digest"] == found[2].body["baseline"]["digest"]
    assert_levels_are_the_folds(found)
    assert ben.proctor("check", "--json", code=0).json["replayed"]


@pytest.mark.slow
def test_ten_at_once__are_one_sequence_that_spends_what_theory_says(team: Team):
    """Ten jobs judge ten candidates at the same moment: each is answered, and no level is staked twice."""
    first = team.repository("shop", "job 0", baseline={"revision": "origin/main"})
    clones = [first, *(first.clone(f"job-{i}", f"job {i}") for i in range(1, AT_ONCE))]
    commits = {clone.commit(0, 20 + 10 * i) for i, clone in enumerate(clones)}

    answers = [ended(process) for process in [clone.start("check", "--json") for clone in clones]]

    assert {0, 1} >= {answer.code for answer in answers}, [answer.err for answer in answers]
    found = transcript(first)
    assert ["registration"] + ["evaluation"] * AT_ONCE == [entry.kind for entry in found]
    assert commits == {entry.body["candidate"]["commit"] for entry in found[1:]}
    outcomes = {entry.body["candidate"]["commit"]: entry.body["outcome"] for entry in found[1:]}
    assert sorted(outcomes.values()) == sorted(answer.json["verdict"] for answer in answers)
    assert sorted(answer.json["step"] for answer in answers) == list(range(1, AT_ONCE + 1))
    leakage = first.proctor("status", "--json", code=0).json["budget"]["leakage_bits"]
    assert leakage == pytest.approx(assert_levels_are_the_folds(found), abs=1e-5)


def state_of(clone: Clone) -> dict[str, Any]:
    """Everything in a clone that belongs to the user."""
    index = Path(git(clone.root, "rev-parse", "--path-format=absolute", "--git-path", "index").strip())
    files = {
        str(path.relative_to(clone.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in clone.root.rglob("*")
        if path.is_file() and not {".git", ".proctor"} & set(path.relative_to(clone.root).parts[:1])
    }
    ours = (" refs/proctor/", " refs/remotes/books/")  # the latter is how git remembers any push
    refs = [line for line in git(clone.root, "show-ref", "--head").splitlines() if not any(own in line for own in ours)]
    asked = (("status", "--porcelain"), ("stash", "list"), ("config", "--local", "--list"), ("worktree", "list"))
    return {
        "index": hashlib.sha256(index.read_bytes()).hexdigest(),
        "files": files,
        "refs": refs,
        "head": (index.parent / "HEAD").read_text(),
        **{" ".join(arguments): git(clone.root, *arguments) for arguments in asked},
    }


@pytest.mark.parametrize("form", ["shallow clone", "detached checkout", "linked worktree"])
def test_git_ledger__leaves_the_users_state_untouched(git_team: Team, form: str):
    """Staged, unstaged and stashed work, HEAD, refs and configuration are as they were after check and status."""
    whole = git_team.repository("shop", "ada", baseline={"revision": "HEAD~1"})
    whole.commit(0, 40)
    whole.push()
    match form:
        case "shallow clone":
            clone = whole.clone("here", "ben", "--depth", "2")
        case "detached checkout":
            clone = whole.clone("here", "ben")
            git(clone.root, "checkout", "-q", "--detach")
        case _:
            git(whole.root, "worktree", "add", "-q", "../here", "-b", "other")
            clone = Clone(git_team.folder / "here", "ben")
    (clone.root / "predict.py").write_text(PREDICT + "# stashed\n")
    git(clone.root, "stash")
    (clone.root / "notes.txt").write_text("staged\n")
    git(clone.root, "add", "notes.txt")
    (clone.root / "notes.txt").write_text("staged, and changed again\n")
    git(clone.root, "status")  # git itself refreshes the index
    before = state_of(clone)

    report = clone.proctor("check", "--json", code=0).json
    clone.proctor("status", code=0)

    assert "pass" == report["verdict"]
    assert before == state_of(clone)


def test_accepted_baseline__is_made_again_from_its_commit_where_it_is_not_kept(team: Team):
    """A job on a fresh machine has no kept predictions: the accepted model is run again as it was, and compared."""
    here = team.repository("shop", "ada")
    assert "first accepted" == here.proctor("check", "--json", code=0).json["basis"]
    there = here.clone("elsewhere", "ben")
    there.commit(0, 50)

    report = there.proctor("check", "--json", code=0).json

    assert ("judged", "pass") == (report["basis"], report["verdict"])
    [first, second] = [entry.body for entry in transcript(there) if entry.kind != "registration"]
    assert first["candidate"] == second["baseline"]


def test_accepted_baseline__of_a_commit_that_a_shallow_clone_lacks_is_asked_for(git_team: Team):
    """Where the accepted commit is not at hand either, the error says how to get it; nothing is spent."""
    here = git_team.repository("shop", "ada")
    here.proctor("check", code=0)
    here.commit(0, 50)
    here.push()
    there = here.clone("elsewhere", "ben", "--depth", "1")

    ran = there.proctor("check")

    assert 5 == ran.code
    assert "shallow clone" in ran.err
    assert "git fetch --unshallow" in ran.err
    assert 2 == len(transcript(there))


def test_accepted_baseline__of_another_repository_with_the_same_name(git_team: Team):
    """Two gates of one name would share a baseline: the second is told so, and nothing is spent."""
    git_team.repository("shop", "ada", name="gate").proctor("check", code=0)

    mail = git_team.repository("mail", "ben", name="gate")
    mail.commit(0, 50)

    ran = mail.proctor("check")

    assert 5 == ran.code
    assert "need names of their own, and this one is called 'gate'" in ran.err


def test_kept_predictions__that_came_with_a_commit_are_not_believed(git_team: Team):
    """A worse model whose commit brings forged predictions of the baseline does not pass."""
    shop = git_team.repository("shop", "ada", baseline={"revision": "v1"}, registers=False)
    git(shop.root, "tag", "v1")
    git_team.register(shop)
    shop.commit(0, 200)
    shop.proctor("check", code=1)
    for path in (shop.root / ".proctor/store").iterdir():
        values = np.full(N_EXAMPLES, 11)
        np.savez_compressed(path, values=values, check=prediction_store._check(values))
    git(shop.root, "add", "-f", ".proctor/store")
    shop.commit(0, 190)

    ran = shop.proctor("check")

    assert 5 == ran.code, ran.out
    assert "came with a commit" in ran.err
    assert "git rm -r --cached .proctor" in ran.err
    assert 2 == len(transcript(shop))


@pytest.mark.parametrize("first", ["features", "no features"])
def test_features__dropped_or_added_later_buy_no_new_budget(git_team: Team, first: str):
    """Which features are named is the owner's to say; with their word, a set known by its ids stays the same set."""
    clone = git_team.repository("shop", "ada", registers=False)
    labels = {"labels": str(git_team.folder / "labels.csv")}
    whole = labels | {"features": str(git_team.folder / "features.csv")}
    (clone.root / "new.csv").write_text("id,prediction\n" + "".join(f"e{i},{i % 10}\n" for i in range(N_EXAMPLES)))
    files = {"candidate": {"predictions": "new.csv"}, "condition": "n > 0.7 +/- 0.05"}
    sets = (whole, labels) if first == "features" else (labels, whole)
    git_team.gate(clone, name="shop", testset=sets[0], **files)
    clone.proctor("check", code=0)
    git_team.gate(clone, name="shop", testset=sets[1], **files)

    assert "belongs to the owner" in clone.proctor("check", code=2).err
    assert 1 == sum(entry.kind == "registration" for entry in transcript(clone))
    if first == "features":
        assert "known by other features" in clone.proctor("testset", "settings", "--accept", "--yes", code=5).err
    else:
        clone.proctor("testset", "settings", "--accept", "--yes", code=0)
        assert clone.proctor("check", "--json", code=0).json["replayed"]
