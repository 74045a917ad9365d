"""
Files that a check writes besides its printed report: JUnit and SARIF, for verdicts and for refusals alike.

That a file can be written is found out before anything is spent. A fault after the verdict is a remark and no more:
the verdict is in the ledger by then, and its exit code stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from proctor import __version__
from proctor.errors import BUG, Misuse, ProctorError
from proctor.files import refuse_to_write_out

if TYPE_CHECKING:
    from proctor.gatefile import Gate
    from proctor.release import Release
    from proctor.reports.sarif import Location

_CONDITION = re.compile(rb"\s*(?:-\s*)?[\"']?conditions?[\"']?\s*:")


class Outputs(NamedTuple):
    """
    The files that a check was asked for.

    Args:
        file: The gate file, or its folder, as the user gave it.
        junit: Where the verdict goes as JUnit XML; ``None`` for nowhere.
        sarif: Where it goes as SARIF; ``None`` for nowhere.
    """

    file: str
    junit: Path | None = None
    sarif: Path | None = None

    @contextmanager
    def of_refusals(self) -> Iterator[None]:
        """
        Write why there is no verdict, if the work done inside ends without one.

        Raises:
            Misuse: If a file cannot be written; nothing was spent.
        """
        for path in (self.junit, self.sarif):
            if path is not None:
                _refuse_unwritable(path)
        try:
            yield
        except ProctorError as error:
            self._write_problem(error.exit_code, error.message, error.hint)
            raise
        except Exception:
            # Without the values that it was about: they might be labels.
            self._write_problem(
                BUG, "proctor has met a bug of its own", "The log of this run has a report to paste into an issue."
            )
            raise

    def write(self, release: Release, gate: Gate) -> None:
        """Write the verdict."""
        place = gate.root / Path(gate.file).name
        self._write(lambda junit: junit.render(release), lambda sarif: sarif.render(release, location(place)))

    def write_unchanged(self, gate: Gate, at: str) -> None:
        """Write that nothing was judged, *at* this time."""
        self._write(
            lambda junit: junit.render_unchanged(gate.name, at),
            lambda sarif: sarif.render_unchanged(gate.name, __version__),
        )

    def _write_problem(self, exit_code: int, message: str, hint: str) -> None:
        if self.junit is None and self.sarif is None:
            return
        from proctor.gatefile import file_of
        from proctor.reports.comment import Problem
        from proctor.runtime import Runtime

        file = file_of(Path(self.file))
        problem = Problem(_name(file), exit_code, message, hint)
        self._write(
            lambda junit: junit.render_problem(problem, Runtime().now()),
            lambda sarif: sarif.render_problem(problem, location(file), __version__),
        )

    def _write(self, as_junit: Callable[[Any], str], as_sarif: Callable[[Any], str]) -> None:
        """Write each file that was asked for, by its module of `proctor.reports`."""
        for path, name, render in ((self.junit, "junit", as_junit), (self.sarif, "sarif", as_sarif)):
            if path is not None:
                _write(path, render(import_module(f"proctor.reports.{name}")))


def location(file: Path) -> Location:
    """Place of the condition in a gate file, by its path in the repository (outside of one, from here)."""
    from proctor.reports.sarif import Location

    there = file.resolve()
    top = next((folder for folder in there.parents if (folder / ".git").exists()), Path.cwd().resolve())
    name = there.relative_to(top) if there.is_relative_to(top) else Path(there.name)
    return Location(name.as_posix(), line_of_condition(file))


def remark(sentence: str) -> None:
    """Say something beside the verdict, on standard error, out of the report's way."""
    click.echo(click.style("note: ", fg="yellow") + sentence, err=True)


def line_of_condition(file: Path) -> int:
    """Line of the condition in a gate file, even in one that cannot be read as such; 1 if there is none."""
    try:
        with file.open("rb") as lines:
            return next((number for number, line in enumerate(lines, 1) if _CONDITION.match(line)), 1)
    except OSError:
        return 1


def _name(file: Path) -> str:
    """Name of the gate of a file, even of one that cannot be read."""
    from proctor.gatefile import load_any

    try:
        return load_any(file).name
    except ProctorError:
        return file.name


def _refuse_unwritable(path: Path) -> None:
    refuse_to_write_out(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab"):
            pass
    except OSError as error:
        raise Misuse(
            f"{str(path)!r} cannot be written: {error.strerror}; nothing was spent", hint="Name another file."
        ) from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        remark(f"{str(path)!r} could not be written: {error.strerror}; the verdict stands")
