"""
The command line: one command = options + one call.

Commands are imported when they are called, so that `proctor --help` and the fast commands stay fast.
Every error of `proctor.errors` becomes a message, a hint and its own exit code; whatever else escapes is a bug of ours
and ends in a report to paste, without the values that it was about: they might be labels.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import platform
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click

from proctor import __version__, errors
from proctor.environment import take_keys

COMMANDS = {
    "init": "Write a gate file for the models and data found here.",
    "check": "Judge the candidate and record the verdict.",
    "preflight": "Look at a candidate before it is judged; spends nothing.",
    "hook": "Run the preflight at every `git push`.",
    "plan": "Say how many examples and labels a condition takes.",
    "status": "Show what is left of the test set.",
    "explain": "Say in plain words what a condition asks.",
    "testset": "Look after a test set: seal, correct, extend, drop, retire, renew.",
    "labels": "Ask people for labels, take them back, count them.",
    "runstore": "Look after the team's run store (MLflow).",
    "ledger": "Show, verify, export and import the ledger.",
    "report": "Write the history of the test set as a page.",
    "badge": "Make a badge of the last verdict or of the budget.",
    "github": "Do the gate's part of a GitHub workflow.",
    "simulate": "Show what an account is good for: attack the test set, here in a simulation.",
    "schema": "Print the JSON Schema of the gate file and of the outputs.",
    "docs": "Show the pages on theory, security and more.",
}
"""Commands, each of its name in a module of its name."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order in which a new user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"proctor.cli.{cmd_name}"), cmd_name)
        command.short_help = COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table: nothing is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names, with a suggestion for a near miss."""
        import difflib

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"there is no command {args[0]!r}{meant}")
        return super().resolve_command(ctx, args)


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="proctor")
def app() -> None:
    """
    A gate for machine-learning models that keeps the accounts of its test set.

    Is the new model really better than the old one, by the margin asked for, and how sure are we?

    \b
    Begin with:
      proctor init              write a gate file for the models and data here
      proctor plan              how many examples and labels it takes
      proctor check             judge the candidate
      proctor status            what is left of the test set

    Exit codes: 0 pass, 1 fail, 2 misuse, 3 labels missing, 4 fresh test set needed,
    5 data, model or ledger unusable, 70 a bug of ours, 130 interrupted.
    """


_OBJECTS = 100_000
"""New objects between two searches for rubbish: a command makes little, and long ledgers many that stay."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the code of design.md; without *arguments*, the process is ours to end."""
    take_keys()
    _end_tidily_when_told_to()
    gc.set_threshold(_OBJECTS)
    _prepare_streams()
    code = run(sys.argv[1:] if arguments is None else list(arguments))
    is_alone = threading.active_count() == 1
    if arguments is None and is_alone:
        _end(code)
    _abandon_full_streams()
    sys.exit(code)


def _end(code: int) -> NoReturn:
    """End the process, with all that was asked to be done at its end: ledgers are closed, streams are written out."""
    atexit._run_exitfuncs()  # noqa: SLF001  # `multiprocessing` ends its processes so, too
    _abandon_full_streams()
    os._exit(code)  # to free every object one by one takes a tenth of a check, and nobody is left to use the memory


def _end_tidily_when_told_to() -> None:
    """End as on Ctrl-C when a CI system ends the job, or the terminal is closed; nothing may be left lying."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` has it ignored
            signal.signal(number, signal.default_int_handler)


def _prepare_streams() -> None:
    """No verdict is lost to a terminal that cannot show ± or ▓, nor to a stream that was closed before we began."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _abandon_full_streams() -> None:
    """Drop what a stream did not take: Python would try again at its end, and exit with a code of its own."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def wants_color(environ: Mapping[str, str]) -> bool | None:
    """True if output is colored, as the variables that people know say it; ``None``: where it goes to a terminal."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return False if environ.get("TERM") == "dumb" else None


def terminal_width() -> int | None:
    """Columns of the terminal that is written to; ``None`` where output goes elsewhere and is not to be broken."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        code = app.main(list(arguments), prog_name="proctor", standalone_mode=False, color=wants_color(os.environ))
        sys.stdout.flush()  # what click could not write is an error here, while it can still be reported
    except errors.ProctorError as error:
        return _report(error.message, error.hint, type(error).__name__, error.exit_code, wants_json(arguments))
    except _HELP_ALONE as error:  # no command was given, and the help says which there are
        _tell(error.format_message())
        return errors.MISUSE
    except click.UsageError as error:
        hint = f"See '{error.ctx.command_path} --help'." if error.ctx else "See 'proctor --help'."
        return _report(error.format_message(), hint, "Misuse", errors.MISUSE, wants_json(arguments))
    except click.ClickException as error:
        return _report(error.format_message(), "", "Misuse", errors.MISUSE, wants_json(arguments))
    except (KeyboardInterrupt, click.Abort):
        _tell(_INTERRUPTED)
        return errors.INTERRUPTED
    except SystemExit as ended:  # so click ends a completion (0), and where the reader of our output has gone (1)
        return errors.INTERRUPTED if ended.code else errors.PASSED
    except BrokenPipeError:
        return errors.INTERRUPTED
    except OSError as error:  # a file or a device failed where no message of its own is made
        name = f" {error.filename!r}" if error.filename else ""
        message = f"the system refused to go on with a file{name}: {error.strerror or type(error).__name__}"
        return _report(message, _OS_HINT, "Unusable", errors.UNUSABLE, wants_json(arguments))
    except Exception as error:  # noqa: BLE001  # the last line of defense: everything else is a bug of ours
        _tell(bug_report(error, arguments))
        return errors.BUG
    return int(code or 0)


def wants_json(arguments: Sequence[str]) -> bool:
    """
    True if errors are printed as JSON: where `--json` is a flag of the command, not the name of a file to write.

    >>> wants_json(["check", "--json"]), wants_json(["report", "--json", "facts.json"])
    (True, False)
    """
    command: click.Command | None = app
    for word in arguments:
        if isinstance(command, click.Group) and not word.startswith("-"):
            command = command.get_command(click.Context(command), word)
    return "--json" in arguments and command is not None and any(map(_is_json_flag, command.params))


def _is_json_flag(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and parameter.is_flag and "--json" in parameter.opts


_HELP_ALONE: tuple[type[click.UsageError], ...] = tuple(
    filter(None, [getattr(click.exceptions, "NoArgsIsHelpError", None)])  # since click 8.2
)
_INTERRUPTED = (
    "interrupted; nothing was spent, or the ledger's entry is whole; the same command again takes up what was begun "
    "on sealed inputs"
)
_OS_HINT = "Check that it can be read or written and that space is left; then run the same command again."


def _report(message: str, hint: str, kind: str, code: int, as_json: bool) -> int:
    if as_json:
        content = {"error": {"kind": kind, "message": message, "hint": hint}, "exit_code": code}
        _tell(json.dumps(content, indent=2, ensure_ascii=False), err=False)
    _tell(click.style("error: ", fg="red", bold=True) + message + (f"\n  {hint}" if hint else ""))
    return code


def _tell(text: str, *, err: bool = True) -> None:
    """Say how it ended, if that can be said anywhere; if not, the exit code still can."""
    with contextlib.suppress(OSError):
        click.echo(text, err=err, color=wants_color(os.environ))


def bug_report(error: BaseException, arguments: Sequence[str]) -> str:
    """Text to paste into an issue: where it happened, never with which values (they might be labels)."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {frame.filename.rsplit('/site-packages/')[-1]}:{frame.lineno} in {frame.name}" for frame in frames]
    return "\n".join(
        [
            "proctor has met a bug of its own. Nothing was released. Please open an issue and paste these lines:",
            "",
            f"proctor {__version__}, Python {platform.python_version()}, {platform.platform()}",
            f"command: proctor {arguments[0] if arguments else ''}",
            f"{type(error).__module__}.{type(error).__qualname__}",
            *lines,
        ]
    )
