"""The README cannot lie: its tables are those of the program."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import proctor
from proctor import errors
from proctor.cli import COMMANDS
from proctor.gatefile import json_schema

PROJECT = Path(__file__).parents[3]
README = PROJECT / "README.md"


def between(start: str, end: str) -> str:
    """The text between two markers."""
    return README.read_text(encoding="utf-8").partition(start)[2].partition(end)[0]


def test_readme__table_of_commands():
    """Every command stands in the README with its own words; PROCTOR_WRITE_README=1 writes the table."""
    rows = [
        f"| `proctor {name}` | {summary[0].lower()}{summary[1:].rstrip('.')} |" for name, summary in COMMANDS.items()
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


ROWS = re.findall(r"(?m)^\| (?!system)(.+) \|$", between("<!-- systems -->", "<!-- /systems -->"))
SYSTEMS = [row.split(" | ") for row in ROWS]
CALLS = (*(f"proctor {name}" for name in COMMANDS), *(f"proctor.{name}" for name in proctor.__all__))
KNOWN = (*CALLS, "proctor_check(", *(f"{key}: " for key in json_schema()["properties"]))


@pytest.mark.parametrize("row", SYSTEMS, ids=lambda row: row[0])
def test_readme__table_of_systems(row):
    """Every row names an example, a command, a key or a call that there is, and a test that there is."""
    _system, _works, start, test = (cell.strip("`") for cell in row)
    file, _, name = test.partition("::")
    source = (PROJECT / file).read_text(encoding="utf-8")
    names = re.findall(r"(?m)^def (test_\w+)", source)

    assert names
    assert not name or name in names
    if start.startswith("examples/"):
        assert any((PROJECT / start / page).exists() for page in ("README.md", "run.py"))
    else:
        assert start.startswith(KNOWN)


def test_readme__table_of_systems_is_whole():
    """Each surface for a tool has a row with its example."""
    tools = {path.stem for path in (PROJECT / "src/proctor/surfaces").glob("[!_]*.py")} - {"handing"}
    examples = {"registry": "mlflow"}

    starts = {row[2].strip("`") for row in SYSTEMS}
    assert {f"examples/{examples.get(tool, tool)}" for tool in tools} <= starts


PAGES = [page for page in PROJECT.rglob("*.md") if not {".venv", ".git", "build"} & set(page.parts)]


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_pages__links_lead_somewhere(page):
    """Every relative link of every page names a file that exists, and a heading that is in it."""
    text = re.sub(r"(?s)```.*?```", "", page.read_text(encoding="utf-8"))
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    links = [link.partition("#") for link in found if "://" not in link]

    targets = [((page.parent / path) if path else page, anchor) for path, _, anchor in links]

    assert [] == [target for target, _ in targets if not target.exists()]
    assert [] == [(target, anchor) for target, anchor in targets if anchor and anchor not in anchors(target)]
