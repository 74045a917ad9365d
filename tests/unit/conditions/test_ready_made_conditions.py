"""The gate files in `conditions/` that people copy."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from proctor import conditions, gatefile, planning
from proctor.gatefile.draft import READY_MADE

FOLDER = Path(__file__).parents[3] / "conditions"
FILES = sorted(FOLDER.glob("*.yml"))


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def file(request) -> Path:
    return request.param


def test_ready_made__all_are_there():
    """Each question of `proctor init` has its file, with the same condition and mode; there are more files."""
    asked = {one.name: (one.condition, one.mode) for one in READY_MADE}

    assert asked.items() <= {gate.name: (gate.condition, str(gate.mode)) for gate in map(gatefile.load, FILES)}.items()


def test_ready_made__opens_with_plain_words(file):
    """Each begins with a comment of several lines."""
    lines = file.read_text().splitlines()

    assert all(line.startswith("#") for line in lines[:6])


def test_ready_made__fits_the_schema(file):
    """An editor that checks the file by the published schema finds nothing."""
    content = yaml.safe_load(file.read_text())

    assert [] == [error.message for error in Draft202012Validator(gatefile.json_schema()).iter_errors(content)]


def test_ready_made__declares_disagreement(file):
    """No plan is ten times too large because nobody said how many predictions change."""
    assert gatefile.load(file).disagreement is not None


def test_ready_made__is_in_the_table(file):
    """The folder's README lists it."""
    assert f"[`{file.name}`]({file.name})" in (FOLDER / "README.md").read_text()


def test_ready_made__plan_is_in_the_table(file):
    """Each can be planned, for a test set that people can afford, and the README says so to two digits."""
    gate = gatefile.load(file)
    request = planning.Request(gate.contract, gate.stakes, gate.power, gate.disagreement, gate.bound)

    planned = max((planning.plan(each.formula, request) for each in gate.parts), key=lambda each: each.examples)

    row = next(line for line in (FOLDER / "README.md").read_text().splitlines() if f"({file.name})" in line)
    cells = [cell.strip() for cell in row.split("|")]
    assert [f"{float(f'{figure:.1e}'):,.0f}" for figure in (planned.examples, planned.labels)] == cells[4:6]


def test_non_inferiority__has_an_anchor():
    """Permitted losses cannot add up without end (theory.md §5)."""
    gate = gatefile.load(FOLDER / "non-inferiority.yml")

    assert conditions.Variable.A in conditions.variables(gate.formula)
