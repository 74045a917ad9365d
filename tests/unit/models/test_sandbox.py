"""Choosing a sandbox by trying, what a job may see in it, and what is handed out and taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.errors import DomainError, ModelError, NotStarted, SandboxError
from proctor.models import sandbox
from proctor.models.child import Job, Limits, PlainLauncher
from proctor.models.sandbox import scratch, system

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the sandbox is Linux's")


def test_confines__sees_that_a_plain_child_is_not_confined():
    """The probe can fail: an ordinary child process is found to be open."""
    assert not sandbox.confines(PlainLauncher())


@linux
def test_choose__takes_the_strongest_that_works():
    """``auto`` and ``required`` choose the first candidate that the probe found to confine."""
    works = [launcher.tier for launcher in sandbox.candidates() if sandbox.confines(launcher)]
    if not works:
        pytest.skip("no tier works on this machine")

    assert works[0] == sandbox.choose("auto").tier == sandbox.choose("required").tier


def test_choose__none_isolates_nothing():
    """``none`` is a plain launch, and says so."""
    assert "none" == sandbox.choose("none").tier


def test_choose__without_any_tier(monkeypatch):
    """Where nothing works, ``auto`` launches plainly and ``required`` refuses and says what to install."""
    monkeypatch.setattr(sandbox, "strongest", lambda: None)

    assert "none" == sandbox.choose("auto").tier
    with pytest.raises(SandboxError, match=r"apt-get install bubblewrap.*apparmor_restrict_unprivileged_userns=0"):
        sandbox.choose("required")


def test_choose__refuses_an_unknown_policy():
    """A policy that does not exist is quoted, with those that do."""
    with pytest.raises(DomainError, match=r"'always'.*\n.*required"):
        sandbox.choose("always")


def test_declared__names_a_path_that_is_missing(tmp_path):
    """A declared file that does not exist is the job's error, not an empty sandbox."""
    with pytest.raises(NotStarted, match="absent"):
        system.declared([tmp_path / "absent"])


def test_declared__gives_links_and_where_they_lead(tmp_path):
    """A declared link is visible under its name and its target under the target's."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")

    assert {tmp_path / "link", (tmp_path / "file").resolve()} == set(system.declared([tmp_path / "link"]))


def test_program__counts_from_the_folder_of_the_job(tmp_path):
    """A program named with a slash is looked for where the job starts."""
    program = tmp_path / "predict"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert program in system.program(Job(argv=("./predict",), cwd=tmp_path, environment={}))
    with pytest.raises(NotStarted, match=r"'\./absent' was not found"):
        system.program(Job(argv=("./absent",), cwd=tmp_path, environment={}))


def test_folder__is_private_and_gone_afterwards():
    """The shared folder is the owner's alone and leaves nothing behind."""
    with scratch.folder(scratch.memory()) as folder:
        (folder / "inputs").write_text("x")
        mode = folder.stat().st_mode & 0o777

    assert 0o700 == mode
    assert not folder.exists()


def test_folder__removes_what_a_killed_gate_left(tmp_path):
    """The folder of a gate that was killed outright is removed by the next one; that of a living one is not."""
    code = "import sys; from pathlib import Path; from proctor.models.sandbox import scratch\n"
    code += "with scratch.folder(Path(sys.argv[1])) as folder:\n    print(folder, flush=True); sys.stdin.read()"
    gates = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    killed, living = (Path(gate.stdout.readline().decode().strip()) for gate in gates)
    (killed / "inputs").write_text("sealed")
    gates[0].kill()
    gates[0].communicate()
    assert killed.exists()

    with scratch.folder(tmp_path):
        found = (killed.exists(), living.exists())
    gates[1].communicate()

    assert (False, True) == found
    assert [] == list(tmp_path.iterdir())


def test_folder__sweeps_through_no_link(tmp_path):
    """A link that has the name of a leftover is left alone, with what it leads to; so is a file."""
    (tmp_path / "treasure").mkdir()
    (tmp_path / "proctor-scratch-link").symlink_to(tmp_path / "treasure")
    (tmp_path / "proctor-scratch-file").write_text("x")
    with scratch.folder(tmp_path):
        pass

    names = ["proctor-scratch-file", "proctor-scratch-link", "treasure"]
    assert names == sorted(path.name for path in tmp_path.iterdir())


def test_folder__is_gone_however_a_model_left_it(tmp_path):
    """Folders nested deeper than Python recurses or a path is long, closed ones, and links out: all go, no more."""
    (tmp_path / "own").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    with scratch.folder(tmp_path / "own") as folder:
        (folder / "closed").mkdir()
        (folder / "closed/file").write_text("x")
        (folder / "closed").chmod(0)
        (folder / "link").symlink_to(outside)
        here = os.open(folder, os.O_RDONLY)
        for _ in range(5_000):
            os.mkdir("d", dir_fd=here)
            deeper = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = deeper
        os.close(here)

    assert [] == list((tmp_path / "own").iterdir())
    assert 0o500 == outside.stat().st_mode & 0o777


def test_take__gives_an_ordinary_file(tmp_path):
    """A file of at most the declared size is read whole."""
    (tmp_path / "result").write_bytes(b"12345")

    assert b"12345" == scratch.take(tmp_path / "result", 5)
    with pytest.raises(ModelError, match="larger than 4"):
        scratch.take(tmp_path / "result", 4)


@linux
@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(seconds=10), {"CORE": 0, "NOFILE": 1024, "CPU": 21}),
        (Limits(10, 1 << 30, 5, 1 << 20), {"CORE": 0, "NOFILE": 1024, "CPU": 21, "AS": 1 << 30, "FSIZE": 1 << 20}),
        (Limits(float("inf")), {"CORE": 0, "NOFILE": 1024}),
    ],
)
def test_rlimits__follow_the_limits(limits, expected):
    """Every limit that a job has becomes one of the kernel's; no core dump is ever written."""
    import resource

    from proctor.models.sandbox.confinement import rlimits

    assert {getattr(resource, f"RLIMIT_{name}"): value for name, value in expected.items()} == dict(
        rlimits(limits, cores=2)
    )


@linux
def test_run__leaves_no_descriptor_open(tmp_path):
    """Running jobs does not use up the gate's descriptors."""
    launcher = sandbox.choose("auto")
    job = Job(argv=(sys.executable, "-I", "-S", "-c", "pass"), cwd=tmp_path, environment={}, writable=(tmp_path,))
    launcher.run(job)
    before = len(list(Path("/proc/self/fd").iterdir()))

    launcher.run(job)

    assert before == len(list(Path("/proc/self/fd").iterdir()))


@linux
def test_run__works_in_an_undumpable_gate():
    """Keeping the gate's memory out of core dumps does not get in the sandbox's way."""
    import subprocess

    code = (
        "from proctor.models import sandbox; from proctor import environment; environment.forbid_core_dumps(); "
        "print(sandbox.choose('auto').tier)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert sandbox.choose("auto").tier == done.stdout.strip()
