"""The frame of the command line: the table of commands, help, exit codes, errors as text and JSON, bug reports."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from proctor import cli, errors

COMMANDS = sorted(cli.COMMANDS)


def said(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command line, run here."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(arguments)
    return code, click.unstyle(out.getvalue()), click.unstyle(err.getvalue())


def command(name: str) -> click.Command:
    found = cli.app.get_command(click.Context(cli.app), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_commands__table_says_what_each_says_of_itself(name):
    """Each command of the table can be imported, bears its name, and says of itself what the table says of it."""
    found = command(name)

    assert name == found.name
    assert cli.COMMANDS[name] == found.get_short_help_str(200)
    assert found.help is not None
    assert cli.COMMANDS[name].split()[0] == found.help.split()[0]


def leaves() -> list[str]:
    """Every command that does something, with its group where it has one."""
    found = []
    for name in COMMANDS:
        group = command(name)
        below = sorted(group.commands) if isinstance(group, click.Group) and hasattr(group, "commands") else []
        found += [f"{name} {child}" for child in below] or [name]
    return found


@pytest.mark.parametrize("name", leaves())
def test_commands__every_help_has_an_example(name):
    """`proctor COMMAND --help` works and shows at least one line that can be copied."""
    code, out, err = said(*name.split(), "--help")

    assert (0, "") == (code, err)
    examples = [line for line in out.splitlines() if re.match(rf"\s+.*\bproctor {name}\b", line)]
    assert [] != examples, f"no example in the help of {name}"


@pytest.mark.parametrize("name", ["", *(name for name in COMMANDS if isinstance(command(name), click.Group))])
def test_commands__no_summary_is_cut(name):
    """In every list of commands each one is summed up in whole words."""
    listed = said(*name.split(), "--help")[1].partition("Commands:")[2]

    assert "..." not in listed
    assert "" != listed


def test_commands__every_module_with_a_command_is_in_the_table():
    """No command lies in the package unreachable."""
    folder = Path(cli.__file__).parent
    with_commands = {
        path.stem
        for path in folder.glob("*.py")
        if path.stem != "__init__" and re.search(r"^@click\.(command|group)", path.read_text("utf-8"), re.MULTILINE)
    }

    assert with_commands - cli.COMMANDS.keys() <= {
        "drop",
        "extend",
        "notify",
        "renew",
        "seal",
        "settings",
    }  # of `proctor testset`


def test_help__names_every_command_and_exit_code():
    """The first help shows what there is, where to begin, and what the exit codes mean."""
    code, out, _ = said("--help")

    assert 0 == code
    assert set(cli.COMMANDS) <= set(re.findall(r"^  (\w+)  ", out, re.MULTILINE))
    for number in (0, 1, 2, 3, 4, 5, 70, 130):
        assert re.search(rf"\b{number} [a-z]", out), number


@pytest.mark.parametrize(("typed", "meant"), [("chekc", "check"), ("stauts", "status"), ("plann", "plan")])
def test_command__misspelled(typed, meant):
    """A near miss is answered with the command that was meant."""
    code, out, err = said(typed)

    assert (2, "") == (code, out)
    assert f"there is no command '{typed}'; did you mean '{meant}'?" in err


def test_command__none():
    """Who types the name alone is shown the help, and no error; nothing was done, which the exit code says."""
    code, out, err = said()

    assert (2, "") == (code, out)
    assert err.startswith("Usage: proctor [OPTIONS] COMMAND")
    assert said("testset")[2].startswith("Usage: proctor testset [OPTIONS] COMMAND")


def test_command__unknown():
    """What resembles nothing is answered with where to look."""
    code, _, err = said("xyzzy")

    assert 2 == code
    assert 1 == err.count("proctor --help")


@pytest.mark.parametrize("kind", [kind for kind in vars(errors).values() if isinstance(kind, type)], ids=str)
def test_run__each_error_has_its_exit_code(monkeypatch, kind):
    """Every error of the tree ends in its own exit code, with message and hint, as text and as JSON."""
    if not issubclass(kind, errors.ProctorError):
        return

    def fail(*_arguments, **_named):
        raise kind("'x' is wrong", hint="Do y.")

    monkeypatch.setattr(cli.app, "main", fail)

    code, out, err = said("check", "--json")

    assert kind.exit_code == code
    assert "error: 'x' is wrong\n  Do y.\n" == err
    expected = {"error": {"kind": kind.__name__, "message": "'x' is wrong", "hint": "Do y."}, "exit_code": code}
    assert expected == json.loads(out)


@pytest.mark.parametrize(
    ("line", "is_json"),
    [
        ("check no.yml --json", True),
        ("testset show no.yml --json", True),
        ("report no.yml --json x.json", False),
        ("ledger export --gate no.yml --json", False),
        ("chekc --json", False),
        ("testset shwo --json", False),
    ],
)
def test_run__errors_are_json_where_json_is_a_flag(line, is_json):
    """Where `--json` names a file, or nothing at all, no error goes to the standard output."""
    code, out, err = said(*line.split())

    assert (2, is_json) == (code, bool(out))
    assert err.startswith("error: ")


@pytest.mark.parametrize("stopped", [KeyboardInterrupt, click.Abort])
def test_run__interrupted(monkeypatch, stopped):
    """Ctrl-C is exit code 130 and one line."""

    def stop(*_arguments, **_named):
        raise stopped

    monkeypatch.setattr(cli.app, "main", stop)

    code, out, err = said("check")

    assert (130, "") == (code, out)
    assert err.startswith("interrupted; nothing was spent, or the ledger's entry is whole; ")
    assert err.endswith("the same command again takes up what was begun on sealed inputs\n")


def test_run__bug(monkeypatch):
    """Anything else is exit code 70 with a report: where, and of which type; never a value, nor an argument's."""

    def fail(*_arguments, **_named):
        raise ZeroDivisionError("label 4711 of example e17")

    monkeypatch.setattr(cli.app, "main", fail)

    code, out, err = said("check", "--candidate", "secret-name.csv")

    assert (70, "") == (code, out)
    assert "builtins.ZeroDivisionError" in err
    assert "test_cli.py" in err
    assert "in fail" in err
    for value in ("4711", "e17", "secret-name"):
        assert value not in err


def test_run__bug_caused_by_another_shows_no_value_of_either(monkeypatch):
    """Chained exceptions are not printed with their texts."""

    def fail(*_arguments, **_named):
        try:
            int("label 4711")
        except ValueError as error:
            raise RuntimeError("label 4712") from error

    monkeypatch.setattr(cli.app, "main", fail)

    assert "471" not in said("check")[2]


def test_main__exits_with_the_code():
    """Called with arguments, the command line ends with the code of the command, and leaves the process alive."""
    with pytest.raises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()):
        cli.main(["no-such-command"])

    assert 2 == ended.value.code


@pytest.mark.parametrize("thread", ["", "threading.Thread(target=time.sleep, args=(0.2,)).start();"])
def test_main__ends_the_process(thread):
    """The entry point ends the process at once, and still after whatever was to be done at its end."""
    end = "atexit.register(print, 'ended'); sys.argv = ['proctor', 'no-such-command']; main()"
    line = f"import atexit, sys, threading, time; from proctor.cli import main; {thread} {end}"

    done = subprocess.run([sys.executable, "-c", line], capture_output=True, timeout=60, check=False)

    assert (2, b"ended\n") == (done.returncode, done.stdout)


def test_version():
    """`proctor --version` says the version."""
    from proctor import __version__

    assert (0, f"proctor, version {__version__}\n") == said("--version")[:2]


def test_run__system_error(monkeypatch):
    """A full disk or a lost device is no bug of ours: exit code 5, the file and the reason, and what to do."""

    def fail(*_arguments, **_named):
        raise OSError(28, "No space left on device", "notes.txt")

    monkeypatch.setattr(cli.app, "main", fail)

    code, _, err = said("check")

    assert 5 == code
    assert "'notes.txt': No space left on device" in err
    assert "run the same command again" in err


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, None),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "0"}, None),
        ({"TERM": "dumb"}, False),
    ],
)
def test_wants_color(environ, expected):
    """The variables that people know decide; without them, whether there is a terminal."""
    assert expected is cli.wants_color(environ)


def process(redirection: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    """One command line as a process of its own, in a shell that redirects its streams."""
    line = f"{shlex.join([sys.executable, '-m', 'proctor', *arguments])} {redirection}"
    return subprocess.run(
        ["bash", "-c", line], env={**os.environ, **environ}, capture_output=True, timeout=60, check=False
    )


def test_main__terminal_without_unicode():
    """A terminal that cannot show ± is shown something else, and no verdict is lost to it."""
    done = process("", "explain", "n - o > 0.02 ± 0.01", PYTHONIOENCODING="latin-1")
    bars = process("", "schema", PYTHONIOENCODING="latin-1")

    assert (0, 0) == (done.returncode, bars.returncode)
    assert b"It asks" in done.stdout


@pytest.mark.parametrize(
    ("redirection", "arguments", "expected"),
    [
        (">/dev/full", ["check", "no-such-gate.yml", "--json"], 2),
        (">/dev/full 2>/dev/full", ["check", "no-such-gate.yml", "--json"], 2),
        ("2>/dev/full", [], 2),
        ("2>/dev/full", ["chekc"], 2),
        (">/dev/full", ["schema"], 5),
        (">/dev/full", ["explain", "n > 0.8", "--json"], 5),
        (">/dev/full 2>/dev/full", ["explain", "n > 0.8", "--json"], 5),
    ],
)
def test_main__streams_that_are_full(redirection, arguments, expected):
    """A misuse stays one where it cannot be told; a result that nobody got is unusable, and never a fail."""
    done = process(redirection, *arguments)

    assert (expected, False) == (done.returncode, b"Traceback" in done.stderr)


@pytest.mark.parametrize(("fault", "expected"), [("KeyboardInterrupt", 130), ("ZeroDivisionError", 70)])
def test_main__nobody_hears_of_the_end(fault, expected):
    """An interruption and a bug have their exit codes even where neither can be told."""
    line = f"import proctor.cli as c; c.app.main = lambda *a, **b: (_ for _ in ()).throw({fault}); c.main(['x'])"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-c", line], stdout=full, stderr=full, timeout=60, check=False)

    assert expected == done.returncode


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_main__nobody_hears_of_the_error(redirection):
    """Where standard error is closed or full, the exit code still tells what happened."""
    assert 2 == process(redirection, "check", "no-such-gate.yml").returncode


@pytest.mark.parametrize(("before", "expected"), [("", 130), ("trap '' HUP; ", 0)], ids=["closed", "nohup"])
def test_main__terminal_is_closed(before, expected):
    """The end of the terminal ends a command like Ctrl-C, but for those who asked to outlive it."""
    line = "import os, proctor.cli as c; c.app.main = lambda *a, **b: os.kill(os.getpid(), 1); c.main(['x'])"
    command = f"{before}{shlex.join([sys.executable, '-c', line])}"

    assert expected == subprocess.run(["bash", "-c", command], capture_output=True, timeout=60, check=False).returncode


def test_main__shell_completion():
    """A shell gets its script and its completions, and no complaint."""
    script = process("", _PROCTOR_COMPLETE="bash_source")
    words = process("", _PROCTOR_COMPLETE="bash_complete", COMP_WORDS="proctor ch", COMP_CWORD="1")

    assert (0, 0, b"plain,check\n") == (script.returncode, words.returncode, words.stdout)
    assert b"_PROCTOR_COMPLETE=bash_complete" in script.stdout


def test_main__reader_has_gone():
    """Nobody takes the end of our output for a verdict: neither a pass nor a fail."""
    assert b"130\n" == process("| true; echo ${PIPESTATUS[0]}", "schema").stdout
