"""A hostile commit brings its own test set, gate file or opponent; the books are signed, the labels lie in the open."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from workshop import Workshop

from proctor.models import sandbox
from proctor.testset.keys import generate_key

KEY = {"PROCTOR_KEY": generate_key().text}
EXAM = {"labels": "labels.csv", "features": "features.csv"}
POLICY = {"condition": "n > 0.5 +/- 0.1", "baseline": None, "disagreement": None, "power": 0.5, "first": "judge"}


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def fill(folder: Path, prefix: str, *, right: bool, **gate: object) -> None:
    """A gate with examples of its own, and a candidate that is right or wrong on all of them."""
    shop = Workshop(folder)
    ids = [f"{prefix}{i}" for i in range(300)]
    shop.table("labels.csv", ("id", "label"), [(each, i * i % 7) for i, each in enumerate(ids)])
    shop.table("features.csv", ("id", "x"), [(each, f"{prefix}-{i * 7919 % 1009}") for i, each in enumerate(ids)])
    shop.table("new.csv", ("id", "prediction"), [(each, i * i % 7 if right else 9) for i, each in enumerate(ids)])
    shop.gate(testset=EXAM, ledger="git:origin/books", **POLICY, **gate)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of a project whose gate in ``models/spam`` has judged; its books are in the repository that it is of."""
    origin, top, clone = tmp_path / "origin.git", tmp_path / "top", tmp_path / "clone"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(origin))
    git(tmp_path, "clone", "-q", str(origin), str(top))
    (top / "models/spam").mkdir(parents=True)
    fill(top / "models/spam", "e", right=False)
    for message in ("first", "second"):
        git(top, "add", "-A")
        git(top, "commit", "-q", "--allow-empty", "-m", message)
    git(top, "push", "-q", "origin", "HEAD:main")
    assert 1 == Workshop(top / "models/spam").proctor("check", env=KEY).code
    git(top, "commit", "-q", "--allow-empty", "-m", "third")
    git(top, "push", "-q", "origin", "HEAD:main")
    git(tmp_path, "clone", "-q", str(origin), str(clone))
    return clone


def test_examples__brought_in_place_of_the_registered_ones(clone: Path):
    """Labels and features that a commit brings along are not registered in passing; their owner may register them."""
    fill(clone / "models/spam", "mine", right=True)
    spam = Workshop(clone / "models/spam")

    ran = spam.proctor("check", env=KEY)

    assert 2 == ran.code, ran.out
    assert "not the test set that this gate was registered with" in ran.err
    assert 0 == spam.proctor("testset", "register", env=KEY).code
    assert 0 == spam.proctor("check", env=KEY).code


def test_folder__behind_a_link_is_still_the_registered_one(clone: Path):
    """A link in place of the gate's folder, to a gate with another name and examples of its own, is no other gate."""
    (clone / "models/spam").rename(clone / "models/ham")
    (clone / "models/spam").symlink_to("ham")
    fill(clone / "models/ham", "mine", right=True, name="other")

    for path in ("models/spam", "models/spam/proctor.yml"):
        ran = Workshop(clone).proctor("check", path, env=KEY)
        assert ran.code in (2, 5), ran.out
        assert "Nothing was spent" in ran.err or "nothing was spent" in ran.err


def test_name__changed_in_a_shallow_clone(clone: Path, tmp_path: Path):
    """A clone that lacks the commit of registration cannot show that the gate is another repository's."""
    shutil.rmtree(clone)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{tmp_path}/origin.git", str(clone))
    fill(clone / "models/spam", "mine", right=True, name="other")

    ran = Workshop(clone / "models/spam").proctor("check", env=KEY)

    assert 2 == ran.code, ran.out
    assert "`name` is 'other', and 'spam' is registered" in ran.err


def test_second_gate_file__beside_the_registered_one(clone: Path):
    """Of proctor.yml and proctor.yaml in one folder neither is preferred: a commit can add the other."""
    spam = clone / "models/spam"
    shutil.copy(spam / "proctor.yml", spam / "proctor.yaml")

    ran = Workshop(spam).proctor("check", env=KEY)

    assert 2 == ran.code, ran.out
    assert "there are proctor.yml and proctor.yaml" in ran.err


def test_baseline__accepted_by_another_gate(ready: Workshop):
    """Bad predictions that another gate on the same test set took as its first are no baseline of this one."""
    ready.proctor("check")
    ready.predictions("bad.csv", range(1_900)).predictions("new.csv", range(390))
    ready.gate(candidate={"predictions": "bad.csv"}, baseline=None)
    (ready.root / "proctor.yml").rename(ready.root / "other.yml")
    shutil.copy(ready.root / "bad.csv", ready.root / "old.csv")

    adopted, ran = ready.proctor("check", "other.yml"), ready.gate().proctor("check")

    assert 0 == adopted.code, adopted.err
    assert 2 == ran.code, ran.out
    assert "`proctor testset baseline old.csv`" in ran.err


SAYS = """\
#!{python}
import csv, sys
rows = list(csv.DictReader(open(sys.argv[2])))
with open(sys.argv[3], "w") as file:
    file.write("id,prediction\\n" + "".join(f"{{row['id']}},{answer}\\n" for row in rows))
"""


@pytest.fixture
def environment(ready: Workshop) -> Path:
    """A virtual environment among the files of a commit, whose program the gate file names."""
    folder = ready.root / "env"
    (folder / "bin").mkdir(parents=True)
    (ready.root / "predict.py").write_text("")
    command = {"command": "env/bin/python predict.py {features} {predictions}", "files": ["predict.py"]}
    ready.gate(condition="n > 0.5 +/- 0.05", candidate=command, baseline=None, first="judge")
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return folder


def commit(ready: Workshop) -> None:
    git(ready.root, "init", "-q")
    git(ready.root, "add", "-f", "predict.py", "env", "proctor.yml")
    git(ready.root, "commit", "-q", "-m", "more")


def test_environment__of_a_commit_is_part_of_the_model(ready: Workshop, environment: Path):
    """Another program in a committed environment is another model: no recorded answer is given for it."""
    program, verdicts = environment / "bin/python", []
    ready.write_labels(ready.labels * 0)
    for answer in (0, 1):
        program.write_text(SAYS.format(python=sys.executable, answer=answer))
        program.chmod(0o755)
        commit(ready)
        verdicts.append(ready.proctor("check", "--json").json["verdict"])

    assert ["pass", "fail"] == verdicts


def test_environment__of_a_commit_opens_nothing_of_the_machine(ready: Workshop, environment: Path, tmp_path_factory):
    """`home` of a committed pyvenv.cfg made its folder readable to the model, and a link to a program did."""
    private = tmp_path_factory.mktemp("private")
    for name in ("bin", "lib"):
        (private / name).mkdir()
    (private / "id").write_text("quicksilver")
    (private / "bin/python").symlink_to(sys.executable)
    (ready.root / "predict.py").write_text(f"raise SystemExit(open('{private}/id').read())")
    (environment / "pyvenv.cfg").write_text(f"home = {private}/bin\n")
    (environment / "bin/python").symlink_to(private / "bin/python")
    for is_environment in (True, False):
        if not is_environment:
            (environment / "pyvenv.cfg").unlink()
        commit(ready)

        ran = ready.proctor("check")

        assert 5 == ran.code, ran.out
        assert "quicksilver" not in ran.out + ran.err


def test_key__of_a_commit_begins_no_new_books(ready: Workshop):
    """With a key of its own and a ledger of its own, the marks that the owner signed would be a stranger's."""
    assert 0 == ready.proctor("check", env=KEY).code
    (ready.root / "mine.key").write_text(generate_key().text)
    ready.gate(owner={"key": "mine.key"}, ledger="fresh.db").predictions("new.csv", range(170, 400))

    beside = ready.proctor("check", env=KEY)
    git(ready.root, "init", "-q")
    git(ready.root, "add", "mine.key")
    alone = ready.proctor("check")

    assert (5, 5) == (beside.code, alone.code), beside.out + alone.out
    assert "holds another key than PROCTOR_KEY" in beside.err
    assert "came with a commit" in alone.err
    assert not (ready.root / "fresh.db").exists()


def test_outcomes__are_sent_to_nobody_whom_a_commit_names(ready: Workshop):
    """Under `none -> ADDRESS` the outcomes go to the registered address alone."""
    ready.gate(adaptivity="none -> ada@example.com", steps=4)
    ready.proctor("check", env=KEY)
    ready.gate(adaptivity="none -> eve@example.com", steps=4)

    ran = ready.proctor("testset", "notify", env=KEY)

    assert 2 == ran.code, ran.out
    assert "`adaptivity` is 'eve@example.com'" in ran.err


@pytest.mark.skipif(sandbox.strongest() is None, reason="nothing is hidden from a candidate where no sandbox works")
def test_program__of_the_machine_opens_no_project_around_it(ready: Workshop, tmp_path_factory):
    """A program in a folder with `bin` and `lib`, which a commit names by its whole path, had all of it readable."""
    private = tmp_path_factory.mktemp("private")
    for name in ("bin", "lib"):
        (private / name).mkdir()
    (private / "id").write_text("quicksilver")
    shutil.copy("/bin/sh", private / "bin/sh")
    (ready.root / "predict.sh").write_text(f"echo it ran; cat {private}/id; ls {private}; exit 1\n")
    command = f"{private}/bin/sh predict.sh {{features}} {{predictions}}"
    ready.gate(candidate={"command": command, "files": ["predict.sh"]})

    ran = ready.proctor("check")

    assert 5 == ran.code, ran.out
    assert "| it ran" in ran.err
    assert "quicksilver" not in ran.err


def test_condition__of_a_commit_is_what_its_pass_means(ready: Workshop):
    """A limit: a weak condition accepts a bad model, which the next one beats; each release says what was asked."""
    ready.gate(condition="n > 0.05 +/- 0.05", disagreement=None).predictions("new.csv", range(1_800))
    accepted = ready.proctor("check", "--json").json
    shutil.copy(ready.root / "new.csv", ready.root / "old.csv")
    beaten = ready.gate().predictions("new.csv", range(1_600)).proctor("check", "--json").json

    assert ("pass", "pass") == (accepted["verdict"], beaten["verdict"])
    assert ("n > 0.05 +/- 0.05", "n - o > 0.02 +/- 0.02") == (accepted["condition"], beaten["condition"])


def test_examples__are_registered_in_passing_where_nobody_signs(ready: Workshop):
    """A limit: books without a key have no owner to ask, so a commit's own examples are the next test set."""
    ready.proctor("check")
    mine = ready.testset(prefix="mine", seed=8).predictions("old.csv", range(400)).predictions("new.csv", range(160))
    mine.table("exam/features.csv", ("id", "x"), [(f"mine{i}", i * i + 9_000) for i in range(2_000)])

    ran = mine.proctor("check", "--json")

    assert (0, 1) == (ran.code, ran.json["step"])


def test_own_folder__replaced_by_a_link(ready: Workshop):
    """A link in place of `.proctor`, in the project or out of it, gives no fresh account."""
    ready.proctor("check", env=KEY)
    (ready.root / ".proctor").rename(ready.root.parent / f"{ready.root.name}-books")
    (ready.root / "mine").mkdir()
    ready.predictions("new.csv", range(170, 400))

    for target in ("mine", f"../{ready.root.name}-books"):
        (ready.root / ".proctor").symlink_to(target)
        assert 5 == ready.proctor("check", env=KEY).code
        (ready.root / ".proctor").unlink()


def test_time_zone__changes_no_entry(ready: Workshop):
    """Entries carry the time of Greenwich, whatever zone a commit's job sets; nothing that is judged depends on it."""
    assert 0 == ready.proctor("check", env={"TZ": "Pacific/Kiritimati"}).code
    entries = ready.proctor("ledger", "show", "--json").json["entries"]

    apart = [datetime.now(UTC) - datetime.fromisoformat(entry["at"]) for entry in entries]
    assert all(timedelta(seconds=-2) < each < timedelta(minutes=10) for each in apart)
