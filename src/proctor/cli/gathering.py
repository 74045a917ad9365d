"""Options that belong together and reach a command as one value."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import click

R = TypeVar("R")


class Form(NamedTuple):
    """Form in which a result is printed: for people in a terminal, unless it is to be JSON or Markdown."""

    as_json: bool
    as_markdown: bool


def gathered(kind: type[Any], into: str, *names: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """
    A decorator for a command: it takes the parameters of these *names* together, as one of this *kind*.

    It stands below the options of the command, and hands all others on as they are.
    """

    def decorate(command: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(command)
        def run(**given: Any) -> R:
            parts = {name: given.pop(name) for name in names}
            return command(**given, **{into: kind(**parts)})

        return run

    return decorate


def form_options(result: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """The options ``--json`` and ``--markdown`` for a *result*, which a command takes together as ``form``."""

    def decorate(command: Callable[..., R]) -> Callable[..., R]:
        command = gathered(Form, "form", *Form._fields)(command)
        command = click.option("--markdown", "as_markdown", is_flag=True, help=f"Print {result} as Markdown.")(command)
        return click.option("--json", "as_json", is_flag=True, help=f"Print {result} as JSON.")(command)

    return decorate
