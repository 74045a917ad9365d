"""The parts of printing and writing that commands share: JSON, reports, files, bars, and the question whether to."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from proctor.cli.gathering import Form
from proctor.errors import Misuse
from proctor.files import refuse_to_write_out


def json_text(content: Any) -> str:
    """JSON for people to read as well."""
    return json.dumps(content, indent=2, ensure_ascii=False)


def print_found(found: Any, as_json: bool, lines: Callable[[], list[str]]) -> None:
    """Print what was found, for a program or for people."""
    click.echo(json_text(found) if as_json else "\n".join(lines()))


def print_report(report: Any, form: Form, *facts: object) -> None:
    """Print *facts* by a *report*, a module with `to_json`, `markdown` and `terminal`."""
    if form.as_json:
        click.echo(json_text(report.to_json(*facts)))
    else:
        click.echo((report.markdown if form.as_markdown else report.terminal)(*facts))


def confirm(question: str, refusal: str, hint: str = "Nothing was recorded.") -> None:
    """
    Have a person confirm.

    Raises:
        Misuse: With this *refusal*, if nobody is there to answer.
        click.Abort: If the answer is no.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise Misuse(refusal, hint=hint)
    click.confirm(question, abort=True)


def write_text(path: Path, text: str) -> None:
    """
    Write a file that the command line names.

    Raises:
        Misuse: If it cannot be written.
        DataError: If a link of the project would have it elsewhere.
    """
    refuse_to_write_out(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misuse(f"{str(path)!r} cannot be written: {error.strerror}", hint="Name another file.") from None


def check_plot(plot: Path | None) -> None:
    """Refuse a file of a plot that does not say that it is an SVG image."""
    if plot is not None and plot.suffix.lower() != ".svg":
        raise click.BadParameter(f"{str(plot)!r} does not end in .svg", param_hint="--plot")


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float], None] | None]:
    """Show a bar that says *what* is going on, on a terminal and if it takes long enough."""
    if not sys.stderr.isatty():
        yield None
        return
    started = time.monotonic()
    bars: list[Any] = []  # at most one, so that rich is loaded for long plans alone

    def tell(share: float) -> None:
        if not bars and share < 1 and time.monotonic() - started > 0.5:
            from rich.console import Console
            from rich.progress import Progress

            bar = Progress(console=Console(stderr=True), transient=True)
            bar.start()
            bar.add_task(what, total=1.0)
            bars.append(bar)
        for bar in bars:
            bar.update(bar.task_ids[0], completed=share)

    try:
        yield tell
    finally:
        for bar in bars:
            bar.stop()
