"""The story of the fraud model, run as its readers run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

STORY = Path(__file__).parents[2] / "examples/fraud/run.py"
TIME_LIMIT_S = 240  # half a minute on a machine that does nothing else


@pytest.mark.slow
def test_fraud__passes_what_is_good_in_every_region(tmp_path: Path) -> None:
    """A model that is good on average and blind in one region fails, and so does one that calls too much."""
    done = subprocess.run(
        [sys.executable, STORY, "--folder", tmp_path],
        env={**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    shown = r"^   truly: recall (\d+)% .*east (\d+)%\), precision (\d+)%.*\n\n  (PASS|FAIL) "
    judged: dict[str, list[tuple[int, ...]]] = {"PASS": [], "FAIL": []}
    for *figures, verdict in re.findall(shown, done.stdout, re.MULTILINE):
        judged[verdict].append(tuple(map(int, figures)))
    assert (2, 3) == (len(judged["PASS"]), len(judged["FAIL"]))
    assert all(east > 65 and precision > 55 for _, east, precision in judged["PASS"])
    assert any(overall > 65 > east for overall, east, _ in judged["FAIL"])
