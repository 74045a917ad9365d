"""Under whose terms a commit is judged in a workflow: what is the owner's comes from the base."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from proctor import gatefile
from proctor.cli.workflow.terms import as_owned
from proctor.gatefile import Isolation, Sandbox

TEXT = "condition: n > 0.8\ntestset: {labels: y.csv, features: x.csv}\ncandidate: {predictions: new.csv}\nsandbox: %s\n"


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("base", "commit", "expected"),
    [
        ("auto", "{devices: [/dev/kvm], folders: [/srv/exam]}", Isolation()),
        ("{devices: [/dev/kfd]}", "none", Isolation(devices=("/dev/kfd",))),
        ("{devices: [/dev/kfd]}", "{tier: required, devices: [/dev/kvm]}", Isolation(Sandbox.REQUIRED, ("/dev/kfd",))),
        ("{tier: none, folders: [/srv/cuda]}", "auto", Isolation(Sandbox.AUTO, (), ("/srv/cuda",))),
    ],
)
def test_as_owned__a_commit_opens_nothing_of_the_machine(tmp_path: Path, base: str, commit: str, expected: Isolation):
    """Devices and folders are the base's; a commit may ask for more isolation, and for nothing else."""
    file = tmp_path / "proctor.yml"
    file.write_text(TEXT % base)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "proctor.yml")
    git(tmp_path, "commit", "-q", "-m", "base")
    file.write_text(TEXT % commit)

    assert expected == as_owned(gatefile.load(file), "HEAD").sandbox
