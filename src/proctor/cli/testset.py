"""
`proctor testset`: what the owner of a test set does, from sealing to retirement.

Options and one call each; what the acts are stands in `proctor.custody`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proctor.cli.drop import drop
from proctor.cli.extend import extend
from proctor.cli.notify import notify
from proctor.cli.owners import EXISTING, as_json_option, gate_file, owner_option, session_of
from proctor.cli.printing import confirm, print_found
from proctor.cli.renew import register, renew
from proctor.cli.seal import seal
from proctor.cli.settings import baseline, settings
from proctor.errors import PASSED, UNUSABLE, ProctorError
from proctor.text import printable

if TYPE_CHECKING:
    from proctor.custody.corrections import Correction
    from proctor.custody.outcomes import Opened
    from proctor.custody.retirement import Retirement
    from proctor.gate.session import Session

_NO_REASON = "no reason given"


@click.group()
def testset() -> None:
    """
    Look after a test set: for its owner.

    \b
    Examples:
      proctor testset seal exam/labels.csv      encrypt the labels
      proctor testset show                      its life so far, and the sets before and after it
      proctor testset extend more.csv           add labeled examples, on the same account
      proctor testset drop --oldest 500         take the oldest out, on the same account
      proctor testset retire --reason "spent"   end it, and give its labels to developers
      proctor testset renew                     register the one that follows
    """


for command in (seal, extend, drop, settings, baseline, renew, register, notify):
    testset.add_command(command)


@testset.command(
    short_help="Show the life of the test set, and its lineage.",
    epilog="""\b
Examples:
  proctor testset show
  proctor testset show gates/spam.yml --json
""",
)
@gate_file
@as_json_option
def show(file: str, as_json: bool) -> int:
    """
    Show the life of the test set, and the sets before and after it.

    Everything shown is public. A set that was handed what the one before it had left adds nothing to the probability
    that anything in the lineage is wrong; those of sets with a budget of their own add up (`renew --reliability`).
    """
    from proctor.custody import chronicle

    session = session_of(file, only_reads=True)
    books = session.books()
    session.life(books)
    found = chronicle.chronicle(books.lives, session.testset.fingerprint)
    print_found(found, as_json, lambda: chronicle.lines(found))
    if session.gate.development is not None and session.owner_key.key is not None:
        _remark_on_shared(session)
    return PASSED


def _remark_on_shared(session: Session) -> None:
    """Tell the owner of sealed inputs, of which no check may say it, that development data hold some of them."""
    from proctor.cli import outputs
    from proctor.preflight.informed import refuse_shared

    try:
        refuse_shared(session, session.testset)
    except ProctorError as error:
        outputs.remark(error.message)


@testset.command(
    short_help="Correct labels, on record.",
    epilog="""\b
Example:
  proctor testset correct exam/labels-2.csv --reason "three were typed wrong"
""",
)
@click.argument("new_labels", type=EXISTING)
@gate_file
@click.option("--reason", default="", help="Why; it goes to the owner's record alone.")
@owner_option
@as_json_option
def correct(new_labels: Path, file: str, reason: str, owner_record: Path | None, as_json: bool) -> int:
    """
    Correct labels to those in NEW_LABELS, a file of all labels.

    How many were corrected is recorded in the ledger, which and why in the owner's record. Past verdicts stand.
    """
    from proctor.custody.corrections import correct as record

    done = record(session_of(file, owner_record), new_labels, reason)
    found = {
        "corrected": done.n_rows,
        "entry": done.entry,
        "labels": str(done.labels),
        "recorded_before": done.completed,
    }
    print_found(found, as_json, lambda: _correction_lines(done))
    return PASSED


def _correction_lines(done: Correction) -> list[str]:
    noun = "label" if done.n_rows == 1 else "labels"
    again = " (recorded before; completed now)" if done.completed else ""
    return [
        f"corrected {done.n_rows:,} {noun}, entry {done.entry} of the ledger{again}; past verdicts stand",
        f"The corrected labels are in {done.labels}.",
    ]


@testset.command(
    short_help="End the test set and give it to developers.",
    epilog="""\b
Examples:
  proctor testset retire
  proctor testset retire --yes --reason "spent"
""",
)
@gate_file
@click.option("--reason", show_default=_NO_REASON, help="Why; everybody can read it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@owner_option
@as_json_option
def retire(file: str, reason: str | None, yes: bool, owner_record: Path | None, as_json: bool) -> int:
    """
    End the test set for good, and give its labels to developers.

    Outcomes that were withheld are opened. Recorded answers are still given, nothing new is judged. Whoever has seen
    outcomes that developers have not should have no say in when this is done.
    """
    from proctor.cli import outputs
    from proctor.custody.retirement import retire as end

    if not yes:
        confirm(
            "This cannot be taken back. Retire the test set?",
            "retiring a test set cannot be taken back, and nobody is there to answer; say --yes",
        )
    done = end(session_of(file, owner_record), _NO_REASON if reason is None else reason)
    found = {
        "testset": done.taken.record.testset,
        "entry": done.taken.entry.number,
        "reason": done.taken.record.reason,
        "outcomes": dict(done.taken.record.outcomes or {}),
        "files": {opening.what: str(opening.path) for opening in done.files},
        "recorded_before": done.completed,
    }
    print_found(found, as_json, lambda: _retirement_lines(done))
    if reason not in (None, done.taken.record.reason):
        outputs.remark(f"the recorded reason stands: {done.taken.record.reason}")
    return PASSED


def _retirement_lines(done: Retirement) -> list[str]:
    entry, record = done.taken.entry, done.taken.record
    before = " before; its files are opened again" if done.completed else ""
    lines = [f"test set {record.testset[:12]} is retired, entry {entry.number} of the ledger{before}"]
    lines += [f"  entry {number}: {outcome}" for number, outcome in (record.outcomes or {}).items()]
    for opening in done.files:
        how = "opened as" if opening.was_sealed else "lie, as before, in"
        lines.append(f"The {opening.what} {how} {opening.path}.")
    return [
        *lines,
        "Developers may have them now, as a validation set; `proctor testset renew` registers the next set.",
    ]


@testset.command(
    short_help="End an evaluation that has begun and will not end.",
    epilog="""\b
Example:
  proctor testset abort
""",
)
@gate_file
@owner_option
@as_json_option
def abort(file: str, owner_record: Path | None, as_json: bool) -> int:
    """
    End an evaluation on sealed inputs that has begun and will not end.

    It is charged as a fail (in fn-free as a pass): the candidate may have seen the inputs. Where only its machine died,
    running the same check again is better, and free.
    """
    from proctor.custody.abandonment import abort as end

    done = end(session_of(file, owner_record))
    pending, outcome, entry = done.record.pending, done.record.outcome, done.entry.number
    said = f"entry {pending} is ended as {outcome.upper()}, in entry {entry}; it was charged"
    print_found({"pending": pending, "outcome": outcome, "entry": entry}, as_json, lambda: [said])
    return PASSED


@testset.command(
    short_help="Read every outcome, withheld ones too.",
    epilog="""\b
Examples:
  PROCTOR_KEY=... proctor testset outcomes
  proctor testset outcomes --json
""",
)
@gate_file
@owner_option
@as_json_option
def outcomes(file: str, owner_record: Path | None, as_json: bool) -> int:
    """
    Read every outcome, with the owner's key or record.

    Private: whoever reads withheld outcomes must have no say in candidates, conditions, order or retirement.
    Exit code 5 if one could not be opened.
    """
    from proctor.custody.outcomes import open_outcomes

    session = session_of(file, owner_record)
    opened = open_outcomes(session, session.life(session.books()))
    print_found([_outcome_json(each) for each in opened], as_json, lambda: _outcome_lines(opened))
    return UNUSABLE if any(each.problem for each in opened) else PASSED


def _outcome_json(each: Opened) -> dict[str, Any]:
    record = each.taken.record
    return {
        "entry": each.taken.entry.number,
        "step": each.step,
        "at": each.taken.entry.at,
        "condition": record.condition,
        "candidate": record.candidate.source,
        "commit": record.candidate.commit,
        "outcome": each.outcome,
        "private": each.figures,
        "problem": each.problem,
    }


def _outcome_lines(opened: tuple[Opened, ...]) -> list[str]:
    lines = ["entry  step  outcome  candidate"]
    for each in opened:
        record = each.taken.record
        source = printable(record.candidate.source)
        outcome = each.outcome or "?"
        lines.append(f"{each.taken.entry.number:>5}  {each.step:>4}  {outcome:<7}  {source}  {record.condition}")
        lines += [f"             {each.problem}"] if each.problem else []
    return lines if opened else ["no evaluation so far"]
