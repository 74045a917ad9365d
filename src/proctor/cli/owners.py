"""The parts that all commands of a test set's owner share: how they open a gate, and say progress."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor.loading import load_gate

if TYPE_CHECKING:
    from proctor.gate.session import Session

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
gate_file = click.argument("file", default=".", type=click.Path())
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
owner_option = click.option(
    "--owner", "owner_record", metavar="FILE", type=click.Path(path_type=Path), help="The owner's record."
)


def session_of(
    file: str, owner_record: Path | None = None, *, ledger: str | None = None, only_reads: bool = False
) -> Session:
    """
    The gate of *file*, opened by the owner of its test set, and closed at the end of the command.

    Args:
        file: The gate file, or its folder.
        owner_record: The owner's file, where one was named.
        ledger: The books, in place of those that the gate file names.
        only_reads: True if the books are all that is looked at.
    """
    from proctor.cli import outputs
    from proctor.gate.session import Session, Stance
    from proctor.runtime import Runtime

    gate = load_gate(file)
    session = Session(
        gate=gate if ledger is None else replace(gate, ledger=ledger),
        runtime=Runtime(progress=progress_of(is_wanted=True), remark=outputs.remark),
        stance=Stance.READER if only_reads else Stance.OWNER,
        named_record=owner_record,
    )
    return click.get_current_context().with_resource(session)


def progress_of(*, is_wanted: bool) -> Callable[[str], None]:
    """Sentences on standard error, if they are wanted and somebody watches."""
    return _say if is_wanted and sys.stderr.isatty() else lambda _sentence: None


def _say(sentence: str) -> None:
    click.echo(click.style(f"  … {sentence}", dim=True), err=True)
