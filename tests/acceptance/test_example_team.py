"""The story of a team that shares a sealed test set, run as its readers run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.models import sandbox

STORY = Path(__file__).parents[2] / "examples/team"

# What differs from run to run, and from machine to machine.
VOLATILE = r"\b[0-9a-f]{8,64}\b|proctor-key-1-\w+…|(?<=sandbox    )\w+"


def blocks(text: str) -> list[str]:
    """Each command with what it said."""
    plain = re.sub(VOLATILE, "…", text)
    return [block.strip() for block in re.split(r"^(?=[\w' ]+ \$ |── )", plain, flags=re.MULTILINE) if block.strip()]


@pytest.mark.slow
@pytest.mark.skipif(sandbox.strongest() is None, reason="its inputs are sealed, and no sandbox works here")
def test_team__goes_as_told_and_prints_what_its_page_shows(tmp_path: Path):
    """Verdicts, answers without the key and the forged books are as told; each output on the page is a real one."""
    done = subprocess.run(
        [sys.executable, STORY / "run.py", "--folder", tmp_path / "team"],
        env={**os.environ, "PYTHONUTF8": "1"}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "" == done.stderr
    told = blocks(done.stdout.removesuffix("\nall went as told\n"))
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", (STORY / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    shown = blocks("\n".join(text for language, text in fences if not language))
    assert 8 == len(shown)
    assert [] == [block for block in shown if block not in told]
