"""The pages that come with the program."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from proctor.cli import app
from proctor.cli.docs import TOPICS, page

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("topic", TOPICS)
def test_docs__prints_each_page(topic: str) -> None:
    """A page is printed as it is, and begins with a title that names its topic."""
    result = CliRunner().invoke(app, ["docs", topic])

    assert 0 == result.exit_code
    assert page(topic) == result.output
    assert result.output.lower().startswith(f"# {topic}")


def test_docs__lists_every_page_there_is() -> None:
    """Without a topic, all pages are listed, and no page in the package is left out."""
    result = CliRunner().invoke(app, ["docs"])

    there = {path.stem for path in (ROOT / "src/proctor/docs").glob("*.md")}
    assert there == set(TOPICS)
    assert all(re.search(rf"^  {topic} ", result.output, re.MULTILINE) for topic in TOPICS)


def test_theory__has_every_section_that_is_cited() -> None:
    """Each `theory.md §N` in code and tests leads to a section, or to a numbered point of one."""
    cited = {
        number
        for folder in ("src", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for number in re.findall(r"theory\.md,? §+\s*([\d.]*\d)", path.read_text(encoding="utf-8"))
    }
    sections = set(re.findall(r"^#+ ([\d.]*\d)\.? ", page("theory"), re.MULTILINE))
    points = {
        f"{section}.{point}"
        for section, body in re.findall(r"^#+ ([\d.]*\d)\.? .*\n((?:(?!#).*\n)*)", page("theory"), re.MULTILINE)
        for point in re.findall(r"^(\d)\. ", body, re.MULTILINE)
    }

    assert len(cited) > 10
    assert set() == cited - sections - points


def test_architecture__is_the_house_that_stands() -> None:
    """Every package and top-level module has one line, in the layer in which the import-linter holds it."""
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| ", page("architecture"), re.MULTILINE)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    layers = [(str(number), room) for number, layer in enumerate(contract["layers"], 1) for room in layer.split(" | ")]
    there = {path.parent.name for path in (ROOT / "src/proctor").glob("*/__init__.py")}
    there |= {path.stem for path in (ROOT / "src/proctor").glob("*.py")} - {"__init__"}

    assert layers == rows
    assert there == {room for _, room in rows}


def test_architecture__flow_names_rooms_that_exist() -> None:
    """Each module that the flow of a check goes through is there."""
    flow = re.search(r"(?s)(?<=```text\n).*?(?=```)", page("architecture"))
    assert flow is not None
    named = re.findall(r"\b([a-z_]+)\.([a-z_]+)", flow[0])

    assert len(named) > 5
    for room, name in named:
        home = importlib.import_module(f"proctor.{room}")
        is_there = hasattr(home, name) or importlib.util.find_spec(f"proctor.{room}.{name}") is not None
        assert is_there, f"{room}.{name}"


def test_benchmarks__have_the_figures_of_the_readme() -> None:
    """The README's five lines are lines of the page, whose command is a file that is there."""
    measured = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Measured")[2].partition("## ")[0]
    shown = [line for line in measured.splitlines() if line.startswith("| ")][1:]

    assert 5 == len(shown)
    assert set(shown) <= set(page("benchmarks").splitlines())
    assert (ROOT / "tests/benchmarks/run.py").is_file()


def test_extending__lists_files_and_names_that_exist() -> None:
    """Each recipe names files that are there, and names that can be imported."""
    recipes = re.split(r"^## ", page("extending"), flags=re.MULTILINE)[1:]
    for recipe in recipes:
        title = recipe.splitlines()[0]
        files = re.findall(r"`((?:src|tests)/[\w/.]+|pyproject\.toml)`", recipe)
        names = re.findall(r"`(proctor[\w.]*):(\w+)`", recipe)

        assert files, title
        assert [] == [file for file in files if not (ROOT / file).is_file()], title
        assert [] == [name for home, name in names if not hasattr(importlib.import_module(home), name)], title


@pytest.mark.parametrize(
    ("recipe", "most", "names"),
    [
        ("A model format", 3, r"\bonnx(runtime)?\b"),
        ("A ledger backend", 2, r"\b(postgresql|psycopg|PostgresqlStore)\b"),
    ],
)
def test_extending__reaches_no_further(recipe: str, most: int, names: str) -> None:
    """
    What the recipe takes for its example is named in no file of the program but those of the recipe.

    New files and those of tests do not count as changed.
    """
    body = next(part for part in re.split(r"^## ", page("extending"), flags=re.MULTILINE) if part.startswith(recipe))
    rows = re.findall(r"^\| `([\w/.]+)` \| (.*) \|$", body, re.MULTILINE)
    changed = {file for file, what in rows if not what.startswith("new") and not file.startswith("tests/")}
    code = {path: imported(path) for path in (ROOT / "src").rglob("*.py")}

    assert 0 < len(changed) <= most
    assert set() == {path.relative_to(ROOT).as_posix() for path, words in code.items() if re.search(names, words)} - {
        file for file, _ in rows
    }


def test_extending__asks_for_few_files() -> None:
    """No recipe changes more than five files of the program, and none needs more than two new ones."""
    tables = re.findall(r"(?m)^\| file \|.*\n\|[-| ]+\n((?:\|.*\n)+)", page("extending"))

    assert len(tables) > 5
    for table in tables:
        rows = re.findall(r"(?m)^\| `((?:src/|pyproject)[\w/.]+)` \| (.*) \|$", table)
        new = [file for file, what in rows if what.startswith("new")]
        assert len(new) <= 2, table
        assert len(rows) - len(new) <= 5, table


def test_extending__surface_judges(tmp_path: Path) -> None:
    """The surface that is shown works as it stands, with public names alone: a pass, and a refusal."""
    recipe = page("extending").partition("## A surface")[2]
    code = re.search(r"(?s)(?<=```python\n).*?(?=```)", recipe)
    assert code is not None
    assert not re.search(r"import .*\b_", code[0])
    made: dict[str, Any] = {}
    exec(code[0], made)
    gate = tmp_path / "proctor.yml"
    for name, column in (("labels", "label"), ("new", "prediction")):
        (tmp_path / f"{name}.csv").write_text(f"id,{column}\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(200)))
    terms = "condition: n > 0.5\nreliability: 0.95\nmode: fp-free\nadaptivity: full\nsteps: 2\n"
    gate.write_text(f"{terms}testset: {{labels: labels.csv}}\ncandidate: {{predictions: new.csv}}\n")

    code_of_pass, said = made["judge"](str(gate))
    refused, why = made["judge"](str(gate), "none.csv")

    assert (0, "pass") == (code_of_pass, json.JSONDecoder().raw_decode(said)[0]["verdict"])
    assert refused not in (0, 1)
    assert "none.csv" in why


def imported(path: Path) -> str:
    """Every module and name that a file imports, and its strings that are one word."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                found += [each.name for each in names]
            case ast.ImportFrom(module=module, names=names):
                found += [module or "", *(each.name for each in names)]
            case ast.Constant(value=str(text)) if text.isidentifier():
                found.append(text)
    return " ".join(found)


def test_security__names_tests_that_exist() -> None:
    """Each attack on the page is shown by tests that are there, or is said to be not promised."""
    rows = [line for line in page("security").splitlines() if line.startswith("| ") and line.count("|") == 5]
    attacks = [row for row in rows if not row.startswith(("| attack", "| who"))]
    named = {name for row in attacks for name in re.findall(r"`(tests/[\w/]+\.py)`", row)}

    assert len(attacks) > 15
    assert [] == sorted(name for name in named if not (ROOT / name).is_file())
    assert [] == [row for row in attacks if "`tests/" not in row and "not promised" not in row]
