"""What belongs to the owner of a test set, and commits that would have it otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from proctor import gatefile
from proctor.gate.settings import Pin, differences, pin_of, settings_of
from proctor.gatefile import Gate
from proctor.ledger import Entry
from proctor.ledger.records import SettingsAccepted

BASE = "{condition: n > 0.8, testset: {labels: exam/labels.csv}, candidate: {predictions: new.csv}%s}"


def gate(more: str = "", *, root: Path, name: str = "proctor.yml") -> Gate:
    return gatefile.loads(BASE % more, str(root / name), root)


def pin(of: Gate) -> Pin:
    return Pin("f" * 64, settings_of(of), is_sealed=False)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        (", runstore: 'http://evil.example'", "runstore"),
        (", runstore: {url: 'http://a.example', owner_experiment: theirs}", "runstore.owner_experiment"),
        (", ledger: other.db", "ledger"),
        (", sandbox: none", "sandbox"),
        (", sandbox: {tier: none}", "sandbox"),
        (", sandbox: {devices: [/dev/kvm]}", "sandbox.devices"),
        (", sandbox: {tier: required, folders: [/srv/exam]}", "sandbox.folders"),
        (", owner: {record: public.jsonl}", "owner.record"),
        (", owner: {key: mine}", "owner.key"),
        (", feedback: three-way", "feedback"),
        (", first: judge", "first"),
        (", name: other", "name"),
        (", baseline: {revision: evil}", "baseline"),
        (", steps: 4, adaptivity: 'none -> eve@example.com'", "adaptivity"),
    ],
)
def test_differences__name_each_key_that_is_the_owners(tmp_path: Path, more: str, key: str) -> None:
    found = differences(pin(gate(root=tmp_path)), gate(more, root=tmp_path))

    assert any(f"`{key}` is " in each for each in found), found


@pytest.mark.parametrize("labels", ["mine.csv", "exam/labels-2.csv"])
def test_differences__labels_of_another_name(tmp_path: Path, labels: str) -> None:
    first = gate(root=tmp_path)

    found = differences(pin(first), replace(first, testset=replace(first.testset, labels=labels)))

    assert (f"`testset.labels` is '{labels}', and 'exam/labels.csv' is registered",) == found


@pytest.mark.parametrize(
    "more",
    [", power: 0.7", ", disagreement: 0.2", ", steps: 4", ", passes: 2", ", stakes: guaranteed", ", sandbox: required"],
)
def test_differences__what_tunes_the_plan_is_free_and_so_is_more_isolation(tmp_path: Path, more: str) -> None:
    assert () == differences(pin(gate(root=tmp_path)), gate(more, root=tmp_path))


def test_differences__less_isolation_than_the_owner_asked_for(tmp_path: Path) -> None:
    pinned = pin(gate(", sandbox: required", root=tmp_path))

    assert differences(pinned, gate(", sandbox: auto", root=tmp_path))


def test_differences__nothing_is_opened_by_a_commit_where_an_earlier_version_pinned(tmp_path: Path) -> None:
    """Books of a version that could not open anything pinned that nothing is open."""
    known = {key: value for key, value in settings_of(gate(root=tmp_path)).items() if not key.startswith("sandbox.")}
    text = json.dumps({"testset": "f" * 64, "settings": known})
    books = [
        Entry(number=1, previous="", kind=SettingsAccepted.kind, text=text, at="2026-01-01T00:00:00+00:00", hash="")
    ]
    opened = gate(", sandbox: {devices: [/dev/kvm]}", root=tmp_path)

    assert () == differences(pin_of(gate(root=tmp_path), books, "f" * 64), gate(root=tmp_path))
    assert ("`sandbox.devices` is '[\"/dev/kvm\"]', and not set is registered",) == differences(
        pin_of(opened, books, "f" * 64), opened
    )


@pytest.mark.parametrize("less", ["required", "{tier: required, devices: [/dev/kvm]}"])
def test_differences__less_opened_is_one_as_the_baseline_may_need_it(tmp_path: Path, less: str) -> None:
    """A commit that takes a device away from all models would make the one it is compared with worse."""
    pinned = pin(gate(", sandbox: {devices: [/dev/kvm, /dev/kfd]}", root=tmp_path))

    assert any(
        "`sandbox.devices` is" in each for each in differences(pinned, gate(f", sandbox: {less}", root=tmp_path))
    )


def test_differences__the_order_of_what_is_opened_is_none(tmp_path: Path) -> None:
    pinned = pin(gate(", sandbox: {devices: [/dev/kvm, /dev/kfd]}", root=tmp_path))

    assert () == differences(pinned, gate(", sandbox: {devices: [/dev/kfd, /dev/kvm]}", root=tmp_path))


@pytest.mark.parametrize("labels", ["./exam/labels.csv", "exam//x/../labels.csv", "{root}/exam/labels.csv"])
def test_differences__spellings_of_one_path_are_one(tmp_path: Path, labels: str) -> None:
    first = gate(root=tmp_path)
    spelled = replace(first.testset, labels=labels.format(root=tmp_path))

    assert () == differences(pin(first), replace(first, testset=spelled))


def test_differences__another_gate_of_the_project_sees_the_same_paths_from_its_folder(tmp_path: Path) -> None:
    """Gates that share a test set need no leave of their own, as long as they name the same files."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    for name in ("objects", "refs"):
        (tmp_path / ".git" / name).mkdir()
    (tmp_path / "models/spam").mkdir(parents=True)
    first = gate(", ledger: books.db", root=tmp_path)
    below = gate(", ledger: ../../books.db, first: judge", root=tmp_path / "models/spam")
    same = replace(below, testset=replace(below.testset, labels="../../exam/labels.csv"))

    assert () == differences(pin(first), same)
    assert 1 == len(differences(pin(first), below))


def test_differences__a_place_of_books_that_nobody_signs_is_no_difference(tmp_path: Path) -> None:
    """Whoever moves unsigned books can write in them what they like; a copy of signed books shows."""
    pinned, moved = pin(gate(root=tmp_path)), gate(", ledger: copy.db", root=tmp_path)

    assert () == differences(pinned, moved, is_signed=False)
    assert differences(pinned, moved, is_signed=True)
