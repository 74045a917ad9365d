"""The actions' files and the example workflows: linted, and in step with the program and with their READMEs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from proctor.cli.github import PREFIX, github
from proctor.cli.workflow import job

PROJECT = Path(__file__).parents[2]
ACTIONS = sorted((PROJECT / "actions").glob("*/action.yml"))
WORKFLOWS = sorted((PROJECT / "examples/github").glob("*.yml"))
README = PROJECT / "actions/README.md"
COMMANDS = {"check": "check", "comment": "comment", "preflight": "pack", "renew": "renew"}
"""The command of `proctor github` that each action runs."""
BY_OTHERS = {"python", "extras"}
"""Inputs that the installer reads."""


def tool(name: str) -> str:
    """A linter of the development extra, beside this interpreter."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert 0 == done.returncode, done.stdout + done.stderr


def content(action: Path) -> dict:
    return yaml.safe_load(action.read_text())


def steps(action: Path) -> list[dict]:
    return content(action)["runs"]["steps"]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda path: path.parent.name)
def test_action__follows_githubs_schema(action):
    """GitHub reads the file."""
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.github-actions", str(action))


def test_workflows__follow_githubs_schema_and_actionlint():
    """GitHub reads the examples, and what they say of each other is right."""
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS))
    run(tool("actionlint"), "-shellcheck=", "-pyflakes=", *map(str, WORKFLOWS))


def test_files__have_no_weakness_that_zizmor_knows():
    """No template is pasted into a shell, every foreign action is pinned, every permission is asked for by its job."""
    run(tool("zizmor"), "--offline", "--quiet", *map(str, [*ACTIONS, *WORKFLOWS]))


@pytest.mark.parametrize("action", ACTIONS, ids=lambda path: path.parent.name)
def test_action__hands_inputs_over_through_the_environment_only(action):
    """No `${{ }}` stands in a script, and each input is handed to a step by the variable that is named after it."""
    handed = {}
    for step in steps(action):
        assert "${{" not in step["run"]
        handed |= step.get("env", {})
    inputs = content(action)["inputs"]

    assert {PREFIX + name.upper().replace("-", "_"): f"${{{{ inputs.{name} }}}}" for name in inputs} == handed


@pytest.mark.parametrize(("action", "command"), COMMANDS.items())
def test_action__every_input_is_an_option_of_the_program(action, command):
    """What a user sets reaches the command that the action runs; a name on one side only fails here."""
    options = {
        option.envvar
        for option in github.commands[command].params
        if isinstance(option, click.Option) and option.envvar
    }
    inputs = content(PROJECT / "actions" / action / "action.yml")["inputs"]
    read = {PREFIX + name.upper().replace("-", "_") for name in inputs if name not in BY_OTHERS}

    assert options == read - {job.TOKEN, job.KEY}


@pytest.mark.parametrize(("action", "command"), [("check", "check"), ("comment", "comment"), ("renew", "renew")])
def test_action__defaults_are_those_of_the_program(action, command):
    """An input that is left out means what the option means that is left out."""
    inputs = content(PROJECT / "actions" / action / "action.yml")["inputs"]
    for option in github.commands[command].params:
        given = inputs[option.opts[0].removeprefix("--")]
        is_left_out = option.default in (None, "") or not isinstance(option.default, str | bool)
        expected = "" if is_left_out else str(option.default).lower()
        assert expected == given.get("default", ""), option.name


@pytest.mark.parametrize("name", ["python", "extras"])
def test_installer__reads_its_inputs(name):
    """What the installer is handed, it reads."""
    assert f"{PREFIX}{name.upper()}" in (PROJECT / "actions/setup/install.sh").read_text()


def test_installer__is_executable_and_sound():
    """Bash reads it, and the runner may run it."""
    script = PROJECT / "actions/setup/install.sh"
    run("bash", "-n", str(script))
    assert script.stat().st_mode & 0o111


@pytest.mark.parametrize("action", ACTIONS, ids=lambda path: path.parent.name)
def test_readme__has_the_inputs_and_outputs_of_each_action(action):
    """The tables of the README are those of the action's file, word for word."""
    assert table(action) in README.read_text()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow__gives_a_reason_for_each_permission(workflow):
    """Nothing is permitted at the top, and each permission of a job has its reason beside it."""
    text = workflow.read_text()
    assert {} == yaml.safe_load(text)["permissions"]
    lines = re.findall(r"(?m)^      [a-z-]+: (?:read|write).*$", text)
    assert lines
    assert all(re.search(r" # \S+ \S+", line) for line in lines)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflow__is_listed_in_the_readme(workflow):
    """Every example stands in the README of its folder."""
    assert f"[`{workflow.name}`]({workflow.name})" in (workflow.parent / "README.md").read_text()


def table(action: Path) -> str:
    """The README's tables of one action."""
    found = content(action)
    inputs = [f"| `{n}` | {cell(i)} | {i['description']} |" for n, i in found["inputs"].items()]
    outputs = [f"| `{name}` | {output['description']} |" for name, output in found["outputs"].items()]
    rows = [
        "| input | default | meaning |",
        "|---|---|---|",
        *inputs,
        "",
        "| output | meaning |",
        "|---|---|",
        *outputs,
    ]
    return "\n".join(rows) + "\n"


def cell(given: dict) -> str:
    if given.get("required"):
        return "required"
    return f"`{given['default']}`" if given["default"] else ""


def write() -> None:
    """Put the tables into the README: ``python tests/unit/test_actions_files.py``."""
    text = README.read_text()
    for action in ACTIONS:
        begin, end = f"<!-- {action.parent.name} -->\n", f"<!-- /{action.parent.name} -->"
        before, rest = text.split(begin)
        text = before + begin + table(action) + end + rest.split(end)[1]
    README.write_text(text)


if __name__ == "__main__":
    write()
