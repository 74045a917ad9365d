"""Tests of `proctor.environment`: the owner's key is nowhere to be seen once the gate has begun."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proctor import environment
from proctor.runtime import Runtime

KEY = "proctor-key-1-not-a-real-one"

LOOK = """
import json, os, resource, subprocess, sys
{start}
seen = {{"environ": dict(os.environ), "child": subprocess.run(["env"], capture_output=True, text=True).stdout}}
for name in ("environ", "cmdline", "maps"):
    try:
        seen["proc " + name] = open("/proc/self/" + name, errors="replace").read()
    except OSError as error:
        seen["proc " + name] = error.strerror
print(json.dumps({{"seen": json.dumps(seen), "core": resource.getrlimit(resource.RLIMIT_CORE)[0], "kept": {kept}}}))
"""


def look(start: str, kept: str, **variables: str) -> dict[str, object]:
    """What a process sees of its own environment after it has begun with *start*."""
    program = LOOK.format(start=start, kept=kept)
    environ = {**os.environ, **variables}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("variable", ["PROCTOR_KEY", "PROCTOR_INPUT_KEY", "PROCTOR_INPUT_TOKEN"])
def test_take_keys__leaves_no_trace(variable: str):
    """The key is in no environment, neither this process's nor a child's nor the one that the kernel remembers."""
    start = "from proctor.environment import take_keys, with_keys; take_keys()"

    found = look(start, f"with_keys()[{variable!r}]", **{variable: KEY})

    assert KEY not in str(found["seen"])
    assert (KEY, 0) == (found["kept"], found["core"])


def test_take_keys__is_what_the_look_is_for():
    """Without it the same look finds the key in all three places: the test above can fail."""
    seen = json.loads(str(look("pass", "0", PROCTOR_KEY=KEY)["seen"]))

    assert all(KEY in str(seen[place]) for place in ("environ", "child", "proc environ"))


@pytest.mark.parametrize(
    "start",
    [
        "from proctor.runtime import Runtime; one = Runtime(); two = Runtime()",
        "import proctor; one = two = proctor.Runtime()",
    ],
)
def test_runtime__take_the_key(start: str):
    """Whoever calls the gate from Python takes the key out, too, and may do so more than once."""
    found = look(start, "[each.keys['PROCTOR_KEY'] for each in (one, two)]", PROCTOR_KEY=KEY)

    assert KEY not in str(found["seen"])
    assert [KEY, KEY] == found["kept"]


def test_main__takes_the_key(tmp_path: Path):
    """The command line takes the key before anything else."""
    start = f"""
from proctor import cli
cli.run = lambda arguments: 0
try:
    cli.main(["status", {str(tmp_path)!r}])
except SystemExit:
    pass
"""

    assert KEY not in str(look(start, "0", PROCTOR_KEY=KEY)["seen"])


def test_runtime__show_no_key():
    """A key that is handed over in an environment moves out of it, and is never shown."""
    found = Runtime(environ={"PROCTOR_KEY": KEY, "HOME": "/root"})

    assert ({"HOME": "/root"}, {"PROCTOR_KEY": KEY}) == (found.environ, found.keys)
    assert KEY not in repr(found)


def test_take_keys__set_anew(monkeypatch: pytest.MonkeyPatch):
    """A key that is set later replaces the one taken before, also by the empty one, which is none."""
    for text in ("first", "second", ""):
        monkeypatch.setenv("PROCTOR_KEY", text)
        assert text == environment.with_keys()["PROCTOR_KEY"] == Runtime().keys["PROCTOR_KEY"]
        assert "PROCTOR_KEY" not in os.environ
    environment.forget_keys()
    assert "PROCTOR_KEY" not in environment.with_keys()
