"""`proctor testset drop`: the owner takes the oldest examples out of a test set, whose account goes on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proctor.cli.extend import lines_on_files
from proctor.cli.owners import as_json_option, gate_file, owner_option, session_of
from proctor.cli.printing import print_found
from proctor.errors import PASSED, Misuse

if TYPE_CHECKING:
    from proctor.custody.changes import Change
    from proctor.custody.dropping import Rule
    from proctor.gatefile import Gate
    from proctor.ledger.records import Dropped

RULE = (
    "Which examples go follows from their age alone, and when from what everybody may know. Never from labels, from "
    "what models predict on them, from verdicts on slices of them, or from anything else that is the owner's alone."
)


@click.command(
    short_help="Take the oldest examples out of the test set.",
    epilog="""\b
Examples:
  proctor testset drop --oldest 500 --reason "a window of two years, as agreed"
  proctor testset drop --before 2026-01-01 --column arrived --reason "the old product"
""",
)
@gate_file
@click.option("--oldest", type=click.IntRange(min=1), metavar="N", help="The first N examples of the files.")
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Those with an earlier date.")
@click.option("--column", metavar="NAME", help="Column of the features or the metadata that holds the dates.")
@click.option("--reason", required=True, help="Why they go now; everybody can read it.")
@click.option("--yes", is_flag=True, help="Drop them even if too few stay for the next evaluation.")
@owner_option
@as_json_option
def drop(
    file: str,
    oldest: int | None,
    before: dt.datetime | None,
    column: str | None,
    reason: str,
    yes: bool,
    owner_record: Path | None,
    as_json: bool,
) -> int:
    """
    Take the oldest examples out of the test set, on the same account.

    They go by the order of the files, in which examples that were added later come later, or by dates that were in the
    features or the metadata when the test set was registered. The rule is recorded, and everybody can read it. Examples
    that were dropped never come back, in this test set or in another one, and past verdicts stand. A question that is
    asked of fewer examples is a new one, which is paid for.

    Which examples go must follow from their age alone, and when from what everybody may know. Never from labels, from
    what models predict on them, from verdicts on slices of them, or from anything else that is the owner's alone: who
    drops what a model gets wrong makes it pass.
    """
    from proctor.custody.changes import Attempt
    from proctor.custody.dropping import drop as take_out

    rule = _rule(oldest, before, column)
    session = session_of(file, owner_record)
    done = take_out(session, rule, reason, leaves_too_few=yes)
    found = {
        "testset": done.record.testset,
        "version": done.record.version,
        "rule": done.record.rule,
        "dropped": done.record.n_dropped,
        "examples": done.record.n_examples,
        "entry": done.entry,
        "files": [str(path) for path in done.files],
        "recorded_before": done.attempt is not Attempt.FIRST,
    }
    print_found(found, as_json, lambda: _lines(done, session.gate))
    return PASSED


def _rule(oldest: int | None, before: dt.datetime | None, column: str | None) -> Rule:
    from proctor.custody.dropping import Before, Oldest

    if oldest is not None and before is None and column is None:
        return Oldest(oldest)
    if oldest is None and before is not None and column is not None:
        return Before(before.date(), column)
    raise Misuse(
        "no rule is given, or two are",
        hint="Say either --oldest N, or --before DATE with the --column that holds the dates.",
    )


def _lines(done: Change[Dropped], gate: Gate) -> list[str]:
    from proctor.reports.sentences import count

    stay = f"{done.record.n_examples:,} {'stays' if done.record.n_examples == 1 else 'stay'}"
    left = f"dropped {count(done.record.n_dropped, 'examples')}, {stay}"
    return [
        f"test set {done.record.testset[:12]} {left}, entry {done.entry} of the ledger{done.aside}",
        f"Those that stay are in {', '.join(map(str, done.files))}.",
        *lines_on_files(gate, "is about more examples", done.record.n_examples),
        RULE,
    ]
