"""The fixture `proctor_check` in test suites of users, each run by a pytest of its own."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from workshop import Workshop

ROOT = Path(__file__).parents[2]
MODULE = "proctor.pytest_plugin"


def pytest_in(workshop, text, *options):
    """Run pytest on one test file; gives exit code and output."""
    (workshop.root / "test_model.py").write_text(text)
    # As pytest looks for plugins: in every distribution, also in a second one of the same name.
    points = (point for distribution in importlib.metadata.distributions() for point in distribution.entry_points)
    is_found = any(point.value == MODULE for point in points)
    plugin = () if is_found else ("-p", MODULE)  # an old editable install does not know the entry point
    command = [sys.executable, "-m", "pytest", "-q", *plugin, "-p", "no:cacheprovider", *options, "test_model.py"]
    environ = {**os.environ, "NO_COLOR": "1", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(
        command, cwd=workshop.root, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_plugin__pass(ready):
    """A candidate that passes gives the release; a second test with the same question costs nothing."""
    code, said = pytest_in(
        ready,
        """
def test_first(proctor_check):
    assert proctor_check("proctor.yml").step == 1

def test_again(proctor_check):
    assert proctor_check().replayed
""",
    )

    assert (0, True) == (code, "2 passed" in said), said


def test_plugin__asks_what_the_command_line_asks(ready):
    """The same gate file is the same gate, from wherever the tests are run: what the command line asked is replayed."""
    assert 0 == ready.gate(baseline=None).proctor("check").code
    (ready.root / "tests").mkdir()
    (ready.root / "pytest.ini").write_text("[pytest]\n")
    text = "def test_it(proctor_check):\n    assert proctor_check().replayed\n"
    (ready.root / "tests/test_model.py").write_text(text)

    at_the_top = pytest_in(ready, text)
    below = pytest_in(Workshop(ready.root / "tests"), text)

    assert (0, 0) == (at_the_top[0], below[0]), at_the_top[1] + below[1]


def test_plugin__leaves_pytest_as_it_was(ready):
    """Our modules are those that Python compiled, tests are pytest's, and the collector is as it was."""
    code, said = pytest_in(
        ready,
        """
import gc, sys

def test_it(proctor_check):
    usual = gc.get_threshold()
    proctor_check("proctor.yml")
    assert gc.get_threshold() == usual
    loaders = {name: type(sys.modules[name].__spec__.loader).__name__ for name in (__name__, "proctor.service")}
    assert loaders == {__name__: "AssertionRewritingHook", "proctor.service": "SourceFileLoader"}
""",
    )

    assert 0 == code, said


def test_plugin__fail_in_the_release_s_own_sentences(ready):
    """A candidate that fails fails the test, with what the gate says and nothing of how close it was."""
    ready.predictions("worse.csv", range(390))

    code, said = pytest_in(ready, "def test_it(proctor_check):\n    proctor_check(candidate='worse.csv')\n")

    assert 1 == code
    assert "proctor: FAIL: not shown: new is better than old by more than 2 points" in said
    assert "the same question gets the same answer, at no cost" in said
    assert "wins" not in said


def test_plugin__refusal_with_its_advice(ready):
    """What stops the gate fails the test, without a traceback through the gate."""
    ready.gate(condition="n - o > 0.02 +/- 0.001")

    code, said = pytest_in(ready, "def test_it(proctor_check):\n    proctor_check()\n")

    assert 1 == code
    assert "a fresh test set is needed" in said
    assert "proctor/gate" not in said
    assert "During handling" not in said


def test_plugin__asked_by_many_workers_at_once(ready):
    """Workers that put the same question at the same time get one evaluation, charged once."""
    code, said = pytest_in(
        ready,
        """
import pytest

@pytest.mark.parametrize("worker", range(4))
def test_it(proctor_check, worker):
    assert proctor_check().step == 1
""",
        "-n",
        "4",
    )

    assert (0, True) == (code, "4 passed" in said), said
    kinds = [entry["kind"] for entry in map(json.loads, ready.proctor("ledger", "export").out.splitlines())]
    assert ["registration", "evaluation"] == kinds


def test_plugin__costs_nothing_when_unused(ready):
    """Loading the plugin imports no other module of proctor, and no library that pytest does not load itself."""
    code, said = pytest_in(
        ready,
        """
import sys

def test_it():
    ours = {name for name in sys.modules if name.split(".")[0] == "proctor"}
    assert ours <= {"proctor", "proctor.pytest_plugin"}, ours
    assert not {"numpy", "scipy", "click", "yaml", "lark", "requests"} & set(sys.modules)
""",
        "-p",
        "no:hypothesispytest",
        "-p",
        "no:xdist",
    )

    assert 0 == code, said


def test_plugin__is_an_entry_point():
    """Pytest finds the plugin by itself once proctor is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert {"proctor": MODULE} == project["entry-points"]["pytest11"]
