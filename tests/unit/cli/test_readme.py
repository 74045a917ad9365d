"""The README cannot lie: its tables are those of the program."""

from __future__ import annotations

import os
import re
from pathlib import Path

from proctor import errors
from proctor.cli import COMMANDS

README = Path(__file__).parents[3] / "README.md"


def between(start: str, end: str) -> str:
    """The text between two markers."""
    return README.read_text(encoding="utf-8").partition(start)[2].partition(end)[0]


def test_readme__table_of_commands():
    """Every command stands in the README with its own words; PROCTOR_WRITE_README=1 writes the table."""
    rows = [
        f"| `proctor {name}` | {summary[0].lower()}{summary[1:].rstrip('.')} |"
        for name, (_, summary) in COMMANDS.items()
    ]
    expected = "\n" + "\n".join(["| command | what it does |", "|---|---|", *rows]) + "\n"
    if os.environ.get("PROCTOR_WRITE_README"):
        text = README.read_text(encoding="utf-8")
        written = re.sub(
            "(?s)<!-- commands -->.*<!-- /commands -->", f"<!-- commands -->{expected}<!-- /commands -->", text
        )
        README.write_text(written, encoding="utf-8")

    assert expected == between("<!-- commands -->", "<!-- /commands -->")


def test_readme__table_of_exit_codes():
    """The exit codes of the README are those of the errors."""
    codes = {
        int(code) for code in re.findall(r"^\| (\d+) \|", between("### Exit codes", "## For a team"), re.MULTILINE)
    }

    known = {errors.PASSED, errors.FAILED, errors.MISUSE, errors.LABELS_MISSING, errors.FRESH_TEST_SET}
    assert known | {errors.UNUSABLE, errors.BUG, errors.INTERRUPTED} == codes


def test_readme__links_lead_somewhere():
    """Every relative link of the README names a file that exists."""
    text = README.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'src="([^":]+)"', text)

    assert [] == [link for link in links if not (README.parent / link).exists()]
