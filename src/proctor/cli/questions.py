"""Questions that a command asks on the terminal, each with an answer that it takes where none may be asked."""

from __future__ import annotations

import sys

import click

from proctor.errors import Misuse


class Questions:
    """Questions to the user, each answered by its default where nothing may be asked."""

    def __init__(self, *, are_asked: bool) -> None:
        self._are_asked = are_asked

    def text(self, question: str, default: str) -> str:
        """One line."""
        if not self._are_asked:
            return default
        try:
            return str(click.prompt(question, default=default)).strip()
        except click.Abort:
            if sys.stdin.isatty():
                raise
            raise Misuse("init has a question, but there is no terminal to ask it on", hint="Add --yes.") from None

    def share(self, question: str, default: float) -> float:
        """A number above 0 and at most 1."""
        while True:
            answer = self.text(question, f"{default:g}")
            try:
                if 0 < float(answer) <= 1:
                    return float(answer)
            except ValueError:
                pass
            click.echo(f"  a number above 0 and at most 1, please; not {answer!r}")

    def choice(self, question: str, options: list[str]) -> int:
        """Index of the one chosen; nothing is asked about a single one."""
        if len(options) == 1 or not self._are_asked:
            return 0
        click.echo(question)
        for number, option in enumerate(options, 1):
            click.echo(f"  {number}  {option}")
        while True:
            answer = self.text("number", "1")
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                return int(answer) - 1
            click.echo(f"  a number from 1 to {len(options)}, please; not {answer!r}")
