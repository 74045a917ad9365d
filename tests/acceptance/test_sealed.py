"""
The life of a sealed test set: sealed, used, asked without its key, attacked, and never written open.

The labels hold a class that no program knows and the inputs a word of their own: wherever either turns up, or the
key, something was written that must not be.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from command_line import alone
from sealed import INPUT_TOKEN, LABEL_TOKENS, N_EXAMPLES, SECRET_LABEL, Project

from proctor.models import sandbox
from proctor.testset import sealing
from proctor.testset.keys import Key

if not sys.platform.startswith("linux"):
    pytest.skip("the sandbox is Linux's", allow_module_level=True)

SHARED_MEMORY = Path("/dev/shm")

# What a candidate does that looks for key, labels and ledger; it crashes if it finds one.
LOOK = """
import os, pathlib
def read(path):
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""
hidden = [pathlib.Path(name) for name in ("owner.key", "exam/labels.csv.sealed")]
found = [str(path) for path in (*hidden, *pathlib.Path(".proctor").rglob("*")) if read(path)]
found += [name for name in os.environ if "PROCTOR" in name.upper()]
found += [str(path) for path in pathlib.Path("/proc").glob("[0-9]*/environ") if "{key}".encode() in read(path)]
assert not found, found
"""


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    """Exams that are sealed once, for projects to copy: labels alone, and labels with inputs."""
    return {inputs: Project(tmp_path_factory.mktemp(inputs), inputs).testset() for inputs in ("open", "sealed")}


def copy_of(original: Project, folder: Path) -> Project:
    shutil.copytree(original.root / "exam", folder / "exam")
    return Project(folder, original.inputs, original.key).gate().candidate()


@pytest.fixture(params=["open", "sealed"], ids=["labels sealed", "labels and inputs sealed"])
def project(request: pytest.FixtureRequest, tmp_path: Path, originals: dict[str, Project]) -> Project:
    """A project with a good candidate."""
    (tmp_path / "project").mkdir()
    return copy_of(originals[request.param], tmp_path / "project")


def test_check__ids_left_out_are_no_channel(project):
    """That predictions are matched by order is remarked where inputs are open; of sealed ones it could speak."""
    written = project.root / "predict.py"
    written.write_text(
        written.read_text().replace('["id", "prediction"]', '["prediction"]').replace('[row["id"], ', "[")
    )

    said = project.proctor("check", code=0).err

    assert ("were matched by their order" in said) is (project.inputs == "open")


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below *folder*, archives also unpacked."""
    below = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    for path in below:  # `os.walk` passes over folders of other tests that are gone meanwhile
        try:
            content = path.read_bytes() if path.is_file() else b""
        except OSError:  # somebody else's, gone meanwhile
            continue
        yield str(path), content
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((f"{path}:{name}", archive.read(name)) for name in archive.namelist())


def places_of(token: str, *folders: Path) -> list[str]:
    """Files that hold *token*, in an encoding that Python or NumPy writes."""
    forms = [token.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-32-le")]
    return [name for folder in folders for name, content in contents(folder) if any(form in content for form in forms)]


def test_whole_life__writes_nothing_decrypted_anywhere(project: Project):
    """
    Seal, pass, fail, crash, replay, status, export, verify: no file, leftover, output or ledger entry holds a secret.

    The class that only the labels hold, the word that only the inputs hold, the key.
    """
    project.way = alone
    left_by_killed_gates = set(SHARED_MEMORY.iterdir())  # of tests that kill one, and share our words
    assert project.check(0)["verdict"] == "pass"
    assert project.candidate(wrong=300).check(1)["verdict"] == "fail"
    crashed = project.candidate(before="raise SystemExit(open(sys.argv[1]).read())").proctor("check")
    assert ("sealed" == project.inputs) == (crashed.code == 1)
    assert project.candidate(wrong=300).check(1)["replayed"]
    for command in (
        ("status",),
        ("ledger", "show", "--json"),
        ("ledger", "verify"),
        ("ledger", "export", "books.jsonl"),
    ):
        project.proctor(*command, code=0)

    secrets = [SECRET_LABEL, project.key, *([INPUT_TOKEN] if project.inputs == "sealed" else [])]
    for secret in secrets:
        ours = [path for path in SHARED_MEMORY.iterdir() if path not in left_by_killed_gates]
        assert [] == places_of(secret, project.root, project.temporary, *ours)
        assert not any(secret in text for text in project.said)
    assert [] == list(project.temporary.iterdir())
    register = next((project.root / ".proctor/owner").glob("*.labels.npz"))
    assert register.read_bytes().startswith(b"PROCTOR"), "its salt lets labels be tried out"


def open_inputs() -> list[Path]:
    """Files in memory that hold the inputs."""
    return [path for path, content in contents(SHARED_MEMORY) if INPUT_TOKEN.encode() in content]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_ended_gate__leaves_no_inputs_behind(originals: dict[str, Project], tmp_path: Path, ending: signal.Signals):
    """A gate that is told to end tidies up; after one that is killed outright the next one does."""
    project = copy_of(originals["sealed"], tmp_path).candidate(before="import time; time.sleep(1)")
    gate = project.start("check", key=project.key)
    deadline = time.monotonic() + 60
    while not open_inputs():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    gate.send_signal(ending)
    _, err = gate.communicate(timeout=30)

    if ending != signal.SIGKILL:
        assert (130, []) == (gate.returncode, open_inputs()), err
    project.check(0)
    assert [] == open_inputs()


def test_deeply_nested_folders__are_no_crash_of_the_gate(originals: dict[str, Project], tmp_path: Path):
    """What a candidate leaves beside its predictions cannot end the gate in a way that is not charged."""
    nest = "import os\nos.chdir(os.path.dirname(sys.argv[2]))\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')\n"
    project = copy_of(originals["sealed"], tmp_path).candidate(before=f"{nest}os.chdir('/')")

    project.check(0)

    assert ["registration", "pending", "evaluation"] == project.kinds()


def test_places_of__finds_what_is_there(project: Project):
    """The search above finds a secret that lies in an archive, as NumPy would write it."""
    import numpy as np

    np.savez_compressed(project.root / "leak.npz", labels=np.array([SECRET_LABEL]))

    assert 1 == len(places_of(SECRET_LABEL, project.root))


def test_without_the_key__status_and_recorded_answers_are_given(project: Project):
    """Developers see what is left, and get recorded answers; a new candidate is refused, and nothing is spent."""
    first = project.check(0)
    entries = project.entries()

    status = project.proctor("status", "--json", code=0, key="").json
    again = project.check(0, key="")
    refused = project.candidate(wrong=30).proctor("check", code=5, key="")

    assert first["budget"] == status["budget"] == again["budget"]
    assert (True, first["step"]) == (again["replayed"], again["step"])
    assert "PROCTOR_KEY" in refused.err
    assert entries == project.entries()


def test_without_the_key__preflight_knows_the_account(project: Project):
    """A developer is told what is left, and warned of a tolerance out of reach and of a retired set."""
    project.check(0)
    project.candidate(wrong=30)
    known = project.proctor("preflight", "--json", code=0, key="").json
    assert project.proctor("preflight", "--json", code=0).json["figures"] == known["figures"]
    project.gate(condition="n > 0.7 +/- 0.001")
    beyond = project.proctor("preflight", code=4, key="").out
    project.gate().proctor("testset", "retire", "--yes", "--reason", "leaked", code=0)
    retired = project.proctor("preflight", code=4, key="").out

    assert "1 evaluation so far" in {each["name"]: each["text"] for each in known["findings"]}["test set"]
    assert "a fresh test set is needed" in beyond
    assert "was retired: leaked" in retired


def test_without_the_key__what_is_public_of_the_life_is_shown(originals: dict[str, Project], tmp_path: Path):
    """The life of the set and the text of a notice are given; the owner's acts still need the key."""
    project = copy_of(originals["sealed"], tmp_path)
    unregistered = project.proctor("testset", "show", code=5, key="")
    project.check(0)
    shown = project.proctor("testset", "show", "--json", code=0, key="").json
    acts = ("retire", "--yes"), ("abort",), ("notify",), ("outcomes",), ("correct", "exam/labels.csv.sealed")
    refused = [project.proctor("testset", *act, code=5, key="").err for act in acts]
    project.proctor("testset", "retire", "--yes", code=0)
    notice = project.proctor("testset", "notify", "--print", code=0, key="").out

    assert "PROCTOR_KEY" in unregistered.err
    assert project.proctor("testset", "notify", "--print", code=0).out == notice
    assert ("in use", 1) == (shown["testset"]["state"], shown["testset"]["evaluations"])
    assert all("PROCTOR_KEY" in err for err in refused)


def test_without_the_key__an_unregistered_test_set_is_not_registered(project: Project):
    """The first check needs the key, and says so."""
    refused = project.proctor("check", code=5, key="")

    assert "PROCTOR_KEY" in refused.err
    assert [] == project.entries()


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def other_key(project: Project, tmp_path: Path) -> str:
    return Project(tmp_path / "other", "open").testset().key


@pytest.mark.parametrize(
    "damage", ["another key", "no key at all", "a bit flipped", "cut short", "labels of another set"]
)
def test_damage__is_a_clear_error_and_spends_nothing(project: Project, tmp_path: Path, damage: str):
    """Wrong or mistyped keys, changed files, labels of another set: exit code 5, the reason, nothing in the books."""
    labels = project.root / "exam/labels.csv.sealed"
    key = project.key
    match damage:
        case "another key":
            key, words = other_key(project, tmp_path), "was sealed under the key"
        case "no key at all":
            key, words = "hunter2", "starts with 'proctor-key-1-'"
        case "a bit flipped":
            flip(labels)
            words = "was changed after sealing"
        case "cut short":
            labels.write_bytes(labels.read_bytes()[:-7])
            words = "7 bytes are missing"
        case _:
            other = Project(tmp_path / "other", project.inputs, project.key, first_x=5000).testset()
            shutil.copy(other.root / "exam/labels.csv.sealed", labels)
            words = "labels of a different test set" if project.inputs == "sealed" else ""

    ran = project.proctor("check", key=key)

    if damage == "labels of another set" and project.inputs == "open":
        return  # open inputs with the same ids: nothing tells labels of one set from those of another
    assert 5 == ran.code
    assert words in ran.err
    assert not any(token in ran.out + ran.err for token in (SECRET_LABEL, *LABEL_TOKENS, INPUT_TOKEN, key))
    assert [] == project.entries()


def test_flipped_inputs__are_a_clear_error(originals: dict[str, Project], tmp_path: Path):
    """A changed file of inputs is found, too, before a model sees it."""
    project = copy_of(originals["sealed"], tmp_path)
    flip(project.root / "exam/features.csv.sealed")

    assert "was changed after sealing" in project.proctor("check", code=5).err
    assert [] == project.entries()


def exchange(project: Project) -> bytes:
    """Seal other labels in the place of the registered ones: two are exchanged. Gives them as they lay open."""
    key, path = Key.from_text(project.key), project.root / "exam/labels.csv.sealed"
    lines = sealing.open_file(path, key, sealing.LABELS).decode().splitlines()
    (one, first), (two, second) = (line.split(",") for line in lines[2:4])
    lines[2:4] = [f"{one},{second}", f"{two},{first}"]
    content = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(sealing.seal_bytes(content, key, sealing.LABELS, bytes.fromhex(sealing.file_facts(path).pair)))
    return content


def test_fresh_clone__knows_changed_labels_by_the_key(project: Project):
    """Where the owner's register is not, the key tells whether labels were changed, and lets the owner correct them."""
    project.check(0)
    shutil.rmtree(project.root / ".proctor/owner")
    sealed = project.root / "exam/labels.csv.sealed"
    registered = sealed.read_bytes()
    corrected = project.root / "corrected.csv"
    corrected.write_bytes(exchange(project))

    refused = project.candidate(before="# another").proctor("check", code=5)
    sealed.write_bytes(registered)
    project.proctor("testset", "correct", "corrected.csv", "--reason", "mislabeled", code=0)
    shutil.rmtree(project.root / ".proctor/owner")
    report = project.check(0)

    assert "the labels are not those" in refused.err
    assert 2 == report["step"]
    assert ["2"] == [str(entry["body"]["n_rows"]) for entry in project.entries() if entry["kind"] == "correction"]
    sealed.write_bytes(registered)
    assert 5 == project.candidate(before="# a third").proctor("check").code


@pytest.mark.parametrize("other", [4, 1], ids=["same label", "another label"])
def test_exchanged_ids__do_not_ask_about_labels(originals: dict[str, Project], tmp_path: Path, other: int):
    """Open inputs can be edited: two examples that exchange their ids are refused alike, whatever their labels are."""
    project = copy_of(originals["open"], tmp_path)
    project.check(0)
    path = project.root / "exam/features.csv"
    lines = path.read_text().splitlines()
    one, two = (lines[1 + row].split(",", 1) for row in (2, 2 + other))
    lines[3], lines[3 + other] = ",".join((two[0], one[1])), ",".join((one[0], two[1]))
    path.write_text("\n".join(lines[:1] + lines[:0:-1]) + "\n")  # that the rows are turned around says nothing

    ran = project.candidate(before="# another").proctor("check", code=5)

    assert "have other ids than when they were registered" in ran.err
    assert not re.search(r"\d+ labels", ran.err)


def test_guessed_labels__in_the_place_of_sealed_ones_are_not_counted(project: Project):
    """Who names labels of his own in the gate file is not told in how many rows they differ from the sealed ones."""
    project.check(0)
    rows = "".join(f"e{row},{LABEL_TOKENS[row % 4]}\n" for row in range(N_EXAMPLES))
    (project.root / "guess.csv").write_text(f"id,label\n{rows}")
    gate = yaml.safe_load((project.root / "proctor.yml").read_text())
    project.gate(testset={**gate["testset"], "labels": "guess.csv"}).candidate(before="# another")

    ran = project.proctor("check", code=5)

    assert not re.search(r"\d+ labels", ran.err), ran.err


@pytest.mark.parametrize(
    "keys", [{"id": "label"}, {"id": "text"}, {"classes": [LABEL_TOKENS[0]]}], ids=["labels", "texts", "classes"]
)
@pytest.mark.parametrize("is_registered", [True, False])
def test_gate_file__that_means_other_columns_learns_nothing(project: Project, keys: dict[str, object], is_registered):
    """Whatever column is declared to hold ids or which classes there are: no cell, number or place of one is told."""
    if is_registered:
        project.check(0)
    gate = yaml.safe_load((project.root / "proctor.yml").read_text())
    project.gate(testset={**gate["testset"], **keys}).candidate(before="# another")

    hidden = (*LABEL_TOKENS, SECRET_LABEL, *([INPUT_TOKEN] if project.inputs == "sealed" else []))
    for ran in (project.proctor("check"), project.proctor("status")):
        text = ran.out + ran.err
        assert not any(token in text for token in hidden), text
        assert not re.search(r"\d+ labels|\d+ times|line \d|row \d", text), text


def test_labels_of_another_set__are_refused_where_ids_tell(originals: dict[str, Project], tmp_path: Path):
    """Labels whose ids are not those of the features belong elsewhere; no id of a label and no label is shown."""
    project = copy_of(originals["open"], tmp_path)
    features = project.root / "exam/features.csv"
    features.write_text(features.read_text().replace("\ne", "\nf"))

    ran = project.proctor("check", code=5)

    assert "belong to other examples" in ran.err
    assert SECRET_LABEL not in ran.err
    assert [] == project.entries()


def test_key_file__is_as_good_as_the_variable_and_hidden_from_the_candidate(project: Project):
    """A key file opens, signs and verifies like the variable; the candidate finds neither, nor labels or ledger."""
    if sandbox.strongest() is None:
        pytest.skip("nothing is hidden from a candidate where no sandbox works")
    project.way = alone
    (project.root / "owner.key").write_text(project.key + "\n")
    look = LOOK.format(key=project.key[14:])
    project.gate(owner={"key": "owner.key"}).candidate(before=look)

    assert "pass" == project.check(0, key="")["verdict"]
    project.proctor("ledger", "verify", "--key-file", "owner.key", code=0, key="")
    project.proctor("ledger", "verify", code=0)
    assert project.check(0)["replayed"]
    assert {None} != {entry["mac"] for entry in project.entries()}


def test_environment__of_the_tests_holds_no_key():
    """What is tested here would mean nothing if the tests' own environment had a key."""
    assert "PROCTOR_KEY" not in os.environ


def test_seal__as_json_gives_the_new_key_to_a_machine(ready):
    """A script can put the new key where it belongs, and the sealed file opens with it; a given key is not told."""
    sealed = ready.proctor("testset", "seal", "exam/labels.csv", "--json", env={"PROCTOR_KEY": ""}).json
    assert [{"source": "exam/labels.csv", "sealed": "exam/labels.csv.sealed"}] == sealed["files"]
    (ready.root / "exam/labels.csv").unlink()
    ready.gate(testset={"labels": "exam/labels.csv.sealed", "features": "exam/features.csv"})
    assert 0 == ready.proctor("check", env={"PROCTOR_KEY": sealed["key"]}).code

    again = ready.proctor(
        "testset", "seal", "exam/features.csv", "--json", env={"PROCTOR_KEY": sealed["key"]}
    )  # fmt: skip
    assert {"key": None, "key_id": sealed["key_id"]} == {name: again.json[name] for name in ("key", "key_id")}
    assert sealed["key"] not in again.out
