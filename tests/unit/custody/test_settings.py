"""The owner's word on settings and baselines, and what commits get without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gate.project import LABELS, Project

from proctor import gatefile
from proctor.custody import chronicle
from proctor.custody.settings import accept_settings, name_baseline, settings
from proctor.errors import ContractError, DataError, LabelsMissing
from proctor.gate.check import check as judge
from proctor.ledger import Draft
from proctor.runtime import Runtime


def kinds(project: Project) -> list[str]:
    return [entry.kind for entry in project.session().ledger.read()]


def test_check__of_changed_settings_spends_nothing_until_the_owner_accepts(project: Project) -> None:
    """Which labels, which run store: a commit is refused; after the owner's word it is judged, on the same account."""
    project.check()
    project.model("better.csv", 20).gate(candidate={"predictions": "better.csv"}, sandbox="none", feedback="three-way")

    with pytest.raises(ContractError, match=r"`sandbox` is .none..*`feedback` is"):
        project.check()
    assert ["registration", "evaluation"] == kinds(project)

    done = accept_settings(project.session())

    assert 3 == done.entry
    assert 2 == project.check().step
    assert () == settings(project.session()).differences
    assert None is accept_settings(project.session()).entry


def test_check__labels_of_another_name_are_refused_whatever_they_hold(project: Project) -> None:
    project.check()
    (project.root / "mine.csv").write_bytes((project.root / "labels.csv").read_bytes())
    project.gate(testset={"labels": "mine.csv"})

    with pytest.raises(DataError, match="labels are not those"):
        project.check()


def changed(project: Project, n_changed: int) -> None:
    values = LABELS.copy()
    values[:n_changed] = (values[:n_changed] + 1) % 10
    project.labels(values)


WAYS = {
    "another file": lambda project: project.gate(testset={"labels": "mine.csv"}),
    "another file that is not there": lambda project: project.gate(testset={"labels": "nowhere.csv"}),
    "one label": lambda project: changed(project, 1),
    "all labels": lambda project: changed(project, 400),
    "classes that are none": lambda project: project.labels(np.full(400, "nan")),
    "scores": lambda project: project.labels(np.full(400, 0.25)),
    "words and numbers": lambda project: project.labels(np.array(["one", *["1"] * 399])),
}


def test_check__other_labels_get_one_refusal_whichever_they_are(project: Project) -> None:
    """Another word for each kind, or a number, would say what is in the registered file."""
    project.check()
    (project.root / "mine.csv").write_bytes((project.root / "labels.csv").read_bytes())
    said = set()
    for change in WAYS.values():
        project.gate().labels(LABELS).model("new.csv", 41)
        change(project)
        with pytest.raises(DataError) as refused:
            project.check()
        said.add((refused.value.exit_code, refused.value.message, refused.value.hint))

    assert 1 == len(said), said
    assert not any(character.isdigit() for character in said.pop()[1])
    assert 1 == kinds(project).count("evaluation")


def test_check__exchanged_ids_of_open_features_are_refused_alike(project: Project) -> None:
    """Whether the labels of two examples are the same is not told by what happens if their features change places."""
    rows = [f"{value}.5" for value in range(400)]

    def features() -> None:
        text = "".join(f"e{i},{row}\n" for i, row in enumerate(rows))
        (project.root / "features.csv").write_text(f"id,x\n{text}")

    features()
    project.gate(testset={"labels": "labels.csv", "features": "features.csv"}).check()
    project.model("new.csv", 41)
    same = next(i for i in range(1, 400) if LABELS[i] == LABELS[0])
    other = next(i for i in range(1, 400) if LABELS[i] != LABELS[0])
    said = []
    for place in (same, other):
        rows[0], rows[place] = rows[place], rows[0]
        features()
        with pytest.raises(DataError, match="have other ids") as refused:
            project.check()
        said.append(str(refused.value))
        rows[0], rows[place] = rows[place], rows[0]

    assert said[0] == said[1]


def test_check__missing_labels_are_not_counted(project: Project) -> None:
    labels = LABELS.astype(str)
    labels[40:60] = ""
    project.labels(labels)

    with pytest.raises(LabelsMissing) as refused:
        project.check()

    assert not any(character.isdigit() for character in refused.value.message)


def test_check__another_test_set_under_the_gates_name_is_the_owners_to_register(project: Project) -> None:
    """A commit cannot bring a test set of its own, on which its candidate is perfect."""
    project.check()
    for name, column in (("mine.csv", "label"), ("best.csv", "prediction")):
        (project.root / name).write_text(f"id,{column}\n" + "".join(f"f{i},{i % 2}\n" for i in range(400)))
    project.gate(testset={"labels": "mine.csv"}, candidate={"predictions": "best.csv"}, condition="n > 0.5 +/- 0.1")

    with pytest.raises(DataError, match="labels are not those"):
        project.check()
    assert 1 == kinds(project).count("registration")


def test_check__a_baseline_that_nobody_accepted_is_refused(project: Project) -> None:
    """Bad predictions in the place of the baseline would make any candidate better."""
    project.check()
    project.model("old.csv", 350).model("worse.csv", 170).gate(candidate={"predictions": "worse.csv"})

    with pytest.raises(ContractError, match="no candidate that this gate accepted"):
        project.check()

    named, entry = name_baseline(project.session(), project.root / "old.csv")
    assert (3, None) == (entry, name_baseline(project.session(), project.root / "old.csv")[1])
    assert named.digest == project.session().ledger.read()[-1].body["baseline"]["digest"]
    assert 2 == project.check().step


def test_check__an_accepted_candidate_may_take_the_baselines_place(project: Project) -> None:
    """The natural flow: what passed becomes the file that the next candidate is compared with."""
    assert "pass" == project.check().verdict
    (project.root / "old.csv").write_bytes((project.root / "new.csv").read_bytes())
    project.model("new.csv", 0)

    assert 2 == project.check().step


def test_check__what_failed_may_not(project: Project) -> None:
    project.model("new.csv", 200)
    assert "fail" == project.check().verdict
    (project.root / "old.csv").write_bytes((project.root / "new.csv").read_bytes())
    project.model("new.csv", 100)

    with pytest.raises(ContractError, match="baseline"):
        project.check()


def as_written_before(project: Project) -> None:
    """Write the books again as an earlier version would have: registrations pin nothing."""
    drafts = [Draft(entry.kind, entry.body, entry.at) for entry in project.session().ledger.read()]
    for file in (*(project.root / ".proctor").glob("ledger.db*"), *(project.root / ".proctor/owner/marks").iterdir()):
        file.unlink()
    with project.session().ledger as ledger:
        for draft in drafts:
            body = {key: value for key, value in draft.body.items() if key != "settings"}
            ledger.append(replace(draft, body=body), ledger.head())


def test_check__a_ledger_of_earlier_versions_goes_on(project: Project) -> None:
    """Without a pin nothing is refused; the owner's command pins."""
    project.check()
    as_written_before(project)
    project.model("better.csv", 20).model("old.csv", 150).gate(
        candidate={"predictions": "better.csv"}, feedback="three-way"
    )
    said: list[str] = []
    runtime = Runtime(project.environ, remark=said.append)
    assert 2 == judge(gatefile.load(project.root), runtime).step
    assert judge(gatefile.load(project.root), runtime).replayed
    assert 1 == sum("earlier version" in each for each in said)

    assert None is settings(project.session()).pinned
    assert 4 == accept_settings(project.session()).entry
    project.gate(candidate={"predictions": "better.csv"})
    with pytest.raises(ContractError):
        project.check()


def test_chronicle__shows_what_the_owner_accepted(project: Project) -> None:
    project.check()
    project.gate(sandbox="none")
    accept_settings(project.session())
    project.model("other.csv", 90)
    name_baseline(project.session(), project.root / "other.csv")

    session = project.session()
    shown = "\n".join(chronicle.lines(chronicle.chronicle(session.books().lives, session.testset.fingerprint)))

    assert "accepted: sandbox (entry 3)" in shown
    assert "other.csv is a baseline (entry 4)" in shown


def test_check__features_out_of_the_project_are_shown_once_their_owner_has_registered_them(project: Project) -> None:
    """A commit cannot name the labels of somebody else as features, and have a program print them."""
    outside = project.root.parent / "labels-of-others.csv"
    outside.write_text("id,answer\n" + "".join(f"e{i},{value}\n" for i, value in enumerate(LABELS)))
    (project.root / "predict.py").write_text("import sys; sys.exit(open(sys.argv[1]).read())\n")
    command = {"command": "python predict.py {features} {predictions}", "files": ["predict.py"]}
    files = {"labels": "labels.csv", "features": str(outside)}
    project.gate(testset=files, candidate=command, baseline=None, first="judge", condition="n > 0.5 +/- 0.1")

    with pytest.raises(ContractError, match="out of the project") as refused:
        project.check()

    assert "e0" not in str(refused.value)
    assert [] == kinds(project)


def test_check__labels_in_place_of_the_features_are_not_seen_through_the_gate(project: Project) -> None:
    """Nor by naming the file of labels twice, with another column as the label."""
    outside = project.root.parent / "labels-of-others.csv"
    outside.write_text("id,answer\n" + "".join(f"e{i},{value}\n" for i, value in enumerate(LABELS)))
    (project.root / "predict.py").write_text("import sys; sys.exit(open(sys.argv[1]).read())\n")
    command = {"command": "python predict.py {features} {predictions}", "files": ["predict.py"]}
    files = {"labels": str(outside), "features": str(outside), "label": "id", "id": "none"}
    project.gate(testset=files, candidate=command, baseline=None, first="judge", condition="n > 0.5 +/- 0.1")

    with pytest.raises(ContractError, match="out of the project"):
        project.check()
