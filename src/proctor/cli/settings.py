"""`proctor testset settings` and `baseline`: the owner's word on what a commit cannot change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor.cli.owners import EXISTING, as_json_option, gate_file, session_of
from proctor.cli.printing import confirm, print_found
from proctor.errors import PASSED

if TYPE_CHECKING:
    from proctor.custody.settings import Settings

_LEDGER = click.option(
    "--ledger", metavar="LEDGER", help="The ledger, where a workflow keeps another than the gate file's."
)


@click.command(
    short_help="Show or accept the settings that are the owner's.",
    epilog="""\b
Examples:
  proctor testset settings                 what holds, and what the gate file says otherwise
  proctor testset settings --accept        what the gate file says now is to hold
""",
)
@gate_file
@click.option("--accept", is_flag=True, help="Record that the gate file's present settings hold.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_LEDGER
@as_json_option
def settings(file: str, accept: bool, yes: bool, ledger: str | None, as_json: bool) -> int:
    """
    Show the settings of the gate file that are the owner's, or accept them as they are now.

    Labels, columns, ledger, run store, sandbox, feedback, the owner's files and what a first candidate gets are pinned
    when a test set is registered: a commit that changes one of them is refused until the owner accepts it here.
    """
    from proctor.custody import settings as word

    session = session_of(file, ledger=ledger)
    found = word.settings(session)
    if accept:
        if not yes and found.differences:
            confirm(
                "\n".join([*(f"  {line}" for line in found.differences), "Shall this hold from now on?"]),
                f"the gate file changes what belongs to the owner: {'; '.join(found.differences)}",
                "Nobody is there to answer; say --yes if the owner of the test set wants this. Nothing was recorded.",
            )
        found = word.accept_settings(session)
    content = {
        "pinned": None if found.pinned is None else dict(found.pinned),
        "asked": dict(found.asked),
        "differences": list(found.differences),
        "entry": found.entry,
    }
    print_found(content, as_json, lambda: _lines(found))
    return PASSED


def _lines(found: Settings) -> list[str]:
    lines = [f"{key:<26} {'-' if value is None else value}" for key, value in found.asked.items()]
    if found.entry is not None:
        return [*lines, "", f"This holds from now on, entry {found.entry} of the ledger."]
    if found.pinned is None:
        return [*lines, "", "Nothing is pinned yet; `proctor testset settings --accept` pins what stands here."]
    if found.differences:
        return [*lines, "", "The gate file changes what belongs to the owner:", *(f"  {e}" for e in found.differences)]
    return [*lines, "", "This is what holds."]


@click.command(
    short_help="Say that predictions are a baseline.",
    epilog="""\b
Example:
  proctor testset baseline old.csv
""",
)
@click.argument("predictions", type=EXISTING)
@gate_file
@_LEDGER
@as_json_option
def baseline(predictions: Path, file: str, ledger: str | None, as_json: bool) -> int:
    """
    Say that PREDICTIONS, which no gate accepted on this test set, may be the baseline.

    Predictions of registration and of accepted candidates need no such entry.
    """
    from proctor.custody.settings import name_baseline

    named, entry = name_baseline(session_of(file, ledger=ledger), predictions)
    recorded = f"entry {entry} of the ledger" if entry is not None else "which the ledger says already"
    content = {"digest": named.digest, "source": named.source, "entry": entry}
    print_found(content, as_json, lambda: [f"{named.source} is a baseline, {recorded}"])
    return PASSED
